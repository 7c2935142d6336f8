//! Drafts: kept with their secrets sealed, guarded in the commit that puts them in force, and written into files.

use signin::{
    account::RoleKind,
    credential::{CredentialKind, Owner},
    document::{Document, DocumentId},
    draft::{Draft, Edited, Fate, FieldEdit, RecordId, SecretEdit},
    effect::{Effect, Seen},
    ident::{AccountId, DomainId},
    records::Records,
    rights::Right,
    secret::{Secret, SecretBytes},
};
use store::{
    CommitError, DraftFile, DraftFileError, Ledger, PASSPHRASE_MIN, Passphrase, engine::MemoryEngine, reseal,
};

use crate::{host::EngineHost, world::*};

const PASSPHRASE: &str = "four rather odd words";
const PLACE: &str = "draft/user-2/login-code";

/// A draft of the service user 9 that renames user 1 and gives a new code.
fn draft(ledger: &Ledger) -> Draft {
    let sealed = ledger.vault().seal(PLACE, &SecretBytes::new(b"\x0190217".to_vec()), &mut *dice()).unwrap();
    let name = FieldEdit { field: "full_name".into(), seen: "".into(), wanted: "Ann Jones".into() };
    let code =
        SecretEdit { kind: CredentialKind::LoginCode, seen: None, chosen_at: later(1), wanted: Some(sealed) };
    let edited = Edited {
        record: RecordId::User(ANN),
        fate: Fate::Changed,
        domain: DomainId::FIRST,
        title: "ann".into(),
        touched: 1,
        fields: vec![name],
        secrets: vec![code],
    };
    Draft { owner: AccountId(9), version: 1, begun_at: later(1), made: 0, records: vec![edited] }
}

fn with_draft(host: &dyn EngineHost) -> std::sync::Arc<Ledger> {
    let ledger = furnished(host);
    let put = Effect::PutDocument(Box::new(Document::Draft(draft(&ledger))));
    ledger.commit(vec![Effect::PutAccount(service_user(AccountId(9), "Eve")), put]).wait().unwrap();
    ledger
}

fn kept(ledger: &Ledger) -> Draft {
    ledger.document(DocumentId::Draft(AccountId(9))).unwrap().draft().unwrap().clone()
}

fn opened(ledger: &Ledger) -> Option<SecretBytes> {
    ledger.vault().open(PLACE, kept(ledger).sealed().next().unwrap())
}

pub(crate) fn a_draft_comes_back_after_a_restart_and_opens_under_a_new_key(host: &dyn EngineHost) {
    let ledger = with_draft(host);
    let before = kept(&ledger);
    ledger.close().unwrap();
    drop(ledger);
    let ledger = open(host);
    assert_eq!(kept(&ledger), before);
    ledger.close().unwrap();
    drop(ledger);
    let rotated = masters().rotate(&mut *dice());
    let done = reseal(host.open().unwrap(), &rotated, &mut *dice(), &mut |_, _| ()).unwrap();
    assert_eq!(done.total, done.resealed);
    let ledger = try_open(host, rotated.newest()).unwrap();
    assert_eq!(opened(&ledger).unwrap().reveal(), b"\x0190217");
}

pub(crate) fn what_was_changed_meanwhile_stops_the_whole_commit(host: &dyn EngineHost) {
    let ledger = with_draft(host);
    let rename = || {
        let mut account = (*ledger.account(ANN).unwrap()).clone();
        account.version += 1;
        Effect::PutAccount(account)
    };
    let version = ledger.account(ANN).unwrap().version;
    let owner = Owner::Account(ANN);
    let set_at = ledger.credential(owner, CredentialKind::LoginCode).map(|facts| facts.set_at);
    let seen = [
        Seen::Account(ANN, version),
        Seen::Document(DocumentId::Draft(AccountId(9)), 1),
        Seen::Credential(owner, CredentialKind::LoginCode, set_at),
    ];
    ledger.commit(seen.iter().cloned().map(Effect::Unchanged).collect()).wait().unwrap();
    let wrong = [
        Seen::Account(ANN, version + 1),
        Seen::Document(DocumentId::Draft(AccountId(9)), 2),
        Seen::Document(DocumentId::Draft(AccountId(8)), 1),
        Seen::Credential(owner, CredentialKind::LoginCode, Some(later(77))),
        Seen::Credential(owner, CredentialKind::UserPassword, Some(later(77))),
    ];
    for seen in wrong {
        let done = ledger.commit(vec![rename(), Effect::Unchanged(seen.clone())]).wait();
        assert!(matches!(done, Err(CommitError::Conflict { .. })), "{seen:?}: {done:?}");
        assert_eq!(ledger.account(ANN).unwrap().version, version);
    }
}

pub(crate) fn a_file_of_a_draft_opens_for_its_passphrase_and_furnishes_an_editor(host: &dyn EngineHost) {
    let ledger = with_draft(host);
    let (system, digits) = (Owner::Domain(DomainId::FIRST), CredentialKind::SystemPassword);
    ledger.commit(vec![Effect::PutCredential(credential(system, digits, "4815"))]).wait().unwrap();
    let keys = Passphrase::choose(&Secret::new(PASSPHRASE), &mut *dice()).unwrap();
    let short = "x".repeat(PASSPHRASE_MIN - 1);
    assert!(Passphrase::choose(&Secret::new(short), &mut *dice()).is_none());
    let owner = service_user(AccountId(9), "Eve");
    let file = DraftFile {
        office: ledger.office(&owner, &Right::ALL),
        draft: kept(&ledger).resealed(ledger.vault(), &keys, &mut *dice()).unwrap(),
    };
    let bytes = keys.write(&file).unwrap();
    assert!(!bytes.windows(5).any(|window| window == b"90217"), "sealed");
    let (read, again) = DraftFile::read(&bytes, &Secret::new(PASSPHRASE)).unwrap();
    assert_eq!(read, file);
    let other = Secret::new("five rather odd words");
    assert!(matches!(DraftFile::read(&bytes, &other), Err(DraftFileError::Sealed)));
    let changed = String::from_utf8(bytes).unwrap().replace("Ann Jones", "Eve Jones");
    assert!(matches!(
        DraftFile::read(changed.as_bytes(), &Secret::new(PASSPHRASE)),
        Err(DraftFileError::Sealed)
    ));
    let place = signin::draft::Vault::open(&again, PLACE, read.draft.sealed().next().unwrap());
    assert_eq!(place.unwrap().reveal(), b"\x0190217");
    assert!(signin::draft::Vault::open(&again, "elsewhere", read.draft.sealed().next().unwrap()).is_none());
    // The editor's memory: everybody is there, and nobody's secret.
    let editor = Ledger::open(Box::new(MemoryEngine::new()), masters(), [7; 32], dice()).unwrap();
    for effects in read.furnishing() {
        editor.commit(effects).wait().unwrap();
    }
    let of = |ledger: &Ledger| {
        let mut office = ledger.office(&owner, &Right::ALL);
        office.settings.version = 0;
        office.domains.iter_mut().for_each(|domain| domain.version = 0);
        office.groups.iter_mut().for_each(|group| group.version = 0);
        office.users.iter_mut().for_each(|user| user.version = 0);
        office.extensions.iter_mut().for_each(|extension| extension.version = 0);
        office
    };
    assert_eq!(of(&editor), of(&ledger));
    let user = editor.account(ANN).unwrap();
    assert_eq!(user.kind(), RoleKind::User);
    for code in ["4711", "", "90217"] {
        assert!(!editor.holds_secret(Owner::Account(user.id), CredentialKind::LoginCode, &Secret::new(code)));
    }
    assert_eq!(editor.credential(system, digits), Some(facts()), "that one is set is seen");
    assert!(!editor.holds_secret(system, digits, &Secret::new("4815")));
    // Who may see less takes less along.
    let less = ledger.office(&owner, &[Right::ExtensionsRead]);
    assert!(less.users.is_empty() && less.extensions.iter().all(|extension| extension.user.is_none()));
    assert!(less.settings.lan1.is_empty() && !less.extensions.is_empty());
    assert!(less.secrets.iter().all(|(owner, ..)| *owner != system));
}
