//! Twilio: an inbound message becomes a notification, through SNS.

use aws_sdk_sns::types::MessageAttributeValue;
use serde::Deserialize;
use serde_json::json;
use webhooks::aws;
use webhooks::event::Event;
use webhooks::router::{Context, Outcome};

use crate::resources::Resources;

/// An inbound message (<https://www.twilio.com/docs/messaging/guides/webhook-request>).
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Message {
    message_sid: String,
    from: String,
    to: String,
    #[serde(default)]
    body: String,
}

/// Publishes the message; the attribute `idempotencyKey` is the same should it be published twice.
pub(crate) async fn on_message(context: Context<Resources>, event: Event<'static>) -> Outcome {
    let Some(message) = event.data::<Message>() else {
        return Outcome::failed("not an inbound message");
    };
    let text = json!({
        "messageSid": message.message_sid,
        "from": message.from,
        "to": message.to,
        "body": message.body,
    });
    let key = MessageAttributeValue::builder()
        .data_type("String")
        .string_value(&context.idempotency_key)
        .build()
        .expect("the data type is set");
    let publish = context.state.sns.publish().topic_arn(&context.state.topic);
    let publish = publish
        .message(text.to_string())
        .message_attributes("idempotencyKey", key);
    match publish.send().await {
        Ok(_) => Outcome::done(),
        Err(error) => Outcome::retry(format!(
            "SNS refused the notification: {}",
            aws::code(&error)
        )),
    }
}
