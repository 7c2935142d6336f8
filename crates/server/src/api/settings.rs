//! The settings: the security rules as they are kept, so that a new one is here by itself; name and networks; the SIP domain.

use std::sync::Arc;

use axum::extract::State;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use signin::{
    admin::{self, Admin},
    dice::Dice,
    extension,
    ident::DomainId,
    policy::Settings,
    portal::PortalRules,
    records::Records,
    reporting::Retention,
};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, schema::Schema},
};

use super::{
    Api,
    answer::{Answer, IfMatch},
    door::Caller,
    problem::{FieldError, Kind, Problem},
    request::{self, Body},
};

/// What is kept with the rules and is none of them: it has an operation of its own, or is counted in the ETag.
const OF_THE_SYSTEM: [&str; 5] = ["version", "system_name", "lan1", "lan2", "last_change"];

/// The security settings: every rule, as it is kept.
#[derive(Deserialize, Serialize)]
#[serde(transparent)]
pub(super) struct SecuritySettings(Map<String, Value>);

impl PartialSchema for SecuritySettings {
    /// That of what is kept, without what is not of the rules; all of it must be there.
    fn schema() -> RefOr<Schema> {
        let mut schema = Settings::schema();
        if let RefOr::T(Schema::Object(object)) = &mut schema {
            for name in OF_THE_SYSTEM {
                object.properties.remove(name);
            }
            object.required = object.properties.keys().cloned().collect();
            object.description = Some("The security settings: every rule. Times are in seconds.".into());
        }
        schema
    }
}

impl ToSchema for SecuritySettings {
    fn name() -> std::borrow::Cow<'static, str> {
        "SecuritySettings".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        Settings::schemas(schemas);
    }
}

impl SecuritySettings {
    /// Those of these settings.
    pub(super) fn of(settings: &Settings) -> Result<Self, Problem> {
        match serde_json::to_value(settings) {
            Ok(Value::Object(mut fields)) => {
                fields.retain(|name, _| !OF_THE_SYSTEM.contains(&name.as_str()));
                Ok(Self(fields))
            }
            Ok(_) | Err(_) => Err(Problem::of(Kind::Unavailable)),
        }
    }

    /// What is kept, with these rules in place of its own. Every one must be given, and no other.
    pub(super) fn put_into(self, settings: &Settings) -> Result<Settings, Problem> {
        let present = Self::of(settings)?;
        let missing = present.0.keys().filter(|name| !self.0.contains_key(*name));
        let unknown = self.0.keys().filter(|name| !present.0.contains_key(*name));
        let errors: Vec<FieldError> = missing
            .map(|name| (name, "This field is missing."))
            .chain(unknown.map(|name| (name, "There is no such field.")))
            .map(|(name, problem)| FieldError {
                field: name.chars().take(200).collect(),
                problem: problem.into(),
            })
            .take(100)
            .collect();
        if !errors.is_empty() {
            return Err(Problem::fields(errors));
        }
        let Ok(Value::Object(mut whole)) = serde_json::to_value(settings) else {
            return Err(Problem::of(Kind::Unavailable));
        };
        whole.extend(self.0);
        request::parse(&serde_json::to_vec(&whole).unwrap_or_default())
    }
}

/// Name and networks of the system.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SystemSettings {
    /// The name on every page.
    #[schema(min_length = 1, max_length = 64, examples("Office"))]
    system_name: String,
    /// The trusted local network.
    #[schema(value_type = Vec<String>, max_items = 256, examples(json!(["192.0.2.0/24"])))]
    lan1: Vec<IpNet>,
    /// The other side.
    #[schema(value_type = Vec<String>, max_items = 256, examples(json!([])))]
    lan2: Vec<IpNet>,
}

/// The SIP domain.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DomainSettings {
    /// What phones show as "realm". Every code is kept for it: with another one, phones need their codes set anew.
    #[schema(min_length = 1, max_length = 64, examples("office.example"))]
    realm: String,
    /// Host names in SIP addresses that mean this domain.
    #[schema(max_items = 64, examples(json!(["office.example"])))]
    hosts: Vec<String>,
    /// Whether phones that know no SHA-256 may sign in with MD5.
    md5_allowed: bool,
    /// Phones, by the beginning of their User-Agent, that are offered MD5 alone.
    #[schema(max_items = 64, examples(json!(["baresip v1."])))]
    md5_only_agents: Vec<String>,
    /// What its people may see and change in the user portal; no part gets further than the portal as a whole.
    portal: PortalRules,
}

/// How long the audit is kept.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RetentionSettings {
    /// Rows are kept for so many whole days; 0 for ever.
    #[schema(maximum = 36_500, examples(400))]
    days: u32,
    /// So many rows are kept at most; beyond that the oldest go.
    #[schema(minimum = 10_000, maximum = 100_000_000, examples(5_000_000))]
    rows: u64,
}

pub(super) async fn security(State(api): State<Arc<Api>>) -> Result<Answer, Problem> {
    let settings = api.system.ledger.settings();
    Answer::versioned(&SecuritySettings::of(&settings)?, settings.version)
}

pub(super) async fn change_security(
    State(api): State<Arc<Api>>,
    caller: Caller,
    if_match: IfMatch,
    Body(rules): Body<SecuritySettings>,
) -> Result<Answer, Problem> {
    let wanted = rules.put_into(&api.system.ledger.settings())?;
    change(&api, &caller, if_match, move |settings| {
        let Settings { version, system_name, lan1, lan2, .. } = settings;
        Settings { version, system_name, lan1, lan2, ..wanted.clone() }
    })
    .await?;
    security(State(api)).await
}

/// Changes what was looked at.
pub(super) async fn change(
    api: &Arc<Api>,
    caller: &Caller,
    if_match: IfMatch,
    wanted: impl Fn(Settings) -> Settings + Send + Sync + 'static,
) -> Result<(), Problem> {
    let changed = move |admin: &Admin<'_>, _: &mut dyn Dice| {
        let present = admin.records.settings();
        if_match.demand(present.version, "set of settings")?;
        admin.save_settings(&wanted((*present).clone()))
    };
    api.system.administer(&caller.by, changed).await?;
    Ok(())
}

pub(super) async fn system(State(api): State<Arc<Api>>) -> Result<Answer, Problem> {
    let settings = api.system.ledger.settings();
    let told = SystemSettings {
        system_name: settings.system_name.to_string(),
        lan1: settings.lan1.clone(),
        lan2: settings.lan2.clone(),
    };
    Answer::versioned(&told, settings.version)
}

pub(super) async fn change_system(
    State(api): State<Arc<Api>>,
    caller: Caller,
    if_match: IfMatch,
    Body(wanted): Body<SystemSettings>,
) -> Result<Answer, Problem> {
    change(&api, &caller, if_match, move |settings| Settings {
        system_name: wanted.system_name.trim().into(),
        lan1: wanted.lan1.clone(),
        lan2: wanted.lan2.clone(),
        ..settings
    })
    .await?;
    system(State(api)).await
}

fn first(records: &dyn Records) -> Result<Arc<extension::Domain>, admin::Problem> {
    records.domain(DomainId::FIRST).ok_or(admin::Problem::NotFound("domain"))
}

pub(super) async fn domain(State(api): State<Arc<Api>>) -> Result<Answer, Problem> {
    let domain = first(&*api.system.ledger)?;
    Answer::versioned(&DomainSettings::of(&domain), domain.version)
}

pub(super) async fn change_domain(
    State(api): State<Arc<Api>>,
    caller: Caller,
    if_match: IfMatch,
    Body(wanted): Body<DomainSettings>,
) -> Result<Answer, Problem> {
    wanted.save(&api, &caller, DomainId::FIRST, if_match).await?;
    domain(State(api)).await
}

impl DomainSettings {
    /// Those in force.
    pub(super) fn of(domain: &extension::Domain) -> Self {
        let strings = |list: &[Box<str>]| list.iter().map(ToString::to_string).collect();
        Self {
            realm: domain.realm.to_string(),
            hosts: strings(&domain.hosts),
            md5_allowed: domain.md5_allowed,
            md5_only_agents: strings(&domain.md5_only_agents),
            portal: domain.portal,
        }
    }

    /// Puts these in force.
    pub(super) async fn save(
        self,
        api: &Arc<Api>,
        caller: &Caller,
        id: DomainId,
        if_match: IfMatch,
    ) -> Result<(), Problem> {
        let changed = move |admin: &Admin<'_>, _: &mut dyn Dice| {
            let present = admin.records.domain(id).ok_or(admin::Problem::NotFound("domain"))?;
            if_match.demand(present.version, "domain")?;
            let boxes = |list: &[String]| list.iter().map(|text| text.as_str().into()).collect();
            admin.save_domain(&extension::Domain {
                realm: self.realm.as_str().into(),
                hosts: boxes(&self.hosts),
                md5_allowed: self.md5_allowed,
                md5_only_agents: boxes(&self.md5_only_agents),
                portal: self.portal,
                ..(*present).clone()
            })
        };
        let done = api.system.administer(&caller.by, changed).await;
        done.map_err(|refusal| Problem::from(refusal).renamed("md5_agents", "md5_only_agents"))?;
        Ok(())
    }
}

pub(super) async fn retention(State(api): State<Arc<Api>>) -> Result<Answer, Problem> {
    let reporting = api.system.ledger.reporting();
    let Retention { days, rows } = reporting.retention;
    Answer::versioned(&RetentionSettings { days, rows }, reporting.version)
}

pub(super) async fn change_retention(
    State(api): State<Arc<Api>>,
    caller: Caller,
    if_match: IfMatch,
    Body(RetentionSettings { days, rows }): Body<RetentionSettings>,
) -> Result<Answer, Problem> {
    let changed = move |admin: &Admin<'_>, _: &mut dyn Dice| {
        let present = admin.records.reporting();
        if_match.demand(present.version, "rule")?;
        admin.save_retention(present.version, Retention { days, rows })
    };
    let done = api.system.administer(&caller.by, changed).await;
    done.map_err(|refusal| {
        Problem::from(refusal).renamed("retention_days", "days").renamed("retention_rows", "rows")
    })?;
    retention(State(api)).await
}
