//! Jobs: which there are, how far one is, and how one is stopped.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::State,
    http::StatusCode,
    response::{
        Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::{Stream, StreamExt};
use signin::{records::Records, rights::Right, timestamp::Timestamp};
use tokio_stream::wrappers::WatchStream;

use super::{
    Web,
    address::Path,
    bulk, credentials,
    guard::{self, SignedForm, SignedIn, Watcher},
    lists::thousands,
    moment,
    overview::percent,
    views::{
        jobs::{JobLive, JobPage, JobRow, JobsPage},
        parts::{Badge, Fact, Tone},
        shell::Place,
    },
};
use crate::jobs::{Job, JobState, Progress};

const PATH: &str = "/manager/jobs";
/// A page is told of progress this often at the most.
const EVENTS_EVERY: Duration = Duration::from_millis(500);

/// Whether there are any, for a link to them.
pub(super) fn any(web: &Web, who: &SignedIn) -> bool {
    !all(web, who, web.system.clock.now()).is_empty()
}

/// Those that they may see, the newest first.
fn all(web: &Web, who: &SignedIn, now: Timestamp) -> Vec<Arc<Job>> {
    let mut jobs = web.system.jobs.all(now);
    jobs.retain(|job| is_theirs(who, job));
    jobs
}

fn is_theirs(who: &SignedIn, job: &Job) -> bool {
    who.by.within.is_none_or(|domain| job.within == Some(domain))
}

pub(super) async fn list(State(web): State<Arc<Web>>, who: SignedIn) -> Response {
    let now = web.system.clock.now();
    let row = |job: &Arc<Job>| {
        let progress = job.progress();
        JobRow {
            href: format!("{PATH}/{}", job.id),
            title: job.title.to_string(),
            by: job.by_name.to_string(),
            started: moment::stamp(job.started_at, now),
            state: badge(&progress.state),
            done: format!("{} of {}", thousands(progress.done), thousands(job.users.len())),
        }
    };
    let rows = all(&web, &who, now).iter().map(row).collect();
    who.page(&JobsPage { shell: who.shell(&web, Place::Users), rows })
}

fn badge(state: &JobState) -> Badge {
    match state {
        JobState::Running => Badge::new(Tone::Info, "Running"),
        JobState::Stopping => Badge::new(Tone::Info, "Stopping"),
        JobState::Finished => Badge::new(Tone::Good, "Done"),
        JobState::Stopped => Badge::new(Tone::Warning, "Stopped"),
        JobState::Failed(_) => Badge::new(Tone::Danger, "Failed"),
    }
}

fn find(web: &Web, who: &SignedIn, id: u32) -> Result<Arc<Job>, Response> {
    web.system
        .jobs
        .find(id)
        .filter(|job| is_theirs(who, job))
        .ok_or_else(|| who.visitor.error(web, StatusCode::NOT_FOUND))
}

/// Whoever started it may stop it, and whoever may change users.
fn may_stop(who: &SignedIn, job: &Job) -> bool {
    job.by == Some(who.account.id) || who.by.may(Right::UsersWrite)
}

pub(super) async fn show(
    State(web): State<Arc<Web>>,
    who: SignedIn,
    Path(id): Path<u32>,
) -> Result<Response, Response> {
    let job = find(&web, &who, id)?;
    let now = web.system.clock.now();
    let page = JobPage {
        shell: who.shell(&web, Place::Users),
        title: job.title.to_string(),
        by: job.by_name.to_string(),
        started: moment::stamp(job.started_at, now),
        here: format!("{PATH}/{id}"),
        live: part(&web, &who, &job, now),
    };
    Ok(who.page(&page))
}

/// The live part alone, for the script.
pub(super) async fn live(
    State(web): State<Arc<Web>>,
    Watcher(who): Watcher,
    Path(id): Path<u32>,
) -> Result<Response, Response> {
    let job = find(&web, &who, id)?;
    Ok(guard::html(StatusCode::OK, &part(&web, &who, &job, web.system.clock.now())))
}

fn part(web: &Web, who: &SignedIn, job: &Job, now: Timestamp) -> JobLive {
    let progress = job.progress();
    let total = job.users.len();
    let goes_on = progress.state.goes_on();
    let tens = percent(progress.done, total) / 10 * 10;
    let mut facts = vec![
        Fact::new("Changed", thousands(progress.changed)),
        Fact::new("As wanted already", thousands(progress.as_wanted)),
    ];
    for (name, count) in [("Gone meanwhile", progress.gone), ("Refused", progress.refused)] {
        if count > 0 {
            facts.push(Fact::new(name, thousands(count)));
        }
    }
    let rest = job.rest();
    if !goes_on && !rest.is_empty() {
        facts.push(Fact::new("As they were", thousands(rest.len())));
        facts.push(Fact::new("Of them the first", bulk::named(&*web.system.ledger, rest)));
    }
    if let Some(at) = progress.ended_at {
        facts.push(Fact::new("Ended", moment::stamp(at, now).human));
    }
    JobLive {
        csrf: who.csrf(),
        state: badge(&progress.state),
        done: thousands(progress.done),
        total: thousands(total),
        value: progress.done,
        most: total,
        words: if goes_on { format!("{tens} percent") } else { says(&progress, total) },
        says: says(&progress, total),
        facts,
        more: thousands(progress.refused - progress.named.len().min(progress.refused)),
        has_more: progress.refused > progress.named.len(),
        refused: progress.named.into_iter().map(|(name, why)| Fact::new(name, why)).collect(),
        stop: (progress.state == JobState::Running && may_stop(who, job))
            .then(|| format!("{PATH}/{}/stop", job.id)),
    }
}

fn says(progress: &Progress, total: usize) -> String {
    let (done, total) = (thousands(progress.done), thousands(total));
    match &progress.state {
        JobState::Running => "It goes on when you leave this page.".into(),
        JobState::Stopping => "It stops as soon as those it is at are done.".into(),
        JobState::Finished => format!("All {total} are done."),
        JobState::Stopped => {
            format!("Stopped after {done} of {total}. The others were not touched.")
        }
        JobState::Failed(why) => {
            format!("{why} It ended after {done} of {total}. The others were not touched.")
        }
    }
}

/// Tells a page that a job got further.
pub(super) async fn events(
    State(web): State<Arc<Web>>,
    Watcher(who): Watcher,
    Path(id): Path<u32>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Response> {
    let job = find(&web, &who, id)?;
    let (session, account) = (who.session.id, who.account.id);
    let system = Arc::clone(&web.system);
    let stop = web.system.stop.clone();
    let events = WatchStream::new(job.follow())
        .then(|_| tokio::time::sleep(EVENTS_EVERY))
        .take_while(move |()| {
            // A session that was ended sees nothing more.
            let is_open = system.ledger.session(session).is_some_and(|session| session.account == account);
            std::future::ready(is_open)
        })
        .map(|()| Ok(Event::default().data("changed")))
        .take_until(stop.cancelled_owned());
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

pub(super) async fn stop(
    State(web): State<Arc<Web>>,
    Path(id): Path<u32>,
    SignedForm(who, _): SignedForm,
) -> Result<Response, Response> {
    let job = find(&web, &who, id)?;
    if !may_stop(&who, &job) {
        let asked = web.system.administer(&who.by, |admin, _| admin.demand(Right::UsersWrite)).await;
        asked.map_err(|refusal| credentials::refuse(&who, &web, &refusal))?;
    }
    job.stop();
    let text = "Those it is at are still done. What was done before stays.";
    Ok(guard::redirect_with(&format!("{PATH}/{id}"), Tone::Info, "It is being stopped", text))
}
