//! Zoom: <https://developers.zoom.us/docs/api/webhooks/>. Times are ISO 8601.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::shape::{or_default, text};

/// `zoom.*`: an event about an object. `T` is the object's type.
#[derive(Clone, Debug, Deserialize)]
pub struct Event<T = Box<RawValue>> {
    /// The type: `meeting.started`.
    pub event: String,
    /// The object, with its account.
    pub payload: Payload<T>,
    /// Milliseconds since the Unix epoch.
    pub event_ts: Option<i64>,
    /// The token to get recordings with, for a day.
    pub download_token: Option<String>,
}

/// The object of an event.
#[derive(Clone, Debug, Deserialize)]
pub struct Payload<T = Box<RawValue>> {
    /// The object.
    pub object: T,
    /// The account.
    pub account_id: Option<String>,
    /// The address of the person who did it.
    pub operator: Option<String>,
}

/// The object of `meeting.*` and `webinar.*`
/// (<https://developers.zoom.us/docs/api/meetings/events/>).
#[derive(Clone, Debug, Deserialize)]
pub struct Meeting {
    /// Its number, which a recurring one has more than once.
    #[serde(default, deserialize_with = "text")]
    pub id: Option<String>,
    /// The id of this one of its meetings.
    pub uuid: Option<String>,
    /// The host.
    pub host_id: Option<String>,
    /// The title.
    pub topic: Option<String>,
    /// Its type: 2 is a scheduled one.
    #[serde(rename = "type")]
    pub kind: Option<i64>,
    /// The beginning.
    pub start_time: Option<String>,
    /// The end.
    pub end_time: Option<String>,
    /// Minutes, as planned.
    pub duration: Option<i64>,
    /// The time zone: `Europe/Berlin`.
    pub timezone: Option<String>,
    /// The person who joined, left, ...
    pub participant: Option<Participant>,
}

/// A person in a meeting.
#[derive(Clone, Debug, Deserialize)]
pub struct Participant {
    /// The id in this meeting.
    #[serde(default, deserialize_with = "text")]
    pub user_id: Option<String>,
    /// The name.
    pub user_name: Option<String>,
    /// The address; empty for who is not signed in.
    pub email: Option<String>,
    /// The id of the account; empty for who is not signed in.
    pub id: Option<String>,
    /// The time of joining.
    pub join_time: Option<String>,
    /// The time of leaving.
    pub leave_time: Option<String>,
    /// The cause of leaving.
    pub leave_reason: Option<String>,
}

/// The object of `recording.*` (<https://developers.zoom.us/docs/api/meetings/events/>).
#[derive(Clone, Debug, Deserialize)]
pub struct Recording {
    /// The meeting's number.
    #[serde(default, deserialize_with = "text")]
    pub id: Option<String>,
    /// The id of this one of its meetings.
    pub uuid: Option<String>,
    /// The host.
    pub host_id: Option<String>,
    /// The host's address.
    pub host_email: Option<String>,
    /// The title.
    pub topic: Option<String>,
    /// The beginning.
    pub start_time: Option<String>,
    /// Minutes.
    pub duration: Option<i64>,
    /// The page to see it at.
    pub share_url: Option<String>,
    /// The page's passcode.
    pub password: Option<String>,
    /// The files.
    #[serde(default, deserialize_with = "or_default")]
    pub recording_files: Vec<RecordingFile>,
}

/// A file of a recording.
#[derive(Clone, Debug, Deserialize)]
pub struct RecordingFile {
    /// Its id; none while it is made.
    pub id: Option<String>,
    /// `MP4`, `M4A`, `TRANSCRIPT`, `CHAT`, ...
    pub file_type: Option<String>,
    /// `shared_screen_with_speaker_view`, `audio_only`, ...
    pub recording_type: Option<String>,
    /// Bytes.
    pub file_size: Option<i64>,
    /// `completed` or `processing`.
    pub status: Option<String>,
    /// The URL to get it from, with the event's `download_token`.
    pub download_url: Option<String>,
    /// The page to see it at.
    pub play_url: Option<String>,
    /// The beginning.
    pub recording_start: Option<String>,
    /// The end.
    pub recording_end: Option<String>,
}
