//! Loading: everything from the engine into memory, each row held against its tag, all of them against the census.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
    sync::{Arc, atomic::Ordering},
};

use parking_lot::Mutex;
use signin::{
    credential::{CredentialKind, Owner},
    dice::Dice,
    extension::Domain,
    ident::DomainId,
    place::Places,
    registration::Binding,
};

use crate::{
    batches::by_shelf,
    behind::Dirty,
    credentials::UNTOLD,
    engine::{Engine, Row, Shelf, Snapshot, Turnover},
    error::{OpenError, StoreError},
    fault,
    former::FormerKey,
    holdings::Holdings,
    keyring::Keyring,
    lines::Line,
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
pub(crate) fn read<T>(answer: Result<T, StoreError>) -> Result<T, OpenError> {
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
    read(snapshot.audit(0, &mut |_| {
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
    loader.rows(&mut *snapshot, &keyring)?;
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
fn know_registered(line: &mut Line) {
    if line.places == Places::default() {
        for binding in line.bindings.iter().flat_map(|bindings| &**bindings) {
            line.places.note(binding.source.ip(), binding.expires_at);
        }
    }
}

/// Takes rows into the holdings, on several threads at once; what needs several records waits for the end.
struct Loader {
    holdings: Holdings,
    heap: Mutex<Heap>,
}

/// What is gathered beside the holdings.
#[derive(Default)]
struct Heap {
    rows: BTreeMap<Shelf, u64>,
    sum: RowSum,
    domains: BTreeMap<DomainId, Arc<Domain>>,
    formers: Vec<(FormerKey, Box<[u8]>)>,
    pages: BTreeMap<u64, Box<[u8]>>,
    orphans: Vec<Dirty>,
    /// Something is told about a credential that is not there.
    lonely: Option<(Owner, CredentialKind)>,
}

impl Loader {
    fn new(masters: MasterKeys) -> Self {
        Self { holdings: Holdings::new(masters), heap: Mutex::default() }
    }

    fn rows(&self, snapshot: &mut dyn Snapshot, keyring: &Keyring) -> Result<(), OpenError> {
        by_shelf(snapshot, &|rows| self.batch(keyring, rows), &mut |shelf| {
            // Digests are made for a realm.
            if shelf == Shelf::Domain {
                self.holdings.set_domains(std::mem::take(&mut self.heap.lock().domains));
            }
        })
    }

    /// Rows of one shelf.
    fn batch(&self, keyring: &Keyring, rows: &[Row]) -> Result<(), OpenError> {
        let (mut count, mut sum) = (BTreeMap::<Shelf, u64>::new(), RowSum::default());
        for row in rows {
            if !keyring.is_ours(row) {
                let what = format!("the row {:?} {} is not as it was written", row.key.shelf, row.key.key);
                return Err(OpenError::Damaged { what });
            }
            if row.key.shelf != Shelf::Meta {
                *count.entry(row.key.shelf).or_default() += 1;
                sum.add(keyring, &row.tag);
            }
            self.record(read(Record::read(row))?)?;
        }
        let mut heap = self.heap.lock();
        heap.sum.join(&sum);
        for (shelf, count) in count {
            *heap.rows.entry(shelf).or_default() += count;
        }
        Ok(())
    }

    fn record(&self, record: Record) -> Result<(), OpenError> {
        let holdings = &self.holdings;
        match record {
            Record::Meta | Record::Recording => {}
            Record::CallLog(id) => {
                if holdings.peek_account(id, |account| account.is_none()) {
                    self.orphan(Dirty::CallLog(id));
                }
            }
            Record::CallPage(number, sealed) => {
                self.heap.lock().pages.insert(number, sealed);
            }
            Record::Settings(settings) => holdings.settings.store(Arc::new(*settings)),
            Record::Delivered(target, seq) => holdings.delivered.set(target, Some(seq)),
            Record::Alarm(alarm) => holdings.alarms.restore(alarm),
            Record::Reporting(sealed) => holdings.restore_reporting(&sealed)?,
            Record::Domain(domain) => {
                self.heap.lock().domains.insert(domain.id, Arc::new(domain));
            }
            Record::Document(document) => holdings.put_document(*document),
            Record::Account(account) => holdings.restore_account(account, true),
            Record::Activity(id, activity) => {
                holdings.put_activity(id, activity);
                if holdings.peek_account(id, |account| account.is_none()) {
                    self.orphan(Dirty::Activity(id));
                }
            }
            Record::Extension(extension) => {
                let line = Line::new(&extension);
                holdings.restore_extension(extension, line);
            }
            Record::Credential(owner, kind, sealed) => {
                holdings.restore_credential(owner, kind, sealed, UNTOLD)?;
            }
            Record::CredentialFacts(owner, kind, facts) => {
                if !holdings.restore_facts(owner, kind, facts) {
                    self.heap.lock().lonely = Some((owner, kind));
                }
            }
            Record::Tally(key, tally) => holdings.counts.restore(&key, &tally),
            Record::Session(session)
                if holdings.peek_account(session.account, |account| account.is_none()) =>
            {
                self.orphan(Dirty::Session(session.id.into()));
            }
            Record::Session(session) => holdings.put_session(session),
            Record::Registration(mut registration) => {
                Arc::make_mut(&mut registration.bindings).iter_mut().for_each(Binding::recall);
                let id = registration.extension;
                if registration.bindings.is_empty() || holdings.line_of(id).is_none() {
                    self.orphan(Dirty::Registration(id));
                }
                holdings.put_registration(registration);
            }
            Record::Places(id, places) => {
                if !holdings.change_places(id, |kept| *kept = places) {
                    self.orphan(Dirty::Places(id));
                }
            }
            Record::Former(key, sealed) => self.heap.lock().formers.push((key, sealed)),
            Record::Quarantine(place, quarantined) => {
                let gone = holdings.put_quarantined(place, quarantined);
                gone.into_iter().map(Dirty::Quarantine).for_each(|gone| self.orphan(gone));
            }
        }
        Ok(())
    }

    fn orphan(&self, orphan: Dirty) {
        self.heap.lock().orphans.push(orphan);
    }

    fn check(&self, keyring: &Keyring, census: &Census) -> Result<(), OpenError> {
        let heap = self.heap.lock();
        if heap.rows == census.rows {
            if heap.sum.digest(keyring) == census.sum {
                return Ok(());
            }
            let what = "at least one row is from an older copy of the store".into();
            return Err(OpenError::Damaged { what });
        }
        let shelf = Shelf::ALL.into_iter().find(|shelf| heap.rows.get(shelf) != census.rows.get(shelf));
        let of = |rows: &BTreeMap<Shelf, u64>| shelf.and_then(|shelf| rows.get(&shelf)).copied().unwrap_or(0);
        let what = format!("{shelf:?}: {} rows instead of {}", of(&heap.rows), of(&census.rows));
        Err(OpenError::Damaged { what })
    }

    /// Counts that were noted and never came to rest stand as they were noted.
    fn count(&mut self, pending: Pending, found: Found) {
        for (key, tally) in found.failed {
            self.holdings.counts.restore(&key, &tally);
            self.orphan(Dirty::Tally(key.into()));
        }
        self.holdings.counts.note_with(pending);
    }

    fn finish(self, keyring: Keyring, census: Census) -> Result<Loaded, OpenError> {
        fault::at("load.finish");
        let Self { holdings, heap } = self;
        let Heap { sum, formers, pages, mut orphans, lonely, .. } = heap.into_inner();
        pages.iter().for_each(|(number, sealed)| holdings.restore_page(*number, sealed));
        if let Some((owner, kind)) = holdings.credentials.untold() {
            return Err(OpenError::Damaged { what: format!("nothing is told about {owner:?} {kind:?}") });
        }
        if let Some((owner, kind)) = lonely {
            return Err(OpenError::Damaged { what: format!("there is no secret for {owner:?} {kind:?}") });
        }
        let mut owners = BTreeSet::new();
        for (key, sealed) in formers {
            if holdings.facts(key.0, key.1).is_some() {
                holdings.restore_former(key, sealed.into())?;
                owners.insert((key.0, key.1));
            } else {
                orphans.push(Dirty::Former(key));
            }
        }
        for (owner, kind) in owners {
            holdings.derive_formers(owner, kind)?;
        }
        holdings.arrange(&|line| {
            // No challenge from before this start is good, and the clock may have been set back since a line was made.
            line.nonces = LineNonces::default();
            know_registered(line);
        });
        holdings.account_next.fetch_max(census.account_next, Ordering::Relaxed);
        holdings.extension_next.fetch_max(census.extension_next, Ordering::Relaxed);
        holdings.domain_next.fetch_max(census.domain_next, Ordering::Relaxed);
        Ok(Loaded { holdings, keyring, census, sum, orphans })
    }
}
