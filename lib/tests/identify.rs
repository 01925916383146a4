//! What a verified delivery means: the id and type of its event.

mod deliveries;

use deliveries::{
    FORM, JSON, NOW, delivery, development_secret, event, get, post, signed, with, without,
};
use serde_json::json;
use webhooks::delivery::Delivery;
use webhooks::provider::Explained;
use webhooks::provider::catalog;
use webhooks::provider::identity::Identity;
use webhooks::provider::identity::Malformed;
use webhooks::provider::meaning::Element;
use webhooks::provider::meaning::Meaning;
use webhooks::provider::table::GITHUB;
use webhooks::provider::table::STRIPE;
use webhooks::provider::twilio::TWILIO;
use webhooks::scheme::development;
use webhooks::verify::verify;

const GUID: &str = "72d3162e-cc78-11e3-81ab-4c9367dc0958";

fn identify(provider: &dyn Explained, delivery: &Delivery) -> Result<Meaning, Malformed> {
    let secret = development_secret(provider);
    let delivery = signed(provider, delivery, &secret, NOW);
    let verified = verify(
        provider,
        &delivery,
        development::keys(provider, &[secret]),
        NOW,
    )
    .expect("signed just now");
    provider.identify(&verified)
}

/// Id and type of a delivery that carries an event.
fn named(provider: &dyn Explained, delivery: &Delivery) -> (String, String) {
    match identify(provider, delivery) {
        Ok(Meaning::Event(Identity { id, kind })) => (id, kind),
        Ok(Meaning::Batch(mut elements)) if elements.len() == 1 => {
            let Identity { id, kind } = elements.remove(0).expect("an event").identity;
            (id, kind)
        }
        other => panic!("not an event: {other:?}"),
    }
}

fn github(event: &str, media_type: &str, body: &str) -> Delivery {
    let delivery = with(&post(media_type, body), "X-GitHub-Event", event);
    let delivery = with(&delivery, "X-GitHub-Delivery", GUID);
    with(&delivery, "X-GitHub-Hook-ID", "292430182")
}

/// File, id and type of each delivery under `events/` that carries an event.
const SHIPPED: &str = "
github-push.json                      292430182:e1f3f3a0-e6a4-11f0-8a3c-2f6d1c9b7e01      push
github-push-form.json                 292430182:e1f3f3a0-e6a4-11f0-8a3c-2f6d1c9b7e02      push
github-pull_request.json              292430182:e2a7c8b0-e6a4-11f0-9b51-8d0f4a6c2e03      pull_request.opened
stripe-charge.succeeded.json          evt_3SkExample000000000000001                       charge.succeeded
stripe-payment_intent.succeeded.json  evt_3SkExample000000000000002                       payment_intent.succeeded
stripe-thin.json                      evt_test_65SkExample00000000000003                  v1.billing.meter.error_report_triggered
stripe-connect.json                   acct_1SkExample000001:evt_1SkExample000000000000004 payout.paid
twilio-message.json                   SM00000000000000000000000000000001:received         message.received
twilio-status.json                    SM00000000000000000000000000000002:delivered        message.delivered
twilio-message-get.json               SM00000000000000000000000000000003:received         message.received
twilio-json.json                      EZ00000000000000000000000000000001                  messaging.message.delivered
";

#[test]
fn names_the_shipped_deliveries() {
    let rows = SHIPPED.trim().lines();
    for row in rows.map(|line| line.split_whitespace().collect::<Vec<_>>()) {
        let [file, id, kind] = row[..] else {
            panic!("a row has three columns: {row:?}");
        };
        let (name, _) = file.split_once('-').expect("files begin with the provider");
        let provider = catalog::by_name(name).expect("the provider is listed");
        let found = named(provider, &delivery(&event(file)));
        assert_eq!(found, (id.to_owned(), kind.to_owned()), "{file}");
    }
}

#[test]
fn pings_are_not_events() {
    let ping = Identity {
        id: "292430182:e3c04d90-e6a4-11f0-9e77-41b5d2f80c04".to_owned(),
        kind: "ping".to_owned(),
    };
    let shipped = delivery(&event("github-ping.json"));
    assert_eq!(identify(GITHUB, &shipped), Ok(Meaning::Ping(ping)));

    let ping = Identity {
        id: "evt_1".to_owned(),
        kind: "v2.core.event_destination.ping".to_owned(),
    };
    let body = json!({"id": ping.id, "type": ping.kind, "object": "v2.core.event"});
    let delivery = post(JSON, body.to_string());
    assert_eq!(identify(STRIPE, &delivery), Ok(Meaning::Ping(ping)));
}

#[test]
fn github_names_the_action_of_json_and_of_form() {
    let id = format!("292430182:{GUID}");
    let wrapped = "payload=%7B%22action%22%3A%22opened%22%7D";
    for (event, media_type, body, kind) in [
        ("push", JSON, "{}", "push"),
        ("issues", JSON, r#"{"action":"opened"}"#, "issues.opened"),
        ("issues", FORM, wrapped, "issues.opened"),
        ("issues", JSON, r#"{"action":null}"#, "issues"),
        (
            "repository_dispatch",
            JSON,
            r#"{"action":"deploy to prod"}"#,
            "repository_dispatch.deploy_to_prod",
        ),
    ] {
        let expected = (id.clone(), kind.to_owned());
        assert_eq!(
            named(GITHUB, &github(event, media_type, body)),
            expected,
            "{body}"
        );
    }
    let without_hook = without(&github("push", JSON, "{}"), "X-GitHub-Hook-ID");
    assert_eq!(named(GITHUB, &without_hook).0, GUID);
}

#[test]
fn github_needs_its_headers_and_json() {
    for header in ["X-GitHub-Event", "X-GitHub-Delivery"] {
        let delivery = without(&github("push", JSON, "{}"), header);
        let expected = Err(Malformed::Header(header));
        assert_eq!(identify(GITHUB, &delivery), expected);
    }
    for delivery in [
        github("push", JSON, "zen"),
        github("push", JSON, ""),
        github("push", FORM, "payload=zen"),
        github("push", FORM, "action=opened"),
    ] {
        let result = identify(GITHUB, &delivery);
        assert!(matches!(result, Err(Malformed::Body(_))), "{result:?}");
    }
    let unprintable = with(&github("push", JSON, "{}"), "X-GitHub-Delivery", "a b");
    let result = identify(GITHUB, &unprintable);
    assert_eq!(result, Err(Malformed::Header("X-GitHub-Delivery")));
}

#[test]
fn stripe_puts_the_account_before_the_id() {
    for (body, id) in [
        (json!({"id": "evt_1", "type": "a"}), "evt_1"),
        (
            json!({"id": "evt_1", "type": "a", "account": "acct_1"}),
            "acct_1:evt_1",
        ),
        (
            json!({"id": "evt_1", "type": "a", "context": "acct_2"}),
            "acct_2:evt_1",
        ),
        (
            json!({"id": "evt_1", "type": "a", "context": null}),
            "evt_1",
        ),
    ] {
        let delivery = post(JSON, body.to_string());
        let expected = (id.to_owned(), "a".to_owned());
        assert_eq!(named(STRIPE, &delivery), expected);
    }
}

#[test]
fn stripe_needs_id_and_type() {
    for body in [
        "",
        "zen",
        "{}",
        r#"{"id":"evt_1"}"#,
        r#"{"type":"a"}"#,
        r#"{"id":1,"type":"a"}"#,
    ] {
        let result = identify(STRIPE, &post(JSON, body));
        let refused = matches!(result, Err(Malformed::Body(_) | Malformed::Field(_)));
        assert!(refused, "{body}: {result:?}");
    }
    for (body, field) in [
        (r#"{"id":"","type":"a"}"#, "id"),
        (r#"{"id":"evt_1","type":""}"#, "type"),
        (r#"{"id":"evt 1","type":"a"}"#, "id"),
    ] {
        let result = identify(STRIPE, &post(JSON, body));
        assert_eq!(result, Err(Malformed::Field(field)), "{body}");
    }
}

/// The token is not signed: one captured delivery could be sent under any number of tokens.
#[test]
fn twilio_names_by_what_is_signed_whatever_the_token_says() {
    for (delivery, id) in [
        (post(FORM, "MessageSid=SM1&MessageStatus=sent"), "SM1:sent"),
        (get("MessageSid=SM1&MessageStatus=sent"), "SM1:sent"),
        (post(JSON, r#"[{"id":"EZ1","type":"a"}]"#), "EZ1"),
        (
            post(FORM, "CallSid=CA1&CallStatus=ringing&SequenceNumber=0"),
            "CA1:ringing:0",
        ),
        (
            post(
                FORM,
                "EventType=task.created&Sid=EV0123456789abcdef0123456789abcdef",
            ),
            "EV0123456789abcdef0123456789abcdef",
        ),
    ] {
        for token in ["one", "two", "", "SM2:sent"] {
            let delivery = with(&delivery, "I-Twilio-Idempotency-Token", token);
            assert_eq!(named(TWILIO, &delivery).0, id);
        }
    }
}

#[test]
fn twilio_takes_the_token_where_nothing_signed_names_the_event() {
    let unusable = [
        "".to_owned(),
        "a b".to_owned(),
        "a".repeat(65),
        "\u{e9}".to_owned(),
    ];
    for (fields, before) in [
        (
            "CallSid=CA1&CallStatus=in-progress&Digits=1",
            "CA1:in-progress:",
        ),
        ("CallSid=CA1&StatusCallbackEvent=participant-join", ""),
        ("EventType=onMessageAdded&MessageSid=IM1&Index=1", ""),
    ] {
        let plain = post(FORM, fields);
        let by_token = |token: &str| {
            let delivery = with(&plain, "I-Twilio-Idempotency-Token", token);
            named(TWILIO, &delivery).0
        };
        assert_eq!(by_token("one"), format!("{before}token:one"));
        let by_digest = named(TWILIO, &plain).0;
        assert!(by_digest.starts_with(&format!("{before}sha256:")));
        for token in &unusable {
            assert_eq!(by_token(token), by_digest, "{token:?}");
        }
    }
}

#[test]
fn twilio_names_an_event_by_sid_and_status_without_a_token() {
    for (fields, id, kind) in [
        (
            "MessageSid=SM1&MessageStatus=queued",
            "SM1:queued",
            "message.queued",
        ),
        (
            "MessageSid=SM1&MessageStatus=sent",
            "SM1:sent",
            "message.sent",
        ),
        (
            "SmsSid=SM1&SmsStatus=received",
            "SM1:received",
            "message.received",
        ),
        // WhatsApp and RCS.
        (
            "EventType=READ&MessageSid=SM1&MessageStatus=read&SmsSid=SM1&SmsStatus=read",
            "SM1:read",
            "message.read",
        ),
        (
            "EventType=READ&MessageSid=MM1&MessageStatus=delivered",
            "MM1:read",
            "message.read",
        ),
        // The older names alone, and what the documentation of inbound messages lists: no status.
        ("SmsSid=SM1&Body=Hi", "SM1:received", "message.received"),
        (
            "SmsMessageSid=SM1&Body=Hi",
            "SM1:received",
            "message.received",
        ),
        ("SmsSid=SM1&SmsStatus=sent", "SM1:sent", "message.sent"),
        // A voice mail in text, after its recording.
        (
            "TranscriptionSid=TR1&TranscriptionStatus=completed&TranscriptionText=Hi&RecordingSid=RE1\
             &CallSid=CA1&CallStatus=completed",
            "TR1:completed",
            "transcription.completed",
        ),
        // The fallback URL gets the same message as the URL that failed.
        (
            "MessageSid=SM1&SmsStatus=received&Body=Hi&ErrorCode=11200&ErrorUrl=https://a.example",
            "SM1:received",
            "message.received",
        ),
        // The attempt's number changes nothing.
        (
            "MessageSid=SM1&MessageStatus=sent&RetryCount=2",
            "SM1:sent",
            "message.sent",
        ),
        (
            "MessageSid=SM1&MessageStatus=failed&ErrorCode=30003",
            "SM1:failed:30003",
            "message.failed",
        ),
        (
            "CallSid=CA1&CallStatus=completed&SequenceNumber=3",
            "CA1:completed:3",
            "call.completed",
        ),
        (
            "CallSid=CA1&RecordingSid=RE1&RecordingStatus=completed",
            "RE1:completed",
            "recording.completed",
        ),
    ] {
        let expected = (id.to_owned(), kind.to_owned());
        assert_eq!(named(TWILIO, &post(FORM, fields)), expected, "{fields}");
        assert_eq!(named(TWILIO, &get(fields)), expected, "{fields}");
    }
}

#[test]
fn twilio_tells_the_turns_of_a_call_apart() {
    let turn = |digits: &str| {
        let fields = format!("CallSid=CA1&CallStatus=in-progress{digits}");
        named(TWILIO, &post(FORM, fields))
    };
    let [first, second] = [turn(""), turn("&Digits=1")];
    assert_ne!(first.0, second.0);
    assert_eq!(second, turn("&Digits=1"));
    assert!(first.0.starts_with("CA1:in-progress:"));
    assert_eq!(first.1, "call.in-progress");
}

#[test]
fn twilio_knows_a_repetition_by_its_digest() {
    let id = |fields: &str| named(TWILIO, &post(FORM, fields)).0;
    for original in [
        "CallSid=CA1&CallStatus=ringing",
        "EventType=onMessageAdded&Index=1",
        "a=1&b=2",
    ] {
        for repeated in [
            format!("{original}&RetryCount=1"),
            format!("{original}&ErrorCode=11200&ErrorUrl=https%3A%2F%2Fa.example"),
            format!("RetryCount=0&{original}"),
        ] {
            assert_eq!(id(&repeated), id(original), "{repeated}");
        }
        assert_ne!(id(&format!("{original}&ErrorCode=11200")), id(original));
    }
    // The signature is the same for both, so that they have to be the same event.
    assert_eq!(id("a=1&b=2"), id("b=2&a=%31"));
}

#[test]
fn twilio_refuses_fields_that_name_two_events() {
    for fields in [
        "MessageSid=SM1&MessageSid=SM2&MessageStatus=sent",
        "MessageSid=SM1&MessageStatus=sent&MessageStatus=failed",
        "MessageSid=SM1&MessageStatus=sent&Body=a&Body=a",
        "From=a&From=a&MessageSid=SM1&MessageStatus=sent",
        "MessageSid=SM1&MessageStatus=sent1",
        "CallSid=CA1&CallStatus=Completed&SequenceNumber=3",
        "MessageSid=SM1&MessageStatus=failed&ErrorCode=1x",
        "CallSid=CA1&CallStatus=ringing&SequenceNumber=x",
    ] {
        let result = identify(TWILIO, &post(FORM, fields));
        assert!(result.is_err(), "{fields}: {result:?}");
    }
}

#[test]
fn twilio_names_what_it_does_not_know_by_its_digest() {
    let [one, other] = ["a=1", "a=2"].map(|fields| named(TWILIO, &post(FORM, fields)));
    assert_ne!(one.0, other.0);
    assert!(one.0.starts_with("sha256:"));
    assert_eq!(one.1, "callback");
    let chat = named(TWILIO, &post(FORM, "EventType=onMessageAdded&Index=1"));
    assert_eq!(chat.1, "onMessageAdded");
    assert!(chat.0.starts_with("sha256:"));
}

#[test]
fn twilio_reads_event_streams_and_objects() {
    let one = json!([{"id": "EZ1", "type": "com.twilio.a.b"}]);
    let object = json!({"MessageSid": "SM1", "MessageStatus": "sent", "n": 1});
    for (body, id, kind) in [
        (&one, "EZ1", "a.b"),
        (&object, "SM1:sent", "message.sent"),
        (&json!({"n": 1}), "sha256:", "callback"),
    ] {
        let (id_found, kind_found) = named(TWILIO, &post(JSON, body.to_string()));
        assert!(id_found.starts_with(id), "{body}: {id_found}");
        assert_eq!(kind_found, kind, "{body}");
    }
}

#[test]
fn every_element_of_an_event_stream_is_an_event_with_its_own_text() {
    let body = r#" [ {"id": "EZ1", "type": "com.twilio.a"} ,{"type":"b","n":1e999,"id":"EZ2","x":"\ud83d"}, {"n": 1}]"#;
    let Ok(Meaning::Batch(elements)) = identify(TWILIO, &post(JSON, body)) else {
        panic!("not a batch");
    };
    let seen: Vec<_> = elements
        .iter()
        .flatten()
        .map(|Element { identity, json }| (&*identity.id, &*identity.kind, &**json))
        .collect();
    assert_eq!(
        seen[0],
        ("EZ1", "a", r#"{"id": "EZ1", "type": "com.twilio.a"}"#)
    );
    let odd = r#"{"type":"b","n":1e999,"id":"EZ2","x":"\ud83d"}"#;
    assert_eq!(seen[1], ("EZ2", "b", odd));
    assert!(seen[2].0.starts_with("sha256:"));
    assert_eq!((seen[2].1, seen[2].2), ("event", r#"{"n": 1}"#));
}

#[test]
fn twilio_refuses_what_names_nothing() {
    for delivery in [
        post(FORM, ""),
        post(FORM, "&"),
        post("", ""),
        get(""),
        post(JSON, "[]"),
        post(JSON, "zen"),
        post(JSON, "1"),
    ] {
        let result = identify(TWILIO, &delivery);
        assert!(matches!(result, Err(Malformed::Body(_))), "{delivery:?}");
    }
    for body in ["[1]", "[null, 2]", r#"[{"id":1}]"#] {
        let result = identify(TWILIO, &post(JSON, body));
        assert!(matches!(result, Err(Malformed::Body(_))), "{body}");
    }
}

#[test]
fn refuses_ids_that_are_too_long_and_shortens_types() {
    let stripe = |id: usize, kind: usize| {
        let body = json!({"id": "i".repeat(id), "type": "k".repeat(kind)});
        identify(STRIPE, &post(JSON, body.to_string()))
    };
    let longest = Identity {
        id: "i".repeat(256),
        kind: "k".repeat(256),
    };
    assert_eq!(stripe(256, 300), Ok(Meaning::Event(longest)));
    assert_eq!(stripe(257, 1), Err(Malformed::Field("id")));
}
