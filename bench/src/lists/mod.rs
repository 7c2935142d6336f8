//! The lists of the manager and of the status page, with an office of a hundred thousand: how long the server takes for a
//! page of each (the first, one far inside, each order, searches that find much, little and nothing), beside SQLite that
//! reads the same rows.

mod limit;
mod office;

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::bail;
use clap::Args;

use self::limit::{Limit, Query};
use crate::figures::{Bars, Rounds, print};
use crate::flood::good::runtime;
use crate::process::Processes;
use crate::product::{PARTNER, Product};
use crate::web::{Browser, Tls};

/// No list takes longer, from the request to the last byte of the page.
const LIST_MICROS_MAX: f64 = 50_000.0;
/// No search does.
const SEARCH_MICROS_MAX: f64 = 100_000.0;
/// Lines on a page of the product.
const PAGE: u32 = 50;

/// What to measure.
#[derive(Args)]
pub(crate) struct Plan {
    /// The product's program
    #[arg(long, value_name = "FILE")]
    hookswitch: PathBuf,
    /// People, each with an extension and a registered phone
    #[arg(long, default_value_t = 100_000)]
    users: u32,
    /// Extensions that are locked
    #[arg(long, default_value_t = 1000)]
    locks: u32,
    /// Times that each page is asked for
    #[arg(long, default_value_t = 21)]
    rounds: u32,
    /// Do not hold the times against their bars: for a machine that does other things, or a program built for debugging
    #[arg(long)]
    untimed: bool,
}

/// One page that is asked for.
struct Probe {
    name: String,
    path: String,
    /// What is on it; so that no error page is measured.
    shows: &'static str,
    is_search: bool,
    limit: Option<Query>,
}

/// A list: where it is, what it is called, and the same for the limit.
struct List {
    name: &'static str,
    path: &'static str,
    shows: &'static str,
    from: &'static str,
    columns: &'static [&'static str],
    /// Its orders as the address says them, the usual one first, and as SQL does.
    orders: &'static [(&'static str, &'static str)],
    has_pages: bool,
}

const LISTS: [List; 4] = [
    List {
        name: "users",
        path: "/manager/users",
        shows: "<h1>Users</h1>",
        from: "person",
        columns: &["name", "full_name", "number"],
        orders: &[
            ("name", "name"),
            ("-name", "name DESC"),
            ("full_name", "full_name, name"),
            ("-full_name", "full_name DESC, name DESC"),
            ("extension", "digits, number"),
            ("-extension", "digits DESC, number DESC"),
            ("seen", "seen, name"),
            ("-seen", "seen DESC, name DESC"),
        ],
        has_pages: true,
    },
    List {
        name: "extensions",
        path: "/manager/extensions",
        shows: "<h1>Extensions</h1>",
        from: "person",
        columns: &["number", "name", "full_name"],
        orders: &[
            ("number", "digits, number"),
            ("-number", "digits DESC, number DESC"),
            ("user", "name"),
            ("-user", "name DESC"),
        ],
        has_pages: true,
    },
    List {
        name: "phones",
        path: "/status/phones",
        shows: "<h1>Status</h1>",
        from: "person",
        columns: &["number", "agent", "contact"],
        orders: &[("", "digits, number")],
        has_pages: true,
    },
    List {
        name: "passwords",
        path: "/manager/passwords",
        shows: "<h1>Passwords</h1>",
        from: "person",
        columns: &["name", "full_name", "number"],
        orders: &[("", "name")],
        has_pages: true,
    },
];

/// Pages without an order of their own: what they are called, where they are, what they show.
const OTHERS: [(&str, &str, &str); 17] = [
    ("home", "/manager", "<h1>"),
    ("status.overview", "/status", "<h1>Status</h1>"),
    ("phones.lost", "/status/phones?state=lost", "<h1>Status</h1>"),
    ("locks", "/status/blacklists", "<h1>Status</h1>"),
    ("alarms", "/status/alarms", "<h1>Status</h1>"),
    ("quarantine", "/status/quarantine", "<h1>Status</h1>"),
    ("old_codes", "/status/old-codes", "<h1>Status</h1>"),
    ("sessions", "/status/sessions", "<h1>Status</h1>"),
    ("passwords.weak", "/manager/passwords?status=weak", "<h1>Passwords</h1>"),
    ("passwords.not_set", "/manager/passwords?status=not-set&kind=login-code", "<h1>Passwords</h1>"),
    ("administrators", "/manager/settings/administrators", "<h1>"),
    ("groups", "/manager/settings/groups", "<h1>"),
    ("audit.sign_ins", "/manager/audit?what=sign-ins", "<h1>Audit</h1>"),
    ("audit.settings", "/manager/audit?what=settings", "<h1>Audit</h1>"),
    ("audit.accounts", "/manager/audit?what=accounts", "<h1>Audit</h1>"),
    ("users.one", "/manager/users/@FIRST", "<h1"),
    ("extensions.one", "/manager/extensions/1", "<h1"),
];

/// Prints the figures; an error when a bar is missed.
pub(crate) fn run(plan: &Plan) -> anyhow::Result<()> {
    let mut product = Product::new(&plan.hookswitch, &office::table(plan.users))?;
    product.start()?;
    office::enter(&product, plan.users)?;
    office::lock(&product, plan.locks.min(plan.users))?;
    let kept = tempfile::Builder::new().prefix("hookswitch-lists-").tempdir()?;
    let limit = Limit::new(kept.path(), plan.users)?;
    let processes = product.processes()?;
    let mut visitor = Visitor::enter(&product)?;
    let first = visitor.first_user()?;
    let mut bars = Bars::default();
    for probe in probes(plan.users, &first) {
        let (micros, cpu_micros) = visitor.measure(&probe, &processes, plan.rounds)?;
        print(&format!("lists.{}.micros", probe.name), micros);
        print(&format!("lists.{}.cpu_micros", probe.name), cpu_micros);
        if let Some(query) = &probe.limit {
            let least = limit.micros(query, plan.rounds)?;
            print(&format!("lists.{}.limit_micros", probe.name), least);
            print(&format!("lists.{}.ratio", probe.name), micros / least);
        }
        let most = if probe.is_search { SEARCH_MICROS_MAX } else { LIST_MICROS_MAX };
        let most = if plan.untimed { f64::INFINITY } else { most };
        bars.most(&format!("lists.{}.micros", probe.name), micros, most);
    }
    bars.verdict()
}

/// Every page that is asked for.
fn probes(users: u32, first: &str) -> Vec<Probe> {
    let mut probes: Vec<Probe> = LISTS.iter().flat_map(|list| list.probes(users)).collect();
    let plain = |name: &str, path: String, shows, is_search, limit| Probe {
        name: name.into(),
        path,
        shows,
        is_search,
        limit,
    };
    for (name, path, shows) in OTHERS {
        probes.push(plain(name, path.replace("@FIRST", first), shows, false, None));
    }
    let events = |search: &str, offset| {
        let columns: &[&str] = &["actor", "subject", "agent", "address", "changes"];
        Some(Query { from: "event", order: "seq DESC", search: search.into(), columns, offset })
    };
    // Three events and more for each: somewhere in the middle of them.
    let middle = users * 3 / 2;
    let audit = |query: &str| format!("/manager/audit{query}");
    probes.push(plain("audit.first", audit(""), "<h1>Audit</h1>", false, events("", 0)));
    let before = audit(&format!("?before={middle}"));
    probes.push(plain("audit.deep", before, "<h1>Audit</h1>", false, events("", middle)));
    let one = office::people(users).next().map(|person| person.name).unwrap_or_default();
    for (name, text) in [("many", "flood"), ("few", one.as_str()), ("none", "zzzzz")] {
        let path = audit(&format!("?q={text}"));
        probes.push(plain(&format!("audit.search.{name}"), path, "<h1>Audit</h1>", true, events(text, 0)));
    }
    for (name, who) in [("who", one.as_str()), ("nobody", "zzzzz")] {
        let path = audit(&format!("?who={who}"));
        probes.push(plain(&format!("audit.search.{name}"), path, "<h1>Audit</h1>", true, events(who, 0)));
    }
    let refused = audit("?outcome=refused");
    probes.push(plain("audit.search.refused", refused, "<h1>Audit</h1>", true, None));
    probes
}

impl List {
    fn probes(&self, users: u32) -> Vec<Probe> {
        let mut probes = Vec::new();
        let mut add = |name: String, order: (&str, &'static str), page: u32, search: &str| {
            let mut path = format!("{}?page={}", self.path, page + 1);
            for (key, value) in [("sort", order.0), ("q", search)] {
                if !value.is_empty() {
                    path.push_str(&format!("&{key}={value}"));
                }
            }
            let query = Query {
                from: self.from,
                order: order.1,
                search: search.into(),
                columns: self.columns,
                offset: page * PAGE,
            };
            let name = format!("{}.{name}", self.name);
            let is_search = !search.is_empty();
            probes.push(Probe { name, path, shows: self.shows, is_search, limit: Some(query) });
        };
        let deep = users / PAGE / 2;
        for order in self.orders {
            let name = order.0.replace('-', "down_");
            let name = if name.is_empty() { String::new() } else { format!("by_{name}.") };
            add(format!("{name}first"), *order, 0, "");
            if self.has_pages {
                add(format!("{name}deep"), *order, deep, "");
            }
        }
        let usual = self.orders.first().copied().unwrap_or_default();
        // Part of every number, of one, of every tenth name, of few names, of many full names, of nothing.
        let number = format!("{}", crate::phone::number(users / 2));
        let named = self.columns.contains(&"name");
        let by_name: &[(&str, &str)] =
            &[("name.few", "boris.dorn.1"), ("name.many", "anna"), ("full_name.many", "Karin%20K")];
        let mut searches = vec![("number.one", number.as_str()), ("number.many", "1"), ("none", "zzzzz")];
        searches.extend(by_name.iter().filter(|_| named));
        for (name, text) in searches {
            add(format!("search.{name}"), usual, 0, text);
        }
        probes
    }
}

/// A signed-in administrator on one connection.
struct Visitor {
    browser: Browser,
    runtime: tokio::runtime::Runtime,
}

impl Visitor {
    fn enter(product: &Product) -> anyhow::Result<Self> {
        let runtime = runtime()?;
        let mut browser = Browser::new(&Tls::new()?, product.door("https")?, Ipv4Addr::LOCALHOST);
        let page = runtime.block_on(browser.sign_in(PARTNER.0, PARTNER.1))?;
        if page.status != 303 || page.location != "/manager" {
            bail!("a good web login was answered {} {}", page.status, page.location);
        }
        Ok(Self { browser, runtime })
    }

    /// The identifier of the user who is first in the list.
    fn first_user(&mut self) -> anyhow::Result<String> {
        let page = self.runtime.block_on(self.browser.get("/manager/users"))?;
        let mut ids =
            page.body.split("href=\"/manager/users/").skip(1).filter_map(|rest| rest.split('"').next());
        let id = ids.find(|id| id.bytes().all(|byte| byte.is_ascii_digit()));
        Ok(id.unwrap_or_default().to_owned())
    }

    /// Microseconds until the page is there, and of the server's processor time, for each request.
    fn measure(&mut self, probe: &Probe, processes: &Processes, rounds: u32) -> anyhow::Result<(f64, f64)> {
        let mut took = Rounds::default();
        let mut before = 0.0;
        for round in 0..=rounds {
            let began = Instant::now();
            let page = self.runtime.block_on(self.browser.get(&probe.path))?;
            if page.status != 200 || !page.body.contains(probe.shows) {
                bail!("{} was answered {} {}", probe.path, page.status, page.location);
            }
            // The first one warms.
            if round == 0 {
                before = processes.cpu_us()?;
            } else {
                took.push(began.elapsed().as_secs_f64() * 1e6);
            }
        }
        Ok((took.median(), (processes.cpu_us()? - before) / f64::from(rounds)))
    }
}
