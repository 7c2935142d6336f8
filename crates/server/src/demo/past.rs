//! The past of the office: its first days, gone through at once with a clock that starts back then.
//!
//! Everything in it is done, not written down: by the same operations and the same phones as afterwards, so that the audit,
//! the dates and the locks are what they would be.

use signin::{
    account::{ADMINISTRATOR, Account, Condition, RoleKind},
    admin::{Admin, By, Change, EditUser, NewExtension, NewUser, Problem, SecretChoice, ServiceUserFields},
    document::{DocumentKind, rights_groups},
    ident::{DomainId, FoldedName},
    policy::{Lock, Settings},
    records::Records,
    secret::Secret,
    timestamp::{Seconds, Timestamp},
};

use super::{
    DemoError, addresses,
    agenda::Deed,
    life::{Codes, Life},
    office::{DOOR_NUMBER, PEOPLE, PLACES, STAFF},
    visitor::{Desk, Visitor, attempt},
};

/// The browser of the administrator.
const DESK: Desk = Desk {
    address: addresses::ADMINISTRATOR,
    browser: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 \
              Safari/537.36 Edg/142.0.0.0",
};
/// The browser of those whom Administrator has appointed.
const STAFF_DESK: Desk = Desk {
    address: addresses::STAFF,
    browser: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 \
              Safari/605.1.15",
};
/// How many days before today the office began.
const DAYS: u64 = 9;
const DAY: u64 = 86_400_000;
const MINUTE: u64 = 60_000;
/// How long before now the phones of today were switched on, the first and the last of them.
const SWITCHED_ON: (u32, u32) = (45 * 60, 15 * 60);
/// Of each day before today, so many phones were switched on.
const PHONES_A_DAY: usize = 3;

/// Something that is done by hand at the web manager.
#[derive(Clone, Copy, Debug)]
pub(super) enum Errand {
    /// Administrator signs in, after so many wrong passwords.
    Arrive(u8),
    /// And signs out.
    Depart,
    /// The settings become others.
    Settings(fn(&mut Settings)),
    /// A user gets another full name.
    FullName(&'static str, &'static str),
    /// A user is switched off, or made to choose a new password.
    Condition(&'static str, Condition),
    /// A user ends, in so many days.
    Expires(&'static str, u32),
    /// Somebody who is here for a few days.
    Hire(&'static str, &'static str),
    /// And goes.
    Dismiss(&'static str),
    /// Every lock is reset.
    ResetLocks,
    /// Administrator appoints those who help.
    Appoint,
    /// One of them signs in.
    StaffComes(&'static str),
    /// And signs out.
    StaffGoes,
}

/// When the office began, if it is `now`.
pub(super) const fn beginning(now: Timestamp) -> Timestamp {
    at(now, DAYS, 8, 40)
}

/// A time of day, so many days before the day of `now`.
const fn at(now: Timestamp, days: u64, hour: u64, minute: u64) -> Timestamp {
    let midnight = now.0 - now.0 % DAY;
    Timestamp(midnight.saturating_sub(days * DAY) + (60 * hour + minute) * MINUTE)
}

impl Life {
    /// The first morning: everybody gets an account, and every phone its place. The codes are what was generated.
    ///
    /// # Errors
    /// What could not be made.
    pub(super) async fn move_in(&mut self) -> Result<Codes, DemoError> {
        self.run(Errand::Arrive(0)).await;
        let mut codes = Codes::new();
        for person in &PEOPLE {
            let pause = self.between(20, 60);
            self.wait(pause).await;
            let generate = |is_wanted| if is_wanted { SecretChoice::Generate } else { SecretChoice::Keep };
            let new = NewUser {
                name: person.name.into(),
                full_name: person.full_name.into(),
                number: person.number.into(),
                login_code: generate(!person.number.is_empty()),
                user_password: generate(person.has_password),
                phone_password: SecretChoice::Keep,
            };
            let by = self.by();
            let made = self
                .system
                .administer(&by, move |admin, dice| admin.create_user(DomainId::FIRST, &new, dice));
            let made = made.await.map_err(|refusal| DemoError::refused(person.name, &refusal))?;
            // The login code comes first; passwords are for people, who are told.
            codes.extend(made.generated.into_iter().take(1).map(|(_, code)| (person.number, code)));
        }
        codes.remove("");
        let door = NewExtension { number: DOOR_NUMBER.into(), phone_password: SecretChoice::Generate };
        let by = self.by();
        let made = self
            .system
            .administer(&by, move |admin, dice| admin.create_extension(DomainId::FIRST, &door, dice));
        let made = made.await.map_err(|refusal| DemoError::refused(DOOR_NUMBER, &refusal))?;
        codes.extend(made.generated.into_iter().map(|(_, secret)| (DOOR_NUMBER, secret)));
        Ok(codes)
    }

    /// Enters what happened between the first morning and `now`.
    pub(super) fn remember(&mut self, now: Timestamp) {
        self.remember_errands(now);
        let lines = PLACES.len();
        for day in 1..DAYS {
            for _ in 0..PHONES_A_DAY {
                let line = usize::try_from(self.between(0, 1000)).unwrap_or(0) % lines;
                let start = at(now, day, 9, 0).after(Seconds(self.between(0, 6 * 3600)));
                let seconds = Seconds(self.between(900, 2400));
                self.agenda.put(start, Deed::Come(line));
                self.agenda.put(start.after(seconds), Deed::Leave(line, None));
            }
            if let Some(line) = self.line_of("208").filter(|_| day % 3 == 0) {
                self.agenda.put(at(now, day, 9, 35), Deed::Mistype(line));
                self.agenda.put(at(now, day, 10, 5), Deed::Leave(line, None));
            }
        }
        self.remember_today(now);
    }

    fn remember_errands(&mut self, now: Timestamp) {
        let errands: [(u64, (u64, u64), Errand); 27] = [
            (9, (9, 40), Errand::Settings(|new| new.registrations.bindings_max = 3)),
            (
                9,
                (9, 46),
                Errand::Settings(|new| new.login_banner = "Kestrel Instruments. For staff only.".into()),
            ),
            (9, (9, 48), Errand::Appoint),
            (9, (9, 50), Errand::Depart),
            (6, (9, 12), Errand::StaffComes("f.elamrani")),
            (6, (9, 31), Errand::StaffGoes),
            (3, (14, 2), Errand::StaffComes("helpdesk")),
            (3, (14, 9), Errand::StaffGoes),
            (7, (8, 55), Errand::Arrive(1)),
            (7, (9, 2), Errand::FullName("giulia.marchetti", "Giulia Marchetti-Rossi")),
            (7, (9, 5), Errand::Hire("jonas.lind", "Jonas Lind")),
            (7, (9, 6), Errand::Depart),
            (5, (16, 6), Errand::Arrive(0)),
            (5, (16, 8), Errand::ResetLocks),
            (5, (16, 9), Errand::Depart),
            (4, (9, 28), Errand::Arrive(0)),
            (4, (9, 30), Errand::Condition("viktor.horvath", Condition::Disabled)),
            (4, (9, 34), Errand::Expires("leila.haddad", 24)),
            (4, (9, 36), Errand::Depart),
            (2, (13, 10), Errand::Arrive(0)),
            (2, (13, 40), Errand::Depart),
            (1, (15, 38), Errand::Arrive(3)),
            (1, (15, 41), Errand::Arrive(0)),
            (1, (15, 42), Errand::Condition("samuel.mensah", Condition::ForceNewPassword)),
            (
                1,
                (15, 50),
                Errand::Settings(|new| {
                    new.user_password_lock.lock = Lock::Temporary(Seconds::minutes(10));
                }),
            ),
            (1, (15, 55), Errand::Dismiss("jonas.lind")),
            (1, (16, 0), Errand::Depart),
        ];
        for (days, (hour, minute), errand) in errands {
            self.agenda.put(at(now, days, hour, minute), Deed::Errand(errand));
        }
        self.agenda.put(at(now, 8, 10, 12), Deed::PartnerComes);
        self.agenda.put(at(now, 6, 11, 20), Deed::Scan);
        self.agenda.put(at(now, 3, 2, 47), Deed::Scan);
        let on = |number| self.line_of(number);
        let told = [
            (on("207"), at(now, 5, 16, 3), Deed::Forget as fn(usize) -> Deed),
            // The phone in the warehouse keeps the code of before.
            (on("210"), at(now, 2, 13, 15), Deed::NewCode),
        ];
        for (line, when, deed) in told {
            if let Some(line) = line {
                self.agenda.put(when, deed(line));
            }
        }
    }

    fn remember_today(&mut self, now: Timestamp) {
        let ago = |seconds: u32| Timestamp(now.0.saturating_sub(u64::from(seconds) * 1000));
        let (first, last) = SWITCHED_ON;
        for line in 0..PLACES.len() {
            let start = ago(self.between(last, first));
            self.agenda.put(start, Deed::Come(line));
        }
        if let Some(line) = self.line_of("212") {
            self.agenda.put(ago(11 * 60), Deed::Crowd(line));
        }
        if let Some(line) = self.line_of("203") {
            self.agenda.put(ago(9 * 60), Deed::Mistype(line));
        }
        if let Some(line) = self.line_of("209") {
            self.agenda.put(ago(3 * 60), Deed::Forget(line));
        }
        self.agenda.put(ago(5 * 60), Deed::Errand(Errand::Arrive(0)));
        self.agenda.put(ago(6 * 60), Deed::Errand(Errand::StaffComes("helpdesk")));
        self.agenda.put(ago(4 * 60), Deed::Scan);
        self.agenda.put(ago(2 * 60), Deed::PartnerComes);
    }

    pub(super) async fn run(&mut self, errand: Errand) {
        let by = self.by();
        match errand {
            Errand::Arrive(wrong) => self.arrive(wrong).await,
            Errand::Depart => {
                if let Some(visitor) = self.administrator.take() {
                    visitor.sign_out(&self.system).await;
                }
            }
            Errand::Settings(change) => {
                self.attempt(&by, move |admin| {
                    let mut settings = (*admin.records.settings()).clone();
                    change(&mut settings);
                    admin.save_settings(&settings)
                })
                .await;
            }
            Errand::FullName(name, full_name) => {
                self.edit(&by, name, move |edit| edit.full_name = full_name.into()).await;
            }
            Errand::Condition(name, condition) => {
                self.edit(&by, name, move |edit| edit.condition = Some(condition)).await;
            }
            Errand::Expires(name, days) => {
                let end = self.agenda.now().after(Seconds::days(days));
                self.edit(&by, name, move |edit| edit.expires_at = Some(end)).await;
            }
            Errand::Hire(name, full_name) => {
                let new = NewUser { name: name.into(), full_name: full_name.into(), ..NewUser::default() };
                attempt(&self.system, &by, move |admin, dice| admin.create_user(DomainId::FIRST, &new, dice))
                    .await;
            }
            Errand::Dismiss(name) => {
                self.attempt(&by, move |admin| admin.delete_user(named(admin, name)?.id, false)).await;
            }
            Errand::Appoint => self.appoint(&by).await,
            Errand::StaffComes(name) => {
                let Some(password) = self.staff.get(name) else { return };
                self.helper = Visitor::sign_in(&self.system, name, password, STAFF_DESK).await;
                if self.helper.is_none() {
                    // Somebody has changed it, or closed the account: to go on trying would lock it.
                    self.staff.remove(name);
                }
            }
            Errand::StaffGoes => {
                if let Some(visitor) = self.helper.take() {
                    visitor.sign_out(&self.system).await;
                }
            }
            Errand::ResetLocks => {
                let locks = self.system.ledger.locks(self.agenda.now());
                let keys: Vec<_> = locks.into_iter().map(|(key, _)| key).collect();
                self.attempt(&by, move |admin| admin.reset_locks(&keys)).await;
            }
        }
    }

    async fn appoint(&mut self, by: &By) {
        for (name, full_name, group) in STAFF {
            let made = attempt(&self.system, by, move |admin, dice| {
                let groups = rights_groups(&admin.records.documents(DocumentKind::RightsGroup));
                let fields = ServiceUserFields {
                    domain: None,
                    name: name.into(),
                    full_name: full_name.into(),
                    groups: groups.iter().filter(|one| &*one.name == group).map(|one| one.id).collect(),
                    ..ServiceUserFields::default()
                };
                admin.create_service_user(&fields, &SecretChoice::Generate, false, dice)
            });
            let generated = made.await.map(|made| made.generated).unwrap_or_default();
            self.staff.extend(generated.into_iter().map(|(_, password)| (name, password)));
        }
    }

    async fn arrive(&mut self, wrong: u8) {
        for attempt in 1..=wrong {
            // Another one each time: the same one again is no second guess.
            let typed = format!("{}{attempt}", self.passwords.administrator.reveal());
            Visitor::sign_in(&self.system, ADMINISTRATOR, &Secret::new(typed), DESK).await;
            self.wait(8).await;
        }
        let password = &self.passwords.administrator;
        self.administrator = Visitor::sign_in(&self.system, ADMINISTRATOR, password, DESK).await;
    }

    async fn edit(
        &self,
        by: &By,
        name: &'static str,
        change: impl Fn(&mut EditUser) + Send + Sync + 'static,
    ) {
        self.attempt(by, move |admin| {
            let account = named(admin, name)?;
            let extension = account.extension().and_then(|id| admin.records.extension(id));
            let mut edit = EditUser {
                version: account.version,
                name: account.name.to_string(),
                full_name: account.full_name.to_string(),
                number: extension.map_or_else(String::new, |extension| extension.number.to_string()),
                condition: None,
                expires_at: account.expires_at,
            };
            change(&mut edit);
            admin.edit_user(account.id, &edit)
        })
        .await;
    }

    async fn attempt<T: Send + 'static>(
        &self,
        by: &By,
        operation: impl Fn(&Admin<'_>) -> Result<Change<T>, Problem> + Send + Sync + 'static,
    ) {
        attempt(&self.system, by, move |admin, _| operation(admin)).await;
    }
}

fn named(admin: &Admin<'_>, name: &str) -> Result<std::sync::Arc<Account>, Problem> {
    let account = admin.records.account_named(RoleKind::User, DomainId::FIRST, &FoldedName::of(name));
    account.ok_or(Problem::NotFound("user"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_office_began_before_today_whatever_time_it_is() {
        for now in [0, 1, DAY - 1, DAY / 2].map(|time| Timestamp(20_000 * DAY + time)) {
            let began = beginning(now);
            assert_eq!(began, Timestamp((20_000 - DAYS) * DAY + (8 * 60 + 40) * MINUTE));
            assert!(at(now, 1, 23, 59) < Timestamp(20_000 * DAY));
        }
    }
}
