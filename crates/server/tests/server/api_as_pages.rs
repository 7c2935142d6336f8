//! The two tables held against each other: whatever a page does or shows, an operation does or tells too, for whoever has the
//! same right. A page without a row here fails this test.

use std::collections::{BTreeMap, BTreeSet};

use http::Method;
use serde_json::Value;
use server::{
    api::{description, door, table},
    web::routes,
};
use signin::rights::Right;

/// What a program does instead of opening a page.
enum Same {
    /// One or several of these.
    By(&'static [&'static str]),
    /// Operations that ask for rights of their own, whatever the page asked for.
    Each(&'static [&'static str]),
    /// Nothing, and why.
    Nothing(&'static str),
}

use Same::{By, Each, Nothing};

const A_QUESTION: &str = "a question that is asked before a change";
const OF_BROWSERS: &str = "for browsers alone";
const ONE_BY_ONE: &str = "programs do one after the other, and know by themselves how far they are";
const READ_AGAIN: &str = "programs read again, and are told by If-None-Match that nothing changed";

/// Every page.
const PAGES: &[(&str, &str, Same)] = &[
    ("GET", "/", Nothing("links to the other pages")),
    ("GET", "/ignition", Nothing(A_QUESTION)),
    ("POST", "/ignition", Nothing("nobody can sign in before it; the command does it for programs")),
    ("GET", "/manager/login", Nothing(A_QUESTION)),
    ("POST", "/manager/login", By(&["signIn"])),
    ("POST", "/manager/logout", By(&["signOut"])),
    ("GET", "/manager/password", Nothing(A_QUESTION)),
    ("POST", "/manager/password", By(&["changeOwnPassword"])),
    ("GET", "/manager", By(&["getOwnAccount", "getFigures"])),
    ("GET", "/manager/preferences", By(&["getOwnAccount"])),
    ("POST", "/manager/preferences", By(&["changeOwnPassword"])),
    ("POST", "/manager/preferences/confirm", By(&["changeOwnPassword"])),
    (
        "POST",
        "/manager/preferences/address",
        Nothing("an address counts when somebody has followed a link in a mail to it"),
    ),
    ("GET", "/manager/draft", By(&["getOwnDraft"])),
    ("POST", "/manager/draft", By(&["applyOwnDraft"])),
    ("POST", "/manager/draft/undo", By(&["takeOutOfOwnDraft"])),
    ("POST", "/manager/draft/export", By(&["exportOwnDraft"])),
    ("POST", "/manager/draft/import", By(&["importOwnDraft"])),
    ("GET", "/manager/draft/discard", Nothing(A_QUESTION)),
    ("POST", "/manager/draft/discard", By(&["discardOwnDraft"])),
    ("GET", "/manager/enter/{token}", Nothing("the way into a file that is edited in a browser")),
    ("GET", "/manager/preferences/tokens", By(&["listOwnTokens", "getOwnToken"])),
    ("POST", "/manager/preferences/tokens", By(&["createToken"])),
    ("POST", "/manager/preferences/tokens/{id}/revoke", By(&["revokeOwnToken"])),
    ("GET", "/manager/users", By(&["listUsers"])),
    ("GET", "/manager/users/new", Nothing(A_QUESTION)),
    ("POST", "/manager/users/new", By(&["createUser"])),
    ("GET", "/manager/users/{id}", By(&["getUser"])),
    ("POST", "/manager/users/{id}", By(&["changeUser"])),
    ("GET", "/manager/users/{id}/calls", By(&["getMailbox", "listMessages", "getDesk", "listCallLog"])),
    ("POST", "/manager/users/{id}/calls/mailbox", By(&["changeMailbox"])),
    ("POST", "/manager/users/{id}/calls/desk", By(&["changeDesk"])),
    ("GET", "/manager/users/{id}/calls/logout", Nothing(A_QUESTION)),
    ("POST", "/manager/users/{id}/calls/logout", By(&["logOutUser"])),
    ("GET", "/manager/users/{id}/calls/messages/{message}/delete", Nothing(A_QUESTION)),
    ("POST", "/manager/users/{id}/calls/messages/{message}/delete", By(&["deleteMessage"])),
    ("GET", "/manager/users/{id}/calls/clear", Nothing(A_QUESTION)),
    ("POST", "/manager/users/{id}/calls/clear", By(&["clearCallLog"])),
    ("GET", "/manager/users/{id}/delete", Nothing(A_QUESTION)),
    ("POST", "/manager/users/{id}/delete", By(&["deleteUser"])),
    ("GET", "/manager/users/{id}/passwords", By(&["getUserSecret"])),
    ("POST", "/manager/users/{id}/handover", Nothing("a link is handed by one person to another")),
    (
        "POST",
        "/manager/users/{id}/address",
        Nothing("an address counts when somebody has followed a link in a mail to it"),
    ),
    (
        "POST",
        "/manager/users/{id}/secrets/{kind}",
        By(&["setUserSecret", "removeUserSecret", "resetLocks", "forgetUserSecretHistory"]),
    ),
    ("POST", "/manager/users/many", Nothing(A_QUESTION)),
    ("POST", "/manager/users/many/start", Each(&["changeUser", "deleteUser", "resetLocks"])),
    ("GET", "/manager/jobs", Nothing(ONE_BY_ONE)),
    ("GET", "/manager/jobs/{id}", Nothing(ONE_BY_ONE)),
    ("GET", "/manager/jobs/{id}/live", Nothing(OF_BROWSERS)),
    ("GET", "/manager/jobs/{id}/events", Nothing(READ_AGAIN)),
    ("POST", "/manager/jobs/{id}/stop", Nothing(ONE_BY_ONE)),
    ("GET", "/manager/extensions", By(&["listExtensions"])),
    ("GET", "/manager/extensions/new", Nothing(A_QUESTION)),
    ("POST", "/manager/extensions/new", By(&["createExtension"])),
    ("GET", "/manager/extensions/{id}", By(&["getExtension", "getPhonePassword", "listCallsOfExtension"])),
    ("POST", "/manager/extensions/{id}", By(&["changeExtension"])),
    ("GET", "/manager/extensions/{id}/delete", Nothing(A_QUESTION)),
    ("POST", "/manager/extensions/{id}/delete", By(&["deleteExtension"])),
    (
        "POST",
        "/manager/extensions/{id}/secrets/{kind}",
        By(&["setPhonePassword", "removePhonePassword", "resetLocks"]),
    ),
    ("GET", "/manager/extensions/{id}/logout", Nothing(A_QUESTION)),
    ("POST", "/manager/extensions/{id}/logout", By(&["logOutPhones"])),
    ("GET", "/manager/passwords", By(&["getPasswordMap", "getPasswordCensus", "listAccountsByCredentials"])),
    ("GET", "/manager/doctor", By(&["askDoctor"])),
    (
        "POST",
        "/manager/doctor",
        Each(&[
            "resetLocks",
            "setUserSecret",
            "setPhonePassword",
            "changeUser",
            "releaseQuarantine",
            "forgetOldCodes",
        ]),
    ),
    ("GET", "/manager/audit", By(&["listAudit"])),
    ("GET", "/manager/audit/export", By(&["exportAudit"])),
    ("GET", "/manager/audit/{seq}", By(&["getAuditRow"])),
    ("GET", "/manager/settings/administrators", By(&["listServiceUsers"])),
    ("GET", "/manager/administrators/{id}", By(&["getServiceUser", "getServicePassword"])),
    ("GET", "/manager/administrators/new", Nothing(A_QUESTION)),
    ("POST", "/manager/administrators/new", By(&["createServiceUser"])),
    ("POST", "/manager/administrators/{id}", By(&["changeServiceUser"])),
    ("GET", "/manager/administrators/{id}/delete", Nothing(A_QUESTION)),
    ("POST", "/manager/administrators/{id}/delete", By(&["deleteServiceUser"])),
    ("GET", "/manager/settings/groups", By(&["listRightsGroups", "listRights"])),
    ("GET", "/manager/groups/new", Nothing(A_QUESTION)),
    ("POST", "/manager/groups/new", By(&["createRightsGroup"])),
    ("GET", "/manager/groups/{id}", By(&["getRightsGroup"])),
    ("POST", "/manager/groups/{id}", By(&["changeRightsGroup"])),
    ("GET", "/manager/groups/{id}/delete", Nothing(A_QUESTION)),
    ("POST", "/manager/groups/{id}/delete", By(&["deleteRightsGroup"])),
    (
        "POST",
        "/manager/administrators/{id}/secrets/{kind}",
        By(&["setServicePassword", "resetLocks", "forgetServicePasswordHistory"]),
    ),
    (
        "GET",
        "/manager/settings/security",
        By(&["getSecuritySettings", "listPresets", "getPreset", "getLastSecurityChange"]),
    ),
    (
        "POST",
        "/manager/settings/security",
        By(&["applyPreset", "undoLastSecurityChange", "rehearseSecuritySettings"]),
    ),
    ("GET", "/manager/settings/security/{part}", By(&["getSecuritySettings"])),
    (
        "POST",
        "/manager/settings/security/{part}",
        By(&["changeSecuritySettings", "rehearseSecuritySettings"]),
    ),
    ("GET", "/manager/settings/domain", By(&["getDomainSettings"])),
    ("POST", "/manager/settings/domain", By(&["changeDomainSettings"])),
    ("GET", "/manager/settings/domains", By(&["listDomains"])),
    ("GET", "/manager/domains/new", Nothing(A_QUESTION)),
    ("POST", "/manager/domains/new", By(&["createDomain"])),
    ("GET", "/manager/domains/{id}", By(&["getDomain"])),
    ("POST", "/manager/domains/{id}", By(&["changeDomain"])),
    ("GET", "/manager/domains/{id}/delete", Nothing(A_QUESTION)),
    ("POST", "/manager/domains/{id}/delete", By(&["deleteDomain"])),
    ("GET", "/manager/settings/system", By(&["getSystemSettings"])),
    ("POST", "/manager/settings/system", By(&["changeSystemSettings"])),
    ("GET", "/manager/settings/switch", By(&["getSwitch", "getSystemPassword"])),
    ("POST", "/manager/settings/switch", By(&["changeSwitch", "setSystemPassword", "removeSystemPassword"])),
    ("GET", "/manager/settings/short-codes", By(&["getShortCodes"])),
    ("POST", "/manager/settings/short-codes", By(&["changeShortCodes"])),
    ("GET", "/manager/settings/mail", By(&["getMailSettings"])),
    ("POST", "/manager/settings/mail", By(&["changeMailSettings"])),
    ("POST", "/manager/settings/mail/test", By(&["testMail"])),
    ("GET", "/manager/settings/notifications", By(&["listTargets", "getRetention"])),
    ("POST", "/manager/settings/notifications", By(&["changeRetention"])),
    ("GET", "/manager/settings/notifications/{kind}/new", Nothing(A_QUESTION)),
    ("POST", "/manager/settings/notifications/{kind}/new", By(&["createWebhook", "createSyslogReceiver"])),
    ("GET", "/manager/settings/notifications/{kind}/{id}", By(&["getWebhook", "getSyslogReceiver"])),
    ("POST", "/manager/settings/notifications/{kind}/{id}", By(&["changeWebhook", "changeSyslogReceiver"])),
    ("POST", "/manager/settings/notifications/targets/{id}/test", By(&["testTarget"])),
    ("GET", "/manager/settings/notifications/targets/{id}/delete", Nothing(A_QUESTION)),
    ("POST", "/manager/settings/notifications/targets/{id}/delete", By(&["deleteTarget"])),
    ("GET", "/status", By(&["getFigures", "getSignIns", "getPhoneKinds"])),
    ("GET", "/status/events", Nothing(READ_AGAIN)),
    ("GET", "/status/live/{tab}", Nothing(OF_BROWSERS)),
    ("GET", "/status/live/calls", Nothing(OF_BROWSERS)),
    ("GET", "/status/phones", By(&["listPhones", "listLostPhones"])),
    ("GET", "/status/calls", By(&["listCalls"])),
    ("GET", "/status/calls/{id}/end", Nothing(A_QUESTION)),
    ("POST", "/status/calls/{id}/end", By(&["endCall"])),
    ("GET", "/status/blacklists", By(&["listLocks"])),
    ("POST", "/status/blacklists/{slug}", By(&["resetLocks"])),
    ("GET", "/status/alarms", By(&["listAlarms", "getAlarm"])),
    ("POST", "/status/alarms", By(&["acknowledgeAlarm"])),
    ("GET", "/status/quarantine", By(&["listQuarantine"])),
    ("POST", "/status/quarantine", By(&["releaseQuarantine"])),
    ("GET", "/status/old-codes", By(&["listOldCodes"])),
    ("POST", "/status/old-codes", By(&["forgetOldCodes"])),
    ("GET", "/status/sessions", By(&["listSessions"])),
    ("POST", "/status/sessions", By(&["endSession"])),
];

/// Operations that explain the interface itself, tell of a program's own session, or look after others' tokens: no page has
/// the like.
const WITHOUT_PAGE: &[&str] =
    &["getDescription", "listProblems", "getProblem", "getSession", "listTokens", "getToken", "revokeToken"];

/// By its name: its verb and who may.
fn operations() -> BTreeMap<String, (Method, door::Access)> {
    let description: Value = serde_json::from_str(&description::text()).expect("JSON");
    let named = table::table().into_iter().map(|(method, path, access)| {
        let id = &description["paths"][path][method.as_str().to_lowercase()]["operationId"];
        (id.as_str().expect("a name").to_owned(), (method, access))
    });
    named.collect()
}

#[test]
fn whatever_a_page_can_do_an_operation_can_do_for_who_has_the_same_right() {
    let operations = operations();
    let mut used: BTreeSet<&str> = WITHOUT_PAGE.iter().copied().collect();
    // The portal is for people, each of whom changes what is their own there, and so are the ways back in; programs act for
    // administrators.
    let mut pages = routes::table();
    pages.retain(|(_, path, access)| !access.is_of_portal() && !path.starts_with("/recover"));
    for (method, path, access) in &pages {
        let here = format!("{method} {path}");
        let rows: Vec<&Same> = PAGES
            .iter()
            .filter(|(verb, address, _)| verb == method && address == path)
            .map(|(.., same)| same)
            .collect();
        let [same] = *rows else {
            panic!("{here}: {} rows; say which operation does the same, or why none does", rows.len())
        };
        let rights = [false, true].map(|is_within| access.right(is_within));
        let (names, rights): (&[&str], Option<[Option<Right>; 2]>) = match same {
            By(names) if rights[0].is_some() => (names, Some(rights)),
            By(names) | Each(names) => (names, None),
            Nothing(why) => {
                assert!(!why.is_empty(), "{here}");
                continue;
            }
        };
        assert!(!names.is_empty(), "{here}");
        for name in names {
            let (verb, access) = operations.get(*name).unwrap_or_else(|| panic!("{here}: no {name}"));
            let is_as_safe = (*method == Method::GET) == (*verb == Method::GET);
            assert!(is_as_safe, "{here}: {name} is a {verb}");
            if let Some(rights) = rights {
                assert_eq!([false, true].map(|is_within| access.right(is_within)), rights, "{here}: {name}");
            }
            used.insert(name);
        }
    }
    let gone: Vec<&str> = PAGES
        .iter()
        .filter(|(verb, address, _)| !pages.iter().any(|(method, path, _)| method == verb && path == address))
        .map(|(_, address, _)| *address)
        .collect();
    assert_eq!(gone, [""; 0], "there are no such pages");
    let unused: Vec<&String> = operations.keys().filter(|name| !used.contains(name.as_str())).collect();
    assert_eq!(unused, [""; 0], "what page does the same?");
}
