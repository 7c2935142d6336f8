//! A small office whose every change is numbered, so that it can be told afterwards which were lost and which are half.
//!
//! Three streams change it side by side. A step of a stream is either a *change* (a full name, a login code and an
//! audit row in one commit, all of the same number), a *guess* (a wrong code, the way the flow takes it), or after
//! four of those a *reset* of the count with its audit row. Each is told on standard output once it is acknowledged.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    net::{IpAddr, Ipv4Addr},
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicBool, Ordering},
    },
    thread::ScopedJoinHandle,
    time::Duration,
};

use anyhow::{Context, bail, ensure};
use signin::{
    account::{Account, Condition, Role},
    attempt::{Attempt, Claim, Peer, Proof, Purpose},
    audit::{Action, Actor, AuditEvent, Outcome, Reason},
    challenge::Challenger,
    credential::{Credential, CredentialFacts, CredentialKind, Owner, Traits, payload},
    decide::{Finding, Settled, check, decide},
    dice::{Dice, SeededDice},
    digest::{DigestAlgorithm, DigestKeys, DigestProof, response},
    dossier::Dossier,
    effect::Effect,
    extension::{Domain, Extension},
    ident::{AccountId, DomainId, ExtensionId, Number},
    interface::LoginInterface,
    lockout::TallyKey,
    policy::Settings,
    portal::PortalRules,
    records::Records as _,
    registration::Registration,
    secret::Secret,
    timestamp::{Seconds, Timestamp},
    verdict::Verdict,
};
use store::{AuditQuery, CommitError, Ledger, MasterKeys, engine::SqliteEngine};

use crate::chance::Chance;

/// Streams that change the office.
pub(crate) const STREAMS: u32 = 3;
/// Wrong guesses between two resets: one fewer than lock.
const GUESSES: u64 = 4;
/// How often something is tried on a disk that fails.
const TRIES: u8 = 5;
/// Pages after which the log is brought into the database: few, so that a short run sees it often.
const CHECKPOINT_PAGES: u32 = 24;
/// How long the reader looks at each row.
const READING: Duration = Duration::from_millis(2);
const NOW: Timestamp = Timestamp(1_800_000_000_000);
const REALM: &str = "office.example";

/// What was acknowledged of a stream, or is found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    pub(crate) changes: u64,
    pub(crate) guesses: u64,
    pub(crate) resets: u64,
}

/// By stream.
pub(crate) type Told = BTreeMap<u32, Progress>;

/// The key of every office: nothing here is secret.
pub(crate) fn masters() -> MasterKeys {
    MasterKeys::create(&mut SeededDice(11))
}

/// Notes what a line on standard output acknowledges.
pub(crate) fn hear(told: &mut Told, line: &str) {
    let mut words = line.split_whitespace();
    let (Some(kind), Some(stream), Some(number)) = (words.next(), words.next(), words.next()) else { return };
    let (Ok(stream), Ok(number)) = (stream.parse(), number.parse()) else { return };
    let progress = told.entry(stream).or_default();
    match kind {
        "change" => progress.changes = number,
        "guess" => progress.guesses = number,
        "reset" => progress.resets = number,
        _ => {}
    }
}

/// How an office works.
#[derive(clap::Args)]
pub(crate) struct Work {
    folder: PathBuf,
    seed: u64,
    /// Steps of each stream.
    steps: u64,
    /// With guesses at the end that are looked at and never written
    #[arg(long)]
    unanswered: bool,
    /// The first half is ended without warning instead of closed
    #[arg(long)]
    cut: bool,
    /// Ends after the first half
    #[arg(long)]
    half: bool,
}

/// Makes an office and changes it, with a stop or an end without warning and a start in between, and ends without
/// closing it.
pub(crate) fn work(work: &Work) -> anyhow::Result<()> {
    let mut chance = Chance::new(work.seed);
    let mut progress = vec![Progress::default(); STREAMS as usize];
    if work.cut {
        let Work { folder, seed, steps, .. } = work;
        let words =
            ["office".into(), folder.clone().into(), seed.to_string().into(), steps.to_string().into()];
        let half =
            Command::new(std::env::current_exe()?).args::<_, OsString>(words).arg("--half").status()?;
        ensure!(half.success(), "the first half ended with {half}");
        chance = Chance::new(work.seed ^ 0x2a1f);
    } else {
        let first = begin(work, &mut progress, &mut chance)?;
        if work.half {
            std::process::exit(0);
        }
        // Where the disk fails, the end may too; the next start must cope.
        let _may_fail = first.close();
    }
    let second = patiently(|| Ok(open(&work.folder, None, chance.dice())?))?;
    if work.cut {
        progress = resume(&second)?;
    }
    side_by_side(&second, &mut progress, &mut chance, work.steps / 2)?;
    if work.unanswered {
        for stream in 0..STREAMS {
            let dice = &mut *chance.dice();
            attempt(stream, "wrong", address(stream), dice, |attempt, _| {
                looked_at(&second, attempt).map(drop)
            })?;
        }
    }
    std::process::exit(0);
}

/// The first half.
fn begin(work: &Work, progress: &mut [Progress], chance: &mut Chance) -> anyhow::Result<Arc<Ledger>> {
    let ledger = patiently(|| Ok(open(&work.folder, None, chance.dice())?))?;
    patiently(|| furnish(&ledger))?;
    println!("furnished 0 0");
    side_by_side(&ledger, progress, chance, work.steps / 2)?;
    Ok(ledger)
}

/// Where an office that was cut off goes on. What it shows is told: somebody may have seen it, so it must stay.
fn resume(ledger: &Ledger) -> anyhow::Result<Vec<Progress>> {
    let found = audited(ledger)?;
    (0..STREAMS)
        .map(|stream| {
            let mut progress = found.get(&stream).copied().unwrap_or_default();
            let Progress { changes, guesses, resets } = progress;
            println!("change {stream} {changes}");
            println!("reset {stream} {resets}");
            println!("guess {stream} {guesses}");
            // A guess whose audit row is gone.
            if u64::from(ledger.tally(&subject(stream)?).failures) != guesses - resets * GUESSES {
                progress.guesses = u64::MAX;
            }
            Ok(progress)
        })
        .collect()
}

/// The code of each stream.
pub(crate) fn codes(ledger: &Ledger) -> anyhow::Result<Vec<u64>> {
    let names = (0..STREAMS).map(|stream| {
        let account = ledger.account(AccountId(stream + 1)).context("an account")?;
        Ok(account.full_name.parse()?)
    });
    names.collect()
}

/// How many codes open that should not: those of before, and those of others.
pub(crate) fn wrong_grants(ledger: &Ledger, codes: &[u64]) -> anyhow::Result<u64> {
    let mut wrong = 0;
    for (stream, right) in (0..STREAMS).zip(codes) {
        for other in [right.saturating_sub(1), right + 1, right + 2] {
            wrong += u64::from(other != *right && opens(ledger, stream, other)?);
        }
    }
    Ok(wrong)
}

/// Opens an office; `boot` names a start of the machine.
pub(crate) fn open(
    folder: &Path,
    boot: Option<&str>,
    dice: Box<dyn Dice + Send>,
) -> Result<Arc<Ledger>, store::OpenError> {
    let mut engine = match boot {
        Some(boot) => SqliteEngine::open_after(folder, boot)?,
        None => SqliteEngine::open(folder)?,
    };
    engine.checkpoint_every(CHECKPOINT_PAGES);
    Ledger::open(Box::new(engine), masters(), [7; 32], dice)
}

/// Once more, where the disk fails.
fn patiently<T>(mut act: impl FnMut() -> anyhow::Result<T>) -> anyhow::Result<T> {
    for _ in 1..TRIES {
        if let Ok(done) = act() {
            return Ok(done);
        }
    }
    act()
}

fn side_by_side(
    ledger: &Arc<Ledger>,
    progress: &mut [Progress],
    chance: &mut Chance,
    steps: u64,
) -> anyhow::Result<()> {
    let is_done = AtomicBool::new(false);
    std::thread::scope(|side| {
        let streams: Vec<_> = (0..STREAMS)
            .zip(progress.iter_mut())
            .map(|(stream, progress)| {
                let mut chance = Chance::new(u64::try_from(chance.below(usize::MAX)).unwrap_or(0));
                side.spawn(move || (0..steps).try_for_each(|_| step(ledger, stream, progress, &mut chance)))
            })
            .collect();
        let reader = side.spawn(|| read_slowly(ledger, &is_done));
        let ended: Vec<_> = streams.into_iter().map(ScopedJoinHandle::join).collect();
        is_done.store(true, Ordering::Relaxed);
        for end in ended.into_iter().chain([reader.join()]) {
            end.map_err(|_| anyhow::anyhow!("a stream has panicked"))??;
        }
        Ok(())
    })
}

/// Reads the audit again and again, and takes its time: what was written since it began stays in the log as long.
fn read_slowly(ledger: &Ledger, is_done: &AtomicBool) -> anyhow::Result<()> {
    while !is_done.load(Ordering::Relaxed) {
        ledger.audit_each(&AuditQuery::default(), &mut |_| {
            std::thread::sleep(READING);
            Ok(())
        })?;
        std::thread::sleep(READING * 10);
    }
    Ok(())
}

fn step(ledger: &Ledger, stream: u32, progress: &mut Progress, chance: &mut Chance) -> anyhow::Result<()> {
    if chance.percent(20) {
        // Written behind, whenever it happens: it disturbs, and proves nothing.
        ledger.commit_behind(vec![Effect::PutRegistration(Registration {
            extension: ExtensionId(stream + 1),
            bindings: Vec::new().into(),
        })]);
    }
    if chance.percent(60) {
        let number = progress.changes + 1;
        if acknowledged(ledger.commit(change(stream, number)).wait())? {
            progress.changes = number;
            println!("change {stream} {number}");
        }
    } else if progress.guesses < (progress.resets + 1) * GUESSES {
        let judged = guess(ledger, stream, &mut *chance.dice());
        match judged {
            Ok(verdict) => {
                ensure!(matches!(verdict, Verdict::Reject), "a wrong code: {verdict:?}");
                progress.guesses += 1;
                println!("guess {stream} {}", progress.guesses);
            }
            // Counted in memory, and on disk when it can: but its audit row is gone, so it cannot be followed.
            Err(CommitError::Store(_)) => {
                progress.guesses = u64::MAX;
                println!("lost-count {stream} 0");
            }
            Err(other) => bail!("{other}"),
        }
    } else if progress.guesses != u64::MAX {
        let number = progress.resets + 1;
        let keys = [subject(stream)?, TallyKey::address(address(stream))].map(Effect::ClearTally);
        let row = Effect::Audit(event(Action::LockReset, &format!("{stream} {number}"), None));
        if acknowledged(ledger.commit(keys.into_iter().chain([row]).collect()).wait())? {
            progress.resets = number;
            println!("reset {stream} {number}");
        }
    }
    Ok(())
}

/// Where the disk refuses, nothing was changed and the step is tried again later.
fn acknowledged(answer: Result<(), CommitError>) -> anyhow::Result<bool> {
    match answer {
        Ok(()) => Ok(true),
        Err(CommitError::Store(_)) => Ok(false),
        Err(other) => bail!("{other}"),
    }
}

/// Holds an office against what was acknowledged: nothing lost, nothing half, nothing that nobody did.
pub(crate) fn hold(ledger: &Ledger, told: &Told, is_counted: bool) -> anyhow::Result<()> {
    ledger.verify_audit(&mut |_, _| ())?;
    let found = audited(ledger)?;
    for stream in 0..STREAMS {
        let said = told.get(&stream).copied().unwrap_or_default();
        let there = found.get(&stream).copied().unwrap_or_default();
        let account = ledger.account(AccountId(stream + 1)).context("an account is lost")?;
        ensure!(
            *account.full_name == *there.changes.to_string(),
            "{stream}: half a change: {account:?} {there:?}"
        );
        ensure!(
            opens(ledger, stream, there.changes)?,
            "{stream}: the code is not that of change {}",
            there.changes
        );
        // In flight when it happened is one step at most.
        let extra = (there.changes + there.guesses + there.resets)
            .checked_sub(said.changes + said.guesses + said.resets)
            .with_context(|| format!("{stream}: lost: {said:?} was told, {there:?} is there"))?;
        let is_there =
            there.changes >= said.changes && there.guesses >= said.guesses && there.resets >= said.resets;
        ensure!(is_there && (extra <= 1 || !is_counted), "{stream}: {said:?} was told, {there:?} is there");
        if is_counted {
            let failures = u64::from(ledger.tally(&subject(stream)?).failures);
            let expected = there.guesses - there.resets * GUESSES;
            // The code was tried above, from elsewhere: it forgives nothing.
            ensure!(failures == expected, "{stream}: {failures} failures instead of {expected}");
        }
    }
    Ok(())
}

/// What the audit says of each stream; its numbers must follow each other.
fn audited(ledger: &Ledger) -> anyhow::Result<Told> {
    let (mut found, mut gap) = (Told::new(), None);
    ledger.audit_each(&AuditQuery::default(), &mut |row| {
        let mut words = row.event.subject.split_whitespace();
        let stream = words.next().and_then(|word| word.parse().ok()).unwrap_or(u32::MAX);
        let number = words.next().and_then(|word| word.parse::<u64>().ok()).unwrap_or(0);
        if row.event.reason == Some(Reason::WrongSecret) {
            found.entry(stream % 100 - 1).or_default().guesses += 1;
            return Ok(());
        }
        let progress = found.entry(stream).or_default();
        let is_reset = row.event.action == Action::LockReset;
        let counted = if is_reset { &mut progress.resets } else { &mut progress.changes };
        *counted += 1;
        if *counted != number {
            gap = Some(format!("{:?} is row {}", row.event.subject, row.seq));
        }
        Ok(())
    })?;
    match gap {
        Some(gap) => bail!("the audit is not in order: {gap}"),
        None => Ok(found),
    }
}

fn opens(ledger: &Ledger, stream: u32, number: u64) -> anyhow::Result<bool> {
    let dice = &mut SeededDice(number * u64::from(STREAMS) + u64::from(stream));
    let verdict = sign_in(ledger, stream, &code(number), IpAddr::from([198, 51, 100, 1]), dice);
    Ok(matches!(verdict?, Verdict::Accept(_)))
}

fn guess(ledger: &Ledger, stream: u32, dice: &mut dyn Dice) -> Result<Verdict, CommitError> {
    sign_in(ledger, stream, "wrong", address(stream), dice)
}

/// The way the flow takes an attempt.
fn sign_in(
    ledger: &Ledger,
    stream: u32,
    code: &str,
    address: IpAddr,
    dice: &mut dyn Dice,
) -> Result<Verdict, CommitError> {
    attempt(stream, code, address, dice, |attempt, dice| {
        let (dossier, finding, settled) = looked_at(ledger, attempt)?;
        let decision = decide(&dossier, attempt, finding, &settled, NOW, dice);
        if decision.must_last {
            ledger.commit(decision.effects).wait()?;
        } else {
            ledger.commit_behind(decision.effects);
        }
        Ok(decision.verdict)
    })
}

/// Counted, checked and settled.
fn looked_at(ledger: &Ledger, attempt: &Attempt<'_>) -> Result<(Dossier, Finding, Settled), CommitError> {
    let dossier = ledger.begin(attempt, NOW)?;
    let finding = check(&dossier, attempt, NOW);
    let settled = ledger.settle(&dossier, attempt, finding, NOW);
    Ok((dossier, finding, settled))
}

/// A phone's attempt.
fn attempt<R>(
    stream: u32,
    code: &str,
    address: IpAddr,
    dice: &mut dyn Dice,
    take: impl FnOnce(&Attempt<'_>, &mut dyn Dice) -> R,
) -> R {
    let number = number(stream);
    // Each one made after the one before: a line takes none that is older than its latest.
    static CHALLENGER: LazyLock<Challenger> =
        LazyLock::new(|| Challenger::new(Seconds(600), &mut SeededDice(5)));
    let nonce = CHALLENGER.nonce(DomainId::FIRST, address, NOW);
    let keys = DigestKeys::derive(&number, REALM, code);
    let proof = DigestProof {
        algorithm: DigestAlgorithm::Sha256,
        nonce: nonce.as_bytes(),
        nonce_count: 1.into(),
        cnonce: b"c",
        method: b"REGISTER",
        uri: b"sip:office.example",
        response: b"",
        request_hash: None,
    };
    let answer = response(&keys, &proof);
    let attempt = Attempt {
        interface: LoginInterface::SipRegistration,
        domain: DomainId::FIRST,
        claim: Claim::Extension(&number),
        proof: Proof::Digest(nonce, DigestProof { response: answer.as_bytes(), ..proof }),
        peer: Peer { address, agent: "office", device: "" },
        purpose: Purpose::Registration,
    };
    take(&attempt, dice)
}

fn furnish(ledger: &Ledger) -> anyhow::Result<()> {
    let domain = Domain {
        id: DomainId::FIRST,
        version: 1,
        hosts: vec![REALM.into()],
        realm: REALM.into(),
        md5_allowed: false,
        md5_only_agents: Vec::new(),
        phones_administer_as_before: false,
        portal: PortalRules::default(),
    };
    let mut effects = vec![
        Effect::PutSettings(Box::new(Settings { version: 1, ..Settings::default() })),
        Effect::PutDomain(domain),
    ];
    for stream in 0..STREAMS {
        effects.push(Effect::PutAccount(account(stream, 0)));
        effects.push(Effect::PutExtension(Extension {
            id: ExtensionId(stream + 1),
            version: 1,
            domain: DomainId::FIRST,
            number: Number::parse(&number(stream)).context("a number")?,
            user: Some(AccountId(stream + 1)),
            created_at: NOW,
        }));
        effects.push(Effect::PutCredential(credential(stream, 0)));
    }
    ledger.commit(effects).wait().context("the office cannot be furnished")
}

fn change(stream: u32, number: u64) -> Vec<Effect> {
    vec![
        Effect::PutAccount(account(stream, number)),
        Effect::PutCredential(credential(stream, number)),
        Effect::Audit(event(Action::AccountChanged, &format!("{stream} {number}"), None)),
    ]
}

fn account(stream: u32, number: u64) -> Account {
    Account {
        id: AccountId(stream + 1),
        version: u32::try_from(number + 1).unwrap_or(u32::MAX),
        domain: DomainId::FIRST,
        name: format!("user {stream}").into(),
        full_name: number.to_string().into(),
        role: Role::User { extension: Some(ExtensionId(stream + 1)) },
        condition: Condition::Enabled,
        created_at: NOW,
        enabled_at: NOW,
        expires_at: None,
    }
}

fn credential(stream: u32, number: u64) -> Credential {
    Credential {
        owner: Owner::Account(AccountId(stream + 1)),
        kind: CredentialKind::LoginCode,
        payload: payload(
            CredentialKind::LoginCode,
            &Secret::new(code(number)),
            &Traits::default(),
            &mut SeededDice(5),
        ),
        facts: CredentialFacts { set_at: NOW, expires_at: None, used_at: None },
    }
}

fn code(number: u64) -> String {
    format!("{}", 4_813_000 + number)
}

fn number(stream: u32) -> String {
    format!("{}", 201 + stream)
}

fn subject(stream: u32) -> anyhow::Result<TallyKey> {
    Ok(TallyKey::extension(&Extension {
        id: ExtensionId(stream + 1),
        version: 1,
        domain: DomainId::FIRST,
        number: Number::parse(&number(stream)).context("a number")?,
        user: None,
        created_at: NOW,
    }))
}

fn address(stream: u32) -> IpAddr {
    Ipv4Addr::new(192, 0, 2, u8::try_from(stream).unwrap_or(0)).into()
}

fn event(action: Action, subject: &str, reason: Option<Reason>) -> AuditEvent {
    AuditEvent {
        at: NOW,
        action,
        outcome: Outcome::Accepted,
        reason,
        actor: Actor::System,
        domain: DomainId::FIRST,
        subject: subject.into(),
        interface: LoginInterface::Console,
        address: None,
        agent: "".into(),
        changes: Vec::new(),
        times: 1,
    }
}
