//! Any other provider: how its deliveries are signed stands in the settings of each source.

use std::time::Duration;

use super::advice::{Advice, NO_ADVICE};
use super::identity::Malformed;
use super::meaning::Meaning;
use super::profile::Profile;
use super::setup::Setup;
use super::table::POSTED;
use super::{Explained, Provider, Signer};
use crate::delivery::{Delivery, Method};
use crate::keys::Keys;
use crate::rejection::Rejection;
use crate::scheme::Scheme;
use crate::scheme::signing::NotSignable;
use crate::secret::Secret;
use crate::timestamp::Timestamp;
use crate::verified::Verified;

mod challenge;
mod fields;
mod naming;
mod row;
mod scheme;
mod template;

pub use self::fields::Problem;
pub use self::row::{Described, described};

/// A provider that is described by its sources.
pub static CUSTOM: &dyn Explained = &Custom;

/// The name in routes and parameters.
const NAME: &str = "custom";

static PROFILE: Profile = Profile {
    name: NAME,
    title: "any other",
    methods: &[Method::Post, Method::Get],
    answer_within: Duration::from_secs(10),
    is_described: true,
    ..POSTED
};

static SETUP: Setup = Setup {
    paste: "where the provider asks for it: `/webhooks/custom/SOURCE`",
    secret: "where the provider shows it; how it signs stands in the source's settings",
    retries: "the provider's",
};

/// It verifies nothing of itself: a source without a description is closed.
#[derive(Debug)]
struct Custom;

impl Provider for Custom {
    fn profile(&self) -> &Profile {
        &PROFILE
    }

    fn verify(&self, _: &Delivery, _: &Keys<'_>, _: Timestamp) -> Result<usize, Rejection> {
        Err(Rejection::Mismatch)
    }

    fn identify(&self, _: &Verified<'_>) -> Result<Meaning, Malformed> {
        Err(Malformed::Body("described by its source's settings"))
    }
}

impl Signer for Custom {
    fn sign(&self, _: &mut Delivery, _: &Secret, _: Timestamp) -> Result<(), NotSignable> {
        Err(NotSignable)
    }
}

impl Explained for Custom {
    fn schemes(&self) -> &'static [Scheme] {
        &[]
    }

    fn secret_of(&self, text: &str) -> Secret {
        Secret::new(text).expect("the text is not blank")
    }

    fn naming(&self) -> (String, String) {
        let settings = || "as the settings say".to_owned();
        (settings(), settings())
    }

    fn form(&self) -> String {
        "as the settings say".to_owned()
    }

    fn advice(&self) -> &Advice {
        static ADVICE: Advice = NO_ADVICE;
        &ADVICE
    }

    fn setup(&self) -> &Setup {
        &SETUP
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn with(field: &str, value: serde_json::Value) -> serde_json::Value {
        let mut description = json!({"signature": {"header": "X-Signature"}});
        description[field] = value;
        description
    }

    #[test]
    fn the_shortest_description_is_an_hmac_of_the_body() {
        let row = described(&json!({"signature": {"header": "X-Signature"}}))
            .expect("a row")
            .0;
        let words = (row.form(), row.schemes[0].signing(), row.naming());
        assert_eq!(words.0, "64 hexadecimal digits");
        assert_eq!(words.1, "HMAC-SHA256 of body");
        assert_eq!(words.2, ("digest".to_owned(), "event".to_owned()));
    }

    #[test]
    fn the_same_description_is_read_once() {
        let text = json!({"signature": {"header": "X-Same"}});
        assert_eq!(described(&text), described(&text));
        assert_ne!(
            described(&text),
            described(&with("algorithm", json!("hmac-sha1")))
        );
    }

    #[test]
    fn what_protects_from_nothing_or_is_not_understood_is_refused_by_its_path() {
        let time = |value| with("time", value);
        for (path, description) in [
            ("scheme", json!([])),
            ("scheme.signature", json!({})),
            ("scheme.signature", json!({"signature": {}})),
            (
                "scheme.signature.query",
                json!({"signature": {"header": "A", "query": "b"}}),
            ),
            (
                "scheme.signature.header",
                json!({"signature": {"header": "A: b"}}),
            ),
            (
                "scheme.signature.headers",
                json!({"signature": {"headers": "A"}}),
            ),
            (
                "scheme.signature.name",
                json!({"signature": {"header": "A", "name": "v1"}}),
            ),
            (
                "scheme.signature.encoding",
                json!({"signature": {"header": "A", "encoding": "text"}}),
            ),
            ("scheme.algorithm", with("algorithm", json!("md5"))),
            ("scheme.algorithm", with("algorithm", json!(256))),
            ("scheme.key", with("key", json!("pem"))),
            ("scheme.key_prefix", with("key_prefix", json!("whsec_"))),
            ("scheme.key", with("algorithm", json!("ed25519"))),
            ("scheme.signed", with("signed", json!("{url}"))),
            ("scheme.signed", with("signed", json!("{body"))),
            ("scheme.signed", with("signed", json!("{body}{secret}"))),
            ("scheme.signed", with("algorithm", json!("token"))),
            (
                "scheme.body_is_not_signed",
                with("body_is_not_signed", json!(true)),
            ),
            (
                "scheme.body_is_not_signed",
                with("body_is_not_signed", json!("yes")),
            ),
            (
                "scheme.body_is_not_signed",
                with("body_is_not_signed", json!(scheme::FORGEABLE)),
            ),
            ("scheme.time", with("signed", json!("{time}.{body}"))),
            (
                "scheme.time",
                time(json!({"header": "X-Time", "tolerance": 300})),
            ),
            ("scheme.time", time(json!({"pair": "t", "tolerance": 300}))),
            ("scheme.time.tolerance", time(json!({"field": "t"}))),
            (
                "scheme.time.tolerance",
                time(json!({"field": "t", "tolerance": 0})),
            ),
            (
                "scheme.time.tolerance",
                time(json!({"field": "t", "tolerance": 3601})),
            ),
            (
                "scheme.time.tolerance",
                time(json!({"field": "t", "tolerance": "300"})),
            ),
            (
                "scheme.time.unit",
                time(json!({"field": "t", "tolerance": 1, "unit": "days"})),
            ),
            ("scheme.id", with("id", json!("constant"))),
            ("scheme.id", with("id", json!([]))),
            ("scheme.id", with("id", json!("{body}"))),
            ("scheme.type", with("type", json!(7))),
            ("scheme.challenge", with("challenge", json!({}))),
            (
                "scheme.challenge.method",
                with("challenge", json!({"method": "PUT"})),
            ),
            (
                "scheme.challenge.query",
                with("challenge", json!({"method": "HEAD", "query": "a"})),
            ),
            (
                "scheme.challenge.answer",
                with("challenge", json!({"query": "a", "answer": "header"})),
            ),
            (
                "scheme.challenge.when.is",
                with("challenge", json!({"query": "a", "when": {"query": "b"}})),
            ),
            ("scheme.canary", with("canary", json!("canary"))),
        ] {
            let problem = described(&description).expect_err(path);
            assert_eq!(problem.field, path, "{description}: {}", problem.problem);
            assert!(!problem.problem.contains("canary"));
        }
    }
}
