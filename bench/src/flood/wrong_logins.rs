//! Wrong web logins by the hundred a second: from an address until it has been locked, then from the next; at the name of
//! the administrator and at others that nobody has.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use super::good::runtime;
use crate::product::ADMINISTRATOR;
use crate::source::address;
use crate::web::{Browser, Tls};

/// Connections at the same time: enough for the pace, however long each has to wait.
const BROWSERS: u32 = 400;
/// Tries from one address: two more than lock it.
const TRIES: u32 = 12;
/// After this long, nobody waits for an answer any more.
const PATIENCE: Duration = Duration::from_secs(30);
/// Stands for "no answer" among the statuses.
const NO_ANSWER: u16 = 0;

pub(crate) struct WrongLogins<'a> {
    pub(crate) tls: &'a Tls,
    pub(crate) server: SocketAddr,
}

/// What was sent and what was said to it.
#[derive(Debug, Default)]
pub(crate) struct Done {
    pub(crate) sent: u64,
    pub(crate) seconds: f64,
    /// By status; 0 stands for no answer.
    pub(crate) answered: BTreeMap<u16, u64>,
}

/// When whose turn is, for all browsers together.
struct Pace {
    began: Instant,
    per_second: f64,
    turns: AtomicU32,
    addresses: AtomicU32,
    is_over: AtomicBool,
}

impl WrongLogins<'_> {
    /// At this pace; a little faster, so that it is not slower.
    pub(crate) fn flood_until(&self, over: &AtomicBool, per_second: u32) -> anyhow::Result<Done> {
        runtime()?.block_on(async {
            let pace = Arc::new(Pace {
                began: Instant::now(),
                per_second: f64::from(per_second) * 1.03,
                turns: AtomicU32::new(0),
                addresses: AtomicU32::new(0),
                is_over: AtomicBool::new(false),
            });
            let mut browsers = JoinSet::new();
            for _ in 0..BROWSERS {
                let browser = Browser::new(self.tls, self.server, pace.address());
                browsers.spawn(guess(browser, Arc::clone(&pace)));
            }
            while !over.load(Ordering::Relaxed) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            pace.is_over.store(true, Ordering::Relaxed);
            let mut done = Done { seconds: pace.began.elapsed().as_secs_f64(), ..Done::default() };
            for answered in browsers.join_all().await {
                for (status, times) in answered {
                    done.sent += times;
                    *done.answered.entry(status).or_default() += times;
                }
            }
            Ok(done)
        })
    }
}

impl Pace {
    fn address(&self) -> std::net::Ipv4Addr {
        address(128, self.addresses.fetch_add(1, Ordering::Relaxed))
    }
}

async fn guess(mut browser: Browser, pace: Arc<Pace>) -> BTreeMap<u16, u64> {
    let mut answered = BTreeMap::new();
    let mut tries = 0;
    while !pace.is_over.load(Ordering::Relaxed) {
        let turn = pace.turns.fetch_add(1, Ordering::Relaxed);
        sleep_until(pace.began + Duration::from_secs_f64(f64::from(turn) / pace.per_second)).await;
        let guest = format!("guest{turn}");
        let name = if turn.is_multiple_of(2) { ADMINISTRATOR.0 } else { &guest };
        let asked = browser.sign_in(name, "a wrong password, of some length");
        let status = match timeout(PATIENCE, asked).await {
            Ok(Ok(page)) => page.status,
            Ok(Err(_)) | Err(_) => NO_ANSWER,
        };
        *answered.entry(status).or_default() += 1;
        tries += 1;
        if tries == TRIES || status == NO_ANSWER {
            browser.move_to(pace.address());
            tries = 0;
        }
    }
    answered
}
