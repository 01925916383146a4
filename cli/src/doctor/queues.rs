//! The queue and the dead-letter queue.

use std::collections::HashMap;

use aws_sdk_sqs::types::QueueAttributeName;
use futures::future::BoxFuture;
use serde_json::Value;
use webhooks::limits;

use super::examined::Examined;
use super::finding::{Fault, Unread};

const RIGHT: &str = "sqs:GetQueueAttributes";

/// Receives of a message before it is a dead letter, at least: the ledger counts attempts, and the queue only has to
/// bring the message.
const RECEIVES: u64 = 50;

type Attributes = HashMap<QueueAttributeName, String>;

pub(super) fn check(examined: &Examined) -> BoxFuture<'_, Result<Vec<Fault>, Unread>> {
    Box::pin(async move {
        let mut faults = Vec::new();
        let dead_letters = examined.physical("DeadLetterQueue");
        if let Some(url) = examined.physical("Queue") {
            let attributes = attributes(examined, url).await?;
            faults.extend(retention(url, &attributes));
            faults.extend(encryption(url, &attributes));
            faults.extend(visibility(url, &attributes));
            let target = examined.stack.output("DeadLetterQueueArn").ok();
            faults.extend(redrive(url, &attributes, target));
        }
        if let Some(url) = dead_letters {
            let attributes = attributes(examined, url).await?;
            faults.extend(retention(url, &attributes));
            faults.extend(encryption(url, &attributes));
            let waiting = number(
                &attributes,
                &QueueAttributeName::ApproximateNumberOfMessages,
            );
            if waiting > 0 {
                faults.push(Fault::new(
                    url,
                    format!("{waiting} messages wait in the dead-letter queue"),
                    "each goes 14 days after it was sent, whatever it carries",
                    format!("webhooks dead-letters{}", examined.options),
                ));
            }
        }
        Ok(faults)
    })
}

async fn attributes(examined: &Examined, url: &str) -> Result<Attributes, Unread> {
    let client = aws_sdk_sqs::Client::new(&examined.stack.config);
    let request = client.get_queue_attributes().queue_url(url);
    let answer = request
        .attribute_names(QueueAttributeName::All)
        .send()
        .await;
    let answer = answer.map_err(|error| Unread::sdk(RIGHT, &error))?;
    Ok(answer.attributes.unwrap_or_default())
}

fn number(attributes: &Attributes, name: &QueueAttributeName) -> u64 {
    let value = attributes.get(name);
    value.and_then(|value| value.parse().ok()).unwrap_or(0)
}

fn set(url: &str, attribute: &str, value: impl std::fmt::Display) -> String {
    format!("aws sqs set-queue-attributes --queue-url {url} --attributes {attribute}={value}")
}

fn retention(url: &str, attributes: &Attributes) -> Option<Fault> {
    let kept = number(attributes, &QueueAttributeName::MessageRetentionPeriod);
    let wanted = limits::MESSAGE_RETENTION.as_secs();
    (kept != wanted).then(|| {
        Fault::new(
            url,
            format!("messages are kept for {kept} s and must be for {wanted} s"),
            "the ledger's retention and the time to see to dead letters are made for 14 days",
            set(url, "MessageRetentionPeriod", wanted),
        )
    })
}

fn encryption(url: &str, attributes: &Attributes) -> Option<Fault> {
    let own = attributes.get(&QueueAttributeName::SqsManagedSseEnabled);
    let is_encrypted = own.is_some_and(|value| value == "true")
        || attributes.contains_key(&QueueAttributeName::KmsMasterKeyId);
    (!is_encrypted).then(|| {
        Fault::new(
            url,
            "messages are not encrypted at rest",
            "they carry payloads",
            set(url, "SqsManagedSseEnabled", true),
        )
    })
}

fn visibility(url: &str, attributes: &Attributes) -> Option<Fault> {
    let hidden = number(attributes, &QueueAttributeName::VisibilityTimeout);
    let wanted = limits::VISIBILITY.as_secs();
    (hidden < wanted).then(|| {
        Fault::new(
            url,
            format!("the visibility timeout is {hidden} s and must be {wanted} s"),
            "below six times the processor's time limit a message comes again while it is still in hand",
            set(url, "VisibilityTimeout", wanted),
        )
    })
}

fn redrive(url: &str, attributes: &Attributes, target: Option<&str>) -> Option<Fault> {
    let policy = attributes.get(&QueueAttributeName::RedrivePolicy);
    let policy: Value = policy
        .and_then(|policy| serde_json::from_str(policy).ok())
        .unwrap_or_default();
    // SQS gives the number as one or as a text, as it was set.
    let receives = &policy["maxReceiveCount"];
    let receives = receives
        .as_u64()
        .or_else(|| receives.as_str()?.parse().ok());
    let is_ours = policy["deadLetterTargetArn"].as_str() == target && target.is_some();
    let problem = match receives {
        None => "it has no dead-letter queue".to_owned(),
        Some(_) if !is_ours => "its dead letters go to another queue than the stack's".to_owned(),
        Some(few) if few < RECEIVES => {
            format!("a message is a dead letter after {few} receives; it must be {RECEIVES}")
        }
        Some(_) => return None,
    };
    let target = target.unwrap_or("DEAD_LETTER_QUEUE_ARN");
    Some(Fault::new(
        url,
        problem,
        "what cannot be recorded is lost, or good messages are given up while something is down",
        format!(
            "aws sqs set-queue-attributes --queue-url {url} --attributes \
             '{{\"RedrivePolicy\": \"{{\\\"deadLetterTargetArn\\\": \\\"{target}\\\", \\\"maxReceiveCount\\\": {RECEIVES}}}\"}}'"
        ),
    ))
}
