//! The operations of those in charge of security: service users, rights, tokens, passwords, the doctor, the audit.

use signin::rights::Right;

use super::{
    super::{accounts, audit, doctor, door::Access, groups, passwords, secrets, service_users, tokens},
    Row, delete, get, post, put,
};

pub(super) fn rows() -> Vec<Row> {
    use Access::Needs;
    use Right::{SecurityRead, SecurityReset, SecurityWrite};
    vec![
        get("/service-users", Needs(SecurityRead), "listServiceUsers", "Service users", service_users::list)
            .gives::<service_users::ServiceUsers>(),
        post("/service-users", Needs(SecurityWrite), "createServiceUser", "Make a service user", service_users::create)
            .takes::<service_users::NewServiceUser>()
            .makes::<service_users::MadeServiceUser>(),
        get("/service-users/{id}", Needs(SecurityRead), "getServiceUser", "One service user", service_users::show)
            .gives::<service_users::ServiceUser>(),
        put("/service-users/{id}", Needs(SecurityWrite), "changeServiceUser", "Change a service user", service_users::change)
            .takes::<service_users::ServiceUserFields>()
            .gives::<service_users::ServiceUser>()
            .changes(),
        delete("/service-users/{id}", Needs(SecurityWrite), "deleteServiceUser", "Delete a service user", service_users::delete)
            .changes()
            .says("Their sessions end, and their API tokens are taken away."),
        put("/service-users/{id}/password", Needs(SecurityReset), "setServicePassword", "Set a service user's password", secrets::set_of_service_user)
            .takes::<secrets::Replacement>()
            .gives::<secrets::Replaced>()
            .changes(),
        get("/service-users/{id}/password", Needs(SecurityRead), "getServicePassword", "What is told of a service user's password", secrets::of_service_user)
            .gives::<accounts::SecretState>(),
        delete("/service-users/{id}/password/history", Needs(SecurityReset), "forgetServicePasswordHistory", "Forget a service user's earlier passwords", secrets::forget_of_service_user)
            .says("Each of them may be chosen again."),
        get("/rights-groups", Needs(SecurityRead), "listRightsGroups", "Rights groups", groups::list)
            .gives::<groups::RightsGroups>(),
        post("/rights-groups", Needs(SecurityWrite), "createRightsGroup", "Make a rights group", groups::create)
            .takes::<groups::GroupFields>()
            .makes::<groups::MadeRightsGroup>(),
        get("/rights-groups/{id}", Needs(SecurityRead), "getRightsGroup", "One rights group", groups::show)
            .gives::<groups::RightsGroup>(),
        put("/rights-groups/{id}", Needs(SecurityWrite), "changeRightsGroup", "Change a rights group", groups::change)
            .takes::<groups::GroupFields>()
            .gives::<groups::RightsGroup>()
            .changes(),
        delete("/rights-groups/{id}", Needs(SecurityWrite), "deleteRightsGroup", "Delete a rights group", groups::delete)
            .changes(),
        get("/rights", Needs(SecurityRead), "listRights", "The rights that there are", groups::rights)
            .gives::<groups::Rights>(),
        get("/tokens", Needs(SecurityRead), "listTokens", "Everybody's API tokens", tokens::list)
            .gives::<tokens::ApiTokens>(),
        get("/tokens/{id}", Needs(SecurityRead), "getToken", "One API token", tokens::show)
            .gives::<tokens::ApiToken>(),
        delete("/tokens/{id}", Needs(SecurityReset), "revokeToken", "Take an API token away", tokens::revoke)
            .changes(),
        get("/doctor", Needs(SecurityRead), "askDoctor", "Why somebody cannot sign in", doctor::consult)
            .asks::<doctor::Question>()
            .gives::<doctor::Consultation>()
            .says("Each cause has its remedies: operations of this interface, and the right that each takes."),
        get("/passwords/map", Needs(SecurityRead), "getPasswordMap", "Which credential opens what", passwords::map)
            .gives::<passwords::PasswordMap>(),
        get("/passwords/census", Needs(SecurityRead), "getPasswordCensus", "How all credentials stand", passwords::census)
            .gives::<passwords::PasswordCensus>(),
        get("/passwords/accounts", Needs(SecurityRead), "listAccountsByCredentials", "Accounts by how their credentials stand", passwords::accounts)
            .asks::<passwords::Search>()
            .gives::<passwords::AccountsByCredentials>(),
        get("/audit", Needs(SecurityRead), "listAudit", "The audit, the newest first", audit::list)
            .asks::<audit::Search>()
            .gives::<audit::AuditRows>()
            .says("Pages go by number: next_before of one answer is before of the next. What happens meanwhile moves nothing."),
        get("/audit/{number}", Needs(SecurityRead), "getAuditRow", "One row of the audit", audit::show)
            .gives::<audit::AuditRow>(),
        get("/audit-export", Needs(SecurityRead), "exportAudit", "The audit as JSON Lines, the oldest first", audit::export)
            .asks::<audit::Filter>()
            .gives_lines()
            .says("That it is exported stands in the audit before the first row leaves."),
    ]
}
