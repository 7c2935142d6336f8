//! The password map: which credential opens which login interface, how everybody's stand, and whose are weak, ended, not set or
//! used by nobody.

use std::sync::Arc;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use signin::{
    account::Account,
    credential::{
        CredentialKind, KINDS, OwnerKind, rules_in_words,
        state::{CredentialState, LastUse, Moment, count_of, owners_of},
    },
    extension,
    interface::{CountScope, INTERFACES, LoginInterface},
    lockout::Standing,
    policy::Settings,
    records::Records,
    timestamp::Timestamp,
};
use store::{CredentialFilter, CredentialQuery};
use utoipa::{IntoParams, ToSchema};

use super::{
    Api,
    accounts::{AccountRef, Role, moment},
    answer::Answer,
    extensions::ExtensionRef,
    paging::{Limit, Offset, page},
    problem::{Kind, Problem},
    request::Query,
    users::search_text,
};
use crate::web::status::lock_in_words;

/// A kind of credential on the map.
#[derive(Serialize, ToSchema)]
pub(super) struct KindOnMap {
    /// Which one.
    kind: CredentialKind,
    /// In words.
    title: &'static str,
    /// Whose it is.
    belongs_to: Role,
    /// What it opens.
    opens: Vec<Opening>,
    /// Its rules in words, one by one.
    rules: Vec<String>,
    /// How many wrong ones there may be; 0 for any number.
    failures_max: u8,
    /// Within so many seconds.
    window_seconds: u32,
    /// What is locked then; null where wrong ones are only written down.
    #[schema(examples("for 5 minutes, doubling each time"))]
    lock: Option<String>,
}

/// That a credential opens an interface.
#[derive(Serialize, ToSchema)]
pub(super) struct Opening {
    /// This one.
    interface: LoginInterface,
    /// Only where none of these is set.
    without: Vec<CredentialKind>,
}

/// The map.
#[derive(Serialize, ToSchema)]
pub(super) struct PasswordMap {
    /// Every kind of credential.
    items: Vec<KindOnMap>,
    /// Interfaces that no credential opens.
    opened_by_none: Vec<LoginInterface>,
}

/// How the credentials of one kind stand.
#[derive(Serialize, ToSchema)]
pub(super) struct KindStanding {
    /// Which one.
    kind: CredentialKind,
    /// Accounts that could have one.
    #[schema(minimum = 0)]
    owners: usize,
    /// Those that are set.
    #[schema(minimum = 0)]
    set: usize,
    /// Of them, those that break the rules of today.
    #[schema(minimum = 0)]
    weak: usize,
    /// Of them, those that ended by themselves.
    #[schema(minimum = 0)]
    expired: usize,
    /// Of them, those that nobody has used for 90 days.
    #[schema(minimum = 0)]
    unused: usize,
}

/// How all credentials stand.
#[derive(Serialize, ToSchema)]
pub(super) struct PasswordCensus {
    /// When they were counted.
    #[schema(format = "date-time")]
    counted_at: Option<String>,
    /// By kind.
    items: Vec<KindStanding>,
}

/// Which accounts are wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct Search {
    /// Part of the name, the full name or the extension number.
    #[serde(default)]
    #[param(max_length = 128, example = "ann")]
    q: Option<String>,
    /// How a credential must stand; anyhow where nothing is said.
    #[serde(default)]
    #[param(inline)]
    state: Option<CredentialStanding>,
    /// Which credential; any where nothing is said.
    #[serde(default)]
    kind: Option<CredentialKind>,
    /// How many to pass over.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 0, maximum = 10_000_000, example = 0)]
    offset: Offset,
    /// How many at most; 50 where nothing is said.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 500, example = 50)]
    limit: Limit,
}

/// How a credential may stand.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum CredentialStanding {
    /// It breaks the rules of today.
    Weak,
    /// It ended by itself.
    Expired,
    /// It is not set. Without a kind: none is that opens anything to a phone.
    NotSet,
    /// It is set, and nobody has used it for 90 days.
    Unused,
}

/// A credential of somebody; never the secret.
#[derive(Serialize, ToSchema)]
pub(super) struct Credential {
    /// Which one.
    kind: CredentialKind,
    /// Whether there is one. One that is not set opens nothing.
    is_set: bool,
    /// When it was chosen.
    #[schema(format = "date-time")]
    set_at: Option<String>,
    /// Whether it ended by itself.
    has_ended: bool,
    /// Whether it breaks the rules of today; null where nobody can tell.
    is_weak: Option<bool>,
    /// Whether too many wrong ones have locked it.
    is_locked: bool,
    /// When and where it was right the last time.
    last_use: Option<CredentialUse>,
}

/// When a credential was right the last time.
#[derive(Serialize, ToSchema)]
pub(super) struct CredentialUse {
    /// Whether a phone that showed it is registered now.
    is_in_use: bool,
    /// When; null while it is in use.
    #[schema(format = "date-time")]
    at: Option<String>,
    /// Whether the moment is known by its day alone.
    is_day_alone: bool,
    /// Where from, as far as it is known.
    from: Option<String>,
    /// By which interface.
    interface: LoginInterface,
}

/// An account with its credentials.
#[derive(Serialize, ToSchema)]
pub(super) struct AccountCredentials {
    /// The account.
    account: AccountRef,
    /// What it is.
    role: Role,
    /// For people.
    full_name: String,
    /// Where a user belongs.
    extension: Option<ExtensionRef>,
    /// Every credential that it can have.
    credentials: Vec<Credential>,
}

page!(
    /// A page of accounts with their credentials, by name.
    AccountsByCredentials of AccountCredentials
);

impl From<OwnerKind> for Role {
    fn from(kind: OwnerKind) -> Self {
        match kind {
            OwnerKind::ServiceUser => Self::ServiceUser,
            OwnerKind::User => Self::User,
            OwnerKind::Extension => Self::Extension,
            OwnerKind::Domain => Self::System,
        }
    }
}

fn on_map(kind: CredentialKind, settings: &Settings) -> KindOnMap {
    let row = kind.row();
    let opens = INTERFACES.iter().filter_map(|interface| {
        let place = interface.opens_with.iter().position(|opens| *opens == kind)?;
        let without = interface.opens_with.get(..place).unwrap_or_default().to_vec();
        Some(Opening { interface: interface.interface, without })
    });
    // Login codes are shown by phones that register before all; who types one is counted apart.
    let is_of_phones = kind == CredentialKind::LoginCode;
    let scope = if is_of_phones { CountScope::Extension } else { CountScope::Credential(kind) };
    let rule = settings.lock_rule(scope);
    KindOnMap {
        kind,
        title: row.title,
        belongs_to: row.belongs_to.into(),
        opens: opens.collect(),
        rules: rules_in_words(kind, settings),
        failures_max: rule.failures_max,
        window_seconds: rule.window.0,
        lock: lock_in_words(rule.lock).filter(|_| rule.failures_max > 0),
    }
}

pub(super) async fn map(State(api): State<Arc<Api>>) -> Result<Answer, Problem> {
    let settings = api.system.ledger.settings();
    let closed = INTERFACES.iter().filter(|row| row.opens_with.is_empty());
    Answer::json(&PasswordMap {
        items: KINDS.iter().map(|row| on_map(row.kind, &settings)).collect(),
        opened_by_none: closed.map(|row| row.interface).collect(),
    })
}

pub(super) async fn census(State(api): State<Arc<Api>>) -> Result<Answer, Problem> {
    let census = api.system.census().await.ok_or_else(|| Problem::of(Kind::Unavailable))?;
    let items = census.kinds.iter().map(|of| KindStanding {
        kind: of.kind,
        owners: of.owners,
        set: of.set,
        weak: of.weak,
        expired: of.expired,
        unused: of.unused,
    });
    Answer::json(&PasswordCensus { counted_at: moment(census.at), items: items.collect() })
}

/// The credentials of somebody, of a line, or of a line's user with it.
pub(super) fn credentials_of(
    api: &Api,
    account: Option<&Account>,
    extension: Option<&extension::Extension>,
    now: Timestamp,
) -> Vec<Credential> {
    let ledger = &api.system.ledger;
    let owners = match (account, extension) {
        (Some(account), _) => owners_of(account),
        (None, Some(extension)) => {
            vec![(signin::credential::Owner::Extension(extension.id), CredentialKind::PhonePassword)]
        }
        (None, None) => Vec::new(),
    };
    let settings = ledger.settings();
    let view = |(owner, kind)| {
        let state = CredentialState::of(&**ledger, owner, kind, now);
        let is_locked = count_of(kind, account, extension).is_some_and(|key| {
            let standing = ledger.tally(&key).standing(settings.lock_rule(key.scope), now);
            matches!(standing, Standing::Locked { .. })
        });
        Credential {
            kind,
            is_set: state.facts.is_some(),
            set_at: moment(state.facts.map(|facts| facts.set_at)),
            has_ended: state.has_ended,
            is_weak: state.is_weak,
            is_locked: is_locked && state.facts.is_some(),
            last_use: state.used.filter(|_| state.facts.is_some()).as_ref().map(use_of),
        }
    };
    owners.into_iter().map(view).collect()
}

fn use_of(used: &LastUse) -> CredentialUse {
    let at = match used.at {
        Moment::Now => None,
        Moment::At(at) | Moment::OnDay(at) => Some(at),
    };
    CredentialUse {
        is_in_use: used.at == Moment::Now,
        at: moment(at),
        is_day_alone: matches!(used.at, Moment::OnDay(_)),
        from: used.from.map(|address| address.to_string()),
        interface: used.by,
    }
}

pub(super) async fn accounts(
    State(api): State<Arc<Api>>,
    Query(search): Query<Search>,
) -> Result<Answer, Problem> {
    let query = CredentialQuery {
        search: search_text(search.q)?,
        filter: match search.state {
            None => CredentialFilter::All,
            Some(CredentialStanding::Weak) => CredentialFilter::Weak,
            Some(CredentialStanding::Expired) => CredentialFilter::Expired,
            Some(CredentialStanding::NotSet) => CredentialFilter::NotSet,
            Some(CredentialStanding::Unused) => CredentialFilter::Unused,
        },
        kind: search.kind,
        offset: search.offset.get(),
        limit: search.limit.get(),
    };
    let census = api.system.census().await.ok_or_else(|| Problem::of(Kind::Unavailable))?;
    let ledger = &api.system.ledger;
    let now = api.system.clock.now();
    let found = ledger.accounts_by_credentials(&census, &query);
    let items = found.items.iter().map(|account| {
        let extension = account.extension().and_then(|id| ledger.extension(id));
        AccountCredentials {
            account: AccountRef::of(account),
            role: account.kind().into(),
            full_name: account.full_name.to_string(),
            extension: extension.as_deref().map(ExtensionRef::of),
            credentials: credentials_of(&api, Some(account), extension.as_deref(), now),
        }
    });
    Answer::json(&AccountsByCredentials { items: items.collect(), total: found.total })
}
