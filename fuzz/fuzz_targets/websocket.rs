//! WebSocket frames: cut anywhere, the same messages come out. The first byte says how large the pieces are.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::websocket::{Broken, Event, Frames};

const MESSAGE_MAX: usize = 4096;

fuzz_target!(|bytes: &[u8]| {
    let Some((size, stream)) = bytes.split_first() else { return };
    let size = usize::from(*size).max(1);
    assert_eq!(events(stream, stream.len().max(1)), events(stream, size));
});

fn events(stream: &[u8], size: usize) -> (Vec<(u16, Vec<u8>)>, Option<Broken>) {
    let (mut frames, mut out) = (Frames::new(MESSAGE_MAX), Vec::new());
    for piece in stream.chunks(size) {
        frames.push(piece);
        loop {
            match frames.next_event() {
                Ok(Some(Event::Message(message))) => {
                    assert!(message.len() <= MESSAGE_MAX);
                    out.push((1, message.to_vec()));
                }
                Ok(Some(Event::Ping(said))) => out.push((2, said.to_vec())),
                Ok(Some(Event::Pong)) => out.push((3, Vec::new())),
                Ok(Some(Event::Close(code))) => out.push((code.unwrap_or(4), Vec::new())),
                Ok(None) => break,
                Err(broken) => return (out, Some(broken)),
            }
        }
    }
    (out, None)
}
