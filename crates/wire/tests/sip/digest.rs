//! Digest credentials as they are read, and those that must be refused.

use wire::sip::{Algorithm, Credentials, DigestCredentials, HeaderName, Headers, Qop, Request, Rule};

fn shown(value: &str) -> DigestCredentials<'_> {
    *Credentials::parse(value.as_bytes()).unwrap_or_else(|wrong| panic!("{value}: {wrong}")).digest().unwrap()
}

const RFC2617: &str = "Digest username=\"Mufasa\", realm=\"testrealm@host.com\", \
    nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", uri=\"/dir/index.html\", qop=auth, nc=00000001, \
    cnonce=\"0a4f113b\", response=\"6629fae49393a05397450978507c4ef1\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"";

#[test]
fn auth_int_and_algorithms_that_are_not_known_are_read() {
    let int = RFC2617.replace("qop=auth", "qop=auth-int");
    assert_eq!(shown(&int).qop, Qop::AuthInt);
    let unknown = format!("{RFC2617}, algorithm=ROT13");
    assert_eq!(shown(&unknown).algorithm, Algorithm::Unknown);
}

#[test]
fn quotes_where_they_do_not_belong_and_missing_where_they_do_are_read() {
    let sloppy = RFC2617
        .replace("qop=auth,", "qop=\"auth\",")
        .replace("nc=00000001", "nc=\"00000001\"")
        .replace("uri=\"/dir/index.html\"", "uri=/dir/index.html")
        .replace("username=\"Mufasa\"", " , username = Mufasa")
        + ", algorithm=\"md5\", auth-param=\"x\",";
    let shown = shown(&sloppy);
    let strict = self::shown(RFC2617);
    assert_eq!((shown.user(), shown.qop, shown.nonce_count), (strict.user(), strict.qop, strict.nonce_count));
    assert_eq!(
        (shown.uri.raw(), shown.algorithm, shown.response),
        (strict.uri.raw(), strict.algorithm, strict.response)
    );
}

#[test]
fn a_nonce_count_is_eight_hexadecimal_digits_however_large() {
    let count = |text: &str| shown(&RFC2617.replace("00000001", text)).nonce_count;
    assert_eq!(count("0000000a"), Some(10));
    assert_eq!(count("FFFFFFFF"), Some(u32::MAX));
    assert_eq!(shown(&RFC2617.replace("00000001", "0000000A")).nonce_count_raw, b"0000000A");
    for wrong in ["1", "000000001", "0000000g", "-0000001"] {
        let value = RFC2617.replace("00000001", wrong);
        assert_eq!(Credentials::parse(value.as_bytes()).unwrap_err().rule, Rule::NonceCount, "{wrong}");
    }
}

#[test]
fn credentials_that_two_readers_could_read_differently_are_refused() {
    let table = [
        (format!("{RFC2617}, username=\"Scar\""), Rule::ParameterRepeated),
        (format!("{RFC2617}, USERNAME*=UTF-8''Scar"), Rule::ParameterRepeated),
        (format!("{RFC2617}, nonce=x"), Rule::ParameterRepeated),
        (RFC2617.replace("realm", "real"), Rule::DigestIncomplete),
        (RFC2617.replace("cnonce", "cnoncf"), Rule::DigestIncomplete),
        (RFC2617.replace("6629", "66"), Rule::DigestResponse),
        (RFC2617.replace("6629", "xyzw"), Rule::DigestResponse),
        (format!("{RFC2617} realm"), Rule::Trailing),
        (format!("{RFC2617}, realm"), Rule::ParameterValue),
        (RFC2617.replace("e41\"", "e41"), Rule::QuoteUnfinished),
        (String::new(), Rule::AuthScheme),
    ];
    for (value, rule) in table {
        assert_eq!(Credentials::parse(value.as_bytes()).unwrap_err().rule, rule, "{value}");
    }
}

/// The responses to the realm `office` in a request with these values of Authorization.
fn shown_for_office(values: &[&str]) -> Result<Vec<u8>, Rule> {
    let lines: String = values.iter().map(|value| format!("Authorization: {value}\r\n")).collect();
    let bytes = format!("REGISTER sip:a SIP/2.0\r\n{lines}\r\n");
    let mut headers = Headers::new();
    let request = Request::parse(bytes.as_bytes(), &mut headers).unwrap();
    let shown = request.fields.digest_in(HeaderName::Authorization, b"office").map_err(|wrong| wrong.rule)?;
    Ok(shown.map(|digest| digest.response.to_vec()).unwrap_or_default())
}

#[test]
fn credentials_of_other_realms_are_skipped_whether_they_can_be_read_or_not() {
    let good = RFC2617.replace("testrealm@host.com", "office");
    let other = RFC2617;
    let broken = |value: &str| value.replace("6629", "xyz");
    let right = b"6629fae49393a05397450978507c4ef1".to_vec();
    assert_eq!(shown_for_office(&[other]), Ok(vec![]));
    assert_eq!(shown_for_office(&[&broken(other)]), Ok(vec![]));
    assert_eq!(shown_for_office(&[&broken(other), "Bearer x", &good]), Ok(right));
    assert_eq!(shown_for_office(&[&broken(&good)]), Err(Rule::DigestResponse));
    // Broken before the realm: whose it is nobody knows.
    assert_eq!(shown_for_office(&["Digest username, realm=\"other\""]), Err(Rule::ParameterValue));
    assert_eq!(shown_for_office(&["Digest realm=\"other\", username"]), Ok(vec![]));
    assert_eq!(shown_for_office(&["Digest realm=\"office\", username"]), Err(Rule::ParameterValue));
}

#[test]
fn an_empty_nonce_or_response_shows_nothing() {
    let first = "Digest username=\"201\",realm=\"office\",nonce=\"\",uri=\"sip:x\",response=\"\"";
    assert!(shown(first).is_blank());
    assert_eq!(shown_for_office(&[first]), Ok(vec![]));
    let no_response =
        RFC2617.replace("testrealm@host.com", "office").replace("6629fae49393a05397450978507c4ef1", "");
    assert_eq!(shown_for_office(&[&no_response]), Ok(vec![]));
    let no_nonce =
        RFC2617.replace("testrealm@host.com", "office").replace("dcd98b7102dd2f0e8b11d0f600bfb0c093", "");
    assert_eq!(shown_for_office(&[&no_nonce]), Ok(vec![]));
}

#[test]
fn extended_and_hashed_user_names_are_read() {
    // RFC 7616 §3.9.2.
    let value = RFC2617.replace("username=\"Mufasa\"", "username*=UTF-8''J%C3%A4s%C3%B8n%20Doe");
    assert_eq!(&*shown(&value).user().unwrap(), "Jäsøn Doe".as_bytes());
    let value = format!("{RFC2617}, userhash=true");
    assert!(shown(&value).userhash);
}

#[test]
fn other_schemes_are_kept() {
    let Credentials::Other { scheme, rest } = Credentials::parse(b"Bearer  abc.def=").unwrap() else {
        panic!()
    };
    assert_eq!((scheme, rest), (&b"Bearer"[..], &b"abc.def="[..]));
}

#[test]
fn a_digest_is_for_the_request_uri_or_one_that_means_the_same() {
    let value = RFC2617.replace("/dir/index.html", "sip:Example.com;transport=tcp");
    assert!(shown(&value).is_for(b"sip:Example.com;transport=tcp"));
    assert!(shown(&value).is_for(b"sip:example.com;transport=TCP"));
    assert!(!shown(&value).is_for(b"sip:example.com"));
    assert!(!shown(&value).is_for(b"sip:example.org;transport=tcp"));
}
