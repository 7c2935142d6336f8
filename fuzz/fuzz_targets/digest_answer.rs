//! What an answer to a challenge brings along: a nonce that was not given out is stale, whatever it is; counts, names
//! and numbers are read or refused.
#![no_main]

use std::net::{IpAddr, Ipv4Addr};
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use signin::challenge::{Challenger, Freshness};
use signin::dice::SeededDice;
use signin::digest::NonceCount;
use signin::ident::{DomainId, FoldedName, Number};
use signin::timestamp::{Seconds, Timestamp};

const NOW: Timestamp = Timestamp(1_800_000_000_000);
const PHONE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));
static CHALLENGER: LazyLock<Challenger> = LazyLock::new(|| Challenger::new(Seconds(600), &mut SeededDice(1)));

fuzz_target!(|bytes: &[u8]| {
    let recognised = CHALLENGER.recognise(DomainId::FIRST, PHONE, bytes, NOW);
    assert!(matches!(recognised, Freshness::Stale), "a forged nonce is fresh");
    let _ = NonceCount::read(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let folded = FoldedName::of(text);
        assert!(folded.as_str().chars().count() <= 80, "what is counted has a bound");
        assert_eq!(FoldedName::of(folded.as_str()), folded, "folding twice is folding once");
        if let Some(number) = Number::parse(text) {
            assert_eq!(number.as_str(), text);
        }
    }
});
