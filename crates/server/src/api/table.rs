//! The table of operations: verb, address, who may, its name, and what answers. Routes and description are made from it
//! alone, and a row cannot be written without saying who may.

mod people_calls;
mod security;
mod settings;

use std::borrow::Cow;

use axum::{handler::Handler, http::Method, routing::MethodFilter, routing::MethodRouter, routing::on};
use signin::rights::Right;
use std::sync::Arc;
use utoipa::{
    IntoParams, ToSchema,
    openapi::{
        Ref, RefOr,
        path::{Parameter, ParameterIn},
        schema::Schema,
    },
};

use super::{
    Api, accounts, alarms, calls, door::Access, drafts, extensions, figures, locks, own, paging, phones,
    problems, secrets, session, sessions, tokens, users,
};

/// Schemas by their names, as far as they are needed.
pub(super) type Schemas = Vec<(String, RefOr<Schema>)>;
/// Adds a schema to those that are needed, and refers to it.
pub(super) type SchemaOf = fn(&mut Schemas) -> RefOr<Schema>;

/// What an operation answers when all is well.
#[derive(Clone, Copy)]
pub(super) enum Gives {
    /// 200 with this.
    Json(SchemaOf),
    /// 201 with this.
    Made(SchemaOf),
    /// 204.
    Nothing,
    /// 200 with lines of JSON.
    Lines,
    /// 200 with the description itself.
    Description,
}

/// One row.
pub(super) struct Row {
    pub(super) method: Method,
    pub(super) path: &'static str,
    pub(super) access: Access,
    /// Its name, for programs: generated clients call it so.
    pub(super) id: &'static str,
    /// In a few words.
    pub(super) summary: &'static str,
    /// What else must be known.
    pub(super) more: &'static str,
    pub(super) query: Option<fn() -> Vec<Parameter>>,
    pub(super) body: Option<SchemaOf>,
    pub(super) gives: Gives,
    /// A change of something that has a version.
    pub(super) is_conditional: bool,
    /// It makes something, once for each key.
    pub(super) is_idempotent: bool,
    /// It decides on a name and a password, or on a present one.
    pub(super) is_attempt: bool,
    pub(super) answer: MethodRouter<Arc<Api>>,
}

fn schema_of<T: ToSchema>(schemas: &mut Schemas) -> RefOr<Schema> {
    T::schemas(schemas);
    let name: Cow<'static, str> = T::name();
    schemas.push((name.clone().into_owned(), T::schema()));
    Ref::from_schema_name(name).into()
}

fn row<H: Handler<T, Arc<Api>>, T: 'static>(
    (method, filter): (Method, MethodFilter),
    path: &'static str,
    access: Access,
    id: &'static str,
    summary: &'static str,
    handler: H,
) -> Row {
    Row {
        method,
        path,
        access,
        id,
        summary,
        more: "",
        query: None,
        body: None,
        gives: Gives::Nothing,
        is_conditional: false,
        is_idempotent: false,
        is_attempt: false,
        answer: on(filter, handler),
    }
}

macro_rules! verbs {
    ($($name:ident $method:ident;)*) => {
        $(fn $name<H: Handler<T, Arc<Api>>, T: 'static>(
            path: &'static str,
            access: Access,
            id: &'static str,
            summary: &'static str,
            handler: H,
        ) -> Row {
            row((Method::$method, MethodFilter::$method), path, access, id, summary, handler)
        })*
    };
}

verbs! {
    get GET;
    post POST;
    put PUT;
    delete DELETE;
}

impl Row {
    fn asks<T: IntoParams>(self) -> Self {
        Self { query: Some(|| T::into_params(|| Some(ParameterIn::Query))), ..self }
    }

    fn takes<T: ToSchema>(self) -> Self {
        Self { body: Some(schema_of::<T>), ..self }
    }

    fn gives<T: ToSchema>(self) -> Self {
        Self { gives: Gives::Json(schema_of::<T>), ..self }
    }

    fn makes<T: ToSchema>(self) -> Self {
        Self { gives: Gives::Made(schema_of::<T>), is_idempotent: true, ..self }
    }

    fn changes(self) -> Self {
        Self { is_conditional: true, ..self }
    }

    fn decides(self) -> Self {
        Self { is_attempt: true, ..self }
    }

    fn says(self, more: &'static str) -> Self {
        Self { more, ..self }
    }
}

/// Every operation, below `/api/v1`.
pub(super) fn rows() -> Vec<Row> {
    let mut rows = own_rows();
    rows.extend(people_rows());
    rows.extend(people_calls::rows());
    rows.extend(status_rows());
    rows.extend(security::rows());
    rows.extend(settings::rows());
    rows.extend(settings::target_rows());
    rows
}

fn own_rows() -> Vec<Row> {
    use Access::{Anyone, Detained, InPerson, SignedIn};
    vec![
        get("/openapi.json", Anyone, "getDescription", "This description", super::describe)
            .gives_description(),
        get("/problems", Anyone, "listProblems", "The kinds of problem", problems::list)
            .gives::<problems::ProblemKinds>(),
        get("/problems/{name}", Anyone, "getProblem", "One kind of problem", problems::show)
            .gives::<problems::ProblemKind>(),
        post("/session", Anyone, "signIn", "Sign in", session::sign_in)
            .takes::<session::Credentials>()
            .gives_made::<session::Opened>()
            .decides()
            .says("Opens a session, which counts among the account's like a browser's. Its token is sent as Bearer in the \
                   Authorization header from then on. Wrong passwords are counted as on the pages."),
        get("/session", Detained, "getSession", "The session that asks", session::show)
            .gives::<session::SessionState>(),
        delete("/session", Detained, "signOut", "Sign out", session::sign_out),
        get("/own", SignedIn, "getOwnAccount", "Who asks, and what they may", own::show)
            .gives::<own::OwnAccount>(),
        post("/own/password", Detained, "changeOwnPassword", "Choose one's own new password", own::change_password)
            .takes::<own::NewPassword>()
            .gives::<own::PasswordChanged>()
            .decides()
            .says("The present password is asked for, and counted like a sign-in. All other sessions of the account end."),
        get("/own/tokens", SignedIn, "listOwnTokens", "One's own API tokens", tokens::list_own)
            .gives::<tokens::ApiTokens>(),
        post("/own/tokens", InPerson, "createToken", "Make an API token", tokens::create)
            .takes::<tokens::NewToken>()
            .makes::<tokens::MadeToken>()
            .says("The token is in the answer of this request alone."),
        get("/own/tokens/{id}", SignedIn, "getOwnToken", "One of one's own API tokens", tokens::show_own)
            .gives::<tokens::ApiToken>(),
        delete("/own/tokens/{id}", SignedIn, "revokeOwnToken", "Take one of one's own API tokens away", tokens::revoke_own)
            .changes()
            .says("A token may take away itself, and no other."),
        get("/own/draft", InPerson, "getOwnDraft", "What waits in one's own draft, compared", drafts::show)
            .gives::<drafts::OwnDraft>()
            .says("A draft is begun on the pages, in offline mode, or comes out of a file."),
        post("/own/draft/apply", InPerson, "applyOwnDraft", "Put one's own draft in force", drafts::apply)
            .takes::<drafts::DraftDecisions>()
            .gives::<drafts::DraftChanges>()
            .changes()
            .says("All of it, or nothing. Every change in it needs its own right."),
        post("/own/draft/take-out", InPerson, "takeOutOfOwnDraft", "Take one change out of one's own draft", drafts::take_out)
            .takes::<drafts::ChangeOfDraft>()
            .changes(),
        post("/own/draft/export", InPerson, "exportOwnDraft", "One's own draft as a file", drafts::export)
            .takes::<drafts::FilePassphrase>()
            .gives::<drafts::SealedDraft>()
            .says("With what of the configuration its author may see, to be edited elsewhere. There is no present secret in it."),
        post("/own/draft/import", InPerson, "importOwnDraft", "Take a file in place of one's own draft", drafts::import)
            .takes::<drafts::ImportedDraft>()
            .gives::<drafts::DraftChanges>()
            .changes()
            .says("If-Match is `*` where there is no draft yet."),
        delete("/own/draft", InPerson, "discardOwnDraft", "Throw one's own draft away", drafts::discard).changes(),
    ]
}

fn people_rows() -> Vec<Row> {
    use Access::Needs;
    use Right::{ExtensionsRead, ExtensionsWrite, SecurityReset, StatusControl, UsersRead, UsersWrite};
    vec![
        get("/users", Needs(UsersRead), "listUsers", "Users", users::list)
            .asks::<users::Search>()
            .gives::<users::Users>(),
        post("/users", Needs(UsersWrite), "createUser", "Make a user", users::create)
            .takes::<users::NewUser>()
            .makes::<users::MadeUser>()
            .says("With extension and secrets, all or nothing. An extension that does not exist is made."),
        get("/users/{id}", Needs(UsersRead), "getUser", "One user", users::show).gives::<users::User>(),
        put("/users/{id}", Needs(UsersWrite), "changeUser", "Change a user", users::change)
            .takes::<users::UserFields>()
            .gives::<users::User>()
            .changes()
            .says("A status that is set to enabled lifts every lock. One that is left out stays as it is."),
        delete("/users/{id}", Needs(UsersWrite), "deleteUser", "Delete a user", users::delete)
            .asks::<users::Deletion>()
            .changes(),
        get(
            "/users/{id}/secrets/{kind}",
            Needs(UsersRead),
            "getUserSecret",
            "What is told of a user's secret",
            secrets::of_user,
        )
        .gives::<accounts::SecretState>(),
        put(
            "/users/{id}/secrets/{kind}",
            Needs(SecurityReset),
            "setUserSecret",
            "Set a user's secret",
            secrets::set_of_user,
        )
        .takes::<secrets::Replacement>()
        .gives::<secrets::Replaced>()
        .changes()
        .says("Also lifts the lock that the old one has earned."),
        delete(
            "/users/{id}/secrets/{kind}",
            Needs(SecurityReset),
            "removeUserSecret",
            "Remove a user's secret",
            secrets::remove_of_user,
        )
        .changes(),
        delete(
            "/users/{id}/secrets/{kind}/history",
            Needs(SecurityReset),
            "forgetUserSecretHistory",
            "Forget a user's earlier secrets",
            secrets::forget_of_user,
        )
        .says("Each of them may be chosen again."),
        get("/extensions", Needs(ExtensionsRead), "listExtensions", "Extensions", extensions::list)
            .asks::<extensions::Search>()
            .gives::<extensions::Extensions>(),
        post(
            "/extensions",
            Needs(ExtensionsWrite),
            "createExtension",
            "Make an extension",
            extensions::create,
        )
        .takes::<extensions::NewExtension>()
        .makes::<extensions::MadeExtension>(),
        get("/extensions/{id}", Needs(ExtensionsRead), "getExtension", "One extension", extensions::show)
            .gives::<extensions::Extension>(),
        put(
            "/extensions/{id}",
            Needs(ExtensionsWrite),
            "changeExtension",
            "Change an extension's number",
            extensions::change,
        )
        .takes::<extensions::ExtensionFields>()
        .gives::<extensions::Extension>()
        .changes(),
        delete(
            "/extensions/{id}",
            Needs(ExtensionsWrite),
            "deleteExtension",
            "Delete an extension",
            extensions::delete,
        )
        .changes(),
        get(
            "/extensions/{id}/secrets/phone-password",
            Needs(ExtensionsRead),
            "getPhonePassword",
            "What is told of a phone password",
            secrets::of_extension,
        )
        .gives::<accounts::SecretState>(),
        put(
            "/extensions/{id}/secrets/phone-password",
            Needs(SecurityReset),
            "setPhonePassword",
            "Set a phone password",
            secrets::set_of_extension,
        )
        .takes::<secrets::Replacement>()
        .gives::<secrets::Replaced>()
        .changes(),
        delete(
            "/extensions/{id}/secrets/phone-password",
            Needs(SecurityReset),
            "removePhonePassword",
            "Remove a phone password",
            secrets::remove_of_extension,
        )
        .changes(),
        get(
            "/extensions/{id}/calls",
            Needs(ExtensionsRead),
            "listCallsOfExtension",
            "An extension's calls that go on",
            calls::of_extension,
        )
        .asks::<paging::PageQuery>()
        .gives::<calls::Calls>(),
        post(
            "/extensions/{id}/logout",
            Needs(StatusControl),
            "logOutPhones",
            "Log phones out",
            extensions::log_out,
        )
        .takes::<extensions::LogOut>()
        .gives::<extensions::LoggedOut>(),
    ]
}

fn status_rows() -> Vec<Row> {
    use Access::{Needs, NeedsWithin};
    use Right::{ExtensionsRead, SecurityReset, StatusControl, StatusRead};
    vec![
        get("/figures", Needs(StatusRead), "getFigures", "How the system is", figures::show)
            .gives::<figures::Figures>(),
        get(
            "/figures/sign-ins",
            Needs(StatusRead),
            "getSignIns",
            "The course of sign-ins",
            figures::sign_ins,
        )
        .asks::<figures::CourseQuery>()
        .gives::<figures::SignInCourse>(),
        get(
            "/figures/phones",
            Needs(StatusRead),
            "getPhoneKinds",
            "What the phones are like",
            figures::phone_kinds,
        )
        .gives::<figures::PhoneKinds>(),
        get("/alarms", Needs(StatusRead), "listAlarms", "Alarms", alarms::list)
            .asks::<alarms::Search>()
            .gives::<alarms::Alarms>(),
        get("/alarms/{id}", Needs(StatusRead), "getAlarm", "One alarm", alarms::show)
            .gives::<alarms::Alarm>(),
        post(
            "/alarms/{id}/acknowledge",
            Needs(StatusControl),
            "acknowledgeAlarm",
            "Say that an alarm was seen",
            alarms::acknowledge,
        )
        .gives::<alarms::Alarm>()
        .says("It stands as long as its cause. One that was seen before stays so."),
        get("/phones/lost", Needs(StatusRead), "listLostPhones", "Phones lost in the last day", phones::lost)
            .asks::<paging::PageQuery>()
            .gives::<phones::LostPhones>(),
        get("/phones", Needs(StatusRead), "listPhones", "Registered phones, by extension", phones::list)
            .asks::<phones::Search>()
            .gives::<phones::Registrations>(),
        get("/calls", NeedsWithin(StatusRead, ExtensionsRead), "listCalls", "Calls that go on", calls::list)
            .asks::<calls::Search>()
            .gives::<calls::Calls>(),
        delete("/calls/{number}", Needs(StatusControl), "endCall", "End a call", calls::end)
            .says("Both phones hang up, or stop ringing. The audit says who wanted it."),
        get("/locks", Needs(StatusRead), "listLocks", "What is locked", locks::list)
            .asks::<paging::PageQuery>()
            .gives::<locks::Locks>(),
        post("/locks/reset", Needs(SecurityReset), "resetLocks", "Reset locks", locks::reset)
            .takes::<locks::Reset>()
            .gives::<locks::ResetDone>(),
        get(
            "/old-codes",
            Needs(StatusRead),
            "listOldCodes",
            "Phones that show an old code",
            locks::old_codes,
        )
        .asks::<paging::PageQuery>()
        .gives::<locks::OldCodes>(),
        delete(
            "/old-codes/{extension}",
            Needs(SecurityReset),
            "forgetOldCodes",
            "Forget an extension's old codes",
            locks::forget_old_codes,
        )
        .says("From then on a phone that shows one is counted like any that is wrong."),
        get(
            "/quarantine",
            Needs(StatusRead),
            "listQuarantine",
            "Phones that were pushed out",
            locks::quarantine,
        )
        .asks::<paging::PageQuery>()
        .gives::<locks::Quarantine>(),
        delete(
            "/quarantine/{extension}",
            Needs(StatusControl),
            "releaseQuarantine",
            "Take an extension off the quarantine list",
            locks::release,
        ),
        get("/sessions", Needs(StatusRead), "listSessions", "Open sessions", sessions::list)
            .asks::<paging::PageQuery>()
            .gives::<sessions::Sessions>(),
        delete("/sessions/{session}", Needs(StatusControl), "endSession", "End a session", sessions::end)
            .says("In force with the session's next request."),
    ]
}

impl Row {
    fn gives_made<T: ToSchema>(self) -> Self {
        Self { gives: Gives::Made(schema_of::<T>), ..self }
    }

    fn gives_description(self) -> Self {
        Self { gives: Gives::Description, ..self }
    }

    fn gives_lines(self) -> Self {
        Self { gives: Gives::Lines, ..self }
    }
}

/// The table as far as it can be told: for those who check it.
pub fn table() -> Vec<(Method, &'static str, Access)> {
    rows().into_iter().map(|row| (row.method, row.path, row.access)).collect()
}
