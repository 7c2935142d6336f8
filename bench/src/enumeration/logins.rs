//! Web logins with a wrong password: at a name that nobody has, at one that somebody has, and at an account that has no
//! password; before a lock and under one.

use std::ffi::OsStr;
use std::net::Ipv4Addr;
use std::time::Instant;

use anyhow::{Context, bail};
use serde_json::{Map, Value, json};
use signin::{
    policy::{Lock, LockRule},
    timestamp::Seconds,
};

use super::{Class, Plan, Shuffle, compare, without_numbers};
use crate::figures::Bars;
use crate::flood::good::runtime;
use crate::product::{ADMINISTRATOR, Product};
use crate::web::{Browser, Page, Tls};

const MEDIAN_MAX: f64 = 0.02;
/// All as long as each other is not possible; the page repeats the name, which is taken out of its words.
const NAMES: [&str; 3] = ["Administratrix", "Administrator", "BusinessPartner"];
const CLASSES: [&str; 3] = ["unknown", "known", "without_password"];
/// Wrong passwords until a name is locked, as the settings are then.
const UNTIL_LOCKED: u8 = 3;
/// Samples under a lock cost no hash, and would all be over before the lock is; so does its time.
const LOCK_MINUTES: u32 = 600;

pub(super) fn run(plan: &Plan, bars: &mut Bars) -> anyhow::Result<()> {
    let mut product = Product::without_partner(&plan.hookswitch, "name\n")?;
    product.start()?;
    let server = product.door("https")?;
    let tls = Tls::new()?;
    let runtime = runtime()?;
    let mut owner = Browser::new(&tls, server, Ipv4Addr::LOCALHOST);
    let mut stranger = Browser::new(&tls, server, Ipv4Addr::new(127, 3, 0, 1));
    runtime.block_on(async {
        let credentials = json!({ "name": ADMINISTRATOR.0, "password": ADMINISTRATOR.1 });
        let opened = owner.call("POST", "/api/v1/session", "", Some(&credentials)).await?;
        let session: Map<String, Value> = serde_json::from_str(&opened.body)?;
        let Some(token) = session.get("token").and_then(Value::as_str) else {
            bail!("the administrator was answered {}", opened.status);
        };
        // Names are never locked for a while, and this machine's addresses not at all.
        set_lock(&mut owner, token, 0).await?;
        let mut shuffle = Shuffle(0x2545_f491_4f6c_dd1d);
        let mut classes = CLASSES.map(Class::new);
        for sample in 0..plan.logins {
            guess_each(&mut stranger, &mut classes, &mut shuffle, sample, 401).await?;
        }
        compare(plan, "enumeration.web", MEDIAN_MAX, &classes, bars)?;
        // What has been counted so far is forgotten: more of it than the limit would be no lock, and keep everybody waiting.
        product.command(["lockout", "reset"].into_iter().chain(NAMES).map(OsStr::new))?;
        set_lock(&mut owner, token, UNTIL_LOCKED).await?;
        for name in NAMES {
            for guess in 0..UNTIL_LOCKED {
                stranger.sign_in(name, &format!("a wrong password, till locked {guess}")).await?;
            }
        }
        let mut classes = CLASSES.map(Class::new);
        for sample in 0..plan.logins {
            guess_each(&mut stranger, &mut classes, &mut shuffle, sample, 429).await?;
        }
        compare(plan, "enumeration.web.locked", MEDIAN_MAX, &classes, bars)
    })
}

async fn guess_each(
    stranger: &mut Browser,
    classes: &mut [Class],
    shuffle: &mut Shuffle,
    sample: u32,
    status: u16,
) -> anyhow::Result<()> {
    for at in shuffle.order(classes.len()) {
        let (Some(name), Some(class)) = (NAMES.get(at), classes.get_mut(at)) else { continue };
        let password = format!("a wrong password, number {sample:06}");
        let began = Instant::now();
        let page = stranger.sign_in(name, &password).await?;
        let micros = began.elapsed().as_secs_f64() * 1e6;
        if page.status != status {
            bail!("{name} was answered {}, not {status}", page.status);
        }
        class.note(micros, &words(&page, name))?;
    }
    Ok(())
}

/// What a page says, without the name that was typed and without its numbers (seconds left, lengths, the date).
fn words(page: &Page, name: &str) -> String {
    let said = format!("{}{}", page.head, page.body).replace(name, "NAME");
    let moving = |line: &&str| !line.to_ascii_lowercase().starts_with("date:");
    said.lines().filter(moving).map(|line| without_numbers(line) + "\n").collect()
}

/// How many wrong passwords lock the name of a service user; this machine's addresses are not locked at all.
async fn set_lock(owner: &mut Browser, token: &str, failures_max: u8) -> anyhow::Result<()> {
    const PATH: &str = "/api/v1/settings/security";
    // A connection on which nothing has come for a while has been ended.
    owner.hang_up();
    let present = owner.call("GET", PATH, &format!("Authorization: Bearer {token}\r\n"), None).await?;
    let mut rules: Map<String, Value> = serde_json::from_str(&present.body)?;
    let lock = Lock::Temporary(Seconds::minutes(LOCK_MINUTES));
    let lock = LockRule { failures_max, window: Seconds::minutes(10), lock };
    rules.insert("service_password_lock".into(), serde_json::to_value(lock)?);
    rules.insert("address_allow".into(), json!(["127.0.0.0/8"]));
    let version = present.header("etag").context("the settings have no ETag")?;
    let head = format!("Authorization: Bearer {token}\r\nIf-Match: {version}\r\n");
    let saved = owner.call("PUT", PATH, &head, Some(&rules.into())).await?;
    if saved.status != 200 {
        bail!("the settings were answered {}:\n{}", saved.status, saved.body);
    }
    Ok(())
}
