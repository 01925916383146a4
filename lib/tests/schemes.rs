//! Schemes of providers as data, held against published and generated signatures.

mod deliveries;

use std::time::Duration;

use deliveries::vectors::vectors;
use webhooks::delivery::{Delivery, Method};
use webhooks::rejection::Rejection;
use webhooks::scheme::signing::sign;
use webhooks::scheme::verification::{verify, verify_any};
use webhooks::scheme::{
    Algorithm, At, Clock, Encoding, FIVE_MINUTES, Form, Key, Part, Place, Required, Scheme, Unit,
};
use webhooks::secret::Secret;
use webhooks::signature::Hash;
use webhooks::timestamp::Timestamp;

const SHA1: Algorithm = Algorithm::Hmac(Hash::Sha1);
const SHA256: Algorithm = Algorithm::Hmac(Hash::Sha256);
const SHA512: Algorithm = Algorithm::Hmac(Hash::Sha512);

/// The commonest scheme: an HMAC-SHA256 of the body in a header.
const fn of_body(header: &'static str, form: Form, encoding: Encoding) -> Scheme {
    Scheme {
        place: Place::Header(header),
        form,
        encoding,
        algorithm: SHA256,
        keys: &[Key::Text],
        signed: &[Part::Body],
        clock: None,
        required: &[],
    }
}

const fn hex(header: &'static str) -> Scheme {
    of_body(header, Form::Whole, Encoding::Hex)
}

const fn base64(header: &'static str) -> Scheme {
    of_body(header, Form::Whole, Encoding::Base64)
}

const fn prefixed(header: &'static str) -> Scheme {
    of_body(header, Form::Prefixed("sha256="), Encoding::Hex)
}

const fn token(header: &'static str, form: Form, encoding: Encoding) -> Scheme {
    Scheme {
        algorithm: Algorithm::Token,
        signed: &[],
        ..of_body(header, form, encoding)
    }
}

const fn clock(at: At, unit: Unit, past: u64, future: Option<Duration>) -> Option<Clock> {
    Some(Clock {
        at,
        unit,
        past: Some(Duration::from_secs(past)),
        future,
    })
}

/// A time that is signed and whose age the provider's libraries do not check.
const fn ageless(at: At, unit: Unit) -> Option<Clock> {
    Some(Clock {
        at,
        unit,
        past: None,
        future: None,
    })
}

/// Stripe's form: `t=...,v1=...`, the time before the body.
const fn pairs(
    header: &'static str,
    separator: &'static str,
    name: &'static str,
    signed: &'static [Part],
    clock: Option<Clock>,
) -> Scheme {
    Scheme {
        signed,
        clock,
        ..of_body(header, Form::Pairs { separator, name }, Encoding::Hex)
    }
}

const TIME_DOT_BODY: &[Part] = &[Part::Time, Part::Literal("."), Part::Body];
const TIME_COLON_BODY: &[Part] = &[Part::Time, Part::Literal(":"), Part::Body];
const V0: &[Part] = &[
    Part::Literal("v0:"),
    Part::Time,
    Part::Literal(":"),
    Part::Body,
];
const BODY_TIME: &[Part] = &[Part::Body, Part::Time];
const TIME_BODY: &[Part] = &[Part::Time, Part::Body];

const fn standard(
    [id, timestamp, signature]: [&'static str; 3],
    signed: &'static [Part],
    required: &'static [Required],
    prefix: &'static str,
    algorithm: Algorithm,
    keys: &'static [Key],
) -> Scheme {
    let _ = id;
    Scheme {
        place: Place::Header(signature),
        form: Form::List {
            separator: " ",
            prefix,
        },
        encoding: Encoding::Base64,
        algorithm,
        keys,
        signed,
        clock: clock(At::Header(timestamp), Unit::Seconds, 300, FIVE_MINUTES),
        required,
    }
}

const WEBHOOK: [&str; 3] = ["webhook-id", "webhook-timestamp", "webhook-signature"];
const SVIX: [&str; 3] = ["svix-id", "svix-timestamp", "svix-signature"];
const WEBHOOK_SIGNED: &[Part] = &[
    Part::Header("webhook-id"),
    Part::Literal("."),
    Part::Time,
    Part::Literal("."),
    Part::Body,
];
const SVIX_SIGNED: &[Part] = &[
    Part::Header("svix-id"),
    Part::Literal("."),
    Part::Time,
    Part::Literal("."),
    Part::Body,
];
const WEBHOOK_REQUIRED: &[Required] = &[Required("webhook-id", None)];
const SVIX_REQUIRED: &[Required] = &[Required("svix-id", None)];
const WHSEC: &[Key] = &[Key::Base64 { prefix: "whsec_" }, Key::Base64 { prefix: "" }];
const WHPK: &[Key] = &[Key::Base64 { prefix: "whpk_" }];

static STANDARD: &[Scheme] = &[
    standard(
        WEBHOOK,
        WEBHOOK_SIGNED,
        WEBHOOK_REQUIRED,
        "v1,",
        SHA256,
        WHSEC,
    ),
    standard(
        WEBHOOK,
        WEBHOOK_SIGNED,
        WEBHOOK_REQUIRED,
        "v1a,",
        Algorithm::Ed25519,
        WHPK,
    ),
    standard(SVIX, SVIX_SIGNED, SVIX_REQUIRED, "v1,", SHA256, WHSEC),
    standard(
        SVIX,
        SVIX_SIGNED,
        SVIX_REQUIRED,
        "v1a,",
        Algorithm::Ed25519,
        WHPK,
    ),
];

/// Schemes of providers that are not built yet, by the name that the vectors give them.
static SCHEMES: &[(&str, &[Scheme])] = &[
    (
        "gitlab",
        &[
            standard(
                WEBHOOK,
                WEBHOOK_SIGNED,
                WEBHOOK_REQUIRED,
                "v1,",
                SHA256,
                &[Key::Base64 { prefix: "whsec_" }],
            ),
            token("X-Gitlab-Token", Form::Whole, Encoding::Text),
        ],
    ),
    ("standardwebhooks", STANDARD),
    (
        "discord",
        &[Scheme {
            algorithm: Algorithm::Ed25519,
            keys: &[Key::Hex],
            signed: TIME_BODY,
            clock: ageless(At::Header("X-Signature-Timestamp"), Unit::Seconds),
            ..hex("X-Signature-Ed25519")
        }],
    ),
    (
        "sendgrid",
        &[Scheme {
            algorithm: Algorithm::EcdsaP256,
            keys: &[Key::Base64 { prefix: "" }],
            signed: TIME_BODY,
            clock: ageless(
                At::Header("X-Twilio-Email-Event-Webhook-Timestamp"),
                Unit::Seconds,
            ),
            ..base64("X-Twilio-Email-Event-Webhook-Signature")
        }],
    ),
    (
        "square",
        &[Scheme {
            signed: &[Part::Url, Part::Body],
            ..base64("x-square-hmacsha256-signature")
        }],
    ),
    (
        "linear",
        &[Scheme {
            clock: clock(
                At::Field("webhookTimestamp"),
                Unit::Milliseconds,
                60,
                Some(Duration::from_secs(60)),
            ),
            ..hex("Linear-Signature")
        }],
    ),
    (
        "zoom",
        &[Scheme {
            signed: V0,
            clock: ageless(At::Header("x-zm-request-timestamp"), Unit::Seconds),
            ..of_body("x-zm-signature", Form::Prefixed("v0="), Encoding::Hex)
        }],
    ),
    ("meta", &[prefixed("X-Hub-Signature-256")]),
    ("dropbox", &[hex("X-Dropbox-Signature")]),
    (
        "mailgun",
        &[Scheme {
            place: Place::Field("signature.signature"),
            signed: &[
                Part::Field("signature.timestamp"),
                Part::Field("signature.token"),
            ],
            ..hex("")
        }],
    ),
    (
        "paddle",
        &[pairs(
            "Paddle-Signature",
            ";",
            "h1",
            TIME_COLON_BODY,
            clock(At::Pair("ts"), Unit::Seconds, 5, None),
        )],
    ),
    (
        "twitch",
        &[Scheme {
            signed: &[
                Part::Header("Twitch-Eventsub-Message-Id"),
                Part::Time,
                Part::Body,
            ],
            clock: clock(
                At::Header("Twitch-Eventsub-Message-Timestamp"),
                Unit::Rfc3339,
                600,
                None,
            ),
            ..prefixed("Twitch-Eventsub-Message-Signature")
        }],
    ),
    (
        "typeform",
        &[of_body(
            "Typeform-Signature",
            Form::Prefixed("sha256="),
            Encoding::Base64,
        )],
    ),
    (
        "intercom",
        &[Scheme {
            algorithm: SHA1,
            ..of_body("X-Hub-Signature", Form::Prefixed("sha1="), Encoding::Hex)
        }],
    ),
    (
        "zendesk",
        &[Scheme {
            signed: TIME_BODY,
            clock: ageless(
                At::Header("X-Zendesk-Webhook-Signature-Timestamp"),
                Unit::Rfc3339,
            ),
            ..base64("X-Zendesk-Webhook-Signature")
        }],
    ),
    ("bitbucket", &[prefixed("X-Hub-Signature")]),
    ("jira", &[prefixed("X-Hub-Signature")]),
    ("xero", &[base64("x-xero-signature")]),
    (
        "docusign",
        &[Scheme {
            place: Place::NumberedHeaders("X-DocuSign-Signature-"),
            ..base64("")
        }],
    ),
    (
        "telegram",
        &[token(
            "X-Telegram-Bot-Api-Secret-Token",
            Form::Whole,
            Encoding::Text,
        )],
    ),
    ("sentry", &[hex("Sentry-Hook-Signature")]),
    (
        "pagerduty",
        &[of_body(
            "X-PagerDuty-Signature",
            Form::List {
                separator: ",",
                prefix: "v1=",
            },
            Encoding::Hex,
        )],
    ),
    (
        "workos",
        &[pairs(
            "WorkOS-Signature",
            ", ",
            "v1",
            TIME_DOT_BODY,
            clock(At::Pair("t"), Unit::Milliseconds, 180, FIVE_MINUTES),
        )],
    ),
    ("calcom", &[hex("X-Cal-Signature-256")]),
    (
        "calendly",
        &[pairs(
            "Calendly-Webhook-Signature",
            ",",
            "v1",
            TIME_DOT_BODY,
            clock(At::Pair("t"), Unit::Seconds, 180, None),
        )],
    ),
    (
        "vercel",
        &[Scheme {
            algorithm: SHA1,
            ..hex("x-vercel-signature")
        }],
    ),
    (
        "airtable",
        &[Scheme {
            keys: &[Key::Base64 { prefix: "" }],
            ..of_body(
                "X-Airtable-Content-MAC",
                Form::Prefixed("hmac-sha256="),
                Encoding::Hex,
            )
        }],
    ),
    (
        "chargebee",
        &[token(
            "Authorization",
            Form::Prefixed("Basic "),
            Encoding::Base64,
        )],
    ),
    (
        "postmark",
        &[token(
            "Authorization",
            Form::Prefixed("Basic "),
            Encoding::Base64,
        )],
    ),
    (
        "webflow",
        &[Scheme {
            signed: TIME_COLON_BODY,
            clock: clock(
                At::Header("x-webflow-timestamp"),
                Unit::Milliseconds,
                300,
                FIVE_MINUTES,
            ),
            ..hex("x-webflow-signature")
        }],
    ),
    (
        "trello",
        &[Scheme {
            algorithm: SHA1,
            signed: &[Part::Body, Part::Url],
            ..base64("X-Trello-Webhook")
        }],
    ),
    (
        "box",
        &[Scheme {
            place: Place::Headers(&["BOX-SIGNATURE-PRIMARY", "BOX-SIGNATURE-SECONDARY"]),
            signed: BODY_TIME,
            clock: clock(
                At::Header("BOX-DELIVERY-TIMESTAMP"),
                Unit::Rfc3339,
                600,
                None,
            ),
            required: &[
                Required("BOX-SIGNATURE-VERSION", Some("1")),
                Required("BOX-SIGNATURE-ALGORITHM", Some("HmacSHA256")),
            ],
            ..base64("")
        }],
    ),
    (
        "telnyx",
        &[Scheme {
            algorithm: Algorithm::Ed25519,
            keys: &[Key::Base64 { prefix: "" }],
            signed: &[Part::Time, Part::Literal("|"), Part::Body],
            clock: clock(
                At::Header("telnyx-timestamp"),
                Unit::Seconds,
                300,
                FIVE_MINUTES,
            ),
            ..base64("telnyx-signature-ed25519")
        }],
    ),
    ("razorpay", &[hex("X-Razorpay-Signature")]),
    ("gocardless", &[hex("Webhook-Signature")]),
    (
        "paystack",
        &[Scheme {
            algorithm: SHA512,
            ..hex("x-paystack-signature")
        }],
    ),
    ("coinbase", &[hex("X-CC-Webhook-Signature")]),
    (
        "mux",
        &[pairs(
            "Mux-Signature",
            ",",
            "v1",
            TIME_DOT_BODY,
            clock(At::Pair("t"), Unit::Seconds, 300, None),
        )],
    ),
    (
        "buildkite",
        &[
            pairs(
                "X-Buildkite-Signature",
                ",",
                "signature",
                TIME_DOT_BODY,
                clock(At::Pair("timestamp"), Unit::Seconds, 300, FIVE_MINUTES),
            ),
            token("X-Buildkite-Token", Form::Whole, Encoding::Text),
        ],
    ),
    ("quickbooks", &[base64("intuit-signature")]),
    ("heroku", &[base64("Heroku-Webhook-Hmac-SHA256")]),
    ("lemonsqueezy", &[hex("X-Signature")]),
    (
        "circleci",
        &[of_body(
            "circleci-signature",
            Form::List {
                separator: ",",
                prefix: "v1=",
            },
            Encoding::Hex,
        )],
    ),
    (
        "customerio",
        &[Scheme {
            signed: V0,
            clock: ageless(At::Header("X-CIO-Timestamp"), Unit::Seconds),
            ..hex("X-CIO-Signature")
        }],
    ),
    (
        "brevo",
        &[
            token("Authorization", Form::Prefixed("Bearer "), Encoding::Text),
            token("Authorization", Form::Prefixed("Basic "), Encoding::Base64),
        ],
    ),
    (
        "klaviyo",
        &[Scheme {
            signed: BODY_TIME,
            clock: ageless(At::Header("Klaviyo-Timestamp"), Unit::HttpDate),
            ..hex("Klaviyo-Signature")
        }],
    ),
    (
        "front",
        &[
            Scheme {
                signed: TIME_COLON_BODY,
                clock: clock(
                    At::Header("X-Front-Request-Timestamp"),
                    Unit::Milliseconds,
                    300,
                    FIVE_MINUTES,
                ),
                required: &[Required("X-Front-Request-Timestamp", None)],
                ..base64("X-Front-Signature")
            },
            Scheme {
                algorithm: SHA1,
                ..base64("X-Front-Signature")
            },
        ],
    ),
    (
        "polar",
        &[standard(
            WEBHOOK,
            WEBHOOK_SIGNED,
            WEBHOOK_REQUIRED,
            "v1,",
            SHA256,
            &[Key::Text],
        )],
    ),
    (
        "elevenlabs",
        &[pairs(
            "ElevenLabs-Signature",
            ",",
            "v0",
            TIME_DOT_BODY,
            clock(At::Pair("t"), Unit::Seconds, 1800, None),
        )],
    ),
    (
        "teams",
        &[Scheme {
            keys: &[Key::Base64 { prefix: "" }],
            ..of_body("Authorization", Form::Prefixed("HMAC "), Encoding::Base64)
        }],
    ),
    (
        "sanity",
        &[Scheme {
            encoding: Encoding::Base64Url,
            ..pairs(
                "sanity-webhook-signature",
                ",",
                "v1",
                TIME_DOT_BODY,
                ageless(At::Pair("t"), Unit::Milliseconds),
            )
        }],
    ),
    (
        "wise",
        &[Scheme {
            algorithm: Algorithm::Rsa,
            keys: &[Key::Pem],
            ..base64("X-Signature-SHA256")
        }],
    ),
];

/// Handshakes are answered unsigned, before any scheme is asked.
const HANDSHAKES: [&str; 3] = ["s-meta-006", "s-dropbox-003", "s-trello-008"];

#[test]
fn every_vector_of_a_scheme_gives_the_expected_result() {
    let vectors = vectors();
    let (mut held, mut wrong) = (0, Vec::new());
    for (provider, schemes) in SCHEMES {
        let before = held;
        for vector in vectors.iter().filter(|vector| vector.provider == *provider) {
            let now = Timestamp::from_seconds(vector.now);
            let result = verify_any(schemes, &vector.delivery(), &vector.secrets(), now);
            let handshake = HANDSHAKES.contains(&vector.id.as_str());
            if result.is_ok() != (vector.expect == "valid" && !handshake) {
                wrong.push(format!("{} {}: {result:?}", vector.id, vector.name));
            }
            held += 1;
        }
        assert!(held > before, "{provider} has no vectors");
    }
    assert!(
        wrong.is_empty(),
        "{} of {held}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    println!("{held} vectors of {} providers", SCHEMES.len());
}

#[test]
fn what_a_scheme_signs_it_accepts_and_nothing_else() {
    let now = Timestamp::from_seconds(1_800_000_000);
    let mut signed = 0;
    for (provider, schemes) in SCHEMES {
        for scheme in *schemes {
            let mut delivery = delivery_for(scheme);
            let secret = secret_for(scheme);
            if sign(scheme, &mut delivery, &secret, now).is_err() {
                continue;
            }
            signed += 1;
            let secrets = std::slice::from_ref(&secret);
            assert_eq!(verify(scheme, &delivery, secrets, now), Ok(0), "{provider}");
            assert!(verify(scheme, &delivery, &[], now).is_err(), "{provider}");
            if scheme.signed.contains(&Part::Body) {
                delivery.body[0] ^= 1;
                let result = verify(scheme, &delivery, secrets, now);
                assert_eq!(result, Err(Rejection::Mismatch), "{provider}");
            }
        }
    }
    // All but public keys, whose private half is the provider's, and Mailgun's field of the body.
    assert_eq!(
        signed,
        SCHEMES
            .iter()
            .map(|(_, schemes)| schemes.len())
            .sum::<usize>()
            - 7
    );
}

fn delivery_for(scheme: &Scheme) -> Delivery {
    let body = format!("{{\"webhookTimestamp\": {}}}", 1_800_000_000_000_u64);
    let headers = scheme
        .required
        .iter()
        .map(|Required(name, value)| (*name, value.unwrap_or("1")));
    let named = scheme.signed.iter().filter_map(|part| match part {
        Part::Header(name) => Some((*name, "1")),
        _ => None,
    });
    Delivery {
        method: Method::Post,
        urls: vec!["https://hooks.example.com/a?b=c".to_owned()],
        query: "b=c".to_owned(),
        headers: headers.chain(named).collect(),
        body: body.into_bytes(),
    }
}

fn secret_for(scheme: &Scheme) -> Secret {
    let text = match scheme.keys[0] {
        Key::Text | Key::Pem => "a secret:of the provider".to_owned(),
        Key::Hex => "00ff".to_owned(),
        Key::Base64 { prefix } => format!("{prefix}MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
    };
    Secret::new(text).expect("not blank")
}

#[test]
fn a_signed_request_does_not_fall_back_to_its_token() {
    let schemes = SCHEMES
        .iter()
        .find(|(name, _)| *name == "gitlab")
        .expect("listed")
        .1;
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
    let mut scheme = pairs(
        "S",
        ",",
        "v1",
        TIME_DOT_BODY,
        clock(At::Pair("t"), Unit::Seconds, 300, FIVE_MINUTES),
    );
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
    scheme.clock = clock(At::Header("T"), Unit::HttpDate, 300, FIVE_MINUTES);
    let mut delivery = delivery_for(&scheme);
    delivery.headers.set("S", format!("v1={digest}"));
    delivery.headers.set("T", "Thu, 01 Jan 1970 00:00:00 GMT");
    let result = verify(&scheme, &delivery, std::slice::from_ref(&secret), now);
    assert!(
        matches!(result, Err(Rejection::TimestampOutOfTolerance { .. })),
        "{result:?}"
    );
}
