//! A probe of what reached the world outside: queues of our own behind the stack's topic and bus, and its
//! table of payments.

use std::collections::BTreeMap;

use aws_sdk_eventbridge::types::Target;
use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, QueueAttributeName};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::stack::Stack;

/// Where an event had its effect, and how often.
pub type Effects = BTreeMap<&'static str, usize>;

/// Counts effects.
#[derive(Debug)]
pub struct Probe {
    stack: Stack,
    notifications: String,
    bus: String,
    seen: BTreeMap<String, Effects>,
}

impl Probe {
    /// Puts a queue behind the topic and one behind the bus.
    ///
    /// # Errors
    /// [`Failure`] when the emulator refuses it.
    pub async fn place(stack: &Stack) -> Result<Self, Failure> {
        let (notifications, notifications_arn) = queue(stack, "probe-notifications").await?;
        let (bus, bus_arn) = queue(stack, "probe-bus").await?;
        aws_sdk_sns::Client::new(&stack.config)
            .subscribe()
            .topic_arn(stack.output("TopicArn")?)
            .protocol("sqs")
            .endpoint(notifications_arn)
            .send()
            .await
            .map_err(|error| Failure::new("the topic", error))?;
        let events = aws_sdk_eventbridge::Client::new(&stack.config);
        let name = stack.output("BusName")?;
        let everything = json!({"source": ["webhooks"]}).to_string();
        let rule = events
            .put_rule()
            .name("probe")
            .event_bus_name(name)
            .event_pattern(everything);
        rule.send()
            .await
            .map_err(|error| Failure::new("the bus", error))?;
        let target = Target::builder().id("probe").arn(bus_arn).build();
        let target = target.map_err(|error| Failure::new("the bus", error))?;
        let targets = events
            .put_targets()
            .rule("probe")
            .event_bus_name(name)
            .targets(target);
        targets
            .send()
            .await
            .map_err(|error| Failure::new("the bus", error))?;
        Ok(Self {
            stack: stack.clone(),
            notifications,
            bus,
            seen: BTreeMap::new(),
        })
    }

    /// The number of times that an event had its effect so far.
    ///
    /// # Errors
    /// [`Failure`] when the emulator does not answer.
    pub async fn effects(&mut self, key: &str) -> Result<usize, Failure> {
        Ok(self.places(key).await?.values().sum())
    }

    /// Where an event had its effect so far: as a notification, on the bus, or in the table of
    /// payments.
    ///
    /// # Errors
    /// [`Failure`] when the emulator does not answer.
    pub async fn places(&mut self, key: &str) -> Result<Effects, Failure> {
        Ok(self.all().await?.remove(key).unwrap_or_default())
    }

    /// The number of times that each event had its effect so far.
    ///
    /// # Errors
    /// [`Failure`] when the emulator does not answer.
    pub async fn tally(&mut self) -> Result<BTreeMap<String, usize>, Failure> {
        let all = self.all().await?.into_iter();
        Ok(all
            .map(|(event, effects)| (event, effects.values().sum()))
            .collect())
    }

    async fn all(&mut self) -> Result<BTreeMap<String, Effects>, Failure> {
        self.gather().await?;
        let mut all = self.seen.clone();
        for (event, times) in self.payments().await? {
            *all.entry(event).or_default().entry("payment").or_default() += times;
        }
        Ok(all)
    }

    /// Takes what has arrived behind the topic and the bus.
    ///
    /// # Errors
    /// [`Failure`] when the emulator does not answer.
    pub async fn gather(&mut self) -> Result<(), Failure> {
        for message in self.drain(&self.notifications).await? {
            let message: Value = serde_json::from_str(&message).unwrap_or_default();
            let key = &message["MessageAttributes"]["idempotencyKey"]["Value"];
            self.count("notification", key.as_str());
        }
        for message in self.drain(&self.bus).await? {
            self.count("on the bus", idempotency_key(&message));
        }
        Ok(())
    }

    fn count(&mut self, place: &'static str, key: Option<&str>) {
        if let Some(key) = key {
            let effects = self.seen.entry(key.to_owned()).or_default();
            *effects.entry(place).or_default() += 1;
        }
    }

    /// Which event touched a payment last, and how often events touched it.
    async fn payments(&self) -> Result<Vec<(String, usize)>, Failure> {
        let scan = aws_sdk_dynamodb::Client::new(&self.stack.config).scan();
        let scan = scan.table_name(self.stack.output("PaymentsTable")?);
        let mut rows = scan.into_paginator().items().send();
        let mut payments = Vec::new();
        while let Some(row) = rows.next().await {
            let row = row.map_err(|error| Failure::new("the payments", error))?;
            let event = row.get("last_event").and_then(|value| value.as_s().ok());
            let times = row.get("events").and_then(|value| value.as_n().ok());
            let times = times.and_then(|times| times.parse().ok()).unwrap_or(0);
            payments.extend(event.map(|event| (event.clone(), times)));
        }
        Ok(payments)
    }

    async fn drain(&self, queue_url: &str) -> Result<Vec<String>, Failure> {
        let sqs = aws_sdk_sqs::Client::new(&self.stack.config);
        let mut bodies = Vec::new();
        loop {
            let receive = sqs
                .receive_message()
                .queue_url(queue_url)
                .max_number_of_messages(10);
            let received = receive
                .send()
                .await
                .map_err(|error| Failure::new("a probe", error))?;
            let messages = received.messages.unwrap_or_default();
            if messages.is_empty() {
                return Ok(bodies);
            }
            let mut delete = sqs.delete_message_batch().queue_url(queue_url);
            for (number, message) in messages.into_iter().enumerate() {
                bodies.extend(message.body);
                let entry = DeleteMessageBatchRequestEntry::builder()
                    .id(number.to_string())
                    .set_receipt_handle(message.receipt_handle)
                    .build();
                delete = delete.entries(entry.map_err(|error| Failure::new("a probe", error))?);
            }
            let deleted = delete.send().await;
            deleted.map_err(|error| Failure::new("a probe", error))?;
        }
    }
}

async fn queue(stack: &Stack, name: &str) -> Result<(String, String), Failure> {
    let sqs = aws_sdk_sqs::Client::new(&stack.config);
    let failure = |error: &dyn std::fmt::Display| Failure::of(format!("the queue {name}: {error}"));
    let created = sqs
        .create_queue()
        .queue_name(name)
        .send()
        .await
        .map_err(|error| failure(&error))?;
    let url = created.queue_url.unwrap_or_default();
    let attributes = sqs
        .get_queue_attributes()
        .queue_url(&url)
        .attribute_names(QueueAttributeName::QueueArn)
        .send()
        .await
        .map_err(|error| failure(&error))?;
    let arn = attributes
        .attributes()
        .and_then(|all| all.get(&QueueAttributeName::QueueArn));
    Ok((url.clone(), arn.cloned().unwrap_or_default()))
}

/// The key in what came off the bus. It is looked for in the text: the emulator reads a provider's data and
/// writes it again, and then not all of it is JSON (`1e999` becomes `Infinity`).
fn idempotency_key(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once(r#""idempotencyKey""#)?;
    let value = rest.trim_start_matches([':', ' ']).strip_prefix('"')?;
    value.split('"').next()
}
