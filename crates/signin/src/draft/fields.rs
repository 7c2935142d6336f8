//! Records as fields: what of a record can be wanted otherwise, found in its serialised form so that none can be forgotten.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::{
    account::{Account, Condition, Role},
    extension::{Domain, Extension},
    ident::{ExtensionId, Number},
    policy::Settings,
    rights::RightsGroup,
    timestamp::Timestamp,
};

/// The fields of a record, by name. A rule with parts (`extension_lock.window`) is a field for each part.
pub type Fields = BTreeMap<Box<str>, Value>;

/// What nobody chooses.
const FIXED: [&str; 3] = ["id", "version", "last_change"];

/// What can be wanted otherwise of a user.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OfUser {
    name: compact_str::CompactString,
    full_name: compact_str::CompactString,
    extension: Option<ExtensionId>,
    condition: Condition,
    expires_at: Option<Timestamp>,
}

/// What can be wanted otherwise of an extension.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OfExtension {
    number: Number,
}

pub(crate) fn settings_of(settings: &Settings) -> Fields {
    let mut fields = Fields::new();
    for (name, value) in object(settings) {
        if let Value::Object(parts) = value {
            fields.extend(parts.into_iter().map(|(part, value)| (format!("{name}.{part}").into(), value)));
        } else {
            fields.insert(name.into(), value);
        }
    }
    fields
}

/// The settings with other values; `None` where they do not fit.
pub(crate) fn settings_with(settings: &Settings, fields: &Fields) -> Option<Settings> {
    let mut map = map_of(settings);
    for (field, value) in fields {
        if FIXED.contains(&field.split('.').next().unwrap_or_default()) {
            return None;
        }
        let place = match field.split_once('.') {
            Some((name, part)) => map.get_mut(name)?.as_object_mut()?.get_mut(part)?,
            None => map.get_mut(&**field)?,
        };
        *place = value.clone();
    }
    read(map)
}

pub(crate) fn domain_of(domain: &Domain) -> Fields {
    flat(object(domain))
}

pub(crate) fn domain_with(domain: &Domain, fields: &Fields) -> Option<Domain> {
    with(domain, fields)
}

pub(crate) fn group_of(group: &RightsGroup) -> Fields {
    flat(object(group))
}

pub(crate) fn group_with(group: &RightsGroup, fields: &Fields) -> Option<RightsGroup> {
    with(group, fields)
}

pub(crate) fn user_of(account: &Account) -> Fields {
    flat(object(&OfUser {
        name: account.name.clone(),
        full_name: account.full_name.clone(),
        extension: account.extension(),
        condition: account.condition,
        expires_at: account.expires_at,
    }))
}

pub(crate) fn user_with(account: &Account, fields: &Fields) -> Option<Account> {
    let mut all = user_of(account);
    overlay(&mut all, fields)?;
    let OfUser { name, full_name, extension, condition, expires_at } = read(unflat(all))?;
    Some(Account {
        name,
        full_name,
        role: Role::User { extension },
        condition,
        expires_at,
        ..account.clone()
    })
}

pub(crate) fn extension_of(extension: &Extension) -> Fields {
    flat(object(&OfExtension { number: extension.number }))
}

pub(crate) fn extension_with(extension: &Extension, fields: &Fields) -> Option<Extension> {
    let mut all = extension_of(extension);
    overlay(&mut all, fields)?;
    let OfExtension { number } = read(unflat(all))?;
    Some(Extension { number, ..extension.clone() })
}

fn with<T: Serialize + DeserializeOwned>(record: &T, fields: &Fields) -> Option<T> {
    let mut map = map_of(record);
    for (field, value) in fields {
        if FIXED.contains(&&**field) {
            return None;
        }
        *map.get_mut(&**field)? = value.clone();
    }
    read(map)
}

/// Puts other values in place; only where there is one.
fn overlay(all: &mut Fields, fields: &Fields) -> Option<()> {
    fields.iter().try_for_each(|(field, value)| {
        *all.get_mut(field)? = value.clone();
        Some(())
    })
}

fn read<T: DeserializeOwned>(map: Map<String, Value>) -> Option<T> {
    serde_json::from_value(Value::Object(map)).ok()
}

fn map_of(record: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(record) {
        Ok(Value::Object(map)) => map,
        // A record that is no object has no fields.
        Ok(_) | Err(_) => Map::new(),
    }
}

fn object(record: &impl Serialize) -> Map<String, Value> {
    let mut map = map_of(record);
    map.retain(|name, _| !FIXED.contains(&name.as_str()));
    map
}

fn flat(map: Map<String, Value>) -> Fields {
    map.into_iter().map(|(name, value)| (name.into(), value)).collect()
}

fn unflat(fields: Fields) -> Map<String, Value> {
    fields.into_iter().map(|(name, value)| (name.into(), value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_come_back_from_their_fields() {
        let settings = Settings::default();
        let fields = settings_of(&settings);
        assert!(fields.contains_key("extension_lock.window") && !fields.contains_key("version"));
        assert_eq!(settings_with(&Settings { version: 4, ..settings.clone() }, &fields).unwrap().version, 4);
        let one = Fields::from([("extension_lock.failures_max".into(), Value::from(9))]);
        assert_eq!(settings_with(&settings, &one).unwrap().extension_lock.failures_max, 9);
    }

    #[test]
    fn what_is_no_field_or_does_not_fit_is_refused() {
        let settings = Settings::default();
        for (field, value) in [
            ("version", Value::from("x")),
            ("extension_lock.nothing", Value::from(1)),
            ("nothing", Value::from(1)),
            ("extension_lock.failures_max", Value::from(900)),
            ("system_name", Value::Null),
        ] {
            assert_eq!(settings_with(&settings, &Fields::from([(field.into(), value)])), None, "{field}");
        }
    }
}
