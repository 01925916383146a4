//! JSON that many readers trip over: taken, carried as it is, and read for the fields that count.

mod deliveries;

use deliveries::{FORM, JSON, NOW, development_secret, post, signed, with};
use serde::Deserialize;
use webhooks::delivery::Delivery;
use webhooks::envelope::{Message, envelope, whole_envelope};
use webhooks::event::Event;
use webhooks::payload::Data;
use webhooks::provider::Explained;
use webhooks::provider::identity::Malformed;
use webhooks::provider::meaning::Meaning;
use webhooks::provider::table::GITHUB;
use webhooks::provider::table::STRIPE;
use webhooks::provider::twilio::TWILIO;
use webhooks::scheme::development;
use webhooks::verify::verify;

/// Members of an object that no reader of ours needs.
fn odd_members() -> Vec<String> {
    let deep = format!("{}1{}", "[".repeat(1000), "]".repeat(1000));
    let deeper = format!("{}1{}", r#"{"a":"#.repeat(1000), "}".repeat(1000));
    [
        r#""x": "cut \ud83d""#,
        r#""x": "\udc4d first""#,
        r#""x": ["\ud83d\ud83d\udc4d", "\\ud83d"]"#,
        r#""cut \ud83d": 1"#,
        r#""x": 9007199254740993"#,
        r#""x": 123456789012345678901234567890"#,
        r#""x": 1e999"#,
        r#""x": -1E-999"#,
        r#""x": 1, "x": 2"#,
        r#""x": {"id": 1, "id": 2, "id": "three"}"#,
        r#""x": "nul \u0000 and \u001f""#,
        r#""\u0000": null"#,
    ]
    .map(str::to_owned)
    .into_iter()
    .chain([format!(r#""x": {deep}"#), format!(r#""x": {deeper}"#)])
    .collect()
}

fn github(body: &str) -> Delivery {
    let delivery = with(&post(JSON, body), "X-GitHub-Event", "issues");
    with(&delivery, "X-GitHub-Delivery", "guid")
}

fn github_form(body: &str) -> Delivery {
    let body = body.replace('%', "%25").replace('+', "%2B");
    let body = format!("payload={}", body.replace('&', "%26"));
    let delivery = with(&post(FORM, body), "X-GitHub-Event", "issues");
    with(&delivery, "X-GitHub-Delivery", "guid")
}

fn json(body: &str) -> Delivery {
    post(JSON, body)
}

/// A provider, its delivery of a body, a body with a place for more, and the id and type in it.
type Row = (
    &'static dyn Explained,
    fn(&str) -> Delivery,
    &'static str,
    (&'static str, &'static str),
);

const ROWS: [Row; 5] = [
    (
        GITHUB,
        github,
        r#"{"action": "opened", ODD}"#,
        ("guid", "github.issues.opened"),
    ),
    (
        GITHUB,
        github_form,
        r#"{"action": "opened", ODD}"#,
        ("guid", "github.issues.opened"),
    ),
    (
        STRIPE,
        json,
        r#"{ODD, "id": "evt_1", "type": "a", "data": {"object": {ODD}}}"#,
        ("evt_1", "stripe.a"),
    ),
    (
        TWILIO,
        json,
        r#"{"MessageSid": "SM1", ODD, "MessageStatus": "sent"}"#,
        ("SM1:sent", "twilio.message.sent"),
    ),
    (
        TWILIO,
        json,
        r#"[{"id": "EZ1", "type": "a", "data": {ODD}, ODD}]"#,
        ("EZ1", "twilio.a"),
    ),
];

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

/// The event as it comes out of the queue.
fn received(event: &Event<'_>) -> Event<'static> {
    let whole = Message::read(&whole_envelope(event)).expect("readable");
    assert_eq!(whole.whole.as_ref(), Some(event), "every byte is there");
    let small = Message::read(&envelope(event)).expect("readable");
    small.whole.expect("it carries the event")
}

fn text(event: &Event<'_>) -> String {
    match event.payload().data() {
        Data::Json(json) => json.get().to_owned(),
        Data::Binary => panic!("it is JSON"),
    }
}

#[derive(Debug, Deserialize)]
struct Fields {
    #[serde(alias = "action", alias = "MessageSid")]
    id: String,
}

#[test]
fn is_taken_carried_as_it_is_and_read_past() {
    for (provider, delivery, body, (id, kind)) in ROWS {
        for odd in odd_members() {
            let body = body.replace("ODD", &odd);
            let secret = development_secret(provider);
            let delivery = signed(provider, &delivery(&body), &secret, NOW);
            let verified = verify(
                provider,
                &delivery,
                development::keys(provider, &[secret]),
                NOW,
            )
            .expect("signed");
            let event = match provider.identify(&verified) {
                Ok(Meaning::Event(identity)) => {
                    Event::new(provider, "default", identity, &verified, NOW, None)
                }
                Ok(Meaning::Batch(mut elements)) if elements.len() == 1 => {
                    let element = elements.remove(0).expect("an event");
                    Event::of_element(provider, "default", element, &verified, NOW, None)
                }
                other => panic!("{body}: {other:?}"),
            };
            assert_eq!((&*event.key().id, event.kind()), (id, kind), "{body}");
            let received = received(&event);
            assert_eq!(text(&received), body.trim_matches(['[', ']']));
            let read = received.data::<Fields>();
            assert!(read.is_some_and(|read| !read.id.is_empty()), "{body}");
        }
    }
}

#[test]
fn a_field_that_is_read_has_one_value() {
    for (provider, delivery, body) in [
        (
            GITHUB,
            github as fn(&str) -> Delivery,
            r#"{"action": "opened", "action": "closed"}"#,
        ),
        (
            STRIPE,
            json,
            r#"{"id": "evt_1", "id": "evt_2", "type": "a"}"#,
        ),
        (
            STRIPE,
            json,
            r#"{"id": "evt_1", "type": "a", "\u0074ype": "b"}"#,
        ),
        (
            STRIPE,
            json,
            r#"{"id": "evt_1", "type": "a", "account": "a", "account": "b"}"#,
        ),
        (
            TWILIO,
            json,
            r#"{"MessageSid": "SM1", "MessageStatus": "sent", "MessageSid": "SM2"}"#,
        ),
        (TWILIO, json, r#"[{"id": "EZ1", "type": "a", "id": "EZ2"}]"#),
    ] {
        let result = identify(provider, &delivery(body));
        assert!(
            matches!(result, Err(Malformed::Body(_))),
            "{body}: {result:?}"
        );
    }
}

#[test]
fn no_odd_value_names_an_event() {
    let deep = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
    for value in [r#""cut \ud83d""#, r#""nul \u0000""#, "1e999", &deep] {
        for (provider, body) in [
            (STRIPE, r#"{"id": ODD, "type": "a"}"#),
            (STRIPE, r#"{"id": "evt_1", "type": "a", "account": ODD}"#),
            (TWILIO, r#"[{"id": ODD, "type": "a"}]"#),
        ] {
            let result = identify(provider, &json(&body.replace("ODD", value)));
            assert!(result.is_err(), "{body} {value}: {result:?}");
        }
    }
}

#[test]
fn a_type_is_free_text_of_which_the_usable_part_stays() {
    let deep = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
    for (value, kind) in [
        (r#""cut \ud83d""#, "issues.cut__"),
        (r#""nul \u0000""#, "issues.nul__"),
        ("1e999", "issues"),
        (&deep, "issues"),
    ] {
        let delivery = github(&format!(r#"{{"action": {value}}}"#));
        match identify(GITHUB, &delivery) {
            Ok(Meaning::Event(identity)) => assert_eq!(identity.kind, kind),
            other => panic!("{value}: {other:?}"),
        }
    }
}

#[test]
fn a_handler_reads_text_with_what_is_missing_marked() {
    let body = r#"{"action": "opened", "id": "cut \ud83d, \ud83d\udc4d, \\ud83d, \udc4d\ud83d"}"#;
    let secret = development_secret(GITHUB);
    let delivery = signed(GITHUB, &github(body), &secret, NOW);
    let verified = verify(GITHUB, &delivery, &[secret], NOW).expect("signed");
    let Ok(Meaning::Event(identity)) = GITHUB.identify(&verified) else {
        panic!("an event");
    };
    let event = Event::new(GITHUB, "default", identity, &verified, NOW, None);
    #[derive(Deserialize)]
    struct Read {
        id: String,
    }
    let read: Read = received(&event).data().expect("readable");
    assert_eq!(
        read.id,
        "cut \u{fffd}, \u{1f44d}, \\ud83d, \u{fffd}\u{fffd}"
    );
}

#[test]
fn what_is_not_json_is_malformed() {
    for body in [
        &b"\"\xff\""[..],
        b"{\"id\": \"evt_1\", \"type\": \"a\", \"x\": \"\xff\"}",
        b"{\"id\": \"evt_1\", \"type\": \"a\", \"x\": \"\\ud83\"}",
        b"{\"id\": \"evt_1\", \"type\": \"a\", \"x\": \"\x00\"}",
        b"{\"id\": \"evt_1\", \"type\": \"a\", \"x\": NaN}",
        b"{\"id\": \"evt_1\", \"type\": \"a\"} {}",
        b"{\"id\": \"evt_1\", \"type\": \"a\", \"x\": [[[[}",
    ] {
        for provider in [GITHUB, STRIPE, TWILIO] {
            let mut delivery = github("");
            delivery.body = body.to_vec();
            let result = identify(provider, &delivery);
            assert!(matches!(result, Err(Malformed::Body(_))), "{result:?}");
        }
    }
}
