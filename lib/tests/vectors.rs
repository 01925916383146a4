//! Published and generated signatures that our own signer did not produce.

mod deliveries;

use std::collections::BTreeMap;
use std::fs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use deliveries::{path, secret};
use serde::Deserialize;
use serde_json::Value;
use webhooks::answer::Answer;
use webhooks::delivery::{Delivery, Method};
use webhooks::gateway::response;
use webhooks::provider::{Meaning, by_name};
use webhooks::secret::Secret;
use webhooks::timestamp::Timestamp;
use webhooks::verify::verify;

#[derive(Deserialize)]
struct Case {
    id: String,
    secrets: Vec<String>,
    method: String,
    url: String,
    headers: BTreeMap<String, String>,
    body: Option<String>,
    body_base64: Option<String>,
    now: i64,
    expect: String,
    response: Option<Expected>,
}

#[derive(Deserialize)]
struct Expected {
    status: i64,
}

impl Case {
    fn delivery(&self) -> Delivery {
        let body = match (&self.body, &self.body_base64) {
            (Some(text), None) => text.clone().into_bytes(),
            (None, Some(base64)) => STANDARD.decode(base64).expect("the vector is base64"),
            (None, None) => Vec::new(),
            (Some(_), Some(_)) => panic!("{}: two bodies", self.id),
        };
        let query = self.url.split_once('?').map(|(_, query)| query);
        Delivery {
            method: Method::parse(&self.method),
            urls: vec![self.url.clone()],
            query: query.unwrap_or_default().to_owned(),
            headers: self.headers.clone().into_iter().collect(),
            body,
        }
    }

    fn secrets(&self) -> Vec<Secret> {
        self.secrets.iter().map(|text| secret(text)).collect()
    }
}

/// The cases of a provider on which every official implementation agrees.
fn cases(provider: &str) -> Vec<Case> {
    let text = fs::read_to_string(path("lib/tests/vectors/signatures.json"))
        .expect("the vectors are there");
    let all: Vec<Value> = serde_json::from_str(&text).expect("the vectors are JSON");
    all.into_iter()
        .filter(|case| case["provider"] == provider && case.get("ambiguous").is_none())
        .map(|case| serde_json::from_value(case).expect("the case has the described form"))
        .collect()
}

#[test]
fn every_unambiguous_vector_gives_the_expected_result() {
    for (name, count) in [("github", 19), ("stripe", 26), ("twilio", 43)] {
        let provider = by_name(name).expect("the provider is listed");
        let cases = cases(name);
        assert_eq!(cases.len(), count, "{name}");
        for case in cases {
            let (delivery, now) = (case.delivery(), Timestamp::from_seconds(case.now));
            let verified = verify(provider, &delivery, &case.secrets(), now);
            let result = if verified.is_ok() { "valid" } else { "invalid" };
            assert_eq!(result, case.expect, "{}: {verified:?}", case.id);
        }
    }
}

#[test]
fn pings_are_answered_as_the_vectors_say() {
    let mut pings = 0;
    for name in ["github", "stripe", "twilio"] {
        let provider = by_name(name).expect("the provider is listed");
        for case in cases(name) {
            let Some(Expected { status }) = case.response else {
                continue;
            };
            let (delivery, now) = (case.delivery(), Timestamp::from_seconds(case.now));
            let verified = verify(provider, &delivery, &case.secrets(), now).expect(&case.id);
            let Ok(Meaning::Ping(identity)) = provider.identify(&verified) else {
                panic!("{} is a ping", case.id);
            };
            let answer = Answer::Ignored { id: identity.id };
            let response = response(&answer, provider.acknowledgement());
            assert_eq!(response.status_code, status, "{}", case.id);
            pings += 1;
        }
    }
    assert_eq!(pings, 1);
}
