//! Security settings: every rule of every preset, every state of an account, history, rehearsal and undo.

use std::sync::Arc;

use signin::{
    account::{Condition, Reminder, RoleKind, Status},
    admin::{Problem, SecretChoice, ServiceUserFields},
    credential::{About, CredentialKind, KINDS, Owner, Range, SECRET_RULES, check, generate, rules_in_words},
    dice::SeededDice,
    policy::{Complexity, Lock, SecretRules, Settings},
    preset::Preset,
    records::Records,
    rules::Part,
    secret::Secret,
    timestamp::{Seconds, Timestamp},
    verdict::Verdict,
};

use crate::house::{ADMIN_PASSWORD, House, word};

const DAY: Seconds = Seconds::days(1);

/// A secret that breaks this rule and none that is looked at before it; `None` where the rule is off.
fn refused_example(kind: CredentialKind, rule: &str, rules: &SecretRules, good: &str) -> Option<String> {
    let put = |text: &str| {
        let rest: String = good.chars().skip(text.len()).collect();
        Some(format!("{text}{rest}"))
    };
    let row = |from: u8, up: bool, length: u8| -> String {
        (0..length).map(|n| char::from(b'0' + if up { from + n } else { from - n })).collect()
    };
    let is_digits = kind.row().is_digits;
    match rule {
        "length-min" => Some(good.chars().take(usize::from(rules.length_min) - 1).collect()),
        "length-max" => Some(good.chars().cycle().take(usize::from(rules.length_max) + 1).collect()),
        "refuse-patterns" if rules.refuse_patterns => Some("7".repeat(usize::from(rules.length_min))),
        // The number of the test is a good code.
        "refuse-own-number" if rules.refuse_own_number => Some(good.into()),
        "same-max" if rules.same_max > 0 => put(&"7".repeat(usize::from(rules.same_max) + 1)),
        "refuse-groups" if rules.refuse_groups => put("4848"),
        "up-max" if rules.up_max > 0 => put(&row(2, true, rules.up_max + 1)),
        "down-max" if rules.down_max > 0 => put(&row(7, false, rules.down_max + 1)),
        "refuse-common" if rules.refuse_common && is_digits => Some(
            match rules.length_min {
                4 => "2580",
                6 => "147258",
                _ => "24121965",
            }
            .into(),
        ),
        "refuse-common" if rules.refuse_common => {
            Some("ab".repeat(usize::from(rules.length_min.div_ceil(2))))
        }
        "complexity" if rules.complexity > Complexity::Any => put("smi"),
        "lower-min" if rules.lower_min > 0 => Some("WQXZRTYPLK7".into()),
        "digits-min" if rules.digits_min > 0 => Some("wqxzrtyplkh".into()),
        _ => None,
    }
}

#[test]
fn every_rule_of_every_preset_has_an_example_that_is_right_and_one_that_is_refused_and_named() {
    let mut shown = 0;
    for preset in Preset::ALL {
        let settings = preset.settings();
        for kind in KINDS.map(|row| row.kind) {
            let rules = (kind.row().rules)(&settings);
            let about = About { name: "smi", number: "", ..About::default() };
            for seed in 0..20 {
                let good = generate(kind, &about, &settings, &mut SeededDice(seed));
                assert_eq!(check(kind, &good, &about, &settings), Ok(()), "{preset:?} {kind:?}");
            }
            let good = generate(kind, &about, &settings, &mut SeededDice(1));
            let words = rules_in_words(kind, &settings).join("; ");
            for rule in SECRET_RULES.iter().filter(|rule| rule.suits(kind)) {
                let Some(text) = refused_example(kind, rule.name, rules, good.reveal()) else { continue };
                let number = if rule.name == "refuse-own-number" { text.as_str() } else { "" };
                let about = About { number, ..about };
                let broken = check(kind, &Secret::new(&*text), &about, &settings).unwrap_err();
                assert_eq!(broken.rule, rule.name, "{preset:?} {kind:?} {text}: {}", broken.says);
                assert!(broken.says.ends_with('.') && !words.is_empty());
                shown += 1;
            }
        }
    }
    assert!(shown > 90, "{shown}");
}

#[test]
fn every_degree_of_complexity_asks_for_what_the_vendors_mean_by_it() {
    let about = About { name: "Smithers", ..About::default() };
    let said = |complexity, text: &str| {
        let rules = SecretRules { complexity, ..SecretRules::length(8, 31) };
        let settings = Settings { user_password: rules, ..Settings::default() };
        check(CredentialKind::UserPassword, &Secret::new(text), &about, &settings)
            .map_err(|broken| broken.says)
    };
    let name = Err("Leave the account's name out.".to_owned());
    let kinds = |n| Err(format!("Use at least {n} of these: small letters, capitals, digits, others."));
    let thrice = Err("Do not use a character three times in a row (aaa).".to_owned());
    for (complexity, text, expected) in [
        (Complexity::Any, "aaaaaaaa smithers", Ok(())),
        (Complexity::Low, "a long row with smithers inside", name.clone()),
        (Complexity::Low, "aaaaaaaaa", Ok(())),
        (Complexity::Medium, "onlysmallletters", kinds(2)),
        (Complexity::Medium, "smallAndCapital", Ok(())),
        (Complexity::Medium, "smallAndCapitaaal", thrice.clone()),
        (Complexity::Medium, "smallAndSmithers", name),
        (Complexity::High, "smallAndCapital", kinds(3)),
        (Complexity::High, "small And Capital", Ok(())),
        (Complexity::High, "smallAndCapital7", Ok(())),
        (Complexity::High, "small  and Capital7---", thrice),
    ] {
        assert_eq!(said(complexity, text), expected, "{complexity:?} {text}");
    }
}

#[test]
fn names_and_the_system_are_words_of_ones_own() {
    let about = About {
        name: "as",
        full_name: "Anna Smithers",
        number: "2013",
        system: "Cloudhall",
        ..About::default()
    };
    let check =
        |text: &str| check(CredentialKind::UserPassword, &Secret::new(text), &about, &Settings::default());
    for own in ["smithers-7", "Cloudhall 1", "2013-2013"] {
        assert_eq!(check(own).unwrap_err().rule, "refuse-common", "{own}");
    }
    assert_eq!(check("a smithers in a long row"), Ok(()));
}

#[test]
fn nobody_goes_back_to_one_of_the_last_until_an_administrator_clears_them() {
    let house = House::with_ann();
    house.settings(|settings| settings.user_password.history = 3);
    let owner = Owner::Account(house.ann().id);
    let kind = CredentialKind::UserPassword;
    let set = |text: &str| {
        house.wait(DAY);
        let choice = SecretChoice::Set(Secret::new(text));
        house.administer(|admin, dice| admin.set_secret(owner, kind, &choice, false, dice)).map(drop)
    };
    for text in ["first odd row", "second odd row", "third odd row"] {
        set(text).unwrap();
    }
    let said = |text: &str| set(text).unwrap_err().to_string();
    assert_eq!(said("third odd row"), "user-password: This is the present one. Choose another.");
    let of_last = "user-password: This is one of the last 3. Choose one that was not used lately.";
    assert_eq!(said("first odd row"), of_last);
    set("fourth odd row").unwrap();
    set("first odd row").unwrap();
    assert_eq!(said("fourth odd row"), of_last);
    house.administer(|admin, _| admin.clear_history(house.ann().id, kind)).unwrap();
    assert_eq!(house.last(), "Secret removed Accepted Ann earlier user-password: \"\" → \"\"");
    set("fourth odd row").unwrap();
}

#[test]
fn a_code_that_is_turned_round_is_refused_where_the_rules_say_so() {
    let house = House::with_ann();
    house.settings(|settings| settings.portal_passcode.refuse_reversed = true);
    let owner = Owner::Account(house.ann().id);
    let kind = CredentialKind::PortalPasscode;
    let set = |text: &str| {
        let choice = SecretChoice::Set(Secret::new(text));
        house.administer(|admin, dice| admin.set_secret(owner, kind, &choice, false, dice)).map(drop)
    };
    set("48159").unwrap();
    let said = set("95184").unwrap_err().to_string();
    assert_eq!(said, "portal-passcode: This is the present one backwards. Choose another.");
    assert!(set("48159").unwrap_err().to_string().contains("present one"), "not the present one either");
}

/// The state of BusinessPartner as it is told, and as it is at the door.
fn state(house: &House) -> Status {
    let model = house.model.borrow();
    let account = house.account_named(RoleKind::ServiceUser, "BusinessPartner");
    model.status_of(&account, house.now.get())
}

fn by_hand(house: &House, condition: Condition, expires_at: Option<Timestamp>) {
    let account = house.account_named(RoleKind::ServiceUser, "BusinessPartner");
    let fields = ServiceUserFields {
        domain: None,
        name: account.name.to_string(),
        condition: Some(condition),
        expires_at,
        ..ServiceUserFields::default()
    };
    house.administer(|admin, _| admin.edit_service_user(account.id, account.version, &fields)).unwrap();
}

#[test]
fn every_state_is_reached_and_left_by_the_clock_and_by_hand() {
    use crate::house::PARTNER_PASSWORD as RIGHT;
    let house = House::ignited();
    let opens = |secret: &str| word(&house.web("BusinessPartner", secret));
    let enable = || by_hand(&house, Condition::Enabled, None);
    assert_eq!((state(&house), opens(RIGHT)), (Status::Enabled, "accept"));
    // By hand, and back by hand.
    by_hand(&house, Condition::Disabled, None);
    assert_eq!((state(&house), opens(RIGHT)), (Status::Disabled, "reject"));
    enable();
    by_hand(&house, Condition::ForceNewPassword, None);
    assert_eq!((state(&house), opens(RIGHT)), (Status::ForceNewPassword, "accept"));
    enable();
    assert_eq!(state(&house), Status::Enabled);
    // By guesses: for a time, which ends by itself; and by hand before.
    let guess = || drop((0..3).map(|n| opens(&format!("wrong {n} wrong"))).collect::<Vec<_>>());
    guess();
    assert_eq!((state(&house), opens(RIGHT)), (Status::LockedTemporary, "wait"));
    house.wait(Seconds::minutes(1));
    assert_eq!((state(&house), opens(RIGHT)), (Status::Enabled, "accept"));
    house.wait(Seconds::minutes(11));
    guess();
    enable();
    assert_eq!((state(&house), opens(RIGHT)), (Status::Enabled, "accept"));
    // By guesses: until an administrator.
    house.settings(|settings| settings.service_password_lock.lock = Lock::Permanent);
    house.wait(Seconds::minutes(11));
    guess();
    house.wait(Seconds::days(40));
    assert_eq!((state(&house), opens(RIGHT)), (Status::LockedPasswordError, "wait for an administrator"));
    enable();
    assert_eq!((state(&house), opens(RIGHT)), (Status::Enabled, "accept"));
    // By the clock: idle.
    house.settings(|settings| settings.ages.idle = Seconds::days(90));
    house.wait(Seconds::days(89));
    assert_eq!(state(&house), Status::Enabled);
    house.wait(DAY);
    assert_eq!((state(&house), opens(RIGHT)), (Status::LockedIdle, "reject"));
    enable();
    assert_eq!((state(&house), opens(RIGHT)), (Status::Enabled, "accept"));
    house.settings(|settings| settings.ages.idle = Seconds(0));
    // By the clock: its own last day.
    let end = house.now.get().after(DAY);
    by_hand(&house, Condition::Enabled, Some(end));
    house.wait(DAY);
    assert_eq!((state(&house), opens(RIGHT)), (Status::LockedExpired, "reject"));
    enable();
    assert_eq!((state(&house), opens(RIGHT)), (Status::Enabled, "accept"));
    // By the clock: the rule's last day, which is over at midnight.
    house.settings(|settings| settings.ages.expiry = Seconds::days(30));
    let last = house.now.get().0 / 86_400_000 + 30;
    house.now.set(Timestamp((last + 1) * 86_400_000 - 1000));
    assert_eq!(state(&house), Status::Enabled, "23:59:59");
    house.wait(Seconds(1));
    assert_eq!((state(&house), opens(RIGHT)), (Status::LockedExpired, "reject"));
    enable();
    assert_eq!((state(&house), opens(RIGHT)), (Status::Enabled, "accept"));
    house.settings(|settings| settings.ages.expiry = Seconds(0));
    // By the clock: the password's age. Whoever has it chooses another one; or an administrator enables.
    house.settings(|settings| settings.ages.secret = Seconds::days(30));
    enable();
    house.wait(Seconds::days(30));
    assert_eq!((state(&house), opens(RIGHT)), (Status::LockedPasswordExpired, "accept"));
    enable();
    assert_eq!(state(&house), Status::Enabled);
    house.wait(Seconds::days(30));
    let by = house.by("BusinessPartner");
    let new = Secret::new("quite another odd row");
    house.administer_as(&by, |admin, dice| admin.change_own_password(&new, dice)).unwrap();
    assert_eq!((state(&house), opens("quite another odd row")), (Status::Enabled, "accept"));
}

#[test]
fn whoever_has_little_time_left_is_told_so_and_may_wait() {
    let house = House::ignited();
    house.settings(|settings| {
        settings.ages.secret = Seconds::days(30);
        settings.ages.reminder = Seconds::days(14);
    });
    let told = || {
        let account = house.account_named(RoleKind::ServiceUser, "Administrator");
        let model = house.model.borrow();
        let facts = model.credential(Owner::Account(account.id), CredentialKind::ServicePassword).unwrap();
        account.reminders(Some(facts.set_at), &model.settings.ages, house.now.get())
    };
    house.wait(Seconds::days(15));
    assert!(told().is_empty());
    house.wait(DAY);
    assert_eq!(told(), [Reminder::PasswordExpires(14)]);
    house.wait(Seconds::days(13));
    assert_eq!(told()[0].in_words(), "Your password will expire in 1 day. Do you wish to change it now?");
    assert_eq!(word(&house.web("Administrator", ADMIN_PASSWORD)), "accept");
    house.wait(DAY);
    assert!(told().is_empty(), "there is nothing to wait for any more");
    house.settings(|settings| settings.ages.expiry = Seconds::days(40));
    assert!(matches!(told()[..], [Reminder::AccountExpires(10 | 11)]), "{:?}", told());
}

#[test]
fn what_the_rehearsal_foretells_is_what_happens() {
    let house = House::with_ann();
    let rehearse = |edit: fn(&mut Settings)| {
        let mut wanted = (*house.model.borrow().settings).clone();
        edit(&mut wanted);
        let told = house.administer(|admin, _| admin.rehearse(&wanted).map(signin::admin::Change::told));
        (told.unwrap().0, wanted)
    };
    let (nobody, _) = rehearse(|settings| settings.sessions.concurrent_max = 1);
    assert!(!nobody.touches_anybody());
    // A code that is kept where it can be read.
    let (found, _) = rehearse(|settings| settings.login_code.length_min = 6);
    assert_eq!((found.must_change.total, found.locked.total), (1, 0));
    let ann = &found.must_change.named[0];
    assert_eq!((&*ann.name, &*ann.why), ("Ann", "Login code: Use at least 6 digits."));
    // Passwords of which only the hash is kept, and what they were like.
    let (found, wanted) = rehearse(|settings| settings.service_password.length_min = 30);
    let names: Vec<_> = found.must_change.named.iter().map(|touched| &*touched.name).collect();
    assert_eq!(names, ["Administrator", "BusinessPartner"]);
    assert_eq!(found.must_change.named[0].why, "Password: Use at least 30 characters.");
    house.administer(|admin, _| admin.save_settings(&wanted)).unwrap();
    let Verdict::Accept(accepted) = house.web("Administrator", ADMIN_PASSWORD) else { panic!() };
    assert_eq!(accepted.status, Status::ForceNewPassword);
    let by = house.by("Administrator");
    let short = Secret::new("not quite long enough");
    let refused = house.administer_as(&by, |admin, dice| admin.change_own_password(&short, dice));
    assert!(refused.is_err());
    let long = Secret::new("a row that is quite long enough for thirty");
    house.administer_as(&by, |admin, dice| admin.change_own_password(&long, dice)).unwrap();
    let Verdict::Accept(accepted) = house.web("Administrator", long.reveal()) else { panic!() };
    assert_eq!(accepted.status, Status::Enabled);
    // Who would be locked.
    house.wait(Seconds::days(100));
    let (found, wanted) = rehearse(|settings| settings.ages.idle = Seconds::days(90));
    assert_eq!(found.locked.total, 2);
    assert_eq!(found.locked.named[0].why, "Locked – Idle");
    house.administer(|admin, _| admin.save_settings(&wanted)).unwrap();
    assert_eq!(state(&house), Status::LockedIdle);
    let mut by = house.by("Administrator");
    by.rights.clear();
    let told = house.administer_as(&by, |admin, _| admin.rehearse(&wanted).map(signin::admin::Change::told));
    assert!(matches!(told.unwrap_err(), Problem::NoRight(_)));
}

#[test]
fn the_last_change_of_rules_can_be_undone_and_the_undoing_as_well() {
    let house = House::ignited();
    let present = || house.model.borrow().settings.clone();
    let version = || present().last_change.as_ref().unwrap().version;
    let undo = |version| house.administer(|admin, _| admin.undo_settings(version)).map(drop);
    let at_first = present();
    house.settings(|settings| {
        settings.service_password_lock.lock = Lock::LogOnly;
        settings.user_password.length_min = 12;
    });
    // What is no rule does not stand in between.
    house.settings(|settings| settings.system_name = "Cloudhall".into());
    undo(version()).unwrap();
    assert_eq!(present().service_password_lock, at_first.service_password_lock);
    assert_eq!(present().user_password, at_first.user_password);
    assert_eq!(&*present().system_name, "Cloudhall");
    undo(version()).unwrap();
    assert_eq!(present().service_password_lock.lock, Lock::LogOnly);
    assert_eq!(present().user_password.length_min, 12);
    // Another change came after the page was opened.
    let seen = version();
    house.settings(|settings| settings.login_code.length_min = 6);
    assert_eq!(undo(seen).unwrap_err(), Problem::Changed("set of rules"));
    // A rule is another one now, however that came.
    Arc::make_mut(&mut house.model.borrow_mut().settings).login_code.length_min = 7;
    let said = undo(version()).unwrap_err().to_string();
    assert_eq!(said, "undo: Login codes, Shortest: now 7 digits, no longer 6 digits.");
}

#[test]
fn a_preset_that_is_chosen_is_remembered_and_every_departure_is_named() {
    let house = House::ignited();
    house.settings(|settings| *settings = Preset::Medium.apply(settings));
    assert_eq!(house.model.borrow().settings.preset, Preset::Medium);
    house.settings(|settings| settings.user_password.length_min = 12);
    let settings = house.model.borrow().settings.clone();
    let departures = settings.preset.departures(&settings);
    assert_eq!(departures.len(), 1);
    assert_eq!(departures[0].rule.name(), "user-password-length-min");
    assert_eq!((departures[0].preset, departures[0].present), (Some(9), Some(12)));
}

#[test]
fn settings_of_a_store_from_before_are_read_and_its_new_rules_are_off() {
    let old = r#"{
        "version": 7, "system_name": "Office", "login_banner": "", "lan1": [], "lan2": [],
        "service_password_lock": {"failures_max": 3, "window": 600, "lock": {"temporary": 60}},
        "user_password_lock": {"failures_max": 5, "window": 600, "lock": "log-only"},
        "service_password": {"length_min": 15, "length_max": 128, "refuse_patterns": false, "refuse_common": true},
        "login_code": {"length_min": 5, "length_max": 31, "refuse_patterns": true, "refuse_common": true},
        "administrators_exempt": false,
        "ages": {"secret": 2592000, "idle": 0},
        "sessions": {"concurrent_max": 5, "idle": 600, "absolute": 43200}
    }"#;
    let settings: Settings = serde_json::from_str(old).unwrap();
    assert_eq!((settings.version, settings.login_code.length_min), (7, 5));
    assert_eq!((settings.service_password.history, settings.ages.secret), (0, Seconds::days(30)));
    assert_eq!((settings.preset, settings.last_change.clone()), (Preset::Modern, None));
    let names: Vec<_> =
        Preset::Modern.departures(&settings).iter().map(|departure| departure.rule.name()).collect();
    assert!(names.contains(&"service-password-history".to_owned()), "the page says what is off: {names:?}");
    assert_eq!(
        serde_json::from_str::<Settings>(&serde_json::to_string(&settings).unwrap()).unwrap(),
        settings
    );
}

/// The generated part of the page.
fn table() -> String {
    let mut page = String::new();
    for part in Part::ALL {
        page.push_str(&format!(
            "\n### {}\n\n| rule | range | Modern | Minimum | Medium | Maximum | BroadWorks |\n",
            part.title()
        ));
        page.push_str("| --- | --- | --- | --- | --- | --- | --- |\n");
        for rule in part.rules() {
            let range = match rule.range() {
                Range::Number { least, most, unit } => format!("{least} to {most} {unit}"),
                Range::Flag => "yes or no".into(),
                Range::Choice(list) => list.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", "),
            };
            let value = |preset: Preset| match (rule.get(&preset.settings()), rule.range()) {
                (None, _) => "–".to_owned(),
                (Some(value), Range::Choice(list)) => list[usize::try_from(value).unwrap()].0.to_owned(),
                (Some(value), Range::Flag) => if value == 0 { "no" } else { "yes" }.to_owned(),
                (Some(value), Range::Number { .. }) => value.to_string(),
            };
            let values = Preset::ALL.map(value).join(" | ");
            page.push_str(&format!("| {}: {} | {} | {values} |\n", rule.group(), rule.title(), range.trim()));
        }
    }
    page
}

#[test]
fn the_page_of_rules_is_as_the_rules_are() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/security-settings.md");
    let page = std::fs::read_to_string(path).unwrap();
    let mark = "cargo test -p signin the_page_of_rules -->\n";
    let (words, generated) = page.split_once(mark).unwrap();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, format!("{words}{mark}{}", table())).unwrap();
        return;
    }
    assert_eq!(generated, table(), "BLESS=1 cargo test -p signin the_page_of_rules");
}
