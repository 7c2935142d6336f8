//! Where alarms and rows of the audit go: who may change that, within which limits, and what the audit tells of it.

use signin::{
    admin::{Problem, SecretChoice},
    effect::Effect,
    ident::TargetId,
    records::Records as _,
    rights::Right,
    secret::Secret,
    target::{
        AuditGroup, Chosen, SYSLOG_MAX, Severities, SigningKey, SyslogTarget, SyslogTransport, WEBHOOKS_MAX,
        Webhook,
    },
};

use crate::house::House;

const KEY: &str = "a key of more than 24 letters";

fn webhook(id: TargetId, url: &str) -> Webhook {
    Webhook {
        id,
        name: "Hook".into(),
        is_on: true,
        url: url.into(),
        roots: "".into(),
        chosen: Chosen { alarms: true, audit: [AuditGroup::SignIns].into() },
        key: SigningKey(Secret::new("")),
    }
}

fn syslog(id: TargetId) -> SyslogTarget {
    SyslogTarget {
        id,
        name: "Log".into(),
        is_on: true,
        host: "log.example".into(),
        port: 6514,
        transport: SyslogTransport::Tls,
        roots: "".into(),
        facility: 10,
        severities: Severities::default(),
        chosen: Chosen { alarms: true, audit: [].into() },
    }
}

fn version(house: &House) -> u32 {
    house.model.borrow().reporting().version
}

fn fields(problem: Problem) -> Vec<&'static str> {
    match problem {
        Problem::Invalid(wrong) => wrong.iter().map(|wrong| wrong.field).collect(),
        other => panic!("{other}"),
    }
}

#[test]
fn a_webhook_is_made_changed_and_deleted_and_its_key_is_told_of_and_never_shown() {
    let house = House::ignited();
    let new = webhook(TargetId::NEW, "https://hooks.example/services/T0/secret-path");
    let ((id, shown), _) =
        house.administer(|a, dice| a.save_webhook(0, &new, &SecretChoice::Generate, dice)).unwrap();
    let shown = shown.unwrap();
    assert!(shown.reveal().starts_with("whsec_"));
    assert_eq!(house.model.borrow().reporting().webhooks[0].key, SigningKey(shown.clone()));
    let kept = webhook(id, "https://hooks.example/services/T0/other-path");
    let save = |version, hook: &Webhook, key: &SecretChoice| {
        house.administer(|a, dice| a.save_webhook(version, hook, key, dice))
    };
    save(version(&house), &kept, &SecretChoice::Keep).unwrap();
    assert_eq!(house.model.borrow().reporting().webhooks[0].key, SigningKey(shown.clone()));
    assert_eq!(save(0, &kept, &SecretChoice::Keep).unwrap_err(), Problem::Changed("page"));
    save(version(&house), &kept, &SecretChoice::Set(Secret::new(KEY))).unwrap();
    let before = version(&house);
    save(before, &kept, &SecretChoice::Keep).unwrap();
    assert_eq!(version(&house), before, "nothing changed");
    let audit = format!("{:?}", house.model.borrow().audit);
    assert!(audit.contains("signing key") && audit.contains("hooks.example:443"), "{audit}");
    for secret in ["secret-path", "other-path", KEY, shown.reveal()] {
        assert!(!audit.contains(secret), "{secret}: {audit}");
    }
    house.administer(|a, _| a.delete_target(id)).unwrap();
    assert!(house.model.borrow().reporting().webhooks.is_empty());
    assert_eq!(house.administer(|a, _| a.delete_target(id)).unwrap_err(), Problem::NotFound("target"));
    let next =
        house.administer(|a, dice| a.save_webhook(version(&house), &new, &SecretChoice::Generate, dice));
    assert_ne!(next.unwrap().0.0, id, "a number is never used twice");
}

#[test]
fn everything_that_is_wrong_with_a_target_is_said_at_once() {
    let house = House::ignited();
    let empty = Chosen::default();
    let bad = Webhook {
        name: " ".into(),
        roots: "x".into(),
        chosen: empty.clone(),
        ..webhook(TargetId::NEW, "ftp://x")
    };
    let wrong = house
        .administer(|a, dice| a.save_webhook(0, &bad, &SecretChoice::Set(Secret::new("short")), dice))
        .unwrap_err();
    assert_eq!(fields(wrong), ["name", "roots", "told", "url", "secret"]);
    let bad = SyslogTarget {
        name: "".into(),
        host: "a b".into(),
        port: 0,
        facility: 24,
        severities: Severities { accepted: 8, ..Severities::default() },
        chosen: empty,
        ..syslog(TargetId::NEW)
    };
    let wrong = house.administer(|a, _| a.save_syslog(0, &bad)).unwrap_err();
    assert_eq!(fields(wrong), ["name", "told", "host", "port", "facility", "severities"]);
    // Without a key of its own a new one has none to keep.
    let new = webhook(TargetId::NEW, "https://hooks.example/");
    let wrong = house.administer(|a, dice| a.save_webhook(0, &new, &SecretChoice::Keep, dice)).unwrap_err();
    assert_eq!(fields(wrong), ["secret"]);
}

#[test]
fn there_are_eight_webhooks_and_four_receivers_of_syslog_at_most() {
    let house = House::ignited();
    for number in 0..=WEBHOOKS_MAX {
        let new = webhook(TargetId::NEW, &format!("https://hooks.example/{number}"));
        let made =
            house.administer(|a, dice| a.save_webhook(version(&house), &new, &SecretChoice::Generate, dice));
        assert_eq!(made.is_ok(), number < WEBHOOKS_MAX, "{number}");
    }
    for number in 0..=SYSLOG_MAX {
        let made = house.administer(|a, _| a.save_syslog(version(&house), &syslog(TargetId::NEW)));
        assert_eq!(made.is_ok(), number < SYSLOG_MAX, "{number}");
    }
    let ids: std::collections::BTreeSet<_> = {
        let reporting = house.model.borrow().reporting();
        let webhooks = reporting.webhooks.iter().map(|webhook| webhook.id);
        webhooks.chain(reporting.syslog.iter().map(|target| target.id)).collect()
    };
    assert_eq!(ids.len(), WEBHOOKS_MAX + SYSLOG_MAX);
}

#[test]
fn targets_need_the_right_to_change_the_system_and_the_audits_rows_the_right_to_see_them() {
    let house = House::ignited();
    let mut by = house.by("BusinessPartner");
    by.rights = Vec::new();
    let hook = webhook(TargetId::NEW, "https://hooks.example/");
    let save = |by: &signin::admin::By, hook: &Webhook| {
        house
            .administer_as(by, |a, dice| a.save_webhook(version(&house), hook, &SecretChoice::Generate, dice))
            .err()
    };
    let system = Some(Problem::NoRight(Right::SystemWrite));
    assert_eq!(save(&by, &hook), system);
    let log = syslog(TargetId::NEW);
    assert_eq!(house.administer_as(&by, |a, _| a.save_syslog(0, &log)).err(), system);
    assert_eq!(house.administer_as(&by, |a, _| a.delete_target(TargetId(1))).err(), system);
    assert_eq!(house.administer_as(&by, |a, _| a.test_target(TargetId(1))).err(), system);
    by.rights = vec![Right::SystemWrite];
    assert_eq!(save(&by, &hook), Some(Problem::NoRight(Right::SecurityRead)));
    let alarms = Webhook { chosen: Chosen { alarms: true, audit: [].into() }, ..hook };
    assert_eq!(save(&by, &alarms), None);
    by.rights.push(Right::SecurityRead);
    assert_eq!(save(&by, &webhook(TargetId(1), "https://hooks.example/")), None);
    let model = house.model.borrow();
    let admin = signin::admin::Admin::new(&*model, &by, house.now.get());
    let done = admin.delete_target(TargetId(1)).unwrap();
    assert!(done.effects.iter().any(|effect| matches!(effect, Effect::Delivered(TargetId(1), None))));
}
