//! The local socket: lines are read in bounded memory, and what is understood is understood again when it is written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use server::local::lines::LineReader;
use server::local::protocol::{Reply, Request};
use tokio::runtime::{Builder, Runtime};

/// Most lines of one input.
const LINES_MAX: usize = 64;

fuzz_target!(init: { std::panic::set_hook(Box::new(|panic| { eprintln!("{panic}"); std::process::abort() })); },
    |bytes: &[u8]| {
        thread_local!(static RUNTIME: Runtime = Builder::new_current_thread().build().unwrap());
        RUNTIME.with(|runtime| runtime.block_on(async {
            let mut lines = LineReader::new(bytes);
            for _ in 0..LINES_MAX {
                let Ok(Some(request)) = lines.receive::<Request>().await else { break };
                let written = serde_json::to_vec(&request).unwrap();
                let again: Request = serde_json::from_slice(&written).unwrap();
                assert_eq!(serde_json::to_vec(&again).unwrap(), written);
            }
            let mut lines = LineReader::new(bytes);
            for _ in 0..LINES_MAX {
                let Ok(Some(reply)) = lines.receive::<Reply>().await else { break };
                let _ = serde_json::to_vec(&reply);
            }
        }));
    });
