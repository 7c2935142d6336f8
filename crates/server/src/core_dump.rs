//! No copy of our memory for anybody: a core dump of a sign-in system lies about for years, and holds its keys.

use nix::sys::{
    prctl::set_dumpable,
    resource::{Resource, setrlimit},
};

/// From now on this process leaves no core dump, and only root may look into its memory or attach a debugger. Where the
/// operating system refuses that, the log says so.
pub fn forbid() {
    // A program that takes the dumps (systemd-coredump) is handed one whatever the limit is; what is not dumpable goes to
    // nobody. The limit is for systems that are told to dump such processes, too.
    if let Err(error) = set_dumpable(false).and_then(|()| setrlimit(Resource::RLIMIT_CORE, 0, 0)) {
        tracing::warn!(%error, "this process may leave a core dump with secrets in it");
    }
}
