//! Forgotten passwords, from outside: what is said to whoever asks, what is mailed and where its link leads, from where it works,
//! and that nothing that a request says decides any of it. Real readers of mail, and a server that nobody here wrote, are in
//! browser/tests/recovery.spec.ts.

use std::{collections::BTreeSet, time::Duration};

use signin::{admin::By, ident::AccountId, mail::MailSecurity, records::Records as _};

use crate::{
    browser::{Answer, Browser},
    house::{ADMINISTRATOR_PASSWORD, House},
    mail::{Server, by},
    smuggled::payloads::{Chance, payload},
    web_user_calls::user,
};

const PASSWORD: &str = "eight ants went by a river";
const NEW: &str = "nine bees went by a lake";
const ANN: &str = "ann@example.com";

/// An office whose LAN1 is this machine, with mail, and Ann, who has a password and an address.
async fn office() -> (House, Server) {
    let house = House::start().await.ignited().await.with_user("Ann", "201", "472839").await;
    let house = house.with_password("201", PASSWORD).await;
    let server = Server::start(MailSecurity::Starttls, |_| None).await;
    by(&house, MailSecurity::Starttls, &server).await;
    lan1(&house, "127.0.0.0/8").await;
    bind(&house, user(&house, "201"), ANN).await;
    (house, server)
}

async fn lan1(house: &House, network: &str) {
    let mut settings = (*house.system.ledger.settings()).clone();
    settings.lan1 = vec![network.parse().expect("a network")];
    let by = By::console();
    house.system.administer(&by, move |admin, _| admin.save_settings(&settings)).await.expect("saved");
}

/// Binds an address as if its mail had been followed.
async fn bind(house: &House, id: AccountId, to: &str) {
    let to = to.to_owned();
    let console = By::console();
    let bound = house
        .system
        .administer(&console, move |admin, dice| admin.bind_address_of(id, &to, dice))
        .await
        .expect("bound");
    let token = bound.value.expect("a mail").token;
    let secret = signin::link::LinkName::split(token.reveal()).1;
    let account = house.system.ledger.account(id).expect("an account");
    let by = By::link(&account, "127.0.0.1".parse().expect("an address"), "test");
    house.system.administer(&by, move |admin, _| admin.confirm_address(&secret)).await.expect("confirmed");
}

async fn ask(house: &House, to: &str, name: &str, address: &str) -> Answer {
    let mut browser = Browser::at(house.https());
    let fields = [("to", to), ("name", name), ("address", address)];
    browser.fill(&format!("/recover?to={to}"), "/recover", &fields).await
}

/// The mails, when there are so many.
async fn mails(server: &Server, count: usize) -> Vec<String> {
    for _ in 0..400 {
        let mails = server.mails();
        if mails.len() >= count {
            return mails;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{} mails came, not {count}", server.mails().len());
}

/// The text of a mail, with its lines put together that were broken for the way.
fn unfolded(mail: &str) -> String {
    mail.replace("=\r\n", "").replace("=3D", "=")
}

/// Where the link of a mail leads, without the host.
fn link(mail: &str) -> String {
    let text = unfolded(mail);
    let at = text.find("https://").unwrap_or_else(|| panic!("no link: {text}"));
    let link: String = text.chars().skip(at).take_while(|c| !c.is_whitespace() && *c != '"').collect();
    link.split_once("/recover").map(|(_, path)| format!("/recover{path}")).expect("a path")
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_forgot_is_mailed_a_link_chooses_and_is_told_of_it() {
    let (house, server) = office().await;
    let said = ask(&house, "portal", "201", ANN).await;
    assert_eq!(said.status, 200);
    assert!(said.body.contains("a mail with the subject “Find Password” is on its way"), "{}", said.body);
    let mail = mails(&server, 1).await.remove(0);
    for part in [
        "Subject: Find Password\r\n",
        "To: ann@example.com\r\n",
        "Content-Type: multipart/alternative;",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Type: text/html; charset=utf-8",
    ] {
        assert!(mail.contains(part), "{part}: {mail}");
    }
    let text = unfolded(&mail);
    assert!(text.contains("Ann, somebody asked for a new password for your account"), "{text}");
    assert!(text.contains("within 30 minutes"), "{text}");
    let (mut browser, mut again) = (Browser::at(house.https()), Browser::at(house.https()));
    for _ in 0..2 {
        // A program that looks at mail opens links as well.
        assert_eq!(again.get(&link(&mail)).await.header("location"), "/recover/new");
        assert!(again.get("/recover/new").await.body.contains("For Ann."));
    }
    let to = browser.get(&link(&mail)).await;
    assert_eq!(to.header("location"), "/recover/new");
    let page = browser.get("/recover/new").await;
    assert!(page.body.contains("At least 8 characters"), "the rules: {}", page.body);
    let secret = link(&mail).rsplit_once('-').expect("a secret").1.to_owned();
    assert!(!page.body.contains(&secret), "no page holds it");
    for (new, repeated, says) in [("short", "short", "at least 8"), (NEW, "another", "not the same")] {
        let fields = [("password", new), ("password_again", repeated)];
        let answer = browser.fill("/recover/new", "/recover/new", &fields).await;
        assert_eq!(answer.status, 422);
        assert!(answer.body.contains(says), "{}", answer.body);
    }
    let done =
        browser.fill("/recover/new", "/recover/new", &[("password", NEW), ("password_again", NEW)]).await;
    assert!(done.body.contains("Your new password is saved"), "{}", done.body);
    assert_eq!(Browser::at(house.https()).enter_portal("201", NEW).await.status, 303);
    assert_eq!(Browser::at(house.https()).enter_portal("201", PASSWORD).await.status, 401);
    let fields = [("password", "something else"), ("password_again", "something else")];
    let token = again.get("/recover?to=portal").await.token();
    let late = again.post("/recover/new", &token, &fields).await;
    assert_eq!(late.status, 404, "it works once");
    assert!(late.body.contains("This link leads nowhere"), "{}", late.body);
    let word = unfolded(&mails(&server, 2).await[1]);
    assert!(word.contains("Subject: Your password was changed") && !word.contains("https://"), "{word}");
    // The audit knows who asked, that it was looked at, and what came of it; and no secret.
    let rows = house.audit().await;
    for told in [
        "Password forgotten: 201",
        "Confirm password: recovery link of Ann",
        "Recovered: Ann",
        "Secret set: Ann",
    ] {
        assert!(rows.iter().any(|row| row.contains(told)), "{told}: {rows:#?}");
    }
    assert!(rows.iter().all(|row| !row.contains(&secret) && !row.contains(NEW)));
}

/// What a stranger can see of an answer, without what differs by chance.
fn seen(answer: &Answer) -> (u16, BTreeSet<String>, String) {
    let is_fixed = |line: &&String| !line.to_ascii_lowercase().starts_with("date");
    let headers = answer.headers.iter().filter(is_fixed).map(|line| {
        line.split_once("__Host-form=").map_or_else(|| line.clone(), |(before, _)| before.to_owned())
    });
    (answer.status, headers.collect(), answer.body.replace(&answer.token(), "TOKEN"))
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_is_told_the_same_whatever_they_typed() {
    let (house, server) = office().await;
    let right = seen(&ask(&house, "portal", "201", ANN).await);
    for (name, address) in [
        ("201", ANN),
        ("Ann", ANN),
        ("Ann", "eve@example.com"),
        ("Nobody", ANN),
        ("299", "x@example.com"),
        ("", ""),
        ("Ann", "no address"),
        (&*"x".repeat(5000), &*"y".repeat(5000)),
    ] {
        assert_eq!(seen(&ask(&house, "portal", name, address).await), right, "{name:.20} {address:.20}");
    }
    mails(&server, 1).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(server.mails().len(), 1, "once an hour");
    house.pass(3601);
    ask(&house, "portal", "201", ANN).await;
    mails(&server, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_mails_an_hour_go_to_one_address_whosever_they_are() {
    let (house, server) = office().await;
    let mut house = house;
    for number in ["202", "203", "204", "205", "206"] {
        house = house
            .with_user(&format!("Twin {number}"), number, "583920")
            .await
            .with_password(number, PASSWORD)
            .await;
        bind(&house, user(&house, number), ANN).await;
    }
    for number in ["201", "202", "203", "204", "205", "206"] {
        ask(&house, "portal", number, ANN).await;
    }
    mails(&server, 3).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(server.mails().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_followed_from_lan1_alone_whatever_a_request_says_of_itself() {
    let (house, server) = office().await;
    ask(&house, "portal", "201", ANN).await;
    let mail = mails(&server, 1).await.remove(0);
    lan1(&house, "192.0.2.0/24").await;
    let headers = [
        "X-Forwarded-For: 192.0.2.1",
        "X-Forwarded-For: 192.0.2.1, 127.0.0.1",
        "X-Forwarded-For: 127.0.0.1, 192.0.2.1",
        "x-forwarded-for: 192.0.2.1",
        "X-Forwarded-For:192.0.2.1",
        "X-Forwarded-For: \"192.0.2.1\"",
        "X-Forwarded-For: 192.0.2.1:443",
        "X-Forwarded-For: ::ffff:192.0.2.1",
        "X-Real-IP: 192.0.2.1",
        "X-Client-IP: 192.0.2.1",
        "X-Cluster-Client-IP: 192.0.2.1",
        "Client-IP: 192.0.2.1",
        "True-Client-IP: 192.0.2.1",
        "CF-Connecting-IP: 192.0.2.1",
        "Fastly-Client-IP: 192.0.2.1",
        "X-Azure-ClientIP: 192.0.2.1",
        "X-Azure-SocketIP: 192.0.2.1",
        "X-Appengine-User-IP: 192.0.2.1",
        "X-Envoy-External-Address: 192.0.2.1",
        "X-Original-Forwarded-For: 192.0.2.1",
        "X-Originating-IP: 192.0.2.1",
        "X-Remote-IP: 192.0.2.1",
        "X-Remote-Addr: 192.0.2.1",
        "Remote-Addr: 192.0.2.1",
        "X-ProxyUser-Ip: 192.0.2.1",
        "X-Forwarded: for=192.0.2.1",
        "Forwarded: for=192.0.2.1",
        "Forwarded: for=192.0.2.1;proto=https;by=192.0.2.2",
        "Forwarded: for=\"192.0.2.1:80\", for=127.0.0.1",
        "Forwarded-For: 192.0.2.1",
        "Via: 1.1 192.0.2.1",
        "X-Host: 192.0.2.1",
        "X-Forwarded-Host: 192.0.2.1",
        "X-Forwarded-Server: 192.0.2.1",
        "Origin: https://192.0.2.1",
        "Referer: https://192.0.2.1/",
        "From: 192.0.2.1",
        "Proxy-Client-IP: 192.0.2.1",
        "WL-Proxy-Client-IP: 192.0.2.1",
        "X-Custom-IP-Authorization: 192.0.2.1",
        "X-Forwarded-For: 192.0.2.1\r\nX-Real-IP: 192.0.2.1\r\nForwarded: for=192.0.2.1",
    ];
    assert!(headers.len() >= 40);
    for header in headers {
        let mut browser = Browser::at(house.https());
        browser.get(&link(&mail)).await;
        let answer = browser.send(&format!("GET /recover/new HTTP/1.1\r\n{header}\r\n"), "").await;
        assert_eq!(answer.status, 404, "{header}");
        assert!(answer.body.contains("It also works from the local network"), "{header}: {}", answer.body);
        let token = browser.get("/recover?to=portal").await.token();
        let body = format!("csrf={token}&password=nine+bees+went+by&password_again=nine+bees+went+by");
        let host = house.https();
        browser.get(&link(&mail)).await;
        let head = format!(
            "POST /recover/new HTTP/1.1\r\n{header}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Sec-Fetch-Site: same-origin\r\nContent-Length: {}\r\n",
            body.len()
        );
        let answer = browser.send(&head, &body).await;
        assert!([403, 404, 303].contains(&answer.status), "{header} at {host}: {}", answer.status);
        assert!(!answer.body.contains("is saved"), "{header}");
    }
    // A host name says nothing of where somebody is.
    let mut browser = Browser::at(house.https()).asking_for("192.0.2.1");
    browser.get(&link(&mail)).await;
    assert_eq!(browser.get("/recover/new").await.status, 404);
    assert_eq!(
        Browser::at(house.https()).enter_portal("201", PASSWORD).await.status,
        303,
        "nothing was changed"
    );
    lan1(&house, "127.0.0.0/8").await;
    let mut browser = Browser::at(house.https());
    browser.get(&link(&mail)).await;
    assert_eq!(browser.get("/recover/new").await.status, 200, "none of that used the link up");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_decides_where_a_link_leads_or_what_a_mail_holds() {
    let (house, server) = office().await;
    let mut chance = Chance::new(6);
    let mut asked = 0;
    let fixed = [
        "evil.example",
        "127.0.0.1:1",
        "evil.example:443",
        "127.0.0.1@evil.example",
        "[::1]",
        "office.example",
    ];
    let hosts =
        (0..260).map(|n| fixed.get(n).map_or_else(|| format!("evil{n}.example"), |host| (*host).to_owned()));
    for host in hosts {
        let mut browser = Browser::at(house.https()).asking_for(&host);
        let page = browser.get("/recover?to=portal").await;
        let fields = [("to", "portal"), ("name", "201"), ("address", ANN)];
        browser.post("/recover", &page.token(), &fields).await;
        asked += 1;
    }
    for n in 0..240 {
        let evil = String::from_utf8_lossy(&payload(n, &mut chance)).into_owned();
        let (name, address) = if n % 2 == 0 { ("201".to_owned(), evil) } else { (evil, ANN.to_owned()) };
        let fields = [("to", "portal"), ("name", &*name), ("address", &*address)];
        let mut browser = Browser::at(house.https());
        let page = browser.get("/recover?to=portal").await;
        browser.post("/recover", &page.token(), &fields).await;
        asked += 1;
    }
    assert_eq!(asked, 500);
    mails(&server, 1).await;
    house.pass(3601);
    ask(&house, "portal", "201", ANN).await;
    let mails = mails(&server, 2).await;
    assert_eq!(mails.len(), 2, "those that were meant");
    for mail in mails {
        let text = unfolded(&mail);
        assert!(!text.contains("evil") && !text.contains("Bcc"), "{text}");
        let port = house.https().port();
        for link in text.split("https://").skip(1) {
            let host = link.split("/recover/").next().unwrap_or_default();
            assert!(host.ends_with(&format!(":{port}")) && !host.contains("example"), "{host}");
        }
    }
    // An address that was set goes before all.
    let by = By::console();
    let set = house.system.administer(&by, |admin, _| {
        let reporting = admin.records.reporting();
        let mail = &reporting.mail;
        let edit = signin::admin::EditMail {
            version: reporting.version,
            sender: mail.sender.as_ref().map_or_else(String::new, ToString::to_string),
            server: mail.server.to_string(),
            port: mail.port,
            security: mail.security,
            roots: mail.roots.to_string(),
            user: mail.user.to_string(),
            password: signin::admin::SecretChoice::Keep,
            web_address: "https://pbx.example.com/".into(),
        };
        admin.save_mail(&edit)
    });
    set.await.expect("saved");
    house.pass(3601);
    ask(&house, "portal", "201", ANN).await;
    let mail = unfolded(&self::mails(&server, 3).await[2]);
    assert!(mail.contains("https://pbx.example.com/recover/r"), "{mail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_bound_in_the_portal_and_in_the_manager_and_its_mail_is_followed() {
    let (house, server) = office().await;
    let mut portal = Browser::at(house.https());
    portal.enter_portal("201", PASSWORD).await;
    for (present, address, says) in [
        ("wrong", "new@example.com", "This is not your present password."),
        (PASSWORD, "no address", "One address, such as ann@example.com."),
    ] {
        let fields = [("current", present), ("address", address)];
        let answer = portal.fill("/portal/address", "/portal/address", &fields).await;
        assert_eq!(answer.status, 422);
        assert!(answer.body.contains(says), "{}", answer.body);
    }
    let fields = [("current", PASSWORD), ("address", "new@example.com")];
    assert_eq!(portal.fill("/portal/address", "/portal/address", &fields).await.status, 303);
    let page = portal.get("/portal/address").await;
    assert!(
        page.body.contains("A mail was sent to new@example.com") && page.body.contains(ANN),
        "{}",
        page.body
    );
    let mail = mails(&server, 1).await.remove(0);
    assert!(mail.contains("To: new@example.com"), "{mail}");
    let mut reader = Browser::at(house.https());
    assert_eq!(reader.get(&link(&mail)).await.header("location"), "/recover/address");
    let page = reader.get("/recover/address").await;
    assert!(page.body.contains("Ann, mail has arrived at new@example.com."), "{}", page.body);
    assert!(portal.get("/portal/address").await.body.contains("A mail was sent"), "looking confirms nothing");
    let done = reader.post("/recover/address", &page.token(), &[]).await;
    assert!(done.body.contains("Your address is confirmed"), "{}", done.body);
    let page = portal.get("/portal/address").await;
    assert!(page.body.contains("new@example.com") && !page.body.contains(ANN), "{}", page.body);
    let word = mails(&server, 2).await.remove(1);
    assert!(
        word.contains("To: ann@example.com") && word.contains("Subject: Your address was changed"),
        "{word}"
    );
    // The same for whoever administers.
    let mut manager = Browser::at(house.https());
    manager.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
    assert!(manager.get("/manager").await.body.contains("No address is bound to your account"));
    let fields = [("address_current", ADMINISTRATOR_PASSWORD), ("address", "boss@example.com")];
    let answer = manager.fill("/manager/preferences", "/manager/preferences/address", &fields).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    assert!(manager.get("/manager/preferences").await.body.contains("boss@example.com is not confirmed yet"));
    let mail = mails(&server, 3).await.remove(2);
    let mut reader = Browser::at(house.https());
    reader.get(&link(&mail)).await;
    let token = reader.get("/recover/address").await.token();
    reader.post("/recover/address", &token, &[]).await;
    assert!(!manager.get("/manager").await.body.contains("No address is bound"));
    ask(&house, "manager", "Administrator", "boss@example.com").await;
    let mail = mails(&server, 4).await.remove(3);
    assert!(mail.contains("Subject: Find Password") && mail.contains("To: boss@example.com"), "{mail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_mail_goes_out_the_page_says_whom_to_ask_and_the_manager_warns() {
    let house = House::start().await.ignited().await.with_user("Ann", "201", "472839").await;
    let mut browser = Browser::at(house.https());
    let page = browser.get("/recover?to=portal").await;
    assert!(
        page.body.contains("are not set up here") && page.body.contains("Ask whoever administers"),
        "{}",
        page.body
    );
    assert!(!page.body.contains("<form"), "{}", page.body);
    let page = browser.get("/recover?to=manager").await;
    assert!(page.body.contains("hookswitch recover"), "{}", page.body);
    let german = Browser::at(house.https()).reading("de").get("/recover?to=portal").await;
    assert!(german.body.contains("sind hier nicht eingerichtet"), "{}", german.body);
    browser.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
    assert!(browser.get("/manager").await.body.contains("Recovery by mail is not set up"));
    let server = Server::start(MailSecurity::Starttls, |_| None).await;
    by(&house, MailSecurity::Starttls, &server).await;
    let page = browser.get("/manager").await;
    assert!(page.body.contains("Links to a new password work from nowhere"), "{}", page.body);
    lan1(&house, "127.0.0.0/8").await;
    let page = browser.get("/manager").await;
    assert!(
        !page.body.contains("work from nowhere") && !page.body.contains("is not set up"),
        "{}",
        page.body
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_is_in_the_language_of_whoever_gets_it() {
    let (house, server) = office().await;
    let ann = house.system.ledger.account(user(&house, "201")).expect("Ann");
    let session = signin::session::SessionId::of("hers");
    let by = By::in_portal(&ann, session, "127.0.0.1".parse().expect("an address"), "test");
    house.system.administer(&by, |admin, _| admin.choose_language(Some("de"))).await.expect("chosen");
    ask(&house, "portal", "201", ANN).await;
    let mail = unfolded(&mails(&server, 1).await.remove(0));
    assert!(mail.contains("Der Link wirkt einmal, innerhalb von 30 Minuten."), "{mail}");
    assert!(mail.contains("<html lang=\"de\">"), "{mail}");
}
