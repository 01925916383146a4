//! Places at which a test ends a function between two steps, and a clock that a test can bend. Only
//! the feature `faults` builds either, and only the laboratory turns it on.
//!
//! Such a build looks at the environment variable `FAILPOINTS` when it starts
//! (<https://docs.rs/fail>): `receive::recorded=3*off->1*return` ends the process as it passes that
//! place for the fourth time, as if its machine had lost power.

// What is deployed is built without debug assertions: nothing that ends a function by itself is in it.
#[cfg(all(feature = "faults", not(debug_assertions)))]
compile_error!("the feature `faults` of `webhooks` is for debug builds alone");

/// The places, by the function that passes them, in the order of its steps.
pub const POINTS: [(&str, &[&str]); 3] = [
    (
        "receiver",
        &[
            "receive::verified",
            "receive::kept",
            "receive::recorded",
            "receive::sent",
            "receive::reopened",
            "receive::counted",
        ],
    ),
    (
        "processor",
        &[
            "process::begun",
            "process::recorded",
            "process::claimed",
            "process::fetched",
            "process::handled",
            "process::settled",
        ],
    ),
    (
        "relay",
        &[
            "relay::looked",
            "relay::found",
            "relay::postponed",
            "relay::sent",
        ],
    ),
];

/// Heeds `FAILPOINTS` from here on.
#[cfg(feature = "faults")]
pub(crate) fn arm() {
    // The scenario ends with the process.
    std::mem::forget(fail::FailScenario::setup());
}

#[cfg(not(feature = "faults"))]
pub(crate) const fn arm() {}

/// Ends the process here, if a test wants it.
#[cfg(feature = "faults")]
pub(crate) fn point(name: &'static str) {
    fail::fail_point!(name, |_| std::process::abort());
}

#[cfg(not(feature = "faults"))]
pub(crate) const fn point(_: &'static str) {}

/// Ends the process with the handler of an event whose id has a certain part: `event=return(00dead00)`.
#[cfg(feature = "faults")]
pub(crate) fn event(id: &str) {
    fail::fail_point!(
        "event",
        |part| if part.is_some_and(|part| id.contains(&part)) {
            std::process::abort();
        }
    );
}

#[cfg(not(feature = "faults"))]
pub(crate) const fn event(_: &str) {}

#[cfg(feature = "faults")]
thread_local! {
    /// Where simulated time began, by both clocks.
    static SIMULATED: std::cell::Cell<Option<(i64, tokio::time::Instant)>> =
        const { std::cell::Cell::new(None) };
}

/// Lets this thread's clock go with tokio's, which a simulation moves on, from so many milliseconds
/// since the Unix epoch.
#[cfg(feature = "faults")]
pub fn simulate_time(from_millis: i64) {
    SIMULATED.set(Some((from_millis, tokio::time::Instant::now())));
}

/// True on a thread whose time is simulated: it writes no log.
#[cfg(feature = "faults")]
pub(crate) fn is_simulated() -> bool {
    SIMULATED.get().is_some()
}

#[cfg(not(feature = "faults"))]
pub(crate) const fn is_simulated() -> bool {
    false
}

/// The time in milliseconds as a test bends it. `clock=return(1767225600000 10 -2000)`: since that
/// moment time runs ten times as fast, and this clock is two seconds behind.
#[cfg(feature = "faults")]
pub(crate) fn bend(millis: i64) -> i64 {
    if let Some((from, began)) = SIMULATED.get() {
        let passed = began.elapsed().as_millis();
        return from.saturating_add(i64::try_from(passed).unwrap_or(i64::MAX));
    }
    fail::fail_point!("clock", |bent| bent
        .and_then(|bent| bend_by(millis, &bent))
        .unwrap_or(millis));
    millis
}

#[cfg(not(feature = "faults"))]
pub(crate) const fn bend(millis: i64) -> i64 {
    millis
}

#[cfg(feature = "faults")]
fn bend_by(millis: i64, bent: &str) -> Option<i64> {
    let mut numbers = bent.split(' ').map(|number| number.parse::<i64>().ok());
    let (origin, factor, skew) = (numbers.next()??, numbers.next()??, numbers.next()??);
    Some(origin + (millis - origin) * factor + skew)
}
