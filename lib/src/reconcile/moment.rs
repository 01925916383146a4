//! Times as providers' APIs write them.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::timestamp::Timestamp;

/// Reads RFC 3339 with any offset, and what comes close to it: a space before the time of day, and no offset
/// where UTC is meant.
pub(super) fn read(text: &str) -> Option<Timestamp> {
    let text = text.replacen(' ', "T", 1);
    let parse = |text: &str| OffsetDateTime::parse(text, &Rfc3339).ok();
    let moment = parse(&text).or_else(|| parse(&format!("{text}Z")))?;
    let millis = i64::try_from(moment.unix_timestamp_nanos() / 1_000_000).ok()?;
    Some(Timestamp::from_millis(millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_apis_write() {
        let moment = Some(Timestamp::from_millis(1_767_225_600_093));
        for text in [
            "2026-01-01T00:00:00.093Z",
            "2026-01-01T00:00:00.093421Z",
            "2026-01-01T02:00:00.093+02:00",
            "2025-12-31T17:00:00.093-07:00",
            "2026-01-01 00:00:00.093",
            "2026-01-01 00:00:00.093000+00:00",
        ] {
            assert_eq!(read(text), moment, "{text}");
        }
        for text in [
            "",
            "now",
            "1767225600",
            "2026-01-01",
            "Thu, 01 Jan 2026 00:00:00 GMT",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
