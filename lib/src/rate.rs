//! The rate at which an instance takes deliveries of each source.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::timestamp::Timestamp;

/// A token bucket for each registered source that has a rate. It holds what one second brings, and
/// at least one; only deliveries whose signature holds take from it, so that no stranger can use up
/// what is there for the provider.
#[derive(Debug, Default)]
pub struct Rates(Mutex<BTreeMap<String, Bucket>>);

#[derive(Clone, Copy, Debug)]
struct Bucket {
    tokens: f64,
    at: Timestamp,
}

impl Rates {
    /// Says if one more delivery could be taken now. `rate` is deliveries a second.
    pub fn has_room(&self, source: &str, rate: f64, now: Timestamp) -> bool {
        let buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.get(source).copied();
        bucket.is_none_or(|bucket| bucket.filled(rate, now).tokens >= 1.0)
    }

    /// Takes one delivery; says whether there was room for it.
    pub fn take(&self, source: &str, rate: f64, now: Timestamp) -> bool {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let full = Bucket {
            tokens: burst(rate),
            at: now,
        };
        let mut bucket = buckets
            .get(source)
            .map_or(full, |bucket| bucket.filled(rate, now));
        let room = bucket.tokens >= 1.0;
        if room {
            bucket.tokens -= 1.0;
        }
        buckets.insert(source.to_owned(), bucket);
        room
    }
}

impl Bucket {
    fn filled(self, rate: f64, now: Timestamp) -> Self {
        let brought = self.at.age(now).as_secs_f64() * rate;
        Self {
            tokens: (self.tokens + brought).min(burst(rate)),
            at: self.at.max(now),
        }
    }
}

fn burst(rate: f64) -> f64 {
    rate.max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_seconds(1_767_225_600);

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(START.millis() + millis)
    }

    fn taken(rates: &Rates, source: &str, rate: f64, now: Timestamp) -> usize {
        std::iter::repeat_with(|| rates.take(source, rate, now))
            .take(100)
            .filter(|taken| *taken)
            .count()
    }

    #[test]
    fn takes_a_burst_of_one_second_and_then_the_rate() {
        let rates = Rates::default();
        assert_eq!(taken(&rates, "a", 10.0, START), 10);
        assert!(!rates.has_room("a", 10.0, at(99)));
        assert_eq!(taken(&rates, "a", 10.0, at(500)), 5);
        assert_eq!(taken(&rates, "a", 10.0, at(3_600_000)), 10);
    }

    #[test]
    fn a_rate_below_one_takes_one_at_a_time() {
        let rates = Rates::default();
        assert_eq!(taken(&rates, "a", 0.5, START), 1);
        assert_eq!(taken(&rates, "a", 0.5, at(1_900)), 0);
        assert_eq!(taken(&rates, "a", 0.5, at(2_000)), 1);
    }

    #[test]
    fn each_source_has_its_own_and_looking_takes_nothing() {
        let rates = Rates::default();
        assert_eq!(taken(&rates, "a", 1.0, START), 1);
        assert!(!rates.has_room("a", 1.0, START));
        assert!((0..100).all(|_| rates.has_room("b", 1.0, START)));
        assert_eq!(taken(&rates, "b", 1.0, START), 1);
    }

    #[test]
    fn a_clock_that_goes_back_neither_fills_nor_empties() {
        let rates = Rates::default();
        assert_eq!(taken(&rates, "a", 5.0, at(10_000)), 5);
        assert_eq!(taken(&rates, "a", 5.0, START), 0);
        assert_eq!(taken(&rates, "a", 5.0, at(10_000)), 0);
        assert_eq!(taken(&rates, "a", 5.0, at(11_000)), 5);
    }
}
