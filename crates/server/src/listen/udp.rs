//! UDP: threads of their own, each with a socket of its own at the same address (SO_REUSEPORT), so that the system
//! spreads the phones over them and no two threads share anything on the way.

use std::{
    io,
    net::{SocketAddr, UdpSocket},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread::JoinHandle,
    time::Duration,
};

use nix::errno::Errno;
use signin::registration::Transport;
use store::AHEAD;
use tokio::{runtime::Handle, sync::Semaphore};
use tokio_util::task::TaskTracker;

use super::{
    datagrams::{Batch, ToOthers},
    refused,
};
use crate::{
    config::{ConfigError, Loaded},
    interfaces::sip::{Answerer, Flow, Later, Received, Said, SipInterface},
};

/// Bytes that the system is asked to keep for each socket: with less, a thousand phones that come at once after a
/// power cut are not heard.
const BUFFER: usize = 8 << 20;
/// How often a thread without work looks whether it should stop.
const PATIENCE: Duration = Duration::from_millis(250);
/// How long an answer may wait for room on its way out.
const SEND_PATIENCE: Duration = Duration::from_millis(50);
/// Answers that may wait for the disk; the phones behind more of them ask again.
const LATER_MAX: usize = 16_384;
/// Rounds in which what has arrived is still answered when the program stops.
const DRAIN_ROUNDS: usize = 1024;

/// Sockets for one address.
#[derive(Debug)]
pub struct BoundDatagrams {
    /// Where they listen.
    pub address: SocketAddr,
    sockets: Vec<UdpSocket>,
}

/// Takes the addresses of a key for datagrams, with a socket for each thread.
///
/// # Errors
/// Which address cannot be had, and what to do.
pub fn bind(
    loaded: &Loaded,
    key: &'static str,
    addresses: &[SocketAddr],
    threads: usize,
) -> Result<Vec<BoundDatagrams>, ConfigError> {
    let bind = |address: &SocketAddr| -> io::Result<BoundDatagrams> {
        // The first without SO_REUSEPORT: with it, two programs of one user would share the phones between them
        // without noticing.
        let address = socket(*address, false)?.local_addr()?;
        let sockets = (0..threads.max(1)).map(|_| socket(address, true)).collect::<io::Result<Vec<_>>>()?;
        tracing::info!(listener = key, %address, count = sockets.len(), "listening");
        Ok(BoundDatagrams { address, sockets })
    };
    addresses
        .iter()
        .map(|address| bind(address).map_err(|error| refused(loaded, key, *address, &error)))
        .collect()
}

fn socket(address: SocketAddr, is_shared: bool) -> io::Result<UdpSocket> {
    let domain = socket2::Domain::for_address(address);
    let socket = socket2::Socket::new(domain, socket2::Type::DGRAM, Some(socket2::Protocol::UDP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_reuse_port(is_shared)?;
    // As much as the system allows; it says no by giving less.
    drop(socket.set_recv_buffer_size(BUFFER));
    drop(socket.set_send_buffer_size(BUFFER));
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.set_write_timeout(Some(SEND_PATIENCE))?;
    socket.bind(&address.into())?;
    Ok(socket.into())
}

/// Starts a thread for each socket. They end when the system stops, after answering what has arrived.
///
/// # Errors
/// The machine has no more threads.
pub fn serve(
    bound: Vec<BoundDatagrams>,
    sip: &Arc<SipInterface>,
    tasks: &TaskTracker,
) -> io::Result<Vec<JoinHandle<()>>> {
    let later = Arc::new(Semaphore::new(LATER_MAX));
    let mut threads = Vec::new();
    let sockets = bound.into_iter().flat_map(|bound| {
        let address = bound.address;
        bound.sockets.into_iter().map(move |socket| (address, Arc::new(socket)))
    });
    for (address, socket) in sockets {
        sip.flows.add_datagrams(address, &socket);
        let thread = Receiver {
            answerer: Answerer::new(sip, Transport::Udp),
            sip: Arc::clone(sip),
            is_ipv4: address.is_ipv4(),
            socket,
            later: Arc::clone(&later),
            tasks: tasks.clone(),
            runtime: Handle::current(),
        };
        let name = format!("sip-udp-{}", threads.len());
        threads.push(std::thread::Builder::new().name(name).spawn(move || thread.run())?);
    }
    Ok(threads)
}

struct Receiver {
    answerer: Answerer,
    sip: Arc<SipInterface>,
    is_ipv4: bool,
    socket: Arc<UdpSocket>,
    later: Arc<Semaphore>,
    tasks: TaskTracker,
    runtime: Handle,
}

impl Receiver {
    fn run(mut self) {
        let mut batch = Batch::new();
        let stop = self.sip.system().stop.clone();
        while !stop.is_cancelled() {
            self.round(&mut batch);
        }
        // What phones had sent before they could know is still answered: they see no error.
        drop(self.socket.set_nonblocking(true));
        for _ in 0..DRAIN_ROUNDS {
            if !self.round(&mut batch) {
                return;
            }
        }
    }

    /// Reads, answers and sends one batch. Whether there was anything.
    fn round(&mut self, batch: &mut Batch) -> bool {
        let count = match batch.receive(&self.socket) {
            Ok(0) => return false,
            Ok(count) => count,
            // Nothing has come in all this time; or a signal.
            Err(Errno::EAGAIN | Errno::EINTR) => return false,
            Err(error) => {
                tracing::debug!(%error, "receiving failed");
                return false;
            }
        };
        let now = self.sip.system().clock.now();
        for first in (0..count).step_by(AHEAD) {
            let group = first..count.min(first + AHEAD);
            if group.len() > 1 {
                self.sip.look_ahead(batch.look(group.clone()));
            }
            batch.each(group, |bytes, peer, out, others| {
                self.answer(&Received { bytes, peer, now }, out, others)
            });
        }
        batch.send(&self.socket);
        true
    }

    /// Where the answer in `out` goes; `None` when nothing is sent now.
    fn answer(
        &mut self,
        received: &Received<'_>,
        out: &mut Vec<u8>,
        others: &mut ToOthers<'_>,
    ) -> Option<SocketAddr> {
        let answerer = &mut self.answerer;
        // A fault in reading one datagram must not silence the phones of a whole thread.
        let Ok(said) = catch_unwind(AssertUnwindSafe(|| answerer.datagram(*received, out))) else {
            self.sip.system().metrics.panics.inc();
            tracing::error!("a datagram caused a panic; it was dropped");
            self.answerer = Answerer::new(&self.sip, Transport::Udp);
            return None;
        };
        for outgoing in self.answerer.outbox().drain(..) {
            let Flow { transport, peer } = outgoing.to;
            // The other family has a socket of its own.
            if transport == Transport::Udp && peer.is_ipv4() == self.is_ipv4 {
                others.push(outgoing.bytes, peer);
            } else {
                self.sip.flows.send(&outgoing);
            }
        }
        match said {
            Said::Nothing => None,
            Said::Answer { to } => Some(to),
            Said::Later(later) => {
                self.send_later(later);
                None
            }
        }
    }

    /// Sends an answer once what it stands for rests on disk, without holding up those behind it.
    fn send_later(&self, later: Later) {
        let Ok(place) = Arc::clone(&self.later).try_acquire_owned() else { return };
        let (sip, socket) = (Arc::clone(&self.sip), Arc::clone(&self.socket));
        self.tasks.spawn_on(
            async move {
                let (answer, to) = later.wait(sip.system()).await;
                if !answer.is_empty() {
                    // Lost, it is asked for again.
                    drop(socket2::SockRef::from(&*socket).send_to_with_flags(
                        &answer,
                        &to.into(),
                        nix::libc::MSG_DONTWAIT,
                    ));
                }
                drop(place);
            },
            &self.runtime,
        );
    }
}
