//! The web pages: what they show (`views`), the files they refer to (`assets`), who may see them (`guard`), and one
//! file of handlers for each family of pages.
//!
//! Pages work without scripts; the one script only adds comfort. Nothing in a page is inline (style or script), so the
//! content-security policy can forbid both.

mod address;
mod administrators;
mod alarms;
mod assets;
pub(crate) mod audit;
mod bulk;
mod calls;
pub mod cookie;
mod credentials;
mod doctor;
mod domains;
mod door;
mod draft;
mod extensions;
pub mod form;
mod groups;
pub mod guard;
mod home;
mod ignition;
mod jobs;
mod known;
mod links;
mod lists;
mod login;
mod mail;
mod moment;
mod notifications;
mod overview;
mod passwords;
mod pending;
mod portal;
mod posted;
mod preferences;
mod recover;
pub mod routes;
mod security;
mod settings;
mod short_codes;
pub(crate) mod status;
mod switch;
mod targets;
mod tokens;
mod user_calls;
mod user_passwords;
mod users;
pub(crate) mod views;
mod warnings;

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    http::{StatusCode, header},
    middleware::from_fn_with_state,
    response::{IntoResponse, Response},
    routing::get,
};
use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};
use signin::{dice::roll, session::SessionId};

use self::guard::Visitor;
use crate::{api, dice::OsDice, listen::websocket, system::System};

/// What the handlers share.
pub(crate) struct Web {
    /// Everything else.
    pub(crate) system: Arc<System>,
    /// Makes the tokens of forms; new at each start.
    form_key: [u8; 32],
    /// What waits for an OK.
    pending: pending::Pending,
}

impl Web {
    /// The token of a session's forms: nobody can make one who does not know the key.
    fn form_token(&self, session: SessionId) -> String {
        let mut hash = Sha256::new();
        hash.update(self.form_key);
        hash.update(session.as_bytes());
        hash.update(self.form_key);
        BASE64URL_NOPAD.encode(&hash.finalize())
    }
}

/// The pages on HTTPS.
pub fn router(system: Arc<System>) -> Router {
    let web = Arc::new(Web {
        system: Arc::clone(&system),
        form_key: roll(&mut OsDice),
        pending: pending::Pending::default(),
    });
    routes::router(&web)
        .fallback(not_found)
        .method_not_allowed_fallback(not_allowed)
        .with_state(web)
        .merge(asset_routes())
        .merge(api::router(Arc::clone(&system)))
        .merge(phone_routes(&system))
        .layer(from_fn_with_state(Some(system), guard::headers))
}

/// The pages on plain HTTP: the links page, and the way to HTTPS for everything else.
pub fn plain_router(system: Arc<System>) -> Router {
    let web = Arc::new(Web { system, form_key: [0; 32], pending: pending::Pending::default() });
    Router::new()
        .route("/", get(links::show))
        .fallback(links::to_https)
        .with_state(web)
        .merge(asset_routes())
        .layer(from_fn_with_state(None, guard::headers))
}

fn asset_routes() -> Router {
    assets::ASSETS.iter().fold(Router::new(), |router, asset| {
        router.route(
            asset.path,
            get(move || async { ([(header::CONTENT_TYPE, asset.media_type)], asset.body) }),
        )
    })
}

/// Where phones open their WebSocket. It is no row of the table, because it is no page: nothing of a browser's session is looked
/// at, and whoever opens one is nobody until they have proven to be a phone, as on any other stream. There are none in a
/// file that is edited.
fn phone_routes(system: &System) -> Router {
    match system.editor {
        None => Router::new()
            .route(websocket::PATH, get(async |request: Request| websocket::open(&request.into_parts().0))),
        Some(_) => Router::new(),
    }
}

async fn not_found(State(web): State<Arc<Web>>, visitor: Visitor) -> Response {
    visitor.error(&web, StatusCode::NOT_FOUND)
}

async fn not_allowed(State(web): State<Arc<Web>>, visitor: Visitor) -> Response {
    visitor.error(&web, StatusCode::METHOD_NOT_ALLOWED).into_response()
}
