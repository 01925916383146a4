//! Nothing that a stranger can send panics, whatever it is, and what comes of it can be trusted to
//! have the promised form.

mod deliveries;

use deliveries::{FORM, JSON, NOW, event, secret};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use webhooks::delivery::{Delivery, Method};
use webhooks::envelope::{Message, envelope, whole_envelope};
use webhooks::event::Event;
use webhooks::gateway::{Origin, Request};
use webhooks::limits;
use webhooks::payload::{Data, Payload};
use webhooks::provider::meaning::Meaning;
use webhooks::provider::table::GITHUB;
use webhooks::provider::twilio::TWILIO;
use webhooks::provider::{Explained, catalog};
use webhooks::scheme::development;
use webhooks::secret::Secret;
use webhooks::timestamp::Timestamp;
use webhooks::verify::{check_shape, verify};

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[ -~]{0,30}",
        "(sha256=|t=|v1=|algorithm=|,|-?[0-9]{0,25}|[0-9a-f]{64}|[A-Za-z0-9+/]{27}=|%[0-9a-f]{2}){0,5}",
        "(https?://)?([a-z]{0,3}:?[a-z]{0,3}@)?(\\[::1\\]|[a-z.:]{0,9})(:[0-9]{0,6})?(/[a-z?=#&]{0,9})?",
    ]
}

fn header() -> impl Strategy<Value = (String, String)> {
    let known = select(vec![
        "content-type",
        "x-hub-signature-256",
        "x-github-event",
        "x-github-delivery",
        "x-github-hook-id",
        "stripe-signature",
        "x-twilio-signature",
        "x-twilio-webhooks-signature-settings",
        "i-twilio-idempotency-token",
    ]);
    let media_type = select(vec![JSON, FORM]).prop_map(|value| ("content-type", value.to_owned()));
    let name_and_value = prop_oneof![(known, text()), media_type];
    name_and_value.prop_map(|(name, value)| (name.to_owned(), value))
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |value| {
        prop_oneof![
            vec(value.clone(), 0..4).prop_map(Value::from),
            btree_map(text(), value, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Bytes, text, JSON, and objects and forms with the fields that name events.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let field = || {
        select(vec![
            "id",
            "type",
            "account",
            "context",
            "action",
            "payload",
            "EventType",
            "MessageSid",
            "MessageStatus",
            "ErrorCode",
            "CallSid",
            "CallStatus",
            "SequenceNumber",
            "RecordingSid",
            "RecordingStatus",
        ])
    };
    let object = || {
        let value = prop_oneof![text().prop_map(Value::from), json_value()];
        vec((field(), value), 0..5).prop_map(|members| {
            let members = members
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value));
            Value::Object(members.collect())
        })
    };
    let form = vec((field(), text()), 0..5).prop_map(|fields| {
        let pairs: Vec<_> = fields
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("&").into_bytes()
    });
    prop_oneof![
        vec(any::<u8>(), 0..200),
        json_value().prop_map(|value| value.to_string().into_bytes()),
        object().prop_map(|value| value.to_string().into_bytes()),
        vec(object(), 0..3).prop_map(|values| Value::from(values).to_string().into_bytes()),
        form,
    ]
}

fn delivery() -> impl Strategy<Value = Delivery> {
    let method = select(vec![Method::Post, Method::Get, Method::Other]);
    let parts = (
        method,
        vec(text(), 0..3),
        text(),
        vec(header(), 0..8),
        body(),
    );
    parts.prop_map(|(method, urls, query, headers, body)| Delivery {
        method,
        urls,
        query,
        headers: headers.into_iter().collect(),
        body,
    })
}

fn provider() -> impl Strategy<Value = &'static dyn Explained> {
    select(catalog::all().collect::<Vec<_>>())
}

proptest! {
    #![proptest_config(cases(1000))]

    #[test]
    fn no_delivery_is_accepted_by_chance(
        delivery in delivery(),
        secrets in vec("[a-z]{1,9}", 0..3),
        now in any::<i64>(),
        provider in provider(),
    ) {
        let secrets: Vec<_> = secrets.iter().map(|text| secret(text)).collect();
        let now = Timestamp::from_millis(now);
        let shape = check_shape(provider, &delivery, now);
        let rejection = verify(provider, &delivery, development::keys(provider, &secrets), now).err();
        prop_assert!(rejection.is_some());
        prop_assert!(shape.is_ok() || shape.err() == rejection);
    }

    /// What has a name has one that fits into keys, messages and answers, and comes out of the
    /// queue as it went in.
    #[test]
    fn what_is_identified_survives_the_queue(
        delivery in delivery(),
        id in prop_oneof!["[!-~]{0,260}", any::<String>()],
        kind in prop_oneof!["[ -~]{0,300}", any::<String>()],
        named in any::<bool>(),
        providers in vec(provider(), 4),
    ) {
        for provider in providers {
            let mut delivery = delivery.clone();
            delivery.urls = vec!["https://hooks.example.com/".to_owned()];
            if named {
                delivery.headers.set("content-type", JSON);
                delivery.headers.set("X-GitHub-Delivery", &id);
                delivery.headers.set("X-GitHub-Event", "push");
                delivery.headers.set("webhook-id", &id);
                let fields = json!({"id": id, "type": kind, "action": kind, "EventType": kind});
                delivery.body = fields.to_string().into_bytes();
            }
            let secrets = [provider.secret_of("token")];
            if provider.sign(&mut delivery, &secrets[0], NOW).is_err() {
                // It lacks a header or a field that is signed.
                continue;
            }
            let Ok(verified) = verify(provider, &delivery, development::keys(provider, &secrets), NOW) else {
                continue;
            };
            let Ok(Meaning::Event(identity) | Meaning::Ping(identity)) = provider.identify(&verified) else {
                continue;
            };
            for part in [&identity.id, &identity.kind] {
                prop_assert!((1..=limits::ID).contains(&part.len()), "{part}");
                prop_assert!(part.bytes().all(|byte| byte.is_ascii_graphic()), "{part}");
            }
            let event = Event::new(provider, "default", identity, &verified, NOW, None);
            let message = Message::read(&envelope(&event)).expect("we wrote it");
            prop_assert_eq!(&message.key, event.key());
            let message = Message::read(&whole_envelope(&event)).expect("we wrote it");
            let whole = message.whole.expect("it is whole");
            prop_assert_eq!(whole.payload(), event.payload());
            prop_assert_eq!(whole.kind(), event.kind());
        }
    }

    #[test]
    fn no_gateway_event_panics(
        field in any::<Index>(),
        inner in select(vec!["domainName", "requestId", "http", "host", "x-forwarded-host"]),
        value in json_value(),
        path in text(),
    ) {
        let shipped = event("twilio-status.json");
        let names: Vec<_> = shipped.as_object().expect("an object").keys().cloned().collect();
        let mut outer = shipped.clone();
        outer[&names[field.index(names.len())]] = value.clone();
        let mut nested = shipped;
        nested["requestContext"][inner] = value.clone();
        nested["headers"][inner] = value.clone();
        nested["rawPath"] = json!(format!("/webhooks/github/{path}"));
        for event in [outer, nested, value] {
            let Ok(request) = serde_json::from_value::<Request>(event) else {
                continue;
            };
            if let Some(source) = request.source("github") {
                prop_assert!((1..=64).contains(&source.len()) && source.is_ascii());
            }
            let _ = request.id();
            let Ok(delivery) = request.delivery(Origin::Domain) else {
                continue;
            };
            for provider in [GITHUB, TWILIO] {
                let _ = verify(provider, &delivery, development::keys(provider, &[secret("token")]), NOW);
            }
        }
    }

    #[test]
    fn no_message_panics(
        text in text(),
        members in btree_map(
            select(vec!["data", "data_base64", "datacontentencoding", "dataref", "time", "id", "source"]),
            prop_oneof![json_value(), Just(json!("zstd")), text().prop_map(Value::from)],
            0..4,
        ),
    ) {
        let mut message = json!({
            "specversion": "1.0", "id": "1", "source": "/webhooks/a/b", "type": "a.t",
            "time": "2026-01-01T00:00:00Z", "dataref": "ledger:a/b/1",
        });
        prop_assert!(Message::read(&message.to_string()).is_ok());
        for (name, value) in members {
            message[name] = value;
        }
        let _ = Message::read(&message.to_string());
        let _ = Message::read(&text);
    }

    #[test]
    fn every_form_becomes_json(bytes in body(), media_type in select(vec![JSON, FORM, "text/plain", ""])) {
        let payload = Payload::new(media_type, bytes);
        let data = payload.data();
        let is_json = matches!(data, Data::Json(_));
        let reads = serde_json::from_slice::<&RawValue>(&payload.bytes).is_ok();
        prop_assert_eq!(is_json, media_type == FORM || reads);
        if let Data::Json(json) = data {
            prop_assert!(serde_json::from_str::<&RawValue>(json.get()).is_ok());
        }
        let _ = (payload.json::<Value>(), payload.fields(), payload.digest());
    }

    #[test]
    fn every_line_with_anything_on_it_is_a_secret(
        lines in vec(prop_oneof!["[ \t]{0,3}", "[ -~]{0,20}", any::<String>()], 0..5),
    ) {
        let value = lines.join("\n");
        let secrets = Secret::lines(&value);
        let expected = value.lines().filter(|line| !line.trim().is_empty());
        let expected: Vec<_> = expected.map(str::as_bytes).collect();
        let found: Vec<_> = secrets.iter().map(Secret::bytes).collect();
        prop_assert_eq!(found, expected);
    }
}
