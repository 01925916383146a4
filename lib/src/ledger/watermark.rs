//! How far a source was compared with what its provider says it sent.
//!
//! The key is none that an event can have, since an event's has a second slash after its source.

use aws_sdk_dynamodb::types::{AttributeValue, Put};

use super::attributes::{Attributes, PK, number, text};
use super::error::LedgerError;
use super::reader::Reader;
use super::table::Ledger;
use crate::timestamp::Timestamp;

/// How far a source was compared with what its provider says it sent. All but `not_before` are times of the
/// provider's clock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Watermark {
    /// Everything until then was compared.
    pub reached: Option<Timestamp>,
    /// The walk that goes on.
    pub walk: Option<Walk>,
    /// The API takes no call before that.
    pub not_before: Option<Timestamp>,
    /// Times of which nobody can say any more what was sent, oldest first.
    pub gaps: Vec<Gap>,
    /// Counts the writes, so that of two walks at one time only one moves it.
    version: i64,
}

/// A walk through what a provider lists, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walk {
    /// Where it began: the mark once the walk is through.
    pub top: Timestamp,
    /// Where it ends.
    pub floor: Timestamp,
    /// The page to be read next; none for the first.
    pub cursor: Option<String>,
}

/// A time of which nobody can say any more what was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Its beginning.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
}

/// Most gaps that are told apart; the newest takes up what comes after them.
const GAPS: usize = 10;

impl Watermark {
    /// Notes a gap.
    pub fn note(&mut self, gap: Gap) {
        let is_full = self.gaps.len() >= GAPS;
        match self.gaps.last_mut() {
            Some(last) if is_full || last.to >= gap.from => last.to = last.to.max(gap.to),
            _ => self.gaps.push(gap),
        }
    }

    fn read(mut item: Attributes) -> Self {
        let mut item = Reader(&mut item);
        let mut time = |name| item.number(name).ok().map(Timestamp::from_millis);
        let (reached, not_before) = (time("reached"), time("not_before"));
        let walk = time("walk_top").zip(time("walk_floor"));
        Self {
            reached,
            not_before,
            walk: walk.map(|(top, floor)| Walk {
                top,
                floor,
                cursor: item.text("walk_cursor").ok(),
            }),
            gaps: item
                .texts("gaps")
                .iter()
                .filter_map(|gap| read_gap(gap))
                .collect(),
            version: item.number("version").unwrap_or_default(),
        }
    }

    fn item(&self, pk: String, version: i64) -> Attributes {
        let mut item = Attributes::from([
            (PK.to_owned(), text(pk)),
            ("version".to_owned(), number(version)),
        ]);
        let mut set = |name: &str, time: Option<Timestamp>| {
            if let Some(time) = time {
                item.insert(name.to_owned(), number(time.millis()));
            }
        };
        set("reached", self.reached);
        set("not_before", self.not_before);
        set("walk_top", self.walk.as_ref().map(|walk| walk.top));
        set("walk_floor", self.walk.as_ref().map(|walk| walk.floor));
        if let Some(cursor) = self.walk.as_ref().and_then(|walk| walk.cursor.as_ref()) {
            item.insert("walk_cursor".to_owned(), text(cursor));
        }
        if !self.gaps.is_empty() {
            let gap = |gap: &Gap| text(format!("{} {}", gap.from.millis(), gap.to.millis()));
            let gaps = self.gaps.iter().map(gap).collect();
            item.insert("gaps".to_owned(), AttributeValue::L(gaps));
        }
        item
    }
}

fn read_gap(text: &str) -> Option<Gap> {
    let (from, to) = text.split_once(' ')?;
    let time = |text: &str| text.parse().ok().map(Timestamp::from_millis);
    Some(Gap {
        from: time(from)?,
        to: time(to)?,
    })
}

fn key(provider: &str, source: &str) -> String {
    format!("{provider}/{source}#watermark")
}

impl Ledger {
    /// How far a source was compared, read consistently; of one that never was, an empty mark.
    ///
    /// # Errors
    /// [`LedgerError`] when DynamoDB does not answer.
    pub async fn watermark(&self, provider: &str, source: &str) -> Result<Watermark, LedgerError> {
        let item = self.get(key(provider, source)).await?;
        Ok(item.map(Watermark::read).unwrap_or_default())
    }

    /// Moves a mark that was read before; says whether it did, for somebody else may have.
    ///
    /// # Errors
    /// [`LedgerError`] when it is not known whether it was moved.
    pub async fn move_watermark(
        &self,
        provider: &str,
        source: &str,
        mark: &mut Watermark,
    ) -> Result<bool, LedgerError> {
        let next = mark.version + 1;
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(mark.item(key(provider, source), next)))
            .condition_expression("attribute_not_exists(pk) OR version = :seen")
            .expression_attribute_values(":seen", number(mark.version));
        let put = put.build().expect("table and item are set above");
        match self.put(put).send().await {
            Ok(_) => {
                mark.version = next;
                Ok(true)
            }
            Err(error) => match error.as_service_error() {
                Some(error) if error.is_conditional_check_failed_exception() => Ok(false),
                _ => Err(error.into()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    #[test]
    fn an_item_has_all_of_a_mark() {
        let mut mark = Watermark {
            reached: Some(at(50)),
            walk: Some(Walk {
                top: at(90),
                floor: at(40),
                cursor: Some("v1_7".to_owned()),
            }),
            not_before: Some(at(60)),
            ..Watermark::default()
        };
        mark.note(Gap {
            from: at(1),
            to: at(9),
        });
        let read = Watermark::read(mark.item("a/b#watermark".to_owned(), 3));
        assert_eq!(read, Watermark { version: 3, ..mark });
        let none = Watermark::default();
        assert_eq!(Watermark::read(none.item("k".to_owned(), 0)), none);
    }

    #[test]
    fn gaps_that_touch_are_one_and_their_number_is_bounded() {
        let mut mark = Watermark::default();
        for start in [0, 10, 40] {
            mark.note(Gap {
                from: at(start),
                to: at(start + 10),
            });
        }
        let ends: Vec<_> = mark.gaps.iter().map(|gap| gap.to.seconds()).collect();
        assert_eq!(ends, [20, 50]);
        for start in 1..100 {
            mark.note(Gap {
                from: at(start * 100),
                to: at(start * 100 + 1),
            });
        }
        assert_eq!(mark.gaps.len(), GAPS);
        assert_eq!(mark.gaps.last().expect("one").to, at(9901));
    }
}
