//! A message of the dead-letter queue, and the reason why it is there.

use serde::Serialize;
use webhooks::envelope::Message;
use webhooks::event::EventKey;
use webhooks::ledger::{Status, Summary};
use webhooks::timestamp::Timestamp;

use crate::filter::Filter;

/// Why a message was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Why {
    /// It is no message of ours.
    Unreadable,
    /// The ledger does not have its event.
    UnknownEvent,
    /// The ledger has its event, which the relay sends when it is due.
    KnownEvent,
}

impl Why {
    /// The word for it on a command line.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::UnknownEvent => "unknown-event",
            Self::KnownEvent => "known-event",
        }
    }
}

/// What was done with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    Listed,
    WouldRedrive,
    WouldDrop,
    Redriven,
    Dropped,
    Error,
}

impl Outcome {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Listed => "listed",
            Self::WouldRedrive => "would redrive",
            Self::WouldDrop => "would drop",
            Self::Redriven => "redriven",
            Self::Dropped => "dropped",
            Self::Error => "error",
        }
    }
}

/// A message of the dead-letter queue. Its body is not shown: somebody else may have written it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Letter {
    /// The id that SQS gave it.
    pub(crate) message: String,
    pub(crate) sent_at: Option<String>,
    pub(crate) receives: u32,
    pub(crate) bytes: usize,
    pub(crate) event: Option<String>,
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    pub(crate) status: Option<&'static str>,
    pub(crate) why: Why,
    pub(crate) detail: String,
    pub(crate) outcome: Outcome,
    #[serde(skip)]
    key: Option<EventKey>,
    #[serde(skip)]
    received_at: Option<Timestamp>,
    #[serde(skip)]
    is_whole: bool,
}

impl Letter {
    /// A message as it was received.
    pub(crate) fn read(message: &aws_sdk_sqs::types::Message) -> Self {
        use aws_sdk_sqs::types::MessageSystemAttributeName as Name;
        let body = message.body().unwrap_or_default();
        let attribute = |name: Name| message.attributes()?.get(&name)?.parse::<i64>().ok();
        let sent = attribute(Name::SentTimestamp).map(Timestamp::from_millis);
        let receives = attribute(Name::ApproximateReceiveCount).unwrap_or_default();
        let mut letter = Self {
            message: message.message_id().unwrap_or_default().to_owned(),
            sent_at: sent.map(|sent| sent.to_string()),
            receives: u32::try_from(receives).unwrap_or_default(),
            bytes: body.len(),
            event: None,
            kind: None,
            status: None,
            why: Why::Unreadable,
            detail: String::new(),
            outcome: Outcome::Listed,
            key: None,
            received_at: None,
            is_whole: false,
        };
        match Message::read(body) {
            Ok(read) => {
                letter.why = Why::UnknownEvent;
                letter.event = Some(read.key.to_string());
                letter.kind = read.whole.as_ref().map(|event| event.kind().to_owned());
                letter.received_at = Some(read.received_at);
                letter.is_whole = read.whole.is_some();
                letter.key = Some(read.key);
            }
            Err(error) => letter.detail = format!("no message of ours: {error}"),
        }
        letter
    }

    /// The event that it is about.
    pub(crate) fn key(&self) -> Option<&EventKey> {
        self.key.as_ref()
    }

    /// Says why it is there, from what the ledger has.
    pub(crate) fn explain(&mut self, known: Option<&Summary>) {
        if self.why == Why::Unreadable {
            return;
        }
        let Some(event) = known else {
            let next = if self.is_whole {
                "redriven, it is recorded and processed, unless it is older than 21 days"
            } else {
                "it does not carry it either, so nothing can come of it"
            };
            self.detail = format!("the ledger does not have the event; {next}");
            return;
        };
        self.why = Why::KnownEvent;
        self.kind = Some(event.kind.clone());
        self.status = Some(event.status.as_str());
        let next = match event.status {
            Status::Done | Status::Ignored => "nothing is lost when it is dropped",
            Status::Failed => "webhooks replay starts the event again",
            Status::Received | Status::Processing | Status::Waiting => {
                "the relay sends the event again when it is due"
            }
        };
        self.detail = format!("the event is {}; {next}", event.status.as_str());
    }

    /// True if the event that it is about is one that a filter means. Without a word about time, any is.
    pub(crate) fn is_meant_by(&self, filter: &Filter, now: Timestamp) -> bool {
        let (Some(key), Some(received_at)) = (&self.key, self.received_at) else {
            return false;
        };
        let begin = Timestamp::from_millis(0);
        let filter = if filter.has("since") || filter.has("until") {
            let (since, until) = filter.range(now);
            let since = if filter.has("since") { since } else { begin };
            filter.between(since, until)
        } else {
            filter.between(begin, received_at)
        };
        let statuses = filter.statuses();
        let is_status = |status: &Status| self.status == Some(status.as_str());
        let (since, until) = filter.range(now);
        filter.takes_entry(key, self.kind.as_deref().unwrap_or_default())
            && (since..=until).contains(&received_at)
            && (statuses.is_empty() || statuses.iter().any(is_status))
    }
}
