//! The sample office: who works there, on which numbers, with which phones. Invented; nobody is meant.

use signin::digest::DigestAlgorithm::{self, Md5, Sha256};

/// What the office is called.
pub(super) const NAME: &str = "Kestrel Instruments (demo)";
/// What its phones show as realm.
pub(super) const REALM: &str = "kestrel.example";
/// The number whose code is told to whoever starts the demo, for a phone of their own.
pub(super) const GUEST: &str = "224";

/// A kind of phone.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Make {
    /// What it calls itself.
    pub(super) agent: &'static str,
    /// What it answers challenges with.
    pub(super) algorithm: DigestAlgorithm,
    /// For how many seconds it wants to be registered.
    pub(super) expires: u32,
}

/// Somebody who works there.
#[derive(Debug)]
pub(super) struct Person {
    /// The account's name.
    pub(super) name: &'static str,
    /// For people.
    pub(super) full_name: &'static str,
    /// The extension; empty = none.
    pub(super) number: &'static str,
    /// Whether they use the portal, and so have a password.
    pub(super) has_password: bool,
}

/// A place where a phone stands.
#[derive(Debug)]
pub(super) struct Place {
    /// The extension.
    pub(super) number: &'static str,
    /// What stands there.
    pub(super) make: &'static Make,
    /// Nobody types a new code into it.
    pub(super) is_forgotten: bool,
}

const fn make(agent: &'static str, algorithm: DigestAlgorithm, expires: u32) -> Make {
    Make { agent, algorithm, expires }
}

static YEALINK: Make = make("Yealink SIP-T46U 108.86.0.75", Sha256, 3600);
static YEALINK_SMALL: Make = make("Yealink SIP-T31P 124.86.0.40", Sha256, 600);
static POLY: Make = make("PolyEdge-Edge_E350-UA/8.1.1.0", Sha256, 300);
static SNOM: Make = make("snomD785/10.1.175.16", Sha256, 3600);
static GRANDSTREAM: Make = make("Grandstream GXP2170 1.0.11.64", Md5, 1800);
static FANVIL: Make = make("Fanvil X5U-V2 2.12.1 0c383e4a11d2", Sha256, 600);
static CISCO: Make = make("Cisco-CP8841-3PCC/12.0.3", Md5, 3600);
static GIGASET: Make = make("Gigaset N670 IP PRO/83.V2.54.0", Md5, 180);
static LINPHONE: Make = make("Linphone-Desktop/5.2.4 (Front Desk)", Sha256, 600);
static ZOIPER: Make = make("Z 5.6.4 v2.10.20.4", Sha256, 120);
static DOOR: Make = make("2N IP Verso/2.41.0", Md5, 600);
/// What borrowed phones are.
pub(super) static SPARE: Make = make("Yealink W73P 146.85.0.20", Sha256, 600);
/// What calls itself so and tries numbers.
pub(super) static SCANNER: Make = make("friendly-scanner", Md5, 60);

const fn person(name: &'static str, full_name: &'static str, number: &'static str) -> Person {
    Person { name, full_name, number, has_password: false }
}

const fn portal(name: &'static str, full_name: &'static str, number: &'static str) -> Person {
    Person { has_password: true, ..person(name, full_name, number) }
}

/// Everybody.
pub(super) static PEOPLE: [Person; 25] = [
    portal("amara.okafor", "Amara Okafor", "201"),
    portal("lucas.ferreira", "Lucas Ferreira", "202"),
    person("ingrid.solberg", "Ingrid Solberg", "203"),
    person("kenji.watanabe", "Kenji Watanabe", "204"),
    portal("elif.yildiz", "Elif Yıldız", "205"),
    person("mateusz.zielinski", "Mateusz Zieliński", "206"),
    person("priya.raghunathan", "Priya Raghunathan", "207"),
    person("oluwaseun.adeyemi", "Oluwaseun Adeyemi-Bartholomew", "208"),
    person("chloe.dubois", "Chloé Dubois", "209"),
    person("dmitri.volkov", "Dmitri Volkov", "210"),
    portal("hana.kobayashi", "Hana Kobayashi", "211"),
    person("tomas.herrera", "Tomás Herrera", "212"),
    person("sofia.papadopoulou", "Sofia Papadopoulou", "213"),
    person("wei.chen", "Wei Chen", "214"),
    person("fatima.elamrani", "Fatima El Amrani", "215"),
    portal("liam.osullivan", "Liam O'Sullivan", "216"),
    person("noor.vandenberg", "Noor van den Berg", "217"),
    person("aarav.sharma", "Aarav Sharma", "218"),
    person("freya.nielsen", "Freya Nielsen", "219"),
    person("giulia.marchetti", "Giulia Marchetti", "220"),
    // Must choose a new password.
    portal("samuel.mensah", "Samuel Mensah", "221"),
    // Is here for a few weeks.
    person("leila.haddad", "Leila Haddad", "222"),
    // Has left.
    person("viktor.horvath", "Viktor Horváth", "223"),
    // Has no phone yet.
    person("mai.nguyen", "Nguyễn Thị Mai", GUEST),
    // Works from home, without an extension.
    portal("ruth.goldberg", "Ruth Goldberg", ""),
];

/// Who administers besides the built-in accounts: name, full name, and one of the groups that a new system has.
pub(super) static STAFF: [(&str, &str, &str); 3] = [
    ("helpdesk", "Help desk (Noor van den Berg)", "Operators"),
    ("f.elamrani", "Fatima El Amrani", "Security administrators"),
    ("wallboard", "Wallboard in the lobby", "Observers"),
];

/// The number of the door, where nobody works.
pub(super) const DOOR_NUMBER: &str = "225";

const fn place(number: &'static str, make: &'static Make) -> Place {
    Place { number, make, is_forgotten: false }
}

/// Every phone.
pub(super) static PLACES: [Place; 29] = [
    place("201", &YEALINK),
    place("202", &POLY),
    place("203", &SNOM),
    place("204", &YEALINK),
    place("205", &GRANDSTREAM),
    place("206", &FANVIL),
    place("207", &YEALINK),
    place("208", &GIGASET),
    place("209", &CISCO),
    place("210", &YEALINK),
    place("211", &SNOM),
    place("212", &YEALINK_SMALL),
    place("213", &POLY),
    place("214", &YEALINK_SMALL),
    place("215", &GRANDSTREAM),
    place("216", &SNOM),
    place("217", &GIGASET),
    place("218", &YEALINK),
    place("219", &CISCO),
    place("220", &POLY),
    place("221", &FANVIL),
    place("222", &YEALINK_SMALL),
    place(DOOR_NUMBER, &DOOR),
    place("201", &LINPHONE),
    place("207", &LINPHONE),
    place("212", &ZOIPER),
    place("216", &ZOIPER),
    // In the warehouse, with the code that Dmitri had before.
    Place { number: "210", make: &YEALINK_SMALL, is_forgotten: true },
    // On a desk that was cleared.
    Place { number: "223", make: &YEALINK_SMALL, is_forgotten: true },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use signin::{ident::Number, rights::STARTING_GROUPS};

    use super::*;

    #[test]
    fn names_and_numbers_are_free_and_every_phone_stands_where_somebody_is() {
        let names: BTreeSet<_> = PEOPLE.iter().map(|person| person.name).collect();
        let numbers: BTreeSet<_> = PEOPLE.iter().map(|person| person.number).collect();
        assert_eq!((names.len(), numbers.len()), (PEOPLE.len(), PEOPLE.len()));
        for place in &PLACES {
            assert!(Number::parse(place.number).is_some());
            assert!(numbers.contains(place.number) || place.number == DOOR_NUMBER, "{}", place.number);
            assert_ne!(place.number, GUEST);
        }
        for (_, _, group) in STAFF {
            assert!(STARTING_GROUPS.iter().any(|(name, _)| *name == group), "{group}");
        }
    }
}
