//! Published and generated signatures that our own signer did not produce.

mod deliveries;

use deliveries::vectors::{Expected, Vector, vectors};
use webhooks::answer::Answer;
use webhooks::gateway::response;
use webhooks::provider::catalog;
use webhooks::provider::meaning::Meaning;
use webhooks::timestamp::Timestamp;
use webhooks::verify::verify;

/// The vectors of a provider.
fn cases(provider: &str) -> Vec<Vector> {
    let of_provider = |vector: &Vector| vector.provider == provider;
    vectors().into_iter().filter(of_provider).collect()
}

#[test]
fn every_unambiguous_vector_gives_the_expected_result() {
    for (name, count) in [("github", 19), ("stripe", 26), ("twilio", 43)] {
        let provider = catalog::by_name(name).expect("the provider is listed");
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
        let provider = catalog::by_name(name).expect("the provider is listed");
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
            let response = response(&answer, provider.profile().acknowledgement);
            assert_eq!(response.status_code, status, "{}", case.id);
            pings += 1;
        }
    }
    assert_eq!(pings, 1);
}
