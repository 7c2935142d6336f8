//! Every page with sample data, for tests and for looking at: the same list serves both, so that no page is forgotten.

use askama::Template;

use super::chart::Bars;
use super::forms::{Choice, Field, Kind, Problems, Rule, Secret, Test};
use super::home::{Attention, HomePage, LastSignIn, Tile};
use super::login::{LoginPage, NewPasswordPage, Reason, WhyNew};
use super::parts::{Badge, Column, Event, Fact, Link, Notice, Pager, Sorted, Stamp, Stop, Tone, Until};
use super::shell::{Gate, Person, Place, Shell, Theme};
use super::users::{CredentialCard, SecretOncePage, UserNewPage, UserPage, UserRow, UsersPage};

/// A name that tries everything; it must come out as text, everywhere.
pub(crate) const EVIL: &str = r#"<script>alert(1)</script>"><img src=x onerror='alert(2)'>{{7*7}}&amp;"#;

fn gate() -> Gate {
    Gate { system: "Harbour Street Office".into(), csrf: "c5f2".into(), theme: Theme::Auto, flash: None }
}

fn shell(here: Place) -> Shell {
    Shell {
        system: "Harbour Street Office".into(),
        csrf: "c5f2".into(),
        theme: Theme::Auto,
        flash: None,
        person: Person {
            name: "Administrator".into(),
            role: "All rights".into(),
            here,
            warnings: vec![],
            places: Place::SIDE.to_vec(),
            locks: 2,
        },
    }
}

fn warned(here: Place) -> Shell {
    let mut shell = shell(here);
    shell.person.warnings = vec![
        Notice::new(
            Tone::Warning,
            "BusinessPartner has no password of its own",
            "Nobody can sign in as BusinessPartner, and the reseller cannot help you. Set a password, or disable the account.",
        )
        .with_link("/manager/service-users/BusinessPartner", "Set its password"),
    ];
    shell
}

fn done(mut shell: Shell, title: &str, text: &str) -> Shell {
    shell.flash = Some(Notice::new(Tone::Good, title, text).announced());
    shell
}

fn at(clock: &str, ago: &str) -> Stamp {
    Stamp::new(format!("2026-03-02T{clock}+01:00"), format!("2026-03-02 {clock}"), ago)
}

fn password_rules() -> Vec<Rule> {
    vec![
        Rule::new(Test::LengthMin(12), "At least 12 characters"),
        Rule::new(Test::LengthMax(128), "At most 128 characters"),
        Rule::new(Test::Without("Administrator".into()), "Does not contain the account's name"),
        Rule::new(Test::Server, "Is not a known or leaked password (checked when you save)"),
        Rule::new(Test::Server, "Is none of the last 24 (checked when you save)"),
    ]
}

fn code_rules() -> Vec<Rule> {
    vec![
        Rule::new(Test::Digits, "Digits only"),
        Rule::new(Test::LengthMin(6), "At least 6 digits"),
        Rule::new(Test::NoRun(3), "No run up or down, such as 123 or 987"),
        Rule::new(Test::NotAllSame, "Not the same digit throughout"),
        Rule::new(Test::Without("201".into()), "Does not contain the extension, or the extension reversed"),
    ]
}

fn event(tone: Tone, outcome: &str, who: &str, what: &str, interface: &str, from: &str, at: Stamp) -> Event {
    Event {
        href: "/manager/audit/48213".into(),
        tone,
        outcome: outcome.into(),
        who: who.into(),
        what: what.into(),
        interface: interface.into(),
        from: from.into(),
        at,
    }
}

fn events() -> Vec<Event> {
    vec![
        event(
            Tone::Good,
            "Accepted",
            "Administrator",
            "Signed in",
            "Web manager",
            "192.168.42.17",
            at("14:31:02", "1 minute ago"),
        ),
        event(
            Tone::Danger,
            "Blocked",
            "Extension 204",
            "Blacklisted after 5 wrong codes in 10 minutes",
            "SIP registration",
            "192.168.42.63",
            at("14:27:41", "4 minutes ago"),
        ),
        event(
            Tone::Warning,
            "Refused",
            "Extension 204",
            "Registration with a wrong code",
            "SIP registration",
            "192.168.42.63",
            at("14:27:40", "4 minutes ago"),
        ),
        event(
            Tone::Info,
            "Changed",
            "Administrator",
            "Login code of ann generated",
            "Web manager",
            "192.168.42.17",
            at("13:58:10", "33 minutes ago"),
        ),
        event(
            Tone::Good,
            "Accepted",
            "Extension 201",
            "Registered a phone",
            "SIP registration",
            "192.168.42.51",
            at("13:58:44", "33 minutes ago"),
        ),
    ]
}

fn login(reason: Reason) -> LoginPage {
    LoginPage {
        shell: gate(),
        interface: "Web manager".into(),
        action: "/manager/login".into(),
        next: String::new(),
        name: String::new(),
        reason,
        banner: String::new(),
    }
}

fn wait() -> Reason {
    Reason::Wait {
        length: "for one minute".into(),
        until: Until::new("2099-03-02T14:32:10+01:00", "58 s"),
        clock: "14:32:10".into(),
    }
}

fn home() -> HomePage {
    HomePage {
        shell: warned(Place::Home),
        last: Some(LastSignIn { at: at("08:12:44", ""), from: "192.168.42.17".into(), interface: "the web manager".into() }),
        failures: 3,
        attention: vec![
            Attention {
                tone: Tone::Danger,
                title: "1 extension and 1 address are blocked".into(),
                text: "Extension 204 after 5 wrong codes; 203.0.113.77 after 10 failures. Both end by themselves.".into(),
                link: Some(Link::new("/status/blacklists", "Look and reset")),
            },
            Attention {
                tone: Tone::Warning,
                title: "2 phones are lost".into(),
                text: "The registrations of 207 and 211 ran out and were not renewed.".into(),
                link: Some(Link::new("/status?state=lost", "Show them")),
            },
            Attention {
                tone: Tone::Warning,
                title: "Password recovery is not set up".into(),
                text: "An administrator who forgets the password needs someone at the machine itself. Set up mail while you can still get in.".into(),
                link: None,
            },
            Attention {
                tone: Tone::Info,
                title: "A less safe setting is on: MD5 digests".into(),
                text: "Older phones need it. When the last one has gone, switch it off.".into(),
                link: Some(Link::new("/manager/settings/domain", "Phone settings")),
            },
        ],
        tiles: vec![
            Tile { label: "Phones registered now".into(), href: "/status".into(), value: "42".into(), detail: "2 lost, 1 quarantined".into(), picture: None },
            Tile { label: "Users".into(), href: "/manager/users".into(), value: "47".into(), detail: "3 have never signed in".into(), picture: None },
            Tile { label: "Extensions".into(), href: "/manager/extensions".into(), value: "51".into(), detail: "4 without a user".into(), picture: None },
            Tile {
                label: "Refusals in 24 hours".into(),
                href: "/manager/audit?outcome=refused".into(),
                value: "118".into(),
                detail: "Most: 41, at 03:00".into(),
                picture: Some(Bars {
                    values: vec![0, 1, 0, 2, 1, 0, 0, 3, 2, 1, 0, 0, 2, 41, 30, 9, 4, 2, 1, 5, 6, 3, 2, 3],
                    summary: "Refusals in each of the last 24 hours. Most: 41, at 03:00.".into(),
                }),
            },
        ],
        recent: events(),
    }
}

fn user_row(
    name: &str,
    full: &str,
    extension: &str,
    status: Badge,
    phones: Badge,
    seen: Option<Stamp>,
) -> UserRow {
    UserRow {
        href: "/manager/users/7".into(),
        name: name.into(),
        full_name: full.into(),
        extension: extension.into(),
        status,
        phones,
        last_seen: seen,
    }
}

fn users() -> UsersPage {
    let on = || Badge::new(Tone::Good, "Enabled");
    let one = || Badge::new(Tone::Good, "1 phone");
    let none = || Badge::new(Tone::Neutral, "No phone");
    UsersPage {
        shell: shell(Place::Users),
        query: String::new(),
        status: Field::new("status", "Status").required().kind(Kind::Select(vec![
            Choice::new("", "Any", true),
            Choice::new("enabled", "Enabled", false),
            Choice::new("locked", "Locked, in any way", false),
            Choice::new("disabled", "Disabled", false),
        ])),
        name: Column::new("Name", "/manager/users?sort=-name", Sorted::Up),
        full_name: Column::new("Full name", "/manager/users?sort=full_name", Sorted::No),
        extension: Column::new("Extension", "/manager/users?sort=extension", Sorted::No),
        account: Column::new("Status", "/manager/users?sort=status", Sorted::No),
        last_seen: Column::new("Last seen", "/manager/users?sort=last_seen", Sorted::No),
        rows: vec![
            user_row("ann", "Ann Okonkwo", "201", on(), one(), Some(at("14:31:02", "1 minute ago"))),
            user_row(
                "bert",
                "Bert Lindqvist",
                "202",
                on(),
                Badge::new(Tone::Good, "2 phones"),
                Some(at("14:12:50", "19 minutes ago")),
            ),
            user_row(
                "chloe",
                "Chloé Dubois-Marchand",
                "203",
                Badge::new(Tone::Warning, "Force New Password"),
                none(),
                None,
            ),
            user_row(
                "dmitri",
                "Dmitri Volkov",
                "204",
                Badge::new(Tone::Danger, "Locked – Temporary"),
                Badge::new(Tone::Warning, "1 lost"),
                Some(at("13:44:09", "47 minutes ago")),
            ),
            user_row(
                "evelyn",
                "Evelyn Park",
                "205",
                Badge::new(Tone::Neutral, "Disabled"),
                none(),
                Some(Stamp::new("2025-11-20T09:00:00+01:00", "2025-11-20 09:00:00", "102 days ago")),
            ),
            user_row("reception", "Front desk", "200", on(), one(), Some(at("14:30:00", "2 minutes ago"))),
            user_row("warehouse", "", "", on(), none(), None),
        ],
        pager: Pager {
            summary: "1–50 of 100,000 users".into(),
            label: "users".into(),
            previous: None,
            next: Some("/manager/users?page=2".into()),
            stops: vec![
                Stop::Here("1".into()),
                Stop::Page(Link::new("/manager/users?page=2", "2")),
                Stop::Page(Link::new("/manager/users?page=3", "3")),
                Stop::Gap,
                Stop::Page(Link::new("/manager/users?page=2000", "2,000")),
            ],
        },
        any: true,
    }
}

fn how(name: &str, label: &str, first: &str, chosen: &str) -> Field {
    Field::new(name, label).required().kind(Kind::Radio(vec![
        Choice::new("generate", first, chosen == "generate")
            .hint("Shown once after saving, to copy or print."),
        Choice::new("type", "Type one", chosen == "type"),
        Choice::new("none", "None for now", chosen == "none").hint("It opens nothing until one is set."),
    ]))
}

fn user_new(wrong: bool) -> UserNewPage {
    let name = Field::new("name", "Name")
        .value(if wrong { "ann" } else { "" })
        .hint("Letters, digits, dots and dashes. Used to sign in.")
        .required()
        .length_max(64)
        .error(wrong.then(|| "There is already a user called ann. Choose another name.".into()));
    let extension = Field::new("extension", "Extension")
        .kind(Kind::Code)
        .value(if wrong { "20a" } else { "201" })
        .hint("The next free one is filled in. It is created with the user.")
        .error(wrong.then(|| "An extension has digits only, at most 15 of them.".into()))
        .length_max(15);
    let mut login_code = Secret::new("login_code", "Login code").rules(code_rules());
    login_code.digits = true;
    login_code.required = false;
    if wrong {
        login_code.error =
            Some("The login code is a run of digits (123456). Choose one without a run.".into());
        if let Some(rule) = login_code.rules.get_mut(2) {
            rule.broken = true;
        }
        login_code.error_again = Some("The two login codes are not the same. Type both again.".into());
    }
    let mut password = Secret::new("password", "Password").rules(password_rules());
    password.required = false;
    let problems = Problems::of(&[&name, &extension], &[&login_code, &password]);
    UserNewPage {
        shell: shell(Place::Users),
        name,
        full_name: Field::new("full_name", "Full name").length_max(128),
        extension,
        login_code_how: how(
            "login_code_how",
            "How to set it",
            "Generate 8 digits",
            if wrong { "type" } else { "generate" },
        ),
        login_code,
        password_how: how("password_how", "How to set it", "Generate a password", "none"),
        password,
        problems,
    }
}

fn card(
    slug: &str,
    title: &str,
    about: &str,
    state: Badge,
    facts: Vec<Fact>,
    secret: Secret,
) -> CredentialCard {
    CredentialCard {
        slug: slug.into(),
        title: title.into(),
        about: about.into(),
        state,
        facts,
        action: format!("/manager/users/7/credentials/{slug}"),
        csrf: "c5f2".into(),
        secret,
        open: false,
        force_new: None,
        locked: false,
        removable: true,
    }
}

fn user() -> UserPage {
    let mut code = Secret::new("login_code", "New login code").rules(code_rules());
    code.digits = true;
    let mut login_code = card(
        "login-code",
        "Login code",
        "Signs in at the phone. The phone registers with it too, unless its extension has a phone password.",
        Badge::new(Tone::Danger, "Locked until 14:42"),
        vec![
            Fact::new("Set", "2026-03-02 13:58"),
            Fact::new("Last used", "today 13:58 from 192.168.42.51"),
            Fact::new("Wrong tries", "5 of 5"),
        ],
        code,
    );
    login_code.locked = true;
    let mut password = card(
        "password",
        "Password",
        "Opens the web and desktop programs.",
        Badge::new(Tone::Good, "Set"),
        vec![Fact::new("Set", "2026-01-12 09:30"), Fact::new("Last used", "never")],
        Secret::new("password", "New password").rules(password_rules()),
    );
    password.force_new = Some(true);
    password.open = true;
    password.secret.account = "ann".into();
    let status = Field::new("status", "Status").required().kind(Kind::Radio(vec![
        Choice::new("enabled", "Enabled", true).hint("Everything that is set works."),
        Choice::new("force-new-password", "Force New Password", false)
            .hint("A new password must be chosen at the next sign-in on the web."),
        Choice::new("disabled", "Disabled", false)
            .hint("Nothing works: no sign-in, no registration, until an administrator enables it."),
    ]));
    UserPage {
        shell: done(shell(Place::Users), "Saved", "The changes to ann are in force."),
        href: "/manager/users/7".into(),
        title: "ann".into(),
        state: Badge::new(Tone::Good, "Enabled"),
        name: Field::new("name", "Name").value("ann").required().length_max(64),
        full_name: Field::new("full_name", "Full name").value("Ann Okonkwo").length_max(128),
        extension: Field::new("extension", "Extension").kind(Kind::Code).value("201").length_max(15),
        status,
        credentials: vec![login_code, password],
        history: events(),
        history_href: "/manager/audit?who=ann".into(),
        problems: Problems::default(),
    }
}

fn evil_users() -> UsersPage {
    let mut page = users();
    page.query = EVIL.into();
    page.rows = vec![user_row(
        EVIL,
        EVIL,
        EVIL,
        Badge::new(Tone::Good, EVIL),
        Badge::new(Tone::Good, EVIL),
        Some(Stamp::new(EVIL, EVIL, EVIL)),
    )];
    page.shell.system = EVIL.into();
    page.shell.person.name = EVIL.into();
    page.shell.person.role = EVIL.into();
    page
}

fn render(page: &impl Template) -> String {
    page.render().expect("a sample renders")
}

/// Every page in every state worth looking at: a name for the file, and the page.
pub(crate) fn all() -> Vec<(&'static str, String)> {
    let mut pages = vec![
        ("login", render(&login(Reason::Arrived))),
        ("login-signed-out", render(&login(Reason::SignedOut))),
        ("login-idle", render(&login(Reason::IdledOut { minutes: 10 }))),
        ("login-ended", render(&login(Reason::Ended))),
        ("login-refused", render(&login(Reason::Refused))),
        ("login-wait", render(&login(wait()))),
        ("login-locked", render(&login(Reason::Locked))),
        ("login-limit", render(&login(Reason::SessionLimit))),
        ("login-stale", render(&login(Reason::Stale))),
        ("login-unavailable", render(&login(Reason::Unavailable))),
    ];
    let mut banner = login(Reason::Arrived);
    banner.banner = "For authorised staff of Harbour Street Office only.\nUse is recorded.".into();
    banner.name = "Administrator".into();
    banner.next = "/manager/users".into();
    pages.push(("login-banner", render(&banner)));
    let mut secret = Secret::new("password", "New password").rules(password_rules());
    secret.account = "Administrator".into();
    pages.push((
        "new-password",
        render(&NewPasswordPage {
            shell: gate(),
            name: "Administrator".into(),
            why: WhyNew::Forced,
            secret: secret.clone(),
            problems: Problems::default(),
        }),
    ));
    secret.error = Some(
        "This password is on the list of passwords that attackers try first. Choose another one.".into(),
    );
    secret.rules = secret.rules.into_iter().enumerate().map(|(n, rule)| rule.broken(n == 3)).collect();
    let problems = Problems::of(&[], &[&secret]);
    pages.push((
        "new-password-error",
        render(&NewPasswordPage {
            shell: gate(),
            name: "Administrator".into(),
            why: WhyNew::Expired,
            secret,
            problems,
        }),
    ));
    pages.push(("home", render(&home())));
    let mut quiet = home();
    quiet.shell = shell(Place::Home);
    quiet.shell.person.locks = 0;
    (quiet.last, quiet.failures, quiet.attention, quiet.recent) = (None, 0, vec![], vec![]);
    pages.push(("home-quiet", render(&quiet)));
    pages.push(("users", render(&users())));
    let mut none = users();
    (none.rows, none.query) = (vec![], "zebra".into());
    pages.push(("users-none-found", render(&none)));
    let mut empty = users();
    (empty.rows, empty.any) = (vec![], false);
    pages.push(("users-empty", render(&empty)));
    pages.push(("users-evil", render(&evil_users())));
    pages.push(("user-new", render(&user_new(false))));
    pages.push(("user-new-error", render(&user_new(true))));
    pages.push(("user", render(&user())));
    pages.push((
        "secret-once",
        render(&SecretOncePage {
            shell: shell(Place::Users),
            title: "New login code of ann".into(),
            secret: "4820 6173".into(),
            facts: vec![
                Fact::new("Name", "Ann Okonkwo"),
                Fact::new("Extension", "201"),
                Fact::new("Server", "192.168.42.1 (SIP, port 5060; TLS, port 5061)"),
                Fact::new("Set", "2026-03-02 14:31"),
            ],
            instruction: "Enter it in the phone as its password, with the extension as its user name. Keep this slip to yourself.".into(),
            back: "/manager/users/7#login-code".into(),
        }),
    ));
    pages
}
