//! Twilio: an inbound message becomes a notification, through SNS.

use std::collections::HashMap;

use aws_sdk_sns::types::MessageAttributeValue;
use serde::{Deserialize, Serialize};
use webhooks::event::Event;
use webhooks::router::{Context, Outcome};

use crate::bus;
use crate::effect::Effect;
use crate::refusal::{self, Refusal};
use crate::resources::Resources;

/// An inbound message (<https://www.twilio.com/docs/messaging/guides/webhook-request>).
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
struct Message {
    message_sid: String,
    from: String,
    to: String,
    #[serde(default)]
    body: String,
    /// Where the body is, if SNS does not take it.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    dataref: Option<String>,
}

const REFUSED: &str = "SNS refused the notification";

/// Publishes the message. The attributes `provider` and `source` are for the filters of
/// subscriptions; `idempotencyKey` is the same should it be published twice. A body that SNS does not take
/// is left out, and `dataref` says where it is. Where there is no topic, the event goes on to the bus.
pub(crate) async fn on_message(context: Context<Resources>, event: Event<'static>) -> Outcome {
    let Some(samples) = &context.state.samples else {
        return bus::forward(context, event).await;
    };
    let Some(message) = event.data::<Message>() else {
        return Outcome::failed("not an inbound message");
    };
    let key = &context.idempotency_key;
    let reference = Effect::of(&event, key, message.by_reference(&event));
    let whole = Effect::of(&event, key, message);
    let sent = refusal::or_by_reference(
        publish(&context, &samples.topic, &whole),
        publish(&context, &samples.topic, &reference),
    );
    refusal::outcome(sent.await, REFUSED)
}

impl Message {
    fn by_reference(&self, event: &Event<'_>) -> Self {
        Self {
            message_sid: self.message_sid.clone(),
            from: self.from.clone(),
            to: self.to.clone(),
            body: String::new(),
            dataref: Some(format!("ledger:{}", event.key())),
        }
    }
}

async fn publish(
    context: &Context<Resources>,
    topic: &str,
    notification: &Effect<'_, Message>,
) -> Result<(), Refusal> {
    let text = serde_json::to_string(notification)
        .map_err(|_| Refusal::Lasting("the notification is not JSON".to_owned()))?;
    let publish = context.state.sns.publish().topic_arn(topic);
    let publish = publish
        .message(text)
        .set_message_attributes(Some(attributes(notification)));
    match publish.send().await {
        Ok(_) => Ok(()),
        Err(error) => Err(Refusal::of(&error)),
    }
}

fn attributes<T>(notification: &Effect<'_, T>) -> HashMap<String, MessageAttributeValue> {
    let attribute = |value| {
        MessageAttributeValue::builder()
            .data_type("String")
            .string_value(value)
            .build()
            .expect("the data type is set")
    };
    HashMap::from([
        ("provider".to_owned(), attribute(notification.provider)),
        ("source".to_owned(), attribute(notification.source)),
        (
            "idempotencyKey".to_owned(),
            attribute(notification.idempotency_key),
        ),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{event, odd_members};

    #[test]
    fn a_notification_names_its_source_in_body_and_attributes() {
        let odd = odd_members();
        let text =
            format!(r#"{{{odd},"MessageSid":"SM1","From":"+1","To":"+2","Body":"hello \ud83d"}}"#);
        let event = event("twilio/sales/SM1", "twilio.message.received", &text);
        let message: Message = event.data().expect("a message");
        let notification = Effect::of(&event, "key", message);
        let expected = r#"{"provider":"twilio","source":"sales","id":"SM1","idempotencyKey":"key","messageSid":"SM1","from":"+1","to":"+2","body":"hello �"}"#;
        assert_eq!(
            serde_json::to_string(&notification).expect("JSON"),
            expected
        );
        let attributes = attributes(&notification);
        let attribute = |name: &str| attributes[name].string_value();
        assert_eq!(attribute("provider"), Some("twilio"));
        assert_eq!(attribute("source"), Some("sales"));
        assert_eq!(attribute("idempotencyKey"), Some("key"));
    }
}
