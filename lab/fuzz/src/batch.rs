//! What SQS hands to the processor.

use aws_lambda_events::sqs::SqsEvent;

use super::envelope;

/// A batch of queue messages.
pub fn batch(data: &[u8]) {
    let Ok(batch) = serde_json::from_slice::<SqsEvent>(data) else {
        return;
    };
    for record in batch.records {
        envelope::read(&record.body.unwrap_or_default());
    }
}
