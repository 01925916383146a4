//! The sources that are paused: what they send is received, and not processed until an operator resumes them.
//!
//! One item has all of them, so that a processor learns of them by one read. Its key begins with a character that no
//! provider's name has, so no event has such a key; and it does not expire. An event of a paused source needs no
//! transition: its message is dropped, which the ledger makes good for every message that gets lost, and the relay
//! does not send it while the pause lasts.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};

use super::attributes::{Attributes, PK, text};
use super::error::LedgerError;
use super::table::Ledger;
use crate::event::EventKey;
use crate::timestamp::Timestamp;

/// The item's key.
const PAUSES: &str = "#pauses";

/// Stands before what is paused in the name of an attribute.
const OF: &str = "of:";

/// Longest reason, in bytes.
const REASON: usize = 200;

/// A pause of one source, or of all of a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    /// The provider, and the source after a slash where only that one is paused.
    pub what: String,
    /// Its beginning.
    pub at: Timestamp,
    /// The caller who paused it.
    pub by: String,
    /// The reason that he gave; empty for none.
    pub reason: String,
}

impl Pause {
    fn value(&self) -> AttributeValue {
        let reason = &self.reason[..self.reason.floor_char_boundary(REASON)];
        let parts = [&self.at.millis().to_string(), &self.by, reason];
        AttributeValue::L(parts.map(text).into())
    }

    fn read(name: &str, value: AttributeValue) -> Option<Self> {
        let what = name.strip_prefix(OF)?.to_owned();
        let AttributeValue::L(parts) = value else {
            return None;
        };
        let mut parts = parts.into_iter();
        let mut part = || match parts.next() {
            Some(AttributeValue::S(text)) => Some(text),
            _ => None,
        };
        Some(Self {
            what,
            at: Timestamp::from_millis(part()?.parse().ok()?),
            by: part()?,
            reason: part()?,
        })
    }

    fn covers(&self, provider: &str, source: &str) -> bool {
        match self.what.split_once('/') {
            None => self.what == provider,
            Some(one) => one == (provider, source),
        }
    }
}

/// The pauses that last, by what is paused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pauses(Vec<Pause>);

impl Pauses {
    /// True if events of this source are not to be processed.
    pub fn cover(&self, key: &EventKey) -> bool {
        let mut pauses = self.0.iter();
        pauses.any(|pause| pause.covers(&key.provider, &key.source))
    }

    /// All of them.
    pub fn all(&self) -> &[Pause] {
        &self.0
    }

    fn read(item: Option<Attributes>) -> Self {
        let attributes = item.into_iter().flatten();
        let pauses = attributes.filter_map(|(name, value)| Pause::read(&name, value));
        let mut pauses: Vec<Pause> = pauses.collect();
        pauses.sort_by(|one, other| one.what.cmp(&other.what));
        Self(pauses)
    }
}

impl Ledger {
    /// The pauses that last, read consistently.
    ///
    /// # Errors
    /// [`LedgerError`] when DynamoDB does not answer.
    pub async fn pauses(&self) -> Result<Pauses, LedgerError> {
        Ok(Pauses::read(self.get(PAUSES.to_owned()).await?))
    }

    /// Pauses a source, or all of a provider; a pause that lasts already gets another reason.
    ///
    /// # Errors
    /// [`LedgerError`] when it is not known whether it is paused.
    pub async fn pause(&self, pause: &Pause) -> Result<(), LedgerError> {
        let update = self.client.update_item().table_name(&self.table);
        let update = update
            .key(PK, text(PAUSES))
            .update_expression("SET #what = :pause")
            .expression_attribute_names("#what", format!("{OF}{}", pause.what))
            .expression_attribute_values(":pause", pause.value());
        update.send().await?;
        Ok(())
    }

    /// Ends a pause, and gives it; none where there was none of exactly that.
    ///
    /// # Errors
    /// [`LedgerError`] when it is not known whether it has ended.
    pub async fn resume(&self, what: &str) -> Result<Option<Pause>, LedgerError> {
        let name = format!("{OF}{what}");
        let update = self.client.update_item().table_name(&self.table);
        let update = update
            .key(PK, text(PAUSES))
            .update_expression("REMOVE #what")
            .expression_attribute_names("#what", &name)
            .return_values(ReturnValue::AllOld);
        let mut before = update.send().await?.attributes.unwrap_or_default();
        let pause = before.remove(&name);
        Ok(pause.and_then(|value| Pause::read(&name, value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pause(what: &str) -> Pause {
        Pause {
            what: what.to_owned(),
            at: Timestamp::from_seconds(7),
            by: "user/jane".to_owned(),
            reason: "the warehouse is down".to_owned(),
        }
    }

    #[test]
    fn an_item_has_all_of_the_pauses_and_nothing_else_of_it_is_one() {
        let (github, live) = (pause("github"), pause("stripe/live"));
        let mut item = Attributes::from([(PK.to_owned(), text(PAUSES))]);
        for pause in [&live, &github] {
            item.insert(format!("{OF}{}", pause.what), pause.value());
        }
        item.insert("of:odd".to_owned(), text("nothing"));
        let pauses = Pauses::read(Some(item));
        assert_eq!(pauses.all(), [github, live]);
        assert_eq!(Pauses::read(None), Pauses::default());
    }

    #[test]
    fn a_pause_covers_its_source_or_all_of_its_provider() {
        let pauses = Pauses(vec![pause("github"), pause("stripe/live")]);
        for (key, is_covered) in [
            ("github/default/1", true),
            ("github/other/1", true),
            ("github2/default/1", false),
            ("stripe/live/1", true),
            ("stripe/live2/1", false),
            ("stripe/default/1", false),
        ] {
            let parsed: EventKey = key.parse().expect("a key");
            assert_eq!(pauses.cover(&parsed), is_covered, "{key}");
        }
    }
}
