//! The post: errands that wait for their turn, and how it went. Bounded: of too many the oldest is given up, and so is what
//! failed too often.

use std::collections::VecDeque;

use parking_lot::Mutex;
use signin::{dice::Dice, timestamp::Timestamp};
use tokio::{sync::Notify, time::Instant};

use super::Errand;
use crate::notify::{Failure, backoff};

/// Most errands that wait.
pub const WAITING_MAX: usize = 500;
/// How often one is tried: within an hour.
pub const TRIES_MAX: u64 = 20;

/// How it went since the start of the program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// How many mails were taken.
    pub sent: u64,
    /// When the last one was.
    pub sent_at: Option<Timestamp>,
    /// What the server said then.
    pub answer: String,
    /// When one was last not taken.
    pub failed_at: Option<Timestamp>,
    /// Why.
    pub problem: String,
    /// How many were given up.
    pub given_up: u64,
    /// How many wait.
    pub waiting: usize,
}

/// An errand that waits.
#[derive(Debug)]
pub(super) struct Waiting {
    /// What.
    pub(super) errand: Errand,
    failures: u64,
    due: Instant,
}

/// What is to be done.
#[derive(Debug)]
pub(super) enum Next {
    /// This, now.
    Now(Waiting),
    /// Something, then.
    At(Instant),
    /// Nothing waits.
    Nothing,
}

#[derive(Debug, Default)]
struct Inner {
    waiting: VecDeque<Waiting>,
    told: Told,
}

/// All of it.
#[derive(Debug, Default)]
pub struct Post {
    inner: Mutex<Inner>,
    has_more: Notify,
}

impl Post {
    /// How it went.
    pub fn told(&self) -> Told {
        let inner = self.inner.lock();
        Told { waiting: inner.waiting.len(), ..inner.told.clone() }
    }

    /// Has something mailed. Never waits.
    pub fn put(&self, errand: Errand, now: Instant) {
        self.inner.lock().push(Waiting { errand, failures: 0, due: now });
        self.has_more.notify_one();
    }

    /// Until something more waits.
    pub(super) async fn more(&self) {
        self.has_more.notified().await;
    }

    /// What is to be done now. Who takes something tells what came of it.
    pub(super) fn next(&self, now: Instant) -> Next {
        let mut inner = self.inner.lock();
        let due = inner.waiting.iter().position(|waiting| waiting.due <= now);
        match due.and_then(|at| inner.waiting.remove(at)) {
            Some(waiting) => Next::Now(waiting),
            None => inner.waiting.iter().map(|waiting| waiting.due).min().map_or(Next::Nothing, Next::At),
        }
    }

    /// A mail was taken.
    pub(super) fn sent(&self, answer: String, at: Timestamp) {
        let told = &mut self.inner.lock().told;
        told.sent += 1;
        (told.sent_at, told.answer) = (Some(at), answer);
    }

    /// A mail was not taken: it waits for its next try, unless it was the last or nobody will ever take it.
    pub(super) fn failed(
        &self,
        waiting: &Waiting,
        failure: Failure,
        at: Timestamp,
        now: Instant,
        dice: &mut dyn Dice,
    ) {
        let mut inner = self.inner.lock();
        let failures = waiting.failures + 1;
        if failure.is_refusal || failures >= TRIES_MAX {
            tracing::warn!(
                problem = failure.problem,
                failures,
                "a mail is given up; nothing is lost but the mail"
            );
            inner.told.given_up += 1;
        } else {
            inner.push(Waiting {
                errand: waiting.errand.clone(),
                failures,
                due: now + backoff::after(failures, dice),
            });
        }
        (inner.told.failed_at, inner.told.problem) = (Some(at), failure.problem);
    }
}

impl Inner {
    fn push(&mut self, waiting: Waiting) {
        if self.waiting.len() >= WAITING_MAX {
            self.waiting.pop_front();
            self.told.given_up += 1;
            tracing::warn!(
                "more mails wait than are kept: the oldest is given up; nothing is lost but the mail"
            );
        }
        self.waiting.push_back(waiting);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use signin::{dice::SeededDice, ident::AccountId};

    use super::*;

    const NOW: Timestamp = Timestamp(1000);

    fn errand(number: u64) -> Errand {
        Errand::Voicemail(AccountId(1), number)
    }

    fn taken(post: &Post, now: Instant) -> Waiting {
        match post.next(now) {
            Next::Now(waiting) => waiting,
            other @ (Next::At(_) | Next::Nothing) => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn what_fails_waits_longer_each_time_while_others_pass_and_is_given_up_in_the_end() {
        let (post, mut now, mut dice) = (Post::default(), Instant::now(), SeededDice(1));
        post.put(errand(1), now);
        let begun = now;
        for failures in 1..TRIES_MAX {
            let waiting = taken(&post, now);
            assert_eq!(waiting.errand, errand(1));
            post.failed(&waiting, Failure::unreachable("no"), NOW, now, &mut dice);
            post.put(errand(2), now);
            assert_eq!(taken(&post, now).errand, errand(2), "after {failures} failures");
            let Next::At(due) = post.next(now) else { panic!("it waits") };
            assert!(due > now && due <= now + backoff::MOST);
            now = due;
        }
        let most = Duration::from_secs(3 * 3600);
        assert!(now - begun > Duration::from_secs(1200) && now - begun < most, "{:?}", now - begun);
        assert_eq!(post.told().given_up, 0);
        post.failed(&taken(&post, now), Failure::unreachable("still no"), NOW, now, &mut dice);
        assert!(matches!(post.next(now + most), Next::Nothing));
        let told = post.told();
        assert_eq!((told.given_up, told.failed_at, told.problem.as_str()), (1, Some(NOW), "still no"));
    }

    #[tokio::test]
    async fn what_nobody_will_ever_take_is_given_up_at_once() {
        let (post, now) = (Post::default(), Instant::now());
        post.put(errand(1), now);
        let refusal = Failure { problem: "nobody here".into(), is_refusal: true };
        post.failed(&taken(&post, now), refusal, NOW, now, &mut SeededDice(1));
        assert_eq!((post.told().given_up, post.told().waiting), (1, 0));
        post.put(errand(2), now);
        taken(&post, now);
        post.sent("250 ok".into(), NOW);
        let told = post.told();
        assert_eq!((told.sent, told.sent_at, told.answer.as_str()), (1, Some(NOW), "250 ok"));
        assert_eq!(told.problem, "nobody here", "what went wrong last is told still");
    }

    #[tokio::test]
    async fn of_too_many_the_oldest_are_given_up() {
        let (post, now) = (Post::default(), Instant::now());
        for number in 0..u64::try_from(WAITING_MAX).unwrap_or(0) + 3 {
            post.put(errand(number), now);
        }
        assert_eq!((post.told().given_up, post.told().waiting), (3, WAITING_MAX));
        assert_eq!(taken(&post, now).errand, errand(3));
    }
}
