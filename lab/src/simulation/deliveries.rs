//! Deliveries of the simulation: signed as their providers sign, with ids that count.

use serde_json::{Value, json};
use webhooks::delivery::{Delivery, Headers, Method};
use webhooks::event::EventKey;
use webhooks::secret::Secret;
use webhooks::timestamp::Timestamp;
use webhooks_cli::failure::Failure;
use webhooks_cli::send::find_provider;
use webhooks_cli::stack::development_secret;

/// One event.
#[derive(Clone, Debug)]
pub(super) struct Parcel {
    pub(super) provider: &'static str,
    pub(super) key: EventKey,
    delivery: Delivery,
}

impl Parcel {
    pub(super) fn new(number: u64) -> Self {
        if number.is_multiple_of(2) {
            Self::charge(number)
        } else {
            Self::push(number)
        }
    }

    fn charge(number: u64) -> Self {
        let id = format!("evt_{number:012}");
        let body = json!({
            "id": id, "object": "event", "type": "charge.succeeded", "pending_webhooks": 1,
            "created": 1_767_225_600, "data": {"object": {"id": "ch_1", "amount": number}},
        });
        Self::of("stripe", id, [("content-type", "application/json")], &body)
    }

    fn push(number: u64) -> Self {
        let guid = format!("00000000-0000-4000-8000-{number:012}");
        let headers = [
            ("content-type", "application/json"),
            ("x-github-event", "push"),
            ("x-github-hook-id", "1"),
            ("x-github-delivery", &guid),
        ];
        let body = json!({"ref": "refs/heads/main", "after": guid});
        Self::of("github", format!("1:{guid}"), headers, &body)
    }

    fn of<const N: usize>(
        provider: &'static str,
        id: String,
        headers: [(&str, &str); N],
        body: &Value,
    ) -> Self {
        let delivery = Delivery {
            method: Method::Post,
            urls: vec![format!("https://api.example.com/webhooks/{provider}")],
            query: String::new(),
            headers: Headers::from_iter(headers),
            body: body.to_string().into_bytes(),
        };
        let key = EventKey {
            provider: provider.to_owned(),
            source: "default".to_owned(),
            id,
        };
        Self {
            provider,
            key,
            delivery,
        }
    }

    /// Changes the body, as a provider does that counts in it.
    pub(super) fn changed(&self) -> Self {
        let mut changed = self.clone();
        let body = String::from_utf8_lossy(&self.delivery.body);
        changed.delivery.body = body.replacen('{', "{ ", 1).into_bytes();
        changed
    }

    /// The gateway's event for a delivery now.
    ///
    /// # Errors
    /// [`Failure`] when it cannot be signed.
    pub(super) fn request(&self, now: Timestamp) -> Result<Value, Failure> {
        let provider = find_provider(self.provider)?;
        let secret = Secret::new(development_secret(self.provider));
        let secret = secret.map_err(|error| Failure::new("the secret", error))?;
        let mut delivery = self.delivery.clone();
        let signed = provider.sign(&mut delivery, &secret, now);
        signed.map_err(|error| Failure::new("the event", error))?;
        let headers = delivery.headers.iter();
        let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), json!(value)));
        let path = format!("/webhooks/{}", self.provider);
        Ok(json!({
            "version": "2.0",
            "rawPath": path,
            "rawQueryString": "",
            "headers": headers.collect::<serde_json::Map<_, _>>(),
            "requestContext": {
                "domainName": "api.example.com",
                "requestId": "simulated",
                "timeEpoch": now.millis(),
                "http": {"method": "POST", "path": path, "sourceIp": "192.0.2.1"},
            },
            "body": String::from_utf8_lossy(&delivery.body),
            "isBase64Encoded": false,
        }))
    }
}
