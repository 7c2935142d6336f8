//! Slow connections: ten thousand on which nothing comes and a thousand on which a byte comes each second, at one door after
//! the other, opened again as soon as the product ends them. Good people sign in at that door meanwhile.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use clap::Args;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::figures::{Bars, percentile, print};
use crate::flood::good::runtime;
use crate::guess::{Answer, Guess};
use crate::phone;
use crate::product::{PARTNER, Product};
use crate::source::{address, raise_descriptors};
use crate::web::{Browser, Tls, connect};

const CALM: Ipv4Addr = Ipv4Addr::LOCALHOST;
/// The extension of whoever signs in by phone.
const NUMBER: u32 = 300_000;
const RATIO_MAX: f64 = 2.0;
/// Of the connections wanted, so many must stand: the others are being opened again.
const OPEN_SHARE_MIN: f64 = 0.9;
const OPENED_SECONDS_MAX: u64 = 60;
const PATIENCE: Duration = Duration::from_secs(30);
const MESSAGE_BYTES_MAX: usize = 16 << 10;
/// Pause after a connection that was refused.
const BREATHER: Duration = Duration::from_millis(500);

/// What to do.
#[derive(Args)]
pub(crate) struct Plan {
    /// The product's program
    #[arg(long, value_name = "FILE")]
    hookswitch: PathBuf,
    /// Connections on which nothing comes
    #[arg(long, default_value_t = 10_000)]
    idle: u32,
    /// Connections on which a byte comes each second
    #[arg(long, default_value_t = 1000)]
    slow: u32,
    /// Addresses that they come from
    #[arg(long, default_value_t = 100)]
    sources: u32,
    /// Good sign-ins before, and as many meanwhile
    #[arg(long, default_value_t = 1000)]
    sign_ins: u32,
    /// Do not hold the times against their bar
    #[arg(long)]
    untimed: bool,
}

/// A door, and what comes at it a byte a second.
struct Door {
    name: &'static str,
    listener: &'static str,
    drip: &'static [u8],
    /// All from one address: most of them find no room, and nobody else may notice.
    is_greedy: bool,
}

const DOORS: [Door; 5] = [
    Door {
        name: "sip_tcp",
        listener: "sip-tcp",
        drip: b"REGISTER sip:bench.test SIP/2.0\r\n",
        is_greedy: false,
    },
    Door {
        name: "sip_tls",
        listener: "sip-tls",
        drip: b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        is_greedy: false,
    },
    Door { name: "http", listener: "http", drip: b"GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n", is_greedy: false },
    Door {
        name: "https",
        listener: "https",
        drip: b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        is_greedy: false,
    },
    Door {
        name: "one_address",
        listener: "sip-tcp",
        drip: b"REGISTER sip:bench.test SIP/2.0\r\n",
        is_greedy: true,
    },
];

/// Prints the figures; an error when a bar is missed.
pub(crate) fn run(plan: &Plan) -> anyhow::Result<()> {
    raise_descriptors()?;
    let users = format!("name,extension,phone_password\ndesk,{NUMBER},{}\n", phone::password(NUMBER));
    let mut product = Product::new(&plan.hookswitch, &users)?;
    product.start()?;
    let tls = Tls::new()?;
    let mut bars = Bars::default();
    for door in &DOORS {
        at_door(plan, door, &product, &tls, &mut bars).with_context(|| format!("at {}", door.name))?;
    }
    let panics = product.figure("hookswitch_panics_total", "")?;
    print("connections.panics", panics);
    bars.most("connections.panics", panics, 0.0);
    bars.verdict()
}

fn at_door(plan: &Plan, door: &Door, product: &Product, tls: &Tls, bars: &mut Bars) -> anyhow::Result<()> {
    let server = product.door(door.listener)?;
    let mut guest = Guest { tls, server, browser: Browser::new(tls, server, CALM), calls: 0 };
    let open = || product.figure("hookswitch_connections", &format!("listener=\"{}\"", door.listener));
    let refused =
        || product.figure("hookswitch_connections_refused_total", &format!("listener=\"{}\"", door.listener));
    let (mut calm, refused_before) = (guest.sign_ins(door, plan.sign_ins)?, refused()?);
    let over = AtomicBool::new(false);
    let (mut crowded, stood) = std::thread::scope(|side| {
        let crowd = side.spawn(|| crowd_until(&over, plan, door, server));
        let crowded = among(plan, door, &mut guest, &open);
        over.store(true, Ordering::Relaxed);
        crowd.join().map_err(|_| anyhow::anyhow!("a thread of the load ended in a panic"))??;
        crowded
    })?;
    let name = |figure: &str| format!("connections.{}.{figure}", door.name);
    let (before, meanwhile) = (percentile(&mut calm, 0.99), percentile(&mut crowded, 0.99));
    print(&name("open"), stood);
    print(&name("refused"), refused()? - refused_before);
    print(&name("calm_p99_ms"), before);
    print(&name("crowded_p99_ms"), meanwhile);
    print(&name("p99_ratio"), meanwhile / before);
    let most = if plan.untimed { f64::INFINITY } else { RATIO_MAX };
    bars.most(&name("p99_ratio"), meanwhile / before, most);
    Ok(())
}

/// Good sign-ins once the crowd stands; with them, the fewest connections that stood.
fn among(
    plan: &Plan,
    door: &Door,
    guest: &mut Guest<'_>,
    open: &impl Fn() -> anyhow::Result<f64>,
) -> anyhow::Result<(Vec<f64>, f64)> {
    let wanted = f64::from(plan.idle + plan.slow) * OPEN_SHARE_MIN;
    // Of one address, the product takes a thousand.
    let wanted = if door.is_greedy { wanted.min(900.0) } else { wanted };
    let until = Instant::now() + Duration::from_secs(OPENED_SECONDS_MAX);
    while open()? < wanted {
        if Instant::now() > until {
            bail!("only {} connections stand", open()?);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let before = open()?;
    let took = guest.sign_ins(door, plan.sign_ins)?;
    let stood = before.min(open()?);
    if stood < wanted {
        bail!("only {stood} connections stood to the end");
    }
    Ok((took, stood))
}

/// Somebody good.
struct Guest<'a> {
    tls: &'a Tls,
    server: SocketAddr,
    browser: Browser,
    calls: u32,
}

impl Guest<'_> {
    /// One after the other, each on a new connection; the milliseconds of each.
    fn sign_ins(&mut self, door: &Door, times: u32) -> anyhow::Result<Vec<f64>> {
        runtime()?.block_on(async {
            let mut took = Vec::new();
            for _ in 0..times {
                let began = Instant::now();
                timeout(PATIENCE, self.sign_in(door)).await.context("no answer in time")??;
                took.push(began.elapsed().as_secs_f64() * 1000.0);
            }
            Ok(took)
        })
    }

    async fn sign_in(&mut self, door: &Door) -> anyhow::Result<()> {
        match door.listener {
            "sip-tcp" => {
                let stream = connect(CALM, self.server).await?;
                self.register(stream).await
            }
            "sip-tls" => {
                let stream = self.tls.shake_hands(connect(CALM, self.server).await?).await?;
                self.register(stream).await
            }
            "http" => {
                let mut stream = connect(CALM, self.server).await?;
                stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await?;
                let mut page = Vec::new();
                stream.read_to_end(&mut page).await?;
                if page.starts_with(b"HTTP/1.1 200 ") { Ok(()) } else { bail!("no links page") }
            }
            _ => {
                self.browser.hang_up();
                let page = self.browser.sign_in(PARTNER.0, PARTNER.1).await?;
                if page.status == 303 { Ok(()) } else { bail!("answered {}", page.status) }
            }
        }
    }

    async fn register(&mut self, mut stream: impl AsyncRead + AsyncWrite + Unpin) -> anyhow::Result<()> {
        self.calls += 1;
        let call = Guess::by_stream(NUMBER, self.calls, phone::password(NUMBER));
        stream.write_all(&call.ask(5060)).await?;
        let challenge = hear(&mut stream).await?;
        stream.write_all(&call.answer(5060, &challenge.nonce, 2)).await?;
        let answer = hear(&mut stream).await?;
        if answer.status == 200 { Ok(()) } else { bail!("answered {}", answer.status) }
    }
}

async fn hear(stream: &mut (impl AsyncRead + Unpin)) -> anyhow::Result<Answer> {
    let mut heard = Vec::new();
    while memchr::memmem::find(&heard, b"\r\n\r\n").is_none() {
        if stream.read_buf(&mut heard).await? == 0 || heard.len() > MESSAGE_BYTES_MAX {
            bail!("no answer: {}", String::from_utf8_lossy(&heard));
        }
    }
    Answer::read(&heard)
}

/// The crowd, until it is over.
fn crowd_until(over: &AtomicBool, plan: &Plan, door: &Door, server: SocketAddr) -> anyhow::Result<()> {
    let (idle, all) = (plan.idle, plan.idle + plan.slow);
    let sources = if door.is_greedy { 1 } else { plan.sources };
    runtime()?.block_on(async {
        let refused = Arc::new(AtomicU32::new(0));
        let mut crowd = JoinSet::new();
        for number in 0..all {
            let drip = if number < idle { b"".as_slice() } else { door.drip };
            let from = address(4, number % sources);
            let refused = Arc::clone(&refused);
            crowd.spawn(async move {
                loop {
                    if hold(from, server, drip).await.is_err() {
                        refused.fetch_add(1, Ordering::Relaxed);
                        sleep(BREATHER).await;
                    }
                }
            });
        }
        while !over.load(Ordering::Relaxed) {
            sleep(Duration::from_millis(50)).await;
        }
        crowd.shutdown().await;
        eprintln!("{}: {} connections could not be opened", door.name, refused.load(Ordering::Relaxed));
        Ok(())
    })
}

/// One connection, until the other side ends it.
async fn hold(from: Ipv4Addr, server: SocketAddr, drip: &'static [u8]) -> anyhow::Result<()> {
    let mut stream = connect(from, server).await?;
    let began = Instant::now();
    let mut buffer = [0; 1024];
    let mut drops = drip.chunks(1);
    loop {
        match timeout(Duration::from_secs(1), stream.read(&mut buffer)).await {
            Err(_) => {
                if let Some(drop) = drops.next()
                    && stream.write_all(drop).await.is_err()
                {
                    return Ok(());
                }
            }
            Ok(Ok(1..)) => {}
            // Ended at once: there was no room.
            Ok(Ok(0) | Err(_)) if began.elapsed() < BREATHER => bail!("no room"),
            Ok(Ok(0) | Err(_)) => return Ok(()),
        }
    }
}
