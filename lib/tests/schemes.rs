//! Schemes as data: what one signs it accepts, and nothing else.

mod deliveries;

use deliveries::FORM;
use webhooks::delivery::{Delivery, Method};
use webhooks::provider::catalog;
use webhooks::rejection::Rejection;
use webhooks::scheme::signing::sign;
use webhooks::scheme::verification::{verify, verify_any};
use webhooks::scheme::{
    Algorithm, At, Clock, Encoding, FIVE_MINUTES, Form, Key, Part, Place, Required, Scheme, Unit,
    development,
};
use webhooks::secret::Secret;
use webhooks::signature::Hash;
use webhooks::timestamp::Timestamp;

#[test]
fn what_a_scheme_signs_it_accepts_and_nothing_else() {
    let now = Timestamp::from_seconds(1_800_000_000);
    for provider in catalog::all() {
        let name = provider.profile().name;
        for scheme in provider.schemes() {
            let mut delivery = delivery_for(scheme);
            let secret = development::secret(scheme, &development::text(name));
            sign(scheme, &mut delivery, &secret, now).expect(name);
            let secrets = std::slice::from_ref(&secret);
            assert_eq!(verify(scheme, &delivery, secrets, now), Ok(0), "{name}");
            assert!(verify(scheme, &delivery, &[], now).is_err(), "{name}");
            if scheme.signed.contains(&Part::Body) {
                delivery.body[0] ^= 1;
                let result = verify(scheme, &delivery, secrets, now);
                assert_eq!(result, Err(Rejection::Mismatch), "{name}");
            }
        }
    }
}

fn delivery_for(scheme: &Scheme) -> Delivery {
    let body = if scheme.media_type == Some(FORM) {
        "timestamp=1&token=a"
    } else {
        r#"{"webhookTimestamp": 1, "signature": {"timestamp": "1", "token": "a", "signature": "b"}}"#
    };
    let headers = scheme
        .required
        .iter()
        .map(|Required(name, value)| (*name, value.unwrap_or("1")));
    let named = scheme.signed.iter().filter_map(|part| match part {
        Part::Header(name) => Some((*name, "1")),
        _ => None,
    });
    let media_type = scheme
        .media_type
        .map(|media_type| ("content-type", media_type));
    Delivery {
        method: Method::Post,
        urls: vec!["https://hooks.example.com/a?b=c".to_owned()],
        query: "b=c".to_owned(),
        headers: headers.chain(named).chain(media_type).collect(),
        body: body.as_bytes().to_vec(),
    }
}

#[test]
fn a_signed_request_does_not_fall_back_to_its_token() {
    let schemes = catalog::by_name("gitlab").expect("listed").schemes();
    let now = Timestamp::from_seconds(1_800_000_000);
    let key = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("not blank");
    let token = Secret::new("a token").expect("not blank");
    let mut delivery = delivery_for(&schemes[0]);
    sign(&schemes[1], &mut delivery, &token, now).expect("a token");
    let both = [key.clone(), token.clone()];
    assert_eq!(verify_any(schemes, &delivery, &both, now), Ok(1));
    delivery.headers.set(
        "webhook-signature",
        "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    );
    delivery.headers.set("webhook-timestamp", "1800000000");
    assert_eq!(
        verify_any(schemes, &delivery, &both, now),
        Err(Rejection::Mismatch)
    );
    // Without a secret of the signing kind the request is judged by its token.
    assert_eq!(verify_any(schemes, &delivery, &[token], now), Ok(0));
}

#[test]
fn a_time_that_cannot_be_one_is_refused_and_not_calculated_with() {
    let clock = |at, unit| {
        Some(Clock {
            at,
            unit,
            past: FIVE_MINUTES,
            future: FIVE_MINUTES,
        })
    };
    let mut scheme = Scheme {
        place: Place::Header("S"),
        form: Form::Pairs {
            separator: ",",
            name: "v1",
        },
        encoding: Encoding::Hex,
        algorithm: Algorithm::Hmac(Hash::Sha256),
        keys: &[Key::Text],
        signed: &[Part::Time, Part::Literal("."), Part::Body],
        clock: clock(At::Pair("t"), Unit::Seconds),
        required: &[],
        media_type: None,
    };
    let secret = Secret::new("secret").expect("not blank");
    let now = Timestamp::from_seconds(1_800_000_000);
    let digest = "0".repeat(64);
    for time in [
        "",
        "-1",
        "+1",
        " 1800000000",
        "1e9",
        "9223372036854775808",
        "99999999999999999999999",
    ] {
        let mut delivery = delivery_for(&scheme);
        delivery.headers.set("S", format!("t={time},v1={digest}"));
        let result = verify(&scheme, &delivery, std::slice::from_ref(&secret), now);
        assert!(
            matches!(result, Err(Rejection::MalformedHeader { .. })),
            "{time}: {result:?}"
        );
    }
    scheme.clock = clock(At::Header("T"), Unit::HttpDate);
    let mut delivery = delivery_for(&scheme);
    delivery.headers.set("S", format!("v1={digest}"));
    delivery.headers.set("T", "Thu, 01 Jan 1970 00:00:00 GMT");
    let result = verify(&scheme, &delivery, std::slice::from_ref(&secret), now);
    assert!(
        matches!(result, Err(Rejection::TimestampOutOfTolerance { .. })),
        "{result:?}"
    );
}
