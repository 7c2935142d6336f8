//! Files of drafts: read strictly, and what was read can be laid over any system and compared with it.
#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use signin::{
    admin::{Admin, By, Decisions},
    dice::SeededDice,
    draft::{Layer, Overlay, compare},
    records::Records,
    scope::Scope,
    secret::Secret,
    timestamp::Timestamp,
};
use store::{DraftFile, Ledger, MasterKeys, Passphrase, engine::MemoryEngine};

static KEYS: LazyLock<Passphrase> =
    LazyLock::new(|| Passphrase::choose(&Secret::new("four rather odd words"), &mut SeededDice(1)).unwrap());
static EMPTY: LazyLock<Arc<Ledger>> = LazyLock::new(|| {
    let keys = MasterKeys::create(&mut SeededDice(2));
    Ledger::open(Box::new(MemoryEngine::new()), keys, [7; 32], Box::new(SeededDice(3))).unwrap()
});

fuzz_target!(|bytes: &[u8]| {
    // The header first; the body as if its tag had been right.
    let _header = DraftFile::glance(bytes);
    let Ok(file) = DraftFile::read_body(bytes) else { return };
    let written = KEYS.write(&file).unwrap();
    let body = written.splitn(2, |byte| *byte == b'\n').nth(1).unwrap();
    assert_eq!(DraftFile::read_body(body).as_ref(), Ok(&file));
    let live: &Ledger = &EMPTY;
    assert_eq!(compare(&file.draft, live).len(), file.draft.records.len());
    let layer = Layer::of(&file.draft, live);
    let overlay = Overlay { live: Scope::whole(live), layer: &layer };
    let by = By { account: Some(file.office.owner.id), ..By::console() };
    let admin = Admin::new(&overlay, &by, Timestamp(1_800_000_000_000));
    let decisions = Decisions { version: file.draft.version, ..Decisions::default() };
    assert!(admin.apply_draft(&decisions, &*KEYS, &mut SeededDice(4)).is_err(), "nobody has a draft there");
    let _settings = overlay.settings();
    let _effects = file.furnishing();
});
