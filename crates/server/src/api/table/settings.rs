//! The operations of the settings, and of where alarms and the audit are sent.

use signin::rights::Right;

use super::{
    super::{
        accounts, domains, door::Access, mail, presets, secrets, settings, short_codes, switch, targets,
    },
    Row, delete, get, post, put,
};

pub(super) fn rows() -> Vec<Row> {
    use Access::Needs;
    use Right::{SecurityRead, SecurityWrite, SystemRead, SystemWrite};
    vec![
        get(
            "/settings/security",
            Needs(SecurityRead),
            "getSecuritySettings",
            "The security settings",
            settings::security,
        )
        .gives::<settings::SecuritySettings>(),
        put(
            "/settings/security",
            Needs(SecurityWrite),
            "changeSecuritySettings",
            "Change the security settings",
            settings::change_security,
        )
        .takes::<settings::SecuritySettings>()
        .gives::<settings::SecuritySettings>()
        .changes()
        .says("All of them, as they were read."),
        get(
            "/settings/system",
            Needs(SystemRead),
            "getSystemSettings",
            "Name and networks",
            settings::system,
        )
        .gives::<settings::SystemSettings>(),
        put(
            "/settings/system",
            Needs(SystemWrite),
            "changeSystemSettings",
            "Change name and networks",
            settings::change_system,
        )
        .takes::<settings::SystemSettings>()
        .gives::<settings::SystemSettings>()
        .changes(),
        get("/settings/domain", Needs(SystemRead), "getDomainSettings", "The SIP domain", settings::domain)
            .gives::<settings::DomainSettings>(),
        put(
            "/settings/domain",
            Needs(SystemWrite),
            "changeDomainSettings",
            "Change the SIP domain",
            settings::change_domain,
        )
        .takes::<settings::DomainSettings>()
        .gives::<settings::DomainSettings>()
        .changes(),
        get("/domains", Needs(SystemRead), "listDomains", "Domains", domains::list)
            .gives::<domains::Domains>()
            .says(
                "The organisations that the installation serves. One that has only one never needs to know.",
            ),
        post("/domains", Needs(SystemWrite), "createDomain", "Make a domain", domains::create)
            .takes::<domains::NewDomain>()
            .makes::<domains::MadeDomain>()
            .says("It has nobody yet: make its first service user next."),
        get("/domains/{id}", Needs(SystemRead), "getDomain", "One domain", domains::show)
            .gives::<domains::Domain>(),
        put("/domains/{id}", Needs(SystemWrite), "changeDomain", "Change a domain", domains::change)
            .takes::<settings::DomainSettings>()
            .gives::<domains::Domain>()
            .changes(),
        delete("/domains/{id}", Needs(SystemWrite), "deleteDomain", "Delete a domain", domains::delete)
            .changes()
            .says("Once it has no users, service users and extensions any more."),
        get(
            "/settings/switch",
            Needs(SystemRead),
            "getSwitch",
            "What guards phone based administration",
            switch::show,
        )
        .gives::<switch::Switch>(),
        put(
            "/settings/switch",
            Needs(SystemWrite),
            "changeSwitch",
            "Change what guards phone based administration",
            switch::change,
        )
        .takes::<switch::SwitchSettings>()
        .gives::<switch::Switch>()
        .changes(),
        get(
            "/settings/switch/password",
            Needs(SystemRead),
            "getSystemPassword",
            "What is told of the system password",
            secrets::of_system,
        )
        .gives::<accounts::SecretState>(),
        put(
            "/settings/switch/password",
            Needs(SystemWrite),
            "setSystemPassword",
            "Set the system password",
            secrets::set_of_system,
        )
        .takes::<secrets::FourDigits>()
        .gives::<accounts::SecretState>()
        .changes(),
        delete(
            "/settings/switch/password",
            Needs(SystemWrite),
            "removeSystemPassword",
            "Remove the system password",
            secrets::remove_of_system,
        )
        .changes()
        .says("Phone based administration is closed then, or open where it is as on the older systems."),
        get(
            "/settings/short-codes",
            Needs(SystemRead),
            "getShortCodes",
            "What is dialled for what",
            short_codes::show,
        )
        .asks::<short_codes::Which>()
        .gives::<short_codes::ShortCodeSettings>()
        .says("Those of the first domain, or of the one that is asked for."),
        put(
            "/settings/short-codes",
            Needs(SystemWrite),
            "changeShortCodes",
            "Change what is dialled for what",
            short_codes::change,
        )
        .asks::<short_codes::Which>()
        .takes::<short_codes::ShortCodeSettings>()
        .gives::<short_codes::ShortCodeSettings>()
        .changes()
        .says("All of them, as they were read. None may begin like another."),
        get(
            "/settings/mail",
            Needs(SystemRead),
            "getMailSettings",
            "By which server mail goes out",
            mail::show,
        )
        .gives::<mail::MailSettings>(),
        put(
            "/settings/mail",
            Needs(SystemWrite),
            "changeMailSettings",
            "Change by which server mail goes out",
            mail::change,
        )
        .takes::<mail::MailFields>()
        .gives::<mail::MailSettings>()
        .changes()
        .says("It has one version with the targets of alarms and with how long the audit is kept."),
        post(
            "/settings/mail/test",
            Needs(SystemWrite),
            "testMail",
            "Send a mail to see whether it goes out",
            mail::test,
        )
        .takes::<mail::MailTest>()
        .gives::<targets::Tested>()
        .says("The answer comes when the server has answered, or has not for twenty seconds."),
        post(
            "/settings/security/rehearsal",
            Needs(SecurityWrite),
            "rehearseSecuritySettings",
            "Whom a change of the security settings would touch",
            presets::rehearse,
        )
        .takes::<settings::SecuritySettings>()
        .gives::<presets::Rehearsal>()
        .says("Changes nothing."),
        get(
            "/settings/security/presets",
            Needs(SecurityRead),
            "listPresets",
            "Presets of the security settings",
            presets::list,
        )
        .gives::<presets::Presets>(),
        get(
            "/settings/security/presets/{preset}",
            Needs(SecurityRead),
            "getPreset",
            "The security settings as a preset would have them",
            presets::show,
        )
        .gives::<settings::SecuritySettings>()
        .says("To be rehearsed, or to be put with other values."),
        post(
            "/settings/security/preset",
            Needs(SecurityWrite),
            "applyPreset",
            "Put a preset in force",
            presets::put_in_force,
        )
        .takes::<presets::ChosenPreset>()
        .gives::<settings::SecuritySettings>()
        .changes(),
        get(
            "/settings/security/last-change",
            Needs(SecurityRead),
            "getLastSecurityChange",
            "The last change of the security settings",
            presets::last_change,
        )
        .gives::<presets::LastSecurityChange>(),
        post(
            "/settings/security/last-change/undo",
            Needs(SecurityWrite),
            "undoLastSecurityChange",
            "Take the last change of the security settings back",
            presets::undo,
        )
        .gives::<settings::SecuritySettings>()
        .changes()
        .says("If-Match is that of the last change. This is a change as well, which can be taken back."),
        get(
            "/settings/retention",
            Needs(SystemRead),
            "getRetention",
            "How long the audit is kept",
            settings::retention,
        )
        .gives::<settings::RetentionSettings>(),
        put(
            "/settings/retention",
            Needs(SecurityWrite),
            "changeRetention",
            "Change how long the audit is kept",
            settings::change_retention,
        )
        .takes::<settings::RetentionSettings>()
        .gives::<settings::RetentionSettings>()
        .changes()
        .says("What is no longer kept is removed within a minute."),
    ]
}

pub(super) fn target_rows() -> Vec<Row> {
    use Access::Needs;
    use Right::{SystemRead, SystemWrite};
    vec![
        get(
            "/targets",
            Needs(SystemRead),
            "listTargets",
            "Where alarms and the audit are sent",
            targets::list,
        )
        .gives::<targets::Targets>(),
        post("/targets/{id}/test", Needs(SystemWrite), "testTarget", "Send a test", targets::test)
            .gives::<targets::Tested>()
            .says("The answer comes when the receiver has answered, or has not for some seconds."),
        delete(
            "/targets/{id}",
            Needs(SystemWrite),
            "deleteTarget",
            "Send nothing more there",
            targets::delete,
        )
        .changes()
        .says("What waits for it is dropped."),
        post("/webhooks", Needs(SystemWrite), "createWebhook", "Make a webhook", targets::create_webhook)
            .takes::<targets::WebhookFields>()
            .makes::<targets::SavedWebhook>()
            .says("There are at most eight."),
        get("/webhooks/{id}", Needs(SystemWrite), "getWebhook", "One webhook", targets::show_webhook)
            .gives::<targets::Webhook>()
            .says("Its address may be a secret, and so it takes the right to change it."),
        put(
            "/webhooks/{id}",
            Needs(SystemWrite),
            "changeWebhook",
            "Change a webhook",
            targets::change_webhook,
        )
        .takes::<targets::WebhookFields>()
        .gives::<targets::SavedWebhook>()
        .changes(),
        post(
            "/syslog-receivers",
            Needs(SystemWrite),
            "createSyslogReceiver",
            "Make a receiver of syslog",
            targets::create_syslog,
        )
        .takes::<targets::SyslogFields>()
        .makes::<targets::MadeSyslogReceiver>()
        .says("There are at most four."),
        get(
            "/syslog-receivers/{id}",
            Needs(SystemWrite),
            "getSyslogReceiver",
            "One receiver of syslog",
            targets::show_syslog,
        )
        .gives::<targets::SyslogReceiver>(),
        put(
            "/syslog-receivers/{id}",
            Needs(SystemWrite),
            "changeSyslogReceiver",
            "Change a receiver of syslog",
            targets::change_syslog,
        )
        .takes::<targets::SyslogFields>()
        .gives::<targets::SyslogReceiver>()
        .changes(),
    ]
}
