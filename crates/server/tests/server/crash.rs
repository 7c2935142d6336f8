//! Killed without warning, again and again, while changes stream in: what was acknowledged is there.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use server::local::{
    link::Link,
    protocol::{AuditVerdict, Choice, IgnitionAnswers, NewUserAnswers, Part, Request, SecretText},
};
use signin::secret::Secret;
use tokio::time::{Instant, sleep};

const ROUNDS: u64 = 50;
/// Waiting longer than this for a start is a hang, whatever else the machine is doing.
const HANG: Duration = Duration::from_secs(30);

/// A server in a process of its own.
struct Program(Child);

impl Program {
    async fn start(folder: &Path) -> (Self, Link, Duration) {
        let config = folder.join("hookswitch.toml");
        let data = folder.join("data");
        let free =
            ["http", "https", "metrics"].map(|door| format!("[{door}]\nlisten = \"127.0.0.1:0\"\n")).concat();
        let sip = "[sip]\nudp = \"127.0.0.1:0\"\ntcp = \"127.0.0.1:0\"\ntls = \"127.0.0.1:0\"\n";
        fs::write(&config, format!("data_folder = {data:?}\n{free}{sip}")).expect("written");
        let began = Instant::now();
        let child = Command::new(env!("CARGO_BIN_EXE_hookswitch"))
            .arg("--config")
            .arg(&config)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("started");
        let program = Self(child);
        loop {
            if let Ok(Some(link)) = Link::to_server(&data).await {
                return (program, link, began.elapsed());
            }
            assert!(began.elapsed() < HANG, "it does not start");
            sleep(Duration::from_millis(5)).await;
        }
    }

    fn kill(&mut self) {
        self.0.kill().expect("killed");
        self.0.wait().expect("gone");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Already gone, or to go now.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn new_user(name: String, number: u64) -> Request {
    Request::AddUser(NewUserAnswers {
        name,
        full_name: String::new(),
        extension: number.to_string(),
        login_code: Choice::Set(SecretText(Secret::new("472839"))),
        user_password: Choice::Keep,
        phone_password: Choice::Keep,
    })
}

async fn names(link: &mut Link) -> Vec<(String, Option<String>)> {
    let mut users = Vec::new();
    let done = link.ask(&Request::Users, |part| {
        if let Part::Users(page) = part {
            users.extend(page.into_iter().map(|user| (user.name, user.extension)));
        }
    });
    done.await.expect("told");
    users
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_kills_under_a_stream_of_changes_lose_nothing_that_was_acknowledged() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut program, mut link, _) = Program::start(folder.path()).await;
    let secret = |text: &str| SecretText(Secret::new(text));
    let ignition = IgnitionAnswers {
        system_name: "Crash".into(),
        administrator_password: secret("correct horse battery staple"),
        business_partner_password: None,
        lan1: Vec::new(),
        lan2: Vec::new(),
        realm: String::new(),
        hosts: Vec::new(),
    };
    link.ask(&Request::Ignite(Box::new(ignition)), |_| {}).await.expect("ignited");
    let mut acknowledged: Vec<String> = Vec::new();
    let (mut next, mut slowest) = (0_u64, Duration::ZERO);
    for round in 0..ROUNDS {
        // Anywhere from the first change to the middle of a burst; the same moments in every run.
        let patience = Duration::from_micros(500 + round * 7919 % 150_000);
        let changes = async {
            loop {
                next += 1;
                let name = format!("user-{next}");
                match link.ask(&new_user(name.clone(), 10_000 + next), |_| {}).await {
                    Ok(_) => acknowledged.push(name),
                    Err(_) => return,
                }
            }
        };
        // What is dropped here in the middle may be there or not; what was answered must be.
        let _ = tokio::time::timeout(patience, changes).await;
        program.kill();
        let ready;
        (program, link, ready) = Program::start(folder.path()).await;
        slowest = slowest.max(ready);
        let users = names(&mut link).await;
        for (name, extension) in &users {
            let number =
                name.strip_prefix("user-").and_then(|number| number.parse::<u64>().ok()).expect("ours");
            assert_eq!(extension.as_deref(), Some(&*(10_000 + number).to_string()), "half a change");
        }
        let lost: Vec<_> =
            acknowledged.iter().filter(|name| !users.iter().any(|(known, _)| known == *name)).collect();
        assert!(lost.is_empty(), "round {round}: {lost:?}");
    }
    assert!(acknowledged.len() > 50, "too few changes to say anything: {}", acknowledged.len());
    let mut is_whole = false;
    let verified = link.ask(&Request::VerifyAudit, |part| {
        if let Part::Verified(verdict) = part {
            is_whole = matches!(verdict, AuditVerdict::Whole { .. });
        }
    });
    verified.await.expect("verified");
    assert!(is_whole, "the audit's chain");
    println!("{ROUNDS} kills, {} changes acknowledged, slowest start {slowest:?}", acknowledged.len());
    program.kill();
}
