//! Streams: cut anywhere, the same frames come out. The first byte says how large the pieces are.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::sip::stream::{Frame, Framer, StreamError};

fuzz_target!(|bytes: &[u8]| {
    let Some((size, stream)) = bytes.split_first() else { return };
    let size = usize::from(*size).max(1);
    assert_eq!(frames(stream, stream.len().max(1)), frames(stream, size));
});

fn frames(stream: &[u8], size: usize) -> (Vec<Option<Vec<u8>>>, Option<StreamError>) {
    let (mut framer, mut out) = (Framer::new(4096), Vec::new());
    for piece in stream.chunks(size) {
        framer.push(piece);
        loop {
            match framer.next_frame() {
                Ok(Some(Frame::Message(message))) => out.push(Some(message.to_vec())),
                Ok(Some(Frame::Ping)) => out.push(None),
                Ok(None) => break,
                Err(error) => return (out, Some(error)),
            }
        }
    }
    (out, None)
}
