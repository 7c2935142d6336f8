//! The relay: what is done about a request on its way, step by step (RFC 3261 §16 and §17).

use proptest::prelude::*;
use wire::sip::{
    Times,
    relay::{Act, Answer, Kind, Relay},
};

const TIMES: Times = Times::STANDARD;

/// A relay of datagrams to so many phones, at time 0.
fn relay(kind: Kind, phones: usize) -> Relay {
    let mut relay = Relay::new(kind, false, TIMES, 0);
    for phone in 0..phones {
        assert_eq!(relay.branch(false, 0), Some(phone));
    }
    relay
}

fn acts(act: impl FnOnce(&mut Vec<Act>)) -> Vec<Act> {
    let mut acts = Vec::new();
    act(&mut acts);
    acts
}

/// Everything that is done until a moment, with the time of each.
fn until(relay: &mut Relay, end: u64) -> Vec<(u64, Act)> {
    let mut done = Vec::new();
    while let Some(at) = relay.next_at().filter(|at| *at <= end) {
        done.extend(acts(|acts| relay.tick(at, acts)).into_iter().map(|act| (at, act)));
    }
    done
}

#[test]
fn an_invite_is_sent_again_ever_more_slowly_until_it_is_given_up() {
    let mut relay = relay(Kind::Invite, 1);
    assert_eq!(until(&mut relay, 200), [(200, Act::Trying)]);
    let done = until(&mut relay, 32_000);
    let again = [500, 1500, 3500, 7500, 15_500, 31_500].map(|at| (at, Act::Request(0)));
    assert_eq!(done[..6], again);
    assert_eq!(done[6..], [(32_000, Act::Answer(Answer::Ours(408)))]);
    // The refusal is said again until timer H, and then all is over.
    let done = until(&mut relay, 64_000);
    assert!(done.iter().all(|(_, act)| *act == Act::Again));
    let at: Vec<u64> = done.iter().map(|(at, _)| *at - 32_000).collect();
    assert_eq!(at, [500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]);
    assert!(relay.is_over());
}

#[test]
fn over_a_stream_nothing_is_sent_again() {
    let mut relay = Relay::new(Kind::Invite, true, TIMES, 0);
    relay.branch(true, 0);
    assert_eq!(until(&mut relay, 31_999), [(200, Act::Trying)]);
    assert_eq!(
        acts(|acts| relay.response(0, 486, 10, acts)),
        [Act::Ack(0), Act::Keep, Act::Answer(Answer::Kept)]
    );
    assert!(relay.acknowledged(20));
    assert_eq!(until(&mut relay, 100), []);
    assert!(relay.is_over());
}

#[test]
fn other_requests_are_sent_again_at_most_every_four_seconds_and_end_in_silence() {
    let mut relay = relay(Kind::Other, 1);
    let at: Vec<u64> = until(&mut relay, 32_000).iter().map(|(at, _)| *at).collect();
    assert_eq!(at, [500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]);
    assert!(relay.is_over(), "RFC 4320: no 408");
}

#[test]
fn every_answer_of_an_invite_goes_back_and_the_others_are_cancelled() {
    let mut relay = relay(Kind::Invite, 3);
    assert_eq!(acts(|acts| relay.response(0, 180, 10, acts)), [Act::Back]);
    assert_eq!(acts(|acts| relay.response(1, 100, 10, acts)), []);
    assert_eq!(acts(|acts| relay.response(0, 200, 20, acts)), [Act::Back, Act::Cancel(1)]);
    // The third has said nothing yet: it is cancelled as soon as it does.
    assert_eq!(acts(|acts| relay.response(2, 180, 30, acts)), [Act::Cancel(2)]);
    // It was faster.
    assert_eq!(acts(|acts| relay.response(2, 200, 40, acts)), [Act::Back]);
    assert_eq!(
        acts(|acts| relay.response(0, 200, 50, acts)),
        [Act::Back],
        "again, for the caller acknowledges"
    );
    assert_eq!(acts(|acts| relay.response(1, 487, 60, acts)), [Act::Ack(1)]);
    assert_eq!(acts(|acts| relay.response(1, 487, 70, acts)), [Act::Ack(1)], "the ACK was lost");
    until(&mut relay, 40_000);
    assert!(relay.is_over());
}

#[test]
fn the_best_refusal_is_the_one_that_says_most() {
    for (refusals, best) in [
        ([404, 486, 480], 486),
        ([480, 503, 487], 480),
        ([500, 302, 486], 302),
        ([401, 486, 404], 401),
        ([486, 603, 401], 603),
        ([408, 487, 404], 404),
    ] {
        let mut relay = relay(Kind::Invite, 3);
        let mut kept = 0;
        let mut answers = Vec::new();
        for (branch, status) in refusals.into_iter().enumerate() {
            for act in acts(|acts| relay.response(branch, status, 10, acts)) {
                #[expect(clippy::wildcard_enum_match_arm, reason = "whatever else is wrong")]
                match act {
                    Act::Keep => kept = status,
                    Act::Answer(answer) => answers.push(answer),
                    Act::Ack(acknowledged) => assert_eq!(acknowledged, branch),
                    // The others stop ringing at a 6xx.
                    other => panic!("{other:?} at {refusals:?}"),
                }
            }
        }
        assert_eq!((kept, &*answers), (best, &[Answer::Kept][..]), "{refusals:?}");
    }
}

#[test]
fn who_has_not_said_anything_is_cancelled_later_and_a_cancel_is_sent_again() {
    let mut relay = relay(Kind::Invite, 1);
    assert_eq!(acts(|acts| relay.cancel(100, acts)), []);
    assert_eq!(acts(|acts| relay.response(0, 180, 200, acts)), [Act::Cancel(0), Act::Back]);
    assert_eq!(until(&mut relay, 2000), [(700, Act::Cancel(0)), (1700, Act::Cancel(0))]);
    relay.cancel_answered(0);
    assert_eq!(until(&mut relay, 30_000), []);
    // A phone that answers the CANCEL and not the INVITE is given up (§9.1).
    assert_eq!(until(&mut relay, 32_200), [(32_200, Act::Answer(Answer::Ours(408)))]);
}

#[test]
fn a_phone_that_only_rings_is_cancelled_after_three_minutes_and_said_so() {
    let mut relay = relay(Kind::Invite, 1);
    acts(|acts| relay.response(0, 180, 0, acts));
    assert_eq!(until(&mut relay, 181_000), [(181_000, Act::Cancel(0))]);
    // Or sooner, where somebody says so; the caller hears that nobody answers, not that it was cancelled.
    let mut relay = self::relay(Kind::Invite, 2);
    relay.ring_until(20_000);
    acts(|acts| relay.response(0, 180, 0, acts));
    acts(|acts| relay.response(1, 180, 0, acts));
    assert_eq!(until(&mut relay, 20_000), [(20_000, Act::Cancel(0)), (20_000, Act::Cancel(1))]);
    assert_eq!(acts(|acts| relay.response(0, 487, 20_100, acts)), [Act::Ack(0)]);
    let last = acts(|acts| relay.response(1, 487, 20_100, acts));
    assert_eq!(last, [Act::Ack(1), Act::Answer(Answer::Ours(480))]);
}

#[test]
fn a_request_that_comes_again_is_answered_again_and_not_asked_again() {
    let mut relay = relay(Kind::Invite, 1);
    assert_eq!(acts(|acts| relay.again(acts)), [], "nothing was said yet");
    assert_eq!(until(&mut relay, 200), [(200, Act::Trying)]);
    assert_eq!(acts(|acts| relay.again(acts)), [Act::Again]);
    acts(|acts| relay.response(0, 200, 10, acts));
    assert_eq!(acts(|acts| relay.again(acts)), [], "RFC 6026: the phone says it again");
    assert!(!relay.acknowledged(20), "the ACK of an answer is the phones' business");
    let mut relay = self::relay(Kind::Other, 1);
    acts(|acts| relay.response(0, 200, 10, acts));
    assert_eq!(acts(|acts| relay.again(acts)), [Act::Again]);
    assert_eq!(acts(|acts| relay.response(0, 200, 20, acts)), []);
}

#[test]
fn whoever_asks_hears_that_somebody_works_on_it_unless_a_phone_speaks_first() {
    let mut relay = relay(Kind::Invite, 2);
    assert_eq!(acts(|acts| relay.response(1, 100, 50, acts)), [], "that is for us");
    assert_eq!(until(&mut relay, 499), [(200, Act::Trying)]);
    let mut relay = self::relay(Kind::Invite, 1);
    assert_eq!(acts(|acts| relay.response(0, 180, 199, acts)), [Act::Back]);
    assert_eq!(until(&mut relay, 1000), []);
    let mut relay = self::relay(Kind::Other, 1);
    assert_eq!(until(&mut relay, 499), []);
}

/// Something that happens to a relay.
#[derive(Clone, Debug)]
enum Event {
    Response(usize, u16),
    Cancel,
    Again,
    Ack,
    Unreachable(usize),
    CancelAnswered(usize),
    Pass(u64),
}

fn event() -> impl Strategy<Value = Event> {
    let status = prop_oneof![
        Just(100u16),
        Just(180),
        Just(183),
        Just(200),
        Just(302),
        Just(401),
        Just(404),
        Just(486),
        Just(487),
        Just(500),
        Just(603)
    ];
    prop_oneof![
        6 => (0..4usize, status).prop_map(|(branch, status)| Event::Response(branch, status)),
        1 => Just(Event::Cancel),
        1 => Just(Event::Again),
        1 => Just(Event::Ack),
        1 => (0..4usize).prop_map(Event::Unreachable),
        1 => (0..4usize).prop_map(Event::CancelAnswered),
        3 => (0..60_000u64).prop_map(Event::Pass),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_there_is_one_answer_and_an_end(
        is_invite: bool,
        phones in 1..4usize,
        reliable in prop::collection::vec(any::<bool>(), 4),
        events in prop::collection::vec(event(), 0..60),
    ) {
        let kind = if is_invite { Kind::Invite } else { Kind::Other };
        let mut relay = Relay::new(kind, reliable[0], TIMES, 0);
        for reliable in &reliable[1..=phones] {
            relay.branch(*reliable, 0);
        }
        let (mut now, mut refusals, mut answers) = (0, 0, 0);
        let mut last_status = 0;
        let mut all = events;
        all.push(Event::Pass(600_000));
        for event in all {
            let mut acts = Vec::new();
            match event {
                Event::Response(branch, status) => {
                    last_status = status;
                    relay.response(branch, status, now, &mut acts);
                }
                Event::Cancel => relay.cancel(now, &mut acts),
                Event::Again => relay.again(&mut acts),
                Event::Ack => { relay.acknowledged(now); }
                Event::Unreachable(branch) => relay.unreachable(branch, now, &mut acts),
                Event::CancelAnswered(branch) => relay.cancel_answered(branch),
                Event::Pass(time) => {
                    let end = now + time;
                    let mut rounds = 0;
                    while let Some(at) = relay.next_at().filter(|at| *at <= end) {
                        relay.tick(at.max(now), &mut acts);
                        rounds += 1;
                        prop_assert!(rounds < 2000, "time passes and nothing ends");
                    }
                    now = end;
                }
            }
            for act in acts {
                match act {
                    Act::Request(branch) | Act::Cancel(branch) | Act::Ack(branch) => prop_assert!(branch < phones),
                    Act::Answer(_) => refusals += 1,
                    Act::Back if last_status >= 200 => {
                        prop_assert!(refusals == 0 || is_invite);
                        answers += 1;
                    }
                    Act::Back | Act::Keep | Act::Again | Act::Trying => {}
                }
                if matches!(act, Act::Cancel(_) | Act::Ack(_)) {
                    prop_assert!(is_invite);
                }
            }
        }
        prop_assert!(refusals <= 1);
        prop_assert!(is_invite || answers <= 1);
        prop_assert!(relay.is_over(), "{relay:?}");
        prop_assert_eq!(relay.next_at(), None);
        if is_invite {
            prop_assert!(refusals + answers >= 1);
        }
    }
}
