//! Digest responses of the RFCs, and credentials that must be refused.

use wire::sip::digest::{self, Check, Ha1, Legacy, verify};
use wire::sip::{Algorithm, Credentials, DigestCredentials, Qop, Rule};

fn shown(value: &str) -> DigestCredentials<'_> {
    *Credentials::parse(value.as_bytes()).unwrap_or_else(|wrong| panic!("{value}: {wrong}")).digest().unwrap()
}

const RFC2617: &str = "Digest username=\"Mufasa\", realm=\"testrealm@host.com\", \
    nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", uri=\"/dir/index.html\", qop=auth, nc=00000001, \
    cnonce=\"0a4f113b\", response=\"6629fae49393a05397450978507c4ef1\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"";

const RFC7616: &str = "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", uri=\"/dir/index.html\", \
    nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", nc=00000001, \
    cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", qop=auth, opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";

#[test]
fn the_responses_of_rfc2617_and_rfc7616_are_right() {
    let md5 = format!("{RFC7616}, response=\"8ca523f5e9506fed4657c9700eebdbec\", algorithm=MD5");
    let sha256 = format!(
        "{RFC7616}, response=\"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1\", algorithm=SHA-256"
    );
    let table = [
        (RFC2617, Algorithm::Md5, "testrealm@host.com", "Circle Of Life"),
        (&md5, Algorithm::Md5, "http-auth@example.org", "Circle of Life"),
        (&sha256, Algorithm::Sha256, "http-auth@example.org", "Circle of Life"),
    ];
    for (value, algorithm, realm, password) in table {
        let shown = shown(value);
        let ha1 = Ha1::new(algorithm, b"Mufasa", realm.as_bytes(), password.as_bytes()).unwrap();
        assert_eq!(verify(&shown, b"GET", &ha1, Legacy::Refuse), Check::Match, "{value}");
        assert_eq!(verify(&shown, b"PUT", &ha1, Legacy::Refuse), Check::Mismatch);
        let other = Ha1::new(algorithm, b"Mufasa", realm.as_bytes(), b"circle of life").unwrap();
        assert_eq!(verify(&shown, b"GET", &other, Legacy::Refuse), Check::Mismatch);
    }
}

#[test]
fn without_qop_a_response_is_checked_only_where_that_is_allowed() {
    // RFC 2069 §2.4 with its erratum.
    let shown = shown(
        "Digest username=\"Mufasa\", realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", \
         uri=\"/dir/index.html\", response=\"1949323746fe6a43ef61f9606e7febea\"",
    );
    let ha1 = Ha1::new(Algorithm::Md5, b"Mufasa", b"testrealm@host.com", b"CircleOfLife").unwrap();
    assert_eq!(verify(&shown, b"GET", &ha1, Legacy::Refuse), Check::Inapplicable);
    assert_eq!(verify(&shown, b"GET", &ha1, Legacy::Allow), Check::Match);
}

#[test]
fn session_algorithms_mix_the_nonces_into_ha1() {
    for (algorithm, name) in [(Algorithm::Md5Sess, "MD5-sess"), (Algorithm::Sha256Sess, "SHA-256-sess")] {
        let challenge = format!("Digest realm=\"r\", nonce=\"n\", algorithm={name}, qop=\"auth,auth-int\"");
        let challenge = wire::sip::Challenge::parse(challenge.as_bytes()).unwrap().unwrap();
        assert_eq!(challenge.algorithm, algorithm);
        let mut value = Vec::new();
        let answer = digest::Answer {
            user: b"u\"v",
            password: b"p",
            method: b"REGISTER",
            uri: b"sip:r",
            nonce_count: 256,
            cnonce: b"c",
        };
        assert!(digest::write_authorization(&mut value, &challenge, &answer));
        let shown = shown(std::str::from_utf8(&value).unwrap());
        assert_eq!(shown.nonce_count, Some(256));
        assert_eq!(&*shown.user().unwrap(), b"u\"v");
        let ha1 = Ha1::new(algorithm, b"u\"v", b"r", b"p").unwrap();
        assert_eq!(verify(&shown, b"REGISTER", &ha1, Legacy::Refuse), Check::Match);
    }
}

#[test]
fn an_md5_ha1_never_checks_a_sha256_response_nor_the_other_way_round() {
    let ha1 = Ha1::Sha256([7; 32]);
    assert_eq!(verify(&shown(RFC2617), b"GET", &ha1, Legacy::Allow), Check::Inapplicable);
    assert_eq!(format!("{ha1:?}"), "Ha1::Sha256(…)");
}

#[test]
fn auth_int_and_algorithms_that_are_not_known_are_read_but_never_match() {
    let int = RFC2617.replace("qop=auth", "qop=auth-int");
    let ha1 = Ha1::new(Algorithm::Md5, b"Mufasa", b"testrealm@host.com", b"Circle Of Life").unwrap();
    assert_eq!(shown(&int).qop, Qop::AuthInt);
    assert_eq!(verify(&shown(&int), b"GET", &ha1, Legacy::Allow), Check::Inapplicable);
    let unknown = format!("{RFC2617}, algorithm=ROT13");
    assert_eq!(shown(&unknown).algorithm, Algorithm::Unknown);
    assert_eq!(verify(&shown(&unknown), b"GET", &ha1, Legacy::Allow), Check::Inapplicable);
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
    let ha1 = Ha1::new(Algorithm::Md5, b"Mufasa", b"testrealm@host.com", b"Circle Of Life").unwrap();
    assert_eq!(verify(&shown, b"GET", &ha1, Legacy::Refuse), Check::Match);
}

#[test]
fn a_nonce_count_is_eight_hexadecimal_digits_however_large() {
    let count = |text: &str| shown(&RFC2617.replace("00000001", text)).nonce_count;
    assert_eq!(count("0000000a"), Some(10));
    assert_eq!(count("FFFFFFFF"), Some(u32::MAX));
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

#[test]
fn extended_and_hashed_user_names_are_read() {
    // RFC 7616 §3.9.2.
    let value = RFC2617.replace("username=\"Mufasa\"", "username*=UTF-8''J%C3%A4s%C3%B8n%20Doe");
    assert_eq!(&*shown(&value).user().unwrap(), "Jäsøn Doe".as_bytes());
    let value = format!("{RFC2617}, userhash=true");
    assert!(shown(&value).userhash);
    // echo -n bob:example.com | md5sum
    let hashed = b"526fd9db128c0f7d09f5ddc3342276b4";
    assert!(digest::is_userhash(hashed, Algorithm::Md5, b"bob", b"example.com"));
    assert!(!digest::is_userhash(hashed, Algorithm::Md5, b"bot", b"example.com"));
    assert!(!digest::is_userhash(hashed, Algorithm::Sha256, b"bob", b"example.com"));
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
