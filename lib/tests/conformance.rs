//! What holds for every provider, shown on its deliveries under `events/` as they are shipped and
//! signed anew.

mod deliveries;

use deliveries::{
    NOW, SHIPPED_AT, delivery, development_secret, events, secret, signature_header, signed,
    signs_the_time, with, without,
};
use webhooks::delivery::{Delivery, Method};
use webhooks::limits;
use webhooks::provider::Explained;
use webhooks::provider::catalog;
use webhooks::provider::profile::Covers;
use webhooks::rejection::Rejection;
use webhooks::secret::Secret;
use webhooks::timestamp::Timestamp;
use webhooks::verify::{check_shape, verify};

struct Case {
    name: String,
    provider: &'static dyn Explained,
    secret: Secret,
    /// With a good signature.
    delivery: Delivery,
    now: Timestamp,
    /// The header that carries the signature.
    header: String,
}

impl Case {
    fn verify(&self, delivery: &Delivery) -> Result<usize, Rejection> {
        self.verify_with(delivery, std::slice::from_ref(&self.secret))
    }

    fn verify_with(&self, delivery: &Delivery, secrets: &[Secret]) -> Result<usize, Rejection> {
        verify(self.provider, delivery, secrets, self.now).map(|verified| verified.secret())
    }

    fn verify_at(&self, now: Timestamp) -> Result<usize, Rejection> {
        let secrets = std::slice::from_ref(&self.secret);
        verify(self.provider, &self.delivery, secrets, now).map(|verified| verified.secret())
    }

    fn signature(&self) -> &str {
        let value = self.delivery.headers.get(&self.header);
        value.expect("the delivery is signed")
    }

    /// What verification says when the signature header has this value instead.
    fn verify_signature(&self, value: &str) -> Result<usize, Rejection> {
        self.verify(&with(&self.delivery, &self.header, value))
    }

    fn is_malformed(&self, result: &Result<usize, Rejection>) -> bool {
        matches!(result, Err(Rejection::MalformedHeader { header, .. }) if header.eq_ignore_ascii_case(&self.header))
    }
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for provider in catalog::all() {
        let secret = development_secret(provider);
        for (file, event) in events(provider) {
            let shipped = delivery(&event);
            let header = signature_header(provider, &shipped);
            let anew = signed(provider, &without(&shipped, &header), &secret, NOW);
            for (twist, delivery, now) in [("shipped", shipped, SHIPPED_AT), ("anew", anew, NOW)] {
                cases.push(Case {
                    name: format!("{file}, {twist}"),
                    provider,
                    secret: secret.clone(),
                    delivery,
                    now,
                    header: header.clone(),
                });
            }
        }
    }
    cases
}

/// The delivery with one bit of its payload turned: of the body, or of a GET's query.
fn flipped(delivery: &Delivery, index: usize) -> Delivery {
    let mut delivery = delivery.clone();
    if delivery.method != Method::Get {
        delivery.body[index] ^= 1;
        return delivery;
    }
    let mut query = delivery.query.clone().into_bytes();
    query[index] ^= 1;
    let query = String::from_utf8(query).expect("queries are ASCII");
    for url in &mut delivery.urls {
        *url = url.replace(&delivery.query, &query);
    }
    delivery.query = query;
    delivery
}

#[test]
fn every_provider_ships_deliveries() {
    let mut names = catalog::names();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "a name is taken twice");
    for provider in catalog::all() {
        let name = provider.profile().name;
        let (file, _) = events(provider).into_iter().next().expect(name);
        assert!(file.starts_with(name));
    }
}

#[test]
fn a_profile_says_what_the_signature_covers() {
    for case in cases() {
        let profile = case.provider.profile();
        let mut elsewhere = case.delivery.clone();
        for url in &mut elsewhere.urls {
            *url = format!("{url}x");
        }
        let covers_url = case.verify(&elsewhere).is_err();
        let expected = profile.covers == Covers::UrlAndBody;
        assert_eq!(covers_url, expected, "{}", case.name);
        let times = signs_the_time(case.provider, &case.delivery);
        assert_eq!(times, profile.tolerance.is_some(), "{}", case.name);
    }
}

#[test]
fn every_provider_hears_in_time() {
    for provider in catalog::all() {
        let profile = provider.profile();
        let answer = limits::answer(profile.answer_within);
        assert!(answer < profile.answer_within, "{}", profile.name);
        assert!(answer > limits::LAST_STEPS, "{}", profile.name);
    }
}

#[test]
fn accepts_what_the_provider_signed() {
    for case in cases() {
        assert_eq!(case.verify(&case.delivery), Ok(0), "{}", case.name);
    }
}

#[test]
fn rejects_a_flipped_body_byte() {
    for case in cases() {
        let length = case.delivery.body.len().max(case.delivery.query.len());
        for index in [0, length / 2, length - 1] {
            let result = case.verify(&flipped(&case.delivery, index));
            let refused = matches!(
                result,
                Err(Rejection::Mismatch | Rejection::BodyHashMismatch)
            );
            assert!(refused, "{}, byte {index}: {result:?}", case.name);
        }
    }
}

#[test]
fn rejects_another_secret() {
    for case in cases() {
        let result = case.verify_with(&case.delivery, &[secret("another")]);
        assert_eq!(result, Err(Rejection::Mismatch), "{}", case.name);
    }
}

#[test]
fn says_which_secret_matched() {
    for case in cases() {
        let secrets = [secret("another"), case.secret.clone()];
        let result = case.verify_with(&case.delivery, &secrets);
        assert_eq!(result, Ok(1), "{}", case.name);
    }
}

#[test]
fn accepts_nothing_without_secrets() {
    for case in cases() {
        let result = case.verify_with(&case.delivery, &[]);
        assert_eq!(result, Err(Rejection::Mismatch), "{}", case.name);
    }
}

#[test]
fn rejects_a_missing_header() {
    for case in cases() {
        let result = case.verify(&without(&case.delivery, &case.header));
        let Err(Rejection::MissingHeader(header)) = result else {
            panic!("{}: {result:?}", case.name);
        };
        assert!(header.eq_ignore_ascii_case(&case.header), "{}", case.name);
    }
}

#[test]
fn rejects_an_unsigned_twin() {
    for case in cases() {
        let mut twin = without(&case.delivery, &case.header);
        if case.delivery.method != Method::Get {
            twin.query.clear();
            twin.urls = vec!["https://hooks.example.com/".to_owned()];
        }
        let result = case.verify(&twin);
        let refused = matches!(result, Err(Rejection::MissingHeader(_)));
        assert!(refused, "{}: {result:?}", case.name);
    }
}

#[test]
fn rejects_a_truncated_signature() {
    for case in cases() {
        let signature = case.signature();
        // A character, a byte of hexadecimal, a group of base64.
        for cut in [1, 2, 4] {
            let result = case.verify_signature(&signature[..signature.len() - cut]);
            assert!(case.is_malformed(&result), "{}: {result:?}", case.name);
        }
    }
}

#[test]
fn rejects_an_undecodable_signature() {
    for case in cases() {
        let signature = case.signature();
        let undecodable = format!("{}!!", &signature[..signature.len() - 2]);
        let result = case.verify_signature(&undecodable);
        assert!(case.is_malformed(&result), "{}: {result:?}", case.name);
    }
}

#[test]
fn rejects_an_empty_signature() {
    for case in cases() {
        let result = case.verify_signature("");
        assert!(case.is_malformed(&result), "{}: {result:?}", case.name);
    }
}

#[test]
fn takes_header_names_in_any_case() {
    for case in cases() {
        for change in [str::to_ascii_uppercase, str::to_ascii_lowercase] {
            let headers = case.delivery.headers.iter();
            let headers = headers.map(|(name, value)| (change(name), value)).collect();
            let delivery = Delivery {
                headers,
                ..case.delivery.clone()
            };
            assert_eq!(case.verify(&delivery), Ok(0), "{}", case.name);
        }
    }
}

#[test]
fn a_signed_time_counts_up_to_the_tolerance_both_ways() {
    let (timed, untimed): (Vec<_>, Vec<_>) = cases()
        .into_iter()
        .partition(|case| signs_the_time(case.provider, &case.delivery));
    assert!(!timed.is_empty() && !untimed.is_empty());
    for case in timed {
        let tolerance = case.provider.profile().tolerance.expect("it is timed");
        let tolerance = i64::try_from(tolerance.as_secs()).expect("it is small");
        for (skew_seconds, good) in [
            (tolerance, true),
            (-tolerance, true),
            (tolerance + 1, false),
            (-tolerance - 1, false),
        ] {
            let expected = if good {
                Ok(0)
            } else {
                Err(Rejection::TimestampOutOfTolerance { skew_seconds })
            };
            let now = Timestamp::from_seconds(case.now.seconds() + skew_seconds);
            assert_eq!(case.verify_at(now), expected, "{}", case.name);
        }
    }
    for case in untimed {
        let now = Timestamp::from_seconds(case.now.seconds() + 365 * 86_400);
        assert_eq!(case.verify_at(now), Ok(0), "{}", case.name);
    }
}

#[test]
fn shape_is_judged_without_a_secret() {
    for case in cases() {
        let shape = |delivery: &Delivery| check_shape(case.provider, delivery, case.now);
        assert_eq!(shape(&case.delivery), Ok(()), "{}", case.name);
        for broken in [
            without(&case.delivery, &case.header),
            with(&case.delivery, &case.header, ""),
        ] {
            let expected = case.verify(&broken).err();
            assert_eq!(shape(&broken).err(), expected, "{}", case.name);
        }
    }
}
