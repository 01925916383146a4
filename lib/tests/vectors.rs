//! Published and generated signatures that our own signer did not produce.

mod deliveries;

use std::collections::BTreeSet;

use deliveries::vectors::{Vector, vectors};
use webhooks::answer::Answer;
use webhooks::gateway::response;
use webhooks::provider::handshake::Terms;
use webhooks::provider::meaning::Meaning;
use webhooks::provider::{Explained, catalog, unsigned_handshake};
use webhooks::secret::Secret;
use webhooks::timestamp::Timestamp;
use webhooks::verify::verify;

/// The vectors of the providers that are built, each with its provider.
fn built() -> Vec<(&'static dyn Explained, Vector)> {
    let provider = |vector: Vector| Some((catalog::by_name(&vector.provider)?, vector));
    vectors().into_iter().filter_map(provider).collect()
}

/// The answer to a vector's request, and the type of its event.
fn answer(provider: &dyn Explained, vector: &Vector) -> (Answer, Option<String>) {
    let (delivery, now) = (vector.delivery(), Timestamp::from_seconds(vector.now));
    let secrets = vector.secrets(provider);
    if let Some(handshake) = unsigned_handshake(provider, &delivery) {
        let key = secrets.first().map(Secret::bytes).unwrap_or_default();
        let token = vector.setting("verify_token").map(Secret::new);
        let token = token.and_then(Result::ok);
        let terms = Terms {
            verify_token: token.as_ref(),
            pairing: vector.setting("pairing") == Some("open"),
        };
        let answer = match handshake.reply(&delivery, key) {
            Some(reply) if handshake.is_allowed(&delivery, terms) => Answer::Challenged(reply),
            _ => Answer::Unauthenticated,
        };
        return (answer, None);
    }
    let Ok(verified) = verify(provider, &delivery, vector.keys(provider, &secrets), now) else {
        return (Answer::Unauthenticated, None);
    };
    let accepted = |id| Answer::Accepted { id };
    match provider.identify(&verified) {
        Ok(Meaning::Event(identity)) => (accepted(identity.id), Some(identity.kind)),
        Ok(Meaning::Batch(_)) => (accepted("a batch".to_owned()), None),
        Ok(Meaning::Ping(identity)) => (Answer::Ignored { id: identity.id }, Some(identity.kind)),
        Ok(Meaning::Challenge(reply) | Meaning::FetchBack(_, reply)) => {
            (Answer::Challenged(reply), None)
        }
        // The vectors' bodies are often no events.
        Err(_) => (Answer::Malformed, None),
    }
}

#[test]
fn every_vector_of_a_provider_gives_the_expected_result() {
    let mut wrong = Vec::new();
    for (provider, vector) in built() {
        let (answer, _) = answer(provider, &vector);
        if (answer != Answer::Unauthenticated) != (vector.expect == "valid") {
            wrong.push(format!("{} {}: {answer:?}", vector.id, vector.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_provider_has_vectors_and_none_is_skipped() {
    let all = vectors();
    let of = |vector: &Vector| match vector.variant.as_deref() {
        Some(variant) if catalog::by_name(variant).is_some() => variant.to_owned(),
        _ => vector.provider.clone(),
    };
    let named: BTreeSet<String> = all.iter().map(of).collect();
    let built = catalog::all().map(|provider| provider.profile().name);
    let built: BTreeSet<&str> = built.collect();
    let without: BTreeSet<&str> = built
        .iter()
        .filter(|name| !named.contains(**name))
        .copied()
        .collect();
    // Of two there are none: one is a static text like Okta's, the others are Standard Webhooks to the letter.
    assert_eq!(without, BTreeSet::from(["auth0", "incidentio"]));
    let of_others = all
        .iter()
        .filter(|vector| !built.contains(vector.provider.as_str()));
    assert_eq!(of_others.count(), 0);
    println!("{} vectors checked", all.len());
}

/// The vectors of Standard Webhooks that name a user of it hold for that user's own row too.
#[test]
fn a_vector_of_a_named_user_holds_for_its_row() {
    let mut held = 0;
    for vector in vectors() {
        let row = vector.variant.as_deref().and_then(catalog::by_name);
        let Some(provider) = row.filter(|_| vector.provider == "standardwebhooks") else {
            continue;
        };
        let (answer, _) = answer(provider, &vector);
        let is_taken = answer != Answer::Unauthenticated;
        assert_eq!(
            is_taken,
            vector.expect == "valid",
            "{}: {answer:?}",
            vector.id
        );
        held += 1;
    }
    assert!(held > 15, "{held}");
}

#[test]
fn what_asks_for_an_answer_gets_the_one_that_the_vectors_say() {
    let mut answered = 0;
    for (provider, vector) in built() {
        let Some(expected) = &vector.response else {
            continue;
        };
        let (answer, kind) = answer(provider, &vector);
        let response = response(&answer, provider.profile(), kind.as_deref());
        let id = &vector.id;
        assert_eq!(response.status_code, expected.status, "{id}: {answer:?}");
        for (name, value) in &expected.headers {
            let found = response.headers.get(name.as_str());
            let found = found.and_then(|found| found.to_str().ok());
            assert_eq!(found, Some(value.as_str()), "{id}");
        }
        if let Some(body) = &expected.body {
            let sent = response.body.as_deref().unwrap_or_default();
            assert_eq!(String::from_utf8_lossy(sent), *body, "{id}");
        }
        answered += 1;
    }
    assert!(answered > 25, "{answered}");
}
