//! Long lists: the page one is on, the order, and the addresses that keep both.

use serde::Deserialize;
use signin::{admin::By, ident::DomainId};

use super::views::parts::{Column, Link, Pager, Sorted, Stop};

/// Lines on one page.
pub(super) const PAGE: usize = 50;
/// Longest search text.
const SEARCH_MAX: usize = 128;

/// What a list's address says.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct ListQuery {
    /// Search text.
    #[serde(default)]
    pub(super) q: String,
    /// Column, with `-` before it for the other way round.
    #[serde(default)]
    pub(super) sort: String,
    /// Page, from 1.
    #[serde(default)]
    pub(super) page: String,
    /// A filter that the list knows.
    #[serde(default)]
    pub(super) status: String,
    /// The number of a domain; empty = all.
    #[serde(default)]
    pub(super) domain: String,
    /// A kind that the list knows.
    #[serde(default)]
    pub(super) kind: String,
}

impl ListQuery {
    /// Whose records are shown: never more than somebody reaches.
    pub(super) fn within(&self, by: &By) -> Option<DomainId> {
        by.within.or_else(|| self.domain.parse().ok().map(DomainId))
    }

    /// The search text, cut.
    pub(super) fn search(&self) -> String {
        self.q.trim().chars().take(SEARCH_MAX).collect()
    }

    /// Whether something is searched for or left out.
    pub(super) fn is_narrowed(&self) -> bool {
        !(self.q.is_empty() && self.domain.is_empty())
    }

    /// The column, and whether it is the other way round.
    pub(super) fn order(&self) -> (&str, bool) {
        self.sort.strip_prefix('-').map_or((self.sort.as_str(), false), |column| (column, true))
    }

    /// The page, from 0.
    pub(super) fn page(&self) -> usize {
        self.page.parse::<usize>().unwrap_or(1).clamp(1, 1_000_000) - 1
    }

    /// The first line of the page.
    pub(super) fn offset(&self) -> usize {
        self.page() * PAGE
    }

    pub(super) fn address(&self, path: &str, sort: &str, page: usize) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let page = if page > 0 { (page + 1).to_string() } else { String::new() };
        let own = [
            ("q", self.q.as_str()),
            ("domain", &self.domain),
            ("status", &self.status),
            ("kind", &self.kind),
            ("sort", sort),
            ("page", &page),
        ];
        for (name, value) in own {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        let query = query.finish();
        if query.is_empty() { path.into() } else { format!("{path}?{query}") }
    }

    /// A heading that sorts.
    pub(super) fn column(&self, path: &str, key: &str, label: &str) -> Column {
        let (column, is_down) = self.order();
        let (sorted, next) = match (column == key, is_down) {
            (false, _) => (Sorted::No, key.to_owned()),
            (true, false) => (Sorted::Up, format!("-{key}")),
            (true, true) => (Sorted::Down, key.to_owned()),
        };
        Column::new(label, self.address(path, &next, 0), sorted)
    }

    /// Where one is.
    pub(super) fn pager(&self, path: &str, label: &str, total: usize) -> Pager {
        let (page, pages) = (self.page(), total.div_ceil(PAGE).max(1));
        let first = self.offset();
        let summary = if total == 0 {
            format!("No {label}")
        } else {
            let last = (first + PAGE).min(total);
            format!("{}–{} of {} {label}", thousands(first.min(total) + 1), thousands(last), thousands(total))
        };
        let to = |page: usize| self.address(path, &self.sort, page);
        let mut stops = Vec::new();
        if pages > 1 {
            let mut before = None;
            for stop in (0..pages).filter(|stop| *stop == 0 || *stop + 1 == pages || stop.abs_diff(page) <= 2)
            {
                if before.is_some_and(|before| stop > before + 1) {
                    stops.push(Stop::Gap);
                }
                before = Some(stop);
                let number = thousands(stop + 1);
                stops.push(if stop == page {
                    Stop::Here(number)
                } else {
                    Stop::Page(Link::new(to(stop), number))
                });
            }
        }
        Pager {
            summary,
            label: label.into(),
            previous: (page > 0).then(|| to((page - 1).min(pages - 1))),
            next: (page + 1 < pages).then(|| to(page + 1)),
            stops,
        }
    }
}

/// "100,000".
pub(super) fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pager_shows_the_ends_and_the_neighbourhood() {
        let query = ListQuery { q: "a&b".into(), page: "50".into(), ..ListQuery::default() };
        let pager = query.pager("/manager/users", "users", 100_000);
        assert_eq!(pager.summary, "2,451–2,500 of 100,000 users");
        assert_eq!(pager.next.as_deref(), Some("/manager/users?q=a%26b&page=51"));
        assert_eq!(pager.stops.len(), 9);
        let alone = ListQuery::default().pager("/manager/users", "users", 3);
        assert_eq!((alone.summary.as_str(), alone.stops.len()), ("1–3 of 3 users", 0));
    }

    #[test]
    fn a_page_that_is_none_is_the_first() {
        for page in ["", "0", "-1", "x"] {
            assert_eq!(ListQuery { page: page.into(), ..ListQuery::default() }.offset(), 0);
        }
    }

    #[test]
    fn numbers_have_their_commas() {
        assert_eq!([0, 999, 1000, 1_234_567].map(thousands), ["0", "999", "1,000", "1,234,567"]);
    }
}
