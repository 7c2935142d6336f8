//! Kills: the program ends without warning at a random moment, while changes stream in, and is started again.

use std::{
    collections::BTreeMap,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::ensure;
use server::local::{
    link::{Link, Trouble},
    protocol::{Request, UserChanges},
};
use tokio::{task::JoinSet, time::sleep};

use crate::{
    chance::Chance,
    figures::{Figures, millis},
    program::{Place, new_user, users, verify_audit},
};

/// Conversations that change the system side by side.
const STREAMS: u64 = 12;
/// Users of each.
const USERS: u64 = 4;
/// The kill comes at the latest so long after the start is over; a tenth of the kills comes before.
const LATEST_MICROS: usize = 300_000;
/// In how many rounds the audit is followed from its first row to its last.
const AUDIT_EVERY: u64 = 50;

/// What a user is known to be: the full name, or nobody.
type State = Option<u64>;

/// One user: as it was acknowledged, and as it may be besides.
#[derive(Clone, Copy, Default)]
struct Known {
    acknowledged: State,
    asked: Option<State>,
}

type Users = BTreeMap<(u64, u64), Known>;

struct Stream {
    number: u64,
    users: Users,
    next: u64,
    acknowledged: u64,
    chance: Chance,
}

/// Kills so many times.
pub(crate) async fn run(kills: u64, seed: u64, binary: &Path, figures: &mut Figures) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let place = Place::new(folder.path(), binary)?;
    let mut chance = Chance::new(seed);
    let (mut program, mut link, _) = place.start().await?;
    place.ignite(&mut link).await?;
    let mut streams: Vec<Stream> = (0..STREAMS).map(|number| Stream::new(number, seed)).collect();
    let (mut slowest, mut busy, mut early) = (Duration::ZERO, Duration::ZERO, 0);
    let mut lost = Vec::new();
    for round in 1..=kills {
        if chance.percent(10) {
            // While it starts.
            program.kill()?;
            program = place.spawn(&[], &[])?;
            sleep(Duration::from_micros(chance.below(LATEST_MICROS) as u64)).await;
            early += 1;
        } else {
            let patience = Duration::from_micros(500 + chance.below(LATEST_MICROS) as u64);
            let mut changing = JoinSet::new();
            for stream in streams.drain(..) {
                let Some(link) = program.link().await else { anyhow::bail!("it does not listen") };
                changing.spawn(stream.work(link));
            }
            let began = Instant::now();
            sleep(patience).await;
            program.kill()?;
            busy += began.elapsed();
            streams = changing.join_all().await;
        }
        // Where it was not ended above, it is now.
        drop(program);
        let took;
        (program, link, took) = place.start().await?;
        slowest = slowest.max(took);
        lost.extend(
            hold(&mut link, &mut streams).await?.into_iter().map(|what| format!("kill {round}: {what}")),
        );
        if round % AUDIT_EVERY == 0 {
            verify_audit(&mut link).await?;
        }
    }
    let rows = verify_audit(&mut link).await?;
    for lost in lost.iter().take(10) {
        eprintln!("{lost}");
    }
    let acknowledged: u64 = streams.iter().map(|stream| stream.acknowledged).sum();
    let millis_busy = u64::try_from(busy.as_millis())?.max(1);
    figures.at_least("kills", kills, kills);
    figures.tell("kills.while_starting", early);
    figures.tell("kills.acknowledged", acknowledged);
    figures.at_least("kills.changes_per_second", acknowledged * 1000 / millis_busy, 200);
    figures.at_most("kills.lost", lost.len() as u64, 0);
    figures.tell("kills.audit_rows", rows);
    figures.at_most("kills.ready_max_ms", millis(slowest), 2000);
    Ok(())
}

impl Stream {
    fn new(number: u64, seed: u64) -> Self {
        let chance = Chance::new(seed * 1000 + number);
        let users = (0..USERS).map(|user| ((number, user), Known::default())).collect();
        Self { number, users, next: 1, acknowledged: 0, chance }
    }

    /// Makes, changes and deletes users, until nobody answers.
    async fn work(mut self, mut link: Link) -> Self {
        loop {
            let user = self.chance.below(usize::try_from(USERS).unwrap_or(1)) as u64;
            let key = (self.number, user);
            let name = name(key);
            let number = self.next;
            self.next += 1;
            let is_deletion = self.chance.percent(10);
            let Some(known) = self.users.get_mut(&key) else { return self };
            let (request, state) = match known.acknowledged {
                None => (new_user(&name, &extension(key), "472839"), Some(0)),
                Some(_) if is_deletion => (Request::DeleteUser { name, with_extension: true }, None),
                Some(_) => {
                    let full_name = Some(number.to_string());
                    (
                        Request::EditUser(UserChanges { name, full_name, ..UserChanges::default() }),
                        Some(number),
                    )
                }
            };
            known.asked = Some(state);
            match link.ask(&request, |_| {}).await {
                Ok(_) => {
                    *known = Known { acknowledged: state, asked: None };
                    self.acknowledged += 1;
                }
                // Refused: nothing was changed. Broken: it may have been.
                Err(Trouble::Refused(_)) => known.asked = None,
                Err(Trouble::Broken(_)) => return self,
            }
        }
    }
}

fn name((stream, user): (u64, u64)) -> String {
    format!("user-{stream}-{user}")
}

fn extension((stream, user): (u64, u64)) -> String {
    format!("{}", 1000 + stream * 100 + user)
}

/// Holds what is there against what was acknowledged; what is lost or half.
async fn hold(link: &mut Link, streams: &mut [Stream]) -> anyhow::Result<Vec<String>> {
    let mut there: BTreeMap<String, (String, Option<String>)> = BTreeMap::new();
    for user in users(link).await? {
        there.insert(user.name, (user.full_name, user.extension));
    }
    let mut wrong = Vec::new();
    let mut expected = 0;
    for stream in streams {
        for (key, known) in &mut stream.users {
            let found = there.get(&name(*key));
            if let Some((_, number)) = found
                && number.as_deref() != Some(&*extension(*key))
            {
                wrong.push(format!("{key:?} is half: {found:?}"));
            }
            let state = found.map(|(full_name, _)| full_name.parse().unwrap_or(0));
            if state != known.acknowledged && Some(state) != known.asked {
                wrong.push(format!("{key:?} is {state:?}, acknowledged was {:?}", known.acknowledged));
            }
            expected += usize::from(found.is_some());
            *known = Known { acknowledged: state, asked: None };
        }
    }
    ensure!(there.len() == expected, "there are users whom nobody made: {there:?}");
    Ok(wrong)
}
