//! The `hookswitch` program.

use std::process::ExitCode;

use mimalloc::MiMalloc;
use zeroizing_alloc::ZeroAlloc;

/// Whatever is given back is wiped first: secrets pass through buffers of TLS, HTTP and JSON that are not ours to wipe. Below it
/// the system's own would ask the kernel for one page at a time while calls become more.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<MiMalloc> = ZeroAlloc(MiMalloc);

fn main() -> ExitCode {
    server::commands::main()
}
