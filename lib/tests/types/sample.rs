//! Events as the processor gets them: those of the samples, and of any text.

use std::sync::{Arc, OnceLock};

use serde::de::DeserializeOwned;
use serde_json::json;
use webhooks::envelope::{Message, envelope};
use webhooks::event::{Event, EventKey};
use webhooks::provider::meaning::Meaning;
use webhooks::provider::{Explained, catalog};
use webhooks::router::Context;
use webhooks::verify::verify;

use crate::deliveries::{NOW, delivery, development_secret, events, signed};
use crate::resources::Resources;

const PROVIDERS: [&str; 10] = [
    "github", "hubspot", "linear", "meta", "sendgrid", "shopify", "slack", "stripe", "twilio",
    "zoom",
];

/// A handler's context.
pub(crate) fn context(key: &str) -> Context<Resources> {
    Context {
        state: Arc::new(Resources {
            customers: "customers_table".to_owned(),
        }),
        idempotency_key: key.to_owned(),
        attempt: 1,
    }
}

/// An event with that key, type and JSON text.
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

/// An event of that type with that JSON text.
pub(crate) fn event_of(kind: &str, text: &str) -> Event<'static> {
    let (provider, _) = kind.split_once('.').expect("a provider's type");
    event(&format!("{provider}/default/1"), kind, text)
}

/// The data of the first sample of a type.
pub(crate) fn typed<T: DeserializeOwned>(kind: &str) -> T {
    sample(kind).data().expect(kind)
}

/// The event, as the processor gets it.
fn received(event: &Event<'_>) -> Event<'static> {
    let message = Message::read(&envelope(event)).expect("readable");
    message.whole.expect("it carries the event")
}

/// The samples of a provider, in the order of their files. Handshakes are none.
fn samples(provider: &dyn Explained) -> Vec<Event<'static>> {
    let mut samples = Vec::new();
    for (file, event) in events(provider) {
        let secret = development_secret(provider);
        let delivery = signed(provider, &delivery(&event), &secret, NOW);
        let verified = verify(provider, &delivery, &[secret], NOW).expect("signed just now");
        match provider.identify(&verified).expect(&file) {
            Meaning::Event(identity) => {
                let event = Event::new(provider, "default", identity, &verified, NOW, None);
                samples.push(received(&event));
            }
            Meaning::Batch(elements) => {
                for element in elements {
                    let element = element.expect(&file);
                    let event =
                        Event::of_element(provider, "default", element, &verified, NOW, None);
                    samples.push(received(&event));
                }
            }
            Meaning::Ping(_) | Meaning::Challenge(_) | Meaning::FetchBack(..) => {}
        }
    }
    samples
}

/// The samples of all ten providers.
pub(crate) fn samples_of_all() -> &'static [Event<'static>] {
    static ALL: OnceLock<Vec<Event<'static>>> = OnceLock::new();
    ALL.get_or_init(|| {
        let named = |name| catalog::by_name(name).expect("a provider");
        let each = PROVIDERS.into_iter();
        each.flat_map(|name| samples(named(name))).collect()
    })
}

/// The first sample of a type.
pub(crate) fn sample(kind: &str) -> Event<'static> {
    let mut all = samples_of_all().iter();
    all.find(|event| event.kind() == kind).expect(kind).clone()
}
