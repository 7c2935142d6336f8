//! The file of a draft: what an editor without the system needs to show (names, numbers, settings; no secret), and the draft.
//!
//! Two lines. The first is the header: the version, a salt, a tag. The second is the body, JSON, and the tag is over all of it
//! (HMAC-SHA-256). New secrets in the draft are sealed (AES-256-GCM), each for its place. Both keys come from a passphrase
//! (Argon2id, at the cost of a password), so that whoever finds the file learns no secret, and whoever changes it is noticed.

use std::fmt;

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hmac::{self, HMAC_SHA256, Key},
};
use data_encoding::BASE64;
use serde::{Deserialize, Serialize};
use signin::{
    account::{Account, Role, RoleKind},
    credential::{Credential, CredentialFacts, CredentialKind, KINDS, Owner, key_of},
    dice::{Dice, roll},
    document::{Document, DocumentKind, rights_groups},
    draft::{Draft, Sealed, Vault},
    effect::Effect,
    extension::{Domain, Extension},
    ident::AccountId,
    policy::Settings,
    records::Records,
    rights::{GROUPS_MAX, Right, RightsGroup},
    scope::Scope,
    secret::{Secret, SecretBytes},
};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::{
    ledger::Ledger,
    lists::{AccountQuery, ExtensionQuery},
};

/// Largest file: room for a hundred thousand people.
pub const BYTES_MAX: usize = 64 << 20;
/// Shortest passphrase, in characters: whoever finds the file may guess as often as they like.
pub const PASSPHRASE_MIN: usize = 12;
/// Longest header.
const HEADER_MAX: usize = 256;
const VERSION: u32 = 1;
const SALT_LEN: usize = 16;
/// Most effects in one commit while the file is loaded.
const CHUNK: usize = 1000;

/// Why a file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DraftFileError {
    /// It is something else.
    #[error("this is no draft of Hookswitch")]
    NotOurs,
    /// Of a later version.
    #[error("this draft is of version {0}, which a later Hookswitch wrote")]
    Newer(u32),
    /// Larger than a draft can be.
    #[error("this file is larger than a draft can be")]
    TooLarge,
    /// The passphrase is another one, or the file was changed.
    #[error("the passphrase is not the one of this file, or the file was changed")]
    Sealed,
    /// The tag is right, and yet it cannot be.
    #[error("the draft in this file cannot be used: {0}")]
    Unusable(String),
}

/// What an editor shows. Parts that the exporter may not see are left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Office {
    /// Who exported it, and edits it.
    pub owner: Account,
    /// What they may.
    pub rights: Vec<Right>,
    /// The settings.
    pub settings: Settings,
    /// The domains.
    pub domains: Vec<Domain>,
    /// The rights groups.
    pub groups: Vec<RightsGroup>,
    /// The users.
    pub users: Vec<Account>,
    /// The extensions.
    pub extensions: Vec<Extension>,
    /// Which secrets are set, and since when.
    pub secrets: Vec<(Owner, CredentialKind, CredentialFacts)>,
}

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DraftFile {
    /// What can be seen.
    pub office: Office,
    /// What is wanted; its secrets open in the file's own vault.
    pub draft: Draft,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    #[serde(rename = "hookswitch-draft")]
    version: u32,
    salt: String,
    tag: String,
}

/// The keys of one file.
#[derive(Clone)]
pub struct Passphrase {
    salt: [u8; SALT_LEN],
    seal: Zeroizing<[u8; 32]>,
    tag: Key,
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(…)")
    }
}

impl Passphrase {
    /// For a new file. Costs a hash; `None` = it is too short.
    pub fn choose(passphrase: &Secret, dice: &mut dyn Dice) -> Option<Self> {
        let is_long = passphrase.reveal().chars().count() >= PASSPHRASE_MIN;
        is_long.then(|| Self::of(passphrase, roll(dice)))?
    }

    fn of(passphrase: &Secret, salt: [u8; SALT_LEN]) -> Option<Self> {
        let key = key_of(passphrase, &salt)?;
        let key = Key::new(HMAC_SHA256, key.reveal());
        let derive = |label: &str| hmac::sign(&key, label.as_bytes());
        let mut seal = Zeroizing::new([0; 32]);
        seal.copy_from_slice(derive("hookswitch draft seal 1").as_ref().get(..32)?);
        let tag = Key::new(HMAC_SHA256, derive("hookswitch draft tag 1").as_ref());
        Some(Self { salt, seal, tag })
    }

    fn cipher(&self) -> Option<LessSafeKey> {
        UnboundKey::new(&AES_256_GCM, self.seal.as_slice()).ok().map(LessSafeKey::new)
    }

    fn context(&self, body: &[u8]) -> hmac::Context {
        let mut context = hmac::Context::with_key(&self.tag);
        context.update(&VERSION.to_be_bytes());
        context.update(&self.salt);
        context.update(body);
        context
    }

    /// Writes a file. The secrets of the draft are this vault's already.
    ///
    /// # Errors
    /// It would be too large.
    pub fn write(&self, file: &DraftFile) -> Result<Vec<u8>, DraftFileError> {
        let unusable = |error: serde_json::Error| DraftFileError::Unusable(error.to_string());
        let body = serde_json::to_vec(file).map_err(unusable)?;
        let tag = self.context(&body).sign();
        let (salt, tag) = (BASE64.encode(&self.salt), BASE64.encode(tag.as_ref()));
        let mut bytes = serde_json::to_vec(&Header { version: VERSION, salt, tag }).map_err(unusable)?;
        bytes.push(b'\n');
        bytes.extend_from_slice(&body);
        bytes.push(b'\n');
        if bytes.len() > BYTES_MAX { Err(DraftFileError::TooLarge) } else { Ok(bytes) }
    }
}

impl Vault for Passphrase {
    fn seal(&self, place: &str, clear: &SecretBytes, dice: &mut dyn Dice) -> Option<Sealed> {
        let nonce: [u8; NONCE_LEN] = roll(dice);
        let mut text = Zeroizing::new(clear.reveal().to_vec());
        let tag = self
            .cipher()?
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(place.as_bytes()),
                text.as_mut_slice(),
            )
            .ok()?;
        Some(Sealed::new([nonce.as_slice(), text.as_slice(), tag.as_ref()].concat()))
    }

    fn open(&self, place: &str, sealed: &Sealed) -> Option<SecretBytes> {
        let (nonce, text) = sealed.as_bytes().split_first_chunk::<NONCE_LEN>()?;
        let mut text = Zeroizing::new(text.to_vec());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let clear = self.cipher()?.open_in_place(nonce, Aad::from(place.as_bytes()), &mut text).ok()?;
        Some(SecretBytes::new(clear.to_vec()))
    }
}

/// The salt, the tag, and the body that it is over.
type Parts<'a> = ([u8; SALT_LEN], Vec<u8>, &'a [u8]);

/// Reads the header: the salt, the tag, and the body that it is over.
fn split(bytes: &[u8]) -> Result<Parts<'_>, DraftFileError> {
    if bytes.len() > BYTES_MAX {
        return Err(DraftFileError::TooLarge);
    }
    let end = bytes.iter().take(HEADER_MAX).position(|byte| *byte == b'\n').ok_or(DraftFileError::NotOurs)?;
    let (header, rest) = bytes.split_at_checked(end).ok_or(DraftFileError::NotOurs)?;
    let body = rest.get(1..).and_then(|body| body.strip_suffix(b"\n")).ok_or(DraftFileError::NotOurs)?;
    let header: Header = serde_json::from_slice(header).map_err(|_| DraftFileError::NotOurs)?;
    if header.version != VERSION {
        return Err(DraftFileError::Newer(header.version));
    }
    let decode = |text: &str| BASE64.decode(text.as_bytes()).map_err(|_| DraftFileError::NotOurs);
    let salt = <[u8; SALT_LEN]>::try_from(decode(&header.salt)?).map_err(|_| DraftFileError::NotOurs)?;
    Ok((salt, decode(&header.tag)?, body))
}

impl DraftFile {
    /// Whether this could be a file of a draft at all: what is asked before a passphrase is hashed.
    ///
    /// # Errors
    /// It could not.
    pub fn glance(bytes: &[u8]) -> Result<(), DraftFileError> {
        split(bytes).map(|_| ())
    }

    /// Reads a file. Costs a hash.
    ///
    /// # Errors
    /// It is no draft, the passphrase is another, or it was changed.
    pub fn read(bytes: &[u8], passphrase: &Secret) -> Result<(Self, Passphrase), DraftFileError> {
        let (salt, tag, body) = split(bytes)?;
        let keys = Passphrase::of(passphrase, salt).ok_or(DraftFileError::Sealed)?;
        let signed = keys.context(body).sign();
        // What is compared is no secret, but how much of it is right must not show all the same.
        if aws_lc_rs::constant_time::verify_slices_are_equal(signed.as_ref(), &tag).is_err() {
            return Err(DraftFileError::Sealed);
        }
        Ok((Self::read_body(body)?, keys))
    }

    /// Reads the body, whose tag was found right. Strict: nothing that is not known, nothing nested deeper than 128, nothing that
    /// a draft cannot want.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read_body(body: &[u8]) -> Result<Self, DraftFileError> {
        let unusable = |what: &str| DraftFileError::Unusable(what.into());
        let file: Self = serde_json::from_slice(body).map_err(|error| unusable(&error.to_string()))?;
        file.draft.check().map_err(unusable)?;
        let Office { owner, groups, users, .. } = &file.office;
        if owner.kind() != RoleKind::ServiceUser || file.draft.owner != owner.id {
            return Err(unusable("it is nobody's"));
        }
        if groups.len() > GROUPS_MAX {
            return Err(unusable("it has too many rights groups"));
        }
        if users.iter().any(|user| user.kind() != RoleKind::User) {
            return Err(unusable("one of its users is none"));
        }
        Ok(file)
    }

    /// The effects that furnish an empty ledger with what can be seen, in commits of a size that it takes. No secret is among
    /// them: where one is set, there is something that opens nothing.
    pub fn furnishing(&self) -> Vec<Vec<Effect>> {
        let Office { owner, settings, domains, groups, users, extensions, secrets, .. } = &self.office;
        let mut first = vec![Effect::PutSettings(Box::new(Settings { version: 1, ..settings.clone() }))];
        first.extend(domains.iter().map(|domain| Effect::PutDomain(Domain { version: 1, ..domain.clone() })));
        first.extend(groups.iter().map(|group| {
            Effect::PutDocument(Box::new(Document::RightsGroup(RightsGroup { version: 1, ..group.clone() })))
        }));
        first.push(Effect::PutAccount(Account { version: 1, ..owner.clone() }));
        // An extension and its user point at each other, so both are there before either does.
        let bare = users.iter().map(|user| {
            let role = Role::User { extension: None };
            Effect::PutAccount(Account { version: 1, role, ..user.clone() })
        });
        let placed =
            extensions.iter().map(|found| Effect::PutExtension(Extension { version: 1, ..found.clone() }));
        let linked = users
            .iter()
            .filter(|user| user.extension().is_some())
            .map(|user| Effect::PutAccount(Account { version: 2, ..user.clone() }));
        let set = secrets.iter().map(|(owner, kind, facts)| {
            let payload = SecretBytes::new(Vec::new());
            Effect::PutCredential(Credential { owner: *owner, kind: *kind, payload, facts: *facts })
        });
        let rest: Vec<Effect> = bare.chain(placed).chain(linked).chain(set).collect();
        std::iter::once(first).chain(rest.chunks(CHUNK).map(<[Effect]>::to_vec)).collect()
    }
}

impl Ledger {
    /// Seals the secrets of drafts, under the master key.
    pub fn vault(&self) -> &dyn Vault {
        &self.holdings.masters
    }

    /// What the file of a draft shows of this system, as far as `rights` go.
    pub fn office(&self, owner: &Account, rights: &[Right]) -> Office {
        let may = |right| rights.contains(&right);
        let all = usize::MAX;
        // Of those who administer one domain, that one alone.
        let within = owner.within();
        let reach = Scope::of(self, within);
        let users = if may(Right::UsersRead) {
            let kind = Some(RoleKind::User);
            let query = AccountQuery { kind, domain: within, limit: all, ..AccountQuery::default() };
            self.accounts(&query).items
        } else {
            Vec::new()
        };
        let extensions = if may(Right::ExtensionsRead) || may(Right::UsersRead) {
            self.extensions(&ExtensionQuery { domain: within, limit: all, ..ExtensionQuery::default() }).items
        } else {
            Vec::new()
        };
        let known = |id: &AccountId| may(Right::UsersRead) && self.account(*id).is_some();
        let extensions: Vec<Extension> = extensions
            .iter()
            .map(|found| Extension { user: found.user.filter(&known), ..(**found).clone() })
            .collect();
        let domains: Vec<Domain> = reach.domains().iter().map(|domain| (**domain).clone()).collect();
        let owners = users.iter().map(|user| Owner::Account(user.id));
        let owners = owners.chain(extensions.iter().map(|found| Owner::Extension(found.id)));
        let of_domains =
            domains.iter().filter(|_| may(Right::SystemRead)).map(|found| Owner::Domain(found.id));
        let owners = owners.chain(of_domains);
        let secrets = owners
            .flat_map(|owner| KINDS.iter().map(move |row| (owner, row.kind)))
            .filter_map(|(owner, kind)| self.credential(owner, kind).map(|facts| (owner, kind, facts)))
            .collect();
        let users = users.iter().map(|user| (**user).clone()).collect();
        let own = |group: &RightsGroup| {
            may(Right::SecurityRead)
                || matches!(&owner.role, Role::ServiceUser { groups } if groups.contains(&group.id))
        };
        let groups = rights_groups(&self.documents(DocumentKind::RightsGroup));
        let groups = groups.into_iter().filter(own).collect();
        let mut settings = (*self.settings()).clone();
        if !may(Right::SystemRead) {
            (settings.lan1, settings.lan2) = (Vec::new(), Vec::new());
        }
        if !may(Right::SecurityRead) {
            // The rules of other people's secrets are shown where one is chosen; the rest is not theirs to know.
            let Settings { version, system_name, lan1, lan2, login_banner, names, .. } = settings;
            let shown = &*self.settings();
            settings = Settings {
                version,
                system_name,
                lan1,
                lan2,
                login_banner,
                names,
                voicemail_code: shown.voicemail_code.clone(),
                portal_passcode: shown.portal_passcode.clone(),
                user_password: shown.user_password.clone(),
                login_code: shown.login_code.clone(),
                phone_password: shown.phone_password.clone(),
                administrators_exempt: shown.administrators_exempt,
                ..Settings::default()
            };
        }
        Office {
            owner: owner.clone(),
            rights: rights.to_vec(),
            settings,
            domains,
            groups,
            users,
            extensions,
            secrets,
        }
    }
}
