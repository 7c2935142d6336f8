//! By which server mail goes out.

use signin::{
    admin::{By, EditMail, Problem, SecretChoice},
    audit::Action,
    mail::{MailSecurity, SUBMISSION_PORT},
    records::Records,
    rights::Right,
    secret::Secret,
};

use crate::house::*;

fn edit(house: &House) -> EditMail {
    EditMail {
        version: house.model.borrow().reporting().version,
        sender: "pbx@example.com".into(),
        server: "mail.example.com".into(),
        port: SUBMISSION_PORT,
        security: MailSecurity::Starttls,
        roots: String::new(),
        user: "pbx".into(),
        password: SecretChoice::Set(Secret::new("hunter2")),
        web_address: String::new(),
    }
}

fn save(house: &House, edit: &EditMail) -> Result<(), Problem> {
    house.administer(|admin, _| admin.save_mail(edit)).map(drop)
}

fn said(house: &House, edit: &EditMail) -> String {
    save(house, edit).unwrap_err().to_string()
}

fn password(house: &House) -> Option<String> {
    let record = house.model.borrow().reporting();
    record.mail.password.as_ref().map(|password| password.0.reveal().to_owned())
}

#[test]
fn a_server_is_set_and_the_audit_says_which_but_not_the_password() {
    let house = House::ignited();
    assert!(!house.model.borrow().reporting().mail.is_set_up());
    save(&house, &edit(&house)).unwrap();
    assert!(house.model.borrow().reporting().mail.is_set_up());
    assert_eq!(
        house.last(),
        "Settings changed Accepted mail sender: \"\" → \"pbx@example.com\" \
         server: \"\" → \"mail.example.com port 587\" user: \"\" → \"pbx\" password: \"\" → \"set\""
    );
    let kept = EditMail { password: SecretChoice::Keep, ..edit(&house) };
    let rows = house.model.borrow().audit.len();
    save(&house, &kept).unwrap();
    assert_eq!(house.model.borrow().audit.len(), rows, "nothing was changed");
    save(&house, &EditMail { sender: "office@example.com".into(), ..kept.clone() }).unwrap();
    assert_eq!(password(&house).as_deref(), Some("hunter2"));
    assert_eq!(save(&house, &kept), Err(Problem::Changed("page")));
    let other = EditMail { version: kept.version + 1, user: String::new(), ..kept };
    save(&house, &other).unwrap();
    assert_eq!(password(&house), None);
    assert!(house.last().ends_with("password: \"set\" → \"\""), "{}", house.last());
}

#[test]
fn a_password_goes_nowhere_but_to_the_server_that_it_was_typed_for() {
    let house = House::ignited();
    save(&house, &edit(&house)).unwrap();
    let kept = EditMail { password: SecretChoice::Keep, ..edit(&house) };
    let roots = "-----BEGIN CERTIFICATE-----".to_owned();
    for other in [
        EditMail { server: "mallory.example".into(), ..kept.clone() },
        EditMail { port: 25, ..kept.clone() },
        EditMail { roots, ..kept.clone() },
    ] {
        assert!(said(&house, &other).starts_with("password: Type it again"), "{other:?}");
    }
    let typed = SecretChoice::Set(Secret::new("hunter3"));
    save(&house, &EditMail { server: "other.example.com".into(), password: typed, ..kept }).unwrap();
    assert_eq!(password(&house).as_deref(), Some("hunter3"));
    let clear = EditMail { security: MailSecurity::None, ..edit(&house) };
    assert!(said(&house, &clear).starts_with("security: No password is sent in the clear."));
    let open = EditMail { user: String::new(), password: SecretChoice::Keep, ..clear };
    save(&house, &open).unwrap();
    assert_eq!(password(&house), None);
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let house = House::ignited();
    let wrong = EditMail {
        sender: "pbx@example.com\r\nBcc: x@example.com".into(),
        server: "mail example".into(),
        port: 0,
        roots: "no certificate".into(),
        user: "a\nb".into(),
        password: SecretChoice::Set(Secret::new("x\ny")),
        ..edit(&house)
    };
    let text = said(&house, &wrong);
    let fields: Vec<&str> =
        text.split("; ").filter_map(|part| part.split_once(':')).map(|(field, _)| field).collect();
    assert_eq!(fields, ["sender", "server", "port", "roots", "user", "password"], "{text}");
    assert!(!text.contains("x\ny"));
    let nobody = EditMail { user: String::new(), ..edit(&house) };
    assert_eq!(said(&house, &nobody), "user: A password without a user opens nothing.");
    let none = EditMail { password: SecretChoice::Remove, ..edit(&house) };
    assert_eq!(said(&house, &none), "password: The user has one.");
    let off = EditMail { sender: String::new(), server: String::new(), ..edit(&house) };
    save(&house, &off).unwrap();
    assert!(!house.model.borrow().reporting().mail.is_set_up());
}

#[test]
fn a_test_goes_to_one_address_when_a_server_is_set_and_is_in_the_audit() {
    let house = House::ignited();
    let test = |to: &str| house.administer(|admin, _| admin.test_mail(to));
    assert_eq!(test("ann@example.com").unwrap_err().to_string(), "to: No server is set: save one first.");
    save(&house, &edit(&house)).unwrap();
    assert_eq!(test("ann").unwrap_err().to_string(), "to: One address, such as ann@example.com.");
    assert_eq!(test("ann@example.com").unwrap().0.as_str(), "ann@example.com");
    assert_eq!(house.last(), "Test sent Accepted mail to ann@example.com");
    assert_eq!(Action::TestSent.title(), "Test sent");
    let rights = Right::ALL.into_iter().filter(|right| *right != Right::SystemWrite).collect();
    let by = By { rights, ..By::console() };
    let lacks = Problem::NoRight(Right::SystemWrite);
    assert_eq!(house.administer_as(&by, |a, _| a.test_mail("ann@example.com")).unwrap_err(), lacks);
    assert_eq!(house.administer_as(&by, |a, _| a.save_mail(&edit(&house))).unwrap_err(), lacks);
}
