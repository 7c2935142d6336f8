//! What is dialled, and what an administrator may make of it.

use calls::short_code::{CODE_MAX, Code, CodeFault, DIALLED_MAX, Dialled, FEATURES, Feature, ShortCodes};

/// What was dialled, on one line. Secrets are shown, because only tests are looked at here.
fn dialled(dialled: &str) -> String {
    said(ShortCodes::default().parse(dialled))
}

fn said(dialled: Option<Dialled>) -> String {
    match dialled {
        None => "nothing".into(),
        Some(Dialled::PhoneLogin { number: None, code }) => format!("login own {}", code.reveal()),
        Some(Dialled::PhoneLogin { number: Some(number), code }) => {
            format!("login {number} {}", code.reveal())
        }
        Some(Dialled::ChangeLoginCode { old: None, new }) => format!("change to {}", new.reveal()),
        Some(Dialled::ChangeLoginCode { old: Some(old), new }) => {
            format!("change {} to {}", old.reveal(), new.reveal())
        }
        Some(Dialled::Hoteling { number, code }) => format!("guest {number} {}", code.reveal()),
        Some(Dialled::PhoneLogout) => "logout".into(),
        Some(Dialled::Voicemail) => "voicemail".into(),
        Some(Dialled::HotelingEnd) => "guest no more".into(),
        Some(Dialled::PhoneAdministration) => "administration".into(),
        Some(Dialled::Malformed(feature)) => format!("malformed {}", feature.row().name),
    }
}

#[test]
fn what_is_dialled_is_understood_with_the_last_hash_or_without() {
    for (dialling, expected) in [
        ("*35*201*4821#", "login 201 4821"),
        ("*35*201*4821", "login 201 4821"),
        ("*35*201*4821%23", "login 201 4821"),
        ("*35*4821#", "login own 4821"),
        ("*36", "logout"),
        ("*36#", "logout"),
        ("*60*4821*7359#", "change 4821 to 7359"),
        ("*60**7359#", "change to 7359"),
        ("*38*201*4821#", "guest 201 4821"),
        ("*39", "guest no more"),
        ("*17", "voicemail"),
        ("*9", "administration"),
    ] {
        assert_eq!(dialled(dialling), expected, "{dialling}");
    }
}

#[test]
fn what_is_no_code_is_a_number_or_nothing() {
    for dialling in ["", "201", "35*201*1#", "*", "#", "*3", "*351", "*1701", "*91", "+4935", "ann", "**35"] {
        assert_eq!(dialled(dialling), "nothing", "{dialling}");
    }
}

#[test]
fn what_does_not_belong_behind_a_code_opens_nothing() {
    let long = "1".repeat(32);
    for (dialling, feature) in [
        ("*35", "phone-login"),
        ("*35#", "phone-login"),
        ("*35*", "phone-login"),
        ("*35**#", "phone-login"),
        ("*35*201*#", "phone-login"),
        ("*35**4821#", "phone-login"),
        ("*35*201*4821*1#", "phone-login"),
        ("*35*201#4821#", "phone-login"),
        ("*35*2a1*4821#", "phone-login"),
        ("*35*1234567890123456*4821#", "phone-login"),
        (&format!("*35*201*{long}"), "phone-login"),
        ("*36*1", "phone-logout"),
        ("*60*4821#", "change-login-code"),
        ("*60*4821*#", "change-login-code"),
        ("*60***#", "change-login-code"),
        ("*38*4821#", "hoteling"),
        ("*17*201", "voicemail"),
        (&format!("*35*1*{}", "2".repeat(DIALLED_MAX)), "phone-login"),
    ] {
        assert_eq!(dialled(dialling), format!("malformed {feature}"), "{dialling}");
    }
}

#[test]
fn a_secret_that_was_dialled_is_never_printed() {
    for dialling in ["*35*201*4821#", "*60*4821*4821#", "*38*201*4821#"] {
        let printed = format!("{:?}", ShortCodes::default().parse(dialling));
        assert!(!printed.contains("4821"), "{printed}");
    }
}

#[test]
fn an_administrator_changes_a_code_and_is_told_what_is_wrong_with_it() {
    let mut codes = ShortCodes::default();
    let long = format!("*{}", "1".repeat(CODE_MAX));
    for (text, fault) in [
        ("35", CodeFault::Start),
        ("*3a", CodeFault::Character('a')),
        ("*３", CodeFault::Character('３')),
        ("*3 5", CodeFault::Character(' ')),
        ("*35#", CodeFault::HashInside),
        ("*", CodeFault::TooShort),
        (long.as_str(), CodeFault::TooLong),
        ("*35", CodeFault::BeginsAlike(Feature::PhoneLogin)),
        ("*355", CodeFault::BeginsAlike(Feature::PhoneLogin)),
        ("*3", CodeFault::BeginsAlike(Feature::PhoneLogin)),
    ] {
        assert_eq!(codes.set(Feature::Voicemail, text), Err(fault), "{text}");
        assert_eq!(codes, ShortCodes::default(), "{text}");
    }
    let says = CodeFault::BeginsAlike(Feature::PhoneLogin).to_string();
    assert!(says.contains("\u{201c}Log in to a phone\u{201d}"), "{says}");
    codes.set(Feature::Voicemail, " #1*7 ").unwrap();
    codes.set(Feature::PhoneLogin, "*355").unwrap();
    assert_eq!(said(codes.parse("#1*7#")), "voicemail");
    assert_eq!(said(codes.parse("*355*201*4821")), "login 201 4821");
    assert_eq!(said(codes.parse("*17")), "nothing");
}

#[test]
fn a_code_may_be_set_to_what_it_is_and_a_feature_switched_off() {
    let mut codes = ShortCodes::default();
    codes.set(Feature::PhoneLogin, "*35").unwrap();
    codes.set(Feature::PhoneLogin, "").unwrap();
    assert_eq!(codes.code(Feature::PhoneLogin), None);
    assert_eq!(said(codes.parse("*35*201*4821#")), "nothing");
    codes.set(Feature::Voicemail, "*35").unwrap();
    assert_eq!(
        codes.set(Feature::PhoneLogin, "*35"),
        Err(CodeFault::BeginsAlike(Feature::Voicemail)),
        "it is somebody else's meanwhile"
    );
}

#[test]
fn codes_are_read_as_they_were_written_and_never_when_they_contradict() {
    let mut codes = ShortCodes::default();
    codes.set(Feature::Voicemail, "*98").unwrap_err();
    codes.set(Feature::PhoneAdministration, "").unwrap();
    codes.set(Feature::Voicemail, "*98").unwrap();
    let written = serde_json::to_string(&codes).unwrap();
    assert_eq!(serde_json::from_str::<ShortCodes>(&written).unwrap(), codes);
    for bad in [r#"{"voicemail":"17"}"#, r#"{"voicemail":"*17","hoteling":"*1"}"#, r#"{"unheard-of":"*1"}"#] {
        assert!(serde_json::from_str::<ShortCodes>(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_feature_that_came_later_takes_nobodys_code() {
    assert_eq!(serde_json::from_str::<ShortCodes>("{}").unwrap(), ShortCodes::default());
    let codes: ShortCodes = serde_json::from_str(r#"{"phone-logout":"*17"}"#).unwrap();
    assert_eq!(codes.code(Feature::PhoneLogout), Some(&Code::parse("*17").unwrap()));
    assert_eq!(codes.code(Feature::Voicemail), None);
    assert_eq!(codes.code(Feature::PhoneLogin), Some(&Code::parse("*35").unwrap()));
}

#[test]
fn every_feature_is_in_its_own_row_and_its_default_can_be_dialled() {
    for row in &FEATURES {
        assert_eq!(row.feature.row().name, row.name);
        assert_eq!(Feature::named(row.name), Some(row.feature));
        assert_eq!(serde_json::to_value(row.feature).unwrap(), row.name);
        assert!(ShortCodes::default().code(row.feature).is_some(), "{}", row.name);
    }
    assert_eq!(Feature::named("unheard-of"), None);
}
