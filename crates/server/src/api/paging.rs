//! Lists a page at a time, by offset: the lists lie in memory in one order, a page can be jumped to as in the manager, and
//! `total` is there with each. What is made or deleted between two pages moves what follows it by its place; whoever must
//! meet everything exactly once reads pages again until an ETag stays the same. The audit, which grows all the time, goes by
//! number instead.

use serde::Deserialize;
use utoipa::IntoParams;

use super::request::{LIMIT_DEFAULT, LIMIT_MAX};

/// Furthest offset.
pub(super) const OFFSET_MAX: u32 = 10_000_000;

/// How many to pass over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u32")]
pub(super) struct Offset(pub(super) u32);

/// How many at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u16")]
pub(super) struct Limit(pub(super) u16);

impl TryFrom<u32> for Offset {
    type Error = &'static str;

    fn try_from(offset: u32) -> Result<Self, Self::Error> {
        (offset <= OFFSET_MAX).then_some(Self(offset)).ok_or("an offset is at most 10000000")
    }
}

impl TryFrom<u16> for Limit {
    type Error = &'static str;

    fn try_from(limit: u16) -> Result<Self, Self::Error> {
        let fits = (1..=LIMIT_MAX).contains(&usize::from(limit));
        fits.then_some(Self(limit)).ok_or("a limit is 1 to 500")
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(LIMIT_DEFAULT.try_into().unwrap_or(1))
    }
}

impl Offset {
    /// As lists count.
    pub(super) fn get(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl Limit {
    /// As lists count.
    pub(super) fn get(self) -> usize {
        usize::from(self.0)
    }
}

/// Which way round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Order {
    /// From the smallest.
    #[default]
    Ascending,
    /// From the largest.
    Descending,
}

/// Which page.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct PageQuery {
    /// How many to pass over.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 0, maximum = 10_000_000, example = 0)]
    offset: Offset,
    /// How many at most; 50 where nothing is said.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 500, example = 50)]
    limit: Limit,
}

impl PageQuery {
    /// How many to pass over, and how many at most.
    pub(super) fn place(self) -> (usize, usize) {
        (self.offset.get(), self.limit.get())
    }

    /// The page of a list, and how many there are on all.
    pub(super) fn cut<T>(self, items: Vec<T>) -> (Vec<T>, usize) {
        let total = items.len();
        (items.into_iter().skip(self.offset.get()).take(self.limit.get()).collect(), total)
    }
}

/// A page of a list, for the description and for the answer.
macro_rules! page {
    ($(#[$doc:meta])* $name:ident of $item:ty) => {
        $(#[$doc])*
        #[derive(serde::Serialize, utoipa::ToSchema)]
        pub(super) struct $name {
            /// What is on this page.
            pub(super) items: Vec<$item>,
            /// How many there are on all pages.
            #[schema(minimum = 0)]
            pub(super) total: usize,
        }
    };
}

pub(super) use page;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_limits() {
        assert_eq!(
            (Limit::try_from(500).is_ok(), Limit::try_from(501).is_ok(), Limit::try_from(0).is_ok()),
            (true, false, false)
        );
        assert!(Offset::try_from(OFFSET_MAX).is_ok() && Offset::try_from(OFFSET_MAX + 1).is_err());
        assert_eq!(PageQuery::default().cut((0..60).collect()).0.len(), 50);
        let last = PageQuery { offset: Offset(58), limit: Limit(50) };
        assert_eq!(last.cut((0..60).collect::<Vec<_>>()), (vec![58, 59], 60));
    }
}
