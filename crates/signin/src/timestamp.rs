//! A moment, as an argument: whoever decides is told what time it is and never looks.

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01 00:00 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Timestamp(pub u64);

/// A length of time in whole seconds, as rules and settings state them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Seconds(pub u32);

impl Seconds {
    /// That many minutes, capped at the largest value.
    pub const fn minutes(minutes: u32) -> Self {
        Self(minutes.saturating_mul(60))
    }

    /// That many days, capped at the largest value.
    pub const fn days(days: u32) -> Self {
        Self(days.saturating_mul(86_400))
    }
}

impl Timestamp {
    /// Before everything.
    pub const EPOCH: Self = Self(0);
    /// After everything.
    pub const MAX: Self = Self(u64::MAX);

    /// The moment `later` after this one; saturates.
    #[must_use]
    pub const fn after(self, later: Seconds) -> Self {
        Self(self.0.saturating_add(later.0 as u64 * 1000))
    }

    /// Whole seconds from `earlier` until this moment; zero when the clock went backwards.
    pub const fn seconds_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0) / 1000
    }

    /// Seconds from this moment until `later`, begun ones counted whole: who waits as long is not early.
    pub const fn seconds_until(self, later: Self) -> u64 {
        later.0.saturating_sub(self.0).div_ceil(1000)
    }

    /// Whole seconds since 1970, for protocols that count so.
    pub const fn as_secs(self) -> u64 {
        self.0 / 1000
    }
}
