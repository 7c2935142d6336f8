//! The table of all login interfaces: which of them there are, where they listen, and the page about each.
//!
//! An interface turns what it hears into an `Attempt`, hands it to the flow, and says the `Verdict` in its own words.
//! It decides nothing.

pub mod sip;

use signin::interface::LoginInterface;

use crate::listen::listener::Listener;

/// What the server knows about a login interface, beside its row in `signin`.
#[derive(Clone, Copy, Debug)]
pub struct InterfaceRow {
    /// Which one.
    pub interface: LoginInterface,
    /// Where it is heard; the command comes by the local socket.
    pub listeners: &'static [Listener],
    /// The page that people open, where it is one.
    pub page: Option<&'static str>,
    /// Its page in the documentation.
    pub docs: &'static str,
}

/// Every login interface, in the order of `signin`'s table.
pub const INTERFACES: [InterfaceRow; 3] = [
    InterfaceRow {
        interface: LoginInterface::WebManager,
        listeners: &[Listener::Https],
        page: Some("/manager"),
        docs: "docs/interfaces/web-manager.md",
    },
    InterfaceRow {
        interface: LoginInterface::SipRegistration,
        listeners: &[Listener::SipUdp, Listener::SipTcp, Listener::SipTls],
        page: None,
        docs: "docs/interfaces/sip-registration.md",
    },
    InterfaceRow {
        interface: LoginInterface::Console,
        listeners: &[],
        page: None,
        docs: "docs/interfaces/console.md",
    },
];

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn this_table_and_the_one_of_signin_have_the_same_rows() {
        let here: Vec<_> = INTERFACES.iter().map(|row| row.interface).collect();
        let there: Vec<_> = signin::interface::INTERFACES.iter().map(|row| row.interface).collect();
        assert_eq!(here, there);
    }

    #[test]
    fn every_interface_has_a_page_in_the_documentation() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for row in &INTERFACES {
            assert!(root.join(row.docs).exists(), "{}", row.docs);
        }
    }
}
