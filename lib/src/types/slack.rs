//! Slack: events (<https://docs.slack.dev/apis/events-api/>), commands and interactions.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::shape::or_default;

/// An event of the Events API (<https://docs.slack.dev/apis/events-api/#event-type-structure>): `slack.`
/// and the type of the inner one. `T` is the inner one's type.
#[derive(Clone, Debug, Deserialize)]
pub struct Event<T = Box<RawValue>> {
    /// Its id: `Ev...`.
    pub event_id: String,
    /// The inner event.
    pub event: T,
    /// The workspace.
    pub team_id: Option<String>,
    /// The app.
    pub api_app_id: Option<String>,
    /// Seconds since the Unix epoch.
    pub event_time: Option<i64>,
}

/// The inner event `message` (<https://docs.slack.dev/reference/events/message>) or `app_mention`.
#[derive(Clone, Debug, Deserialize)]
pub struct Message {
    /// The channel.
    pub channel: String,
    /// The time, which is its id in the channel: `1767225598.000200`.
    pub ts: String,
    /// The kind of message: `bot_message`, `message_changed`, ...; none of a person's new one.
    pub subtype: Option<String>,
    /// The sender; some subtypes have none.
    pub user: Option<String>,
    /// The bot that sent it.
    pub bot_id: Option<String>,
    /// The text.
    #[serde(default, deserialize_with = "or_default")]
    pub text: String,
    /// The message that began the thread.
    pub thread_ts: Option<String>,
    /// `channel`, `group`, `im` or `mpim`.
    pub channel_type: Option<String>,
}

/// The inner event `reaction_added` or `reaction_removed`
/// (<https://docs.slack.dev/reference/events/reaction_added>).
#[derive(Clone, Debug, Deserialize)]
pub struct Reaction {
    /// The person who reacts.
    pub user: String,
    /// The emoji's name: `thumbsup`.
    pub reaction: String,
    /// The message.
    pub item: Item,
    /// The message's sender.
    pub item_user: Option<String>,
}

/// The message that a reaction is about.
#[derive(Clone, Debug, Deserialize)]
pub struct Item {
    /// `message`, ...
    #[serde(rename = "type")]
    pub kind: String,
    /// The channel.
    pub channel: Option<String>,
    /// The message's time, which is its id in the channel.
    pub ts: Option<String>,
}

/// A command: `slack./weather`, by its name
/// (<https://docs.slack.dev/interactivity/implementing-slash-commands>).
#[derive(Clone, Debug, Deserialize)]
pub struct Command {
    /// Its name: `/weather`.
    pub command: String,
    /// The text after it.
    #[serde(default, deserialize_with = "or_default")]
    pub text: String,
    /// The person who typed it.
    pub user_id: String,
    /// The channel.
    pub channel_id: Option<String>,
    /// The channel's name.
    pub channel_name: Option<String>,
    /// The workspace.
    pub team_id: Option<String>,
    /// The workspace's part of `slack.com`.
    pub team_domain: Option<String>,
    /// The app.
    pub api_app_id: Option<String>,
    /// Opens a modal, for three seconds.
    pub trigger_id: Option<String>,
    /// The URL to answer at, for half an hour.
    pub response_url: Option<String>,
}

/// An interaction: `slack.block_actions`, `slack.view_submission`, `slack.shortcut`, ...
/// (<https://docs.slack.dev/reference/interaction-payloads/>).
#[derive(Clone, Debug, Deserialize)]
pub struct Interaction {
    /// `block_actions`, `view_submission`, `shortcut`, ...
    #[serde(rename = "type")]
    pub kind: String,
    /// The person.
    pub user: User,
    /// The workspace.
    pub team: Option<Team>,
    /// The channel.
    pub channel: Option<Channel>,
    /// The app.
    pub api_app_id: Option<String>,
    /// The shortcut or the view.
    pub callback_id: Option<String>,
    /// Opens a modal, for three seconds.
    pub trigger_id: Option<String>,
    /// The URL to answer at, for half an hour.
    pub response_url: Option<String>,
    /// The buttons and menus that were used.
    #[serde(default, deserialize_with = "or_default")]
    pub actions: Vec<Action>,
    /// The message with the buttons, unread.
    pub message: Option<Box<RawValue>>,
    /// The modal or the app's home, unread.
    pub view: Option<Box<RawValue>>,
}

/// A person.
#[derive(Clone, Debug, Deserialize)]
pub struct User {
    /// The id: `U...`.
    pub id: String,
    /// The name.
    pub username: Option<String>,
    /// The workspace.
    pub team_id: Option<String>,
}

/// A workspace.
#[derive(Clone, Debug, Deserialize)]
pub struct Team {
    /// The id: `T...`.
    pub id: String,
    /// Its part of `slack.com`.
    pub domain: Option<String>,
}

/// A channel.
#[derive(Clone, Debug, Deserialize)]
pub struct Channel {
    /// The id: `C...`.
    pub id: String,
    /// The name.
    pub name: Option<String>,
}

/// A button or menu that was used.
#[derive(Clone, Debug, Deserialize)]
pub struct Action {
    /// Its id in the block.
    pub action_id: Option<String>,
    /// The block.
    pub block_id: Option<String>,
    /// `button`, `static_select`, ...
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// The value of a button or of an input.
    pub value: Option<String>,
    /// The choice in a menu.
    pub selected_option: Option<Choice>,
}

/// A choice in a menu.
#[derive(Clone, Debug, Deserialize)]
pub struct Choice {
    /// The value.
    pub value: Option<String>,
}
