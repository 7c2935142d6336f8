//! The registrar by tables: a REGISTER, the bindings there are, and what changes (RFC 3261 §10.3).

use wire::sip::register::{Binding, Change, Limits, PathPolicy, plan};
use wire::sip::{Headers, Request};

pub(crate) const LIMITS: Limits = Limits {
    expires_min: 60,
    expires_default: 600,
    expires_max: 7200,
    bindings_max: 3,
    path: PathPolicy::Accept,
};

const NOW: u64 = 1000;

fn message(lines: &str) -> Vec<u8> {
    let lines = lines.replace('\n', "\r\n");
    format!(
        "REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1\r\nFrom: <sip:a@example.com>;tag=1\r\n\
         To: <sip:a@example.com>\r\nCall-ID: call\r\nCSeq: 10 REGISTER\r\nUser-Agent: Phone\r\n{lines}\r\n\r\n"
    )
    .into_bytes()
}

fn binding(contact: &str) -> Binding {
    Binding {
        contact: contact.as_bytes().into(),
        q: None,
        instance: None,
        reg_id: None,
        path: (*b"").into(),
        call_id: (*b"call").into(),
        cseq: 9,
        user_agent: (*b"").into(),
        expires_at: NOW + 100,
    }
}

fn flow(contact: &str, instance: &str, reg_id: u32) -> Binding {
    Binding { instance: Some(instance.as_bytes().into()), reg_id: Some(reg_id), ..binding(contact) }
}

/// `put 600 sip:a`, `put 600 sip:a for 0`, `remove 1`, `remove all`, or the status of the refusal.
fn outcome_with(lines: &str, bindings: &[Binding], limits: &Limits) -> String {
    let bytes = message(lines);
    let mut headers = Headers::new();
    let request = Request::parse(&bytes, &mut headers).unwrap();
    let views: Vec<_> = bindings.iter().map(Binding::view).collect();
    match plan(&request, &views, limits, NOW) {
        Err(refusal) => format!("{} {refusal}", refusal.answer().0),
        Ok(plan) if plan.removes_all => "remove all".into(),
        Ok(plan) => {
            let changes = plan.changes().map(|change| match change {
                Change::Remove(index) => format!("remove {index}"),
                Change::Put(put) => {
                    let place = put.replaces.map_or(String::new(), |index| format!(" for {index}"));
                    let flow = put.reg_id.map_or(String::new(), |reg_id| format!(" flow {reg_id}"));
                    format!("put {} {}{place}{flow}", put.expires, String::from_utf8_lossy(put.contact.raw()))
                }
            });
            changes.collect::<Vec<_>>().join(", ")
        }
    }
}

fn outcome(lines: &str, bindings: &[Binding]) -> String {
    outcome_with(lines, bindings, &LIMITS)
}

#[test]
fn a_register_changes_what_the_table_says() {
    let a = || vec![binding("sip:a@10.0.0.1")];
    let ab = || vec![binding("sip:a@10.0.0.1"), binding("sip:b@10.0.0.2")];
    let table: [(&str, Vec<Binding>, &str); 26] = [
        // Step 6.
        ("X: no contact, a question", a(), ""),
        ("Contact: *\nExpires: 0", ab(), "remove all"),
        ("Contact: *", ab(), "400 contact * without Expires: 0"),
        ("Contact: *\nExpires: 5", ab(), "400 contact * without Expires: 0"),
        ("Contact: *, <sip:c@x>\nExpires: 0", ab(), "400 Contact * Must Stand Alone in Contact at byte 198"),
        (
            "Contact: <sip:c@x>\nContact: *\nExpires: 0",
            ab(),
            "400 Contact * Must Stand Alone in Contact at byte 218",
        ),
        // Step 7: which expiry.
        ("Contact: <sip:c@x>", vec![], "put 600 sip:c@x"),
        ("Contact: <sip:c@x>\nExpires: 90", vec![], "put 90 sip:c@x"),
        ("Contact: <sip:c@x>;expires=120\nExpires: 90", vec![], "put 120 sip:c@x"),
        ("Contact: <sip:c@x>;expires=soon", vec![], "put 3600 sip:c@x"),
        ("Contact: <sip:c@x>;expires=99999999999999999999", vec![], "put 7200 sip:c@x"),
        ("Contact: <sip:c@x>;expires=59", vec![], "423 expiry below the minimum"),
        ("Contact: <sip:c@x>, <sip:d@x>;expires=1", vec![], "423 expiry below the minimum"),
        // Step 7: bound already?
        ("Contact: <sip:a@10.0.0.1>", ab(), "put 600 sip:a@10.0.0.1 for 0"),
        ("Contact: sip:b@10.0.0.2;expires=70", ab(), "put 70 sip:b@10.0.0.2 for 1"),
        ("Contact: <SIP:%61@10.0.0.1;ob>", ab(), "put 600 SIP:%61@10.0.0.1;ob for 0"),
        ("Contact: <sip:a@10.0.0.1:5060>", a(), "put 600 sip:a@10.0.0.1:5060"),
        ("Contact: <sip:a@10.0.0.1>;expires=0", ab(), "remove 0"),
        ("Contact: <sip:a@10.0.0.1>, <sip:b@10.0.0.2>\nExpires: 0", ab(), "remove 0, remove 1"),
        ("Contact: <sip:zz@10.0.0.1>\nExpires: 0", ab(), ""),
        ("m: <sip:c@x>, <sip:a@10.0.0.1>;expires=0", ab(), "put 600 sip:c@x, remove 0"),
        ("Contact: <sip:c@x>\nm: <sip:c@X>;expires=80", vec![], "put 80 sip:c@X"),
        // The operator's limit.
        ("m: <sip:c@x>, <sip:d@x>", ab(), "403 too many bindings"),
        (
            "m: <sip:c@x>, <sip:d@x>, <sip:a@10.0.0.1>;expires=0",
            ab(),
            "put 600 sip:c@x, put 600 sip:d@x, remove 0",
        ),
        // Step 2.
        (
            "Require: path, 100rel\nContact: <sip:c@x>",
            vec![],
            "420 an extension is required that is not known",
        ),
        ("Contact: <sip:c@x>;q=7", vec![], "400 Malformed Number in Contact at byte 197"),
    ];
    for (lines, bindings, expected) in table {
        assert_eq!(outcome(lines, &bindings), expected, "{lines}");
    }
}

#[test]
fn contacts_are_taken_one_after_the_other_also_when_they_mean_one_binding() {
    let a = || vec![binding("sip:a@h")];
    let table: [(&str, Vec<Binding>, &str); 9] = [
        // The later one wins, whichever it is.
        ("m: <sip:a@h>;expires=0, <sip:a@h>", a(), "put 600 sip:a@h for 0"),
        ("m: <sip:a@h>, <sip:a@h>;expires=0", a(), "remove 0"),
        ("m: <sip:a@h>;expires=0, <sip:a@h>;expires=0", a(), "remove 0"),
        ("m: <sip:a@h>;expires=0, <sip:a@h>, <sip:a@h>;expires=0", a(), "remove 0"),
        ("m: <sip:c@h>, <sip:c@h>;expires=0", a(), ""),
        // Equality is not transitive (§19.1.4): both are the binding, but they are not each other.
        ("m: <sip:a@h;x=1>, <sip:a@h;x=2>", a(), "put 600 sip:a@h;x=1 for 0, put 600 sip:a@h;x=2"),
        ("m: <sip:a@h;x=1>, <sip:a@h>", a(), "put 600 sip:a@h for 0"),
        ("m: <sip:a@h>, <sip:a@h;y=1>", vec![binding("sip:a@h;x=1")], "put 600 sip:a@h;y=1 for 0"),
        ("m: <sip:a@h;x=1>, <sip:a@h;x=2>;expires=0", a(), "put 600 sip:a@h;x=1 for 0"),
    ];
    for (lines, bindings, expected) in table {
        assert_eq!(outcome(lines, &bindings), expected, "{lines}");
    }
    let bound = [flow("sip:a@old", "<urn:uuid:1>", 1)];
    let moved = "<sip:a@new>;+sip.instance=\"<urn:uuid:1>\";reg-id=1";
    let both = format!("Supported: outbound\nm: {moved}, <sip:a@old>");
    assert_eq!(outcome(&both, &bound), "put 600 sip:a@new for 0 flow 1, put 600 sip:a@old");
}

#[test]
fn an_older_cseq_of_the_same_call_changes_nothing_and_a_new_call_starts_anew() {
    let at = |cseq: u32| vec![binding("sip:b@x"), Binding { cseq, ..binding("sip:a@x") }];
    assert_eq!(outcome("Contact: <sip:a@x>", &at(9)), "put 600 sip:a@x for 1");
    assert_eq!(outcome("Contact: <sip:a@x>", &at(10)), "200 repeated");
    assert_eq!(outcome("Contact: <sip:a@x>", &at(11)), "500 out of order");
    assert_eq!(outcome("Contact: <sip:c@x>, <sip:a@x>;expires=0", &at(11)), "500 out of order");
    assert_eq!(outcome("Contact: *\nExpires: 0", &at(11)), "500 out of order");
    let other_call = Binding { call_id: (*b"other").into(), ..at(11).remove(1) };
    assert_eq!(outcome("Contact: <sip:a@x>", &[other_call]), "put 600 sip:a@x for 0");
    let expired = Binding { expires_at: NOW, ..at(11).remove(1) };
    assert_eq!(outcome("Contact: *\nExpires: 0", std::slice::from_ref(&expired)), "remove all");
    assert_eq!(outcome("Contact: <sip:a@x>", &[expired]), "put 600 sip:a@x for 0");
}

#[test]
fn a_renewal_is_one_binding_bound_again_and_nothing_besides() {
    let bound = [binding("sip:b@x"), binding("sip:a@x")];
    for (lines, renewed) in [
        ("Contact: <sip:a@x>", Some(1)),
        ("Contact: <sip:c@x>", None),
        ("Contact: <sip:a@x>;expires=0", None),
        ("Contact: <sip:a@x>, <sip:b@x>", None),
        ("Contact: *\nExpires: 0", None),
        ("Expires: 60", None),
    ] {
        let bytes = message(lines);
        let mut headers = Headers::new();
        let request = Request::parse(&bytes, &mut headers).unwrap();
        let views: Vec<_> = bound.iter().map(Binding::view).collect();
        let plan = plan(&request, &views, &LIMITS, NOW).unwrap();
        assert_eq!(plan.renewal().map(|(index, _)| index), renewed, "{lines}");
    }
}

#[test]
fn a_minimum_of_more_than_an_hour_refuses_nothing_of_an_hour_or_more() {
    let limits = Limits { expires_min: 5000, ..LIMITS };
    assert_eq!(outcome_with("Contact: <sip:a@x>;expires=3599", &[], &limits), "423 expiry below the minimum");
    assert_eq!(outcome_with("Contact: <sip:a@x>;expires=3600", &[], &limits), "put 3600 sip:a@x");
}

#[test]
fn expired_bindings_do_not_count() {
    let expired = |contact| Binding { expires_at: NOW, ..binding(contact) };
    let bindings = [expired("sip:d@x"), expired("sip:e@x"), binding("sip:f@x")];
    assert_eq!(outcome("m: <sip:a@x>, <sip:b@x>", &bindings), "put 600 sip:a@x, put 600 sip:b@x");
}

#[test]
fn a_flow_is_the_same_whatever_its_uri() {
    let contact = |rest: &str| format!("Contact: <sip:a@new>;+sip.instance=\"<urn:uuid:1>\"{rest}");
    let bindings = [flow("sip:a@old", "<urn:uuid:1>", 1), flow("sip:a@old", "<urn:uuid:1>", 2)];
    let supported = |rest: &str| contact(&format!("{rest}\nSupported: path, outbound"));
    assert_eq!(outcome(&supported(";reg-id=2"), &bindings), "put 600 sip:a@new for 1 flow 2");
    assert_eq!(outcome(&supported(";reg-id=3"), &bindings), "put 600 sip:a@new flow 3");
    assert_eq!(outcome(&contact(";reg-id=2"), &bindings), "put 600 sip:a@new");
    assert_eq!(outcome("Supported: outbound\nContact: <sip:a@new>;reg-id=1", &[]), "put 600 sip:a@new");
    assert_eq!(outcome(&supported(";reg-id=0"), &[]), "400 Malformed Number in Contact at byte 197");
    let two = supported(";reg-id=1") + "\n" + &contact(";reg-id=2");
    assert_eq!(outcome(&two, &[]), "400 several contacts with reg-id");
}

#[test]
fn outbound_through_a_proxy_needs_a_proxy_that_knows_it() {
    let lines = "Via: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bK2\nSupported: outbound\n\
        Contact: <sip:a@x>;+sip.instance=\"<urn:uuid:1>\";reg-id=1";
    assert_eq!(outcome(lines, &[]), "439 first hop lacks outbound support");
    let path = format!("{lines}\nPath: <sip:far;lr>\nPath: <sip:edge;lr;ob>");
    assert_eq!(outcome(&path, &[]), "put 600 sip:a@x flow 1");
}

#[test]
fn a_path_is_kept_or_refused_as_the_operator_says() {
    let refuse = Limits { path: PathPolicy::Refuse, ..LIMITS };
    let lines = "Path: <sip:p1;lr>\nPath: <sip:p2;lr>,<sip:p3;lr>\nContact: <sip:a@x>";
    assert_eq!(outcome_with(lines, &[], &refuse), "420 Path without support for it");
    let supported = format!("{lines}\nSupported: path");
    assert_eq!(outcome_with(&supported, &[], &refuse), "put 600 sip:a@x");
    let bytes = message(lines);
    let mut headers = Headers::new();
    let request = Request::parse(&bytes, &mut headers).unwrap();
    let plan = plan(&request, &[], &LIMITS, NOW).unwrap();
    let Some(Change::Put(put)) = plan.changes().next() else { panic!() };
    let kept = plan.binding(put, NOW);
    assert_eq!(&*kept.path, b"<sip:p1;lr>, <sip:p2;lr>,<sip:p3;lr>");
    assert_eq!((&*kept.user_agent, kept.expires_at, kept.cseq), (&b"Phone"[..], 1600, 10));
}

#[test]
fn the_answer_lists_what_is_bound_afterwards() {
    let bindings =
        [binding("sip:a@x"), binding("sip:b@x"), Binding { expires_at: NOW, ..binding("sip:c@x") }];
    let views: Vec<_> = bindings.iter().map(Binding::view).collect();
    let list = |lines: &str| {
        let bytes = message(lines);
        let mut headers = Headers::new();
        let request = Request::parse(&bytes, &mut headers).unwrap();
        let plan = plan(&request, &views, &LIMITS, NOW).unwrap();
        let contacts = plan.contacts(&views, NOW);
        let text = contacts.map(|line| format!("{} {}", String::from_utf8_lossy(line.uri), line.expires));
        text.collect::<Vec<_>>().join(", ")
    };
    assert_eq!(list("X: 1"), "sip:a@x 100, sip:b@x 100");
    assert_eq!(list("Contact: <sip:a@x>;expires=0, <sip:d@x>"), "sip:b@x 100, sip:d@x 600");
    assert_eq!(list("Contact: <sip:b@x>;expires=70"), "sip:a@x 100, sip:b@x 70");
    assert_eq!(list("Contact: *\nExpires: 0"), "");
}

#[test]
fn more_contacts_than_a_request_may_have_are_refused() {
    let limits = Limits { bindings_max: 100, ..LIMITS };
    let lines: Vec<_> = (0..17).map(|number| format!("Contact: <sip:{number}@x>")).collect();
    assert!(outcome_with(&lines[..16].join("\n"), &[], &limits).starts_with("put"));
    assert_eq!(outcome_with(&lines.join("\n"), &[], &limits), "400 Too Many Contacts in Contact at byte 0");
}
