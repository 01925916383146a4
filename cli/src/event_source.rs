//! The part of AWS between the queue and the processor: an event source mapping with
//! `ReportBatchItemFailures`
//! (<https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>), and the
//! schedule of the relay.
//!
//! Messages that succeeded are deleted. The others stay invisible until the queue's visibility
//! timeout ends, or as long as the function said; their receive count, and the dead-letter queue
//! after too many, are the queue's own business.

use std::collections::HashSet;
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::ProvideErrorMetadata;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use webhooks::timestamp::Timestamp;

use crate::failure::Failure;
use crate::functions::{Invoked, Invoker};
use crate::keys::REGION;
use crate::template::Function;

/// The time between two runs of the relay.
const RELAY: Duration = Duration::from_secs(60);

/// The emulator's answer when a message has come again since it was received.
const OLD_RECEIPT: &str = "ReceiptHandleIsInvalid";

/// The time that one look at the queue waits for messages, in seconds.
const WAIT_SECONDS: i32 = 1;

/// Which messages of a batch stay in the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// None: the batch succeeded.
    None,
    /// These.
    Some(HashSet<String>),
    /// All: the batch failed as a whole.
    All,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    #[serde(default)]
    batch_item_failures: Option<Vec<Failed>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Failed {
    #[serde(default)]
    item_identifier: Option<String>,
}

impl Kept {
    /// AWS's rules. An answer of nothing, or a list of nothing, is success. An identifier that is
    /// empty, null, under another name or not in the batch, and an answer that is not such JSON,
    /// fail the whole batch.
    pub fn after(invoked: &Invoked, batch: &HashSet<String>) -> Self {
        let Invoked::Returned(body) = invoked else {
            return Self::All;
        };
        if body.is_empty() {
            return Self::None;
        }
        let failures = match serde_json::from_slice::<Option<Response>>(body) {
            Ok(Some(Response {
                batch_item_failures: Some(failures),
            })) => failures,
            Ok(_) => return Self::None,
            Err(_) => return Self::All,
        };
        let ids: Option<HashSet<String>> = failures
            .into_iter()
            .map(|failed| failed.item_identifier.filter(|id| batch.contains(id)))
            .collect();
        match ids {
            Some(ids) if ids.is_empty() => Self::None,
            Some(ids) => Self::Some(ids),
            None => Self::All,
        }
    }

    fn keeps(&self, id: &str) -> bool {
        match self {
            Self::None => false,
            Self::Some(ids) => ids.contains(id),
            Self::All => true,
        }
    }
}

/// Takes batches from a queue to a function until it is dropped.
///
/// # Errors
/// [`Failure`] when the queue cannot be read.
pub async fn feed(
    sqs: Client,
    queue_url: String,
    invoker: Invoker,
    function: Function,
) -> Result<(), Failure> {
    loop {
        pass_batch(&sqs, &queue_url, &invoker, &function).await?;
    }
}

/// Takes one batch, if there are messages.
///
/// # Errors
/// [`Failure`] when the queue cannot be read.
pub async fn pass_batch(
    sqs: &Client,
    queue_url: &str,
    invoker: &Invoker,
    function: &Function,
) -> Result<(), Failure> {
    let received = sqs
        .receive_message()
        .queue_url(queue_url)
        .max_number_of_messages(i32::try_from(function.batch_size.unwrap_or(10)).unwrap_or(10))
        .wait_time_seconds(WAIT_SECONDS)
        .message_system_attribute_names(MessageSystemAttributeName::All)
        .send()
        .await
        .map_err(|error| Failure::new("the queue", error))?;
    let messages = received.messages.unwrap_or_default();
    if messages.is_empty() {
        return Ok(());
    }
    let batch = messages
        .iter()
        .filter_map(|message| message.message_id.clone())
        .collect();
    let invoked = invoker.invoke(function, &sqs_event(&messages)).await;
    let kept = Kept::after(&invoked, &batch);
    for message in messages {
        if kept.keeps(message.message_id.as_deref().unwrap_or_default()) {
            continue;
        }
        let delete = sqs.delete_message().queue_url(queue_url);
        let deleted = delete
            .set_receipt_handle(message.receipt_handle)
            .send()
            .await;
        match deleted {
            // SQS takes an old receipt for a success, and hands the message out again.
            Err(error) if error.code() == Some(OLD_RECEIPT) => {}
            Err(error) => return Err(Failure::new("the queue", error)),
            Ok(_) => {}
        }
    }
    Ok(())
}

/// The event that Lambda makes of a batch.
pub fn sqs_event(messages: &[Message]) -> Value {
    let records = messages.iter().map(|message| {
        let attributes: Map<String, Value> = message
            .attributes
            .iter()
            .flatten()
            .map(|(name, value)| (name.as_str().to_owned(), json!(value)))
            .collect();
        json!({
            "messageId": message.message_id,
            "receiptHandle": message.receipt_handle,
            "body": message.body,
            "attributes": attributes,
            "messageAttributes": {},
            "md5OfBody": message.md5_of_body,
            "eventSource": "aws:sqs",
            "eventSourceARN": format!("arn:aws:sqs:{REGION}:000000000000:local"),
            "awsRegion": REGION,
        })
    });
    json!({"Records": records.collect::<Vec<_>>()})
}

/// Runs a scheduled function again and again until it is dropped.
pub async fn schedule(invoker: Invoker, function: Function) {
    let mut ticks = tokio::time::interval(RELAY);
    loop {
        ticks.tick().await;
        let event = json!({
            "version": "0",
            "id": "00000000-0000-4000-8000-000000000000",
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "time": Timestamp::now().to_string(),
            "region": REGION,
            "resources": [],
            "detail": {},
        });
        invoker.invoke(&function, &event).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_lambda_in_what_a_response_means() {
        let batch = HashSet::from(["a".to_owned(), "b".to_owned()]);
        let some = Kept::Some(HashSet::from(["b".to_owned()]));
        let cases: [(&str, Kept); 14] = [
            (r#"{"batchItemFailures": []}"#, Kept::None),
            (r#"{"batchItemFailures": null}"#, Kept::None),
            ("{}", Kept::None),
            ("null", Kept::None),
            ("", Kept::None),
            (
                r#"{"batchItemFailures": [{"itemIdentifier": "b"}]}"#,
                some.clone(),
            ),
            (
                r#"{"batchItemFailures": [{"itemIdentifier": "b"}, {"itemIdentifier": "b"}]}"#,
                some,
            ),
            (
                r#"{"batchItemFailures": [{"itemIdentifier": ""}]}"#,
                Kept::All,
            ),
            (
                r#"{"batchItemFailures": [{"itemIdentifier": null}]}"#,
                Kept::All,
            ),
            (r#"{"batchItemFailures": [{"messageId": "b"}]}"#, Kept::All),
            (
                r#"{"batchItemFailures": [{"itemIdentifier": "c"}]}"#,
                Kept::All,
            ),
            (r#"{"batchItemFailures": "b"}"#, Kept::All),
            (r#""done""#, Kept::All),
            ("<html>", Kept::All),
        ];
        for (body, expected) in cases {
            let invoked = Invoked::Returned(body.as_bytes().to_vec());
            assert_eq!(Kept::after(&invoked, &batch), expected, "{body}");
        }
        assert_eq!(
            Kept::after(&Invoked::Failed("a panic".to_owned()), &batch),
            Kept::All
        );
    }
}
