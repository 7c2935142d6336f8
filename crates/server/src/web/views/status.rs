//! The status pages: what is going on now. The part below the heading is live: the script fetches it again, alone,
//! when it is told that something changed, so its pieces are templates of their own.

use askama::Template;
use askama::filters::HtmlSafe;

use super::alarms::AlarmsPart;
use super::calls::CallsPart;
use super::chart::{Bars, Share};
use super::forms::Field;
use super::icon::{Icon, Mark};
use super::parts::{Badge, Event, Link, Pager, Stamp, Until};
use super::shell::{Place, Shell};

/// One registered (or lost) phone.
#[derive(Clone, Debug)]
pub(crate) struct PhoneRow {
    /// Its extension.
    pub(crate) extension: Link,
    /// Its user.
    pub(crate) user: Option<Link>,
    /// Registered, or lost since its registration ran out.
    pub(crate) state: Badge,
    /// Address and port.
    pub(crate) address: String,
    /// "UDP", "TCP", "TLS".
    pub(crate) transport: String,
    /// What the phone calls itself.
    pub(crate) user_agent: String,
    /// "SHA-256" or "MD5".
    pub(crate) digest: String,
    /// Registered first at.
    pub(crate) since: Stamp,
    /// The registration runs out in.
    pub(crate) expires: Until,
}

/// One blacklisted extension or address.
#[derive(Clone, Debug)]
pub(crate) struct BlockRow {
    /// What the form sends for it.
    pub(crate) id: String,
    /// The extension or the address.
    pub(crate) what: String,
    /// Its page, or its part of the audit.
    pub(crate) href: String,
    /// Why.
    pub(crate) reason: String,
    /// Failures counted.
    pub(crate) failures: u64,
    /// Failures allowed.
    pub(crate) most: u64,
    /// The last failure.
    pub(crate) last: Stamp,
    /// Time to unblock. None: until an administrator resets it.
    pub(crate) until: Option<Until>,
}

/// One of the two blacklists.
#[derive(Clone, Debug)]
pub(crate) struct Blacklist {
    /// "extensions" or "addresses": the end of the form's path and of its ids.
    pub(crate) slug: String,
    /// "Blacklisted extensions".
    pub(crate) title: String,
    /// When something comes here, by the rules in force.
    pub(crate) about: String,
    /// "Extension" or "Address".
    pub(crate) heading: String,
    /// Who is blocked.
    pub(crate) rows: Vec<BlockRow>,
}

/// A registration that another device pushed out.
#[derive(Clone, Debug)]
pub(crate) struct QuarantineRow {
    /// What the form sends for it.
    pub(crate) id: String,
    /// The extension that both wanted.
    pub(crate) extension: Link,
    /// The address of the one pushed out.
    pub(crate) address: String,
    /// What it calls itself.
    pub(crate) user_agent: String,
    /// Its instance or MAC address, when it said one.
    pub(crate) device: String,
    /// The address of the one that pushed it out.
    pub(crate) by: String,
    /// When.
    pub(crate) at: Stamp,
}

/// A phone that shows a secret which was replaced.
#[derive(Clone, Debug)]
pub(crate) struct StaleRow {
    /// What the form sends for it.
    pub(crate) id: String,
    /// Its extension.
    pub(crate) extension: Link,
    /// Its user.
    pub(crate) user: Option<Link>,
    /// Where it is.
    pub(crate) address: String,
    /// What it calls itself.
    pub(crate) user_agent: String,
    /// When its secret was replaced.
    pub(crate) replaced: Stamp,
    /// How often it has tried.
    pub(crate) times: String,
    /// The last time.
    pub(crate) last: Stamp,
    /// Told to wait for. None: it may try now.
    pub(crate) waits: Option<Until>,
}

/// One session.
#[derive(Clone, Debug)]
pub(crate) struct SessionRow {
    /// What the form sends for it: not the session's secret.
    pub(crate) id: String,
    /// Whose.
    pub(crate) who: String,
    /// Where from.
    pub(crate) from: String,
    /// By which interface.
    pub(crate) interface: String,
    /// Since when.
    pub(crate) since: Stamp,
    /// Idle for: "2 min".
    pub(crate) idle: String,
    /// The one that looks at this page.
    pub(crate) own: bool,
}

/// Everything at a glance.
#[derive(Clone, Debug)]
pub(crate) struct Overview {
    /// The spans that one can look back, the one that is shown without an address.
    pub(crate) spans: Vec<SpanLink>,
    /// "the last 24 hours".
    pub(crate) span: String,
    /// The course of each interface at which anything happened.
    pub(crate) courses: Vec<CourseView>,
    /// The other ones.
    pub(crate) quiet: String,
    /// Registered phones by make, by hash and by transport.
    pub(crate) kinds: Vec<Shares>,
    /// The last locks that are in force.
    pub(crate) blocks: Vec<BlockRow>,
    /// How many there are.
    pub(crate) blocks_count: u64,
    /// The last phones that were pushed out.
    pub(crate) quarantine: Vec<QuarantineRow>,
    /// The last sessions.
    pub(crate) sessions: Vec<SessionRow>,
    /// How many there are.
    pub(crate) sessions_count: u64,
    /// What happened last; none for who may not read the audit.
    pub(crate) recent: Option<Vec<Event>>,
}

/// How far back one can look.
#[derive(Clone, Debug)]
pub(crate) struct SpanLink {
    /// The address and the words.
    pub(crate) link: Link,
    /// Whether it is shown now.
    pub(crate) is_on: bool,
}

/// The course of one interface: two pictures, and the same figures in a table.
#[derive(Clone, Debug)]
pub(crate) struct CourseView {
    /// "SIP registration".
    pub(crate) title: String,
    /// Let in, and not let in.
    pub(crate) pictures: Vec<Picture>,
    /// When the first bar begins.
    pub(crate) from: String,
    /// Those times in which anything happened: when, let in, not let in.
    pub(crate) rows: Vec<(String, String, String)>,
    /// Together.
    pub(crate) total: (String, String),
}

/// A row of bars with its words.
#[derive(Clone, Debug)]
pub(crate) struct Picture {
    /// "Accepted".
    pub(crate) title: String,
    /// How many together.
    pub(crate) total: String,
    /// "at most 41 in one minute, at 14:03"; empty where there is nothing.
    pub(crate) most: String,
    /// The bars.
    pub(crate) bars: Bars,
}

/// How a whole is made up.
#[derive(Clone, Debug)]
pub(crate) struct Shares {
    /// "By make".
    pub(crate) title: String,
    /// The end of its id.
    pub(crate) slug: String,
    /// The parts, the largest first.
    pub(crate) rows: Vec<ShareRow>,
}

/// One part.
#[derive(Clone, Debug)]
pub(crate) struct ShareRow {
    /// What.
    pub(crate) label: String,
    /// Where those are listed; empty where they are not.
    pub(crate) href: String,
    /// How many.
    pub(crate) count: String,
    /// The same as a picture.
    pub(crate) share: Share,
}

/// The sections of the status pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StatusTab {
    /// Everything at a glance.
    Overview,
    /// Registered phones.
    Phones,
    /// Calls that go on.
    Calls,
    /// Alarms.
    Alarms,
    /// Both blacklists.
    Blacklists,
    /// Phones pushed out.
    Quarantine,
    /// Phones with an old code.
    OldCodes,
    /// Sessions.
    Sessions,
}

/// What one section shows.
#[derive(Clone, Debug)]
pub(crate) enum StatusBody {
    /// Everything at a glance.
    Overview(Box<Overview>),
    /// Registered phones.
    Phones {
        /// This page of them.
        phones: Vec<PhoneRow>,
        /// Where one is in the list.
        pager: Pager,
        /// Whether a search or filter is on.
        searched: bool,
    },
    /// Calls that go on.
    Calls(CallsPart),
    /// Alarms.
    Alarms(AlarmsPart),
    /// Both blacklists.
    Blacklists(Vec<Blacklist>),
    /// Phones pushed out.
    Quarantine(Vec<QuarantineRow>),
    /// Phones with an old code.
    OldCodes(Vec<StaleRow>),
    /// Sessions.
    Sessions(Vec<SessionRow>),
}

impl StatusTab {
    /// The address.
    pub(crate) const fn href(self) -> &'static str {
        match self {
            Self::Overview => "/status",
            Self::Phones => "/status/phones",
            Self::Calls => "/status/calls",
            Self::Alarms => "/status/alarms",
            Self::Blacklists => "/status/blacklists",
            Self::Quarantine => "/status/quarantine",
            Self::OldCodes => "/status/old-codes",
            Self::Sessions => "/status/sessions",
        }
    }
}

/// The tabs with their counts.
#[derive(Clone, Debug, Template)]
#[template(path = "parts/status_tabs.html")]
pub(crate) struct StatusTabs {
    /// Which section.
    pub(crate) tab: StatusTab,
    /// Phones registered now.
    pub(crate) phones_count: u64,
    /// Calls that go on.
    pub(crate) calls_count: u64,
    /// Alarms that stand.
    pub(crate) alarms_count: u64,
    /// Extensions and addresses blocked.
    pub(crate) blocked_count: u64,
    /// Phones in quarantine.
    pub(crate) quarantine_count: u64,
    /// Phones with an old code.
    pub(crate) old_codes_count: u64,
    /// Sessions.
    pub(crate) sessions_count: u64,
    /// How things stand in one sentence: read out when it changes.
    pub(crate) words: String,
}

impl HtmlSafe for StatusTabs {}

/// One section with its forms.
#[derive(Clone, Debug, Template)]
#[template(path = "parts/status_section.html")]
pub(crate) struct StatusSection {
    /// The hidden field of its forms.
    pub(crate) csrf: String,
    /// Whether the person may reset and end things, or only look.
    pub(crate) control: bool,
    /// Whether the person may acknowledge alarms.
    pub(crate) control_alarms: bool,
    /// What it shows.
    pub(crate) body: StatusBody,
}

impl HtmlSafe for StatusSection {}

/// The live part, as served alone for the script: it puts each piece in the place of the piece of the same name.
#[derive(Clone, Debug, Template)]
#[template(path = "status_live.html")]
pub(crate) struct StatusLive {
    /// The tabs; none for who sees calls alone.
    pub(crate) tabs: Option<StatusTabs>,
    /// The section.
    pub(crate) section: StatusSection,
}

/// A status page.
#[derive(Clone, Debug, Template)]
#[template(path = "status.html")]
pub(crate) struct StatusPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// The heading.
    pub(crate) title: &'static str,
    /// What stands below it.
    pub(crate) about: String,
    /// Which section.
    pub(crate) tab: StatusTab,
    /// This page's address with its search, for "Refresh".
    pub(crate) here: String,
    /// The stream of events that says "something changed"; none for who is told by nothing but the section itself.
    pub(crate) events: Option<String>,
    /// Where the live part alone is served, with this page's search.
    pub(crate) fragment: String,
    /// After how many milliseconds the script asks again by itself, for what no event tells of.
    pub(crate) every: Option<u32>,
    /// The search of the phones section: `q`, and a drop-down list `state`; that of calls: `domain`.
    pub(crate) search: Vec<Field>,
    /// Whether to offer the sign-in doctor.
    pub(crate) doctor: bool,
    /// What the search found, in words; empty where nothing is searched.
    pub(crate) words: String,
    /// The live part.
    pub(crate) live: StatusLive,
}
