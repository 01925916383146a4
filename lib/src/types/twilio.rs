//! Twilio: <https://www.twilio.com/docs/usage/webhooks>. Most of its webhooks are forms, whose fields are
//! texts.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::shape::{number, or_default};
use crate::json::{Members, scalar};

/// `twilio.message.received`: an inbound message, by SMS, MMS or WhatsApp
/// (<https://www.twilio.com/docs/messaging/guides/webhook-request>). [`Media`] is what is attached.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Message {
    /// Its SID: `SM...` or `MM...`.
    pub message_sid: String,
    /// The sender: `+15555550101`, `whatsapp:+15555550101`.
    pub from: String,
    /// The number that it was sent to.
    pub to: String,
    /// The text.
    #[serde(default, deserialize_with = "or_default")]
    pub body: String,
    /// The account.
    pub account_sid: Option<String>,
    /// The messaging service.
    pub messaging_service_sid: Option<String>,
    /// The number of attachments.
    #[serde(default, deserialize_with = "number")]
    pub num_media: Option<i64>,
    /// The number of segments.
    #[serde(default, deserialize_with = "number")]
    pub num_segments: Option<i64>,
    /// The sender's city.
    pub from_city: Option<String>,
    /// The sender's state or province.
    pub from_state: Option<String>,
    /// The sender's postal code.
    pub from_zip: Option<String>,
    /// The sender's country: `US`.
    pub from_country: Option<String>,
    /// The sender's name in WhatsApp.
    pub profile_name: Option<String>,
    /// The text of the button that was pressed.
    pub button_text: Option<String>,
}

/// The attachments of a message, at most ten: another reading of the same event.
#[derive(Clone, Debug)]
pub struct Media(pub Vec<Medium>);

/// An attachment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Medium {
    /// The URL to get it from.
    pub url: String,
    /// Its media type: `image/jpeg`.
    pub content_type: Option<String>,
}

impl<'de> Deserialize<'de> for Media {
    /// Fields with a number in their names: `MediaUrl0`, `MediaContentType0`, `MediaUrl1`, ...
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Members(members) = Members::deserialize(deserializer)?;
        let value = |name: String| {
            let mut named = members.iter().filter(|(member, _)| *member == name);
            named.next().and_then(|(_, value)| scalar(value))
        };
        let medium = |number| {
            Some(Medium {
                url: value(format!("MediaUrl{number}"))?,
                content_type: value(format!("MediaContentType{number}")),
            })
        };
        Ok(Self((0..).map_while(medium).collect()))
    }
}

/// `twilio.message.sent`, `.delivered`, `.undelivered`, ...: the status of an outbound message
/// (<https://www.twilio.com/docs/messaging/guides/track-outbound-message-status>).
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MessageStatus {
    /// Its SID: `SM...` or `MM...`.
    pub message_sid: String,
    /// `queued`, `sent`, `delivered`, `undelivered`, `failed`, `read`, ...
    pub message_status: String,
    /// The recipient.
    pub to: Option<String>,
    /// The number that it was sent from.
    pub from: Option<String>,
    /// The account.
    pub account_sid: Option<String>,
    /// The messaging service.
    pub messaging_service_sid: Option<String>,
    /// The cause of a failure (<https://www.twilio.com/docs/api/errors>).
    #[serde(default, deserialize_with = "number")]
    pub error_code: Option<i64>,
    /// The cause in words.
    pub error_message: Option<String>,
}

/// `twilio.call.*`: a call, or its status
/// (<https://www.twilio.com/docs/voice/api/call-resource#statuscallback>).
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Call {
    /// Its SID: `CA...`.
    pub call_sid: String,
    /// `queued`, `ringing`, `in-progress`, `completed`, `busy`, `failed`, `no-answer`, ...
    pub call_status: String,
    /// The caller.
    pub from: Option<String>,
    /// The called number.
    pub to: Option<String>,
    /// `inbound`, `outbound-api` or `outbound-dial`.
    pub direction: Option<String>,
    /// The account.
    pub account_sid: Option<String>,
    /// The call that this one is a part of.
    pub parent_call_sid: Option<String>,
    /// The place of this status among those of the call, from 0.
    #[serde(default, deserialize_with = "number")]
    pub sequence_number: Option<i64>,
    /// Seconds, of a call that has ended.
    #[serde(default, deserialize_with = "number")]
    pub call_duration: Option<i64>,
    /// The recording of the call.
    pub recording_url: Option<String>,
}

/// `twilio.` and the type without `com.twilio.`: an event of Event Streams, which is a CloudEvent
/// (<https://www.twilio.com/docs/events>). `T` is the type of its data.
#[derive(Clone, Debug, Deserialize)]
pub struct StreamEvent<T = Box<RawValue>> {
    /// Its id: `EZ...`.
    pub id: String,
    /// The type: `com.twilio.messaging.message.delivered`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The data, whose fields the schema names.
    pub data: T,
    /// The resource that it is about, as a path.
    pub source: Option<String>,
    /// ISO 8601.
    pub time: Option<String>,
    /// The schema of the data.
    pub dataschema: Option<String>,
}

/// The data of `twilio.messaging.message.*`
/// (<https://www.twilio.com/docs/events/event-types/messaging/message-status>).
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StreamMessage {
    /// Its SID: `SM...` or `MM...`.
    pub message_sid: String,
    /// `DELIVERED`, `SENT`, ...
    pub message_status: Option<String>,
    /// The account.
    pub account_sid: Option<String>,
    /// The sender.
    pub from: Option<String>,
    /// The recipient.
    pub to: Option<String>,
    /// ISO 8601.
    pub timestamp: Option<String>,
    /// The cause of a failure (<https://www.twilio.com/docs/api/errors>).
    #[serde(default, deserialize_with = "number")]
    pub error_code: Option<i64>,
}
