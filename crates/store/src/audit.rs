//! The audit: searched a page at a time, and proved to be whole.

use std::{net::IpAddr, ops::ControlFlow};

use signin::{
    audit::{Action, Actor, AuditEvent, Outcome, Reason},
    ident::{AccountId, DomainId, FoldedName},
    interface::LoginInterface,
    timestamp::Timestamp,
};
use thiserror::Error;

use crate::{
    engine::{AuditRecord, MAC_LEN},
    error::StoreError,
    ledger::Ledger,
    needle::Needle,
    scribe::Census,
};

/// Which rows are wanted; the newest come first.
#[derive(Clone, Debug, Default)]
pub struct AuditQuery {
    /// Part of any text of the row, without regard to case; everything when empty.
    pub text: String,
    /// Who did it or what it was done to, as a whole name.
    pub name: Option<String>,
    /// Of this organisation; of all without it.
    pub domain: Option<DomainId>,
    /// What this account did is of theirs, in whatever organisation.
    pub of: Option<AccountId>,
    /// What happened: one of these; anything where there are none.
    pub actions: &'static [Action],
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// By which interface.
    pub interface: Option<LoginInterface>,
    /// Where from.
    pub address: Option<IpAddr>,
    /// Not before this moment.
    pub from: Option<Timestamp>,
    /// Before this moment.
    pub until: Option<Timestamp>,
    /// Only rows with a smaller number: the last one of the page before.
    pub before_seq: Option<u64>,
    /// How many at most.
    pub limit: usize,
    /// How many rows are looked at for them at most, for pages that must not take long; 0 = all there are.
    pub looked_at_max: usize,
}

/// One row of the audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// Its number.
    pub seq: u64,
    /// What it says.
    pub event: AuditEvent,
}

/// Rows, and how far was looked for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditPage {
    /// The rows, the newest first.
    pub rows: Vec<AuditRow>,
    /// How many were looked at.
    pub looked_at: usize,
    /// Where looking ended for there were too many: the number that the next look begins before. `None` = there are enough
    /// rows, or no more.
    pub stopped_at: Option<u64>,
}

/// The audit is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditState {
    /// How many rows it has.
    pub rows: u64,
    /// The number of the first one: those before it were removed by the rule for it.
    pub first: u64,
    /// The moment of the last one.
    pub head_at: Option<Timestamp>,
}

/// The audit is not whole.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("audit row {seq}: {what}")]
pub struct AuditBroken {
    /// The first row that is not in order.
    pub seq: u64,
    /// What is wrong with it.
    pub what: String,
}

impl Ledger {
    /// Rows of the audit, the newest first. What is behind is seen within a second.
    ///
    /// # Errors
    /// When the engine cannot be read.
    pub fn audit(&self, query: &AuditQuery) -> Result<Vec<AuditRow>, StoreError> {
        self.audit_page(query).map(|page| page.rows)
    }

    /// The same, and how far was looked.
    ///
    /// # Errors
    /// When the engine cannot be read.
    pub fn audit_page(&self, query: &AuditQuery) -> Result<AuditPage, StoreError> {
        let wanted = Wanted::new(query);
        let mut page = AuditPage { rows: Vec::new(), looked_at: 0, stopped_at: None };
        if query.limit == 0 {
            return Ok(page);
        }
        let most = if query.looked_at_max == 0 { usize::MAX } else { query.looked_at_max };
        self.reader.snapshot()?.audit_newest(query.before_seq, &mut |record| {
            if wanted.is_long_before(&record) {
                return Ok(ControlFlow::Break(()));
            }
            if page.looked_at >= most {
                page.stopped_at = Some(record.seq.saturating_add(1));
                return Ok(ControlFlow::Break(()));
            }
            page.looked_at += 1;
            if let Some(row) = wanted.row(&record)? {
                page.rows.push(row);
            }
            let is_full = page.rows.len() >= query.limit;
            Ok(if is_full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        Ok(page)
    }

    /// Hands out every row of the audit, oldest first, for exports.
    ///
    /// # Errors
    /// When the engine cannot be read, or whatever `each` answered.
    pub fn audit_each(
        &self,
        query: &AuditQuery,
        each: &mut dyn FnMut(AuditRow) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let wanted = Wanted::new(query);
        self.reader.snapshot()?.audit(0, &mut |record| {
            if let Some(row) = wanted.row(&record)? {
                each(row)?;
            }
            Ok(ControlFlow::Continue(()))
        })
    }

    /// Follows the chain from where the rule for it lets it begin to the last row: an edit, a deletion, an insertion, a changed order and a
    /// cut-off end are all found. `progress` is told how many rows are done, of how many.
    ///
    /// # Errors
    /// The first row that is not in order.
    pub fn verify_audit(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<AuditState, AuditBroken> {
        let broken = |seq: u64, what: &str| AuditBroken { seq, what: what.into() };
        let unread = |seq: u64| move |error: StoreError| AuditBroken { seq, what: error.to_string() };
        let mut snapshot = self.reader.snapshot().map_err(unread(0))?;
        // The end as it was at the same moment as the rows.
        let census = snapshot.row(&Census::row_key()).map_err(unread(0))?;
        let census: Census = census
            .filter(|row| self.keys.is_ours(row))
            .and_then(|row| serde_json::from_str(&row.body).ok())
            .ok_or_else(|| broken(0, "the row that says where the audit ends is damaged"))?;
        let (mut last, mut head, mut head_at, mut found) = (census.audit_cut, census.root(), None, None);
        // From the very beginning: what was cut and is there again, is no row of this audit.
        snapshot
            .audit(0, &mut |record| {
                let seq = last.saturating_add(1);
                if let Some(what) = self.audit_fault(&record, seq, &head) {
                    found = Some(broken(seq.min(record.seq), what));
                    return Ok(ControlFlow::Break(()));
                }
                (last, head) = (seq, record.mac);
                if seq == census.audit_seq {
                    head_at = serde_json::from_str(&record.body).ok().map(|event: AuditEvent| event.at);
                }
                let rows = last.saturating_sub(census.audit_cut);
                if rows.is_multiple_of(1000) {
                    progress(rows, census.audit_rows());
                }
                Ok(ControlFlow::Continue(()))
            })
            .map_err(unread(0))?;
        if let Some(found) = found {
            return Err(found);
        }
        if (last, head) != (census.audit_seq, census.head()) {
            let what = format!("the audit ends here, and should end with row {}", census.audit_seq);
            return Err(AuditBroken { seq: last, what });
        }
        let rows = census.audit_rows();
        progress(rows, rows);
        Ok(AuditState { rows, first: census.audit_cut.saturating_add(1), head_at })
    }

    /// What is wrong with a row that should be this one.
    pub(crate) fn audit_fault(
        &self,
        record: &AuditRecord,
        seq: u64,
        head: &[u8; MAC_LEN],
    ) -> Option<&'static str> {
        if record.seq < seq {
            return Some("the row was removed by the rule for the audit, and is there again");
        }
        if record.seq != seq {
            return Some("the row is missing");
        }
        (self.keys.link(head, seq, &record.body) != record.mac)
            .then_some("the row is not the one that was written there")
    }
}

/// A query made ready: `words` must stand in the JSON of a row, and one of `any` if there are some, or it need not be read.
struct Wanted<'a> {
    query: &'a AuditQuery,
    words: Vec<String>,
    any: Vec<String>,
    text: Needle,
    /// What stands in the JSON of a row whose action or reason is called so on pages, and perhaps otherwise in the row.
    titled: Vec<String>,
    name: Option<FoldedName>,
    name_text: Needle,
}

/// What stands in the JSON of a row with this value.
fn word(field: &str, value: serde_json::Result<String>) -> Option<String> {
    value.ok().map(|value| format!("\"{field}\":{value}"))
}

/// Whether JSON writes a text as it is.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| (b' '..0x7f).contains(&byte) && byte != b'"' && byte != b'\\')
}

impl<'a> Wanted<'a> {
    fn new(query: &'a AuditQuery) -> Self {
        let text = Needle::of(&query.text);
        let actions = Action::ALL.iter().filter(|action| text.is_in(action.title()));
        let reasons = Reason::ALL.iter().filter(|reason| text.is_in(reason.title()));
        let titled = actions
            .filter_map(|action| word("action", serde_json::to_string(action)))
            .chain(reasons.filter_map(|reason| word("reason", serde_json::to_string(reason))));
        let name = query.name.as_deref().map(FoldedName::of);
        let words = [
            query.outcome.and_then(|outcome| word("outcome", serde_json::to_string(&outcome))),
            query.interface.and_then(|interface| word("interface", serde_json::to_string(&interface))),
            query.address.and_then(|address| word("address", serde_json::to_string(&address))),
        ];
        Self {
            query,
            words: words.into_iter().flatten().collect(),
            any: query
                .actions
                .iter()
                .filter_map(|action| word("action", serde_json::to_string(action)))
                .collect(),
            titled: titled.collect(),
            text,
            name_text: Needle::of(name.as_ref().map_or("", FoldedName::as_str)),
            name,
        }
    }

    /// Whether the JSON of a row can be what is wanted. Where text is written otherwise in JSON than it is compared, it can.
    fn can_be(&self, body: &str) -> bool {
        let is_one_of = |word: &String| body.contains(word);
        let has = |needle: &Needle| !body.is_ascii() || !is_plain(needle.as_str()) || needle.is_in(body);
        self.words.iter().all(is_one_of)
            && (self.any.is_empty() || self.any.iter().any(is_one_of))
            && has(&self.name_text)
            && (has(&self.text) || self.titled.iter().any(is_one_of))
    }

    /// Whether this row, and so all before it, are from before the time that is wanted. Rows may be written a moment after
    /// one another, and clocks may be set.
    fn is_long_before(&self, record: &AuditRecord) -> bool {
        const SPARE_MS: u64 = 3_600_000;
        let Some(from) = self.query.from else { return false };
        moment_of(record).is_some_and(|at| at.0.saturating_add(SPARE_MS) < from.0)
    }

    fn row(&self, record: &AuditRecord) -> Result<Option<AuditRow>, StoreError> {
        if !self.can_be(&record.body) {
            return Ok(None);
        }
        let event: AuditEvent = serde_json::from_str(&record.body).map_err(|error| {
            StoreError::Damaged(format!("audit row {} cannot be read: {error}", record.seq))
        })?;
        Ok(self.is_met_by(&event).then_some(AuditRow { seq: record.seq, event }))
    }

    fn is_met_by(&self, event: &AuditEvent) -> bool {
        let query = self.query;
        (query.actions.is_empty() || query.actions.contains(&event.action))
            && query.domain.is_none_or(|domain| {
                event.domain == domain || query.of.is_some_and(|account| is_by(&event.actor, account))
            })
            && query.outcome.is_none_or(|outcome| event.outcome == outcome)
            && query.interface.is_none_or(|interface| event.interface == interface)
            && query.address.is_none_or(|address| event.address == Some(address))
            && query.from.is_none_or(|from| event.at >= from)
            && query.until.is_none_or(|until| event.at < until)
            && self.name.as_ref().is_none_or(|name| {
                FoldedName::of(&event.subject) == *name
                    || actor_name(&event.actor).is_some_and(|actor| FoldedName::of(actor) == *name)
            })
            && (self.text.is_empty() || says(event, &self.text))
    }
}

/// When a row says that it happened, without reading the rest of it.
pub(crate) fn moment_of(record: &AuditRecord) -> Option<Timestamp> {
    let rest = record.body.strip_prefix("{\"at\":")?;
    rest.split(',').next()?.parse().ok().map(Timestamp)
}

fn is_by(actor: &Actor, account: AccountId) -> bool {
    matches!(actor, Actor::Account(id, _) if *id == account)
}

fn actor_name(actor: &Actor) -> Option<&str> {
    match actor {
        Actor::Account(_, name) | Actor::Extension(_, name) => Some(name),
        Actor::Unknown | Actor::Console | Actor::System => None,
    }
}

fn says(event: &AuditEvent, text: &Needle) -> bool {
    let has = |field: &str| text.is_in(field);
    has(&event.subject)
        || has(&event.agent)
        || has(event.action.title())
        || event.reason.is_some_and(|reason| has(reason.title()))
        || actor_name(&event.actor).is_some_and(has)
        || event.address.is_some_and(|address| has(&address.to_string()))
        || event.changes.iter().any(|change| has(&change.field) || has(&change.before) || has(&change.after))
}
