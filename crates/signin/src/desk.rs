//! Desks: who is logged in at which phone (hot desking and hoteling, SPEC S13 and S14). Pure.
//!
//! ```text
//!   at home ◀────────── logs out there, or is pushed out; unless logging in is forced ──────────╮
//!   (the own phone)                                                                             │
//!      │ logs in at another phone: the own one has nobody then                                   │
//!      ╰──────────────────────────────────────────────────────────▶ at another phone ───────────╯
//!                                                     │ forced, or somebody else is at the own phone
//!                                                     ╰──▶ nowhere: reached by mailbox alone
//! ```
//! A phone belongs to an extension, and registers as that for ever; who is *at* it may be somebody else. Where nobody ever
//! moved, nothing is kept: everybody is at home.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    account::Account,
    document::{Document, DocumentId},
    effect::Effect,
    extension::Extension,
    ident::{AccountId, ExtensionId},
    records::Records,
    timestamp::{Seconds, Timestamp},
};

/// Who is at a phone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Occupant {
    /// The user of its extension.
    #[default]
    Own,
    /// Somebody else.
    User(AccountId),
    /// Nobody: it may not call out ("NoUser").
    Nobody,
}

/// Where a user is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Whereabouts {
    /// At the phone of the own extension.
    #[default]
    Home,
    /// At another one.
    At(ExtensionId),
    /// At none.
    Nowhere,
}

/// A phone, as far as somebody moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    /// Which.
    pub extension: ExtensionId,
    /// Counts the changes.
    pub version: u32,
    /// Who is there.
    pub occupant: Occupant,
    /// Since when.
    pub since: Timestamp,
    /// Until when a guest may stay; `None` = for ever.
    pub until: Option<Timestamp>,
}

/// A user, as far as they move.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Desk {
    /// Whose.
    pub account: AccountId,
    /// Counts the changes.
    pub version: u32,
    /// Where they are.
    pub whereabouts: Whereabouts,
    /// Whether they must log in at the own phone too: it has nobody until they do.
    pub is_forced: bool,
    /// They are logged out when they have not called for so long; 0 = never.
    pub idle: Seconds,
    /// For how many hours guests may stay at the own phone; 0 = no guests.
    pub guest_hours_max: u8,
    /// Whether they may be a guest elsewhere.
    pub may_be_guest: bool,
}

/// Longest that a guest may stay.
pub const GUEST_HOURS_MAX: u8 = 24;
/// Longest idle time that can be set.
pub const IDLE_MAX: Seconds = Seconds::days(1);

impl Seat {
    fn of(records: &dyn Records, extension: ExtensionId) -> Self {
        let document = records.document(DocumentId::Seat(extension));
        document.and_then(|document| document.seat().cloned()).unwrap_or(Self {
            extension,
            version: 0,
            occupant: Occupant::Own,
            since: Timestamp::EPOCH,
            until: None,
        })
    }
}

impl Desk {
    /// Of a user; the default where nothing was set and nobody moved.
    pub fn of(records: &dyn Records, account: AccountId) -> Self {
        let document = records.document(DocumentId::Desk(account));
        document.and_then(|document| document.desk().cloned()).unwrap_or(Self {
            account,
            version: 0,
            whereabouts: Whereabouts::Home,
            is_forced: false,
            idle: Seconds(0),
            guest_hours_max: 0,
            may_be_guest: false,
        })
    }
}

/// Who is at the phone of an extension; `None` = nobody, or it is nobody's.
pub fn occupant(records: &dyn Records, extension: &Extension) -> Option<AccountId> {
    match Seat::of(records, extension.id).occupant {
        Occupant::Own => extension.user,
        Occupant::User(account) => records.account(account).map(|account| account.id),
        Occupant::Nobody => None,
    }
}

/// Whether the phone of an extension has nobody, so that nobody may call from it.
pub fn is_vacant(records: &dyn Records, extension: &Extension) -> bool {
    extension.user.is_some() && occupant(records, extension).is_none()
}

/// The extension at whose phone a user is reached; `None` = at none.
pub fn phone_of(records: &dyn Records, account: &Account) -> Option<ExtensionId> {
    let at = match Desk::of(records, account.id).whereabouts {
        Whereabouts::Home => account.extension()?,
        Whereabouts::At(extension) => extension,
        Whereabouts::Nowhere => return None,
    };
    let extension = records.extension(at)?;
    (occupant(records, &extension) == Some(account.id)).then_some(at)
}

/// A user is at a phone from now on, at most until then: the effects of it. Whoever was there goes home if they can, and so does
/// nobody else.
pub fn log_in(
    records: &dyn Records,
    phone: &Extension,
    account: &Account,
    until: Option<Timestamp>,
    now: Timestamp,
) -> Vec<Effect> {
    let mut room = Room::new(records, now);
    if let Some(old) = room.phone_of(account.id).filter(|old| *old != phone.id) {
        room.vacate(old);
        room.take_back(old, account.id);
    }
    if let Some(other) = room.occupant(phone.id).filter(|other| *other != account.id) {
        room.vacate(phone.id);
        room.go_home(other, phone.id);
    }
    room.sit(phone.id, account.id, until);
    room.effects()
}

/// Whoever is at a phone is no longer: the effects of it, none where nobody is, or where the phone's own user is there and need
/// not log in.
pub fn log_out(records: &dyn Records, phone: &Extension, now: Timestamp) -> Vec<Effect> {
    let mut room = Room::new(records, now);
    let Some(account) = room.occupant(phone.id) else { return Vec::new() };
    if phone.user == Some(account) && !room.desk(account).is_forced {
        return Vec::new();
    }
    room.vacate(phone.id);
    room.take_back(phone.id, account);
    room.go_home(account, phone.id);
    room.effects()
}

/// What changes while somebody moves.
struct Room<'r> {
    records: &'r dyn Records,
    now: Timestamp,
    seats: BTreeMap<ExtensionId, Seat>,
    desks: BTreeMap<AccountId, Desk>,
}

impl<'r> Room<'r> {
    fn new(records: &'r dyn Records, now: Timestamp) -> Self {
        Self { records, now, seats: BTreeMap::new(), desks: BTreeMap::new() }
    }

    fn seat(&mut self, extension: ExtensionId) -> &mut Seat {
        let records = self.records;
        self.seats.entry(extension).or_insert_with(|| Seat::of(records, extension))
    }

    fn desk(&mut self, account: AccountId) -> &mut Desk {
        let records = self.records;
        self.desks.entry(account).or_insert_with(|| Desk::of(records, account))
    }

    fn user_of(&self, extension: ExtensionId) -> Option<AccountId> {
        self.records.extension(extension).and_then(|extension| extension.user)
    }

    fn home_of(&self, account: AccountId) -> Option<ExtensionId> {
        self.records.account(account).and_then(|account| account.extension())
    }

    fn occupant(&mut self, extension: ExtensionId) -> Option<AccountId> {
        match self.seat(extension).occupant {
            Occupant::Own => self.user_of(extension),
            Occupant::User(account) => Some(account),
            Occupant::Nobody => None,
        }
    }

    fn phone_of(&mut self, account: AccountId) -> Option<ExtensionId> {
        let at = match self.desk(account).whereabouts {
            Whereabouts::Home => self.home_of(account)?,
            Whereabouts::At(extension) => extension,
            Whereabouts::Nowhere => return None,
        };
        (self.occupant(at) == Some(account)).then_some(at)
    }

    fn vacate(&mut self, extension: ExtensionId) {
        if let Some(account) = self.occupant(extension) {
            self.desk(account).whereabouts = Whereabouts::Nowhere;
        }
        let now = self.now;
        let seat = self.seat(extension);
        (seat.occupant, seat.since, seat.until) = (Occupant::Nobody, now, None);
    }

    fn sit(&mut self, extension: ExtensionId, account: AccountId, until: Option<Timestamp>) {
        let is_own = self.user_of(extension) == Some(account);
        let is_home = self.home_of(account) == Some(extension);
        let now = self.now;
        let seat = self.seat(extension);
        seat.occupant = if is_own { Occupant::Own } else { Occupant::User(account) };
        (seat.since, seat.until) = (now, until);
        self.desk(account).whereabouts = if is_home { Whereabouts::Home } else { Whereabouts::At(extension) };
    }

    /// A phone that nobody is at goes back to its own user, who is nowhere and need not log in.
    fn take_back(&mut self, extension: ExtensionId, left: AccountId) {
        let Some(own) = self.user_of(extension).filter(|own| *own != left) else { return };
        if self.desk(own).whereabouts == Whereabouts::Nowhere && !self.desk(own).is_forced {
            self.sit(extension, own, None);
        }
    }

    /// A user who is nowhere goes back to the own phone, where nobody is and no login is needed.
    fn go_home(&mut self, account: AccountId, left: ExtensionId) {
        let Some(home) = self.home_of(account).filter(|home| *home != left) else { return };
        if self.seat(home).occupant == Occupant::Nobody && !self.desk(account).is_forced {
            self.sit(home, account, None);
        }
    }

    fn effects(self) -> Vec<Effect> {
        let Self { records, seats, desks, .. } = self;
        let seats = seats.into_values().filter_map(|seat| {
            let before = Seat::of(records, seat.extension);
            (before != seat).then(|| Document::Seat(Seat { version: before.version + 1, ..seat }))
        });
        let desks = desks.into_values().filter_map(|desk| {
            let before = Desk::of(records, desk.account);
            (before != desk).then(|| Document::Desk(Desk { version: before.version + 1, ..desk }))
        });
        seats.chain(desks).map(|document| Effect::PutDocument(Box::new(document))).collect()
    }
}
