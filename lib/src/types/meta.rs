//! Meta: WhatsApp, Messenger, Instagram and pages
//! (<https://developers.facebook.com/docs/graph-api/webhooks/getting-started>). A batch is taken apart
//! before: an event has one entry, with one change, message or status.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::shape::{number, or_default};

/// `meta.*`: an event about an object. `T` is the type of what changed.
#[derive(Clone, Debug, Deserialize)]
pub struct Event<T = Box<RawValue>> {
    /// `whatsapp_business_account`, `page`, `instagram`, ...
    pub object: String,
    /// The entry.
    pub entry: Vec<Entry<T>>,
}

/// An entry.
#[derive(Clone, Debug, Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
pub struct Entry<T = Box<RawValue>> {
    /// The account, page or business that it is about.
    pub id: String,
    /// Since the Unix epoch: seconds, of messaging milliseconds.
    pub time: Option<i64>,
    /// The change.
    #[serde(default, deserialize_with = "or_default")]
    pub changes: Vec<Change<T>>,
    /// The message, of Messenger and Instagram.
    #[serde(default, deserialize_with = "or_default")]
    pub messaging: Vec<Messaging>,
}

/// A change.
#[derive(Clone, Debug, Deserialize)]
pub struct Change<T = Box<RawValue>> {
    /// The field: `messages`, `feed`, `comments`, ...
    pub field: String,
    /// Its new value.
    pub value: T,
}

impl<T> Event<T> {
    /// The values of all changes.
    pub fn values(self) -> impl Iterator<Item = T> {
        let changes = self.entry.into_iter().flat_map(|entry| entry.changes);
        changes.map(|change| change.value)
    }
}

/// `meta.whatsapp_business_account.messages` and `.statuses.*`: the value of the field `messages`
/// (<https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages>).
#[derive(Clone, Debug, Deserialize)]
pub struct WhatsApp {
    /// The number of yours.
    pub metadata: PhoneNumber,
    /// The senders.
    #[serde(default, deserialize_with = "or_default")]
    pub contacts: Vec<Contact>,
    /// The message.
    #[serde(default, deserialize_with = "or_default")]
    pub messages: Vec<WhatsAppMessage>,
    /// The status of a message of yours.
    #[serde(default, deserialize_with = "or_default")]
    pub statuses: Vec<WhatsAppStatus>,
}

/// A telephone number of yours.
#[derive(Clone, Debug, Deserialize)]
pub struct PhoneNumber {
    /// Its id, to answer from.
    pub phone_number_id: String,
    /// The number.
    pub display_phone_number: Option<String>,
}

/// A sender.
#[derive(Clone, Debug, Deserialize)]
pub struct Contact {
    /// The number.
    pub wa_id: Option<String>,
    /// The name that they gave themselves.
    pub profile: Option<Profile>,
}

/// A name that people give themselves.
#[derive(Clone, Debug, Deserialize)]
pub struct Profile {
    /// The name.
    pub name: Option<String>,
}

/// A message that somebody sent. It has the field of its type.
#[derive(Clone, Debug, Deserialize)]
pub struct WhatsAppMessage {
    /// Its id: `wamid....`.
    pub id: String,
    /// `text`, `image`, `interactive`, `button`, ...
    #[serde(rename = "type")]
    pub kind: String,
    /// The sender's number.
    pub from: Option<String>,
    /// Seconds since the Unix epoch.
    #[serde(default, deserialize_with = "number")]
    pub timestamp: Option<i64>,
    /// The text.
    pub text: Option<Text>,
    /// An image.
    pub image: Option<Media>,
    /// A film.
    pub video: Option<Media>,
    /// A sound.
    pub audio: Option<Media>,
    /// A file.
    pub document: Option<Media>,
    /// The button that was pressed.
    pub button: Option<Button>,
    /// The choice in a menu, unread.
    pub interactive: Option<Box<RawValue>>,
    /// The message that it answers.
    pub context: Option<Answered>,
}

/// A text.
#[derive(Clone, Debug, Deserialize)]
pub struct Text {
    /// The text.
    pub body: String,
}

/// A medium.
#[derive(Clone, Debug, Deserialize)]
pub struct Media {
    /// Its id, to get it by.
    pub id: String,
    /// Its media type.
    pub mime_type: Option<String>,
    /// The text with it.
    pub caption: Option<String>,
    /// The name of a file.
    pub filename: Option<String>,
}

/// A button that was pressed.
#[derive(Clone, Debug, Deserialize)]
pub struct Button {
    /// Its text.
    pub text: Option<String>,
    /// The value that you gave it.
    pub payload: Option<String>,
}

/// The message that another answers.
#[derive(Clone, Debug, Deserialize)]
pub struct Answered {
    /// Its id.
    pub id: Option<String>,
    /// Its sender.
    pub from: Option<String>,
}

/// The status of a message of yours.
#[derive(Clone, Debug, Deserialize)]
pub struct WhatsAppStatus {
    /// The message's id.
    pub id: String,
    /// `sent`, `delivered`, `read` or `failed`.
    pub status: String,
    /// The recipient's number.
    pub recipient_id: Option<String>,
    /// Seconds since the Unix epoch.
    #[serde(default, deserialize_with = "number")]
    pub timestamp: Option<i64>,
    /// The causes of a failure.
    #[serde(default, deserialize_with = "or_default")]
    pub errors: Vec<Problem>,
}

/// The cause of a failure.
#[derive(Clone, Debug, Deserialize)]
pub struct Problem {
    /// Its code.
    pub code: Option<i64>,
    /// Its name.
    pub title: Option<String>,
    /// The cause in words.
    pub message: Option<String>,
}

/// A message of Messenger or Instagram: `meta.page.message`, `meta.instagram.postback`, ...
/// (<https://developers.facebook.com/docs/messenger-platform/reference/webhook-events>).
#[derive(Clone, Debug, Deserialize)]
pub struct Messaging {
    /// The sender.
    pub sender: Option<Party>,
    /// The recipient.
    pub recipient: Option<Party>,
    /// Milliseconds since the Unix epoch.
    pub timestamp: Option<i64>,
    /// A message.
    pub message: Option<Message>,
    /// A button that was pressed.
    pub postback: Option<Postback>,
}

/// A sender or recipient.
#[derive(Clone, Debug, Deserialize)]
pub struct Party {
    /// The id, which is for this page alone.
    pub id: String,
}

/// A message.
#[derive(Clone, Debug, Deserialize)]
pub struct Message {
    /// Its id.
    pub mid: String,
    /// The text.
    pub text: Option<String>,
    /// Sent by the page itself.
    #[serde(default, deserialize_with = "or_default")]
    pub is_echo: bool,
    /// Attachments, unread.
    pub attachments: Option<Box<RawValue>>,
}

/// A button that was pressed.
#[derive(Clone, Debug, Deserialize)]
pub struct Postback {
    /// Its id.
    pub mid: Option<String>,
    /// Its text.
    pub title: Option<String>,
    /// The value that you gave it.
    pub payload: Option<String>,
}

/// `meta.instagram.comments`: the value of that field
/// (<https://developers.facebook.com/docs/instagram-platform/webhooks>).
#[derive(Clone, Debug, Deserialize)]
pub struct InstagramComment {
    /// Its id.
    pub id: String,
    /// The text.
    pub text: Option<String>,
    /// The author.
    pub from: Option<Author>,
    /// The medium under which it stands.
    pub media: Option<Commented>,
    /// The comment that it answers.
    pub parent_id: Option<String>,
}

/// An author.
#[derive(Clone, Debug, Deserialize)]
pub struct Author {
    /// The id.
    pub id: Option<String>,
    /// The name on Instagram.
    pub username: Option<String>,
    /// The name on Facebook.
    pub name: Option<String>,
}

/// A medium with comments.
#[derive(Clone, Debug, Deserialize)]
pub struct Commented {
    /// Its id.
    pub id: String,
    /// `FEED`, `REELS`, `STORY` or `AD`.
    pub media_product_type: Option<String>,
}

/// `meta.page.feed`: the value of that field
/// (<https://developers.facebook.com/docs/graph-api/webhooks/reference/page>).
#[derive(Clone, Debug, Deserialize)]
pub struct PageFeed {
    /// `post`, `comment`, `reaction`, `photo`, ...
    pub item: String,
    /// `add`, `edited`, `remove`, `hide`, ...
    pub verb: String,
    /// The author.
    pub from: Option<Author>,
    /// The post.
    pub post_id: Option<String>,
    /// The comment.
    pub comment_id: Option<String>,
    /// The post or comment that it belongs to.
    pub parent_id: Option<String>,
    /// The text.
    pub message: Option<String>,
    /// `like`, `love`, ..., of a reaction.
    pub reaction_type: Option<String>,
    /// Seconds since the Unix epoch.
    pub created_time: Option<i64>,
}
