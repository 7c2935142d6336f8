//! Changing where alarms and rows of the audit are sent.

use super::{Admin, Change, Checks, Problem, SecretChoice, changed};
use crate::{
    audit::{Action, FieldChange},
    dice::{Dice, roll},
    effect::Effect,
    ident::{DomainId, TargetId},
    records::Records,
    reporting::Reporting,
    rights::Right,
    secret::Secret,
    target::{
        Chosen, ROOTS_MAX, SECRET_BYTES, SYSLOG_MAX, SigningKey, SyslogTarget, TARGET_NAME_MAX, WEBHOOKS_MAX,
        WebAddress, Webhook, is_host,
    },
};

impl Admin<'_> {
    /// Makes a webhook ([`TargetId::NEW`]) or changes one. `version` is the version of the record that was looked at. A
    /// generated key is in the answer, to be shown this once.
    ///
    /// # Errors
    /// No right, changed meanwhile, too many, or fields that must be corrected.
    pub fn save_webhook(
        &self,
        version: u32,
        wanted: &Webhook,
        key: &SecretChoice,
        dice: &mut dyn Dice,
    ) -> Result<Change<(TargetId, Option<Secret>)>, Problem> {
        let mut after = self.targets_at(version, &wanted.chosen)?;
        let place = place_of(wanted.id, after.webhooks.iter().map(|webhook| webhook.id), WEBHOOKS_MAX)?;
        let before = place.and_then(|at| after.webhooks.get(at)).cloned();
        let mut checks = Checks::default();
        check_common(&mut checks, &wanted.name, &wanted.roots, &wanted.chosen);
        let address = WebAddress::parse(&wanted.url);
        if address.is_none() {
            checks.wrong("url", "An address starts with https:// or http:// and names a machine.");
        }
        let (key, shown) = match key {
            SecretChoice::Set(secret) => (Some(SigningKey(secret.clone())), None),
            SecretChoice::Keep => (before.as_ref().map(|before| before.key.clone()), None),
            // A payload is no key: there is nothing in a draft that this could be.
            SecretChoice::Chosen(_) => (None, None),
            SecretChoice::Generate | SecretChoice::Remove => {
                let key = SigningKey::of(roll(dice));
                (Some(key.clone()), Some(key.0))
            }
        };
        let key = key.filter(|key| key.bytes().is_some());
        if key.is_none() {
            let (least, most) = SECRET_BYTES.into_inner();
            checks.wrong(
                "secret",
                format!("{least} to {most} characters, or whsec_ and as many bytes in Base64."),
            );
        }
        checks.result()?;
        let Some(key) = key else { return Err(Problem::NotFound("webhook")) };
        let is_new_key = before.as_ref().is_none_or(|before| before.key != key);
        let mut saved = Webhook { key, ..wanted.clone() };
        // The path of some services is their secret.
        let machine = |webhook: &Webhook| {
            WebAddress::parse(&webhook.url).map_or_else(String::new, |at| format!("{}:{}", at.host, at.port))
        };
        let texts = |webhook: &Webhook| {
            let chosen = told(&webhook.chosen);
            [webhook.name.to_string(), machine(webhook), on_off(webhook.is_on), chosen, count(&webhook.roots)]
        };
        let mut changes = differences(
            ["name", "machine", "sending", "told", "certificates"],
            before.as_ref().map(texts),
            &texts(&saved),
        );
        if before.as_ref().is_some_and(|before| before.url != saved.url) {
            changes.push(secretly("address"));
        }
        if is_new_key {
            changes.push(secretly("signing key"));
        }
        if changes.is_empty() {
            return Ok(Change::of(Vec::new(), (saved.id, None)));
        }
        let (id, name) = (after.claim(&mut saved.id), saved.name.clone());
        match place.and_then(|at| after.webhooks.get_mut(at)) {
            Some(kept) => *kept = saved,
            None => after.webhooks.push(saved),
        }
        Ok(self.reported(after, "webhook", &name, changes, (id, shown)))
    }

    /// Makes a receiver of syslog ([`TargetId::NEW`]) or changes one.
    ///
    /// # Errors
    /// No right, changed meanwhile, too many, or fields that must be corrected.
    pub fn save_syslog(&self, version: u32, wanted: &SyslogTarget) -> Result<Change<TargetId>, Problem> {
        let mut after = self.targets_at(version, &wanted.chosen)?;
        let place = place_of(wanted.id, after.syslog.iter().map(|target| target.id), SYSLOG_MAX)?;
        let before = place.and_then(|at| after.syslog.get(at)).cloned();
        let mut checks = Checks::default();
        check_common(&mut checks, &wanted.name, &wanted.roots, &wanted.chosen);
        if !is_host(&wanted.host) {
            checks.wrong("host", "The name or the address of a machine.");
        }
        if wanted.port == 0 {
            checks.wrong("port", "1 to 65535.");
        }
        if wanted.facility > 23 {
            checks.wrong("facility", "0 to 23.");
        }
        let urgency = wanted.severities;
        if [urgency.accepted, urgency.refused, urgency.warning, urgency.critical].iter().any(|at| *at > 7) {
            checks.wrong("severities", "0 to 7.");
        }
        checks.result()?;
        let texts = |target: &SyslogTarget| {
            let at = target.severities;
            [
                target.name.to_string(),
                format!("{} port {} {}", target.host, target.port, target.transport.title()),
                on_off(target.is_on),
                told(&target.chosen),
                count(&target.roots),
                target.facility.to_string(),
                format!("{} {} {} {}", at.accepted, at.refused, at.warning, at.critical),
            ]
        };
        let changes = differences(
            ["name", "machine", "sending", "told", "certificates", "facility", "severities"],
            before.as_ref().map(texts),
            &texts(wanted),
        );
        if changes.is_empty() {
            return Ok(Change::of(Vec::new(), wanted.id));
        }
        let mut saved = wanted.clone();
        let id = after.claim(&mut saved.id);
        match place.and_then(|at| after.syslog.get_mut(at)) {
            Some(kept) => *kept = saved,
            None => after.syslog.push(saved),
        }
        Ok(self.reported(after, "syslog", &wanted.name, changes, id))
    }

    /// Removes a target.
    ///
    /// # Errors
    /// No right, or no such target.
    pub fn delete_target(&self, id: TargetId) -> Result<Change<()>, Problem> {
        let version = self.records.reporting().version;
        let mut after = self.targets_at(version, &Chosen::default())?;
        let name = after.target_name(id).ok_or(Problem::NotFound("target"))?;
        after.webhooks.retain(|webhook| webhook.id != id);
        after.syslog.retain(|target| target.id != id);
        let removed = FieldChange { field: "name".into(), before: name.clone(), after: "".into() };
        let mut change = self.reported(after, "target", &name, vec![removed], ());
        change.effects.push(Effect::Delivered(id, None));
        Ok(change)
    }

    /// Notes that somebody has a test sent.
    ///
    /// # Errors
    /// No right, or no such target.
    pub fn test_target(&self, id: TargetId) -> Result<Change<()>, Problem> {
        self.require(Right::SystemWrite)?;
        let name = self.records.reporting().target_name(id).ok_or(Problem::NotFound("target"))?;
        Ok(Change::of(vec![self.audit(Action::TestSent, DomainId::FIRST, &name, Vec::new())], ()))
    }

    /// The record as it is, for somebody who may change targets that are told this, with the version that it will have.
    fn targets_at(&self, version: u32, chosen: &Chosen) -> Result<Reporting, Problem> {
        self.require(Right::SystemWrite)?;
        // Or else whoever may not read the audit would have it sent.
        if !chosen.audit.is_empty() {
            self.require(Right::SecurityRead)?;
        }
        self.reporting_at(version)
    }

    fn reported<T>(
        &self,
        after: Reporting,
        what: &str,
        name: &str,
        changes: Vec<FieldChange>,
        value: T,
    ) -> Change<T> {
        let audit = self.audit(Action::SettingsChanged, DomainId::FIRST, &format!("{what} {name}"), changes);
        Change::of(vec![Effect::PutReporting(Box::new(after)), audit], value)
    }
}

/// Where a target is in its list; `None` = it is new, and there is room.
fn place_of(
    id: TargetId,
    mut ids: impl ExactSizeIterator<Item = TargetId>,
    most: usize,
) -> Result<Option<usize>, Problem> {
    if id != TargetId::NEW {
        return ids.position(|other| other == id).map(Some).ok_or(Problem::NotFound("target"));
    }
    if ids.len() < most {
        return Ok(None);
    }
    let mut checks = Checks::default();
    checks.wrong("name", format!("There are {most} already, which is the most."));
    checks.result().map(|()| None)
}

fn check_common(checks: &mut Checks, name: &str, roots: &str, chosen: &Chosen) {
    let length = name.chars().count();
    if !(1..=TARGET_NAME_MAX).contains(&length) || name.chars().any(char::is_control) || name.trim() != name {
        checks.wrong("name", format!("A name has 1 to {TARGET_NAME_MAX} characters."));
    }
    check_roots(checks, roots);
    if !chosen.alarms && chosen.audit.is_empty() {
        checks.wrong("told", "Choose at least one thing to be told of.");
    }
}

pub(super) fn check_roots(checks: &mut Checks, roots: &str) {
    if roots.len() > ROOTS_MAX || !(roots.is_empty() || roots.contains("-----BEGIN CERTIFICATE-----")) {
        checks.wrong("roots", "Certificates in PEM, at most 64 KiB of them.");
    }
}

fn on_off(is_on: bool) -> String {
    if is_on { "on" } else { "off" }.into()
}

fn told(chosen: &Chosen) -> String {
    let alarms = chosen.alarms.then_some("alarms");
    let groups = chosen.audit.iter().map(|group| group.name());
    alarms.into_iter().chain(groups).collect::<Vec<_>>().join(", ")
}

/// How many certificates there are: what they say is nobody's secret, and too long.
pub(super) fn count(roots: &str) -> String {
    match roots.matches("-----BEGIN CERTIFICATE-----").count() {
        0 => "the system's".into(),
        own => format!("{own} of one's own"),
    }
}

fn secretly(field: &str) -> FieldChange {
    FieldChange { field: field.into(), before: "".into(), after: "set".into() }
}

pub(super) fn differences<const N: usize>(
    fields: [&str; N],
    before: Option<[String; N]>,
    after: &[String; N],
) -> Vec<FieldChange> {
    let before = before.unwrap_or_else(|| std::array::from_fn(|_| String::new()));
    let pairs = before.iter().zip(after).zip(fields);
    pairs.filter_map(|((before, after), field)| changed(field, before, after)).collect()
}
