//! A house for a test: a system of its own, with everything at a free port, a folder of its own, and a clock that
//! the test moves.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use server::{
    clock::Clock,
    config::{Config, Loaded},
    listen::listener::{LISTENERS, Listener},
    serve::Running,
    system::System,
};
use signin::{
    account::{ADMINISTRATOR, RoleKind},
    admin::{By, EditMailbox, Ignition, NewUser, SecretChoice},
    credential::{CredentialKind, Owner},
    ident::{AccountId, DomainId, ExtensionId, FoldedName, Number},
    policy::Settings,
    records::Records as _,
    registration::{Binding, Transport},
    secret::Secret,
};
use store::AuditQuery;
use tempfile::TempDir;

use crate::phone::Phone;

/// The password of `Administrator` in a house that is ignited.
pub(crate) const ADMINISTRATOR_PASSWORD: &str = "correct horse battery staple";
/// The password of `BusinessPartner` in a house that is ignited.
pub(crate) const PARTNER_PASSWORD: &str = "seven ravens over the harbour";
/// The digest realm of a house that is ignited.
pub(crate) const REALM: &str = "test.example";

/// A running system, and what a test wants to do with it.
pub(crate) struct House {
    /// The inside.
    pub(crate) system: Arc<System>,
    /// Moves time.
    pub(crate) clock: Clock,
    pub(crate) running: Option<Running>,
    pub(crate) config: Config,
    folder: TempDir,
}

impl House {
    /// Starts a new system; it waits for its ignition.
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// The same with another configuration.
    pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        // Every listener at a free port: a new one needs no word here.
        let text: String = LISTENERS.iter().map(|row| format!("{} = \"127.0.0.1:0\"\n", row.key)).collect();
        let mut config = Loaded::parse(text, None).expect("a configuration").config;
        config.data_folder = folder.path().join("data");
        config.sip.udp_threads = 2;
        change(&mut config);
        let clock = Clock::by_hand(Clock::machine().now());
        let running = run(&config, &clock).await;
        Self { system: Arc::clone(&running.system), clock, running: Some(running), config, folder }
    }

    /// Sets the first passwords.
    pub(crate) async fn ignited(self) -> Self {
        let asked = Ignition {
            system_name: "Test".into(),
            administrator: Secret::new(ADMINISTRATOR_PASSWORD),
            business_partner: Some(Secret::new(PARTNER_PASSWORD)),
            lan1: Vec::new(),
            lan2: Vec::new(),
            realm: REALM.into(),
            hosts: Vec::new(),
        };
        self.system.ignite(&By::console(), asked).await.expect("ignited");
        self
    }

    /// Adds a user with an extension and a login code.
    pub(crate) async fn with_user(self, name: &str, number: &str, code: &str) -> Self {
        let user = NewUser {
            name: name.into(),
            full_name: String::new(),
            number: number.into(),
            login_code: SecretChoice::Set(Secret::new(code)),
            user_password: SecretChoice::Keep,
            phone_password: SecretChoice::Keep,
        };
        let created = self
            .system
            .administer(&By::console(), move |admin, dice| admin.create_user(DomainId::FIRST, &user, dice))
            .await;
        created.expect("created");
        self
    }

    /// Gives the user of an extension a password for the portal.
    pub(crate) async fn with_password(self, number: &str, password: &str) -> Self {
        let user = self.system.ledger.extension(self.extension(number)).expect("an extension").user;
        let (owner, choice) =
            (Owner::Account(user.expect("a user")), SecretChoice::Set(Secret::new(password)));
        let by = By::console();
        let set = self.system.administer(&by, move |admin, dice| {
            admin.set_secret(owner, CredentialKind::UserPassword, &choice, false, dice)
        });
        set.await.expect("set");
        self
    }

    /// Nothing answers for the users of these extensions.
    pub(crate) async fn without_mailboxes(self, numbers: &[&str]) -> Self {
        let by = By::console();
        for number in numbers {
            let extension = self.system.ledger.extension(self.extension(number)).expect("an extension");
            let user = extension.user.expect("a user");
            let saved = self.system.administer(&by, move |admin, _| {
                let version = admin.records.mailbox(user).version;
                let edit = EditMailbox {
                    version,
                    trusted: Vec::new(),
                    trusts_own: true,
                    is_off: true,
                    mail_to: String::new(),
                };
                admin.save_mailbox_settings(user, &edit)
            });
            saved.await.expect("saved");
        }
        self
    }

    /// Changes the settings.
    pub(crate) async fn with_settings(self, change: impl Fn(&mut Settings) + Send + Sync + 'static) -> Self {
        let changed = self
            .system
            .administer(&By::console(), move |admin, _| {
                let mut settings = (*admin.records.settings()).clone();
                change(&mut settings);
                admin.save_settings(&settings)
            })
            .await;
        changed.expect("changed");
        self
    }

    /// Stops the system in order and starts it again with the same folder and clock.
    pub(crate) async fn restarted(self) -> Self {
        self.restarted_after(|_| {}).await
    }

    /// The same; something happens to the data folder in between.
    pub(crate) async fn restarted_after(mut self, between: impl FnOnce(&Path)) -> Self {
        self.running.take().expect("running").stop().await;
        between(self.folder());
        let running = run(&self.config, &self.clock).await;
        self.system = Arc::clone(&running.system);
        self.running = Some(running);
        self
    }

    /// Stops the system in order.
    pub(crate) async fn stop(mut self) {
        self.running.take().expect("running").stop().await;
    }

    /// A phone with this number and code, over UDP from 127.0.0.1.
    pub(crate) async fn phone(&self, number: &str, code: &str) -> Phone {
        self.phone_over(Transport::Udp, number, code).await
    }

    /// A phone over any transport.
    pub(crate) async fn phone_over(&self, transport: Transport, number: &str, code: &str) -> Phone {
        let address = match transport {
            Transport::Udp => self.sip_udp(),
            Transport::Tcp => self.address(Listener::SipTcp),
            Transport::Tls => self.address(Listener::SipTls),
            Transport::Wss => self.https(),
        };
        Phone::connect(transport, "127.0.0.1", address, number, code).await
    }

    /// A phone over UDP that has another address of the loopback network.
    pub(crate) async fn phone_at(&self, ip: &str, number: &str, code: &str) -> Phone {
        Phone::connect(Transport::Udp, ip, self.sip_udp(), number, code).await
    }

    fn address(&self, listener: Listener) -> SocketAddr {
        *self.system.addresses().of(listener).first().expect("it listens")
    }

    pub(crate) fn sip_udp(&self) -> SocketAddr {
        self.address(Listener::SipUdp)
    }

    pub(crate) fn https(&self) -> SocketAddr {
        self.address(Listener::Https)
    }

    pub(crate) fn metrics(&self) -> SocketAddr {
        self.address(Listener::Metrics)
    }

    /// The data folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.config.data_folder
    }

    /// Moves the clock.
    pub(crate) fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// The account `Administrator`.
    pub(crate) fn administrator(&self) -> AccountId {
        let name = FoldedName::of(ADMINISTRATOR);
        let account = self.system.ledger.account_named(RoleKind::ServiceUser, DomainId::FIRST, &name);
        account.expect("an account").id
    }

    pub(crate) fn extension(&self, number: &str) -> ExtensionId {
        let number = Number::parse(number).expect("a number");
        self.system.ledger.extension_numbered(DomainId::FIRST, &number).expect("an extension").id
    }

    /// Where the phones of an extension are.
    pub(crate) fn bindings(&self, number: &str) -> Vec<Binding> {
        let registration = self.system.ledger.registration(self.extension(number));
        registration.map_or_else(Vec::new, |registration| registration.bindings.to_vec())
    }

    /// The titles of what is in the audit, with their reasons, newest last.
    pub(crate) async fn audit(&self) -> Vec<String> {
        self.system.ledger.flush().await.expect("written");
        let rows =
            self.system.ledger.audit(&AuditQuery { limit: 1000, ..AuditQuery::default() }).expect("read");
        let mut titles: Vec<String> = rows
            .iter()
            .map(|row| match row.event.reason {
                Some(reason) => {
                    format!("{}: {} ({})", row.event.action.title(), row.event.subject, reason.title())
                }
                None => format!("{}: {}", row.event.action.title(), row.event.subject),
            })
            .collect();
        titles.reverse();
        titles
    }
}

impl Drop for House {
    fn drop(&mut self) {
        // A test that ends without `stop`: the tasks end by themselves, the folder goes with the ledger.
        self.system.stop.cancel();
        let _ = &self.folder;
    }
}

pub(crate) async fn run(config: &Config, clock: &Clock) -> Running {
    Running::start(Loaded::from(config.clone()), clock.clone()).await.expect("started")
}
