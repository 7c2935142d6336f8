//! The drawings of the interface: outlines on a 24 by 24 grid, written inline so that they take the colour of the text.
//! All are decoration; the words beside them carry the meaning.

use std::fmt;

use askama::filters::HtmlSafe;

/// One drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Icon {
    /// The start page of the manager.
    Home,
    /// People.
    Users,
    /// Numbers on a line.
    Extensions,
    /// What is going on now.
    Status,
    /// Finding out what is wrong.
    Doctor,
    /// The record.
    Audit,
    /// What waits.
    Draft,
    /// The rules.
    Settings,
    /// One's own settings.
    Person,
    /// The way out.
    SignOut,
    /// A fact.
    Info,
    /// It worked.
    Good,
    /// Attention.
    Warning,
    /// It did not work, or it is dangerous.
    Danger,
    /// A lock.
    Lock,
    /// A key.
    Key,
    /// A search.
    Search,
    /// Something new.
    Plus,
    /// A phone.
    Phone,
    /// A call.
    Call,
    /// A message that was left.
    Message,
    /// Where mail goes.
    At,
    /// To take away.
    Download,
    /// A menu.
    Menu,
}

impl Icon {
    const fn path(self) -> &'static str {
        match self {
            Self::Home => r#"<path d="M4 11l8-7 8 7v8a1 1 0 0 1-1 1h-4v-6H9v6H5a1 1 0 0 1-1-1z"/>"#,
            Self::Users => {
                r#"<circle cx="9" cy="8" r="3.5"/><path d="M2.5 20c.4-3.6 3-5.5 6.5-5.5s6.1 1.9 6.5 5.5M16 4.8a3.5 3.5 0 0 1 0 6.4M18.5 15c1.9.8 2.9 2.5 3.1 5"/>"#
            }
            Self::Extensions => {
                r#"<rect x="4" y="3" width="16" height="18" rx="2"/><path d="M8 8h.01M12 8h.01M16 8h.01M8 12h.01M12 12h.01M16 12h.01M8 16h.01M12 16h.01M16 16h.01"/>"#
            }
            Self::Status => r#"<path d="M3 12h4l3-8 4 16 3-8h4"/>"#,
            Self::Doctor => {
                r#"<path d="M6 3H4v6a5 5 0 0 0 10 0V3h-2M9 14v2a5 5 0 0 0 10 0v-2"/><circle cx="19" cy="11.5" r="2.5"/>"#
            }
            Self::Audit => r#"<path d="M6 3h9l4 4v14H6zM14 3v5h5M9 12h7M9 16h7"/>"#,
            Self::Draft => r#"<path d="M4 20l1-4.5L16.5 4l3.5 3.5L8.5 19zM14 6.5l3.5 3.5"/>"#,
            Self::Settings => {
                r#"<path d="M4 7h9M17 7h3M4 17h3M11 17h9"/><circle cx="15" cy="7" r="2"/><circle cx="9" cy="17" r="2"/>"#
            }
            Self::Person => {
                r#"<circle cx="12" cy="8" r="4"/><path d="M4.5 20.5c.5-4 3.4-6 7.5-6s7 2 7.5 6"/>"#
            }
            Self::SignOut => {
                r#"<path d="M14 4H6a1 1 0 0 0-1 1v14a1 1 0 0 0 1 1h8M10 12h11M17.5 8.5L21 12l-3.5 3.5"/>"#
            }
            Self::Info => r#"<circle cx="12" cy="12" r="9"/><path d="M12 11v5.5M12 7.5h.01"/>"#,
            Self::Good => r#"<circle cx="12" cy="12" r="9"/><path d="M8 12.5l2.7 2.7L16 9.5"/>"#,
            Self::Warning => r#"<path d="M12 3.5L22 20.5H2zM12 10v4.5M12 17.5h.01"/>"#,
            Self::Danger => r#"<path d="M8 3h8l5 5v8l-5 5H8l-5-5V8zM12 7.5v5.5M12 16.5h.01"/>"#,
            Self::Lock => {
                r#"<rect x="5" y="11" width="14" height="9" rx="2"/><path d="M8 11V7.5a4 4 0 0 1 8 0V11"/>"#
            }
            Self::Key => r#"<circle cx="8" cy="15" r="4.5"/><path d="M11.3 11.8L20 3M16 7l3 3"/>"#,
            Self::Search => r#"<circle cx="11" cy="11" r="6.5"/><path d="M16 16l5 5"/>"#,
            Self::Plus => r#"<path d="M12 5v14M5 12h14"/>"#,
            Self::Phone => {
                r#"<path d="M4 10c0-3.5 3.5-5.5 8-5.5s8 2 8 5.5v1.5h-4.5V9.5h-7v2H4zM7 13.5L5 20h14l-2-6.5"/><circle cx="12" cy="15.5" r="2"/>"#
            }
            Self::Call => {
                r#"<path d="M6 3h3l2 5-2.5 1.5a11 11 0 0 0 6 6L16 13l5 2v3a3 3 0 0 1-3 3C10.5 20.5 3.500 13.500 3 6a3 3 0 0 1 3-3z"/>"#
            }
            Self::Message => r#"<path d="M4 6h16v12H4zM4 7l8 6 8-6"/>"#,
            Self::At => {
                r#"<circle cx="12" cy="12" r="4"/><path d="M16 8v5.5a2.500 2.500 0 0 0 5 0V12a9 9 0 1 0-4 7.500"/>"#
            }
            Self::Download => r#"<path d="M12 4v11M7.5 11l4.5 4.5 4.5-4.5M5 20h14"/>"#,
            Self::Menu => r#"<path d="M4 7h16M4 12h16M4 17h16"/>"#,
        }
    }
}

impl fmt::Display for Icon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            r#"<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">{}</svg>"#,
            self.path()
        )
    }
}

impl HtmlSafe for Icon {}

/// The mark of the product: a handset that rests on its hook, with the lamp that says the line is watched.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark;

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(concat!(
            r#"<svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">"#,
            r#"<rect class="mark-plate" width="32" height="32" rx="8"/>"#,
            r#"<path class="mark-set" stroke-width="3.4" d="M7 13.5c0-3.6 4-6 9-6s9 2.4 9 6"/>"#,
            r#"<rect class="mark-cup" x="4.6" y="12" width="6.4" height="5.4" rx="2"/>"#,
            r#"<rect class="mark-cup" x="21" y="12" width="6.4" height="5.4" rx="2"/>"#,
            r#"<path class="mark-set" stroke-width="2" d="M12 17v3.2a2 2 0 0 0 2 2h4a2 2 0 0 0 2-2V17M16 22.5V25"/>"#,
            r#"<circle class="mark-lamp" cx="16" cy="15.6" r="1.9"/></svg>"#
        ))
    }
}

impl HtmlSafe for Mark {}
