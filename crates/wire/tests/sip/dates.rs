//! Dates: the days at which the calendar does something, and each thing that can be wrong, alone.

use wire::sip::date::{parse, write};

#[test]
fn a_day_is_the_one_the_calendar_has() {
    for (seconds, text) in [
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (1, "Thu, 01 Jan 1970 00:00:01 GMT"),
        (68_169_599, "Mon, 28 Feb 1972 23:59:59 GMT"),
        (68_169_600, "Tue, 29 Feb 1972 00:00:00 GMT"),
        (68_256_000, "Wed, 01 Mar 1972 00:00:00 GMT"),
        (951_868_800, "Wed, 01 Mar 2000 00:00:00 GMT"),
        (978_307_199, "Sun, 31 Dec 2000 23:59:59 GMT"),
        (978_307_200, "Mon, 01 Jan 2001 00:00:00 GMT"),
        (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"),
        (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
        (13_574_563_200, "Tue, 29 Feb 2400 00:00:00 GMT"),
        (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
    ] {
        assert_eq!(std::str::from_utf8(&write(seconds)), Ok(text));
        assert_eq!(parse(text.as_bytes()), Ok(seconds), "{text}");
    }
}

#[test]
fn each_thing_that_is_wrong_with_a_date_refuses_it_alone() {
    for right in [
        "Fri, 01 Jan 2010 23:59:59 GMT",
        "fri, 1 jan 2010 23:59:59 gmt",
        "Mon, 01 Jan 2010 00:00:00 GMT",
        " Fri,  01 Jan 2010\t23:59:60 GMT ",
    ] {
        assert!(parse(right.as_bytes()).is_ok(), "{right}");
    }
    for wrong in [
        "Fri 01 Jan 2010 23:59:59 GMT",
        "Day, 01 Jan 2010 23:59:59 GMT",
        ", 01 Jan 2010 23:59:59 GMT",
        "Fri, 00 Jan 2010 23:59:59 GMT",
        "Fri, 32 Jan 2010 23:59:59 GMT",
        "Fri, 31 Apr 2010 23:59:59 GMT",
        "Fri, 29 Feb 2010 23:59:59 GMT",
        "Fri, 29 Feb 2100 23:59:59 GMT",
        "Fri, x1 Jan 2010 23:59:59 GMT",
        "Fri, 01 Jax 2010 23:59:59 GMT",
        "Wed, 31 Dec 1969 23:59:59 GMT",
        "Sat, 01 Jan 10000 00:00:00 GMT",
        "Fri, 01 Jan 2010 24:00:00 GMT",
        "Fri, 01 Jan 2010 25:00:00 GMT",
        "Fri, 01 Jan 2010 23:60:00 GMT",
        "Fri, 01 Jan 2010 23:61:00 GMT",
        "Fri, 01 Jan 2010 23:59:61 GMT",
        "Fri, 01 Jan 2010 23:59 GMT",
        "Fri, 01 Jan 2010 23:59:59:00 GMT",
        "Fri, 01 Jan 2010 23:59:59",
        "Fri, 01 Jan 2010 23:59:59 UTC",
        "Fri, 01 Jan 2010 23:59:59 GMT GMT",
    ] {
        assert!(parse(wrong.as_bytes()).is_err(), "{wrong}");
    }
}
