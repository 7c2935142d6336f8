//! Places: where a name was shown its right secret before, and the lane in which failures there are counted.
//!
//! A lock that whoever guesses sets must not shut out whose name it is. So attempts from a place that is *known* for a
//! name are counted apart from those of the rest of the world: in a lane of their own, under the same rule. Nobody
//! without the right secret ever has one.
//!
//! For a phone a place is a network address. For a browser, which moves, it is a *device*: a token in a cookie, good for
//! one account and until its secret is replaced.

use std::net::IpAddr;

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::{
    dice::{Dice, roll},
    ident::AccountId,
    lockout::network,
    secret::Secret,
    timestamp::Timestamp,
};

/// Most places that are known for one extension; the one that was not seen for longest goes. Times the limit of a count
/// this bounds what can be guessed from all places together.
pub const PLACES_MAX: usize = 16;
/// A place is known for this long after the right secret was shown there the last time.
pub const DAYS_MAX: u32 = 30;
/// Most accounts that one browser is known for; the one that signed in longest ago goes.
pub const DEVICES_MAX: usize = 4;

const DAY: u64 = 86_400;
const ID_LEN: usize = 16;
const TAG_LEN: usize = 16;
const TOKEN_LEN: usize = 4 + ID_LEN + TAG_LEN;

/// In which lane of a name's count a failure is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lane {
    /// Everybody's.
    #[default]
    Open,
    /// That of a network where a phone of the extension has shown the right secret (see [`network`]).
    Network(IpAddr),
    /// That of a browser in which the account has signed in.
    Device(DeviceId),
}

/// One browser. Says nothing about it and opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeviceId([u8; ID_LEN]);

impl Lane {
    /// Whether it is everybody's.
    pub const fn is_open(&self) -> bool {
        matches!(self, Self::Open)
    }
}

/// How well a place is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Familiarity {
    /// Not at all, or not any more.
    Unknown,
    /// Known, and not noted today.
    Known,
    /// Known, and noted today: there is nothing to note.
    NotedToday,
}

/// One network where the right secret was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct KnownPlace {
    network: IpAddr,
    /// The last day, in days since 1970.
    day: u32,
}

/// The networks that are known for one extension, at most [`PLACES_MAX`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Box<[KnownPlace]>", into = "Box<[KnownPlace]>")]
pub struct Places(Few);

/// Most phones stay where they are: a single place lies in place.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Few {
    One(KnownPlace),
    /// None, or several.
    Many(Box<[KnownPlace]>),
}

impl Default for Few {
    fn default() -> Self {
        Self::Many(Box::default())
    }
}

impl From<Box<[KnownPlace]>> for Places {
    fn from(places: Box<[KnownPlace]>) -> Self {
        Self(match *places {
            [place] => Few::One(place),
            _ => Few::Many(places),
        })
    }
}

impl From<Places> for Box<[KnownPlace]> {
    fn from(places: Places) -> Self {
        match places.0 {
            Few::One(place) => Self::from([place]),
            Few::Many(places) => places,
        }
    }
}

fn day_of(now: Timestamp) -> u32 {
    u32::try_from(now.as_secs() / DAY).unwrap_or(u32::MAX)
}

/// Whether a day is recent; one of the future is, for the clock may have been set back.
const fn is_recent(day: u32, today: u32) -> bool {
    today.saturating_sub(day) < DAYS_MAX
}

impl Places {
    fn all(&self) -> &[KnownPlace] {
        match &self.0 {
            Few::One(place) => std::slice::from_ref(place),
            Few::Many(places) => places,
        }
    }

    /// How well a place is known at `now`.
    pub fn look(&self, from: IpAddr, now: Timestamp) -> Familiarity {
        let (network, today) = (network(from), day_of(now));
        match self.all().iter().find(|place| place.network == network) {
            Some(place) if place.day == today => Familiarity::NotedToday,
            Some(place) if is_recent(place.day, today) => Familiarity::Known,
            _ => Familiarity::Unknown,
        }
    }

    /// Where it was shown last, known any more or not, and the day of that (its beginning).
    pub fn latest(&self) -> Option<(IpAddr, Timestamp)> {
        let latest = self.all().iter().max_by_key(|place| place.day)?;
        Some((latest.network, Timestamp(u64::from(latest.day) * DAY * 1000)))
    }

    /// Notes that the right secret was shown here.
    pub fn note(&mut self, from: IpAddr, now: Timestamp) {
        let (network, today) = (network(from), day_of(now));
        let others =
            self.all().iter().filter(|place| place.network != network && is_recent(place.day, today));
        // The newest first: what falls off the end was not seen for longest.
        let places: Box<[KnownPlace]> = std::iter::once(KnownPlace { network, day: today })
            .chain(others.copied())
            .take(PLACES_MAX)
            .collect();
        *self = places.into();
    }

    /// The networks that are known at `now`, the one seen last first.
    pub fn known(&self, now: Timestamp) -> impl Iterator<Item = IpAddr> + '_ {
        let today = day_of(now);
        self.all().iter().filter(move |place| is_recent(place.day, today)).map(|place| place.network)
    }
}

/// Whom a device is known for: an account, with the secret that was set then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whose {
    /// The account.
    pub account: AccountId,
    /// When its secret was set: a new secret forgets all devices.
    pub secret_set_at: Timestamp,
}

/// Makes and recognises the tokens of browsers. Nothing is remembered of them: a token carries its own proof.
#[derive(Clone)]
pub struct Devices(Hmac<Sha256>);

impl Devices {
    /// With a key that nobody else has, and that a restart does not change.
    pub fn new(key: &[u8]) -> Self {
        Self(match Hmac::<Sha256>::new_from_slice(key) {
            Ok(mac) => mac,
            // HMAC takes keys of every length.
            Err(_) => Hmac::<Sha256>::new(&[0; 64].into()),
        })
    }

    /// The device that a browser shows, if it is known for `whose` account at `now`.
    pub fn recognise(&self, shown: &str, whose: Whose, now: Timestamp) -> Option<DeviceId> {
        tokens(shown).find_map(|token| self.device(token, whose, now))
    }

    /// What a browser shall show from now on, after the right secret was shown in it: the device stays the same one, and
    /// those of other accounts in the same browser stay beside it.
    pub fn renew(&self, shown: &str, whose: Whose, now: Timestamp, dice: &mut dyn Dice) -> Secret {
        let id = self.recognise(shown, whose, now).unwrap_or_else(|| DeviceId(roll(dice)));
        let day = day_of(now);
        let mut bytes = [0; TOKEN_LEN];
        let parts = day.to_be_bytes().into_iter().chain(id.0).chain(self.tag(id, whose, day));
        bytes.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
        let mut text = BASE64URL_NOPAD.encode(&bytes);
        let others = tokens(shown).filter(|token| self.device(token, whose, now).is_none());
        for other in others.take(DEVICES_MAX - 1) {
            text.push('.');
            text.push_str(other);
        }
        Secret::new(text)
    }

    fn device(&self, token: &str, whose: Whose, now: Timestamp) -> Option<DeviceId> {
        let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).ok()?;
        let (day, rest) = bytes.split_first_chunk::<4>()?;
        let (id, tag) = rest.split_first_chunk::<ID_LEN>()?;
        let (day, id) = (u32::from_be_bytes(*day), DeviceId(*id));
        let is_ours = bool::from(self.tag(id, whose, day).as_slice().ct_eq(tag));
        (is_ours && is_recent(day, day_of(now))).then_some(id)
    }

    fn tag(&self, id: DeviceId, whose: Whose, day: u32) -> [u8; TAG_LEN] {
        let mut mac = self.0.clone();
        mac.update(&whose.account.0.to_be_bytes());
        mac.update(&whose.secret_set_at.0.to_be_bytes());
        mac.update(&day.to_be_bytes());
        mac.update(&id.0);
        mac.finalize().into_bytes().first_chunk().copied().unwrap_or_default()
    }
}

/// The tokens in a cookie; whatever is too long or too many is not looked at.
fn tokens(shown: &str) -> impl Iterator<Item = &str> {
    let shown = if shown.len() <= (TOKEN_LEN * 2) * DEVICES_MAX { shown } else { "" };
    shown.split('.').filter(|token| !token.is_empty()).take(DEVICES_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{dice::SeededDice, timestamp::Seconds};

    const NOW: Timestamp = Timestamp(1_800_000_000_000);
    const ANN: Whose = Whose { account: AccountId(2), secret_set_at: NOW };
    const BOB: Whose = Whose { account: AccountId(3), secret_set_at: NOW };

    fn days(days: u32) -> Timestamp {
        NOW.after(Seconds::days(days))
    }

    fn at(n: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, n])
    }

    #[test]
    fn a_place_is_known_for_thirty_days_and_each_right_secret_begins_them_anew() {
        let mut places = Places::default();
        assert_eq!(places.look(at(1), NOW), Familiarity::Unknown);
        places.note(at(1), NOW);
        assert_eq!(places.look(at(1), NOW), Familiarity::NotedToday);
        assert_eq!(places.look(at(2), NOW), Familiarity::Unknown);
        assert_eq!(places.look(at(1), days(29)), Familiarity::Known);
        assert_eq!(places.look(at(1), days(30)), Familiarity::Unknown);
        places.note(at(1), days(29));
        assert_eq!(places.look(at(1), days(58)), Familiarity::Known);
        assert_eq!(places.look(at(1), NOW), Familiarity::Known, "a clock that was set back forgets nothing");
    }

    #[test]
    fn the_place_that_was_not_seen_for_longest_goes() {
        let mut places = Places::default();
        for n in 0..40 {
            places.note(at(n), NOW);
            places.note(at(0), NOW);
        }
        assert_eq!(places.known(NOW).count(), PLACES_MAX);
        assert_eq!(places.look(at(0), NOW), Familiarity::NotedToday);
        assert_eq!(places.look(at(39), NOW), Familiarity::NotedToday);
        assert_eq!(places.look(at(1), NOW), Familiarity::Unknown);
    }

    #[test]
    fn a_device_is_known_for_one_account_its_present_secret_and_thirty_days() {
        let devices = Devices::new(&[7; 32]);
        let token = devices.renew("", ANN, NOW, &mut SeededDice(1));
        let known = |whose, now| devices.recognise(token.reveal(), whose, now).is_some();
        assert!(known(ANN, NOW) && known(ANN, days(29)));
        assert!(!known(ANN, days(30)) && !known(BOB, NOW));
        assert!(!known(Whose { secret_set_at: days(1), ..ANN }, NOW), "the secret was replaced");
        assert_eq!(Devices::new(&[8; 32]).recognise(token.reveal(), ANN, NOW), None);
    }

    #[test]
    fn a_browser_keeps_its_device_and_those_of_the_others_who_use_it() {
        let devices = Devices::new(&[7; 32]);
        let mut dice = SeededDice(1);
        let anns = devices.renew("", ANN, NOW, &mut dice);
        let id = devices.recognise(anns.reveal(), ANN, NOW);
        let both = devices.renew(anns.reveal(), BOB, NOW, &mut dice);
        assert_eq!(devices.recognise(both.reveal(), ANN, NOW), id);
        assert!(devices.recognise(both.reveal(), BOB, NOW).is_some());
        let renewed = devices.renew(both.reveal(), ANN, days(20), &mut dice);
        assert_eq!(devices.recognise(renewed.reveal(), ANN, days(40)), id);
        let crowd = (10..30).fold(renewed, |token, account| {
            let whose = Whose { account: AccountId(account), ..ANN };
            devices.renew(token.reveal(), whose, NOW, &mut dice)
        });
        assert_eq!(crowd.reveal().split('.').count(), DEVICES_MAX);
        assert_eq!(devices.recognise(crowd.reveal(), ANN, NOW), None);
    }

    #[test]
    fn a_forged_token_is_not_recognised_and_one_of_any_length_is_read_within_a_bound() {
        let devices = Devices::new(&[7; 32]);
        let token = devices.renew("", ANN, NOW, &mut SeededDice(1));
        for position in 0..token.reveal().len() {
            let mut forged = token.reveal().as_bytes().to_vec();
            forged[position] = if forged[position] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).unwrap();
            assert_eq!(devices.recognise(&forged, ANN, NOW), None, "{position}");
        }
        for shown in ["", ".", "...", "A", &"A".repeat(100_000), &".".repeat(300)] {
            assert_eq!(devices.recognise(shown, ANN, NOW), None);
        }
    }
}
