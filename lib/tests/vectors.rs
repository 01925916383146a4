//! Published and generated signatures that our own signer did not produce.

mod deliveries;

use std::collections::BTreeSet;

use deliveries::vectors::{Vector, vectors};
use webhooks::answer::Answer;
use webhooks::gateway::response;
use webhooks::provider::Explained;
use webhooks::provider::catalog;
use webhooks::provider::meaning::Meaning;
use webhooks::timestamp::Timestamp;
use webhooks::verify::verify;

/// The vectors of the providers that are built, each with its provider.
fn built() -> Vec<(&'static dyn Explained, Vector)> {
    let provider = |vector: Vector| Some((catalog::by_name(&vector.provider)?, vector));
    vectors().into_iter().filter_map(provider).collect()
}

#[test]
fn every_vector_of_a_provider_gives_the_expected_result() {
    let mut wrong = Vec::new();
    for (provider, case) in built() {
        let (delivery, now) = (case.delivery(), Timestamp::from_seconds(case.now));
        let verified = verify(provider, &delivery, &case.secrets(), now);
        if verified.is_ok() != (case.expect == "valid") {
            wrong.push(format!("{} {}: {verified:?}", case.id, case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_provider_has_vectors_and_what_is_skipped_is_counted() {
    let all = vectors();
    let named: BTreeSet<&str> = all.iter().map(|vector| vector.provider.as_str()).collect();
    let built: BTreeSet<&str> = catalog::names().into_iter().collect();
    assert!(built.is_subset(&named), "{built:?}");
    let is_skipped = |vector: &&Vector| !built.contains(vector.provider.as_str());
    let skipped = all.iter().filter(is_skipped).count();
    println!(
        "{} vectors checked; {skipped} skipped, of {} providers that are not built",
        all.len() - skipped,
        named.len() - built.len()
    );
}

#[test]
fn what_asks_for_an_answer_gets_the_one_that_the_vectors_say() {
    let mut answered = 0;
    for (provider, case) in built() {
        let Some(expected) = &case.response else {
            continue;
        };
        let (delivery, now) = (case.delivery(), Timestamp::from_seconds(case.now));
        let verified = verify(provider, &delivery, &case.secrets(), now).expect(&case.id);
        let answer = match provider.identify(&verified) {
            Ok(Meaning::Ping(identity)) => Answer::Ignored { id: identity.id },
            Ok(Meaning::Challenge(reply)) => Answer::Challenged(reply),
            other => panic!("{} asks for an answer: {other:?}", case.id),
        };
        let response = response(&answer, provider.profile().acknowledgement);
        assert_eq!(response.status_code, expected.status, "{}", case.id);
        for (name, value) in &expected.headers {
            let found = response.headers.get(name.as_str());
            assert_eq!(
                found.and_then(|found| found.to_str().ok()),
                Some(value.as_str()),
                "{}",
                case.id
            );
        }
        if let Some(body) = &expected.body {
            assert_eq!(response.body, Some(body.as_str().into()), "{}", case.id);
        }
        answered += 1;
    }
    assert!(answered > 0);
}
