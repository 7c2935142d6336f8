//! Ways back in by a link: addresses that are bound to accounts, links that are mailed to them or handed over, and what they do.
//! That a link is right an attempt has said before, which was counted; here it is looked at once more, because only one of two
//! that come together may use it.

use std::{net::IpAddr, sync::Arc};

use super::{Admin, By, Change, Checks, Problem, SecretChoice, changed, mail::NO_ADDRESS};
use crate::{
    account::{Account, Condition, RoleKind, Status},
    api_token::TokenHash,
    audit::{Action, Actor, AuditEvent, FieldChange, Outcome, Reason},
    credential::{CredentialKind, Owner},
    dice::Dice,
    document::Document,
    effect::Effect,
    ident::{AccountId, DomainId},
    interface::LoginInterface,
    link::{Link, LinkKind, LinkName},
    lockout::Standing,
    mail::MailAddress,
    policy::AgeRules,
    portal::PortalPart,
    profile::{BoundAddress, Profile},
    records::Records,
    rights::Right,
    secret::Secret,
    timestamp::{Seconds, Timestamp},
};

/// A link on its way: where the mail goes, and what stands at the end of its address.
#[derive(Clone, Debug)]
pub struct Mailing {
    /// Whose.
    pub account: AccountId,
    /// To whom.
    pub to: MailAddress,
    /// The name and the secret of the link, as they stand in its address.
    pub token: Secret,
    /// It opens nothing from then on.
    pub ends_at: Timestamp,
}

impl PartialEq for Mailing {
    fn eq(&self, other: &Self) -> bool {
        (self.account, &self.to, self.ends_at) == (other.account, &other.to, other.ends_at)
            && self.token.matches(&other.token)
    }
}

impl Eq for Mailing {}

impl By {
    /// Somebody who has proven nothing.
    pub fn stranger(domain: DomainId, interface: LoginInterface, address: IpAddr, agent: &str) -> Self {
        Self {
            actor: Actor::Unknown,
            account: None,
            session: None,
            token: None,
            rights: Vec::new(),
            within: Some(domain),
            interface,
            address: Some(address),
            agent: AuditEvent::text(agent),
            offline: false,
        }
    }

    /// Whoever holds a link of this account, which an attempt has just accepted. They have no right but to what it is for.
    pub fn link(account: &Account, address: IpAddr, agent: &str) -> Self {
        Self::at_phone(account, LoginInterface::PasswordRecovery, address, agent)
    }
}

impl Admin<'_> {
    /// Asks for mail about the own account to go to another address. It counts when a link in a mail to it was followed; until then
    /// the one before does. Empty: to none. `None` = nothing is to be mailed.
    ///
    /// # Errors
    /// Not an account, not to be changed in the portal, or no address.
    pub fn bind_own_address(
        &self,
        address: &str,
        dice: &mut dyn Dice,
    ) -> Result<Change<Option<Mailing>>, Problem> {
        let account = self.own_account()?;
        if account.kind() == RoleKind::User {
            self.require_in_portal(PortalPart::Address)?;
        }
        self.bind(&account, address, dice)
    }

    /// The same for somebody else.
    ///
    /// # Errors
    /// No right, no such account, or no address.
    pub fn bind_address_of(
        &self,
        id: AccountId,
        address: &str,
        dice: &mut dyn Dice,
    ) -> Result<Change<Option<Mailing>>, Problem> {
        // Who decides where the mail goes can have a new password sent there.
        self.require(Right::SecurityReset)?;
        let account = self.records.account(id).ok_or(Problem::NotFound("account"))?;
        self.may_touch_secret_of(&account, account.kind().password())?;
        self.bind(&account, address, dice)
    }

    fn bind(
        &self,
        account: &Account,
        address: &str,
        dice: &mut dyn Dice,
    ) -> Result<Change<Option<Mailing>>, Problem> {
        let before = self.records.profile(account.id);
        let wanted = MailAddress::parse(address);
        if wanted.is_none() && !address.is_empty() {
            let mut checks = Checks::default();
            checks.wrong("address", NO_ADDRESS);
            checks.result()?;
        }
        let Some(to) = wanted else {
            let after = Profile { address: None, waiting: None, ..before.without_link(LinkKind::Address) };
            let change = changed("mail address", &bound(&before), "");
            let effects = change.map(|change| self.profile_changed(account, after, vec![change]));
            return Ok(Change::of(effects.unwrap_or_default(), None));
        };
        if before.address.as_ref().is_some_and(|bound| bound.address == to) {
            return Ok(Change::told(None));
        }
        let (link, secret) = Link::issue(LinkKind::Address, None, self.now, dice);
        let mailing = self.mailing(account.id, to.clone(), &link, &secret);
        let after = Profile { waiting: Some(to.clone()), ..before.with_link(link) };
        let change = changed("mail address to be confirmed", "", to.as_str());
        Ok(Change::of(self.profile_changed(account, after, change.into_iter().collect()), Some(mailing)))
    }

    /// Follows a link that was mailed to an address: mail about the account goes there from now on. `Change::value` = the address
    /// that it went to before.
    ///
    /// # Errors
    /// The link is good for nothing any more.
    pub fn confirm_address(&self, secret: &Secret) -> Result<Change<Option<MailAddress>>, Problem> {
        let account = self.own_account()?;
        let before = self.records.profile(account.id);
        self.held_link(&account, &before, LinkKind::Address, secret)?;
        let address = before.waiting.clone().ok_or(Problem::NotFound("link"))?;
        let change = changed("mail address", &bound(&before), address.as_str());
        let old = before.address.as_ref().map(|bound| bound.address.clone());
        let after = Profile {
            address: Some(BoundAddress { address, confirmed_at: self.now }),
            waiting: None,
            ..before.without_link(LinkKind::Address)
        };
        Ok(Change::of(self.profile_changed(&account, after, change.into_iter().collect()), old))
    }

    /// What comes of it when somebody says that they forgot a password: a link to be mailed, or nothing; and in any case one row of
    /// the audit. Whoever asked is told the same. `allows` says whether another mail may go there now.
    ///
    /// # Errors
    /// Never.
    pub fn ask_recovery(
        &self,
        kind: RoleKind,
        typed: &str,
        address: &str,
        allows: bool,
        dice: &mut dyn Dice,
    ) -> Result<Change<Option<Mailing>>, Problem> {
        let domain = self.by.domain();
        let account = self.records.account_claimed(kind, domain, typed);
        let told = |outcome, reason| AuditEvent {
            outcome,
            reason,
            ..self.event(Action::RecoveryAsked, domain, typed, Vec::new())
        };
        let (account, to) = match self.recoverable(account, address, allows) {
            Ok(found) => found,
            Err(reason) => {
                let row = told(Outcome::Refused, Some(reason));
                return Ok(Change::of(vec![Effect::Audit(row)], None));
            }
        };
        let set_at = self.password_set_at(&account);
        let (link, secret) = Link::issue(LinkKind::Recovery, set_at, self.now, dice);
        let mailing = self.mailing(account.id, to, &link, &secret);
        let profile = self.records.profile(account.id);
        let after = Profile { recovery_at: Some(self.now), ..profile.with_link(link) };
        let effects = vec![
            Effect::PutDocument(Box::new(Document::Profile(after))),
            Effect::Audit(told(Outcome::Accepted, None)),
        ];
        Ok(Change::of(effects, Some(mailing)))
    }

    /// Whom a link is mailed to, and where; or why to nobody.
    fn recoverable(
        &self,
        account: Option<Arc<Account>>,
        address: &str,
        allows: bool,
    ) -> Result<(Arc<Account>, MailAddress), Reason> {
        let settings = self.records.settings();
        if !settings.recovery.by_mail || !self.records.reporting().mail.is_set_up() {
            return Err(Reason::NotSetUp);
        }
        let account = account.ok_or(Reason::UnknownName)?;
        let profile = self.records.profile(account.id);
        let bound = profile.address.as_ref().ok_or(Reason::OtherAddress)?;
        if !bound.address.as_str().eq_ignore_ascii_case(address.trim()) {
            return Err(Reason::OtherAddress);
        }
        match self.status_by_link(&account) {
            Status::LockedExpired => return Err(Reason::Expired),
            Status::LockedIdle => return Err(Reason::Idle),
            Status::Disabled => return Err(Reason::Disabled),
            Status::Enabled
            | Status::ForceNewPassword
            | Status::LockedPasswordError
            | Status::LockedTemporary
            | Status::LockedPasswordExpired => {}
        }
        if !allows || !profile.may_be_mailed(self.now) {
            return Err(Reason::TooOften);
        }
        Ok((account, bound.address.clone()))
    }

    /// The state of an account for whoever comes by a link: neither locks nor the age of the password stand in their way.
    fn status_by_link(&self, account: &Account) -> Status {
        let ages = AgeRules { secret: Seconds(0), ..*self.records.settings().ages_of(account.kind()) };
        account.status(Standing::Open, &self.records.activity(account.id), None, &ages, self.now)
    }

    /// Makes a link by which somebody chooses a new password themselves, to be handed over: nobody else ever knows that one.
    /// `Change::value` = what stands at the end of its address.
    ///
    /// # Errors
    /// No right, no such account.
    pub fn hand_over(&self, id: AccountId, dice: &mut dyn Dice) -> Result<Change<Secret>, Problem> {
        self.require(Right::SecurityReset)?;
        let account = self.records.account(id).ok_or(Problem::NotFound("account"))?;
        self.may_touch_secret_of(&account, account.kind().password())?;
        let set_at = self.password_set_at(&account);
        let (link, secret) = Link::issue(LinkKind::HandOver, set_at, self.now, dice);
        let token = LinkName { account: id, kind: link.kind }.with(&secret);
        let after = self.records.profile(id).with_link(link);
        let audit = self.link_made(&account, LinkKind::HandOver);
        Ok(Change::of(vec![Effect::PutDocument(Box::new(Document::Profile(after))), audit], token))
    }

    /// Chooses a new password by a link that sets one. Every session of the account ends, its locks are lifted, and the link opens
    /// nothing any more. `Change::value` = how many sessions end.
    ///
    /// # Errors
    /// The link is good for nothing any more, or a broken rule.
    pub fn choose_by_link(
        &self,
        kind: LinkKind,
        secret: &Secret,
        new: &Secret,
        dice: &mut dyn Dice,
    ) -> Result<Change<usize>, Problem> {
        let account = self.own_account()?;
        let profile = self.records.profile(account.id);
        self.held_link(&account, &profile, kind, secret)?;
        if !kind.sets_password() {
            return Err(Problem::NotFound("link"));
        }
        let password = account.kind().password();
        let mut change =
            self.replace_account_secret(&account, password, &SecretChoice::Set(new.clone()), dice)?;
        if account.condition == Condition::ForceNewPassword {
            let freed =
                Account { condition: Condition::Enabled, version: account.version + 1, ..(*account).clone() };
            change.effects.insert(0, Effect::PutAccount(freed));
        }
        let mut after = profile.next_version();
        after.links.retain(|link| !link.kind.sets_password());
        change.effects.push(Effect::PutDocument(Box::new(Document::Profile(after))));
        let by = changed("by", "", kind.title());
        change.effects.push(self.audit(
            Action::Recovered,
            account.domain,
            &account.name,
            by.into_iter().collect(),
        ));
        Ok(change)
    }

    /// Looks once more at a link that was shown.
    fn held_link(
        &self,
        account: &Account,
        profile: &Profile,
        kind: LinkKind,
        secret: &Secret,
    ) -> Result<(), Problem> {
        let set_at = self.password_set_at(account);
        let link = profile.link(kind).filter(|link| link.is_good(set_at, self.now));
        // An empty secret opens nothing; its hash would be that of no link either.
        let is_it = link.is_some_and(|link| !secret.is_empty() && link.hash == TokenHash::of(secret));
        if is_it { Ok(()) } else { Err(Problem::NotFound("link")) }
    }

    fn password_set_at(&self, account: &Account) -> Option<Timestamp> {
        let kind: CredentialKind = account.kind().password();
        self.records.credential(Owner::Account(account.id), kind).map(|facts| facts.set_at)
    }

    fn mailing(&self, account: AccountId, to: MailAddress, link: &Link, secret: &Secret) -> Mailing {
        let token = LinkName { account, kind: link.kind }.with(secret);
        Mailing { account, to, token, ends_at: link.ends_at }
    }

    fn link_made(&self, account: &Account, kind: LinkKind) -> Effect {
        let named = FieldChange { field: kind.title().into(), before: "".into(), after: "".into() };
        self.audit(Action::LinkMade, account.domain, &account.name, vec![named])
    }

    pub(super) fn profile_changed(
        &self,
        account: &Account,
        after: Profile,
        changes: Vec<FieldChange>,
    ) -> Vec<Effect> {
        let audit = self.audit(Action::AccountChanged, account.domain, &account.name, changes);
        vec![Effect::PutDocument(Box::new(Document::Profile(after))), audit]
    }
}

fn bound(profile: &Profile) -> String {
    profile.address.as_ref().map_or_else(String::new, |bound| bound.address.to_string())
}
