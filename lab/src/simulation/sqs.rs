//! SQS in memory: one queue, with delays, visibility and receive counts.

use std::collections::BTreeMap;

use md5::{Digest, Md5};
use serde_json::{Value, json};
use webhooks::envelope::Message as Envelope;

use super::network::Answer;

/// The queue. Times are milliseconds of the simulation.
#[derive(Debug, Default)]
pub(super) struct Sqs {
    messages: BTreeMap<u64, Message>,
    next: u64,
    /// Messages that were sent so far.
    pub(super) sent: u64,
}

#[derive(Debug)]
struct Message {
    body: String,
    visible_at: u64,
    received: u32,
}

/// A message that was received.
#[derive(Clone, Debug)]
pub(super) struct Received {
    pub(super) id: u64,
    pub(super) body: String,
    pub(super) received: u32,
}

impl Sqs {
    pub(super) fn answer(&mut self, operation: &str, request: &Value, now: u64) -> Answer {
        match operation {
            "SendMessage" => {
                let body = request["MessageBody"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned();
                let delay = request["DelaySeconds"].as_u64().unwrap_or(0);
                let digest = hex::encode(Md5::digest(body.as_bytes()));
                let id = self.send(body, now + delay * 1000);
                Answer::Good(json!({"MessageId": id.to_string(), "MD5OfMessageBody": digest}))
            }
            "GetQueueAttributes" => {
                let waiting = self
                    .messages
                    .values()
                    .filter(|message| message.visible_at <= now);
                let count = waiting.count().to_string();
                Answer::Good(json!({"Attributes": {"ApproximateNumberOfMessages": count}}))
            }
            "ChangeMessageVisibility" => {
                let handle = request["ReceiptHandle"].as_str().unwrap_or_default();
                let hidden = request["VisibilityTimeout"].as_u64().unwrap_or(0);
                let message = handle
                    .parse()
                    .ok()
                    .and_then(|id: u64| self.messages.get_mut(&id));
                if let Some(message) = message {
                    message.visible_at = now + hidden * 1000;
                }
                Answer::Good(json!({}))
            }
            other => panic!("no function calls {other}"),
        }
    }

    pub(super) fn send(&mut self, body: String, visible_at: u64) -> u64 {
        self.next += 1;
        self.sent += 1;
        let message = Message {
            body,
            visible_at,
            received: 0,
        };
        self.messages.insert(self.next, message);
        self.next
    }

    /// Up to ten messages, hidden from now on.
    pub(super) fn receive(&mut self, now: u64, hidden: u64) -> Vec<Received> {
        let visible = self.messages.iter_mut();
        let visible = visible.filter(|(_, message)| message.visible_at <= now);
        let received = visible.take(10).map(|(id, message)| {
            message.visible_at = now + hidden;
            message.received += 1;
            Received {
                id: *id,
                body: message.body.clone(),
                received: message.received,
            }
        });
        received.collect()
    }

    pub(super) fn delete(&mut self, id: u64) {
        self.messages.remove(&id);
    }

    /// Loses a message, as nothing but a mistake does. One that carries an event which the ledger may not
    /// have is the event, and not lost.
    pub(super) fn lose(&mut self, number: u64) {
        let count = u64::try_from(self.messages.len()).unwrap_or(0);
        let index = usize::try_from(number % count.max(1)).unwrap_or(0);
        let chosen = self.messages.iter().nth(index);
        let chosen = chosen.filter(|(_, message)| {
            Envelope::read(&message.body).is_ok_and(|message| !message.unrecorded)
        });
        if let Some(id) = chosen.map(|(id, _)| *id) {
            self.messages.remove(&id);
        }
    }

    /// Sends a copy of a message, as SQS may.
    pub(super) fn repeat(&mut self, number: u64, now: u64) {
        let count = u64::try_from(self.messages.len()).unwrap_or(0);
        let index = usize::try_from(number % count.max(1)).unwrap_or(0);
        let body = self
            .messages
            .values()
            .nth(index)
            .map(|message| message.body.clone());
        body.map(|body| self.send(body, now));
    }

    /// When the next message can be received.
    pub(super) fn next_visible(&self) -> Option<u64> {
        self.messages
            .values()
            .map(|message| message.visible_at)
            .min()
    }
}
