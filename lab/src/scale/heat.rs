//! Write units a second of the hottest partitions, counted on drawn events.

use uuid::Uuid;
use webhooks::event::EventKey;
use webhooks::ledger::{LISTING_SHARDS, OVERDUE_SHARDS, shard};
use webhooks::signature::sha256;

/// Which events are drawn.
#[derive(Clone, Debug)]
pub(super) struct Traffic {
    /// Events a second.
    pub(super) rate: u32,
    pub(super) sources: u32,
    /// The share of the busiest source.
    pub(super) busy: f64,
    pub(super) seconds: u32,
    /// Write units of the put of a receipt.
    pub(super) item_units: u32,
}

/// Write units in the worst second of the hottest partition.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Heat {
    /// Of the index `listing`.
    pub(super) listing: f64,
    /// Of the index `overdue`.
    pub(super) overdue: f64,
    /// Of the table, when it has the fewest partitions that could carry it.
    pub(super) table: f64,
    /// The mean over the partitions of the table.
    pub(super) table_mean: f64,
    /// The fewest partitions that could carry the table, if all were alike.
    pub(super) fewest: usize,
    /// The partitions with which the hottest one stays within its limit.
    pub(super) wanted: usize,
    /// The shards with which that holds for the busiest source in `listing`.
    pub(super) listing_shards: usize,
    /// The shards with which that holds for `overdue`.
    pub(super) overdue_shards: usize,
}

/// Events that are drawn at most. Above it, each stands for several, and the hottest partition
/// looks hotter than it is.
const SAMPLE: u32 = 200_000;

/// Write units a second that one partition takes, of a table or of an index
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/warm-throughput-scenarios.html>).
pub(super) const PARTITION: f64 = 1000.0;

/// A claim and a settlement of one event: each counts its state, a kilobyte at most. The put before them
/// counts the receipt. A settlement with effects is a transaction, which counts twice; it is left out
/// here.
pub(super) const STATE_WRITES: u32 = 2;
/// An event enters `listing` once and for all.
pub(super) const LISTING_WRITES: u32 = 1;
/// An event that is not taken within a minute enters `overdue`, and leaves it when it is done. When
/// nothing is processed, that is every event.
pub(super) const OVERDUE_WRITES: u32 = 2;

/// The number of the busiest source.
const BUSIEST: u32 = 0;

/// Past so many partitions one event alone is too heavy.
const MOST: usize = 1 << 16;

impl Heat {
    /// Draws the traffic. Every second is drawn whole while [`SAMPLE`] allows it.
    pub(super) fn of(traffic: &Traffic) -> Self {
        let drawn = traffic.rate.min(SAMPLE);
        let mut source = Source::new(traffic);
        let seconds: Vec<Second> = (0..traffic.seconds.min(SAMPLE / drawn))
            .map(|_| Second::draw(&mut source, drawn))
            .collect();
        Self::hottest(
            &seconds,
            traffic,
            f64::from(traffic.rate) / f64::from(drawn),
        )
    }

    /// `weight`: how many events each one drawn stands for.
    fn hottest(seconds: &[Second], traffic: &Traffic, weight: f64) -> Self {
        let writes = traffic.item_units + STATE_WRITES;
        let total = f64::from(traffic.rate) * f64::from(writes);
        let fewest = (total / PARTITION).ceil() as usize;
        let worst = |writes, events: &dyn Fn(&Second) -> u32| {
            most(seconds, events) * weight * f64::from(writes)
        };
        let table = |cuts| worst(writes, &|second| hottest_of(&second.places, cuts));
        let listing = |cuts| worst(LISTING_WRITES, &|second| hottest_of(&second.busiest, cuts));
        let overdue = |cuts| worst(OVERDUE_WRITES, &|second| hottest_of(&second.places, cuts));
        let doubled = |shards| shards * 2;
        Self {
            listing: worst(LISTING_WRITES, &|second| top(&second.listing)),
            overdue: worst(OVERDUE_WRITES, &|second| top(&second.overdue)),
            table: table(fewest),
            table_mean: total / fewest as f64,
            fewest,
            wanted: enough(fewest, |cuts| cuts + cuts.div_ceil(20), table),
            listing_shards: enough(usize::from(LISTING_SHARDS), doubled, listing),
            overdue_shards: enough(usize::from(OVERDUE_SHARDS), doubled, overdue),
        }
    }
}

/// The first number of partitions with which the hottest stays within its limit.
fn enough(first: usize, next: impl Fn(usize) -> usize, hottest: impl Fn(usize) -> f64) -> usize {
    let mut partitions = first;
    while hottest(partitions) > PARTITION && partitions < MOST {
        partitions = next(partitions);
    }
    partitions
}

fn most(seconds: &[Second], events: impl Fn(&Second) -> u32) -> f64 {
    f64::from(seconds.iter().map(events).max().unwrap_or(0))
}

fn top(partitions: &[u32]) -> u32 {
    partitions.iter().copied().max().unwrap_or(0)
}

/// Events of one second by partition.
struct Second {
    /// Source by source, each with its shards.
    listing: Vec<u32>,
    overdue: Vec<u32>,
    /// The place of each event among all hashes. DynamoDB's own hash is not known; what counts is
    /// that it is even.
    places: Vec<u64>,
    /// Those of the busiest source.
    busiest: Vec<u64>,
}

impl Second {
    fn draw(source: &mut Source<'_>, events: u32) -> Self {
        let partitions = source.traffic.sources as usize * usize::from(LISTING_SHARDS);
        let mut second = Self {
            listing: vec![0; partitions],
            overdue: vec![0; usize::from(OVERDUE_SHARDS)],
            places: Vec::new(),
            busiest: Vec::new(),
        };
        for _ in 0..events {
            let number = source.next_source();
            second.count(number, &source.key(number).to_string());
        }
        second
    }

    fn count(&mut self, source: u32, pk: &str) {
        let listed = source as usize * usize::from(LISTING_SHARDS);
        self.listing[listed + usize::from(shard(pk, LISTING_SHARDS))] += 1;
        self.overdue[usize::from(shard(pk, OVERDUE_SHARDS))] += 1;
        let [.., a, b, c, d, e, f, g, h] = sha256(pk.as_bytes());
        let place = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
        self.places.push(place);
        if source == BUSIEST {
            self.busiest.push(place);
        }
    }
}

/// Events of the hottest partition, when all hashes are cut into so many of equal width.
fn hottest_of(places: &[u64], partitions: usize) -> u32 {
    let mut counts = vec![0; partitions];
    for place in places {
        let partition = (u128::from(*place) * partitions as u128) >> 64;
        counts[partition as usize] += 1;
    }
    top(&counts)
}

/// Where events come from: the same ones every time.
struct Source<'a> {
    traffic: &'a Traffic,
    state: u64,
}

impl<'a> Source<'a> {
    fn new(traffic: &'a Traffic) -> Self {
        Self { traffic, state: 0 }
    }

    /// SplitMix64 (<https://prng.di.unimi.it/splitmix64.c>).
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// The busiest has its share, the others share the rest alike.
    fn next_source(&mut self) -> u32 {
        let others = self.traffic.sources - 1;
        let chance = self.next() as f64 / u64::MAX as f64;
        if others == 0 || chance < self.traffic.busy {
            return BUSIEST;
        }
        let other = self.next() % u64::from(others);
        BUSIEST + 1 + other as u32
    }

    fn key(&mut self, source: u32) -> EventKey {
        let delivery = Uuid::from_u64_pair(self.next(), self.next());
        EventKey {
            provider: "github".to_owned(),
            source: format!("s{source:03}"),
            id: format!("{}:{delivery}", 290_000_000 + source),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traffic(rate: u32, busy: f64) -> Traffic {
        Traffic {
            rate,
            sources: 100,
            busy,
            seconds: 2,
            item_units: 2,
        }
    }

    #[test]
    fn keeps_every_index_partition_cool_at_10_000_a_second_of_one_source() {
        let heat = Heat::of(&traffic(10_000, 1.0));
        assert!((625.0..PARTITION).contains(&heat.listing), "{heat:?}");
        assert!((625.0..PARTITION).contains(&heat.overdue), "{heat:?}");
    }

    #[test]
    fn passes_the_limit_above_16_000_a_second_of_one_source() {
        let heat = Heat::of(&traffic(16_500, 1.0));
        assert!(heat.listing > PARTITION, "{heat:?}");
        assert!(heat.overdue > PARTITION, "{heat:?}");
    }

    #[test]
    fn a_source_with_half_of_it_heats_its_listing_half_as_much() {
        let (all, half) = (
            Heat::of(&traffic(10_000, 1.0)),
            Heat::of(&traffic(10_000, 0.5)),
        );
        let ratio = all.listing / half.listing;
        assert!((1.7..2.1).contains(&ratio), "{ratio}");
        // Which source an event has does not matter there.
        let ratio = all.overdue / half.overdue;
        assert!((0.9..1.1).contains(&ratio), "{ratio}");
    }

    #[test]
    fn the_hottest_table_partition_needs_more_than_the_fewest() {
        let heat = Heat::of(&traffic(10_000, 0.5));
        assert_eq!(heat.fewest, 40);
        assert!(heat.table > PARTITION, "{heat:?}");
        assert!((41..=80).contains(&heat.wanted), "{heat:?}");
    }

    #[test]
    fn twice_the_shards_carry_what_is_too_much_for_the_shards_there_are() {
        let heat = Heat::of(&traffic(10_000, 1.0));
        assert_eq!(
            (heat.listing_shards, heat.overdue_shards),
            (16, 32),
            "{heat:?}"
        );
        let heat = Heat::of(&traffic(20_000, 1.0));
        assert_eq!(
            (heat.listing_shards, heat.overdue_shards),
            (32, 64),
            "{heat:?}"
        );
    }

    #[test]
    fn draws_the_same_events_every_time() {
        assert_eq!(Heat::of(&traffic(1000, 0.5)), Heat::of(&traffic(1000, 0.5)));
    }

    #[test]
    fn events_beyond_the_sample_stand_for_several() {
        let heat = Heat::of(&traffic(10 * SAMPLE, 0.5));
        let share = f64::from(10 * SAMPLE * OVERDUE_WRITES) / f64::from(OVERDUE_SHARDS);
        assert!((share..share * 1.1).contains(&heat.overdue), "{heat:?}");
    }
}
