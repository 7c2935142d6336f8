//! Descriptors: every connection is one, and the operating system gives each process only so many.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::{
    config::Config,
    listen::listener::{LISTENERS, Listener, ListenerRow},
    system::or_cores,
};

/// For the database, the log, the runtime, commands and the like.
const SPARE: usize = 256;

/// Asks the operating system for as many as the configuration may need.
pub fn raise(config: &Config) {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return };
    let needed = u64::try_from(needed(config)).unwrap_or(u64::MAX);
    if needed > hard {
        let key = "limits.connections_max";
        tracing::warn!(key, needed, count = hard, "fewer files may be open than connections may need");
    }
    let wanted = needed.min(hard);
    if wanted > soft && setrlimit(Resource::RLIMIT_NOFILE, wanted, hard).is_err() {
        tracing::warn!(count = soft, "the limit of open files could not be raised");
    }
}

fn needed(config: &Config) -> usize {
    let of_listener = |row: &ListenerRow| {
        let sockets = match ((row.configured)(config).0.len(), row.listener) {
            (0, _) => return 0,
            (addresses, Listener::SipUdp) => addresses.saturating_mul(or_cores(config.sip.udp_threads)),
            (addresses, _) => addresses,
        };
        let connections = if row.has_connections { config.limits.connections_max } else { 0 };
        connections.saturating_add(sockets)
    };
    LISTENERS.iter().map(of_listener).fold(SPARE, usize::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Listen;

    #[test]
    fn every_listener_that_is_on_may_be_full_at_the_same_time() {
        let mut config = Config::default();
        config.limits.connections_max = 1000;
        config.sip.udp_threads = 3;
        assert_eq!(needed(&config), SPARE + 5 * 1001 + 3);
        config.metrics.listen = Listen(Vec::new());
        config.sip.udp = Listen(Vec::new());
        assert_eq!(needed(&config), SPARE + 4 * 1001);
    }
}
