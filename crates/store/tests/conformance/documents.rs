//! Documents: kept, limited and named alike, whatever is in them.

use signin::{
    document::{Document, DocumentId, DocumentKind},
    effect::Effect,
    ident::{AccountId, GroupId},
    records::Records,
    rights::{GROUPS_MAX, Right, RightsGroup},
};
use store::CommitError;

use crate::{host::EngineHost, world::*};

fn group(id: u32, version: u32, name: &str) -> Document {
    Document::RightsGroup(RightsGroup {
        id: GroupId(id),
        version,
        name: name.into(),
        rights: [Right::UsersRead].into(),
    })
}

fn put(document: Document) -> Effect {
    Effect::PutDocument(Box::new(document))
}

pub(crate) fn documents_come_back_after_a_restart_and_rights_with_them(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let eve = service_user(AccountId(9), "Eve");
    ledger
        .commit(vec![put(group(1, 1, "Lookers")), put(group(2, 1, "Gone")), Effect::PutAccount(eve.clone())])
        .wait()
        .unwrap();
    ledger.commit(vec![Effect::DeleteDocument(DocumentId::RightsGroup(GroupId(2)))]).wait().unwrap();
    ledger.close().unwrap();
    let ledger = open(host);
    let kept: Vec<Document> =
        ledger.documents(DocumentKind::RightsGroup).iter().map(|kept| (**kept).clone()).collect();
    assert_eq!(kept, [group(1, 1, "Lookers")]);
    assert_eq!(ledger.rights_of(&eve), [Right::UsersRead]);
    let names: Vec<_> = ledger.service_users().iter().map(|account| account.name.to_string()).collect();
    assert_eq!(names, ["Administrator", "Eve"], "users are not among them");
    ledger.commit(vec![Effect::DeleteAccount(AccountId(9))]).wait().unwrap();
    assert_eq!(ledger.service_users().len(), 1);
}

pub(crate) fn a_document_follows_the_one_before_it_and_has_a_name_of_its_own(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let commit = |effects| ledger.commit(effects).wait();
    commit(vec![put(group(1, 1, "Lookers")), put(group(2, 1, "Menders"))]).unwrap();
    let conflicts = [
        vec![put(group(1, 1, "Lookers"))],
        vec![put(group(1, 3, "Lookers"))],
        vec![put(group(2, 2, "LOOKERS"))],
        vec![put(group(3, 1, "menders "))],
        vec![put(group(3, 1, "Twins")), put(group(4, 1, "twins"))],
    ];
    for effects in conflicts {
        assert!(matches!(commit(effects), Err(CommitError::Conflict { .. })));
    }
    let gone = commit(vec![Effect::DeleteDocument(DocumentId::RightsGroup(GroupId(7)))]);
    assert!(matches!(gone, Err(CommitError::Missing { .. })));
    commit(vec![put(group(1, 2, "Menders")), put(group(2, 2, "Lookers"))]).unwrap();
    commit(vec![Effect::DeleteDocument(DocumentId::RightsGroup(GroupId(1))), put(group(3, 1, "Menders"))])
        .unwrap();
}

pub(crate) fn there_are_no_more_documents_of_a_kind_than_there_may_be(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let most = u32::try_from(GROUPS_MAX).unwrap();
    let all = (0..most).map(|number| put(group(number, 1, &format!("group {number}")))).collect();
    ledger.commit(all).wait().unwrap();
    let one_more = ledger.commit(vec![put(group(most, 1, "one more"))]).wait();
    assert!(matches!(one_more, Err(CommitError::Conflict { .. })));
    let instead =
        vec![Effect::DeleteDocument(DocumentId::RightsGroup(GroupId(0))), put(group(most, 1, "one more"))];
    ledger.commit(instead).wait().unwrap();
}
