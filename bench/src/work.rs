//! The work of a registration without the sockets: the product's own code, called as its threads for datagrams call it. How
//! many instructions that takes is the same on every machine and at every hour, so it can be watched change by change.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, bail};
use clap::Args;
use memchr::memmem;
use server::{
    clock::Clock,
    config::Loaded,
    interfaces::sip::{Answerer, Received, Said, SipInterface},
    system::System,
};
use signin::{
    admin::{Admin, By, Ignition, NewUser, SecretChoice},
    ident::DomainId,
    registration::Transport,
    secret::Secret,
    timestamp::Timestamp,
};

use store::AHEAD;

use crate::figures;
use crate::phone::{Phones, number, password};
use crate::shape::REALM;

/// What to do.
#[derive(Args)]
pub(crate) struct Plan {
    /// Extensions, each with one phone
    #[arg(long, default_value_t = 2048)]
    phones: u32,
    /// Times that each phone registers, and refreshes
    #[arg(long, default_value_t = 4)]
    rounds: u32,
}

/// Messages written before, and answered in one go.
const BATCH: usize = 64;
/// Users that are made by one commit.
const USERS: u32 = 512;

/// Answers a batch of requests that came from one place at one moment.
type AnswerAll = fn(&SipInterface, &mut Answerer, &[Vec<u8>], &mut [Vec<u8>], SocketAddr, Timestamp);

/// Requests and what was said to them.
struct Bench {
    phones: Phones,
    sip: Arc<SipInterface>,
    answerer: Answerer,
    now: Timestamp,
    requests: Vec<Vec<u8>>,
    answers: Vec<Vec<u8>>,
    port: u16,
}

/// Prints nanoseconds for each message of each kind. Under callgrind, what is counted is [`challenge_all`],
/// [`register_all`] and [`refresh_all`], each called once for each batch.
pub(crate) fn run(plan: &Plan) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(1).build()?;
    let _inside = runtime.enter();
    let text = format!("data_folder = \"{}\"\n[sip]\nnonce_seconds = 3600\n", folder.path().display());
    let loaded = Loaded::parse(text, None)?;
    let clock = Clock::machine();
    let system = System::open(loaded, clock.clone())?;
    runtime.block_on(fill(&system, plan.phones))?;
    let sip = SipInterface::new(Arc::clone(&system));
    let mut bench = Bench {
        phones: Phones::new(plan.phones, 5060),
        answerer: Answerer::new(&sip, Transport::Udp),
        sip,
        now: clock.now(),
        requests: vec![Vec::new(); BATCH],
        answers: vec![Vec::new(); BATCH],
        port: 5060,
    };
    let mut nanoseconds = [0.0; 3];
    for round in 0..=plan.rounds {
        let mut took = [0.0; 3];
        for first in (0..plan.phones).step_by(BATCH) {
            let indices: Vec<u32> = (first..plan.phones).take(BATCH).collect();
            took[0] += bench.turn(&indices, false, b"SIP/2.0 401", challenge_all)?;
            for (index, answer) in indices.iter().zip(&bench.answers) {
                let nonce = nonce_of(answer)?;
                bench.phones.challenged(*index, nonce).ok().context("no such phone")?;
            }
            took[1] += bench.turn(&indices, true, b"SIP/2.0 200", register_all)?;
        }
        for first in (0..plan.phones).step_by(BATCH) {
            let indices: Vec<u32> = (first..plan.phones).take(BATCH).collect();
            took[2] += bench.turn(&indices, true, b"SIP/2.0 200", refresh_all)?;
        }
        // In the first round the phones are new; the others are what goes on all day.
        if round > 0 {
            nanoseconds.iter_mut().zip(took).for_each(|(sum, took)| *sum += took);
        }
    }
    let messages = f64::from(plan.phones) * f64::from(plan.rounds);
    for (name, nanoseconds) in ["challenge", "register", "refresh"].iter().zip(nanoseconds) {
        figures::print(&format!("work.{name}.ns"), nanoseconds / messages);
    }
    Ok(system.ledger.close()?)
}

/// Ignites the system and makes the users.
async fn fill(system: &Arc<System>, phones: u32) -> anyhow::Result<()> {
    let by = By::console();
    let asked = Ignition {
        system_name: "Bench".into(),
        administrator: Secret::new("seven quiet herons 1"),
        business_partner: None,
        lan1: Vec::new(),
        lan2: Vec::new(),
        realm: REALM.into(),
        hosts: vec![REALM.into()],
    };
    system.ignite(&by, asked).await.map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
    for first in (0..phones).step_by(USERS as usize) {
        let mut effects = Vec::new();
        let admin = Admin::new(&*system.ledger, &by, system.clock.now());
        for index in (first..phones).take(USERS as usize) {
            let user = NewUser {
                name: format!("user {index}"),
                full_name: String::new(),
                number: number(index).to_string(),
                login_code: SecretChoice::Keep,
                user_password: SecretChoice::Keep,
                phone_password: SecretChoice::Set(Secret::new(password(number(index)))),
            };
            let made = admin.create_user(DomainId::FIRST, &user, &mut server::dice::OsDice);
            effects.extend(made.map_err(|problem| anyhow::anyhow!("{problem:?}"))?.effects);
        }
        system.ledger.commit(effects).await?;
    }
    Ok(())
}

impl Bench {
    /// Writes a request of each phone, has them answered, and sees that the answers are right. Nanoseconds.
    fn turn(
        &mut self,
        indices: &[u32],
        with_proof: bool,
        expected: &[u8],
        answer: AnswerAll,
    ) -> anyhow::Result<f64> {
        for (index, request) in indices.iter().zip(&mut self.requests) {
            self.phones.write(*index, with_proof, request).ok().context("no such phone")?;
        }
        let count = indices.len();
        let (Some(requests), Some(answers)) = (self.requests.get(..count), self.answers.get_mut(..count))
        else {
            bail!("a batch too long");
        };
        let peer = (Ipv4Addr::LOCALHOST, self.port).into();
        let start = Instant::now();
        answer(&self.sip, &mut self.answerer, requests, answers, peer, self.now);
        let took = start.elapsed();
        if let Some(wrong) = answers.iter().find(|answer| !answer.starts_with(expected)) {
            bail!("not the answer that was expected: {}", String::from_utf8_lossy(wrong));
        }
        Ok(took.as_secs_f64() * 1e9)
    }
}

fn nonce_of(answer: &[u8]) -> anyhow::Result<&[u8]> {
    // Of two challenges, MD5 is the second.
    let at = memmem::rfind(answer, b"nonce=\"").context("no challenge")?;
    let nonce = answer.get(at + 7..).unwrap_or_default();
    let end = memchr::memchr(b'"', nonce).context("a nonce without an end")?;
    Ok(nonce.get(..end).unwrap_or_default())
}

macro_rules! counted {
    ($($name:ident $number:literal)*) => {
        $(
            /// Answers a batch; a function of its own, for callgrind to count by.
            #[inline(never)]
            fn $name(
                sip: &SipInterface,
                answerer: &mut Answerer,
                requests: &[Vec<u8>],
                answers: &mut [Vec<u8>],
                peer: SocketAddr,
                now: Timestamp,
            ) {
                // Or the compiler makes one function of the three.
                std::hint::black_box($number);
                for (requests, answers) in requests.chunks(AHEAD).zip(answers.chunks_mut(AHEAD)) {
                    sip.look_ahead(requests.iter().map(Vec::as_slice));
                    for (bytes, answer) in requests.iter().zip(answers) {
                        if !matches!(answerer.datagram(Received { bytes, peer, now }, answer), Said::Answer { .. }) {
                            answer.clear();
                        }
                    }
                }
            }
        )*
    };
}

counted! { challenge_all 1 register_all 2 refresh_all 3 }
