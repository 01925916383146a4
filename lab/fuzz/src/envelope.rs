//! Queue messages: what is read is what was written.

use serde_json::Value;
use webhooks::envelope::{Message, envelope as write, whole_envelope};
use webhooks::event::Event;

/// The body of a queue message.
pub fn envelope(data: &[u8]) {
    if let Ok(body) = std::str::from_utf8(data) {
        read(body);
    }
}

/// A message that can be read names the event that its attributes name, and what it carries can
/// be sent again.
pub(super) fn read(body: &str) {
    let Ok(message) = Message::read(body) else {
        return;
    };
    // Numbers that no machine type holds are passed on, but cannot be looked at here.
    if let Ok(sent) = serde_json::from_str::<Value>(body) {
        assert_eq!(sent["id"], message.key.id);
        assert_eq!(sent["source"], message.key.route());
    }
    assert_eq!(message.key.to_string().parse(), Ok(message.key.clone()));
    if let Some(event) = message.whole {
        assert_eq!(event.key(), &message.key);
        survives(&event);
    }
}

/// The event comes out of the queue as it went in, whole or with its data alone.
pub(super) fn survives(event: &Event<'_>) {
    let message = Message::read(&write(event)).expect("we wrote it");
    assert_eq!(&message.key, event.key());
    if let Some(received) = message.whole {
        assert_eq!(received.data::<Value>(), event.data::<Value>());
        assert_eq!(received.kind(), event.kind());
        assert_eq!(received.received_at(), event.received_at());
        assert_eq!(received.traceparent(), event.traceparent());
    }
    let message = Message::read(&whole_envelope(event)).expect("we wrote it");
    assert_eq!(message.whole.as_ref(), Some(event));
}
