//! A point in time as people name it: a time, or an age.

use std::fmt;
use std::time::Duration;

use webhooks::timestamp::Timestamp;

/// A point in time, or an age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// A point in time.
    At(Timestamp),
    /// So long ago.
    Ago(Duration),
}

impl Moment {
    /// The point in time that it is at `now`.
    pub fn resolve(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(time) => time,
            Self::Ago(age) => {
                let age = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
                Timestamp::from_millis(now.millis().saturating_sub(age))
            }
        }
    }
}

impl fmt::Display for Moment {
    /// Writes it as one word that [`parse_moment`] reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(time) => time.fmt(f),
            Self::Ago(age) => {
                let age = humantime::format_duration(*age).to_string();
                f.write_str(&age.replace(' ', ""))
            }
        }
    }
}

/// Reads an age (`15m`, `36h`, `7d`) or a time in RFC 3339.
///
/// # Errors
/// The two forms, in words.
pub fn parse_moment(text: &str) -> Result<Moment, String> {
    let age = humantime::parse_duration(text).map(Moment::Ago);
    age.or_else(|_| text.parse().map(Moment::At))
        .map_err(|_| "neither an age (15m, 36h, 7d) nor a time (2026-01-31T00:00:00Z)".to_owned())
}
