//! Events as the queue brings them, and the context of a handler, for the tests.

use std::sync::Arc;

use aws_config::{BehaviorVersion, SdkConfig};
use serde_json::json;
use webhooks::envelope::Message;
use webhooks::event::{Event, EventKey};
use webhooks::router::Context;

use crate::resources::Resources;

/// A handler's context, in which every name of the environment is the variable's own in small letters. Its
/// clients reach nothing.
pub(crate) fn context(key: &str) -> Context<Resources> {
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .build();
    let resources = Resources::new(&config, &|name| Some(name.to_lowercase()));
    Context {
        state: Arc::new(resources.expect("every name has a value")),
        idempotency_key: key.to_owned(),
        attempt: 1,
    }
}

/// Members of an object that no handler needs and many readers of JSON trip over.
pub(crate) fn odd_members() -> String {
    let deep = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
    format!(
        r#""x":"cut \ud83d","cut \ud83d":1,"y":1e999,"z":123456789012345678901234567890,"x":"\u0000","d":{deep}"#
    )
}

/// An event with that key, type and JSON text, whatever is odd about the text.
pub(crate) fn event(key: &str, kind: &str, text: &str) -> Event<'static> {
    let key: EventKey = key.parse().expect("a key");
    let head = json!({
        "specversion": "1.0",
        "id": key.id,
        "source": key.route(),
        "type": kind,
        "time": "2026-01-01T00:00:00Z",
        "datacontenttype": "application/json",
    })
    .to_string();
    let head = head.trim_end_matches('}');
    let message = Message::read(&format!(r#"{head},"data":{text}}}"#)).expect("a message");
    message.whole.expect("it carries the event")
}
