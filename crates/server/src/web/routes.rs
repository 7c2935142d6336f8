//! The table of all pages: its address, its verb, who may, and what answers. Nothing is reached but through a row here, and
//! a row cannot be written without saying who may.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock},
};

use axum::{
    Router,
    extract::{Request, State},
    handler::Handler,
    http::{Method, StatusCode},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Redirect, Response},
    routing::{MethodFilter, MethodRouter, on},
};
use signin::{
    admin::By,
    portal::{Level, PortalPart},
    rights::Right,
};

use super::{
    Web, administrators, audit, bulk, calls, doctor, domains, draft, extensions, groups,
    guard::{self, Found},
    home, ignition, jobs, links, login, mail, notifications, passwords, portal, preferences, recover,
    security, settings, short_codes, status, switch, targets, tokens, user_calls, user_passwords, users,
};

/// Who may see a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Whoever asks.
    Anyone,
    /// Whoever asks, where the user portal is open.
    PortalGate,
    /// Whoever is signed in to the user portal.
    PortalHome,
    /// The same, whether or not they must choose a new password first. What is allowed then is asked for by the handler.
    PortalDetained,
    /// Whoever is signed in to the user portal, where their domain lets them get so far in this part.
    Portal(PortalPart, Level),
    /// Whoever is signed in: what is shown is their own.
    SignedIn,
    /// Whoever is signed in and must choose a new password first. What is allowed then is asked for by the handler.
    Detained,
    /// Whoever is signed in and has this right.
    Needs(Right),
    /// The same, where the first right is one about the installation as a whole: whoever is within a domain has none of these, and
    /// sees what is their domain's by the second.
    NeedsWithin(Right, Right),
}

impl Access {
    /// The right that somebody needs; `None` = none.
    pub const fn right(self, is_within: bool) -> Option<Right> {
        match self {
            Self::Anyone | Self::SignedIn | Self::Detained => None,
            Self::PortalGate | Self::PortalHome | Self::PortalDetained | Self::Portal(..) => None,
            Self::NeedsWithin(_, within) if is_within => Some(within),
            Self::Needs(right) | Self::NeedsWithin(right, _) => Some(right),
        }
    }

    /// Whether it is a page of the user portal, where nobody has rights and everybody is a user.
    pub const fn is_of_portal(self) -> bool {
        matches!(self, Self::PortalGate | Self::PortalHome | Self::PortalDetained | Self::Portal(..))
    }

    fn is_open_to(self, by: &By) -> bool {
        self.right(by.within.is_some()).is_none_or(|right| by.may(right))
    }
}

/// One row of the table.
pub(super) struct Row {
    method: Method,
    path: &'static str,
    access: Access,
    answer: MethodRouter<Arc<Web>>,
}

pub(super) fn get<H: Handler<T, Arc<Web>>, T: 'static>(
    path: &'static str,
    access: Access,
    handler: H,
) -> Row {
    Row { method: Method::GET, path, access, answer: on(MethodFilter::GET, handler) }
}

pub(super) fn post<H: Handler<T, Arc<Web>>, T: 'static>(
    path: &'static str,
    access: Access,
    handler: H,
) -> Row {
    Row { method: Method::POST, path, access, answer: on(MethodFilter::POST, handler) }
}

/// What there is none of in a file.
const NOT_IN_EDITOR: [&str; 4] = ["/status", "/manager/audit", "/manager/preferences", "/manager/password"];

/// Every page.
fn rows() -> Vec<Row> {
    use Access::{Anyone, Detained, Needs, NeedsWithin, SignedIn};
    use Right::{
        ExtensionsRead, ExtensionsWrite, SecurityRead, SecurityReset, SecurityWrite, StatusControl,
        StatusRead, SystemRead, SystemWrite, UsersRead, UsersWrite,
    };
    let mut rows = vec![
        get("/", Anyone, links::show),
        get("/ignition", Anyone, ignition::show),
        post("/ignition", Anyone, ignition::ignite),
        get("/manager/login", Anyone, login::show),
        post("/manager/login", Anyone, login::sign_in),
        get("/recover", Anyone, recover::ask),
        post("/recover", Anyone, recover::wish),
        // The pages before the link itself: a link has a hyphen in it.
        get("/recover/new", Anyone, recover::new_password),
        post("/recover/new", Anyone, recover::choose),
        get("/recover/address", Anyone, recover::address),
        post("/recover/address", Anyone, recover::confirm),
        get("/recover/{token}", Anyone, recover::follow),
        // Whoever must choose a new password may leave.
        post("/manager/logout", Detained, login::sign_out),
        get("/manager/password", Detained, login::new_password),
        post("/manager/password", Detained, login::choose_password),
        get("/manager", SignedIn, home::show),
        get("/manager/preferences", SignedIn, preferences::show),
        post("/manager/preferences", SignedIn, preferences::save),
        post("/manager/preferences/confirm", SignedIn, preferences::confirm),
        post("/manager/preferences/address", SignedIn, preferences::bind_address),
        get("/manager/draft", SignedIn, draft::show),
        post("/manager/draft", SignedIn, draft::apply),
        post("/manager/draft/undo", SignedIn, draft::undo),
        post("/manager/draft/export", SignedIn, draft::export),
        post("/manager/draft/import", SignedIn, draft::import),
        get("/manager/draft/discard", SignedIn, draft::ask_discard),
        post("/manager/draft/discard", SignedIn, draft::discard),
        get("/manager/enter/{token}", Anyone, draft::enter),
        get("/manager/preferences/tokens", SignedIn, tokens::list),
        post("/manager/preferences/tokens", SignedIn, tokens::create),
        post("/manager/preferences/tokens/{id}/revoke", SignedIn, tokens::revoke),
        get("/manager/users", Needs(UsersRead), users::list),
        get("/manager/users/new", Needs(UsersWrite), users::ask_new),
        post("/manager/users/new", Needs(UsersWrite), users::create),
        // What is done to many asks for its own right besides.
        post("/manager/users/many", Needs(UsersRead), bulk::ask),
        post("/manager/users/many/start", Needs(UsersRead), bulk::start),
        get("/manager/jobs", Needs(UsersRead), jobs::list),
        get("/manager/jobs/{id}", Needs(UsersRead), jobs::show),
        get("/manager/jobs/{id}/live", Needs(UsersRead), jobs::live),
        get("/manager/jobs/{id}/events", Needs(UsersRead), jobs::events),
        // So does whoever stops a job that somebody else started.
        post("/manager/jobs/{id}/stop", Needs(UsersRead), jobs::stop),
        get("/manager/users/{id}", Needs(UsersRead), users::show),
        post("/manager/users/{id}", Needs(UsersWrite), users::save),
        get("/manager/users/{id}/calls", Needs(UsersRead), user_calls::show),
        post("/manager/users/{id}/calls/mailbox", Needs(UsersWrite), user_calls::save_mailbox),
        post("/manager/users/{id}/calls/desk", Needs(UsersWrite), user_calls::save_desk),
        get("/manager/users/{id}/calls/logout", Needs(StatusControl), user_calls::ask_log_out),
        post("/manager/users/{id}/calls/logout", Needs(StatusControl), user_calls::log_out),
        get(
            "/manager/users/{id}/calls/messages/{message}/delete",
            Needs(UsersWrite),
            user_calls::ask_delete_message,
        ),
        post(
            "/manager/users/{id}/calls/messages/{message}/delete",
            Needs(UsersWrite),
            user_calls::delete_message,
        ),
        get("/manager/users/{id}/calls/clear", Needs(UsersWrite), user_calls::ask_clear),
        post("/manager/users/{id}/calls/clear", Needs(UsersWrite), user_calls::clear),
        get("/manager/users/{id}/delete", Needs(UsersWrite), users::ask_delete),
        post("/manager/users/{id}/delete", Needs(UsersWrite), users::delete),
        get("/manager/users/{id}/passwords", Needs(UsersRead), user_passwords::show),
        post("/manager/users/{id}/secrets/{kind}", Needs(SecurityReset), user_passwords::set_secret),
        post("/manager/users/{id}/handover", Needs(SecurityReset), user_passwords::hand_over),
        post("/manager/users/{id}/address", Needs(SecurityReset), user_passwords::bind_address),
        get("/manager/extensions", Needs(ExtensionsRead), extensions::list),
        get("/manager/extensions/new", Needs(ExtensionsWrite), extensions::ask_new),
        post("/manager/extensions/new", Needs(ExtensionsWrite), extensions::create),
        get("/manager/extensions/{id}", Needs(ExtensionsRead), extensions::show),
        post("/manager/extensions/{id}", Needs(ExtensionsWrite), extensions::save),
        get("/manager/extensions/{id}/delete", Needs(ExtensionsWrite), extensions::ask_delete),
        post("/manager/extensions/{id}/delete", Needs(ExtensionsWrite), extensions::delete),
        post("/manager/extensions/{id}/secrets/{kind}", Needs(SecurityReset), extensions::set_secret),
        get("/manager/extensions/{id}/logout", Needs(StatusControl), extensions::ask_log_out),
        post("/manager/extensions/{id}/logout", Needs(StatusControl), extensions::log_out),
        get("/manager/passwords", Needs(SecurityRead), passwords::show),
        get("/manager/doctor", Needs(SecurityRead), doctor::show),
        // What the button does asks for its own right besides.
        post("/manager/doctor", Needs(SecurityRead), doctor::mend),
        get("/manager/audit", Needs(SecurityRead), audit::list),
        get("/manager/audit/export", Needs(SecurityRead), audit::export),
        get("/manager/audit/{seq}", Needs(SecurityRead), audit::show),
        get("/manager/settings/administrators", Needs(SecurityRead), administrators::list),
        get("/manager/administrators/{id}", Needs(SecurityRead), administrators::show),
        get("/manager/administrators/new", Needs(SecurityWrite), administrators::ask_new),
        post("/manager/administrators/new", Needs(SecurityWrite), administrators::create),
        post("/manager/administrators/{id}", Needs(SecurityWrite), administrators::save),
        get("/manager/administrators/{id}/delete", Needs(SecurityWrite), administrators::ask_delete),
        post("/manager/administrators/{id}/delete", Needs(SecurityWrite), administrators::delete),
        get("/manager/settings/groups", Needs(SecurityRead), groups::matrix),
        get("/manager/groups/new", Needs(SecurityWrite), groups::ask_new),
        post("/manager/groups/new", Needs(SecurityWrite), groups::create),
        get("/manager/groups/{id}", Needs(SecurityRead), groups::show),
        post("/manager/groups/{id}", Needs(SecurityWrite), groups::save),
        get("/manager/groups/{id}/delete", Needs(SecurityWrite), groups::ask_delete),
        post("/manager/groups/{id}/delete", Needs(SecurityWrite), groups::delete),
        post("/manager/administrators/{id}/secrets/{kind}", Needs(SecurityReset), administrators::set_secret),
        get("/manager/settings/security", Needs(SecurityRead), security::show),
        post("/manager/settings/security", Needs(SecurityWrite), security::act),
        get("/manager/settings/security/{part}", Needs(SecurityRead), security::show_part),
        post("/manager/settings/security/{part}", Needs(SecurityWrite), security::save_part),
        get("/manager/settings/domain", Needs(SystemRead), settings::show),
        post("/manager/settings/domain", Needs(SystemWrite), settings::save),
        get("/manager/settings/system", Needs(SystemRead), settings::show),
        post("/manager/settings/system", Needs(SystemWrite), settings::save),
        get("/manager/settings/domains", Needs(SystemRead), domains::list),
        get("/manager/domains/new", Needs(SystemWrite), domains::ask_new),
        post("/manager/domains/new", Needs(SystemWrite), domains::create),
        get("/manager/domains/{id}", Needs(SystemRead), domains::show),
        post("/manager/domains/{id}", Needs(SystemWrite), domains::save),
        get("/manager/domains/{id}/delete", Needs(SystemWrite), domains::ask_delete),
        post("/manager/domains/{id}/delete", Needs(SystemWrite), domains::delete),
        get("/manager/settings/switch", Needs(SystemRead), switch::show),
        post("/manager/settings/switch", Needs(SystemWrite), switch::save),
        get("/manager/settings/short-codes", Needs(SystemRead), short_codes::show),
        post("/manager/settings/short-codes", Needs(SystemWrite), short_codes::save),
        get("/manager/settings/mail", Needs(SystemRead), mail::show),
        post("/manager/settings/mail", Needs(SystemWrite), mail::save),
        post("/manager/settings/mail/test", Needs(SystemWrite), mail::test),
        get("/manager/settings/notifications", Needs(SystemRead), notifications::show),
        post("/manager/settings/notifications", Needs(SecurityWrite), notifications::save),
        get("/manager/settings/notifications/{kind}/new", Needs(SystemWrite), targets::ask_new),
        post("/manager/settings/notifications/{kind}/new", Needs(SystemWrite), targets::create),
        get("/manager/settings/notifications/{kind}/{id}", Needs(SystemWrite), targets::show),
        post("/manager/settings/notifications/{kind}/{id}", Needs(SystemWrite), targets::save),
        post("/manager/settings/notifications/targets/{id}/test", Needs(SystemWrite), targets::test),
        get("/manager/settings/notifications/targets/{id}/delete", Needs(SystemWrite), targets::ask_delete),
        post("/manager/settings/notifications/targets/{id}/delete", Needs(SystemWrite), targets::delete),
        get("/status", Needs(StatusRead), status::overview),
        get("/status/events", Needs(StatusRead), status::events),
        get("/status/live/{tab}", Needs(StatusRead), status::live),
        get("/status/live/calls", NeedsWithin(StatusRead, ExtensionsRead), status::live),
        get("/status/phones", Needs(StatusRead), status::show),
        get("/status/calls", NeedsWithin(StatusRead, ExtensionsRead), status::show),
        get("/status/calls/{id}/end", Needs(StatusControl), calls::ask_end),
        post("/status/calls/{id}/end", Needs(StatusControl), calls::end),
        get("/status/blacklists", Needs(StatusRead), status::show),
        post("/status/blacklists/{slug}", Needs(SecurityReset), status::reset),
        get("/status/alarms", Needs(StatusRead), status::show),
        post("/status/alarms", Needs(StatusControl), status::act),
        get("/status/quarantine", Needs(StatusRead), status::show),
        post("/status/quarantine", Needs(StatusControl), status::act),
        get("/status/old-codes", Needs(StatusRead), status::show),
        post("/status/old-codes", Needs(SecurityReset), status::act),
        get("/status/sessions", Needs(StatusRead), status::show),
        post("/status/sessions", Needs(StatusControl), status::act),
    ];
    rows.extend(portal::rows());
    rows
}

/// The table as far as it can be told: for those who check it.
pub fn table() -> Vec<(Method, &'static str, Access)> {
    rows().into_iter().map(|row| (row.method, row.path, row.access)).collect()
}

/// Whether somebody may look at the page of this address: so that nobody is shown a link that leads nowhere.
pub(super) fn is_open_to(path: &str, by: &By) -> bool {
    static LOOKED_AT: LazyLock<HashMap<&str, Access>> = LazyLock::new(|| {
        let pages = table().into_iter().filter(|(method, ..)| *method == Method::GET);
        pages.map(|(_, path, access)| (path, access)).collect()
    });
    LOOKED_AT.get(path).is_some_and(|access| access.is_open_to(by))
}

/// All pages, each behind its row's access.
pub(super) fn router(web: &Arc<Web>) -> Router<Arc<Web>> {
    rows().into_iter().fold(Router::new(), |router, row| {
        let gate = from_fn_with_state((Arc::clone(web), row.access), admit);
        router.route(row.path, row.answer.layer(gate))
    })
}

/// Lets through whom the row lets through. Whom it found is handed on, so that nobody is looked for twice.
async fn admit(State((web, access)): State<(Arc<Web>, Access)>, request: Request, next: Next) -> Response {
    if access == Access::Anyone {
        return next.run(request).await;
    }
    if access.is_of_portal() {
        return portal::guard::admit(web, access, request, next).await;
    }
    let (mut parts, body) = request.into_parts();
    let (mut who, status) = match guard::find_session(&mut parts, &web).await {
        Ok(found) => found,
        Err(to_login) => return to_login,
    };
    if status.wants_new_secret() && access != Access::Detained {
        return Redirect::to("/manager/password").into_response();
    }
    let needed = access.right(who.by.within.is_some());
    if let Some(right) = needed.filter(|right| !who.by.may(*right)) {
        if parts.method != Method::GET {
            // A change that somebody tried and may not make has its row in the audit.
            let _refused = web.system.administer(&who.by, move |admin, _| admin.demand(right)).await;
        }
        return who.visitor.error(&web, StatusCode::FORBIDDEN);
    }
    // One's own account and one's own draft are changed at once, in offline mode too.
    who.by.offline &= needed.is_some();
    if web.system.editor.is_some() && NOT_IN_EDITOR.iter().any(|path| parts.uri.path().starts_with(path)) {
        return who.visitor.away(&web);
    }
    parts.extensions.insert(Found(who, status));
    next.run(Request::from_parts(parts, body)).await
}
