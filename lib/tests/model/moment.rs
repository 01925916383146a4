//! Time: seconds from the present, which always is the same moment.

use webhooks::limits;
use webhooks::timestamp::Timestamp;

/// Seconds from the present.
pub(crate) type Seconds = i16;

/// Later than any promise is about.
pub(crate) const LATER: Seconds = Seconds::MAX;
/// Earlier than any process that still runs has begun.
pub(crate) const LONG_AGO: Seconds = -180;
/// How far time moves at once: an invocation of the processor, a run of the relay, the grace.
pub(crate) const STEP: Seconds = 60;

const PRESENT: i64 = 1_767_225_600;

pub(crate) fn moment(time: Seconds) -> Timestamp {
    Timestamp::from_seconds(PRESENT + i64::from(time))
}

/// From seconds since the Unix epoch.
pub(crate) fn seconds(since_epoch: i64) -> Seconds {
    Seconds::try_from(since_epoch - PRESENT).unwrap_or(LATER)
}

const _: () = {
    let step = STEP as u64;
    assert!(limits::PROCESSOR_TIMEOUT.as_secs() <= step);
    assert!(limits::RELAY_TIMEOUT.as_secs() <= step);
};
