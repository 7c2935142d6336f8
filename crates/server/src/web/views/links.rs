//! The links page: the system's front door on plain HTTP. It asks nothing and says what is behind each link.

use askama::Template;

use super::icon::{Icon, Mark};
use super::parts::Link;
use super::shell::Gate;

/// One way in.
#[derive(Clone, Debug)]
pub(crate) struct WayIn {
    /// Its address, whole, because it is on HTTPS and perhaps on another port.
    pub(crate) href: String,
    /// Its name.
    pub(crate) title: String,
    /// What it is for and who signs in with what.
    pub(crate) about: String,
    /// Its drawing.
    pub(crate) icon: Icon,
}

/// The certificate that browsers will be shown.
#[derive(Clone, Debug, Default)]
pub(crate) struct Certificate {
    /// Made by the system itself: browsers warn once.
    pub(crate) self_made: bool,
    /// SHA-256 of the certificate, as browsers show it: "AB:CD:…".
    pub(crate) fingerprint: String,
    /// Until when it is good.
    pub(crate) good_until: String,
}

/// The links page.
#[derive(Clone, Debug, Template)]
#[template(path = "links.html")]
pub(crate) struct LinksPage {
    /// The frame.
    pub(crate) shell: Gate,
    /// The ways in that exist. Empty before ignition.
    pub(crate) ways: Vec<WayIn>,
    /// Where ignition is, while the system has no passwords.
    pub(crate) ignition: Option<Link>,
    /// What browsers will say about the certificate.
    pub(crate) certificate: Certificate,
}
