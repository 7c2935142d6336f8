//! Those who do nothing wrong: phones that refresh, and somebody who signs in to the web manager.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::bail;

use crate::figures::count;
use crate::fleet::{Fleet, Tally};
use crate::product::PARTNER;
use crate::source::address;
use crate::web::{Browser, Tls};

/// Where they all are.
const CALM: Ipv4Addr = Ipv4Addr::LOCALHOST;
/// How long to sleep when nothing is to be done: short beside what is measured.
const NAP: Duration = Duration::from_micros(500);
/// Time between two sign-ins.
const LOGIN_EVERY: Duration = Duration::from_millis(250);
/// A sign-in that takes longer has failed.
const LOGIN_SECONDS_MAX: u64 = 30;
/// Browsers in turn; each replaces the session that it holds.
const BROWSERS: usize = 4;

/// Good phones.
pub(crate) struct GoodPhones {
    fleet: Fleet,
    count: u32,
    next: u32,
}

impl GoodPhones {
    pub(crate) fn new(count: u32, server: SocketAddr) -> anyhow::Result<Self> {
        Ok(Self { fleet: Fleet::new(count, server)?, count, next: 0 })
    }

    /// Registers all of them, before anything is measured.
    pub(crate) fn enter(&mut self, per_second: u32) -> anyhow::Result<()> {
        self.pace(f64::from(per_second), |phones, begun| begun >= u64::from(phones.count))?;
        let tally = self.tally();
        if tally.failures > 0 || tally.accepted != u64::from(self.count) {
            bail!("{} of {} phones registered: {:?}", tally.accepted, self.count, tally.told);
        }
        Ok(())
    }

    /// Each refreshes once in `every` seconds, spread evenly.
    pub(crate) fn refresh_until(&mut self, until: Instant, every: u32) -> anyhow::Result<()> {
        self.pace(f64::from(self.count) / f64::from(every), |_, _| Instant::now() >= until)
    }

    /// What became of them since this was asked the last time.
    pub(crate) fn tally(&mut self) -> Tally {
        std::mem::take(&mut self.fleet.tally)
    }

    fn pace(&mut self, per_second: f64, is_over: impl Fn(&Self, u64) -> bool) -> anyhow::Result<()> {
        let began = Instant::now();
        let mut begun = 0_u64;
        while !is_over(self, begun) {
            let due = Duration::from_secs_f64(count(begun) / per_second);
            if began.elapsed() >= due {
                self.fleet.begin(self.next, Instant::now())?;
                self.next = (self.next + 1) % self.count;
                begun += 1;
            } else if !self.fleet.work()? {
                std::thread::sleep(NAP);
            }
        }
        while self.fleet.outstanding() > 0 {
            if !self.fleet.work()? {
                std::thread::sleep(NAP);
            }
        }
        Ok(())
    }
}

/// Good people at the web manager: two who have been there before, and two who come from somewhere else each time.
pub(crate) struct GoodLogins {
    browsers: Vec<Browser>,
    places: u32,
    tally: Tally,
}

impl GoodLogins {
    pub(crate) fn new(tls: &Tls, server: SocketAddr) -> Self {
        let browsers = (0..BROWSERS).map(|_| Browser::new(tls, server, CALM)).collect();
        Self { browsers, places: 0, tally: Tally::default() }
    }

    /// Each signs in, before anything is measured.
    pub(crate) fn enter(&mut self) -> anyhow::Result<()> {
        runtime()?.block_on(self.each_once());
        let tally = self.tally();
        if tally.failures > 0 {
            bail!("a good web login was refused before anything began: {:?}", tally.told);
        }
        Ok(())
    }

    /// Hangs up.
    pub(crate) fn leave(&mut self) {
        self.browsers.iter_mut().for_each(Browser::hang_up);
    }

    pub(crate) fn sign_in_until(&mut self, over: &AtomicBool) -> anyhow::Result<()> {
        runtime()?.block_on(async {
            while !over.load(Ordering::Relaxed) {
                self.each_once().await;
            }
        });
        Ok(())
    }

    /// What became of them since this was asked the last time. From before the connection to the last byte.
    pub(crate) fn tally(&mut self) -> Tally {
        std::mem::take(&mut self.tally)
    }

    async fn each_once(&mut self) {
        for (at, browser) in self.browsers.iter_mut().enumerate() {
            let next = tokio::time::Instant::now() + LOGIN_EVERY;
            if at % 2 == 1 {
                self.places += 1;
                browser.walk_to(address(250, self.places));
            }
            let began = Instant::now();
            match sign_in(browser).await {
                Ok(()) => self.tally.accept(began.elapsed()),
                Err(problem) => self.tally.fail(format!("web login: {problem:#}")),
            }
            tokio::time::sleep_until(next).await;
        }
    }
}

/// On a new connection, as somebody who comes in the morning.
async fn sign_in(browser: &mut Browser) -> anyhow::Result<()> {
    browser.hang_up();
    let asked = browser.sign_in(PARTNER.0, PARTNER.1);
    let page = tokio::time::timeout(Duration::from_secs(LOGIN_SECONDS_MAX), asked).await??;
    if page.status != 303 || page.location != "/manager" {
        bail!("answered {} {}", page.status, page.location);
    }
    Ok(())
}

pub(crate) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}
