//! Every page with sample data, for tests and for looking at: the same list serves both, so that no page is forgotten.

use askama::Template;

use super::audit::{AuditEventPage, AuditPage};
use super::chart::Bars;
use super::errors::{ConfirmPage, ErrorPage};
use super::extensions::{ExtensionNewPage, ExtensionPage, ExtensionRow, ExtensionsPage, extension_fields};
use super::forms::{Choice, Field, Filled, Kind, Problems, Rule, Secret, Test};
use super::home::{Attention, HomePage, LastSignIn, Tile};
use super::icon::Icon;
use super::ignition::{IgnitionDonePage, IgnitionPage};
use super::links::{Certificate, LinksPage, WayIn};
use super::login::{LoginPage, NewPasswordPage, Reason, WhyNew};
use super::parts::{Badge, Column, Event, Fact, Link, Notice, Pager, Sorted, Stamp, Stop, Tone, Until};
use super::preferences::PreferencesPage;
use super::settings::{AdministratorRow, AdministratorsPage, SettingsPage, SettingsTab};
use super::shell::{Gate, Person, Place, Shell, Theme};
use super::status::{
    Blacklist, BlockRow, PhoneRow, QuarantineRow, SessionRow, StatusBody, StatusLive, StatusPage,
    StatusSection, StatusTab, StatusTabs,
};
use super::users::{
    CredentialCard, SecretOncePage, UserNewPage, UserPage, UserRow, UsersPage, status_field, user_fields,
};

/// A name that tries everything; it must come out as text, everywhere.
pub(crate) const EVIL: &str = r#"<script>alert(1)</script>"><img src=x onerror='alert(2)'>{{7*7}}&amp;"#;

fn gate() -> Gate {
    Gate { system: "Harbour Street Office".into(), csrf: "c5f2".into(), theme: Theme::Auto, flash: None }
}

fn shell(here: Place) -> Shell {
    Shell {
        system: "Harbour Street Office".into(),
        csrf: "c5f2".into(),
        theme: Theme::Auto,
        flash: None,
        person: Person {
            name: "Administrator".into(),
            role: "All rights".into(),
            here,
            warnings: vec![],
            places: Place::SIDE.to_vec(),
            locks: 2,
        },
    }
}

fn warned(here: Place) -> Shell {
    let mut shell = shell(here);
    shell.person.warnings = vec![
        Notice::new(
            Tone::Warning,
            "BusinessPartner has no password of its own",
            "Nobody can sign in as BusinessPartner, and the reseller cannot help you. Set a password, or disable the account.",
        )
        .with_link("/manager/settings/administrators/2", "Set its password"),
    ];
    shell
}

fn done(mut shell: Shell, title: &str, text: &str) -> Shell {
    shell.flash = Some(Notice::new(Tone::Good, title, text).announced());
    shell
}

fn at(clock: &str, ago: &str) -> Stamp {
    Stamp::new(format!("2026-03-02T{clock}+01:00"), format!("2026-03-02 {clock}"), ago)
}

/// Live tables say only the time of what happened today, so that they stay narrow.
fn today(clock: &str, ago: &str) -> Stamp {
    Stamp::new(format!("2026-03-02T{clock}+01:00"), clock, ago)
}

fn password_rules() -> Vec<Rule> {
    vec![
        Rule::new(Test::LengthMin(12), "At least 12 characters"),
        Rule::new(Test::LengthMax(128), "At most 128 characters"),
        Rule::new(Test::Without("Administrator".into()), "Does not contain the account's name"),
        Rule::new(Test::Server, "Is not a known or leaked password (checked when you save)"),
        Rule::new(Test::Server, "Is none of the last 24 (checked when you save)"),
    ]
}

fn code_rules() -> Vec<Rule> {
    vec![
        Rule::new(Test::Digits, "Digits only"),
        Rule::new(Test::LengthMin(6), "At least 6 digits"),
        Rule::new(Test::NoRun(3), "No run up or down, such as 123 or 987"),
        Rule::new(Test::NotAllSame, "Not the same digit throughout"),
        Rule::new(Test::Without("201".into()), "Does not contain the extension, or the extension reversed"),
    ]
}

fn event(tone: Tone, outcome: &str, who: &str, what: &str, interface: &str, from: &str, at: Stamp) -> Event {
    Event {
        href: "/manager/audit/48213".into(),
        tone,
        outcome: outcome.into(),
        who: who.into(),
        what: what.into(),
        interface: interface.into(),
        from: from.into(),
        at,
    }
}

fn events() -> Vec<Event> {
    vec![
        event(
            Tone::Good,
            "Accepted",
            "Administrator",
            "Signed in",
            "Web manager",
            "192.168.42.17",
            at("14:31:02", "1 minute ago"),
        ),
        event(
            Tone::Danger,
            "Blocked",
            "Extension 204",
            "Blacklisted after 5 wrong codes in 10 minutes",
            "SIP registration",
            "192.168.42.63",
            at("14:27:41", "4 minutes ago"),
        ),
        event(
            Tone::Warning,
            "Refused",
            "Extension 204",
            "Registration with a wrong code",
            "SIP registration",
            "192.168.42.63",
            at("14:27:40", "4 minutes ago"),
        ),
        event(
            Tone::Info,
            "Changed",
            "Administrator",
            "Login code of ann generated",
            "Web manager",
            "192.168.42.17",
            at("13:58:10", "33 minutes ago"),
        ),
        event(
            Tone::Good,
            "Accepted",
            "Extension 201",
            "Registered a phone",
            "SIP registration",
            "192.168.42.51",
            at("13:58:44", "33 minutes ago"),
        ),
    ]
}

fn login(reason: Reason) -> LoginPage {
    LoginPage {
        shell: gate(),
        interface: "Web manager".into(),
        action: "/manager/login".into(),
        next: String::new(),
        name: String::new(),
        reason,
        banner: String::new(),
    }
}

fn wait() -> Reason {
    Reason::Wait {
        length: "for one minute".into(),
        until: Until::new("2026-03-02T14:32:10+01:00", "58 s"),
        clock: "14:32:10".into(),
    }
}

fn home() -> HomePage {
    HomePage {
        shell: warned(Place::Home),
        last: Some(LastSignIn { at: at("08:12:44", ""), from: "192.168.42.17".into(), interface: "the web manager".into() }),
        failures: 3,
        attention: vec![
            Attention {
                tone: Tone::Danger,
                title: "1 extension and 1 address are blocked".into(),
                text: "Extension 204 after 5 wrong codes; 203.0.113.77 after 10 failures. Both end by themselves.".into(),
                link: Some(Link::new("/status/blacklists", "Look and reset")),
            },
            Attention {
                tone: Tone::Warning,
                title: "2 phones are lost".into(),
                text: "The registrations of 207 and 211 ran out and were not renewed.".into(),
                link: Some(Link::new("/status?state=lost", "Show them")),
            },
            Attention {
                tone: Tone::Warning,
                title: "Password recovery is not set up".into(),
                text: "An administrator who forgets the password needs someone at the machine itself. Set up mail while you can still get in.".into(),
                link: None,
            },
            Attention {
                tone: Tone::Info,
                title: "A less safe setting is on: MD5 digests".into(),
                text: "Older phones need it. When the last one has gone, switch it off.".into(),
                link: Some(Link::new("/manager/settings/domain", "Phone settings")),
            },
        ],
        tiles: vec![
            Tile { label: "Phones registered now".into(), href: "/status".into(), value: "42".into(), detail: "2 lost, 1 quarantined".into(), picture: None },
            Tile { label: "Users".into(), href: "/manager/users".into(), value: "47".into(), detail: "3 have never signed in".into(), picture: None },
            Tile { label: "Extensions".into(), href: "/manager/extensions".into(), value: "51".into(), detail: "4 without a user".into(), picture: None },
            Tile {
                label: "Refusals in 24 hours".into(),
                href: "/manager/audit?outcome=refused".into(),
                value: "118".into(),
                detail: "Most: 41, at 03:00".into(),
                picture: Some(Bars {
                    values: vec![0, 1, 0, 2, 1, 0, 0, 3, 2, 1, 0, 0, 2, 41, 30, 9, 4, 2, 1, 5, 6, 3, 2, 3],
                    summary: "Refusals in each of the last 24 hours. Most: 41, at 03:00.".into(),
                }),
            },
        ],
        recent: events(),
    }
}

fn user_row(
    name: &str,
    full: &str,
    extension: &str,
    status: Badge,
    phones: Badge,
    seen: Option<Stamp>,
) -> UserRow {
    UserRow {
        href: "/manager/users/7".into(),
        name: name.into(),
        full_name: full.into(),
        extension: extension.into(),
        status,
        phones,
        last_seen: seen,
    }
}

fn users() -> UsersPage {
    let on = || Badge::new(Tone::Good, "Enabled");
    let one = || Badge::new(Tone::Good, "1 phone");
    let none = || Badge::new(Tone::Neutral, "No phone");
    UsersPage {
        shell: shell(Place::Users),
        query: String::new(),
        name: Column::new("Name", "/manager/users?sort=-name", Sorted::Up),
        full_name: Column::new("Full name", "/manager/users?sort=full_name", Sorted::No),
        extension: Column::new("Extension", "/manager/users?sort=extension", Sorted::No),
        last_seen: Column::new("Last seen", "/manager/users?sort=last_seen", Sorted::No),
        rows: vec![
            user_row("ann", "Ann Okonkwo", "201", on(), one(), Some(at("14:31:02", "1 minute ago"))),
            user_row(
                "bert",
                "Bert Lindqvist",
                "202",
                on(),
                Badge::new(Tone::Good, "2 phones"),
                Some(at("14:12:50", "19 minutes ago")),
            ),
            user_row(
                "chloe",
                "Chloé Dubois-Marchand",
                "203",
                Badge::new(Tone::Warning, "Force New Password"),
                none(),
                None,
            ),
            user_row(
                "dmitri",
                "Dmitri Volkov",
                "204",
                Badge::new(Tone::Danger, "Locked – Temporary"),
                Badge::new(Tone::Warning, "1 lost"),
                Some(at("13:44:09", "47 minutes ago")),
            ),
            user_row(
                "evelyn",
                "Evelyn Park",
                "205",
                Badge::new(Tone::Neutral, "Disabled"),
                none(),
                Some(Stamp::new("2025-11-20T09:00:00+01:00", "2025-11-20 09:00:00", "102 days ago")),
            ),
            user_row("reception", "Front desk", "200", on(), one(), Some(at("14:30:00", "2 minutes ago"))),
            user_row("warehouse", "", "", on(), none(), None),
        ],
        pager: Pager {
            summary: "1–50 of 100,000 users".into(),
            label: "users".into(),
            previous: None,
            next: Some("/manager/users?page=2".into()),
            stops: vec![
                Stop::Here("1".into()),
                Stop::Page(Link::new("/manager/users?page=2", "2")),
                Stop::Page(Link::new("/manager/users?page=3", "3")),
                Stop::Gap,
                Stop::Page(Link::new("/manager/users?page=2000", "2,000")),
            ],
        },
        any: true,
    }
}

fn user_new(wrong: bool) -> UserNewPage {
    let mut rules = code_rules();
    let filled = if wrong {
        if let Some(rule) = rules.get_mut(2) {
            rule.broken = true;
        }
        Filled::default()
            .with("name", "ann")
            .with("extension", "20a")
            .with("login_code_how", "type")
            .with("password_how", "none")
            .wrong("name", "There is already a user called ann. Choose another name.")
            .wrong("extension", "An extension has digits only, at most 15 of them.")
            .wrong("login_code", "The login code is a run of digits (123456). Choose one without a run.")
            .wrong("login_code_again", "The two login codes are not the same. Type both again.")
    } else {
        Filled::default().with("extension", "201").with("password_how", "none")
    };
    UserNewPage::new(shell(Place::Users), &filled, rules, password_rules())
}

fn card(
    slug: &str,
    title: &str,
    about: &str,
    state: Badge,
    facts: Vec<Fact>,
    secret: Secret,
) -> CredentialCard {
    CredentialCard {
        slug: slug.into(),
        title: title.into(),
        about: about.into(),
        state,
        facts,
        action: format!("/manager/users/7/credentials/{slug}"),
        csrf: "c5f2".into(),
        secret,
        open: false,
        force_new: None,
        locked: false,
        removable: true,
    }
}

fn user() -> UserPage {
    let mut code = Secret::new("login_code", "New login code").rules(code_rules());
    code.digits = true;
    let mut login_code = card(
        "login-code",
        "Login code",
        "Signs in at the phone. The phone registers with it too, unless its extension has a phone password.",
        Badge::new(Tone::Danger, "Locked until 14:42"),
        vec![
            Fact::new("Set", "2026-03-02 13:58"),
            Fact::new("Last used", "today 13:58 from 192.168.42.51"),
            Fact::new("Wrong tries", "5 of 5"),
        ],
        code,
    );
    login_code.locked = true;
    let mut password = card(
        "password",
        "Password",
        "Opens the web and desktop programs.",
        Badge::new(Tone::Good, "Set"),
        vec![Fact::new("Set", "2026-01-12 09:30"), Fact::new("Last used", "never")],
        Secret::new("password", "New password").rules(password_rules()),
    );
    password.force_new = Some(true);
    password.open = true;
    password.secret.account = "ann".into();
    let filled = Filled::default()
        .with("name", "ann")
        .with("full_name", "Ann Okonkwo")
        .with("extension", "201")
        .with("status", "enabled");
    UserPage {
        shell: done(shell(Place::Users), "Saved", "The changes to ann are in force."),
        href: "/manager/users/7".into(),
        title: "ann".into(),
        state: Badge::new(Tone::Good, "Enabled"),
        list: Link::new("/manager/users", "Users"),
        version: "4".into(),
        editable: true,
        fields: user_fields(&filled),
        status: status_field(&filled),
        credentials: vec![login_code, password],
        history: events(),
        history_href: "/manager/audit?who=ann".into(),
        deletable: true,
        problems: Problems::default(),
    }
}

fn evil_users() -> UsersPage {
    let mut page = users();
    page.query = EVIL.into();
    page.rows = vec![user_row(
        EVIL,
        EVIL,
        EVIL,
        Badge::new(Tone::Good, EVIL),
        Badge::new(Tone::Good, EVIL),
        Some(Stamp::new(EVIL, EVIL, EVIL)),
    )];
    page.shell.system = EVIL.into();
    page.shell.person.name = EVIL.into();
    page.shell.person.role = EVIL.into();
    page
}

fn certificate() -> Certificate {
    Certificate {
        self_made: true,
        fingerprint:
            "3F:A9:0C:51:7E:22:B8:D4:96:13:EF:40:8A:77:C5:1B:2D:60:F1:9E:84:3B:A2:5C:07:D8:E6:49:BF:30:15:92"
                .into(),
        good_until: "2036-02-28".into(),
    }
}

fn way(icon: Icon, href: &str, title: &str, about: &str) -> WayIn {
    WayIn { href: href.into(), title: title.into(), about: about.into(), icon }
}

fn links() -> LinksPage {
    LinksPage {
        shell: gate(),
        ways: vec![
            way(
                Icon::Settings,
                "https://192.168.42.1:8443/manager",
                "Web manager",
                "For administrators: users, extensions, secrets, settings, the audit. Sign in with a service user's name and password.",
            ),
            way(
                Icon::Status,
                "https://192.168.42.1:8443/status",
                "System status",
                "For administrators: phones registered now, blacklists, quarantine, sessions, live.",
            ),
        ],
        ignition: None,
        certificate: certificate(),
    }
}

fn ignition(wrong: bool) -> IgnitionPage {
    let filled = Filled::default().with("lan1", "192.168.42.0/24").with("system", "");
    let mut shell = gate();
    shell.system = String::new();
    if !wrong {
        return IgnitionPage::new(shell, &filled, password_rules(), password_rules());
    }
    let filled = filled
        .with("system", "Harbour Street Office")
        .with("lan1", "192.168.42.0/24\n10.0.0.0/40")
        .with("realm", "two\nlines")
        .wrong("code", "This is not the code on the console. Two more tries, then a minute of waiting.")
        .wrong("administrator_again", "The two passwords are not the same. Type both again.")
        .wrong("partner", "Choose a password other than that of Administrator.")
        .wrong("lan1", "Line 2: 10.0.0.0/40 is not a network. The number after the slash is at most 32.")
        .wrong("realm", "A realm has no line breaks and no quotation marks.");
    IgnitionPage::new(shell, &filled, password_rules(), password_rules())
}

fn phone(
    extension: &str,
    user: Option<&str>,
    state: Badge,
    address: &str,
    transport: &str,
    agent: &str,
    digest: &str,
) -> PhoneRow {
    PhoneRow {
        extension: Link::new("/manager/extensions/201", extension),
        user: user.map(|name| Link::new("/manager/users/7", name)),
        state,
        address: address.into(),
        transport: transport.into(),
        user_agent: agent.into(),
        digest: digest.into(),
        since: today("08:02:11", "6 hours ago"),
        expires: Until::new("2026-03-02T14:58:00+01:00", "26 min"),
    }
}

fn phones() -> Vec<PhoneRow> {
    let on = || Badge::new(Tone::Good, "Registered");
    vec![
        phone(
            "200",
            Some("reception"),
            on(),
            "192.168.42.50:5060",
            "UDP",
            "Yealink SIP-T46U 108.86.0.70",
            "SHA-256",
        ),
        phone("201", Some("ann"), on(), "192.168.42.51:41022", "TLS", "Linphone-Desktop/5.2.4", "SHA-256"),
        phone(
            "202",
            Some("bert"),
            on(),
            "[2001:db8:42::1f]:5060",
            "TCP",
            "baresip v3.10.1 (x86_64/linux)",
            "MD5",
        ),
        phone(
            "207",
            Some("gustav"),
            Badge::new(Tone::Warning, "Lost"),
            "192.168.42.57:5060",
            "UDP",
            "Grandstream GXP2170 1.0.11.64",
            "MD5",
        ),
        phone("299", None, on(), "192.168.42.99:5060", "UDP", "", "SHA-256"),
    ]
}

fn status(tab: StatusTab, body: StatusBody) -> StatusPage {
    StatusPage {
        shell: shell(Place::Status),
        here: tab.href().into(),
        events: "/status/events".into(),
        fragment: "/status?part=live".into(),
        search: match tab {
            StatusTab::Phones => vec![
                Field::new("q", "Extension, address or phone").length_max(128).search(),
                Field::new("state", "Show").search().kind(Kind::Select(vec![
                    Choice::new("", "Registered", true),
                    Choice::new("lost", "Lost in the last day", false),
                ])),
            ],
            StatusTab::Blacklists | StatusTab::Quarantine | StatusTab::Sessions => vec![],
        },
        live: StatusLive {
            tabs: StatusTabs {
                tab,
                phones_count: 42,
                blocked_count: 3,
                quarantine_count: 1,
                sessions_count: 3,
                words: "42 phones registered, 3 blocked, 1 in quarantine, 3 sessions.".into(),
            },
            section: StatusSection { csrf: "c5f2".into(), control: true, body },
        },
    }
}

fn block(what: &str, reason: &str, failures: u64, most: u64, until: Option<Until>) -> BlockRow {
    BlockRow {
        id: what.into(),
        what: what.into(),
        href: "/manager/audit?q=204".into(),
        reason: reason.into(),
        failures,
        most,
        last: today("14:27:41", "4 minutes ago"),
        until,
    }
}

fn blacklists(any: bool) -> Vec<Blacklist> {
    let soon = || Some(Until::new("2026-03-02T14:37:41+01:00", "5 min 38 s"));
    let mut lists = vec![
        Blacklist {
            slug: "extensions".into(),
            title: "Blacklisted extensions".into(),
            about: "After 5 failed registrations within 10 minutes, for 10 minutes. Meanwhile even the right code is refused.".into(),
            heading: "Extension".into(),
            rows: vec![block("204", "Registrations with a wrong code", 5, 5, soon())],
        },
        Blacklist {
            slug: "addresses".into(),
            title: "Blacklisted addresses".into(),
            about: "After 10 failures within 10 minutes over all interfaces, until 10 minutes after the last one.".into(),
            heading: "Address".into(),
            rows: vec![
                block("203.0.113.77", "Wrong passwords at the web manager, registrations of unknown extensions", 14, 10, soon()),
                block("2001:db8:ffff:ffff:ffff:ffff:ffff:77", "Too much SIP traffic", 100_000, 10, None),
            ],
        },
    ];
    if !any {
        lists.iter_mut().for_each(|list| list.rows.clear());
    }
    lists
}

fn quarantine() -> Vec<QuarantineRow> {
    vec![QuarantineRow {
        id: "1".into(),
        extension: Link::new("/manager/extensions/203", "203"),
        address: "192.168.42.53:5060".into(),
        user_agent: "Snom D785 10.1.184.15".into(),
        device: "urn:uuid:00000000-0000-1000-8000-000413a1b2c3".into(),
        by: "192.168.42.88:5060".into(),
        at: today("11:20:05", "3 hours ago"),
    }]
}

fn sessions() -> Vec<SessionRow> {
    let row = |id: &str, who: &str, from: &str, interface: &str, idle: &str, own: bool| SessionRow {
        id: id.into(),
        who: who.into(),
        from: from.into(),
        interface: interface.into(),
        since: today("14:31:02", "1 minute ago"),
        idle: idle.into(),
        own,
    };
    vec![
        row("a", "Administrator", "192.168.42.17", "Web manager", "now", true),
        row("b", "Administrator", "192.168.42.18", "Management interface", "4 min", false),
        row("c", "BusinessPartner", "198.51.100.4", "Web manager", "9 min", false),
    ]
}

fn audit() -> AuditPage {
    let any = |rest: &str| Kind::Select(vec![Choice::new("", "Any", true), Choice::new("x", rest, false)]);
    let filters = [
        Field::new("q", "Text").length_max(128),
        Field::new("who", "Who, or from which address").length_max(128),
        Field::new("interface", "Interface").kind(any("Web manager")),
        Field::new("outcome", "Outcome").kind(any("Refused")),
        Field::new("from", "From").kind(Kind::Moment),
        Field::new("until", "Until").kind(Kind::Moment),
    ];
    AuditPage {
        shell: shell(Place::Audit),
        chain: Notice::new(
            Tone::Good,
            "The chain is whole",
            "Verified up to event 48,213 at 14:30:00. Nothing was edited or taken out.",
        ),
        filters: filters.into_iter().map(Field::search).collect(),
        filtered: true,
        events: events(),
        pager: Pager {
            summary: "Events 48,209–48,213 of 48,213".into(),
            label: "the audit".into(),
            previous: None,
            next: Some("/manager/audit?before=48209".into()),
            stops: vec![],
        },
        export_json: "/manager/audit/export.jsonl".into(),
        export_csv: "/manager/audit/export.csv".into(),
    }
}

fn audit_event() -> AuditEventPage {
    AuditEventPage {
        shell: shell(Place::Audit),
        number: "48,212".into(),
        what: "Registration of extension 204".into(),
        outcome: Badge::new(Tone::Warning, "Refused"),
        at: at("14:27:40", "4 minutes ago"),
        why: "The phone's proof did not fit the login code of dmitri, which is set and was changed on 2026-03-01. The phone most likely still has the old one. This was failure 4 of 5.".into(),
        facts: vec![
            Fact::new("Who", "Extension 204 (dmitri)"),
            Fact::new("From", "192.168.42.63:5060"),
            Fact::new("Interface", "SIP registration, UDP"),
            Fact::new("Phone", "Yealink SIP-T42S 66.86.0.15"),
            Fact::new("Proof", "Digest, MD5"),
        ],
        chain: vec![
            Fact::new("Hash", "9e1c07c2a41f3b5f60d2b8e4c9178a35f0a7d6b1e2c3495867aabbccddeeff00"),
            Fact::new("Before it", "41b07c2a41f3b5f60d2b8e4c9178a35f0a7d6b1e2c3495867aabbccddeeff0192"),
        ],
        older: Some("/manager/audit/48211".into()),
        newer: Some("/manager/audit/48213".into()),
    }
}

fn extension_row(number: &str, user: Option<&str>, with: Badge, phones: Badge) -> ExtensionRow {
    ExtensionRow {
        href: "/manager/extensions/201".into(),
        number: number.into(),
        user: user.map(|name| Link::new("/manager/users/7", name)),
        registers_with: with,
        phones,
    }
}

fn extensions() -> ExtensionsPage {
    let one = || Badge::new(Tone::Good, "1 phone");
    ExtensionsPage {
        shell: shell(Place::Extensions),
        query: String::new(),
        number: Column::new("Number", "/manager/extensions?sort=-number", Sorted::Up),
        user: Column::new("User", "/manager/extensions?sort=user", Sorted::No),
        rows: vec![
            extension_row("200", Some("reception"), Badge::new(Tone::Good, "Phone password"), one()),
            extension_row("201", Some("ann"), Badge::new(Tone::Good, "Login code"), one()),
            extension_row(
                "204",
                Some("dmitri"),
                Badge::new(Tone::Danger, "Blacklisted"),
                Badge::new(Tone::Neutral, "No phone"),
            ),
            extension_row(
                "299",
                None,
                Badge::new(Tone::Warning, "Nothing set"),
                Badge::new(Tone::Neutral, "No phone"),
            ),
        ],
        pager: Pager {
            summary: "1–4 of 4 extensions".into(),
            label: "extensions".into(),
            ..Pager::default()
        },
        any: true,
    }
}

fn phone_password_rules() -> Vec<Rule> {
    vec![
        Rule::new(Test::LengthMin(12), "At least 12 characters"),
        Rule::new(Test::LengthMax(31), "At most 31 characters"),
        Rule::new(Test::Classes(2), "Two of: small letters, capital letters, digits, others"),
        Rule::new(Test::NoRepeat(3), "No character three times in a row"),
        Rule::new(Test::Without("201".into()), "Does not contain the extension, or the extension reversed"),
    ]
}

fn extension() -> ExtensionPage {
    let filled = Filled::default().with("number", "201").with("user", "ann");
    let mut phone_password = card(
        "phone-password",
        "Phone password",
        "Not set: phones register with the login code of ann. Where one is set, the login code no longer registers them.",
        Badge::new(Tone::Neutral, "Not set"),
        vec![],
        Secret::new("phone_password", "New phone password").rules(phone_password_rules()),
    );
    phone_password.removable = false;
    ExtensionPage {
        shell: shell(Place::Extensions),
        href: "/manager/extensions/201".into(),
        number: "201".into(),
        state: Badge::new(Tone::Good, "1 phone registered"),
        user: Some(Link::new("/manager/users/7", "ann")),
        version: "4".into(),
        editable: true,
        fields: extension_fields(&filled),
        phone_password,
        phones: phones().into_iter().skip(1).take(1).collect(),
        history: events(),
        history_href: "/manager/audit?q=201".into(),
        problems: Problems::default(),
    }
}

fn security(wrong: bool) -> SettingsPage {
    let locks = ["reject", "user", "extension", "address"].into_iter().flat_map(|lock| {
        [("failures", "5"), ("within_minutes", "10"), ("minutes", "10")]
            .map(|(name, value)| (format!("{lock}_{name}"), value))
    });
    let others = [
        ("password_length_min", "15"),
        ("user_password_length_min", "8"),
        ("phone_password_length_min", "12"),
        ("change_period_days", "0"),
        ("idle_days", "0"),
        ("code_length_min", "6"),
        ("sessions_max", "5"),
        ("session_idle_minutes", "10"),
        ("session_hours", "12"),
        ("allow_list", "192.168.42.0/24"),
    ]
    .map(|(name, value)| (name.to_owned(), value));
    let filled =
        locks.chain(others).fold(Filled::default(), |filled, (name, value)| filled.with(&name, value));
    let filled = if wrong {
        filled.with("reject_failures", "300").wrong("reject_failures", "Between 0 and 255, please.")
    } else {
        filled.noted("session_hours", "Usually 8.")
    };
    let notice = Notice::new(
        Tone::Info,
        "Preset Modern, with one departure",
        "Earlier passwords refused: 24 instead of 0.",
    );
    SettingsPage::new(warned(Place::Settings), SettingsTab::Security, &filled, Some(notice), true)
}

fn administrators() -> AdministratorsPage {
    let row =
        |name: &str, built_in: bool, rights: &str, password: Badge, last: Option<Stamp>, sessions: &str| {
            AdministratorRow {
                href: "/manager/settings/administrators/1".into(),
                name: name.into(),
                built_in,
                rights: rights.into(),
                status: Badge::new(Tone::Good, "Enabled"),
                password,
                last,
                sessions: sessions.into(),
            }
        };
    AdministratorsPage {
        shell: warned(Place::Settings),
        tab: SettingsTab::Administrators,
        rows: vec![
            row(
                "Administrator",
                true,
                "All rights",
                Badge::new(Tone::Good, "Set"),
                Some(at("14:31:02", "1 minute ago")),
                "2 of 5",
            ),
            row("BusinessPartner", true, "Reseller", Badge::new(Tone::Warning, "Not set"), None, "0 of 5"),
            row("night-desk", false, "Status", Badge::new(Tone::Good, "Set"), None, "0 of 5"),
        ],
    }
}

fn confirm(danger: bool) -> ConfirmPage {
    ConfirmPage {
        shell: shell(Place::Users),
        title: if danger { "Delete ann?" } else { "Change your password?" }.into(),
        text: if danger {
            "The account, its login code and its password are removed, and its phone is unregistered. The audit keeps what happened."
        } else {
            "Your other sessions end at once."
        }
        .into(),
        facts: vec![Fact::new("Phones unregistered", "1"), Fact::new("Sessions ended", "2")],
        action: "/manager/users/7/delete".into(),
        hidden: vec![("pending".into(), "b81f".into())],
        field: None,
        yes: if danger { "Delete ann" } else { "Change it" }.into(),
        danger,
        back: "/manager/users/7".into(),
        problems: Problems::default(),
    }
}

fn evil_status() -> StatusPage {
    let mut row = phone(EVIL, Some(EVIL), Badge::new(Tone::Good, EVIL), EVIL, EVIL, EVIL, EVIL);
    row.since = Stamp::new(EVIL, EVIL, EVIL);
    row.expires = Until::new(EVIL, EVIL);
    let mut second = phone("1", None, Badge::new(Tone::Good, "Registered"), "::1", "UDP", "", "MD5");
    second.user_agent = "A".repeat(500);
    let pager = Pager { summary: EVIL.into(), label: EVIL.into(), ..Pager::default() };
    let mut page =
        status(StatusTab::Phones, StatusBody::Phones { phones: vec![row, second], pager, searched: true });
    page.fragment = EVIL.into();
    page.live.tabs.words = EVIL.into();
    page
}

fn evil_blacklists() -> StatusPage {
    let mut lists = blacklists(true);
    for list in &mut lists {
        list.title = format!("{EVIL} {}", list.slug);
        list.about = EVIL.into();
        list.rows = vec![block(EVIL, EVIL, 5, 5, None)];
    }
    status(StatusTab::Blacklists, StatusBody::Blacklists(lists))
}

fn evil_audit() -> AuditPage {
    let mut page = audit();
    page.events = vec![event(Tone::Info, EVIL, EVIL, EVIL, EVIL, EVIL, at("14:31:02", ""))];
    page.export_csv = format!("/manager/audit/export.csv?q={EVIL}");
    if let Some(text) = page.filters.first_mut() {
        text.value = EVIL.into();
        text.error = Some(EVIL.into());
    }
    page.chain = Notice::new(Tone::Danger, EVIL, EVIL).with_link(EVIL, EVIL);
    page
}

fn render(page: &impl Template) -> String {
    page.render().expect("a sample renders")
}

/// Every page in every state worth looking at: a name for the file, and the page.
pub(crate) fn all() -> Vec<(&'static str, String)> {
    let mut pages = vec![
        ("login", render(&login(Reason::Arrived))),
        ("login-signed-out", render(&login(Reason::SignedOut))),
        ("login-idle", render(&login(Reason::IdledOut { minutes: 10 }))),
        ("login-ended", render(&login(Reason::Ended))),
        ("login-refused", render(&login(Reason::Refused))),
        ("login-wait", render(&login(wait()))),
        ("login-locked", render(&login(Reason::Locked))),
        ("login-limit", render(&login(Reason::SessionLimit))),
        ("login-stale", render(&login(Reason::Stale))),
        ("login-unavailable", render(&login(Reason::Unavailable))),
    ];
    let mut banner = login(Reason::Arrived);
    banner.banner = "For authorised staff of Harbour Street Office only.\nUse is recorded.".into();
    banner.name = "Administrator".into();
    banner.next = "/manager/users".into();
    pages.push(("login-banner", render(&banner)));
    let mut secret = Secret::new("password", "New password").rules(password_rules());
    secret.account = "Administrator".into();
    pages.push((
        "new-password",
        render(&NewPasswordPage {
            shell: gate(),
            name: "Administrator".into(),
            why: WhyNew::Forced,
            secret: secret.clone(),
            problems: Problems::default(),
        }),
    ));
    secret.error = Some(
        "This password is on the list of passwords that attackers try first. Choose another one.".into(),
    );
    secret.rules = secret.rules.into_iter().enumerate().map(|(n, rule)| rule.broken(n == 3)).collect();
    let problems = Problems::of(&[], &[&secret]);
    pages.push((
        "new-password-error",
        render(&NewPasswordPage {
            shell: gate(),
            name: "Administrator".into(),
            why: WhyNew::Expired,
            secret,
            problems,
        }),
    ));
    pages.push(("home", render(&home())));
    let mut quiet = home();
    quiet.shell = shell(Place::Home);
    quiet.shell.person.locks = 0;
    (quiet.last, quiet.failures, quiet.attention, quiet.recent) = (None, 0, vec![], vec![]);
    pages.push(("home-quiet", render(&quiet)));
    pages.push(("users", render(&users())));
    let mut none = users();
    (none.rows, none.query) = (vec![], "zebra".into());
    pages.push(("users-none-found", render(&none)));
    none.shell.theme = Theme::Dark;
    pages.push(("users-dark", render(&none)));
    none.shell.theme = Theme::Light;
    none.last_seen = Column::new("Last seen", "/manager/users?sort=last_seen", Sorted::Down);
    none.rows = users().rows;
    pages.push(("users-light", render(&none)));
    let mut empty = users();
    (empty.rows, empty.any) = (vec![], false);
    pages.push(("users-empty", render(&empty)));
    pages.push(("users-evil", render(&evil_users())));
    pages.push(("user-new", render(&user_new(false))));
    pages.push(("user-new-error", render(&user_new(true))));
    pages.push(("user", render(&user())));
    pages.push((
        "secret-once",
        render(&SecretOncePage {
            shell: shell(Place::Users),
            title: "New login code of ann".into(),
            secret: "48206173".into(),
            facts: vec![
                Fact::new("Name", "Ann Okonkwo"),
                Fact::new("Extension", "201"),
                Fact::new("Server", "192.168.42.1 (SIP, port 5060; TLS, port 5061)"),
                Fact::new("Set", "2026-03-02 14:31"),
            ],
            instruction: "Enter it in the phone as its password, with the extension as its user name. Keep this slip to yourself.".into(),
            back: "/manager/users/7#login-code".into(),
        }),
    ));
    pages.push(("links", render(&links())));
    let mut fresh = links();
    (fresh.ways, fresh.shell.system) = (vec![], String::new());
    fresh.ignition = Some(Link::new("https://192.168.42.1:8443/ignition", "Set up this system"));
    pages.push(("links-new", render(&fresh)));
    pages.push(("ignition", render(&ignition(false))));
    pages.push(("ignition-error", render(&ignition(true))));
    let mut waiting = ignition(false);
    waiting.wait = Some((Until::new("2026-03-02T14:32:10+01:00", "58 s"), "14:32:10".into()));
    pages.push(("ignition-wait", render(&waiting)));
    let facts = vec![
        Fact::new("Web manager", "https://192.168.42.1:8443/manager"),
        Fact::new("SIP server for phones", "192.168.42.1, port 5060 (UDP and TCP), 5061 (TLS)"),
        Fact::new("Certificate (SHA-256)", certificate().fingerprint),
    ];
    let next = Link::new("/manager/login", "Sign in to the web manager");
    pages.push(("ignition-done", render(&IgnitionDonePage { shell: gate(), facts, next })));
    pages.extend(more());
    pages
}

fn more() -> Vec<(&'static str, String)> {
    let list = |phones: Vec<PhoneRow>, searched: bool| StatusBody::Phones {
        phones,
        pager: Pager { summary: "1–5 of 5 phones".into(), label: "phones".into(), ..Pager::default() },
        searched,
    };
    let mut pages = vec![
        ("status-evil", render(&evil_status())),
        ("status-blacklists-evil", render(&evil_blacklists())),
        ("audit-evil", render(&evil_audit())),
        ("extensions", render(&extensions())),
        ("extension", render(&extension())),
        ("status", render(&status(StatusTab::Phones, list(phones(), false)))),
        ("status-empty", render(&status(StatusTab::Phones, list(vec![], false)))),
        ("status-none-found", render(&status(StatusTab::Phones, list(vec![], true)))),
        (
            "status-blacklists",
            render(&status(StatusTab::Blacklists, StatusBody::Blacklists(blacklists(true)))),
        ),
        (
            "status-blacklists-empty",
            render(&status(StatusTab::Blacklists, StatusBody::Blacklists(blacklists(false)))),
        ),
        ("status-quarantine", render(&status(StatusTab::Quarantine, StatusBody::Quarantine(quarantine())))),
        ("status-quarantine-empty", render(&status(StatusTab::Quarantine, StatusBody::Quarantine(vec![])))),
        ("status-sessions", render(&status(StatusTab::Sessions, StatusBody::Sessions(sessions())))),
        ("audit", render(&audit())),
        ("audit-event", render(&audit_event())),
        ("settings-security", render(&security(false))),
        ("settings-security-error", render(&security(true))),
        ("settings-administrators", render(&administrators())),
        ("confirm-delete", render(&confirm(true))),
        ("confirm", render(&confirm(false))),
    ];
    let mut reader = status(StatusTab::Blacklists, StatusBody::Blacklists(blacklists(true)));
    reader.live.section.control = false;
    pages.push(("status-blacklists-reader", render(&reader)));
    let mut none = extensions();
    (none.rows, none.query) = (vec![], "999".into());
    pages.push(("extensions-none-found", render(&none)));
    none.any = false;
    pages.push(("extensions-empty", render(&none)));
    let filled = Filled::default().with("number", "212");
    pages.push((
        "extension-new",
        render(&ExtensionNewPage::new(shell(Place::Extensions), &filled, phone_password_rules())),
    ));
    let filled = filled
        .wrong("number", "Extension 212 exists already.")
        .with("phone_password_how", "type")
        .wrong("phone_password", "At least 12 characters, please.");
    pages.push((
        "extension-new-error",
        render(&ExtensionNewPage::new(shell(Place::Extensions), &filled, phone_password_rules())),
    ));
    let mut broken = audit();
    broken.chain = Notice::new(
        Tone::Danger,
        "The chain is broken at event 31,007",
        "That event, or one before it, was edited or taken out after it was written. Export the audit and keep it safe.",
    );
    (broken.events, broken.filtered) = (vec![], false);
    pages.push(("audit-broken", render(&broken)));
    let filled = Filled::default().with("realm", "harbour.example").with("sip_domain", "harbour.example");
    pages.push((
        "settings-domain",
        render(&SettingsPage::new(shell(Place::Settings), SettingsTab::Domain, &filled, None, true)),
    ));
    let filled = Filled::default().with("system", "Harbour Street Office").with("lan1", "192.168.42.0/24");
    pages.push((
        "settings-system",
        render(&SettingsPage::new(shell(Place::Settings), SettingsTab::System, &filled, None, false)),
    ));
    let filled = Filled::default().with("idle_minutes", "10");
    pages.push((
        "preferences",
        render(&PreferencesPage::new(shell(Place::Preferences), &filled, password_rules())),
    ));
    let filled = filled
        .with("change_password", "yes")
        .wrong("current", "This is not your present password.")
        .wrong("idle_minutes", "Between 5 and 120 minutes.");
    pages.push((
        "preferences-error",
        render(&PreferencesPage::new(shell(Place::Preferences), &filled, password_rules())),
    ));
    let errors = [
        ("error-400", 400),
        ("error-403", 403),
        ("error-404", 404),
        ("error-405", 405),
        ("error-413", 413),
        ("error-429", 429),
        ("error-500", 500),
        ("error-503", 503),
    ];
    for (name, code) in errors {
        let mut page = ErrorPage::of(gate(), code);
        if code == 500 {
            page.reference = "7f3a-91c2".into();
        }
        pages.push((name, render(&page)));
    }
    pages
}
