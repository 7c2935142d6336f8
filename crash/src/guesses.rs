//! Guesses by somebody who may kill the program: none must be for nothing.
//!
//! *At the worst moment*: a tracer makes every sync slow, and somebody else's failure keeps the disk busy, so that between
//! the check of a wrong guess and the first byte that is written of its row there is all the time in the world. The
//! guesser sends a code, waits longer than a right one takes to be answered, hears nothing, knows that it was wrong,
//! and kills before the store has it. *At any moment*: many guessers at once,
//! and a kill whenever it happens.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use server::listen::listener::Listener;
use tokio::{task::JoinSet, time::sleep};

use crate::{
    chance::Chance,
    figures::{Figures, millis},
    phone::{PATIENCE, Phone},
    program::{Place, done, locks, new_user},
};

/// How slow a sync is made, in microseconds.
const SLOW: u64 = 120_000;
/// The failures that lock an extension.
const LIMIT: u64 = 5;
/// How long a lock lasts, and failures are remembered.
const WINDOW: Duration = Duration::from_secs(600);
/// Good sign-ins by which is known how soon a right guess would be answered.
const GOOD: u32 = 20;
/// Guessers at once, where the moment of the kill is any.
const GUESSERS: u8 = 8;
const KNOWN: &str = "472839";

/// Kills so many times at the worst moment, and a quarter as often at any.
pub(crate) async fn run(kills: u64, seed: u64, binary: &Path, figures: &mut Figures) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let place = Place::new(folder.path(), binary)?;
    let (mut program, mut link, _) = place.start().await?;
    place.ignite(&mut link).await?;
    for (name, number) in [("victim", "201"), ("neighbour", "202"), ("other", "203")] {
        done(link.ask(&new_user(name, number, KNOWN), |_| {}).await)?;
    }
    program.stop()?;
    at_the_worst_moment(&place, kills, figures).await?;
    at_any_moment(&place, kills.div_ceil(4), seed, figures).await
}

/// An address for each guess, so that the lock of an address does not help.
fn address(guess: u64) -> Ipv4Addr {
    let [.., b, c] = guess.to_be_bytes();
    Ipv4Addr::new(127, 9, b, c)
}

async fn at_the_worst_moment(place: &Place, kills: u64, figures: &mut Figures) -> anyhow::Result<()> {
    let calls = "fsync,fdatasync";
    let inject = format!("inject={calls}:delay_enter={SLOW}");
    let tracer = [
        "strace",
        "-f",
        "--seccomp-bpf",
        "-qq",
        "-e",
        &format!("trace={calls}"),
        "-e",
        &inject,
        "-o",
        "/dev/null",
    ]
    .map(String::from);
    let began = Instant::now();
    let (mut evaluated, mut learnt, mut opened, mut answered) = (0, 0, 0, 0);
    let mut soon = Duration::ZERO;
    for kill in 0..kills {
        let (mut program, _link, _) = place.start_behind(&tracer, &[]).await?;
        let server = program.address(Listener::SipUdp)?;
        if kill == 0 {
            soon = good(server, "202").await?;
        }
        let mut phone = Phone::at(address(kill), server, "201").await?;
        let nonce = phone.challenge(PATIENCE).await?.context("a challenge")?;
        let metrics = program.address(Listener::Metrics)?;
        let before = busy(server, metrics, kill).await?;
        // The right code comes when a lock would be long over without the count: the tenth part of the kills.
        let code =
            if kill == (kills / 10).max(LIMIT + 1) { KNOWN.into() } else { format!("{}", 100_000 + kill) };
        let answer = phone.answer(&nonce, &code, soon * 2 + Duration::from_millis(5)).await?;
        let looked_at = checked(metrics)? - before;
        program.kill()?;
        evaluated += looked_at;
        match answer {
            Some(200) => opened += 1,
            Some(_) => answered += 1,
            // Looked at and not answered: the guesser knows that it was wrong.
            None => learnt += looked_at,
        }
    }
    let windows = began.elapsed().as_secs() / WINDOW.as_secs() + 1;
    figures.at_least("guess_kills", kills, kills);
    // Or it would be no use to listen: and a phone that is right does not wait for the disk.
    figures.at_most("guess_kills.good_answer_ms", millis(soon), SLOW / 4000);
    figures.tell("guess_kills.answered", answered);
    figures.tell("guess_kills.learnt_from_silence", learnt);
    figures.at_most("guess_kills.looked_at", evaluated, LIMIT * windows);
    figures.at_most("guess_kills.opened", opened, 0);
    let (mut program, mut link, _) = place.start().await?;
    let is_locked = locks(&mut link).await?.iter().any(|lock| lock.key.name.as_str() == "201");
    figures.at_least("guess_kills.locked", u64::from(is_locked), 1);
    program.stop()
}

/// Keeps the disk busy with a wrong code for a name that nobody has, so that what comes next waits before it is written
/// anywhere. How many codes the program had looked at then: this one is among them, however late it was on a machine
/// that is busy itself.
async fn busy(server: SocketAddr, metrics: SocketAddr, kill: u64) -> anyhow::Result<u64> {
    let mut other = Phone::at(address(kill | 0x8000), server, &format!("{}", 70_000 + kill)).await?;
    let nonce = other.challenge(PATIENCE).await?.context("a challenge")?;
    let before = checked(metrics)?;
    let answer = other.answer(&nonce, "000000", Duration::from_millis(10)).await?;
    ensure!(answer.is_none(), "the disk is not slow: {answer:?}");
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        let now = checked(metrics)?;
        if now > before {
            return Ok(now);
        }
        sleep(Duration::from_millis(1)).await;
    }
    bail!("the other's code is not looked at")
}

/// Good sign-ins of a phone with nothing on its count: how long a middling one took. None waits for the disk.
async fn good(server: SocketAddr, number: &str) -> anyhow::Result<Duration> {
    let mut phone = Phone::at(Ipv4Addr::new(127, 8, 0, 1), server, number).await?;
    let mut all = Vec::new();
    for _ in 0..GOOD {
        let nonce = phone.challenge(PATIENCE).await?.context("a challenge")?;
        let began = Instant::now();
        let answer = phone.answer(&nonce, KNOWN, PATIENCE).await?;
        all.push(began.elapsed());
        ensure!(answer == Some(200), "a right code is answered {answer:?}");
    }
    all.sort_unstable();
    all.get(all.len() / 2).copied().context("good sign-ins")
}

async fn at_any_moment(place: &Place, kills: u64, seed: u64, figures: &mut Figures) -> anyhow::Result<()> {
    let mut chance = Chance::new(seed ^ 0x9e55);
    let began = Instant::now();
    let (mut refused, mut guesses) = (0, 0);
    for kill in 0..kills {
        let (mut program, _link, _) = place.start().await?;
        let server = program.address(Listener::SipUdp)?;
        let mut guessing = JoinSet::new();
        for guesser in 0..GUESSERS {
            let first = 200_000 + (kill * u64::from(GUESSERS) + u64::from(guesser)) * 1000;
            guessing.spawn(async move {
                let (mut refused, mut guesses) = (0_u64, 0_u64);
                let round = u8::try_from(kill % 250).unwrap_or(0);
                let mut phone = Phone::at(Ipv4Addr::new(127, 10, round, guesser + 1), server, "203").await?;
                for code in first..first + 1000 {
                    match phone.register(&code.to_string(), Duration::from_millis(500)).await? {
                        Some(403) => refused += 1,
                        Some(_) => {}
                        None => break,
                    }
                    guesses += 1;
                }
                anyhow::Ok((refused, guesses))
            });
        }
        sleep(Duration::from_micros(chance.below(60_000) as u64)).await;
        program.kill()?;
        for guesser in guessing.join_all().await {
            let (heard, sent) = guesser?;
            refused += heard;
            guesses += sent;
        }
    }
    let windows = began.elapsed().as_secs() / WINDOW.as_secs() + 1;
    figures.at_least("guess_kills.at_any_moment", kills, kills);
    figures.tell("guess_kills.at_any_moment.guesses", guesses);
    // The one that locks is answered with the length of the lock.
    figures.at_most("guess_kills.at_any_moment.refused", refused, (LIMIT - 1) * windows);
    let (mut program, mut link, _) = place.start().await?;
    let is_locked = locks(&mut link).await?.iter().any(|lock| lock.key.name.as_str() == "203");
    figures.at_least("guess_kills.at_any_moment.locked", u64::from(is_locked), 1);
    program.stop()
}

/// How many codes of phones the program has looked at since it started.
fn checked(metrics: SocketAddr) -> anyhow::Result<u64> {
    let page = page(metrics, "/metrics")?;
    let line = page.lines().find(|line| line.contains("proofs_checked_total") && line.contains("sip"));
    let number = line.and_then(|line| line.split_whitespace().last()?.parse().ok());
    number.with_context(|| format!("no such figure: {page}"))
}

/// A page of the metrics listener.
pub(crate) fn page(metrics: SocketAddr, path: &str) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect_timeout(&metrics, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: crash\r\nConnection: close\r\n\r\n")?;
    let mut page = String::new();
    stream.read_to_string(&mut page)?;
    Ok(page)
}
