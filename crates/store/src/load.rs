//! Loading: everything from the engine into memory, each row held against its tag, all of them against the census.

use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    sync::{Arc, atomic::Ordering},
};

use hashbrown::HashMap;
use signin::{
    credential::{CredentialFacts, CredentialKind, Owner},
    dice::Dice,
    ident::DomainId,
    place::Places,
    registration::Binding,
};

use crate::{
    behind::Dirty,
    engine::{Engine, Row, Shelf, Snapshot, Turnover},
    error::{OpenError, StoreError},
    fault,
    former::FormerKey,
    holdings::Holdings,
    keyring::Keyring,
    nonces::LineNonces,
    pending::{Found, Pending},
    rows::Record,
    rowsum::RowSum,
    scribe::Census,
    seal::MasterKeys,
};

/// What an engine held.
pub(crate) struct Loaded {
    pub(crate) holdings: Holdings,
    pub(crate) keyring: Keyring,
    pub(crate) census: Census,
    pub(crate) sum: RowSum,
    /// Records whose owner is gone, to be removed, and counts that are only noted, to be written.
    pub(crate) orphans: Vec<Dirty>,
}

/// The keys and the census of a store; `None` = there is nothing in it at all.
pub(crate) fn identify(
    snapshot: &mut dyn Snapshot,
    masters: &MasterKeys,
) -> Result<Option<(Keyring, Census)>, OpenError> {
    let Some(row) = read(snapshot.row(&Keyring::row_key()))? else {
        return if is_empty(snapshot)? { Ok(None) } else { Err(OpenError::Unfinished) };
    };
    let keyring = Keyring::unwrap_from(&row, masters)?;
    let row = read(snapshot.row(&Census::row_key()))?.filter(|row| keyring.is_ours(row));
    let census = row.and_then(|row| serde_json::from_str(&row.body).ok());
    let damaged = || OpenError::Damaged { what: "the row that counts the others cannot be read".into() };
    Ok(Some((keyring, census.ok_or_else(damaged)?)))
}

/// What could not be read is damage, whoever noticed it.
fn read<T>(answer: Result<T, StoreError>) -> Result<T, OpenError> {
    answer.map_err(|error| match error {
        StoreError::Damaged(what) => OpenError::Damaged { what },
        other @ (StoreError::Engine(_) | StoreError::Busy | StoreError::Closed) => OpenError::Store(other),
    })
}

/// Whether there is not a single row.
pub(crate) fn is_empty(snapshot: &mut dyn Snapshot) -> Result<bool, OpenError> {
    let mut is_empty = true;
    let stop = StoreError::Closed;
    match snapshot.rows(&mut |_| Err(stop.clone())) {
        Err(error) if error == stop => is_empty = false,
        other => read(other)?,
    }
    read(snapshot.audit(&mut |_| {
        is_empty = false;
        Ok(ControlFlow::Break(()))
    }))?;
    Ok(is_empty)
}

/// Loads everything; makes keys where there is nothing.
pub(crate) fn load(
    engine: &mut dyn Engine,
    masters: MasterKeys,
    dice: &mut dyn Dice,
) -> Result<Loaded, OpenError> {
    let mut snapshot = read(engine.reader().snapshot())?;
    let (keyring, census) = match identify(&mut *snapshot, &masters)? {
        Some(found) => found,
        None => {
            drop(snapshot);
            let made = create(engine, &masters, dice)?;
            snapshot = read(engine.reader().snapshot())?;
            made
        }
    };
    let (pending, found) = read(Pending::open(engine.notes(), keyring.clone()))?;
    if fault::fails("load.rows") {
        return Err(OpenError::Store(StoreError::Engine("a fault was wanted".into())));
    }
    let mut loader = Loader::new(masters);
    read(snapshot.rows(&mut |row| loader.row(&keyring, &row)))?;
    loader.check(&keyring, &census)?;
    check_serial(&census, &found)?;
    check_audit_end(&mut *snapshot, &census)?;
    loader.count(pending, found);
    loader.finish(keyring, census)
}

/// A new store: its own keys and the first census.
fn create(
    engine: &mut dyn Engine,
    masters: &MasterKeys,
    dice: &mut dyn Dice,
) -> Result<(Keyring, Census), OpenError> {
    let keyring = Keyring::create(dice);
    let census = Census { sum: RowSum::default().digest(&keyring), ..Census::default() };
    let batch =
        crate::engine::Batch { puts: vec![keyring.wrap(masters, dice)?], ..crate::engine::Batch::default() };
    engine.write(&batch, &mut |_: &Turnover| keyring.row(Census::row_key(), &census))?;
    Ok((keyring, census))
}

/// What was acknowledged is there, up to the last transaction.
fn check_serial(census: &Census, found: &Found) -> Result<(), OpenError> {
    match found.serial.checked_sub(census.serial) {
        None | Some(0) => Ok(()),
        Some(missing) => Err(OpenError::Outdated { missing }),
    }
}

/// Somebody who cut the audit short did not make the phones unsafe: say so loudly, and open.
fn check_audit_end(snapshot: &mut dyn Snapshot, census: &Census) -> Result<(), OpenError> {
    let mut last = None;
    read(snapshot.audit_newest(None, &mut |record| {
        last = Some((record.seq, record.mac));
        Ok(ControlFlow::Break(()))
    }))?;
    if last.unwrap_or_default() != (census.audit_seq, census.head()) {
        tracing::error!("the end of the audit is not the one that was written; see hookswitch audit verify");
    }
    Ok(())
}

/// Where phones are registered they are known, also in a store from before places were noted.
fn know_registered(holdings: &Holdings) {
    holdings.lines.each_mut(|line| {
        if line.places == Places::default() {
            for binding in line.registration.iter().flat_map(|registration| &*registration.bindings) {
                line.places.note(binding.source.ip(), binding.expires_at);
            }
        }
    });
}

struct Loader {
    holdings: Holdings,
    domains: BTreeMap<DomainId, Arc<signin::extension::Domain>>,
    sealed: HashMap<(Owner, CredentialKind), Box<[u8]>>,
    facts: HashMap<(Owner, CredentialKind), CredentialFacts>,
    formers: Vec<(FormerKey, Box<[u8]>)>,
    rows: BTreeMap<Shelf, u64>,
    sum: RowSum,
    orphans: Vec<Dirty>,
}

impl Loader {
    fn new(masters: MasterKeys) -> Self {
        Self {
            holdings: Holdings::new(masters),
            domains: BTreeMap::new(),
            sealed: HashMap::new(),
            facts: HashMap::new(),
            formers: Vec::new(),
            rows: BTreeMap::new(),
            sum: RowSum::default(),
            orphans: Vec::new(),
        }
    }

    fn row(&mut self, keyring: &Keyring, row: &Row) -> Result<(), StoreError> {
        if !keyring.is_ours(row) {
            let what = format!("the row {:?} {} is not as it was written", row.key.shelf, row.key.key);
            return Err(StoreError::Damaged(what));
        }
        if row.key.shelf != Shelf::Meta {
            *self.rows.entry(row.key.shelf).or_default() += 1;
            self.sum.add(keyring, &row.tag);
        }
        self.record(Record::read(row)?);
        Ok(())
    }

    fn record(&mut self, record: Record) {
        let holdings = &self.holdings;
        match record {
            Record::Meta => {}
            Record::Settings(settings) => holdings.settings.store(Arc::new(*settings)),
            Record::Domain(domain) => {
                self.domains.insert(domain.id, Arc::new(domain));
            }
            Record::Account(account) => holdings.put_account(Arc::new(account)),
            Record::Activity(id, activity) => {
                holdings.put_activity(id, activity);
                if holdings.account(id).is_none() {
                    self.orphans.push(Dirty::Activity(id));
                }
            }
            Record::Extension(extension) => holdings.put_extension(Arc::new(extension)),
            Record::Credential(owner, kind, sealed) => {
                self.sealed.insert((owner, kind), sealed);
            }
            Record::CredentialFacts(owner, kind, facts) => {
                self.facts.insert((owner, kind), facts);
            }
            Record::Tally(key, tally) => holdings.counts.restore(key, tally),
            Record::Session(session) if holdings.account(session.account).is_none() => {
                self.orphans.push(Dirty::Session(session.id));
            }
            Record::Session(session) => holdings.put_session(session),
            Record::Registration(mut registration) => {
                Arc::make_mut(&mut registration.bindings).iter_mut().for_each(Binding::recall);
                let id = registration.extension;
                holdings.put_registration(registration);
                if holdings.registration(id).is_none() {
                    self.orphans.push(Dirty::Registration(id));
                }
            }
            Record::Places(id, places) => {
                if !holdings.change_places(id, |kept| *kept = places) {
                    self.orphans.push(Dirty::Places(id));
                }
            }
            Record::Former(key, sealed) => self.formers.push((key, sealed)),
            Record::Quarantine(place, quarantined) => {
                let gone = holdings.put_quarantined(place, quarantined);
                self.orphans.extend(gone.into_iter().map(Dirty::Quarantine));
            }
        }
    }

    fn check(&self, keyring: &Keyring, census: &Census) -> Result<(), OpenError> {
        if self.rows == census.rows {
            if self.sum.digest(keyring) == census.sum {
                return Ok(());
            }
            let what = "at least one row is from an older copy of the store".into();
            return Err(OpenError::Damaged { what });
        }
        let shelf = Shelf::ALL.into_iter().find(|shelf| self.rows.get(shelf) != census.rows.get(shelf));
        let of = |rows: &BTreeMap<Shelf, u64>| shelf.and_then(|shelf| rows.get(&shelf)).copied().unwrap_or(0);
        let what = format!("{shelf:?}: {} rows instead of {}", of(&self.rows), of(&census.rows));
        Err(OpenError::Damaged { what })
    }

    /// Counts that were noted and never came to rest stand as they were noted.
    fn count(&mut self, pending: Pending, found: Found) {
        for (key, tally) in found.failed {
            self.holdings.counts.restore(key.clone(), tally);
            self.orphans.push(Dirty::Tally(key));
        }
        self.holdings.counts.note_with(pending);
    }

    fn finish(mut self, keyring: Keyring, census: Census) -> Result<Loaded, OpenError> {
        fault::at("load.finish");
        // No challenge from before this start is good, and the clock may have been set back since a line was made.
        self.holdings.lines.each_mut(|line| line.nonces = LineNonces::default());
        self.holdings.set_domains(self.domains);
        for (key, sealed) in self.formers {
            if self.sealed.contains_key(&(key.0, key.1)) {
                self.holdings.restore_former(key, sealed.into())?;
            } else {
                self.orphans.push(Dirty::Former(key));
            }
        }
        know_registered(&self.holdings);
        for ((owner, kind), sealed) in self.sealed {
            let facts = self.facts.remove(&(owner, kind));
            let damaged = || OpenError::Damaged { what: format!("nothing is told about {owner:?} {kind:?}") };
            self.holdings.put_credential(owner, kind, sealed.into(), facts.ok_or_else(damaged)?)?;
        }
        if let Some(((owner, kind), _)) = self.facts.into_iter().next() {
            return Err(OpenError::Damaged { what: format!("there is no secret for {owner:?} {kind:?}") });
        }
        self.holdings.account_next.fetch_max(census.account_next, Ordering::Relaxed);
        self.holdings.extension_next.fetch_max(census.extension_next, Ordering::Relaxed);
        Ok(Loaded { holdings: self.holdings, keyring, census, sum: self.sum, orphans: self.orphans })
    }
}
