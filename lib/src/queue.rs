//! The SQS queue between receipt and processing.

use std::error::Error;
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::{
    MessageSystemAttributeNameForSends, MessageSystemAttributeValue, QueueAttributeName,
    SendMessageBatchRequestEntry,
};

use crate::{aws, limits};

/// A call that SQS did not answer well, or a message larger than SQS takes. It may have been sent all
/// the same.
#[derive(Debug, thiserror::Error)]
#[error("the queue cannot be reached ({code})")]
pub struct QueueError {
    code: String,
    #[source]
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// The queue.
#[derive(Clone, Debug)]
pub struct Queue {
    client: Client,
    url: String,
}

impl Queue {
    /// The queue at that URL.
    pub fn new(client: Client, url: impl Into<String>) -> Self {
        Self {
            client,
            url: url.into(),
        }
    }

    /// Opens the connection, so that the first event does not wait for it.
    ///
    /// # Errors
    /// [`QueueError`] when SQS does not answer.
    pub async fn warm(&self) -> Result<(), QueueError> {
        self.client
            .get_queue_attributes()
            .queue_url(&self.url)
            .send()
            .await?;
        Ok(())
    }

    /// Sends one message. `trace` is an X-Ray trace header, which joins the processor's trace to
    /// this one.
    ///
    /// # Errors
    /// [`QueueError`] when it is not known that it was sent.
    pub async fn send(&self, body: String, trace: Option<&str>) -> Result<(), QueueError> {
        self.send_later(body, trace, Duration::ZERO).await
    }

    /// Sends messages in one call: at most ten, and together no larger than one may be. Says how many of
    /// them were not taken.
    ///
    /// # Errors
    /// [`QueueError`] when it is not known that any was sent.
    pub async fn send_together(
        &self,
        bodies: Vec<String>,
        trace: Option<&str>,
    ) -> Result<usize, QueueError> {
        let entry = |(index, body): (usize, String)| {
            let entry = SendMessageBatchRequestEntry::builder()
                .id(index.to_string())
                .message_body(body);
            let entry = match trace {
                Some(trace) => entry.message_system_attributes(TRACE, trace_header(trace)),
                None => entry,
            };
            entry.build().expect("id and body are set")
        };
        let entries = bodies.into_iter().enumerate().map(entry).collect();
        let request = self.client.send_message_batch().queue_url(&self.url);
        let answer = request.set_entries(Some(entries)).send().await?;
        Ok(answer.failed().len())
    }

    /// Sends one message that nobody receives before `delay` is over, in whole seconds and at most
    /// [`limits::LONGEST_DELAY`]. Meanwhile it is not in flight.
    ///
    /// # Errors
    /// [`QueueError`] when it is not known that it was sent.
    pub async fn send_later(
        &self,
        body: String,
        trace: Option<&str>,
        delay: Duration,
    ) -> Result<(), QueueError> {
        if body.len() > limits::MESSAGE {
            return Err(QueueError {
                code: "message too large".to_owned(),
                source: None,
            });
        }
        let mut request = self
            .client
            .send_message()
            .queue_url(&self.url)
            .message_body(body);
        if !delay.is_zero() {
            request = request.delay_seconds(whole_seconds(delay.min(limits::LONGEST_DELAY)));
        }
        if let Some(trace) = trace {
            request = request.message_system_attributes(TRACE, trace_header(trace));
        }
        request.send().await?;
        Ok(())
    }

    /// The number of messages that wait to be received, about.
    ///
    /// # Errors
    /// [`QueueError`] when SQS does not answer.
    pub async fn depth(&self) -> Result<u64, QueueError> {
        let name = QueueAttributeName::ApproximateNumberOfMessages;
        let request = self.client.get_queue_attributes().queue_url(&self.url);
        let answer = request.attribute_names(name.clone()).send().await?;
        let depth = answer
            .attributes()
            .and_then(|all| all.get(&name)?.parse().ok());
        Ok(depth.unwrap_or(0))
    }

    /// Hides a received message for that long from now, in whole seconds, before it comes again.
    ///
    /// # Errors
    /// [`QueueError`] when it is not known that it was done; the message then comes again when its
    /// visibility timeout ends.
    pub async fn hide(&self, receipt_handle: &str, pause: Duration) -> Result<(), QueueError> {
        self.client
            .change_message_visibility()
            .queue_url(&self.url)
            .receipt_handle(receipt_handle)
            .visibility_timeout(whole_seconds(pause))
            .send()
            .await?;
        Ok(())
    }
}

/// The name of the X-Ray trace header of a message.
const TRACE: MessageSystemAttributeNameForSends =
    MessageSystemAttributeNameForSends::AwsTraceHeader;

fn trace_header(trace: &str) -> MessageSystemAttributeValue {
    let value = MessageSystemAttributeValue::builder()
        .data_type("String")
        .string_value(trace);
    value.build().expect("the data type is set")
}

/// Whole seconds, none too few.
fn whole_seconds(time: Duration) -> i32 {
    let seconds = time.as_millis().div_ceil(1000);
    i32::try_from(seconds).unwrap_or(i32::MAX)
}

impl<E, R> From<SdkError<E, R>> for QueueError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    fn from(error: SdkError<E, R>) -> Self {
        let code = aws::code(&error);
        Self {
            code,
            source: Some(Box::new(error)),
        }
    }
}
