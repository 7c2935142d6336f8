//! Ignition in the browser.

use std::sync::Arc;

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use ipnet::IpNet;
use signin::{
    account::{ADMINISTRATOR, BUSINESS_PARTNER},
    admin::{By, Ignition},
    attempt::Peer,
    credential::{self, About, CredentialKind},
    interface::LoginInterface,
    records::Records,
    verdict::Verdict,
};

use super::{
    Web, credentials,
    form::Form,
    guard::{Visitor, VisitorForm, html},
    views::{
        forms::Filled,
        ignition::{IgnitionDonePage, IgnitionPage},
        parts::{Fact, Link},
    },
};
use crate::{flow::Refusal, listen::listener::Listener};

/// The networks that a new form proposes: those that are private everywhere.
const PRIVATE: &str = "10.0.0.0/8\n172.16.0.0/12\n192.168.0.0/16\nfd00::/8";

pub(super) async fn show(State(web): State<Arc<Web>>, visitor: Visitor) -> Response {
    if !web.system.ignition.is_awaited() {
        return Redirect::to("/manager").into_response();
    }
    let filled = Filled::default().with("lan1", PRIVATE).with("system", "");
    page(&web, &visitor, StatusCode::OK, &filled)
}

fn page(web: &Web, visitor: &Visitor, status: StatusCode, filled: &Filled) -> Response {
    let rules =
        |name| credentials::rules(&web.system.ledger.settings(), CredentialKind::ServicePassword, name, "");
    let page = IgnitionPage::new(visitor.gate(web), filled, rules("Administrator"), rules("BusinessPartner"));
    visitor.form_page(status, &page)
}

pub(super) async fn ignite(State(web): State<Arc<Web>>, VisitorForm(visitor, form): VisitorForm) -> Response {
    if !web.system.ignition.is_awaited() {
        return Redirect::to("/manager").into_response();
    }
    let mut filled = ["code", "system", "lan1", "lan2", "sip_domain", "realm"]
        .into_iter()
        .fold(Filled::default(), |filled, field| filled.with(field, form.get(field)));
    let mut is_wrong = false;
    let mut wrong = |filled: Filled, field: &str, text: String| {
        is_wrong = true;
        filled.wrong(field, text)
    };
    let peer = Peer { address: visitor.address, agent: &visitor.agent, device: "" };
    let code = web.system.check_ignition_code(form.get("code"), peer).await;
    if let Some(text) = code.err().map(|verdict| code_is_refused(&verdict)) {
        filled = wrong(filled, "code", text.into());
    }
    for field in ["administrator", "partner"] {
        let again = format!("{field}_again");
        if !form.secret(field).matches(&form.secret(&again)) {
            filled = wrong(filled, &again, credentials::NOT_THE_SAME.into());
        }
    }
    let (lan1, lan2) = (networks(form.get("lan1")), networks(form.get("lan2")));
    for (field, list) in [("lan1", &lan1), ("lan2", &lan2)] {
        if let Err(line) = list {
            filled = wrong(filled, field, not_a_network(line));
        }
    }
    let asked = ignition_of(&form, lan1.unwrap_or_default(), lan2.unwrap_or_default());
    let by = By {
        interface: LoginInterface::WebManager,
        address: Some(visitor.address),
        agent: visitor.agent.clone(),
        ..By::console()
    };
    if is_wrong {
        // What the passwords' rules say is said at the same time.
        let settings = web.system.ledger.settings();
        for (field, name) in [("administrator", ADMINISTRATOR), ("partner", BUSINESS_PARTNER)] {
            let about = About { name, ..About::default() };
            if let Err(broken) =
                credential::check(CredentialKind::ServicePassword, &form.secret(field), &about, &settings)
            {
                filled = filled.wrong(field, broken.says);
            }
        }
        return page(&web, &visitor, StatusCode::UNPROCESSABLE_ENTITY, &filled);
    }
    match web.system.ignite(&by, asked).await {
        Ok(_) => done(&web, &visitor),
        Err(Refusal::Unavailable) => visitor.error(&web, StatusCode::SERVICE_UNAVAILABLE),
        Err(refusal) => page(&web, &visitor, StatusCode::UNPROCESSABLE_ENTITY, &fill(filled, &refusal)),
    }
}

/// Why a code is not taken, in words.
const fn code_is_refused(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Wait { .. } => {
            "Too many wrong codes. Wait a minute, then type the one that the console shows."
        }
        Verdict::Unavailable => "The code could not be looked at just now. Try again.",
        Verdict::Reject
        | Verdict::Challenge
        | Verdict::TooManySessions
        | Verdict::NewSecretFirst
        | Verdict::Accept(_) => {
            "This is not the code that the console shows. It is printed each time the system starts."
        }
    }
}

fn ignition_of(form: &Form, lan1: Vec<IpNet>, lan2: Vec<IpNet>) -> Ignition {
    let host = form.get("sip_domain").trim();
    Ignition {
        system_name: form.get("system").into(),
        administrator: form.secret("administrator"),
        business_partner: Some(form.secret("partner")),
        lan1,
        lan2,
        realm: if form.get("realm").trim().is_empty() { host.into() } else { form.get("realm").into() },
        hosts: if host.is_empty() { Vec::new() } else { vec![host.into()] },
    }
}

fn fill(filled: Filled, refusal: &Refusal) -> Filled {
    credentials::wrong_fields(refusal).into_iter().fold(filled, |filled, wrong| {
        let field = match wrong.field {
            "administrator-password" => "administrator",
            "business-partner-password" => "partner",
            "system-name" => "system",
            "hosts" => "sip_domain",
            other => other,
        };
        filled.wrong(field, wrong.problem)
    })
}

/// Networks, one a line; the line that is none.
pub(super) fn networks(text: &str) -> Result<Vec<IpNet>, String> {
    let lines =
        text.lines().flat_map(|line| line.split([',', ' '])).map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let network =
                line.parse::<IpNet>().or_else(|_| line.parse::<std::net::IpAddr>().map(IpNet::from));
            network.map_err(|_| line.chars().take(60).collect())
        })
        .collect()
}

/// What is said about a line that is no network.
pub(super) fn not_a_network(line: &str) -> String {
    format!("“{line}” is no network. Write one a line, such as 192.168.42.0/24 or 192.168.42.7.")
}

fn done(web: &Web, visitor: &Visitor) -> Response {
    let addresses = web.system.addresses();
    let port = |listener| {
        addresses.of(listener).first().map_or_else(|| "off".into(), |address| address.port().to_string())
    };
    let facts = vec![
        Fact::new("Phones, UDP port", port(Listener::SipUdp)),
        Fact::new("Phones, TCP port", port(Listener::SipTcp)),
        Fact::new("Phones, TLS port", port(Listener::SipTls)),
        Fact::new("Pages, HTTPS port", port(Listener::Https)),
    ];
    let page = IgnitionDonePage {
        shell: visitor.gate(web),
        facts,
        next: Link::new("/manager/login", "Sign in as Administrator"),
    };
    html(StatusCode::OK, &page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_read_one_a_line_or_comma_separated() {
        assert_eq!(networks("10.0.0.0/8\n 192.168.1.7, fd00::/8\n").unwrap().len(), 3);
        assert_eq!(networks("10.0.0.0/33"), Err("10.0.0.0/33".into()));
        assert_eq!(networks("").unwrap().len(), 0);
    }
}
