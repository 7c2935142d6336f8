//! Accepting: connections at a listener for streams, within its limits, until the program stops. What is said on one
//! is a [`Conversation`].

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::TaskTracker;

use super::{Bound, admission::Admission, shutter::Shutter};
use crate::{config::LimitsConfig, system::System};

/// How long to wait when the machine has no more descriptors.
const BREATHER: Duration = Duration::from_millis(50);

/// What is said on the connections of a listener.
pub trait Conversation: Clone + Send + Sync + 'static {
    /// Until the other side, its patience (`limits`) or the program (`system.stop`) ends. How a connection ends is
    /// its peer's affair, and no news to anybody here.
    fn converse(
        self,
        stream: TcpStream,
        peer: SocketAddr,
        limits: LimitsConfig,
        system: Arc<System>,
    ) -> impl Future<Output = ()> + Send;
}

/// Accepts at a bound address until the program stops; every connection is a task of `tasks`.
///
/// # Errors
/// The socket does not fit the runtime.
pub fn accept(
    bound: Bound,
    admission: Arc<Admission>,
    conversation: impl Conversation,
    system: &Arc<System>,
    tasks: &TaskTracker,
) -> io::Result<()> {
    let listener = TcpListener::from_std(bound.listener)?;
    let system = Arc::clone(system);
    let connections = tasks.clone();
    tasks.spawn(async move {
        let mut shutter = Shutter::new();
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = shutter.open(&listener) => continue,
                () = system.stop.cancelled() => return,
            };
            let Ok((stream, peer)) = accepted else {
                // Out of descriptors, or a connection that ended before it was taken: neither ends the listener.
                tokio::time::sleep(BREATHER).await;
                continue;
            };
            let limits = system.config().config.limits.clone();
            let Some(place) = admission.enter(peer.ip(), &limits) else {
                shutter.refuse(peer.ip(), &listener);
                continue;
            };
            // Small answers must not wait for the acknowledgement of the one before.
            drop(stream.set_nodelay(true));
            let (conversation, system) = (conversation.clone(), Arc::clone(&system));
            connections.spawn(async move {
                conversation.converse(stream, peer, limits, system).await;
                drop(place);
            });
        }
    });
    Ok(())
}
