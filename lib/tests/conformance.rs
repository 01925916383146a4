//! What holds for every provider, shown on its deliveries under `events/` as they are shipped and
//! signed anew.

mod deliveries;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use deliveries::{
    NOW, SHIPPED_AT, delivery, development_secret, events, signature_header, signed, with, without,
};
use serde_json::Value;
use webhooks::delivery::{Delivery, Method};
use webhooks::limits;
use webhooks::provider::Explained;
use webhooks::provider::catalog;
use webhooks::provider::profile::Covers;
use webhooks::rejection::Rejection;
use webhooks::scheme::development;
use webhooks::scheme::verification;
use webhooks::scheme::{Algorithm, Clock, Part, Scheme};
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
    /// The header that carries the signature; none where it stands in the URL or in the body.
    header: Option<String>,
    /// The scheme that signed it, where it is data.
    scheme: Option<&'static Scheme>,
}

impl Case {
    fn verify(&self, delivery: &Delivery) -> Result<usize, Rejection> {
        self.verify_with(delivery, std::slice::from_ref(&self.secret))
    }

    fn verify_with(&self, delivery: &Delivery, secrets: &[Secret]) -> Result<usize, Rejection> {
        let keys = development::keys(self.provider, secrets);
        verify(self.provider, delivery, keys, self.now)
            .map(|verified| verified.secret().expect("signed"))
    }

    fn verify_at(&self, now: Timestamp) -> Result<usize, Rejection> {
        let secrets = std::slice::from_ref(&self.secret);
        let keys = development::keys(self.provider, secrets);
        verify(self.provider, &self.delivery, keys, now)
            .map(|verified| verified.secret().expect("signed"))
    }

    /// What the signature covers.
    fn covers(&self) -> Covers {
        match self.scheme {
            None => self.provider.profile().covers,
            Some(scheme) if scheme.signed.contains(&Part::Url) => Covers::UrlAndBody,
            Some(scheme) if scheme.signed.contains(&Part::Body) => Covers::Body,
            Some(_) => Covers::Nothing,
        }
    }

    /// The clock of a signed time whose age counts.
    fn clock(&self) -> Option<Clock> {
        let clock = self.scheme.and_then(|scheme| scheme.clock);
        clock.filter(|clock| clock.past.is_some())
    }

    /// True if a signature has one length, and a digest's form: no token and no secret.
    fn has_digest(&self) -> bool {
        // Neither a token has it, nor what a published key signs.
        if self.provider.publication(&self.secret).is_some() || !tokens(&self.delivery).is_empty() {
            return false;
        }
        self.scheme.is_none_or(|scheme| {
            matches!(scheme.algorithm, Algorithm::Hmac(_) | Algorithm::Ed25519)
        })
    }
}

/// A case whose signature stands in a header.
struct InHeader {
    case: Case,
    header: String,
}

impl InHeader {
    fn signature(&self) -> &str {
        let value = self.case.delivery.headers.get(&self.header);
        value.expect("the delivery is signed")
    }

    /// What verification says when the signature header has this value instead.
    fn verify_signature(&self, value: &str) -> Result<usize, Rejection> {
        self.case
            .verify(&with(&self.case.delivery, &self.header, value))
    }

    fn is_malformed(&self, result: &Result<usize, Rejection>) -> bool {
        matches!(result, Err(Rejection::MalformedHeader { header, .. })
            if self.header.to_ascii_lowercase().starts_with(&header.to_ascii_lowercase()))
    }
}

fn in_headers() -> Vec<InHeader> {
    let with_header = |mut case: Case| {
        let header = case.header.take()?;
        Some(InHeader { case, header })
    };
    let cases: Vec<_> = cases().into_iter().filter_map(with_header).collect();
    let named = |name: &&str| {
        cases
            .iter()
            .any(|case| case.case.provider.profile().name == *name)
    };
    let names = catalog::all().map(|provider| provider.profile().name);
    let mut others: Vec<_> = names.filter(|name| !named(name)).collect();
    others.sort_unstable();
    assert_eq!(others, ["mailchimp", "mailgun", "msgraph", "sns"]);
    cases
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for provider in catalog::all() {
        let secret = development_secret(provider);
        for (file, event) in events(provider) {
            let shipped = delivery(&event);
            let header = signature_header(provider, &shipped);
            let unsigned = match &header {
                Some(header) => without(&shipped, header),
                None => shipped.clone(),
            };
            let anew = signed(provider, &unsigned, &secret, NOW);
            for (twist, delivery, now) in [("shipped", shipped, SHIPPED_AT), ("anew", anew, NOW)] {
                let secrets = std::slice::from_ref(&secret);
                let holds = |scheme: &&Scheme| {
                    verification::verify(scheme, &delivery, secrets, now).is_ok()
                };
                let scheme = provider.schemes().iter().find(holds);
                cases.push(Case {
                    name: format!("{file}, {twist}"),
                    provider,
                    secret: secret.clone(),
                    delivery,
                    now,
                    header: header.clone(),
                    scheme,
                });
            }
        }
    }
    cases
}

/// What the tokens (JWS) of a delivery claim, wherever they stand.
fn tokens(delivery: &Delivery) -> Vec<Value> {
    let body = String::from_utf8_lossy(&delivery.body).into_owned();
    let headers = delivery.headers.iter().map(|(_, value)| value.to_owned());
    let texts: Vec<_> = headers.chain([body]).collect();
    let is_part = |byte: char| byte.is_ascii_alphanumeric() || "-_.".contains(byte);
    let words = texts
        .iter()
        .flat_map(|text| text.split(|byte| !is_part(byte)));
    let claims = |word: &str| {
        let [_, claims, _] = word.split('.').collect::<Vec<_>>().try_into().ok()?;
        let claims = URL_SAFE_NO_PAD.decode::<&str>(claims).ok()?;
        serde_json::from_slice::<Value>(&claims).ok()
    };
    words.filter_map(claims).filter(Value::is_object).collect()
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
        let mut elsewhere = case.delivery.clone();
        for url in &mut elsewhere.urls {
            *url = format!("{url}x");
        }
        let covers_url = case.verify(&elsewhere).is_err();
        let expected = case.covers().has_url();
        assert_eq!(covers_url, expected, "{}", case.name);
        let first = case.provider.schemes().first();
        if first.is_some_and(|first| case.scheme.is_some_and(|own| std::ptr::eq(own, first))) {
            assert_eq!(
                case.covers(),
                case.provider.profile().covers,
                "{}",
                case.name
            );
        }
    }
}

#[test]
fn every_provider_hears_in_time() {
    for provider in catalog::all() {
        let profile = provider.profile();
        let answer = limits::answer(profile.answer_within);
        assert!(answer < profile.answer_within, "{}", profile.name);
        assert!(answer < limits::RECEIVER_TIMEOUT, "{}", profile.name);
        // Sentry's second is less than the last steps may take; an event that it gave up is recorded.
        let has_room = answer > limits::LAST_STEPS;
        assert_eq!(has_room, profile.name != "sentry", "{}", profile.name);
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
        if !case.covers().has_body() {
            continue;
        }
        let length = case.delivery.body.len().max(case.delivery.query.len());
        for index in [0, length / 2, length - 1] {
            let result = case.verify(&flipped(&case.delivery, index));
            let refused = matches!(
                result,
                Err(Rejection::Mismatch | Rejection::BodyHashMismatch | Rejection::BodyNotCovered)
            );
            assert!(refused, "{}, byte {index}: {result:?}", case.name);
        }
    }
}

#[test]
fn rejects_another_secret() {
    for case in cases() {
        let result = case.verify_with(&case.delivery, &[case.provider.secret_of("another")]);
        assert_eq!(result, Err(Rejection::Mismatch), "{}", case.name);
    }
}

#[test]
fn says_which_secret_matched() {
    for case in cases() {
        let secrets = [case.provider.secret_of("another"), case.secret.clone()];
        let result = case.verify_with(&case.delivery, &secrets);
        // Credentials that a key is asked for with sign nothing.
        let address = case.provider.published_key(&case.delivery, &secrets);
        let is_asked = address.is_ok_and(|address| address.is_some_and(|key| key.ask.is_some()));
        assert_eq!(result, Ok(usize::from(!is_asked)), "{}", case.name);
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
    for InHeader { case, header } in in_headers() {
        let result = case.verify(&without(&case.delivery, &header));
        let Err(Rejection::MissingHeader(missing)) = result else {
            panic!("{}: {result:?}", case.name);
        };
        let named = header.to_ascii_lowercase();
        let is_named = named.starts_with(&missing.to_ascii_lowercase());
        // Where there are several schemes, another one's header can be what the request lacks.
        assert!(
            is_named || case.provider.schemes().len() > 1,
            "{}: {missing}",
            case.name
        );
    }
}

#[test]
fn rejects_an_unsigned_twin() {
    for InHeader { case, header } in in_headers() {
        let mut twin = without(&case.delivery, &header);
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
    for case in in_headers() {
        let signature = case.signature();
        // A character, a byte of hexadecimal, a group of base64.
        for cut in [1, 2, 4] {
            let result = case.verify_signature(&signature[..signature.len() - cut]);
            let name = &case.case.name;
            let refused = case.is_malformed(&result)
                || result == Err(Rejection::Mismatch) && !case.case.has_digest();
            assert!(refused, "{name}: {result:?}");
        }
    }
}

#[test]
fn rejects_an_undecodable_signature() {
    for case in in_headers() {
        let signature = case.signature();
        let undecodable = format!("{}!!", &signature[..signature.len() - 2]);
        let result = case.verify_signature(&undecodable);
        let name = &case.case.name;
        let refused = case.is_malformed(&result)
            || result == Err(Rejection::Mismatch) && !case.case.has_digest();
        assert!(refused, "{name}: {result:?}");
    }
}

#[test]
fn rejects_an_empty_signature() {
    for case in in_headers() {
        let result = case.verify_signature("");
        assert!(case.is_malformed(&result), "{}: {result:?}", case.case.name);
    }
}

/// What stands in the URL or in the body.
#[test]
fn rejects_a_signature_that_is_missing_or_another_where_no_header_has_it() {
    let others = cases().into_iter().filter(|case| case.header.is_none());
    let mut seen = 0;
    for case in others {
        let mut without = case.delivery.clone();
        without.query.clear();
        without.urls = vec!["https://hooks.example.com/".to_owned()];
        let text = String::from_utf8_lossy(&without.body).into_owned();
        let text = ["signature", "Signature", "clientState"]
            .iter()
            .fold(text, |text, name| text.replace(name, "omitted"));
        without.body = text.into_bytes();
        let result = case.verify(&without);
        let refused = matches!(result, Err(Rejection::MissingHeader(_)));
        assert!(refused, "{}: {result:?}", case.name);
        seen += 1;
    }
    assert!(seen > 0);
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
    let (timed, untimed): (Vec<_>, Vec<_>) =
        cases().into_iter().partition(|case| case.clock().is_some());
    assert!(!timed.is_empty() && !untimed.is_empty());
    for case in timed {
        let clock = case.clock().expect("it is timed");
        for (tolerance, ahead) in [(clock.past, 1), (clock.future, -1)] {
            let seconds = |tolerance: std::time::Duration| {
                i64::try_from(tolerance.as_secs()).expect("it is small")
            };
            // Where no library of the provider's checks it, a year is as good as a second.
            let most = tolerance.map_or(365 * 86_400, seconds);
            for (skew_seconds, is_good) in [(most, true), (most + 1, tolerance.is_none())] {
                let skew_seconds = skew_seconds * ahead;
                let expected = if is_good {
                    Ok(0)
                } else {
                    Err(Rejection::TimestampOutOfTolerance { skew_seconds })
                };
                let now = Timestamp::from_seconds(case.now.seconds() + skew_seconds);
                assert_eq!(case.verify_at(now), expected, "{}", case.name);
            }
        }
    }
    // Tokens that say themselves when they end, or when they were made.
    let has_time = |claims: &Value| ["exp", "iat"].iter().any(|name| claims[*name].is_i64());
    let is_timed = |case: &Case| tokens(&case.delivery).iter().any(has_time);
    for case in untimed.into_iter().filter(|case| !is_timed(case)) {
        let now = Timestamp::from_seconds(case.now.seconds() + 365 * 86_400);
        assert_eq!(case.verify_at(now), Ok(0), "{}", case.name);
    }
}

#[test]
fn shape_is_judged_without_a_secret() {
    for InHeader { case, header } in in_headers() {
        let shape = |delivery: &Delivery| check_shape(case.provider, delivery, case.now);
        assert_eq!(shape(&case.delivery), Ok(()), "{}", case.name);
        for broken in [
            without(&case.delivery, &header),
            with(&case.delivery, &header, ""),
        ] {
            let expected = case.verify(&broken).err();
            assert_eq!(shape(&broken).err(), expected, "{}", case.name);
        }
    }
}
