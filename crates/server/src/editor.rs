//! The editor of a draft's file, on a machine without the system: the same pages over a memory that is furnished from the
//! file, in offline mode from the start. Each change is in the file before it is said to be saved.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use signin::{
    account::RoleKind,
    credential::{Credential, CredentialFacts, CredentialKind, Owner},
    document::{Document, DocumentId},
    draft::Draft,
    effect::{Effect, NewSession},
    interface::LoginInterface,
    records::Records as _,
    secret::{Secret, SecretBytes},
    session::{Session, SessionId},
};
use store::{CommitError, DraftFile, MasterKeys, Passphrase, engine::MemoryEngine};
use subtle::ConstantTimeEq as _;
use thiserror::Error;
use tokio_util::task::TaskTracker;

use crate::{
    clock::Clock,
    config::{Config, Listen, Loaded},
    data_folder::DataFolder,
    dice::OsDice,
    doors::Porter,
    flow::Refusal,
    listen::listener::{Addresses, Listener},
    system::{StartError, System},
};

/// How long open requests may take to end.
const STOP_GRACE: Duration = Duration::from_secs(5);

/// What of a system is the file's.
pub struct Editor {
    place: DataFolder,
    name: String,
    keys: Passphrase,
    file: DraftFile,
    /// What is in the way in; gone once it was used.
    token: Mutex<Option<String>>,
    /// One writer at a time.
    writing: tokio::sync::Mutex<()>,
}

impl std::fmt::Debug for Editor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Editor").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Why a file cannot be edited.
#[derive(Debug, Error)]
pub enum EditorError {
    /// The start of what serves the pages.
    #[error(transparent)]
    Start(#[from] StartError),
    /// What the file holds contradicts itself.
    #[error("what the file holds cannot be: {0}")]
    Contradiction(#[from] CommitError),
    /// A secret in the file does not open.
    #[error("a secret in the file does not open")]
    Sealed,
    /// Something of the machine's.
    #[error("{0}")]
    Machine(#[from] io::Error),
}

/// An editor that runs.
#[derive(Debug)]
pub struct RunningEditor {
    system: Arc<System>,
    tasks: TaskTracker,
    /// Where to look with a browser, once.
    pub address: String,
}

impl Editor {
    /// Whether this is what is in the way in. Once.
    pub(crate) fn admits(&self, shown: &str) -> bool {
        let mut token = self.token.lock();
        let is_it = token.as_ref().is_some_and(|token| bool::from(token.as_bytes().ct_eq(shown.as_bytes())));
        if is_it {
            *token = None;
        }
        is_it
    }
}

impl RunningEditor {
    /// Serves the pages for a file at an address of this machine, over HTTPS.
    ///
    /// # Errors
    /// In words.
    pub async fn start(
        path: &Path,
        file: DraftFile,
        keys: Passphrase,
        listen: SocketAddr,
        workshop: &Path,
    ) -> Result<Self, EditorError> {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let place = DataFolder::open(parent.unwrap_or(Path::new(".")))?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        let name = name.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        let token = SessionId::issue(&mut OsDice).1.reveal().to_owned();
        let way_in = format!("/manager/enter/{token}");
        let (furnishing, draft) = (file.furnishing(), file.draft.clone());
        let owner = file.office.owner.id;
        let mut config = Config { data_folder: PathBuf::from(workshop), ..Config::default() };
        config.https.listen = Listen(vec![listen]);
        let nowhere = || Listen(Vec::new());
        config.http.listen = nowhere();
        config.metrics.listen = nowhere();
        (config.sip.udp, config.sip.tcp, config.sip.tls) = (nowhere(), nowhere(), nowhere());
        let loaded = Loaded::from(config);
        let opened = loaded.clone();
        let editor = Editor {
            place,
            name,
            keys,
            file,
            token: Mutex::new(Some(token)),
            writing: tokio::sync::Mutex::default(),
        };
        let system = tokio::task::spawn_blocking(move || {
            let keys = MasterKeys::create(&mut OsDice);
            System::assemble(opened, Clock::machine(), Box::new(MemoryEngine::new()), keys, Some(editor))
        });
        let system = system.await.map_err(io::Error::other)??;
        for effects in furnishing {
            system.ledger.commit(effects).await?;
        }
        let keys = system.editor.as_ref().map(|editor| editor.keys.clone()).ok_or(EditorError::Sealed)?;
        let draft = draft.resealed(&keys, system.ledger.vault(), &mut OsDice).ok_or(EditorError::Sealed)?;
        let now = system.clock.now();
        // Somebody without a password is let in nowhere; this one opens nothing. What is made by chance would now and then read
        // as a password that breaks a rule, and a new one would be asked for.
        let payload = SecretBytes::new(Vec::new());
        let facts = CredentialFacts { set_at: now, expires_at: None, used_at: None };
        let kind = CredentialKind::ServicePassword;
        let mut effects =
            vec![Effect::PutCredential(Credential { owner: Owner::Account(owner), kind, payload, facts })];
        if !draft.records.is_empty() {
            effects.push(Effect::PutDocument(Box::new(Document::Draft(Draft { version: 1, ..draft }))));
        }
        system.ledger.commit(effects).await?;
        system.ignition.finish();
        let tasks = TaskTracker::new();
        let door = Porter::new(&loaded, &system).door(Listener::Https)?;
        let address = door.addresses.first().copied().unwrap_or(listen);
        let listeners = std::iter::once((door.listener, door.addresses.clone())).collect();
        door.serve(&tasks)?;
        system.set_addresses(Addresses { listeners, local: None });
        Ok(Self { system, tasks, address: format!("https://{address}{way_in}") })
    }

    /// The fingerprint of the certificate that the browser will ask about.
    pub fn fingerprint(&self) -> String {
        self.system.tls.certificate().fingerprint.clone()
    }

    /// Stops it.
    pub async fn stop(self) {
        self.system.stop.cancel();
        self.tasks.close();
        drop(tokio::time::timeout(STOP_GRACE, self.tasks.wait()).await);
        let ledger = Arc::clone(&self.system.ledger);
        drop(tokio::task::spawn_blocking(move || ledger.close()).await);
    }
}

impl System {
    /// Opens the session of whoever came by the printed address.
    ///
    /// # Errors
    /// It could not be opened.
    pub(crate) async fn open_editors_session(
        &self,
        agent: &str,
        address: IpAddr,
    ) -> Result<Secret, CommitError> {
        let missing = || CommitError::Missing { what: "the editor".into() };
        let owner = self.editor.as_ref().map(|editor| editor.file.office.owner.id).ok_or_else(missing)?;
        let account = self.ledger.account(owner).filter(|account| account.kind() == RoleKind::ServiceUser);
        let account = account.ok_or_else(missing)?;
        let (id, token) = SessionId::issue(&mut OsDice);
        let now = self.clock.now();
        let facts = self.ledger.credential(Owner::Account(account.id), CredentialKind::ServicePassword);
        let session = Session {
            id,
            account: account.id,
            interface: LoginInterface::WebManagerOffline,
            address,
            agent: signin::audit::AuditEvent::text(agent),
            opened_at: now,
            used_at: now,
        };
        let secret_set_at = facts.map(|facts| facts.set_at);
        self.commit(vec![Effect::OpenSession(NewSession { session, concurrent_max: 1, secret_set_at })])
            .await?;
        Ok(token)
    }

    /// Writes what is in the draft by now into the file.
    ///
    /// # Errors
    /// It could not be written: the file is as it was.
    pub(crate) async fn write_draft_file(self: &Arc<Self>) -> Result<(), Refusal> {
        let Some(editor) = &self.editor else { return Ok(()) };
        let _alone = editor.writing.lock().await;
        let system = Arc::clone(self);
        let written = tokio::task::spawn_blocking(move || {
            let Some(editor) = &system.editor else { return Ok(()) };
            let document = system.ledger.document(DocumentId::Draft(editor.file.office.owner.id));
            let present = document.as_deref().and_then(Document::draft).cloned();
            let draft = present.unwrap_or_else(|| Draft { records: Vec::new(), ..editor.file.draft.clone() });
            let sealed = draft.resealed(system.ledger.vault(), &editor.keys, &mut OsDice);
            let draft = sealed.ok_or_else(|| io::Error::other("a secret does not open"))?;
            let file = DraftFile { office: editor.file.office.clone(), draft };
            let bytes = editor.keys.write(&file).map_err(io::Error::other)?;
            editor.place.write(&editor.name, &bytes)
        });
        match written.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => {
                tracing::error!(%error, "the file could not be written");
                Err(Refusal::Unavailable)
            }
            Err(error) => {
                tracing::error!(%error, "the file was not written");
                Err(Refusal::Unavailable)
            }
        }
    }
}
