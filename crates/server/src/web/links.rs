//! The links page, and the way from HTTP to HTTPS.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};

use signin::records::Records as _;

use super::{
    Web,
    guard::Visitor,
    moment,
    views::{
        icon::Icon,
        links::{Certificate, LinksPage, WayIn},
        parts::Link,
    },
};
use crate::{host, listen::listener::Listener, words::Say as _};

pub(super) async fn show(State(web): State<Arc<Web>>, visitor: Visitor, headers: HeaderMap) -> Response {
    let Some(base) = https_base(&web, &headers) else {
        return visitor.error(&web, StatusCode::SERVICE_UNAVAILABLE);
    };
    let is_awaited = web.system.ignition.is_awaited();
    let say = |name: &str| visitor.language.say(name);
    let way = |path: &str, name: &str, icon| WayIn {
        href: format!("{base}{path}"),
        title: say(&format!("links-{name}")),
        about: say(&format!("links-about-{name}")),
        icon,
    };
    let mut ways = Vec::new();
    if !is_awaited {
        let domain = web.system.ledger.domain(host::domain(&headers, &*web.system.ledger));
        if domain.is_some_and(|domain| domain.portal.is_open()) {
            ways.push(way("/portal", "portal", Icon::Person));
        }
        ways.push(way("/manager", "manager", Icon::Settings));
        ways.push(way("/status", "status", Icon::Status));
    }
    let certificate = web.system.tls.certificate();
    let page = LinksPage {
        shell: visitor.gate(&web),
        ways,
        ignition: is_awaited.then(|| Link::new(format!("{base}/ignition"), say("links-ignition"))),
        certificate: Certificate {
            self_made: certificate.is_self_made,
            fingerprint: certificate.fingerprint.clone(),
            good_until: moment::stamp(certificate.ends_at, web.system.clock.now()).human,
        },
    };
    super::guard::html(StatusCode::OK, &page)
}

/// Everything that is asked for on plain HTTP is on HTTPS. Only reading is sent on: what was sent in the clear must
/// not be sent again by itself.
pub(super) async fn to_https(State(web): State<Arc<Web>>, visitor: Visitor, request: Request) -> Response {
    let is_reading =
        request.method() == axum::http::Method::GET || request.method() == axum::http::Method::HEAD;
    match https_base(&web, request.headers()).filter(|_| is_reading) {
        Some(base) => {
            let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
            Redirect::permanent(&format!("{base}{path}")).into_response()
        }
        None => visitor.error(&web, StatusCode::BAD_REQUEST),
    }
}

/// `https://name:port`, with the name that the browser used and the port that HTTPS has.
fn https_base(web: &Web, headers: &HeaderMap) -> Option<String> {
    let name = host::asked_for(headers)?;
    let port = web.system.addresses().of(Listener::Https).first()?.port();
    Some(if port == 443 { format!("https://{name}") } else { format!("https://{name}:{port}") })
}
