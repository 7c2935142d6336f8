//! STUN on the SIP port: what is not answered, and what is said of attributes that are not known.

use wire::sip::stun::{StunError, answer, is_stun};

const IPV4: &str = "192.0.2.1:32853";

/// A message of this kind with these attributes, and its length as it has to be.
fn message(kind: u16, attributes: &[u8]) -> Vec<u8> {
    let mut bytes = kind.to_be_bytes().to_vec();
    bytes.extend(u16::try_from(attributes.len()).unwrap().to_be_bytes());
    bytes.extend([0x21, 0x12, 0xa4, 0x42]);
    bytes.extend(b"twelve bytes");
    bytes.extend(attributes);
    bytes
}

fn answered(bytes: &[u8]) -> Result<Vec<u8>, StunError> {
    let mut out = b"from before".to_vec();
    let result = answer(bytes, IPV4.parse().unwrap(), &mut out);
    assert!(result.is_ok() || out.is_empty(), "nothing is left of what is not sent");
    result.map(|()| out)
}

/// An attribute without a value.
fn empty(kind: u16) -> Vec<u8> {
    [kind.to_be_bytes(), [0, 0]].concat()
}

#[test]
fn only_a_whole_binding_request_is_answered() {
    let request = message(1, b"");
    assert!(answered(&request).is_ok());
    for (kind, wrong) in
        [(0x0101, StunError::NotBinding), (0x0111, StunError::NotBinding), (2, StunError::NotBinding)]
    {
        assert_eq!(answered(&message(kind, b"")), Err(wrong), "{kind:x}");
    }
    assert!(is_stun(&request));
    for (at, bits) in [(0, 0x40), (0, 0x80), (4, 1), (7, 1)] {
        let mut changed = request.clone();
        changed[at] ^= bits;
        assert!(!is_stun(&changed), "{at}");
        assert_eq!(answered(&changed), Err(StunError::NotStun), "{at}");
    }
    assert!(!is_stun(&request[..19]) && !is_stun(b""));
    // A length that is not that of the message, and one that is no multiple of four.
    let mut longer = request.clone();
    longer[3] = 4;
    assert_eq!(answered(&longer), Err(StunError::NotStun));
    assert_eq!(answered(&message(1, b"\x80\x22\0\x01x")), Err(StunError::NotStun));
}

#[test]
fn an_attribute_over_the_end_and_the_thirty_third_are_refused() {
    let unknown = empty(0x8022);
    assert!(answered(&message(1, &unknown.repeat(32))).is_ok());
    assert_eq!(answered(&message(1, &unknown.repeat(33))), Err(StunError::Attribute { at: 20 + 32 * 4 }));
    assert!(answered(&message(1, b"\x80\x22\0\x04test")).is_ok());
    assert!(answered(&message(1, b"\x80\x22\0\x03tes\0")).is_ok());
    let over = b"\x80\x22\0\x04test\x80\x22\0\x05test";
    assert_eq!(answered(&message(1, over)), Err(StunError::Attribute { at: 28 }));
}

#[test]
fn attributes_that_must_be_understood_are_named_in_the_refusal_four_at_most() {
    let header = |length: u8| [&[1, 0x11, 0, length, 0x21, 0x12, 0xa4, 0x42][..], b"twelve bytes"].concat();
    let code = [0, 9, 0, 4, 0, 0, 4, 20];
    let padding = |count: usize| empty(0x8022).repeat(count);
    let refused = |kinds: &[u16]| {
        let mut attributes: Vec<u8> = kinds.iter().flat_map(|kind| empty(*kind)).collect();
        attributes.extend(padding(2));
        answered(&message(1, &attributes)).unwrap()
    };
    let one = [&header(16)[..], &code, &[0, 0x0a, 0, 2, 0x7f, 0xff, 0, 0]].concat();
    assert_eq!(refused(&[0x7fff]), one);
    let two = [&header(16)[..], &code, &[0, 0x0a, 0, 4, 0, 0x31, 0, 0x32]].concat();
    assert_eq!(refused(&[0x31, 0x32]), two);
    let four = [&header(20)[..], &code, &[0, 0x0a, 0, 8, 0, 0x31, 0, 0x32, 0, 0x33, 0, 0x34]].concat();
    assert_eq!(refused(&[0x31, 0x32, 0x33, 0x34, 0x35]), four);
    // From here on they need not be understood.
    assert_eq!(answered(&message(1, &empty(0x8000))).unwrap()[..2], [1, 1]);
    for known in [1, 6, 8, 0x14, 0x15, 0x1c, 0x1d, 0x1e, 0x20, 0x24, 0x25] {
        assert_eq!(answered(&message(1, &empty(known))).unwrap()[..2], [1, 1], "{known:x}");
    }
}

#[test]
fn a_fingerprint_is_the_last_attribute_and_has_four_bytes() {
    for wrong in [&b"\x80\x28\0\0"[..], b"\x80\x28\0\x08testtest", b"\x80\x28\0\x04test\x80\x22\0\0"] {
        assert_eq!(answered(&message(1, wrong)), Err(StunError::Fingerprint));
    }
}
