//! Who is where: addresses of the loopback network, each part of the office with its own. Failures are counted by address;
//! whoever sits at this machine comes from 127.0.0.1, which nobody in the office uses.

use std::net::{IpAddr, Ipv4Addr};

/// Of the administrator's desk.
pub(super) const ADMINISTRATOR: IpAddr = last(200);
/// Of the reseller's.
pub(super) const PARTNER: IpAddr = last(201);

/// Of those whom Administrator has appointed.
pub(super) const STAFF: IpAddr = last(202);

/// Of the phone at a place.
pub(super) fn of_place(place: usize) -> IpAddr {
    last(11 + u8::try_from(place).unwrap_or(0))
}

/// Of borrowed phones and of desks where somebody tries a code.
pub(super) const fn elsewhere(number: u8) -> IpAddr {
    last(60 + number % 20)
}

/// Of strangers.
pub(super) const fn stranger(number: u8) -> IpAddr {
    last(90 + number % 60)
}

const fn last(octet: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(127, 0, 0, octet))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::demo::office::PLACES;

    #[test]
    fn nobody_in_the_office_is_where_the_visitor_is_and_all_are_on_the_loopback() {
        let places = (0..PLACES.len()).map(of_place);
        let others = (0..=255).flat_map(|n| [elsewhere(n), stranger(n)]);
        for address in places.chain(others).chain([ADMINISTRATOR, PARTNER, STAFF]) {
            assert!(address.is_loopback() && address != IpAddr::V4(Ipv4Addr::LOCALHOST), "{address}");
        }
        let of_places: BTreeSet<_> = (0..PLACES.len()).map(of_place).collect();
        assert_eq!(of_places.len(), PLACES.len());
        assert!((0..=255).all(|n| !of_places.contains(&elsewhere(n))));
    }
}
