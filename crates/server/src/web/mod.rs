//! The web pages: what they show (`views`), the files they refer to (`assets`), who may see them (`guard`), and one
//! file of handlers for each family of pages.
//!
//! Pages work without scripts; the one script only adds comfort. Nothing in a page is inline (style or script), so the
//! content-security policy can forbid both.

mod address;
mod administrators;
mod assets;
mod audit;
mod credentials;
mod extensions;
pub mod form;
pub mod guard;
mod home;
mod ignition;
mod links;
mod lists;
mod login;
mod moment;
mod notifications;
mod preferences;
mod settings;
mod status;
mod users;
pub(crate) mod views;

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    middleware::from_fn_with_state,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};
use signin::{dice::roll, session::SessionId};

use self::guard::Visitor;
use crate::{dice::OsDice, system::System};

/// What the handlers share.
pub(crate) struct Web {
    /// Everything else.
    pub(crate) system: Arc<System>,
    /// Makes the tokens of forms; new at each start.
    form_key: [u8; 32],
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
    let web = Arc::new(Web { system: Arc::clone(&system), form_key: roll(&mut OsDice) });
    Router::new()
        .route("/", get(links::show))
        .route("/ignition", get(ignition::show).post(ignition::ignite))
        .route("/manager/login", get(login::show).post(login::sign_in))
        .route("/manager/logout", post(login::sign_out))
        .route("/manager/password", get(login::new_password).post(login::choose_password))
        .route("/manager", get(home::show))
        .route("/manager/users", get(users::list))
        .route("/manager/users/new", get(users::ask_new).post(users::create))
        .route("/manager/users/{id}", get(users::show).post(users::save))
        .route("/manager/users/{id}/delete", get(users::ask_delete).post(users::delete))
        .route("/manager/users/{id}/secrets/{kind}", post(users::set_secret))
        .route("/manager/extensions", get(extensions::list))
        .route("/manager/extensions/new", get(extensions::ask_new).post(extensions::create))
        .route("/manager/extensions/{id}", get(extensions::show).post(extensions::save))
        .route("/manager/extensions/{id}/delete", get(extensions::ask_delete).post(extensions::delete))
        .route("/manager/extensions/{id}/secrets/{kind}", post(extensions::set_secret))
        .route("/manager/extensions/{id}/logout", get(extensions::ask_log_out).post(extensions::log_out))
        .route("/manager/audit", get(audit::list))
        .route("/manager/audit/export", get(audit::export))
        .route("/manager/audit/{seq}", get(audit::show))
        .route("/manager/settings/administrators", get(administrators::list))
        .route("/manager/administrators/{id}", get(administrators::show))
        .route("/manager/administrators/{id}/secrets/{kind}", post(administrators::set_secret))
        .route("/manager/settings/notifications", get(notifications::show).post(notifications::save))
        .route("/manager/settings/{tab}", get(settings::show).post(settings::save))
        .route("/manager/preferences", get(preferences::show).post(preferences::save))
        .route("/status", get(status::phones))
        .route("/status/events", get(status::events))
        .route("/status/blacklists/{slug}", post(status::reset))
        .route("/status/{tab}", get(status::show).post(status::act))
        .route("/status/live/{tab}", get(status::live))
        .fallback(not_found)
        .method_not_allowed_fallback(not_allowed)
        .with_state(web)
        .merge(asset_routes())
        .layer(from_fn_with_state(Some(system), guard::headers))
}

/// The pages on plain HTTP: the links page, and the way to HTTPS for everything else.
pub fn plain_router(system: Arc<System>) -> Router {
    let web = Arc::new(Web { system, form_key: [0; 32] });
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

async fn not_found(State(web): State<Arc<Web>>, visitor: Visitor) -> Response {
    visitor.error(&web, StatusCode::NOT_FOUND)
}

async fn not_allowed(State(web): State<Arc<Web>>, visitor: Visitor) -> Response {
    visitor.error(&web, StatusCode::METHOD_NOT_ALLOWED).into_response()
}
