//! Our signatures by the official SDKs, and theirs by us.

mod examples;
#[path = "../oracle/mod.rs"]
mod oracle;
mod sdks;
mod types;
mod varied;

use serde_json::{Value, json};
use webhooks::delivery::Delivery;
use webhooks::provider::Explained;
use webhooks::secret::Secret;
use webhooks::timestamp::Timestamp;
use webhooks::verify::verify;

/// When deliveries are signed, and when everybody judges them.
const NOW: Timestamp = Timestamp::from_seconds(1_767_225_600);

/// One delivery, and the secret by which it is judged.
#[derive(Clone)]
struct Case {
    provider: &'static dyn Explained,
    secret: Secret,
    delivery: Delivery,
}

impl Case {
    /// The same in the oracle's words.
    fn request(&self) -> Value {
        let headers = self.delivery.headers.iter();
        let headers: Value = headers
            .map(|(name, value)| (name.to_ascii_lowercase(), json!(value)))
            .collect();
        json!({
            "provider": self.provider.profile().name,
            "secret": String::from_utf8_lossy(self.secret.bytes()),
            "method": self.delivery.method.as_str(),
            "url": self.delivery.urls[0],
            "headers": headers,
            "body": String::from_utf8_lossy(&self.delivery.body),
            "now": NOW.seconds(),
        })
    }

    fn we_accept(&self) -> bool {
        let secrets = std::slice::from_ref(&self.secret);
        verify(self.provider, &self.delivery, secrets, NOW).is_ok()
    }

    fn signed(&self, at: Timestamp) -> Self {
        let mut case = self.clone();
        let signed = case.provider.sign(&mut case.delivery, &case.secret, at);
        signed.expect("the secret signs");
        case
    }

    /// The header of its signature: the one that another secret makes another. None where it stands elsewhere.
    fn signature_header(&self) -> Option<String> {
        let other = Self {
            secret: self.provider.secret_of("another"),
            ..self.clone()
        };
        let (signed, other) = (self.signed(NOW).delivery, other.signed(NOW).delivery);
        let mut headers = signed.headers.iter();
        let differs = |&(name, value): &(&str, &str)| other.headers.get(name) != Some(value);
        headers.find(differs).map(|(name, _)| name.to_owned())
    }

    fn signature(&self) -> Option<String> {
        let header = self.signature_header()?;
        self.delivery.headers.get(&header).map(str::to_owned)
    }

    fn without(&self, header: &str) -> Self {
        let mut case = self.clone();
        let headers = self.delivery.headers.iter();
        case.delivery.headers = headers
            .filter(|(name, _)| !name.eq_ignore_ascii_case(header))
            .collect();
        case
    }

    fn with_signature(&self, signature: &str) -> Self {
        let header = self.signature_header().expect("it signs in a header");
        let mut case = self.clone();
        case.delivery.headers.set(&header, signature);
        case
    }
}
