//! The time of signing: read, and held against the clock.

use std::time::{Duration, UNIX_EPOCH};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{At, Clock, Unit};
use crate::rejection::Rejection;
use crate::timestamp::Timestamp;

impl Clock {
    /// Refuses a time that is too old or too far ahead.
    pub(super) fn check(&self, text: &str, now: Timestamp) -> Result<(), Rejection> {
        if self.past.is_none() && self.future.is_none() {
            return Ok(());
        }
        let malformed = Rejection::MalformedHeader {
            header: self.at.name(),
            problem: "it is not a time",
        };
        let signed_at = self.unit.read(text).ok_or(malformed)?;
        let ahead = signed_at > now;
        let tolerance = if ahead { self.future } else { self.past };
        let off = match self.unit {
            Unit::Milliseconds => now.millis().abs_diff(signed_at.millis()),
            // To the second, as the providers' libraries count: exactly the tolerance passes.
            Unit::Seconds | Unit::Rfc3339 | Unit::HttpDate => now
                .seconds()
                .abs_diff(signed_at.seconds())
                .saturating_mul(1000),
        };
        match tolerance {
            Some(tolerance) if u128::from(off) > tolerance.as_millis() => {
                Err(Rejection::TimestampOutOfTolerance {
                    skew_seconds: now.seconds().saturating_sub(signed_at.seconds()),
                })
            }
            Some(_) | None => Ok(()),
        }
    }
}

impl At {
    /// The name of the header, pair or field.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Header(name) | Self::Pair(name) | Self::Field(name) => name,
        }
    }
}

impl Unit {
    /// The moment that the text names.
    fn read(self, text: &str) -> Option<Timestamp> {
        let number = || {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| text.parse::<i64>().ok()).flatten()
        };
        match self {
            Self::Seconds => number().map(Timestamp::from_seconds),
            Self::Milliseconds => number().map(Timestamp::from_millis),
            Self::Rfc3339 => {
                let moment = OffsetDateTime::parse(text, &Rfc3339).ok()?;
                let millis = moment.unix_timestamp_nanos() / 1_000_000;
                i64::try_from(millis).ok().map(Timestamp::from_millis)
            }
            Self::HttpDate => {
                let date = httpdate::parse_http_date(text).ok()?;
                let since_epoch = date.duration_since(UNIX_EPOCH).ok()?;
                Some(Timestamp::from_millis(0).after(since_epoch))
            }
        }
    }

    /// The text of a moment.
    pub(super) fn write(self, moment: Timestamp) -> String {
        match self {
            Self::Seconds => moment.seconds().to_string(),
            Self::Milliseconds => moment.millis().to_string(),
            Self::Rfc3339 => moment.to_string(),
            Self::HttpDate => {
                let millis = u64::try_from(moment.millis()).unwrap_or(0);
                httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_millis(millis))
            }
        }
    }
}
