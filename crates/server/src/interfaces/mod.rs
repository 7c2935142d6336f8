//! The table of all login interfaces: which of them there are, where they listen, and the page about each.
//!
//! An interface turns what it hears into an `Attempt`, hands it to the flow, and says the `Verdict` in its own words.
//! It decides nothing.

pub mod sip;

use signin::interface::LoginInterface;

/// What the server knows about a login interface, beside its row in `signin`.
#[derive(Clone, Copy, Debug)]
pub struct InterfaceRow {
    /// Which one.
    pub interface: LoginInterface,
    /// The keys of the configuration that say where it listens.
    pub listeners: &'static [&'static str],
    /// The page that people open, where it is one.
    pub page: Option<&'static str>,
    /// Its page in the documentation.
    pub docs: &'static str,
}

/// Every login interface, in the order of `signin`'s table.
pub const INTERFACES: [InterfaceRow; 3] = [
    InterfaceRow {
        interface: LoginInterface::WebManager,
        listeners: &["https.listen"],
        page: Some("/manager"),
        docs: "docs/interfaces/web-manager.md",
    },
    InterfaceRow {
        interface: LoginInterface::SipRegistration,
        listeners: &["sip.udp", "sip.tcp", "sip.tls"],
        page: None,
        docs: "docs/interfaces/sip-registration.md",
    },
    InterfaceRow {
        interface: LoginInterface::Console,
        listeners: &["data_folder"],
        page: None,
        docs: "docs/interfaces/console.md",
    },
];

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Config;

    #[test]
    fn this_table_and_the_one_of_signin_have_the_same_rows() {
        let here: Vec<_> = INTERFACES.iter().map(|row| row.interface).collect();
        let there: Vec<_> = signin::interface::INTERFACES.iter().map(|row| row.interface).collect();
        assert_eq!(here, there);
    }

    #[test]
    fn every_interface_has_listeners_that_can_be_configured_and_a_page_in_the_documentation() {
        let keys = Config::default().flattened();
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for row in &INTERFACES {
            for key in row.listeners {
                assert!(keys.contains_key(*key), "{key}");
            }
            assert!(root.join(row.docs).exists(), "{}", row.docs);
        }
    }
}
