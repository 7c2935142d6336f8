//! What may be chosen as a secret: the last that is allowed, and the first that is not.

use signin::{
    admin::SecretChoice,
    credential::{
        About, CredentialKind, Owner, Traits, Verifier, check, hash_password, is_kept, judge, rules_in_words,
    },
    dice::SeededDice,
    policy::{SecretRules, Settings},
    secret::Secret,
};

use crate::house::House;

/// The rule that a code breaks.
fn code(digits: &str, rules: &SecretRules) -> Result<(), &'static str> {
    judged(CredentialKind::LoginCode, digits, "ann", rules)
}

/// The rule that a password breaks.
fn password(text: &str, name: &str, rules: &SecretRules) -> Result<(), &'static str> {
    judged(CredentialKind::UserPassword, text, name, rules)
}

fn judged(kind: CredentialKind, text: &str, name: &str, rules: &SecretRules) -> Result<(), &'static str> {
    let about = About { name, number: "2013", ..About::default() };
    judge(kind, &Traits::of(kind, &Secret::new(text), &about), rules, false).map_err(|broken| broken.rule)
}

/// Characters that repeat nothing and stand in no row.
fn mixed(length: usize) -> String {
    "48159263707518".chars().cycle().take(length).collect()
}

#[test]
fn a_code_may_be_as_short_and_as_long_as_its_rules_say() {
    let rules = Settings::default().login_code;
    for (length, expected) in [
        (3, Err("length-min")),
        (4, Ok(())),
        (5, Ok(())),
        (30, Ok(())),
        (31, Ok(())),
        (32, Err("length-max")),
        (60, Err("length-max")),
    ] {
        assert_eq!(code(&mixed(length), &rules), expected, "{length}");
    }
    let none = SecretRules { length_min: 0, ..rules };
    assert_eq!(code("", &none), Err("length-min"), "no rule allows an empty one");
}

#[test]
fn two_digits_are_no_row_and_three_are() {
    let rules = SecretRules { length_min: 1, refuse_common: false, ..Settings::default().login_code };
    for (digits, expected) in [
        ("7", Ok(())),
        ("12", Ok(())),
        ("21", Ok(())),
        ("11", Err("refuse-patterns")),
        ("123", Err("refuse-patterns")),
        ("321", Err("refuse-patterns")),
        ("124", Ok(())),
        ("1231", Ok(())),
        ("112", Ok(())),
        ("12312", Ok(())),
    ] {
        assert_eq!(code(digits, &rules), expected, "{digits}");
    }
}

#[test]
fn a_password_may_be_as_short_and_as_long_as_its_rules_say() {
    let rules = Settings::default().service_password;
    for (length, expected) in [
        (14, Err("length-min")),
        (15, Ok(())),
        (16, Ok(())),
        (127, Ok(())),
        (128, Ok(())),
        (129, Err("length-max")),
        (300, Err("length-max")),
    ] {
        let text: String = "vier größere Wörter ".chars().cycle().take(length).collect();
        assert_eq!(password(&text, "ann", &rules), expected, "{length}");
    }
    let none = SecretRules { length_min: 0, refuse_common: false, ..rules };
    assert_eq!(password("", "ann", &none), Err("length-min"), "no rule allows an empty one");
}

#[test]
fn the_name_may_be_half_of_a_password_and_no_more() {
    let rules = Settings::default().user_password;
    for (text, name, expected) in [
        ("smithers-odd-row", "smithers", Ok(())),
        ("smithers-odd-ro", "smithers", Err("refuse-common")),
        ("odd-SMITHERS", "Smithers", Err("refuse-common")),
        // Two letters are in everything.
        ("jojo-jo1", "jojo-j", Err("refuse-common")),
        ("Jokelind7", "jo", Ok(())),
    ] {
        assert_eq!(password(text, name, &rules), expected, "{text} {name}");
    }
    let short = SecretRules { length_min: 1, ..rules };
    for (text, name, expected) in
        [("joyq", "jo", Ok(())), ("joy", "jo", Err("refuse-common")), ("joeqi", "joe", Err("refuse-common"))]
    {
        assert_eq!(password(text, name, &short), expected, "{text} {name}");
    }
}

#[test]
fn four_different_characters_are_enough_and_three_are_not() {
    let rules = Settings::default().service_password;
    assert_eq!(password("neonneonneonneon", "ann", &rules), Err("refuse-common"));
    assert_eq!(password("nearnearnearnear", "ann", &rules), Ok(()));
    assert_eq!(password("nearsnearsnears", "ann", &rules), Ok(()));
}

#[test]
fn a_hash_with_anything_behind_it_opens_for_nothing() {
    let secret = Secret::new("four rather odd words");
    let phc = hash_password(&secret, &mut SeededDice(7));
    let opens = |phc: String| is_kept(&secret, &Verifier::Argon2(phc.into()), None);
    assert!(opens(phc.clone()));
    for behind in ["$", "$x", "$$"] {
        assert!(!opens(format!("{phc}{behind}")), "{behind}");
    }
}

#[test]
fn every_rule_is_told_beside_the_field_and_no_other() {
    let settings = Settings::default();
    let words = |kind| rules_in_words(kind, &settings);
    let own = "not the account's name, and none of the passwords that are tried first";
    let length = "15 to 128 characters, of any kind";
    assert_eq!(words(CredentialKind::ServicePassword), [length, own, "none of the last 24"]);
    assert_eq!(words(CredentialKind::UserPassword), ["8 to 128 characters, of any kind", own]);
    assert_eq!(words(CredentialKind::PhonePassword), ["8 to 31 characters, of any kind", own]);
    let code = [
        "4 to 31 digits",
        "no repeats or rows (1111, 1212, 1234, 4321)",
        "not the extension number, forwards or backwards",
        "none of the most common codes (2580, 1990 …)",
    ];
    assert_eq!(words(CredentialKind::LoginCode), code);
    let none = SecretRules::length(0, 9);
    let settings = Settings { service_password: none.clone(), login_code: none, ..settings };
    assert_eq!(
        rules_in_words(CredentialKind::ServicePassword, &settings),
        ["1 to 9 characters, of any kind"]
    );
    assert_eq!(rules_in_words(CredentialKind::LoginCode, &settings), ["1 to 9 digits"]);
}

#[test]
fn each_kind_is_held_to_its_own_rules() {
    let settings = Settings::default();
    let about = About { name: "Ann", number: "201", ..About::default() };
    let broken = |kind, text: &str| check(kind, &Secret::new(text), &about, &settings).unwrap_err().says;
    assert_eq!(broken(CredentialKind::LoginCode, "48a15"), "Use digits only (0 to 9).");
    assert_eq!(broken(CredentialKind::PhonePassword, "short"), "Use at least 8 characters.");
    assert_eq!(broken(CredentialKind::ServicePassword, "not quite long"), "Use at least 15 characters.");
    assert_eq!(check(CredentialKind::UserPassword, &Secret::new("not long"), &about, &settings), Ok(()));
    let house = House::with_ann();
    let choice = SecretChoice::Set(Secret::new("1111"));
    let owner = Owner::Account(house.ann().id);
    let set = house.administer(|a, d| a.set_secret(owner, CredentialKind::LoginCode, &choice, false, d));
    assert!(set.is_err());
}
