//! Doors: which conversation is had at which listener. The one place where a listener of the table meets what answers
//! there.

use std::{io, net::SocketAddr, sync::Arc, thread::JoinHandle};

use tokio_util::task::TaskTracker;

use crate::{
    config::Loaded,
    health,
    interfaces::sip::SipInterface,
    listen::{
        accept::{Conversation, accept},
        admission::Admission,
        bind_streams,
        http::Pages,
        listener::{Listener, ListenerRow},
        stream::PhoneStreams,
        udp,
    },
    system::{StartError, System, or_cores},
    web,
};

/// Starts to serve; gives the threads that were started besides the tasks.
type Serve = Box<dyn FnOnce(&TaskTracker) -> io::Result<Vec<JoinHandle<()>>> + Send>;

/// A listener whose addresses are taken and where nobody is answered yet.
pub struct Door {
    /// Which listener.
    pub listener: Listener,
    /// Where it listens.
    pub addresses: Vec<SocketAddr>,
    serve: Serve,
}

/// Puts doors into place.
pub struct Porter<'a> {
    loaded: &'a Loaded,
    system: &'a Arc<System>,
    sip: Arc<SipInterface>,
}

impl<'a> Porter<'a> {
    /// For a system, with the configuration that it starts with.
    pub fn new(loaded: &'a Loaded, system: &'a Arc<System>) -> Self {
        let sip = SipInterface::new(Arc::clone(system));
        system.set_sip(&sip);
        Self { loaded, system, sip }
    }

    /// Who answers phones.
    pub const fn sip(&self) -> &Arc<SipInterface> {
        &self.sip
    }

    /// Takes the addresses of a listener.
    ///
    /// # Errors
    /// Which address cannot be had, or that there is no TLS.
    pub fn door(&self, listener: Listener) -> Result<Door, StartError> {
        let (system, sip) = (self.system, &self.sip);
        match listener {
            Listener::Http => self.streams(
                listener,
                Pages { tls: None, router: web::plain_router(Arc::clone(system)), phones: None },
            ),
            Listener::Https => {
                let tls = Some(system.tls.acceptor(&[b"h2", b"http/1.1"])?);
                let phones = Some(Arc::clone(sip));
                self.streams(listener, Pages { tls, router: web::router(Arc::clone(system)), phones })
            }
            Listener::SipUdp => self.sip_datagrams(listener),
            Listener::SipTcp => self.streams(listener, PhoneStreams { sip: Arc::clone(sip), tls: None }),
            Listener::SipTls => {
                // SIP over TLS names no application protocol.
                let tls = Some(system.tls.acceptor(&[])?);
                self.streams(listener, PhoneStreams { sip: Arc::clone(sip), tls })
            }
            Listener::Metrics => self.streams(
                listener,
                Pages { tls: None, router: health::router(Arc::clone(system)), phones: None },
            ),
        }
    }

    fn streams(&self, listener: Listener, conversation: impl Conversation) -> Result<Door, StartError> {
        let ListenerRow { name, key, .. } = *listener.row();
        let bound = bind_streams(self.loaded, key, self.configured(listener)).map_err(StartError::Address)?;
        let system = Arc::clone(self.system);
        Ok(Door {
            listener,
            addresses: bound.iter().map(|bound| bound.address).collect(),
            serve: Box::new(move |tasks| {
                let admission = Admission::new(name, &system.metrics);
                for bound in bound {
                    accept(bound, Arc::clone(&admission), conversation.clone(), &system, tasks)?;
                }
                Ok(Vec::new())
            }),
        })
    }

    fn sip_datagrams(&self, listener: Listener) -> Result<Door, StartError> {
        let threads = or_cores(self.loaded.config.sip.udp_threads);
        let bound = udp::bind(self.loaded, listener.row().key, self.configured(listener), threads)
            .map_err(StartError::Address)?;
        let sip = Arc::clone(&self.sip);
        Ok(Door {
            listener,
            addresses: bound.iter().map(|bound| bound.address).collect(),
            serve: Box::new(move |tasks| udp::serve(bound, &sip, tasks)),
        })
    }

    fn configured(&self, listener: Listener) -> &[SocketAddr] {
        &(listener.row().configured)(&self.loaded.config).0
    }
}

impl Door {
    /// Answers from now on; gives the threads that were started besides the tasks.
    ///
    /// # Errors
    /// The machine has no more threads, or the socket does not fit the runtime.
    pub fn serve(self, tasks: &TaskTracker) -> io::Result<Vec<JoinHandle<()>>> {
        (self.serve)(tasks)
    }
}
