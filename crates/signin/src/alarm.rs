//! Alarms: what somebody should know of before they ask. One is raised once while its cause lasts, and cleared when
//! that ends.
//!
//! ```text
//! cause begins ─▶ standing ─▶ cause ends ─▶ cleared: history, until there is too much of it
//!                   ╰ acknowledged: somebody has seen it; it stands as long as its cause
//! ```

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{ident::DomainId, timestamp::Timestamp};

/// Most alarms that stand; of what is beyond, one tells together.
pub const STANDING_MAX: usize = 200;
/// Most alarms that are kept, standing ones among them.
pub const ALARMS_MAX: usize = 2000;

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Somebody should look when there is time.
    Warning,
    /// Somebody must do something, now.
    Critical,
}

impl Severity {
    /// In a word.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Warning => "Warning",
            Self::Critical => "Critical",
        }
    }
}

/// What an alarm is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum AlarmKind {
    /// The store takes no changes.
    StoreFault,
    /// The disk is nearly full.
    DiskFull,
    /// A row of the audit is not as it was written.
    AuditBroken,
    /// Rows of the audit were lost.
    AuditLost,
    /// The certificate ends soon or has ended.
    CertificateEnds,
    /// An address is blacklisted.
    AddressLocked,
    /// An extension is blacklisted.
    ExtensionLocked,
    /// An account is locked.
    AccountLocked,
    /// A phone was pushed out by another.
    PushedOut,
    /// A target of alarms and rows of the audit cannot be reached.
    DeliveryFails,
    /// Something was not delivered and will not be.
    DeliveryLost,
    /// `BusinessPartner` has no password.
    PartnerOpen,
    /// More alarms than are kept.
    TooMany,
}

/// What is fixed about a kind.
#[derive(Clone, Copy, Debug)]
pub struct AlarmRow {
    /// Which one.
    pub kind: AlarmKind,
    /// Stable name in messages.
    pub name: &'static str,
    /// In words.
    pub title: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// What is counted.
    pub counted: &'static str,
}

const fn row(
    kind: AlarmKind,
    name: &'static str,
    title: &'static str,
    severity: Severity,
    counted: &'static str,
) -> AlarmRow {
    AlarmRow { kind, name, title, severity, counted }
}

/// Every kind, the most urgent first.
pub const ALARMS: [AlarmRow; 13] = [
    row(AlarmKind::StoreFault, "store-fault", "The store takes no changes", Severity::Critical, ""),
    row(AlarmKind::DiskFull, "disk-full", "The disk is nearly full", Severity::Critical, ""),
    row(
        AlarmKind::AuditBroken,
        "audit-broken",
        "The audit is not whole",
        Severity::Critical,
        "first bad row",
    ),
    row(AlarmKind::AuditLost, "audit-lost", "Rows of the audit were lost", Severity::Critical, "rows"),
    row(
        AlarmKind::CertificateEnds,
        "certificate-ends",
        "The certificate ends",
        Severity::Critical,
        "days left",
    ),
    row(AlarmKind::AddressLocked, "address-locked", "Address blacklisted", Severity::Warning, "failures"),
    row(
        AlarmKind::ExtensionLocked,
        "extension-locked",
        "Extension blacklisted",
        Severity::Warning,
        "failures",
    ),
    row(AlarmKind::AccountLocked, "account-locked", "Account locked", Severity::Warning, "failures"),
    row(AlarmKind::PushedOut, "pushed-out", "Phone pushed out", Severity::Warning, "phones"),
    row(AlarmKind::DeliveryFails, "delivery-fails", "A target cannot be reached", Severity::Warning, ""),
    row(AlarmKind::DeliveryLost, "delivery-lost", "Not everything was delivered", Severity::Warning, "lost"),
    row(AlarmKind::PartnerOpen, "partner-open", "BusinessPartner has no password", Severity::Warning, ""),
    row(AlarmKind::TooMany, "too-many", "More alarms than are kept", Severity::Critical, "alarms"),
];

impl AlarmKind {
    /// What is fixed about it.
    pub fn row(self) -> &'static AlarmRow {
        // The table has every kind, a test says; the first one stands in for what cannot be.
        let [first, ..] = &ALARMS;
        ALARMS.iter().find(|row| row.kind == self).unwrap_or(first)
    }
}

/// What makes an alarm the same one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AlarmKey {
    /// What it is about.
    pub kind: AlarmKind,
    /// The organisation.
    pub domain: DomainId,
    /// Which one of its kind: a number, an address, a name.
    pub subject: Box<str>,
}

/// Something that is wrong now.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cause {
    /// Which alarm it raises.
    pub key: AlarmKey,
    /// How many of what the kind counts.
    pub count: u64,
}

/// Names one alarm; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AlarmId(pub u32);

/// Somebody has seen it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledged {
    /// Who.
    pub by: Box<str>,
    /// When.
    pub at: Timestamp,
}

/// One alarm, from its raising to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// Its number.
    pub id: AlarmId,
    /// What it is about.
    pub key: AlarmKey,
    /// How many of what the kind counts.
    pub count: u64,
    /// When its cause began.
    pub raised_at: Timestamp,
    /// When its cause ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cleared_at: Option<Timestamp>,
    /// Who has seen it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<Acknowledged>,
}

impl Alarm {
    /// Whether its cause lasts.
    pub const fn is_standing(&self) -> bool {
        self.cleared_at.is_none()
    }
}

/// What becomes of alarms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlarmChange {
    /// A cause has begun.
    Raise(Cause, Timestamp),
    /// There is another number of what is counted.
    Count(AlarmId, u64),
    /// Its cause has ended.
    Clear(AlarmId, Timestamp),
    /// Somebody has seen it.
    Acknowledge(AlarmId, Acknowledged),
}

/// What has to change so that the standing alarms are those that have a cause now.
pub fn changes(standing: &[Alarm], causes: Vec<Cause>, now: Timestamp) -> Vec<AlarmChange> {
    let mut counts: BTreeMap<AlarmKey, u64> = BTreeMap::new();
    for Cause { key, count } in causes {
        let most = counts.entry(key).or_default();
        *most = count.max(*most);
    }
    let mut causes: BTreeSet<Cause> = counts.into_iter().map(|(key, count)| Cause { key, count }).collect();
    if causes.len() > STANDING_MAX {
        // Those that stand go on standing, so that none comes and goes with the others' number.
        let stood: BTreeSet<&AlarmKey> = standing.iter().map(|alarm| &alarm.key).collect();
        let (mut kept, mut new): (BTreeSet<_>, BTreeSet<_>) =
            causes.into_iter().partition(|cause| stood.contains(&cause.key));
        while kept.len() < STANDING_MAX - 1
            && let Some(cause) = new.pop_first()
        {
            kept.insert(cause);
        }
        let key = AlarmKey { kind: AlarmKind::TooMany, domain: DomainId::FIRST, subject: "alarms".into() };
        kept.insert(Cause { key, count: u64::try_from(new.len()).unwrap_or(u64::MAX) });
        causes = kept;
    }
    let mut list = Vec::new();
    for alarm in standing {
        match causes.iter().find(|cause| cause.key == alarm.key) {
            Some(cause) if cause.count != alarm.count => {
                list.push(AlarmChange::Count(alarm.id, cause.count));
            }
            Some(_) => {}
            None => list.push(AlarmChange::Clear(alarm.id, now)),
        }
    }
    let is_new = |cause: &Cause| standing.iter().all(|alarm| alarm.key != cause.key);
    list.extend(causes.into_iter().filter(is_new).map(|cause| AlarmChange::Raise(cause, now)));
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    fn cause(subject: &str, count: u64) -> Cause {
        let key =
            AlarmKey { kind: AlarmKind::ExtensionLocked, domain: DomainId::FIRST, subject: subject.into() };
        Cause { key, count }
    }

    fn alarm(id: u32, subject: &str) -> Alarm {
        let Cause { key, count } = cause(subject, 5);
        Alarm { id: AlarmId(id), key, count, raised_at: NOW, cleared_at: None, acknowledged: None }
    }

    #[test]
    fn every_kind_has_its_row() {
        for row in &ALARMS {
            assert_eq!(row.kind.row().name, row.name);
            assert_eq!(serde_json::to_string(&row.kind).unwrap_or_default(), format!("{:?}", row.name));
        }
        let kinds: BTreeSet<_> = ALARMS.iter().map(|row| row.kind).collect();
        assert_eq!(kinds.len(), ALARMS.len());
        assert_eq!(AlarmKind::TooMany as usize + 1, ALARMS.len(), "the last kind is the last row's");
    }

    #[test]
    fn an_alarm_is_raised_once_while_its_cause_lasts_and_cleared_when_it_ends() {
        assert_eq!(changes(&[], vec![cause("201", 5)], NOW), [AlarmChange::Raise(cause("201", 5), NOW)]);
        assert_eq!(changes(&[alarm(1, "201")], vec![cause("201", 5)], NOW), []);
        assert_eq!(
            changes(&[alarm(1, "201")], vec![cause("201", 6)], NOW),
            [AlarmChange::Count(AlarmId(1), 6)]
        );
        assert_eq!(
            changes(&[alarm(1, "201"), alarm(2, "202")], vec![cause("202", 5)], NOW),
            [AlarmChange::Clear(AlarmId(1), NOW)]
        );
    }

    #[test]
    fn of_a_flood_one_alarm_tells_and_those_that_stood_stand_on() {
        let flood = || (0..1000).map(|n| cause(&format!("{n:04}"), 5)).collect::<Vec<_>>();
        let list = changes(&[alarm(7, "0999")], flood(), NOW);
        assert_eq!(list.len(), STANDING_MAX - 1);
        let mut all = list.iter().map(|change| {
            let AlarmChange::Raise(cause, _) = change else { panic!("{change:?}") };
            (cause.key.kind, cause.count)
        });
        assert_eq!(all.next_back(), Some((AlarmKind::TooMany, 1000 - (STANDING_MAX as u64 - 1))));
        // However often it is looked at, nothing comes and goes.
        let mut standing = vec![alarm(7, "0999")];
        for (id, change) in (8..).zip(list) {
            let AlarmChange::Raise(Cause { key, count }, at) = change else { panic!("{change:?}") };
            let of = alarm(id, "");
            standing.push(Alarm { key, count, raised_at: at, ..of });
        }
        standing.reverse();
        assert_eq!(changes(&standing, flood(), NOW), []);
        assert!(standing[0].is_standing());
    }
}
