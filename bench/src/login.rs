//! A web login beside the hash that it must pay: processor time of the server for each good login, and of the bare Argon2
//! with the same parameters and its memory kept, by turns.

use std::net::Ipv4Addr;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use clap::Args;
use nix::time::{ClockId, clock_gettime};

use crate::figures::{Bars, Rounds, print};
use crate::flood::good::runtime;
use crate::product::{PARTNER, Product};
use crate::web::{Browser, Tls};

/// The product's own parameters (`crates/signin/src/credential/password.rs`).
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// All that a login costs, its hash being 1.
const OVER_HASH_MAX: f64 = 1.05;

/// What to measure.
#[derive(Args)]
pub(crate) struct Plan {
    /// The product's program
    #[arg(long, value_name = "FILE")]
    hookswitch: PathBuf,
    /// Times that each of the two gets its turn
    #[arg(long, default_value_t = 15)]
    rounds: u32,
    /// Logins, and hashes, in each turn
    #[arg(long, default_value_t = 40)]
    logins: u32,
    /// Logins before the first turn. The store's log grows with the first two thousand, and is written over from then on,
    /// which costs less
    #[arg(long, default_value_t = 2200)]
    warm_logins: u32,
    /// Do not hold the quotient against its bar: for a program built for debugging
    #[arg(long)]
    untimed: bool,
}

/// Prints the figures; an error when the bar is missed.
pub(crate) fn run(plan: &Plan) -> anyhow::Result<()> {
    let mut product = Product::new(&plan.hookswitch, "name\n")?;
    product.start()?;
    let processes = product.processes()?;
    // On one connection: the handshake is another matter. Each login replaces the session before.
    let mut browser = Browser::new(&Tls::new()?, product.door("https")?, Ipv4Addr::LOCALHOST);
    let mut hasher = Hasher::new()?;
    let (mut login_us, mut hash_us) = (Rounds::default(), Rounds::default());
    let runtime = runtime()?;
    for round in 0..=plan.rounds {
        // The first round warms both.
        let logins = if round > 0 { plan.logins } else { plan.warm_logins };
        let before = processes.cpu_us()?;
        for _ in 0..logins {
            let page = runtime.block_on(browser.sign_in(PARTNER.0, PARTNER.1))?;
            if page.status != 303 || page.location != "/manager" {
                bail!("a good web login was answered {} {}", page.status, page.location);
            }
        }
        let login = (processes.cpu_us()? - before) / f64::from(logins);
        let hash = hasher.measure(plan.logins)?;
        if round > 0 {
            login_us.push(login);
            hash_us.push(hash);
        }
    }
    let over_hash = login_us.median_of(&hash_us);
    print("login.cpu_us", login_us.median());
    print("login.hash_us", hash_us.median());
    print("login.cpu_over_hash", over_hash);
    let mut bars = Bars::default();
    bars.most("login.cpu_over_hash", over_hash, if plan.untimed { f64::INFINITY } else { OVER_HASH_MAX });
    bars.verdict()
}

/// The hash alone.
struct Hasher {
    argon2: Argon2<'static>,
    memory: Vec<Block>,
}

impl Hasher {
    fn new() -> anyhow::Result<Self> {
        let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(32)).ok().context("parameters")?;
        let memory = vec![Block::new(); params.block_count()];
        Ok(Self { argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params), memory })
    }

    /// Microseconds of this thread's processor time for each hash.
    fn measure(&mut self, hashes: u32) -> anyhow::Result<f64> {
        let mut hashed = [0; 32];
        let before = thread_us()?;
        for _ in 0..hashes {
            let password = PARTNER.1.as_bytes();
            let done = self.argon2.hash_password_into_with_memory(
                std::hint::black_box(password),
                b"sixteen of salt!",
                &mut hashed,
                &mut self.memory,
            );
            done.ok().context("the hash")?;
            std::hint::black_box(hashed);
        }
        Ok((thread_us()? - before) / f64::from(hashes))
    }
}

fn thread_us() -> anyhow::Result<f64> {
    let time = std::time::Duration::from(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)?);
    Ok(time.as_secs_f64() * 1e6)
}
