//! Problem documents (RFC 9457): how the management interface says no. Every refusal is one, and each kind has a row here,
//! which the description and the page of documentation are made from.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use signin::admin;
use utoipa::ToSchema;

use crate::flow::Refusal;

/// The media type.
pub(super) const MEDIA_TYPE: &str = "application/problem+json";
/// Where a kind is explained, before its name.
pub(super) const TYPES: &str = "/api/v1/problems/";

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $status:ident $name:literal, $title:literal;)*) => {
        /// The kinds of problem.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Kind { $($(#[$doc])* $kind,)* }

        impl Kind {
            /// Every one.
            pub const ALL: &[Self] = &[$(Self::$kind),*];

            /// The status that it is told with.
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$kind => StatusCode::$status,)* }
            }

            /// The last part of its type.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }

            /// In words.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$kind => $title,)* }
            }
        }
    };
}

kinds! {
    /// The body is no JSON, or the query has what it cannot have.
    Malformed = BAD_REQUEST "malformed", "The request cannot be read";
    /// Nobody showed anything, or a session that is over.
    SignInFirst = UNAUTHORIZED "sign-in-first", "Sign in first";
    /// A name, a password or a token that opens nothing.
    Refused = UNAUTHORIZED "refused", "Signing in was refused";
    /// Nothing else is open before that.
    NewPasswordFirst = FORBIDDEN "new-password-first", "A new password must be chosen first";
    /// Somebody else may.
    NoRight = FORBIDDEN "no-right", "The right is missing";
    /// Nobody may.
    NeverAllowed = FORBIDDEN "never-allowed", "This is never allowed";
    /// There is nothing at this address, or not any more.
    NotFound = NOT_FOUND "not-found", "There is nothing here";
    /// The address knows other verbs.
    WrongMethod = METHOD_NOT_ALLOWED "wrong-method", "This cannot be done here";
    /// The same key is being worked on.
    InProgress = CONFLICT "in-progress", "The same request is being carried out";
    /// One's own are as many as may be.
    TooManySessions = CONFLICT "too-many-sessions", "Limit of concurrent sessions per user exceeded";
    /// Somebody else was quicker.
    ChangedMeanwhile = PRECONDITION_FAILED "changed-meanwhile", "It was changed meanwhile";
    /// More than anything here needs.
    TooLarge = PAYLOAD_TOO_LARGE "too-large", "The body is too large";
    /// Something else than JSON.
    WrongMediaType = UNSUPPORTED_MEDIA_TYPE "wrong-media-type", "The body must be application/json";
    /// Each field that must be corrected is named.
    WrongFields = UNPROCESSABLE_ENTITY "wrong-fields", "Some fields must be corrected";
    /// The key stands for another request.
    KeyUsedBefore = UNPROCESSABLE_ENTITY "key-used-before", "The idempotency key was used for another request";
    /// A change must say what it changes.
    VersionNeeded = PRECONDITION_REQUIRED "version-needed", "If-Match is needed";
    /// A lock, or too much at once.
    Wait = TOO_MANY_REQUESTS "wait", "Wait before you try again";
    /// Something here is out of order.
    Unavailable = SERVICE_UNAVAILABLE "unavailable", "Not now";
}

impl Kind {
    /// What it means and what helps, for those who look its type up.
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::Malformed => "Send valid JSON, and no parameter twice or that the operation does not know.",
            Self::SignInFirst => {
                "Send a session's token or an API token in the Authorization header, as Bearer."
            }
            Self::Refused => {
                "Name, password or token is wrong, or the account is not open. Which it is stands in the audit alone."
            }
            Self::NewPasswordFirst => {
                "The account must choose a new password (POST /own/password) before anything else. Tokens rest until then."
            }
            Self::NoRight => "Ask whoever is in charge of security for the right that is named.",
            Self::NeverAllowed => "No right allows this; the detail says what is allowed instead.",
            Self::NotFound => "It was deleted, or the address is wrong.",
            Self::WrongMethod => "The Allow header names what can be done.",
            Self::InProgress => "Wait for the answer to the first request, or repeat this one in a moment.",
            Self::TooManySessions => "End a session of this account, or use an API token.",
            Self::ChangedMeanwhile => {
                "Read it again, look at what changed, and repeat the change with the new ETag."
            }
            Self::TooLarge => "No body is larger than 256 KiB, but for the file of a draft: 64 MiB.",
            Self::WrongMediaType => "Send the body as application/json.",
            Self::WrongFields => "Correct the fields under errors; all that is wrong is named at once.",
            Self::KeyUsedBefore => "Use a key of its own for each request.",
            Self::VersionNeeded => {
                "Send If-Match with the ETag that was read, or * to change whatever is there."
            }
            Self::Wait => {
                "Wait as long as Retry-After says. Without it, an administrator must lift the lock."
            }
            Self::Unavailable => "Repeat the request in a moment. If it stays so, look at the log.",
        }
    }
}

/// A refusal.
#[derive(Debug)]
pub struct Problem {
    kind: Kind,
    detail: String,
    errors: Vec<FieldError>,
    retry_after: Option<u64>,
}

/// One field that must be corrected.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FieldError {
    /// Its name, with dots between the parts of a path; empty for the body as a whole.
    #[schema(max_length = 400, examples("name"))]
    pub field: String,
    /// What is wrong, and what would be right.
    #[schema(max_length = 1000, examples("Another user has this name."))]
    pub problem: String,
}

/// A problem document (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct Document {
    /// Which kind of problem; a GET there explains it.
    #[serde(rename = "type")]
    #[schema(format = "uri-reference", max_length = 100, examples("/api/v1/problems/wrong-fields"))]
    kind: String,
    /// The same in words.
    #[schema(max_length = 100, examples("Some fields must be corrected"))]
    title: &'static str,
    /// The status of the answer.
    #[schema(minimum = 400, maximum = 599, examples(422))]
    status: u16,
    /// What is wrong this time, for people.
    #[schema(max_length = 1000)]
    detail: String,
    /// Every field that must be corrected.
    #[schema(max_items = 1000)]
    errors: Vec<FieldError>,
}

impl Problem {
    /// One of this kind.
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), errors: Vec::new(), retry_after: None }
    }

    /// One whose kind says it all.
    pub fn of(kind: Kind) -> Self {
        Self::new(kind, kind.remedy())
    }

    /// Fields that must be corrected.
    pub fn fields(errors: Vec<FieldError>) -> Self {
        Self { errors, ..Self::of(Kind::WrongFields) }
    }

    /// One field that must be corrected.
    pub fn field(field: &str, problem: impl Into<String>) -> Self {
        Self::fields(vec![FieldError { field: field.into(), problem: problem.into() }])
    }

    /// Says when to try again.
    #[must_use]
    pub fn after(mut self, seconds: Option<u64>) -> Self {
        self.retry_after = seconds;
        self
    }

    /// Calls a field by the name that it has in the body.
    #[must_use]
    pub fn renamed(mut self, from: &str, to: &str) -> Self {
        for error in self.errors.iter_mut().filter(|error| error.field == from) {
            to.clone_into(&mut error.field);
        }
        self
    }

    /// What is told, as JSON.
    pub fn document(&self) -> Document {
        Document {
            kind: format!("{TYPES}{}", self.kind.name()),
            title: self.kind.title(),
            status: self.kind.status().as_u16(),
            detail: self.detail.clone(),
            errors: self.errors.clone(),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Problem(problem) => problem.into(),
            Refusal::Unavailable => Self::of(Kind::Unavailable),
        }
    }
}

impl From<admin::Problem> for Problem {
    fn from(problem: admin::Problem) -> Self {
        let words = problem.to_string();
        match problem {
            admin::Problem::NoRight(_) => Self::new(Kind::NoRight, words),
            admin::Problem::NotFound(_) => Self::new(Kind::NotFound, words),
            admin::Problem::Changed(_) => Self::new(Kind::ChangedMeanwhile, words),
            admin::Problem::Never(_) => Self::new(Kind::NeverAllowed, words),
            admin::Problem::Invalid(wrong) => Self::fields(
                wrong
                    .into_iter()
                    .map(|wrong| FieldError { field: wrong.field.replace('-', "_"), problem: wrong.problem })
                    .collect(),
            ),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self.document()).unwrap_or_default();
        let mut response =
            (self.kind.status(), [(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE))], body)
                .into_response();
        let headers = response.headers_mut();
        if self.kind.status() == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"Hookswitch\""));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}
