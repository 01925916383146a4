//! No change to a signed delivery goes unnoticed, and what is signed is accepted.

mod deliveries;

use std::collections::BTreeSet;

use deliveries::{FORM, JSON, NOW, get, post, signature_header, signed, with};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use webhooks::delivery::{Delivery, Method};
use webhooks::payload::form_fields;
use webhooks::provider::Explained;
use webhooks::provider::catalog;
use webhooks::provider::profile::Covers;
use webhooks::scheme::development;
use webhooks::scheme::{Algorithm, At, Clock, Part, Scheme, Unit};
use webhooks::timestamp::Timestamp;
use webhooks::verify::verify;

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// A provider and one of its deliveries, with a good signature made at [`NOW`].
#[derive(Clone, Debug)]
struct Specimen {
    name: &'static str,
    delivery: Delivery,
    header: String,
}

impl Specimen {
    fn provider(&self) -> &'static dyn Explained {
        catalog::by_name(self.name).expect("the provider is listed")
    }

    fn accepts(&self, delivery: &Delivery) -> bool {
        self.accepts_at(delivery, NOW)
    }

    fn accepts_at(&self, delivery: &Delivery, now: Timestamp) -> bool {
        let provider = self.provider();
        let secrets = [provider.secret_of("token")];
        verify(
            provider,
            delivery,
            development::keys(provider, &secrets),
            now,
        )
        .is_ok()
    }

    fn signature(&self) -> &str {
        let value = self.delivery.headers.get(&self.header);
        value.expect("the delivery is signed")
    }

    fn is_timed(&self) -> bool {
        clock(self.provider()).is_some_and(|clock| matches!(clock.at, At::Pair(_)))
    }
}

/// Every provider with a body of JSON, a form and, where it uses GET, a query.
fn specimens() -> Vec<Specimen> {
    let mut specimens = Vec::new();
    // Plaid's credentials ask for a key, and sign nothing.
    let all = catalog::all()
        .filter(|provider| signs_any_body(*provider) && provider.profile().name != "plaid");
    for provider in all {
        let mut unsigned = vec![
            post(JSON, r#"{"id":"evt_1","type":"a","n":[1.0,"\u00e9"]}"#),
            post(
                FORM,
                "MessageSid=SM1&Body=1+%2B+1+%c3%a9&Empty=&SmsStatus=sent",
            ),
        ];
        if provider.profile().methods.contains(&Method::Get) {
            unsigned.push(get("MessageSid=SM1&Body=a+b&SmsStatus=sent"));
        }
        specimens.extend(unsigned.into_iter().map(|unsigned| Specimen {
            name: provider.profile().name,
            header: signature_header(provider, &unsigned).expect("it signs in a header"),
            delivery: signed(provider, &unsigned, &provider.secret_of("token"), NOW),
        }));
    }
    specimens
}

fn specimen() -> impl Strategy<Value = Specimen> {
    specimen_that(|_| true)
}

fn specimen_that(fits: impl Fn(&Specimen) -> bool) -> impl Strategy<Value = Specimen> {
    select(specimens().into_iter().filter(fits).collect::<Vec<_>>())
}

/// One change of some bytes.
#[derive(Clone, Debug)]
enum Change {
    Replace(Vec<u8>),
    Substitute(Index, u8),
    Insert(Index, u8),
    Remove(Index),
    Swap(Index, Index),
    Truncate(Index),
}

impl Change {
    fn of(&self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        let length = bytes.len();
        match self {
            Self::Replace(new) => return new.clone(),
            Self::Substitute(at, byte) => bytes[at.index(length)] = *byte,
            Self::Insert(at, byte) => bytes.insert(at.index(length + 1), *byte),
            Self::Remove(at) => drop(bytes.remove(at.index(length))),
            Self::Swap(one, other) => bytes.swap(one.index(length), other.index(length)),
            Self::Truncate(at) => bytes.truncate(at.index(length)),
        }
        bytes
    }
}

fn change() -> impl Strategy<Value = Change> {
    // Bytes that mean something to a form or to JSON come up as often as all others together.
    let byte = || prop_oneof![select(b"&=+%20aA\"{}[],".to_vec()), any::<u8>()];
    prop_oneof![
        vec(byte(), 0..40).prop_map(Change::Replace),
        (any::<Index>(), byte()).prop_map(|(at, byte)| Change::Substitute(at, byte)),
        (any::<Index>(), byte()).prop_map(|(at, byte)| Change::Insert(at, byte)),
        any::<Index>().prop_map(Change::Remove),
        any::<(Index, Index)>().prop_map(|(one, other)| Change::Swap(one, other)),
        any::<Index>().prop_map(Change::Truncate),
    ]
}

/// What Twilio signs of a form. Two bodies with the same text are the same to its scheme: it sees
/// neither how a character is escaped nor where a key ends.
fn signed_text(body: &[u8]) -> String {
    let distinct: BTreeSet<_> = form_fields(body).into_iter().collect();
    distinct
        .into_iter()
        .map(|(key, value)| key + &value)
        .collect()
}

fn is_form(delivery: &Delivery) -> bool {
    delivery.media_type() == FORM
}

fn has_a_name((name, _): &(String, String)) -> bool {
    let first = |character: char| character.is_ascii_alphabetic() || character == '_';
    name.starts_with(first) && !name.contains(['/', '?', '&', '=', '#'])
}

/// The clock of a signed time whose age counts.
fn clock(provider: &dyn Explained) -> Option<Clock> {
    let mut clocks = provider.schemes().iter().filter_map(|scheme| scheme.clock);
    clocks.find(|clock| clock.past.is_some())
}

/// True for a provider that signs any body: not one that signs a field or a header of its own.
fn signs_anything(provider: &dyn Explained) -> bool {
    let secret = provider.secret_of("token");
    provider.sign(&mut post(JSON, "[]"), &secret, NOW).is_ok()
}

/// True for a provider whose one signature is an HMAC of the whole body, in a header.
fn signs_any_body(provider: &dyn Explained) -> bool {
    let covers = |scheme: &Scheme| {
        matches!(scheme.algorithm, Algorithm::Hmac(_)) && scheme.signed.contains(&Part::Body)
    };
    let schemes = provider.schemes();
    provider.profile().covers.has_body()
        && schemes.len() < 2
        && schemes.iter().all(covers)
        && signs_anything(provider)
}

proptest! {
    #![proptest_config(cases(3000))]

    #[test]
    fn no_other_body_is_accepted(
        specimen in specimen_that(|specimen| specimen.delivery.method != Method::Get),
        change in change(),
    ) {
        let original = &specimen.delivery;
        let mut changed = original.clone();
        changed.body = change.of(&original.body);
        let same = changed.body == original.body
            || specimen.provider().profile().covers == Covers::UrlAndBody
                && original.media_type() == FORM
                && signed_text(&changed.body) == signed_text(&original.body);
        // A form may be refused though its signed text is the same: for a field without a name.
        prop_assert!(same || !specimen.accepts(&changed));
    }

    #[test]
    fn no_other_query_is_accepted(
        specimen in specimen_that(|specimen| !specimen.delivery.query.is_empty()),
        change in change(),
    ) {
        let original = &specimen.delivery;
        let query = change.of(original.query.as_bytes());
        let query = String::from_utf8_lossy(&query).into_owned();
        let mut changed = original.clone();
        changed.urls = vec![original.urls[0].replace(&original.query, &query)];
        changed.query = query;
        prop_assert_eq!(specimen.accepts(&changed), changed.query == original.query);
    }

    #[test]
    fn no_other_signature_is_accepted(
        specimen in specimen(),
        at in any::<Index>(),
        character in prop_oneof!["[0-9a-zA-Z=,+/]", any::<char>().prop_map(String::from)],
    ) {
        let signature = specimen.signature();
        let at = at.index(signature.len());
        let rest = &signature[at + 1..];
        // Hexadecimal has two cases.
        prop_assume!(!signature[at..=at].eq_ignore_ascii_case(&character));
        for other in [
            format!("{}{character}{rest}", &signature[..at]),
            format!("{}{rest}", &signature[..at]),
            signature[..at].to_owned(),
            rest.to_owned(),
            character.clone(),
        ] {
            let changed = with(&specimen.delivery, &specimen.header, &other);
            prop_assert!(!specimen.accepts(&changed), "{other}");
        }
    }

    #[test]
    fn no_other_time_is_accepted(
        specimen in specimen_that(Specimen::is_timed),
        seconds in 0..4_000_000_000_i64,
    ) {
        prop_assume!(seconds != NOW.seconds());
        let signed_at = NOW.seconds().to_string();
        let moved = specimen.signature().replace(&signed_at, &seconds.to_string());
        let changed = with(&specimen.delivery, &specimen.header, moved);
        let now = Timestamp::from_seconds(seconds);
        prop_assert!(!specimen.accepts_at(&changed, now));
    }

    #[test]
    fn a_delivery_is_good_within_the_tolerance_of_a_signed_time(
        specimen in specimen(),
        millis in prop_oneof![any::<i64>(), -400_000..400_000_i64],
    ) {
        let now = Timestamp::from_millis(NOW.millis().wrapping_add(millis));
        let good = clock(specimen.provider()).is_none_or(|clock| {
            let tolerance = if NOW > now { clock.future } else { clock.past };
            let skew = match clock.unit {
                Unit::Milliseconds => now.millis().abs_diff(NOW.millis()),
                _ => now.seconds().abs_diff(NOW.seconds()) * 1000,
            };
            tolerance.is_none_or(|tolerance| u128::from(skew) <= tolerance.as_millis())
        });
        prop_assert_eq!(specimen.accepts_at(&specimen.delivery, now), good);
    }

    #[test]
    fn only_the_secret_itself_signs(specimen in specimen(), other in "[a-zA-Z0-9 +/=]{1,80}") {
        prop_assume!(other != "token" && !other.trim().is_empty());
        let secrets = [specimen.provider().secret_of(&other)];
        let result = verify(specimen.provider(), &specimen.delivery, development::keys(specimen.provider(), &secrets), NOW);
        prop_assert!(result.is_err());
    }

    /// Nothing signs the method and the media type, so a change of theirs may pass, but what was
    /// not signed must not come in with it.
    #[test]
    fn no_other_body_comes_in_under_another_method_or_type(
        specimen in specimen_that(|specimen| specimen.delivery.method != Method::Get),
        method in select(vec![Method::Get, Method::Post, Method::Other]),
        media_type in select(vec![JSON, FORM, "text/plain", ""]),
        body in prop_oneof![Just(Vec::new()), Just(b"&".to_vec()), vec(any::<u8>(), 1..20)],
    ) {
        let mut changed = with(&specimen.delivery, "content-type", media_type);
        changed.method = method;
        changed.body = body;
        prop_assert!(!specimen.accepts(&changed));
    }

    #[test]
    fn whatever_is_signed_is_accepted(
        name in select(
            catalog::all()
                .filter(|provider| signs_anything(*provider))
                .map(|provider| provider.profile().name)
                .collect::<Vec<_>>(),
        ),
        media_type in select(vec![JSON, FORM, "text/plain", ""]),
        query in prop_oneof![Just(String::new()), "[a-z=&%+]{1,20}"],
        body in vec(any::<u8>(), 0..300),
        text in "\\PC{1,40}",
        seconds in 0..4_000_000_000_i64,
    ) {
        prop_assume!(!text.trim().is_empty());
        let provider = catalog::by_name(name).expect("the provider is listed");
        let mut delivery = post(media_type, body);
        // Where names and values are signed, names are names.
        let named = !is_form(&delivery) || form_fields(&delivery.body).iter().all(has_a_name);
        let covers_url = provider.profile().covers == Covers::UrlAndBody;
        prop_assume!(!covers_url || named);
        if !query.is_empty() {
            delivery.urls[0] += &format!("?{query}");
            delivery.query = query;
        }
        let (secret, now) = (provider.secret_of(&text), Timestamp::from_seconds(seconds));
        let delivery = signed(provider, &delivery, &secret, now);
        let result = verify(provider, &delivery, development::keys(provider, &[secret]), now);
        prop_assert!(result.is_ok(), "{result:?}");
    }
}
