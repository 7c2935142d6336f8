//! Streams: however the bytes are cut, the same messages come out.

use wire::sip::stream::{Frame, Framer, StreamError};

fn frames(framer: &mut Framer, bytes: &[u8], out: &mut Vec<Option<Vec<u8>>>) -> Result<(), StreamError> {
    framer.push(bytes);
    while let Some(frame) = framer.next_frame()? {
        out.push(match frame {
            Frame::Message(message) => Some(message.to_vec()),
            Frame::Ping => None,
        });
    }
    Ok(())
}

/// Two pings, an empty line, and three messages, one with a body that looks like a message.
fn stream() -> Vec<u8> {
    let body = "OPTIONS sip:b SIP/2.0\r\nContent-Length: 5\r\n\r\n";
    let mut bytes = b"\r\n\r\nOPTIONS sip:a SIP/2.0\r\nl:0\r\n\r\n\r\n".to_vec();
    bytes.extend(
        format!("MESSAGE sip:a SIP/2.0\r\nContent-Length:\r\n  {}\r\n\r\n{body}", body.len()).bytes(),
    );
    bytes.extend(b"\r\n\r\nSIP/2.0 200 OK\nX: 1\nCONTENT-LENGTH : 3\n\nabc");
    bytes
}

#[test]
fn a_stream_split_at_any_two_places_gives_the_same_frames() {
    let bytes = stream();
    let mut whole = Vec::new();
    frames(&mut Framer::default(), &bytes, &mut whole).unwrap();
    assert_eq!(whole.len(), 5);
    assert_eq!(whole.iter().filter(|frame| frame.is_none()).count(), 2);
    assert!(whole[4].as_ref().unwrap().ends_with(b"\n\nabc"));
    for one in 0..bytes.len() {
        for two in one..bytes.len() {
            let (mut framer, mut found) = (Framer::default(), Vec::new());
            for piece in [&bytes[..one], &bytes[one..two], &bytes[two..]] {
                frames(&mut framer, piece, &mut found).unwrap();
            }
            assert_eq!(found, whole, "{one} {two}");
        }
    }
}

#[test]
fn a_stream_byte_by_byte_gives_the_same_frames_and_keeps_nothing() {
    let bytes = stream();
    let (mut whole, mut found, mut framer) = (Vec::new(), Vec::new(), Framer::default());
    frames(&mut Framer::default(), &bytes, &mut whole).unwrap();
    for byte in &bytes {
        frames(&mut framer, &[*byte], &mut found).unwrap();
    }
    assert_eq!(found, whole);
    assert!(framer.pending().is_empty());
}

#[test]
fn every_vector_with_a_right_content_length_comes_out_of_a_stream_as_it_went_in() {
    for vector in super::vectors::all() {
        let mut found = Vec::new();
        if frames(&mut Framer::default(), &vector.bytes, &mut found).is_ok() {
            let whole = found.into_iter().flatten().next();
            assert!(whole.is_none_or(|message| vector.bytes.starts_with(&message)), "{}", vector.name);
        }
    }
}

#[test]
fn a_stream_that_cannot_be_cut_is_an_error_with_its_reason() {
    let table: [(&[u8], StreamError); 5] = [
        (b"OPTIONS sip:a SIP/2.0\r\n\r\n", StreamError::ContentLengthMissing),
        (b"OPTIONS sip:a SIP/2.0\r\nl: x\r\n\r\n", StreamError::ContentLengthMalformed),
        (b"OPTIONS sip:a SIP/2.0\r\nl: 1\r\nl: 1\r\n\r\n", StreamError::ContentLengthMalformed),
        (b"OPTIONS sip:a SIP/2.0\r\nl: 99999999999999999999\r\n\r\n", StreamError::TooLong),
        (b"OPTIONS sip:a SIP/2.0\r\nl: 1000\r\n\r\n", StreamError::TooLong),
    ];
    for (bytes, expected) in table {
        assert_eq!(frames(&mut Framer::new(500), bytes, &mut Vec::new()), Err(expected));
    }
    let endless = [b'a'; 501];
    assert_eq!(frames(&mut Framer::new(500), &endless, &mut Vec::new()), Err(StreamError::TooLong));
}
