//! A queue that one test has for itself.

use aws_config::SdkConfig;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{Message, QueueAttributeName};
use serde_json::{Value, json};
use webhooks::queue::Queue;

use super::unique;

pub(crate) struct OwnQueue {
    client: Client,
    pub(crate) url: String,
}

impl OwnQueue {
    pub(crate) async fn make(config: &SdkConfig) -> Self {
        let client = Client::new(config);
        let created = client
            .create_queue()
            .queue_name(unique("own"))
            .attributes(QueueAttributeName::VisibilityTimeout, "360")
            .send()
            .await
            .expect("a queue");
        let url = created.queue_url.expect("its URL");
        Self { client, url }
    }

    pub(crate) fn queue(&self) -> Queue {
        Queue::new(self.client.clone(), &self.url)
    }

    /// Sends what is received for the second time to another queue instead.
    pub(crate) async fn give_up_after_one(&self, dead_letters: &Self) {
        let attributes = dead_letters
            .client
            .get_queue_attributes()
            .queue_url(&dead_letters.url)
            .attribute_names(QueueAttributeName::QueueArn)
            .send()
            .await
            .expect("the queue's attributes");
        let arn = &attributes.attributes().expect("attributes")[&QueueAttributeName::QueueArn];
        let policy = json!({"deadLetterTargetArn": arn, "maxReceiveCount": 1}).to_string();
        let set = self.client.set_queue_attributes().queue_url(&self.url);
        let set = set.attributes(QueueAttributeName::RedrivePolicy, policy);
        set.send().await.expect("a redrive policy");
    }

    /// Takes up to ten messages, waiting up to `seconds` for the first.
    pub(crate) async fn receive(&self, seconds: i32) -> Vec<Message> {
        let receive = self.client.receive_message().queue_url(&self.url);
        let receive = receive
            .max_number_of_messages(10)
            .wait_time_seconds(seconds);
        receive
            .send()
            .await
            .expect("the queue answers")
            .messages
            .unwrap_or_default()
    }

    /// The bodies of all messages that can be received now.
    pub(crate) async fn bodies(&self) -> Vec<String> {
        let mut bodies = Vec::new();
        loop {
            let messages = self.receive(0).await;
            if messages.is_empty() {
                return bodies;
            }
            bodies.extend(messages.into_iter().filter_map(|message| message.body));
        }
    }

    /// Messages that were received and neither deleted nor let go.
    pub(crate) async fn in_flight(&self) -> u32 {
        self.number(QueueAttributeName::ApproximateNumberOfMessagesNotVisible)
            .await
    }

    /// Messages that were sent with a delay that is not over.
    pub(crate) async fn delayed(&self) -> u32 {
        self.number(QueueAttributeName::ApproximateNumberOfMessagesDelayed)
            .await
    }

    /// Messages that can be received now.
    pub(crate) async fn waiting(&self) -> u32 {
        self.number(QueueAttributeName::ApproximateNumberOfMessages)
            .await
    }

    async fn number(&self, name: QueueAttributeName) -> u32 {
        let attributes = self.client.get_queue_attributes().queue_url(&self.url);
        let attributes = attributes.attribute_names(name.clone()).send().await;
        let attributes = attributes.expect("the queue's attributes").attributes;
        let number = &attributes.expect("attributes")[&name];
        number.parse().expect("a number")
    }

    /// Deletes a received message, as Lambda does with what is finished.
    pub(crate) async fn delete(&self, message: &Message) {
        let delete = self.client.delete_message().queue_url(&self.url);
        let delete = delete.set_receipt_handle(message.receipt_handle.clone());
        delete.send().await.expect("SQS deletes it");
    }
}

/// The record of a received message, as Lambda hands it to the processor.
pub(crate) fn record(message: &Message) -> Value {
    json!({
        "messageId": message.message_id(),
        "receiptHandle": message.receipt_handle(),
        "body": message.body(),
        "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "awsRegion": "us-east-1",
    })
}
