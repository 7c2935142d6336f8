//! The office whose lists are looked at: so many people, each with an extension and a phone that is registered; some
//! extensions are locked.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::bail;

use crate::comeback::House;
use crate::guess::{Answer, Guess};
use crate::phone;
use crate::product::Product;
use crate::source::{ManySources, address};

const FIRST_NAMES: [&str; 20] = [
    "Ann", "Boris", "Clara", "Deniz", "Emil", "Freya", "Goran", "Hanna", "Igor", "Jonas", "Karin", "Lukas",
    "Mira", "Nils", "Olga", "Paula", "Quirin", "Rosa", "Sven", "Tilda",
];
const LAST_NAMES: [&str; 50] = [
    "Adler",
    "Baker",
    "Castell",
    "Dorn",
    "Ebner",
    "Falk",
    "Gruber",
    "Holm",
    "Ivers",
    "Jansen",
    "Keller",
    "Lindt",
    "Moser",
    "Novak",
    "Olsen",
    "Petri",
    "Quast",
    "Reuter",
    "Sommer",
    "Thoma",
    "Ulrich",
    "Vogel",
    "Weber",
    "Xylander",
    "Yilmaz",
    "Zeller",
    "Arndt",
    "Brandt",
    "Cordes",
    "Dietz",
    "Engel",
    "Franke",
    "Geiger",
    "Hauser",
    "Imhof",
    "Jung",
    "Kramer",
    "Lorenz",
    "Maurer",
    "Nagel",
    "Otto",
    "Pohl",
    "Rieger",
    "Seidel",
    "Trautmann",
    "Unger",
    "Voss",
    "Wagner",
    "Zander",
    "Winkler",
];
/// Phones that register per second before anything is measured.
const ENTERED_PER_SECOND: f64 = 8000.0;
/// How long the server gets to write what it may write a second late.
const WRITTEN_AFTER: Duration = Duration::from_secs(5);
/// As the rule for extensions says when the product is new.
const FAILURES_TO_LOCK: u32 = 5;
/// One wrong REGISTER is answered within this time, or something is out of order.
const ANSWER_SECONDS_MAX: u64 = 5;
/// The population of addresses that the wrong ones come from, so many from each: none of them is locked itself.
const WRONG_FROM: u8 = 3;
const WRONG_EACH: u32 = 10;

/// Somebody.
pub(super) struct Person {
    pub(super) name: String,
    pub(super) full_name: String,
    pub(super) number: u32,
}

/// All of them; their names are in no order.
pub(super) fn people(count: u32) -> impl Iterator<Item = Person> {
    let pick = |list: &'static [&'static str], place: u32| -> &'static str {
        usize::try_from(place)
            .ok()
            .and_then(|place| list.get(place % list.len()))
            .copied()
            .unwrap_or_default()
    };
    (0..count).map(move |index| {
        // Neighbours in number are none in name.
        let turn = index.wrapping_mul(7919);
        let (first, last) = (pick(&FIRST_NAMES, turn % 20), pick(&LAST_NAMES, turn / 20));
        Person {
            name: format!("{}.{}.{index}", first.to_lowercase(), last.to_lowercase()),
            full_name: format!("{first} {last}"),
            number: phone::number(index),
        }
    })
}

/// The import table.
pub(super) fn table(count: u32) -> String {
    let mut table = String::from("name,full_name,extension,phone_password\n");
    for person in people(count) {
        let Person { name, full_name, number } = person;
        let _ = writeln!(table, "{name},{full_name},{number},{}", phone::password(number));
    }
    table
}

/// Registers every phone.
pub(super) fn enter(product: &Product, phones: u32) -> anyhow::Result<()> {
    let tally = House::new(phones, product)?.all(ENTERED_PER_SECOND)?;
    if tally.accepted != u64::from(phones) {
        bail!("only {} of {phones} phones registered: {:?}", tally.accepted, tally.told);
    }
    std::thread::sleep(WRITTEN_AFTER);
    Ok(())
}

/// Guesses wrongly at so many extensions until each is locked.
pub(super) fn lock(product: &Product, locks: u32) -> anyhow::Result<()> {
    let mut socket = ManySources::open(product.door("sip-udp")?)?;
    let port = socket.port()?;
    for id in 0..locks * FAILURES_TO_LOCK {
        let from = address(WRONG_FROM, id / WRONG_EACH);
        let guess = Guess::new(phone::number(id / FAILURES_TO_LOCK), from, id);
        socket.send(from, &guess.ask(port))?;
        let challenge = answer(&mut socket)?;
        if challenge.status != 401 {
            bail!("a REGISTER without a proof was answered {}", challenge.status);
        }
        socket.send(from, &guess.answer(port, &challenge.nonce, 2))?;
        answer(&mut socket)?;
    }
    Ok(())
}

fn answer(socket: &mut ManySources) -> anyhow::Result<Answer> {
    let until = Instant::now() + Duration::from_secs(ANSWER_SECONDS_MAX);
    while Instant::now() < until {
        if let Some(datagram) = socket.receive()? {
            return Answer::read(datagram);
        }
        std::thread::sleep(Duration::from_micros(50));
    }
    bail!("a REGISTER was not answered")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn everybody_has_a_name_of_their_own_and_many_share_a_full_name() {
        let names: HashSet<_> = people(5000).map(|person| person.name).collect();
        let full_names: HashSet<_> = people(5000).map(|person| person.full_name).collect();
        assert_eq!((names.len(), full_names.len()), (5000, 1000));
    }
}
