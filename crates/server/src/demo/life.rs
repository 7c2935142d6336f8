//! The life of the office: phones register and refresh, come and go, codes are mistyped, forgotten and replaced, strangers
//! try numbers. What happens next is rolled with seeded dice; what is secret never is.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};

use signin::{
    account::BUSINESS_PARTNER,
    admin::{By, SecretChoice},
    credential::{CredentialKind, Owner},
    dice::{SeededDice, below, roll},
    ident::{DomainId, Number},
    records::Records as _,
    secret::Secret,
    timestamp::{Seconds, Timestamp},
};

use super::{
    addresses,
    agenda::{Agenda, Deed, Pace},
    office::{GUEST, Make, PLACES, Place, SCANNER, SPARE},
    past::Errand,
    phone::Phone,
    visitor::{Desk, Visitor, attempt},
};
use crate::system::System;

/// The browser of the reseller.
const PARTNER_DESK: Desk = Desk {
    address: addresses::PARTNER,
    browser: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
};
/// Wrong codes that somebody tries who has forgotten the right one: the limit, as it is set in a new system.
const TRIES_OF_FORGETFUL: u8 = 5;
/// Numbers that a stranger tries: up to the limit of an address, as it is set in a new system.
const TRIES_OF_STRANGER: u8 = 10;
/// How many phones are borrowed for a crowd: with the two that are there one more than the office allows.
const BORROWED: u8 = 2;
/// How soon a phone that was refused, or heard nothing, tries again.
const REFUSED_AGAIN: u32 = 300;
const SILENCE_AGAIN: u32 = 30;

/// The secrets of those who sign in to the web manager.
#[derive(Clone, Debug)]
pub(super) struct Passwords {
    /// Administrator's.
    pub(super) administrator: Secret,
    /// BusinessPartner's.
    pub(super) business_partner: Secret,
}

/// What is typed into phones, by number.
pub(super) type Codes = BTreeMap<&'static str, Secret>;

/// The office while it lives.
#[derive(Debug)]
pub(super) struct Life {
    pub(super) system: Arc<System>,
    server: SocketAddr,
    pub(super) agenda: Agenda,
    dice: SeededDice,
    pub(super) lines: Vec<Line>,
    pub(super) passwords: Passwords,
    /// Who is signed in.
    pub(super) administrator: Option<Visitor>,
    partner: Option<Visitor>,
    /// Somebody has given the reseller another password: what is known of it is no longer tried.
    is_partner_out: bool,
    /// The passwords of those whom Administrator has appointed, as far as they are known, and who of them is signed in.
    pub(super) staff: BTreeMap<&'static str, Secret>,
    pub(super) helper: Option<Visitor>,
}

/// A phone at its place.
#[derive(Debug)]
pub(super) struct Line {
    place: &'static Place,
    phone: Phone,
    /// The right code; what was typed into the phone may be another.
    code: Secret,
    is_on: bool,
    turn: u32,
}

impl Life {
    /// With nobody there yet.
    pub(super) fn new(
        system: &Arc<System>,
        server: SocketAddr,
        pace: Pace,
        seed: u64,
        passwords: Passwords,
    ) -> Self {
        Self {
            system: Arc::clone(system),
            server,
            agenda: Agenda::new(pace),
            dice: SeededDice(seed),
            lines: Vec::new(),
            passwords,
            administrator: None,
            partner: None,
            is_partner_out: false,
            staff: BTreeMap::new(),
            helper: None,
        }
    }

    /// The system was started again and goes by another clock; the phones did not notice.
    pub(super) fn move_to(&mut self, system: &Arc<System>, server: SocketAddr) {
        self.agenda.set_pace(Pace::Present(system.clock.clone()));
        self.system = Arc::clone(system);
        self.server = server;
    }

    /// Puts a phone at every place whose code is known. Those that nobody minds get the code of before, where there is one.
    pub(super) async fn furnish(&mut self, codes: &Codes, before: &Codes) -> std::io::Result<()> {
        for (position, place) in PLACES.iter().enumerate() {
            let Some(code) = codes.get(place.number) else { continue };
            let typed = before.get(place.number).filter(|_| place.is_forgotten).unwrap_or(code);
            let at = addresses::of_place(position);
            let id = roll(&mut self.dice);
            let phone = Phone::plugged_in(place.make, at, place.number, typed.clone(), id).await?;
            self.lines.push(Line { place, phone, code: code.clone(), is_on: false, turn: 0 });
        }
        Ok(())
    }

    /// Everything on the agenda up to `end`.
    pub(super) async fn until(&mut self, end: Timestamp) {
        while let Some(deed) = self.agenda.next(end).await {
            self.keep_order().await;
            self.happen(deed).await;
        }
    }

    /// Some of what happens is written behind. In the past that is hours later, after what happened next: so that waits for it.
    async fn keep_order(&self) {
        if self.agenda.is_past() && self.system.ledger.does_audit_wait() {
            // A store that cannot be written says so itself.
            drop(self.system.ledger.flush().await);
        }
    }

    /// Lets so many seconds pass in the middle of something.
    pub(super) async fn wait(&self, seconds: u32) {
        self.keep_order().await;
        self.agenda.pass(self.agenda.now().after(Seconds(seconds))).await;
    }

    async fn happen(&mut self, deed: Deed) {
        match deed {
            Deed::Come(line) => self.come(line).await,
            Deed::Refresh(line, turn) => self.refresh(line, turn).await,
            Deed::Leave(line, back) => self.leave(line, back).await,
            Deed::Mistype(line) => self.mistype(line).await,
            Deed::Retype(line) => self.retype(line).await,
            Deed::NewCode(line) => self.new_code(line).await,
            Deed::Forget(line) => self.forget(line).await,
            Deed::Crowd(line) => self.crowd(line).await,
            Deed::GoHome(phones) => self.go_home(phones).await,
            Deed::Scan => self.scan().await,
            Deed::PartnerComes => self.partner_comes().await,
            Deed::PartnerGoes => self.partner_goes().await,
            Deed::Errand(errand) => self.run(errand).await,
            Deed::Anything => self.anything(),
        }
    }

    async fn come(&mut self, at: usize) {
        let Some(line) = self.lines.get_mut(at).filter(|line| !line.is_on) else { return };
        line.is_on = true;
        self.register(at).await;
    }

    /// Every phone is switched on, one after the other.
    pub(super) async fn switch_on(&mut self) {
        for at in 0..self.lines.len() {
            self.come(at).await;
        }
    }

    /// The phones that nobody minds try once more: that they did before is forgotten when a system is started again.
    pub(super) async fn knock(&mut self) {
        for at in 0..self.lines.len() {
            if self.lines.get(at).is_some_and(|line| line.place.is_forgotten && line.is_on) {
                self.register(at).await;
            }
        }
    }

    async fn refresh(&mut self, at: usize, turn: u32) {
        if self.lines.get(at).is_some_and(|line| line.is_on && line.turn == turn) {
            self.register(at).await;
        }
    }

    /// Registers a phone that is on, and enters when it will do so again.
    async fn register(&mut self, at: usize) {
        let server = self.server;
        let Some(line) = self.lines.get_mut(at) else { return };
        line.turn += 1;
        let told = line.phone.register(server, line.phone.make().expires).await;
        let again = match told {
            Ok(Some(told)) => match (told.status, told.retry_after) {
                // Well before the end, as phones do.
                (200, _) => (told.granted / 2).max(1),
                (_, Some(seconds)) => seconds.saturating_add(5),
                (_, None) => REFUSED_AGAIN,
            },
            Ok(None) | Err(_) => SILENCE_AGAIN,
        };
        self.agenda.put_in(again, Deed::Refresh(at, line.turn));
    }

    async fn leave(&mut self, at: usize, back: Option<Seconds>) {
        let server = self.server;
        let Some(line) = self.lines.get_mut(at).filter(|line| line.is_on) else { return };
        line.is_on = false;
        drop(line.phone.register(server, 0).await);
        if let Some(Seconds(back)) = back {
            self.agenda.put_in(back, Deed::Come(at));
        }
    }

    async fn mistype(&mut self, at: usize) {
        let (server, seconds) = (self.server, self.between(6, 15));
        let Some(code) = self.lines.get(at).map(|line| line.code.clone()) else { return };
        let wrong = self.mistyped(&code);
        let Some(line) = self.lines.get_mut(at) else { return };
        line.phone.code = wrong;
        // Whatever it had planned before is over.
        line.turn += 1;
        drop(line.phone.register(server, line.phone.make().expires).await);
        self.agenda.put_in(seconds, Deed::Retype(at));
    }

    async fn retype(&mut self, at: usize) {
        let Some(line) = self.lines.get_mut(at) else { return };
        line.phone.code = line.code.clone();
        line.is_on = true;
        self.register(at).await;
    }

    async fn new_code(&mut self, at: usize) {
        let Some(number) = self.lines.get(at).map(|line| line.place.number) else { return };
        let Some(code) = replace_code(&self.system, &self.by(), number).await else { return };
        let of_number = self.lines.iter_mut().enumerate().filter(|(_, line)| line.place.number == number);
        let mut typed_in = Vec::new();
        for (at, line) in of_number.filter(|(_, line)| !line.place.is_forgotten) {
            line.code = code.clone();
            if line.is_on {
                line.turn += 1;
                typed_in.push((at, line.turn));
            }
        }
        for (at, turn) in typed_in {
            // In between it shows the old one.
            let (soon, later) = (self.between(10, 20), self.between(60, 150));
            self.agenda.put_in(soon, Deed::Refresh(at, turn));
            self.agenda.put_in(later, Deed::Retype(at));
        }
    }

    async fn forget(&mut self, at: usize) {
        let Some((number, code)) = self.lines.get(at).map(|line| (line.place.number, line.code.clone()))
        else {
            return;
        };
        let from = addresses::elsewhere(self.any());
        let Some(mut phone) = self.plug_in(&SPARE, from, number, &code).await else { return };
        for _ in 0..TRIES_OF_FORGETFUL {
            phone.code = self.mistyped(&code);
            drop(phone.register(self.server, SPARE.expires).await);
            let pause = self.between(1, 3);
            self.wait(pause).await;
        }
    }

    async fn crowd(&mut self, at: usize) {
        let Some((number, code)) = self.lines.get(at).map(|line| (line.place.number, line.code.clone()))
        else {
            return;
        };
        let first = self.any();
        let mut borrowed = Vec::new();
        for count in 0..BORROWED {
            let from = addresses::elsewhere(first.wrapping_add(count));
            let Some(mut phone) = self.plug_in(&SPARE, from, number, &code).await else { return };
            drop(phone.register(self.server, SPARE.expires).await);
            borrowed.push(phone);
        }
        let back = self.between(120, 240);
        self.agenda.put_in(back, Deed::GoHome(borrowed));
    }

    async fn go_home(&mut self, phones: Vec<Phone>) {
        for mut phone in phones {
            drop(phone.register(self.server, 0).await);
        }
    }

    async fn scan(&mut self) {
        let from = addresses::stranger(self.any());
        let first = 100 + 10 * u32::from(below(&mut self.dice, 9));
        for number in (first..).take(usize::from(TRIES_OF_STRANGER)) {
            let number = number.to_string();
            // What such programs try first.
            let Some(mut phone) = self.plug_in(&SCANNER, from, &number, &Secret::new(&*number)).await else {
                return;
            };
            drop(phone.register(self.server, SCANNER.expires).await);
        }
    }

    async fn plug_in(
        &mut self,
        make: &'static Make,
        at: std::net::IpAddr,
        number: &str,
        code: &Secret,
    ) -> Option<Phone> {
        let id = roll(&mut self.dice);
        Phone::plugged_in(make, at, number, code.clone(), id).await.ok()
    }

    async fn partner_comes(&mut self) {
        if self.is_partner_out {
            return;
        }
        if self.any().is_multiple_of(4) {
            let wrong = Secret::new(format!("{}.", self.passwords.business_partner.reveal()));
            Visitor::sign_in(&self.system, BUSINESS_PARTNER, &wrong, PARTNER_DESK).await;
        }
        let password = &self.passwords.business_partner;
        let visitor = Visitor::sign_in(&self.system, BUSINESS_PARTNER, password, PARTNER_DESK).await;
        // Somebody has changed it, or closed the account: to go on trying would lock it.
        self.is_partner_out = visitor.is_none();
        self.partner = visitor;
        let seconds = self.between(180, 480);
        self.agenda.put_in(seconds, Deed::PartnerGoes);
    }

    async fn partner_goes(&mut self) {
        if let Some(visitor) = self.partner.take() {
            visitor.sign_out(&self.system).await;
        }
    }

    /// Something by chance, and the next time for it.
    fn anything(&mut self) {
        let minded = |line: &Line| !line.place.is_forgotten;
        let alone = |line: &Line| {
            minded(line) && PLACES.iter().filter(|place| place.number == line.place.number).count() == 1
        };
        let deed = match below(&mut self.dice, 20) {
            0..=6 => {
                let back = Seconds(self.between(40, 180));
                self.line_where(minded).map(|line| Deed::Leave(line, Some(back)))
            }
            7..=11 => self.line_where(minded).map(Deed::Mistype),
            12 | 13 => Some(Deed::Scan),
            14 => self.line_where(minded).map(Deed::Forget),
            15 | 16 => self.line_where(alone).map(Deed::NewCode),
            17 => self.line_where(|line| minded(line) && !alone(line)).map(Deed::Crowd),
            18 if self.helper.is_some() => Some(Deed::Errand(Errand::StaffGoes)),
            18 => self.any_of_staff().map(|name| Deed::Errand(Errand::StaffComes(name))),
            _ if self.partner.is_some() => Some(Deed::PartnerGoes),
            _ => Some(Deed::PartnerComes),
        };
        if let Some(deed) = deed {
            self.agenda.put_in(0, deed);
        }
        let pause = self.between(8, 25);
        self.agenda.put_in(pause, Deed::Anything);
    }

    /// Any of those whose password is known.
    fn any_of_staff(&mut self) -> Option<&'static str> {
        let bound = u16::try_from(self.staff.len()).ok().filter(|bound| *bound > 0)?;
        self.staff.keys().nth(usize::from(below(&mut self.dice, bound))).copied()
    }

    /// Any line of those that are on.
    fn line_where(&mut self, fits: impl Fn(&Line) -> bool) -> Option<usize> {
        let fitting = self.lines.iter().enumerate().filter(|(_, line)| line.is_on && fits(line));
        let fitting: Vec<usize> = fitting.map(|(at, _)| at).collect();
        let bound = u16::try_from(fitting.len()).ok().filter(|bound| *bound > 0)?;
        fitting.get(usize::from(below(&mut self.dice, bound))).copied()
    }

    /// The first phone of a number that somebody minds.
    pub(super) fn line_of(&self, number: &str) -> Option<usize> {
        self.lines.iter().position(|line| line.place.number == number && !line.place.is_forgotten)
    }

    /// Who changes something at the web manager: whoever is signed in, else the console.
    pub(super) fn by(&self) -> By {
        let visitor = self.administrator.as_ref().or(self.partner.as_ref());
        visitor.map_or_else(By::console, |visitor| visitor.by.clone())
    }

    /// The code with one wrong character.
    fn mistyped(&mut self, code: &Secret) -> Secret {
        let length = code.reveal().chars().count().max(1);
        let at = usize::from(below(&mut self.dice, u16::try_from(length).unwrap_or(1)));
        let by = 1 + u32::from(below(&mut self.dice, 9));
        let typed = code.reveal().chars().enumerate().map(|(position, c)| match c.to_digit(10) {
            _ if position != at => c,
            Some(digit) => char::from_digit((digit + by) % 10, 10).unwrap_or('0'),
            None => char::from_digit(by, 10).unwrap_or('0'),
        });
        Secret::new(typed.collect::<String>())
    }

    fn any(&mut self) -> u8 {
        let [byte] = roll::<1>(&mut self.dice);
        byte
    }

    /// A number from `low` to `high`.
    pub(super) fn between(&mut self, low: u32, high: u32) -> u32 {
        let rolled = u32::from_le_bytes(roll::<4>(&mut self.dice));
        low + rolled % (high.saturating_sub(low) + 1)
    }
}

/// Gives the number a new secret by chance, as an administrator does; `None` = nobody has the number any more, or they may
/// not.
pub(super) async fn replace_code(system: &Arc<System>, by: &By, number: &str) -> Option<Secret> {
    let number = Number::parse(number)?;
    let extension = system.ledger.extension_numbered(DomainId::FIRST, &number)?;
    let (owner, kind) = match extension.user {
        Some(user) => (Owner::Account(user), CredentialKind::LoginCode),
        None => (Owner::Extension(extension.id), CredentialKind::PhonePassword),
    };
    let generate = SecretChoice::Generate;
    let set = attempt(system, by, move |admin, dice| admin.set_secret(owner, kind, &generate, false, dice));
    set.await?.generated.into_iter().map(|(_, secret)| secret).next()
}

/// New codes for every number where a phone stands, and for the guest's; the ones that forgotten phones have kept.
pub(super) async fn replace_codes(system: &Arc<System>) -> (Codes, Codes) {
    let (mut codes, mut before) = (Codes::new(), Codes::new());
    let by = By::console();
    for place in PLACES.iter().filter(|place| place.is_forgotten) {
        before.extend(replace_code(system, &by, place.number).await.map(|code| (place.number, code)));
    }
    for number in PLACES.iter().map(|place| place.number).chain([GUEST]) {
        if !codes.contains_key(number) {
            codes.extend(replace_code(system, &by, number).await.map(|code| (number, code)));
        }
    }
    (codes, before)
}
