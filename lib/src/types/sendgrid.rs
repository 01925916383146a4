//! SendGrid: <https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event>.

use serde::Deserialize;

use super::shape::{one_or_many, or_default, text};

/// `sendgrid.*`: something happened to a message. Arguments of your own (`unique_args`) are fields
/// beside these: read them with a type of your own.
#[derive(Clone, Debug, Deserialize)]
pub struct Event {
    /// Its id.
    pub sg_event_id: String,
    /// `processed`, `delivered`, `bounce`, `open`, `click`, `spamreport`, ...
    pub event: String,
    /// The recipient.
    pub email: String,
    /// Seconds since the Unix epoch.
    pub timestamp: i64,
    /// The message's id, with SendGrid's own words after the first dot.
    pub sg_message_id: Option<String>,
    /// The message's id in its header.
    #[serde(rename = "smtp-id")]
    pub smtp_id: Option<String>,
    /// Categories of yours.
    #[serde(default, deserialize_with = "one_or_many")]
    pub category: Vec<String>,
    /// The cause of a bounce, a drop or a deferral.
    pub reason: Option<String>,
    /// The receiving server's status: `5.1.1`.
    #[serde(default, deserialize_with = "text")]
    pub status: Option<String>,
    /// The receiving server's answer.
    pub response: Option<String>,
    /// The number of this attempt, of a deferral.
    #[serde(default, deserialize_with = "text")]
    pub attempt: Option<String>,
    /// `bounce` or `blocked`, of a bounce.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// The class of a bounce: `Invalid Address`.
    pub bounce_classification: Option<String>,
    /// The link that was followed.
    pub url: Option<String>,
    /// The IP address of the sending server, or of the recipient.
    pub ip: Option<String>,
    /// The recipient's program.
    pub useragent: Option<String>,
    /// Opened by a machine, not by a person.
    #[serde(default, deserialize_with = "or_default")]
    pub sg_machine_open: bool,
    /// The group of an unsubscription.
    pub asm_group_id: Option<i64>,
}
