//! What a contact says besides its address: how long, how much it is preferred, which phone and which flow of it.

use wire::sip::{AnswerWriter, Contact, ContactLine, Headers, Request, Rule};

const PEER: &str = "192.0.2.9:40000";

fn message(contact: &str) -> Vec<u8> {
    format!(
        "REGISTER sip:a SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:a>;tag=1\r\nTo: <sip:a>\r\n\
         Call-ID: 1\r\nCSeq: 1 REGISTER\r\nContact: {contact}\r\n\r\n"
    )
    .into_bytes()
}

/// What `ask` finds in the first contact.
fn first<T>(contact: &str, ask: impl FnOnce(Contact<'_>) -> T) -> Result<T, Rule> {
    let bytes = message(contact);
    let mut headers = Headers::new();
    let request = Request::parse(&bytes, &mut headers).unwrap();
    request.fields.contacts().next().unwrap().map(ask).map_err(|wrong| wrong.rule)
}

#[test]
fn a_preference_is_read_in_thousandths() {
    let preference = |text: &str| first(&format!("<sip:a@x>;q={text}"), |contact| contact.q);
    for (text, thousandths) in [
        ("0", 0),
        ("1", 1000),
        ("0.", 0),
        ("1.", 1000),
        ("0.7", 700),
        ("0.05", 50),
        ("0.123", 123),
        ("0.009", 9),
        ("0.999", 999),
        ("1.0", 1000),
        ("1.000", 1000),
        // Not in the grammar, but sent.
        (".5", 500),
        (".125", 125),
    ] {
        assert_eq!(preference(text), Ok(Some(thousandths)), "{text}");
    }
    for wrong in ["2", "7", "-1", "1.001", "1.1", "0.1234", ".1234", ".", "0.x", "0.1x", "00.5", "0:5"] {
        assert!(preference(wrong).is_err(), "{wrong}");
    }
    assert_eq!(first("<sip:a@x>", |contact| contact.q), Ok(None));
}

#[test]
fn a_preference_is_written_as_short_as_it_can_be() {
    let bytes = message("<sip:a>");
    let mut headers = Headers::new();
    let request = Request::parse(&bytes, &mut headers).unwrap();
    for (thousandths, text) in [
        (0, "0.0"),
        (1, "0.001"),
        (10, "0.010"),
        (70, "0.070"),
        (100, "0.1"),
        (120, "0.120"),
        (500, "0.5"),
        (505, "0.505"),
        (999, "0.999"),
        (1000, "1"),
        (2000, "1"),
    ] {
        let mut out = Vec::new();
        let mut answer = AnswerWriter::start(&mut out, &request, 200, b"OK", PEER.parse().unwrap(), b"x");
        answer.contact(&ContactLine {
            uri: b"sip:a@x",
            expires: 60,
            q: Some(thousandths),
            instance: None,
            reg_id: None,
        });
        answer.finish();
        let line = format!("\r\nContact: <sip:a@x>;expires=60;q={text}\r\n");
        assert!(String::from_utf8_lossy(&out).contains(&line), "{thousandths}");
    }
}

#[test]
fn a_flow_has_a_number_from_one_to_the_largest_of_31_bits() {
    let flow = |text: &str| first(&format!("<sip:a@x>;reg-id={text}"), |contact| contact.reg_id);
    for (text, number) in [("1", 1), ("2", 2), ("2147483647", 2_147_483_647)] {
        assert_eq!(flow(text), Ok(Some(number)));
    }
    for wrong in ["0", "2147483648", "4294967295", "4294967296", "99999999999999999999", "-1", "x", "\"\""] {
        assert_eq!(flow(wrong), Err(Rule::Number), "{wrong}");
    }
}

#[test]
fn a_phone_is_named_in_quotes_alone() {
    let instance = |rest: &str| {
        first(&format!("<sip:a@x>{rest}"), |contact| {
            contact.instance.map(|found| String::from_utf8_lossy(found).into_owned())
        })
    };
    assert_eq!(instance(";+sip.instance=\"<urn:uuid:1>\""), Ok(Some("<urn:uuid:1>".into())));
    assert_eq!(instance(";+SIP.Instance=\"x\""), Ok(Some("x".into())));
    assert_eq!(instance(";+sip.instance=x"), Ok(None));
    assert_eq!(instance(";+sip.instance"), Ok(None));
    assert_eq!(instance(";+sip.instancf=\"x\""), Ok(None));
}

#[test]
fn a_time_is_read_and_a_name_of_the_same_length_is_not_one() {
    let time = |rest: &str| first(&format!("<sip:a@x>{rest}"), |contact| contact.expires);
    assert_eq!(time(";expires=0"), Ok(Some(0)));
    assert_eq!(time(";EXPIRES=70"), Ok(Some(70)));
    assert_eq!(time(";expires=4294967295"), Ok(Some(u32::MAX)));
    assert_eq!(time(";expires=4294967296"), Ok(Some(u32::MAX)));
    assert_eq!(time(";expires=x"), Ok(Some(3600)));
    assert_eq!(time(";expired=70"), Ok(None));
    assert_eq!(first("<sip:a@x>;z=0.5;reg-ix=7", |contact| (contact.q, contact.reg_id)), Ok((None, None)));
}

#[test]
fn a_public_address_is_found_among_the_parameters() {
    let gruu = |rest: &str| {
        first(&format!("<sip:a@x>{rest}"), |contact| {
            contact.pub_gruu().map(|found| String::from_utf8_lossy(found).into_owned())
        })
    };
    assert_eq!(gruu(";temp-gruu=\"sip:t\";pub-gruu=\"sip:a@x;gr=1\""), Ok(Some("sip:a@x;gr=1".into())));
    assert_eq!(gruu(";expires=5"), Ok(None));
}
