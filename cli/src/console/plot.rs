//! Bars over time as SVG. Each part of a bar is a link to the events that it counts.

use maud::{Markup, html};
use webhooks::ledger::Status;
use webhooks::timestamp::Timestamp;

use super::query::link;
use crate::filter::{Filter, Term};
use crate::moment::Moment;

/// Bars of a plot.
const BARS: i64 = 24;

/// Its size and that of its parts, in units of its own.
const WIDTH: i64 = 960;
const HEIGHT: i64 = 180;
const FOOT: i64 = 20;

/// Counts by time and status.
pub(super) struct Bars<'a> {
    filter: &'a Filter,
    since: Timestamp,
    /// The milliseconds of one bar.
    step: i64,
    counts: Vec<[usize; Status::ALL.len()]>,
}

impl<'a> Bars<'a> {
    /// Bars over a time range, for the events of a filter.
    pub(super) fn new(filter: &'a Filter, since: Timestamp, until: Timestamp) -> Self {
        let length = until.millis().saturating_sub(since.millis()).max(BARS);
        Self {
            filter,
            since,
            step: length.div_euclid(BARS) + 1,
            counts: vec![Default::default(); BARS as usize],
        }
    }

    /// Counts one event.
    pub(super) fn count(&mut self, at: Timestamp, status: Status) {
        let bar = at.millis().saturating_sub(self.since.millis()) / self.step;
        let place = Status::ALL.iter().position(|one| *one == status);
        let bar = usize::try_from(bar)
            .ok()
            .and_then(|bar| self.counts.get_mut(bar));
        if let (Some(bar), Some(place)) = (bar, place) {
            bar[place] += 1;
        }
    }

    /// The plot.
    pub(super) fn draw(&self, title: &str) -> Markup {
        let most = self.counts.iter().map(|bar| bar.iter().sum::<usize>());
        let most = i64::try_from(most.max().unwrap_or_default()).unwrap_or(i64::MAX);
        let foot = HEIGHT - FOOT;
        let end = Timestamp::from_millis(self.since.millis() + self.step * BARS);
        html! {
            figure {
                figcaption { (title) }
                svg.plot viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="group" aria-label=(title) {
                    line x1="0" x2=(WIDTH) y1=(foot) y2=(foot) {}
                    text x="0" y="11" { "most: " (most) }
                    text x="0" y=(HEIGHT - 5) { (minute(self.since)) }
                    text x=(WIDTH) y=(HEIGHT - 5) text-anchor="end" { (minute(end)) }
                    @for (bar, counts) in self.counts.iter().enumerate() {
                        (self.bar(bar, counts, most.max(1)))
                    }
                }
            }
        }
    }

    fn bar(&self, bar: usize, counts: &[usize], most: i64) -> Markup {
        let bar = i64::try_from(bar).unwrap_or_default();
        let begin = Timestamp::from_millis(self.since.millis() + bar * self.step);
        let end = Timestamp::from_millis(begin.millis() + self.step - 1);
        let width = WIDTH / BARS;
        let mut top = HEIGHT - FOOT;
        let parts = Status::ALL
            .iter()
            .zip(counts)
            .filter(|(_, count)| **count > 0);
        let parts = parts.map(|(status, count)| {
            let count = i64::try_from(*count).unwrap_or(i64::MAX);
            let height = (count.saturating_mul(HEIGHT - FOOT - 20) / most).max(2);
            top -= height;
            let label = format!("{count} {} from {}", status.as_str(), minute(begin));
            html! {
                a class=(status.as_str()) href=(self.events(*status, begin, end)) aria-label=(label) {
                    title { (label) }
                    rect x=(bar * width + 3) y=(top) width=(width - 6) height=(height) {}
                }
            }
        });
        let parts: Vec<_> = parts.collect();
        html! { @for part in parts { (part) } }
    }

    /// The link to the events of one part of a bar.
    fn events(&self, status: Status, begin: Timestamp, end: Timestamp) -> String {
        let is_ours = |term: &&Term| !matches!(term.key(), "since" | "until" | "status");
        let others = self.filter.terms().iter().filter(is_ours).cloned();
        let ours = [
            Term::Status(status),
            Term::Since(Moment::At(begin)),
            Term::Until(Moment::At(end)),
        ];
        let words: Vec<_> = others.chain(ours).map(|term| term.to_string()).collect();
        link("/events", &[("q", &words.join(" "))])
    }
}

/// A moment to its minute.
fn minute(at: Timestamp) -> String {
    at.to_string().chars().take(16).collect()
}
