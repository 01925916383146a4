//! A visit to the dead-letter queue: messages are received, looked at, and given back.

use std::collections::{HashMap, HashSet};

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName};
use webhooks::event::EventKey;
use webhooks::ledger::Summary;

use super::Action;
use super::letter::{Letter, Outcome};
use crate::failure::Failure;
use crate::stack::Stack;

/// The time for which nobody else sees a message that is looked at, in seconds.
const HIDDEN: i32 = 60;

/// Answers without a new message after which the queue is taken for read.
const EMPTY: u32 = 3;

/// The messages of one visit.
pub(crate) struct Visit {
    sqs: Client,
    url: String,
    letters: Vec<Letter>,
    /// In the order of the letters.
    messages: Vec<Message>,
    /// Those that are looked at and are not meant.
    others: Vec<Message>,
    is_complete: bool,
}

impl Visit {
    /// Receives up to `limit` messages.
    ///
    /// # Errors
    /// [`Failure`] when SQS does not answer; what was received by then comes back by itself.
    pub(crate) async fn begin(stack: &Stack, limit: usize) -> Result<Self, Failure> {
        let mut visit = Self {
            sqs: Client::new(&stack.config),
            url: stack.output("DeadLetterQueueUrl")?.to_owned(),
            letters: Vec::new(),
            messages: Vec::new(),
            others: Vec::new(),
            is_complete: false,
        };
        if let Err(failure) = visit.receive(limit).await {
            visit.give_back().await;
            return Err(failure);
        }
        visit.letters = visit.messages.iter().map(Letter::read).collect();
        Ok(visit)
    }

    async fn receive(&mut self, limit: usize) -> Result<(), Failure> {
        let (mut empty, mut seen) = (0, HashSet::new());
        while self.messages.len() < limit && empty < EMPTY {
            let most = (limit - self.messages.len()).min(10);
            let request = self.sqs.receive_message().queue_url(&self.url);
            let received = request
                .max_number_of_messages(i32::try_from(most).unwrap_or(10))
                .visibility_timeout(HIDDEN)
                .wait_time_seconds(1)
                .message_system_attribute_names(MessageSystemAttributeName::All)
                .send()
                .await
                .map_err(|error| Failure::new("the dead-letter queue", error))?;
            let mut fresh = received.messages.unwrap_or_default();
            fresh.retain(|message| seen.insert(message.message_id.clone()));
            empty = if fresh.is_empty() { empty + 1 } else { 0 };
            self.messages.append(&mut fresh);
        }
        self.is_complete = empty == EMPTY;
        Ok(())
    }

    /// The messages that are meant.
    pub(crate) fn letters(&self) -> &[Letter] {
        &self.letters
    }

    /// True if the queue gave no more.
    pub(crate) fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// Looks up in the ledger what the messages are about.
    ///
    /// # Errors
    /// [`Failure`] when DynamoDB does not answer.
    pub(crate) async fn explain(&mut self, stack: &Stack) -> Result<(), Failure> {
        let mut keys: Vec<EventKey> = self
            .letters
            .iter()
            .filter_map(Letter::key)
            .cloned()
            .collect();
        keys.sort();
        // One that is asked for twice is an error to DynamoDB.
        keys.dedup();
        let found = stack.ledger()?.summaries(&keys).await;
        let found = found.map_err(|error| Failure::new("the ledger", error))?;
        let found: HashMap<EventKey, Summary> = found
            .into_iter()
            .map(|summary| (summary.key.clone(), summary))
            .collect();
        for letter in &mut self.letters {
            let known = letter.key().and_then(|key| found.get(key)).cloned();
            letter.explain(known.as_ref());
        }
        Ok(())
    }

    /// Leaves aside what is not meant.
    pub(crate) fn keep_only(&mut self, is_meant: impl Fn(&Letter) -> bool) {
        let letters = std::mem::take(&mut self.letters);
        let messages = std::mem::take(&mut self.messages);
        for (letter, message) in letters.into_iter().zip(messages) {
            if is_meant(&letter) {
                self.letters.push(letter);
                self.messages.push(message);
            } else {
                self.others.push(message);
            }
        }
    }

    /// Does with the rest what is asked for, or says what it would do.
    ///
    /// # Errors
    /// [`Failure`] when the stack does not name its queue.
    pub(crate) async fn act(
        &mut self,
        stack: &Stack,
        action: Action,
        is_meant: bool,
    ) -> Result<(), Failure> {
        let queue = stack.queue()?;
        for (letter, message) in self.letters.iter_mut().zip(&mut self.messages) {
            letter.outcome = match (action, is_meant) {
                (Action::Redrive, false) => Outcome::WouldRedrive,
                (Action::Drop, false) => Outcome::WouldDrop,
                (Action::Redrive, true) => Outcome::Redriven,
                (Action::Drop, true) => Outcome::Dropped,
            };
            if !is_meant {
                continue;
            }
            // Sent before it is deleted: should this end between the two, it is there twice, and counts once.
            if action == Action::Redrive
                && let Err(error) = queue
                    .send(message.body.clone().unwrap_or_default(), None)
                    .await
            {
                letter.outcome = Outcome::Error;
                letter.detail = error.to_string();
                continue;
            }
            let delete = self.sqs.delete_message().queue_url(&self.url);
            let handle = message.receipt_handle.clone().unwrap_or_default();
            match delete.receipt_handle(handle).send().await {
                Ok(_) => message.receipt_handle = None,
                Err(error) => {
                    letter.outcome = Outcome::Error;
                    letter.detail = crate::account::chain(&error);
                }
            }
        }
        Ok(())
    }

    /// Lets others see the messages again that are still there. Where that fails, they do in a minute.
    pub(crate) async fn give_back(&self) {
        let messages = self.messages.iter().chain(&self.others);
        for handle in messages.filter_map(Message::receipt_handle) {
            let request = self.sqs.change_message_visibility().queue_url(&self.url);
            let request = request.receipt_handle(handle).visibility_timeout(0);
            let _ = request.send().await;
        }
    }
}
