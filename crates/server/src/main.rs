//! The `hookswitch` program.

use std::{alloc::System, process::ExitCode};

use zeroizing_alloc::ZeroAlloc;

/// Whatever is given back is wiped first: secrets pass through buffers of TLS, HTTP and JSON that are not ours to wipe.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> ExitCode {
    server::commands::main()
}
