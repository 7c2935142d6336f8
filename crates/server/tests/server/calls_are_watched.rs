//! Calls that go on, as administrators see and end them: on the pages, by the management interface, and each in their domain.

use serde_json::json;
use signin::{
    admin::{By, SecretChoice},
    credential::{CredentialKind, Owner},
    ident::ExtensionId,
    registration::Transport,
    rights::Right,
    secret::Secret,
};

use crate::{
    access::somebody,
    browser::{Answer, Browser},
    domains::{HOST, Houses, STRANGERS_NUMBER},
    house::{ADMINISTRATOR_PASSWORD, House},
    phones_call::{CODE_201, office, talk, two_phones},
    program::Program,
    talker::Talker,
};

const PATH: &str = "/status/calls";
const DOOR_PASSWORD: &str = "a door phone of 7";

async fn administrator(house: &House) -> Browser {
    let mut browser = Browser::at(house.https());
    assert_eq!(browser.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await.status, 303);
    browser
}

async fn program(house: &House) -> Program {
    let mut program = Program::at(house.https());
    assert_eq!(program.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await.status, 201);
    program
}

/// Where the first call of a page is ended.
fn end_of(page: &Answer) -> String {
    let link = page.body.split("href=\"").find(|link| link.starts_with(PATH) && link.contains("/end\""));
    let link = link.and_then(|link| link.split('"').next());
    link.unwrap_or_else(|| panic!("no way to end a call: {}", page.body)).to_owned()
}

async fn confirm(browser: &mut Browser, question: &str) -> Answer {
    let asked = browser.get(question).await;
    assert_eq!(asked.status, 200, "{}", asked.body);
    browser.post(question, &asked.token(), &[("started", &asked.field("started"))]).await
}

/// Both phones of a call are told that it is over.
async fn both_hang_up(one: &mut Talker, other: &mut Talker) {
    for phone in [one, other] {
        let bye = phone.hears("BYE").await;
        phone.answers(&bye, "200 OK").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_shows_who_talks_to_whom_and_ends_it() {
    let house = office().await;
    let mut browser = administrator(&house).await;
    let empty = browser.get(PATH).await;
    assert!(empty.body.contains("Nobody calls") && empty.body.contains("data-live-every=\"3000\""));
    let (mut ann, mut bob) = two_phones(&house).await;
    talk(&mut ann, &mut bob).await;
    house.pass(67);
    let page = browser.get(PATH).await;
    for what in ["201", "Ann", "202", "Bob", "Talks", "data-count=\"67\">1:07<", "1 call,"] {
        assert!(page.body.contains(what), "{what}: {}", page.body);
    }
    assert!(!page.body.contains("talk-") && !page.body.contains("Somebody"), "what phones say is not shown");
    assert!(browser.get("/status/live/calls").await.body.contains("Talks"));
    assert!(browser.get("/status").await.body.contains("Calls <span class=\"count\">1</span>"));
    let question = browser.get(&end_of(&page)).await;
    assert!(question.body.contains("End the call of 201 to 202?"), "{}", question.body);
    assert!(question.body.contains("202, Bob") && question.body.contains("for 1:07"), "{}", question.body);
    ann.hears_nothing().await;
    let ended = confirm(&mut browser, &end_of(&page)).await;
    assert_eq!((ended.status, ended.header("location")), (303, PATH));
    both_hang_up(&mut ann, &mut bob).await;
    let after = browser.get(PATH).await;
    assert!(
        after.body.contains("The call is ended") && after.body.contains("Nobody calls"),
        "{}",
        after.body
    );
    assert!(house.audit().await.contains(&"Call ended: 201 to 202".into()));
    let audit = browser.get("/manager/audit?what=phones&q=201").await;
    assert!(audit.body.contains("Call ended"), "{}", audit.body);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_rings_is_ended_too() {
    let house = office().await;
    let mut browser = administrator(&house).await;
    let (mut ann, mut bob) = two_phones(&house).await;
    let invite = ann.invites("202").await;
    let at_bob = bob.hears("INVITE").await;
    bob.answers(&at_bob, "180 Ringing").await;
    ann.hears("180").await;
    let page = browser.get(PATH).await;
    assert!(page.body.contains("Rings") && page.body.contains("Bob"), "{}", page.body);
    assert_eq!(confirm(&mut browser, &end_of(&page)).await.status, 303);
    let cancel = bob.hears("CANCEL").await;
    bob.answers(&cancel, "200 OK").await;
    bob.answers(&at_bob, "487 Request Terminated").await;
    bob.hears("ACK").await;
    let refusal = ann.hears("487").await;
    ann.acknowledge_refusal(&invite, &refusal).await;
    assert!(house.system.calls.going_on().is_empty());
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_too_late_is_told_that_it_is_over_and_ends_no_other_call() {
    let house = office().await;
    let mut browser = administrator(&house).await;
    let (mut ann, mut bob) = two_phones(&house).await;
    let (mut at_ann, _) = talk(&mut ann, &mut bob).await;
    let question = end_of(&browser.get(PATH).await);
    let asked = browser.get(&question).await;
    // Asked about a call that began at another time: the program was started anew meanwhile.
    let other = browser.post(&question, &asked.token(), &[("started", "1")]).await;
    assert_eq!(other.status, 303);
    assert!(browser.get(PATH).await.body.contains("The call is over"));
    bob.hears_nothing().await;
    let bye = ann.within(&mut at_ann, "BYE");
    ann.say(&bye).await;
    let at_bob = bob.hears("BYE").await;
    bob.answers(&at_bob, "200 OK").await;
    ann.hears("200").await;
    let late = browser.post(&question, &asked.token(), &[("started", &asked.field("started"))]).await;
    assert_eq!((late.status, late.header("location")), (303, PATH));
    assert!(browser.get(PATH).await.body.contains("The call is over"));
    let late = browser.get(&question).await;
    assert_eq!((late.status, late.header("location")), (303, PATH));
    assert!(!house.audit().await.iter().any(|row| row.starts_with("Call ended")));
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_only_look_ends_nothing() {
    let house = office().await;
    let (mut ann, mut bob) = two_phones(&house).await;
    talk(&mut ann, &mut bob).await;
    let mut administrator = administrator(&house).await;
    let question = end_of(&administrator.get(PATH).await);
    let mut eve = somebody(&house, "eve", &[Right::StatusRead], false).await;
    let page = eve.get(PATH).await;
    assert!(page.body.contains("Talks") && !page.body.contains("/end\""), "{}", page.body);
    assert_eq!(eve.get(&question).await.status, 403);
    let token = eve.get("/manager/preferences").await.token();
    assert_eq!(eve.post(&question, &token, &[]).await.status, 403);
    bob.hears_nothing().await;
    assert_eq!(house.system.calls.going_on().len(), 1);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_see_and_end_calls() {
    let house = office().await;
    let program = program(&house).await;
    assert_eq!(program.get("/calls").await.json(), json!({"items": [], "total": 0}));
    let (mut ann, mut bob) = two_phones(&house).await;
    talk(&mut ann, &mut bob).await;
    let listed = program.get("/calls?domain=1").await.json();
    let call = &listed["items"][0];
    assert_eq!((&listed["total"], &call["state"]), (&json!(1), &json!("talks")), "{listed}");
    assert_eq!((&call["caller"]["number"], &call["caller"]["user"]["name"]), (&json!("201"), &json!("Ann")));
    assert_eq!(
        (&call["dialled"]["number"], &call["dialled"]["user"]["name"]),
        (&json!("202"), &json!("Bob"))
    );
    assert_eq!(call["answered_by"]["extension"]["number"], "202");
    assert_eq!(call["is_answered_here"], false);
    assert!(call["answered_at"].is_string() && call["started_at"].is_string(), "{call}");
    for (query, total) in [("?domain=2", 0), ("?limit=1", 1), ("?offset=1", 1)] {
        assert_eq!(program.get(&format!("/calls{query}")).await.json()["total"], total, "{query}");
    }
    assert_eq!(program.get("/calls?offset=1").await.json()["items"], json!([]));
    let of = |extension: &serde_json::Value| format!("/extensions/{}/calls", extension["id"]);
    for side in ["caller", "dialled"] {
        assert_eq!(program.get(&of(&call[side]["extension"])).await.json()["total"], 1, "{side}");
    }
    let path = format!("/calls/{}", call["number"]);
    assert_eq!(program.delete(&path, "*").await.status, 204);
    both_hang_up(&mut ann, &mut bob).await;
    let again = program.delete(&path, "*").await;
    assert_eq!((again.status, again.problem()), (404, "not-found".into()));
    assert_eq!(program.get("/calls").await.json()["total"], 0);
    assert_eq!(house.audit().await.iter().filter(|row| *row == "Call ended: 201 to 202").count(), 1);
    house.stop().await;
}

async fn door_phone(house: &House, extension: ExtensionId) {
    let choice = SecretChoice::Set(Secret::new(DOOR_PASSWORD));
    let owner = Owner::Extension(extension);
    let console = By::console();
    let set = house.system.administer(&console, move |admin, dice| {
        admin.set_secret(owner, CredentialKind::PhonePassword, &choice, false, dice)
    });
    set.await.expect("set");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_administers_a_domain_sees_and_ends_its_calls_and_no_others() {
    let houses = Houses::furnished().await;
    let house = &houses.house;
    door_phone(house, houses.own.alone).await;
    door_phone(house, houses.theirs.alone).await;
    let registered = async |host: &str, number: &str, code: &str| {
        Talker::registered_at(house, host, Transport::Udp, number, code).await
    };
    let mut bea = registered(HOST, "201", "730194").await;
    let mut door = registered(HOST, "300", DOOR_PASSWORD).await;
    let mut xenia = registered("127.0.0.1", STRANGERS_NUMBER, "730194").await;
    let mut gate = registered("127.0.0.1", "2018888", DOOR_PASSWORD).await;
    talk(&mut xenia, &mut gate).await;
    talk(&mut bea, &mut door).await;
    // Whoever runs the installation sees both, or those of one.
    let mut administrator = administrator(house).await;
    let all = administrator.get(PATH).await;
    assert!(all.body.contains(STRANGERS_NUMBER) && all.body.contains("300 (second.example)"), "{}", all.body);
    let theirs = administrator.get(&format!("{PATH}?domain=1")).await;
    assert!(theirs.body.contains(STRANGERS_NUMBER) && !theirs.body.contains("300 ("), "{}", theirs.body);
    // The others have no status of the installation, and of the calls those of their domain, whatever they ask for.
    let mut olga = houses.olga().await;
    for closed in
        ["/status", "/status/phones", "/status/live/phones", "/status/live/overview", "/status/events"]
    {
        assert_eq!(olga.get(closed).await.status, 403, "{closed}");
    }
    for path in
        [PATH, "/status/live/calls", "/status/calls?domain=1", "/status/live/calls?domain=1", "/manager"]
    {
        let shown = olga.get(path).await;
        assert_eq!(shown.status, 200, "{path}");
        assert!(
            !shown.body.contains(STRANGERS_NUMBER) && !shown.body.contains("2018888"),
            "{path}: {}",
            shown.body
        );
        assert!(!shown.body.contains("/status/phones") && !shown.body.contains("/status/events"), "{path}");
        if path == "/manager" {
            assert!(shown.body.contains("href=\"/status/calls\"") && !shown.body.contains("locks in force"));
        } else {
            assert!(shown.body.contains("Talks") && shown.body.contains("Bea"), "{path}: {}", shown.body);
        }
    }
    let mut looker = houses.looker().await;
    let shown = looker.get(PATH).await;
    assert!(shown.body.contains("Talks") && !shown.body.contains("/end\""), "{}", shown.body);
    assert!(!shown.body.contains(STRANGERS_NUMBER), "{}", shown.body);
    let page = format!("/manager/extensions/{}", houses.own.alone);
    let shown = olga.get(&page).await;
    assert!(shown.body.contains("Calls of this extension"), "{}", shown.body);
    let program = houses.olgas_program().await;
    for query in ["", "?domain=1"] {
        let own = program.get(&format!("/calls{query}")).await.json();
        assert_eq!(
            (&own["total"], &own["items"][0]["caller"]["user"]["name"]),
            (&json!(1), &json!("Bea")),
            "{own}"
        );
    }
    let own = program.get(&format!("/extensions/{}/calls", houses.own.line)).await;
    assert_eq!(own.json()["items"][0]["caller"]["user"]["name"], "Bea", "{own:?}");
    let foreign = program.get(&format!("/extensions/{}/calls", houses.theirs.line)).await;
    assert_eq!(foreign.status, 404);
    // Another's call, and one that never was, in the same words.
    let number = house.system.calls.going_on()[0].number;
    let (theirs, nobodys) =
        (program.delete(&format!("/calls/{number}"), "*").await, program.delete("/calls/999999", "*").await);
    assert_eq!((theirs.status, &theirs.body), (404, &nobodys.body));
    let foreign = olga.get(&format!("{PATH}/{number}/end")).await;
    assert_eq!((foreign.status, foreign.header("location")), (303, PATH));
    let token = olga.get("/manager/preferences").await.token();
    let started = house.system.calls.going_on()[0].started_at.0.to_string();
    let tried = olga.post(&format!("{PATH}/{number}/end"), &token, &[("started", &started)]).await;
    assert_eq!((tried.status, tried.header("location")), (303, PATH));
    gate.hears_nothing().await;
    let listed = olga.get(PATH).await;
    let ended = confirm(&mut olga, &end_of(&listed)).await;
    assert_eq!((ended.status, ended.header("location")), (303, PATH));
    assert!(olga.get(PATH).await.body.contains("Nobody calls"));
    both_hang_up(&mut bea, &mut door).await;
    xenia.hears_nothing().await;
    assert_eq!(house.system.calls.going_on().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_text_wherever_they_come_from() {
    let house = office().await.with_user("<b>Dora", "204", "805142").await;
    let mut browser = administrator(&house).await;
    let mut dora = Talker::registered(&house, Transport::Udp, "204", "805142").await;
    let mut ann = Talker::registered(&house, Transport::Udp, "201", CODE_201).await;
    talk(&mut dora, &mut ann).await;
    let page = browser.get(PATH).await;
    let question = browser.get(&end_of(&page)).await;
    for page in [page, question] {
        assert!(page.body.contains("&#60;b&#62;Dora") && !page.body.contains("<b>Dora"), "{}", page.body);
    }
    house.stop().await;
}
