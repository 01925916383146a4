//! Deliveries that a provider has sent, after those under `events/`.

use std::time::Duration;

use webhooks::delivery::Delivery;
use webhooks::provider::catalog;
use webhooks::provider::meaning::Meaning;
use webhooks::scheme::development;
use webhooks::timestamp::Timestamp;
use webhooks::verify::verify;

use crate::deliveries::{NOW, delivery, development_secret, event, signed};

/// A number that no double has.
pub(crate) const HUGE: &str = "9007199254740993123";

/// A delivery that a provider has sent.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    /// The delivery, with a number in it that no double has where it is a JSON object.
    pub(crate) delivery: Delivery,
    /// The body as text.
    pub(crate) body: String,
    /// The id that the ledger has for it once it has arrived.
    pub(crate) id: String,
    /// When it was sent.
    pub(crate) at: Timestamp,
}

impl Sent {
    /// The delivery in a file, sent so many minutes ago. `time` is the member of its body that says when.
    pub(crate) fn new(provider: &str, file: &str, minutes: u64, time: &str) -> Self {
        let mut delivery = delivery(&event(file));
        let body = String::from_utf8(delivery.body.clone()).expect("bodies are UTF-8");
        let at = ago(minutes);
        let body = rewritten(&body, time, at);
        delivery.body = body.clone().into();
        let id = delivered_id(provider, &delivery);
        Self {
            delivery,
            body,
            id,
            at,
        }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.delivery.headers.get(name).expect("a header")
    }
}

/// A moment so many minutes ago, in whole seconds.
pub(crate) fn ago(minutes: u64) -> Timestamp {
    let ago = i64::try_from(Duration::from_secs(60 * minutes).as_secs()).expect("not long ago");
    Timestamp::from_seconds(Timestamp::now().seconds() - ago)
}

/// The body with another time, and with a huge number.
fn rewritten(body: &str, time: &str, at: Timestamp) -> String {
    let Some(rest) = body.strip_prefix('{') else {
        return body.to_owned();
    };
    let body = format!("{{\"huge\":{HUGE},{rest}");
    let start = format!("\"{time}\":\"");
    let mut parts = body.split(&start);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |before, part| {
        let (_, after) = part.split_once('"').expect("the time ends");
        format!("{before}{start}{at}\"{after}")
    })
}

/// The id that a delivery gets when it arrives.
pub(crate) fn delivered_id(provider: &str, delivery: &Delivery) -> String {
    let provider = catalog::by_name(provider).expect("the provider is listed");
    let secrets = [development_secret(provider)];
    let delivery = signed(provider, delivery, &secrets[0], NOW);
    let keys = development::keys(provider, &secrets);
    let verified = verify(provider, &delivery, keys, NOW).expect("signed just now");
    match provider.identify(&verified) {
        Ok(Meaning::Event(identity)) => identity.id,
        other => panic!("not an event: {other:?}"),
    }
}
