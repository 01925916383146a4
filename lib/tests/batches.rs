//! Deliveries with several events: each element an event of its own, with nothing lost of what stood
//! around it.

mod deliveries;

use deliveries::{JSON, NOW, delivery, development_secret, event, post, signed, with};
use serde_json::{Value, json};
use webhooks::delivery::Delivery;
use webhooks::provider::identity::Malformed;
use webhooks::provider::meaning::{Element, Meaning};
use webhooks::provider::{Explained, catalog};
use webhooks::scheme::development;
use webhooks::verify::verify;

fn provider(name: &str) -> &'static dyn Explained {
    catalog::by_name(name).expect("it is built")
}

fn identify(name: &str, delivery: &Delivery) -> Result<Meaning, Malformed> {
    let provider = provider(name);
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

fn batch(name: &str, body: &str) -> Vec<Result<Element, Malformed>> {
    match identify(name, &post(JSON, body)) {
        Ok(Meaning::Batch(elements)) => elements,
        other => panic!("{name}: not a batch: {other:?}"),
    }
}

/// Ids, types and texts of a batch without a broken element.
fn whole(name: &str, body: &str) -> Vec<(String, String, String)> {
    let named = |element: Result<Element, _>| {
        let Element { identity, json } = element.expect("an event");
        (identity.id, identity.kind, json)
    };
    batch(name, body).into_iter().map(named).collect()
}

#[test]
fn an_element_of_an_array_is_its_own_text() {
    let events = whole(
        "sendgrid",
        " [{\"sg_event_id\":\"a\",\"event\":\"open\",\"n\":1e999},\r\n {\"sg_event_id\":\"b\", \"event\":\"click\"}]\r\n",
    );
    let own = |id: &str, kind: &str, json: &str| (id.to_owned(), kind.to_owned(), json.to_owned());
    assert_eq!(
        events,
        [
            own(
                "a",
                "open",
                r#"{"sg_event_id":"a","event":"open","n":1e999}"#
            ),
            own("b", "click", r#"{"sg_event_id":"b", "event":"click"}"#),
        ]
    );
}

#[test]
fn an_element_within_an_object_keeps_what_stands_around_it() {
    let body = r#"{"lastEventSequence": 12345678901234567890,"events":[
        {"resourceId":"r1","eventDateUtc":"t","eventType":"CREATE","eventCategory":"CONTACT"},
        {"resourceId":"r2","eventDateUtc":"t","eventType":"UPDATE","eventCategory":"INVOICE"}], "x":"\u00e9"}"#;
    let events = whole("xero", body);
    let ids: Vec<_> = events
        .iter()
        .map(|(id, kind, _)| (&**id, &**kind))
        .collect();
    let expected = [
        ("r1:CREATE:t", "CONTACT.CREATE"),
        ("r2:UPDATE:t", "INVOICE.UPDATE"),
    ];
    assert_eq!(ids, expected);
    assert_eq!(
        events[1].2,
        r#"{"lastEventSequence": 12345678901234567890,"events":[{"resourceId":"r2","eventDateUtc":"t","eventType":"UPDATE","eventCategory":"INVOICE"}], "x":"\u00e9"}"#
    );
}

#[test]
fn arrays_within_arrays_are_taken_apart_to_the_last() {
    let body = json!({"object": "whatsapp_business_account", "entry": [
        {"id": "1", "changes": [
            {"field": "messages", "value": {"messages": [{"id": "wamid.A"}, {"id": "wamid.B"}]}},
            {"field": "messages", "value": {"statuses": [{"id": "wamid.C", "status": "read"}]}},
            {"field": "account_update", "value": {"event": "x"}},
        ]},
        {"id": "2", "messaging": [{"timestamp": 5, "message": {"mid": "m1"}}, {"read": {"watermark": 1}}]},
    ]});
    let events = whole("meta", &body.to_string());
    let named: Vec<_> = events
        .iter()
        .map(|(id, kind, _)| (&**id, &**kind))
        .collect();
    assert_eq!(
        named[..2],
        [
            ("wamid.A", "whatsapp_business_account.messages"),
            ("wamid.B", "whatsapp_business_account.messages"),
        ]
    );
    // Of a group each member has a status.
    assert!(named[2].0.starts_with("wamid.C:read:sha256:"));
    assert_eq!(named[2].1, "whatsapp_business_account.statuses.read");
    assert_eq!(named[3].1, "whatsapp_business_account.account_update");
    assert_eq!(named[4], ("m1:5", "whatsapp_business_account.message"));
    assert_eq!(named[5].1, "whatsapp_business_account.read");
    let second: Value = serde_json::from_str(&events[1].2).expect("JSON");
    let expected = json!({"object": "whatsapp_business_account", "entry": [
        {"id": "1", "changes": [
            {"field": "messages", "value": {"messages": [{"id": "wamid.B"}]}},
        ]},
    ]});
    assert_eq!(second, expected);
}

/// A retry that brings the same events in other company makes none of them twice.
#[test]
fn an_event_has_one_name_in_any_company() {
    let event = |id: &str| json!({"id": id, "resource_type": "payments", "action": "paid"});
    let ids = |events: &[Value]| -> Vec<String> {
        let body = json!({"events": events, "meta": {"webhook_id": events.len()}});
        let events = whole("gocardless", &body.to_string());
        events.into_iter().map(|(id, ..)| id).collect()
    };
    assert_eq!(ids(&[event("A"), event("B")]), ["A", "B"]);
    assert_eq!(ids(&[event("B"), event("C"), event("A")]), ["B", "C", "A"]);
    assert_eq!(ids(&[event("A"), event("A")]), ["A", "A"]);
}

#[test]
fn a_broken_element_is_refused_alone() {
    for (name, body) in [
        (
            "twilio",
            r#"[{"id":"EZ1","type":"a"}, null, {"id":"EZ2","type":"a"}]"#,
        ),
        (
            "sendgrid",
            r#"[{"sg_event_id":"a","event":"x"}, 7, {"sg_event_id":"b","event":"x"}]"#,
        ),
        (
            "gocardless",
            r#"{"events":[{"id":"a","resource_type":"x","action":"y"},{"id":"a b"},{"id":"b","resource_type":"x","action":"y"}]}"#,
        ),
    ] {
        let elements = batch(name, body);
        let whole: Vec<_> = elements.iter().map(Result::is_ok).collect();
        assert_eq!(whole, [true, false, true], "{name}: {elements:?}");
    }
    let all_broken = identify("sendgrid", &post(JSON, "[1, 2]"));
    assert!(
        matches!(all_broken, Err(Malformed::Body(_))),
        "{all_broken:?}"
    );
}

/// Arrays side by side: what stands in one of them is not in the parts of the other.
#[test]
fn what_has_arrays_side_by_side_is_cut_between_them() {
    let value = json!({"messages": [{"id": "m"}], "statuses": [{"id": "s", "status": "read"}]});
    let change = |value: Value| json!({"object": "o", "entry": [{"id": "1", "changes": [{"field": "f", "value": value}]}]});
    let events = whole("meta", &change(value).to_string());
    assert_eq!(events[0].0, "m");
    assert!(events[1].0.starts_with("s:read:"), "{}", events[1].0);
    assert!(!events[1].2.contains("\"m\""), "{}", events[1].2);
    // Empty arrays and something beside them.
    let empty = change(json!({"messages": [], "errors": [{"code": 1}]}));
    let meaning = identify("meta", &post(JSON, empty.to_string()));
    let is_event = matches!(&meaning, Ok(Meaning::Event(identity)) if identity.kind == "o.f");
    assert!(is_event, "{meaning:?}");
}

/// A signed text that begins like a list and is none holds something that nobody could read.
#[test]
fn what_is_no_list_is_malformed_and_no_sign_of_life() {
    for body in [
        "[{\"sg_event_id\":\"a\n\",\"event\":\"x\"}]",
        "[] trailing",
        "[",
        "[1,]",
    ] {
        let meaning = identify("sendgrid", &post(JSON, body));
        assert!(meaning.is_err(), "{body}: {meaning:?}");
    }
}

/// Two families of headers sign the same text, and only one of the two ids is signed.
#[test]
fn an_id_that_nobody_has_signed_names_nothing() {
    let delivery = post(JSON, r#"{"type":"user.created"}"#);
    let delivery = with(&delivery, "webhook-id", "msg_1");
    for (other, is_taken) in [("msg_1", true), ("msg_2", false)] {
        let clerk = provider("clerk");
        let secret = development_secret(clerk);
        let signed = signed(clerk, &delivery, &secret, NOW);
        let both = with(&signed, "svix-id", other);
        let verified = verify(clerk, &both, &[secret], NOW);
        let named = verified
            .ok()
            .and_then(|verified| clerk.identify(&verified).ok());
        assert_eq!(named.is_some(), is_taken, "{other}: {named:?}");
    }
}

#[test]
fn a_batch_without_events_is_a_sign_of_life() {
    for (name, body) in [
        ("asana", r#"{"events":[]}"#),
        ("xero", r#"{"events":[],"firstEventSequence":0}"#),
        ("sendgrid", "[]"),
    ] {
        let meaning = identify(name, &post(JSON, body));
        assert!(
            matches!(meaning, Ok(Meaning::Ping(_))),
            "{name}: {meaning:?}"
        );
    }
}

/// What is sent alone or in an array, as its owner has set it.
#[test]
fn one_event_may_come_without_an_array() {
    let brevo = r#"{"message-id":"<1@x>","event":"delivered","ts_event":1}"#;
    let meaning = identify("brevo", &post(JSON, brevo));
    let Ok(Meaning::Event(identity)) = meaning else {
        panic!("{meaning:?}");
    };
    assert!(identity.id.starts_with("<1@x>:delivered:1:sha256:"));
    let events = whole("brevo", &format!("[{brevo}]"));
    assert_eq!(events[0].0, identity.id);
}

#[test]
fn a_thousand_elements_are_a_thousand_events() {
    let elements: Vec<_> = (0..1000)
        .map(|number| json!({"sg_event_id": format!("e{number}"), "event": "open"}))
        .collect();
    let events = whole("sendgrid", &json!(elements).to_string());
    assert_eq!(events.len(), 1000);
    assert_eq!(events[999].0, "e999");
}

/// Dropbox says the same of different changes.
#[test]
fn what_says_nothing_of_its_own_goes_by_the_time_of_receipt() {
    let dropbox = provider("dropbox");
    let secret = development_secret(dropbox);
    let body = delivery(&event("dropbox-list_folder.json"));
    let delivery = signed(dropbox, &body, &secret, NOW);
    let id = |now| {
        let verified = verify(dropbox, &delivery, std::slice::from_ref(&secret), now);
        match dropbox.identify(&verified.expect("it is signed")) {
            Ok(Meaning::Event(identity)) => identity.id,
            other => panic!("{other:?}"),
        }
    };
    let later = webhooks::timestamp::Timestamp::from_seconds(NOW.seconds() + 1);
    assert_eq!(id(NOW), id(NOW));
    assert_ne!(id(NOW), id(later));
}

/// Discord's interactions and events, told apart by what they bring.
#[test]
fn discord_says_what_it_is() {
    let interaction = r#"{"id":"9","application_id":"1","type":2,"data":{},"token":"t"}"#;
    let meaning = identify("discord", &with(&post(JSON, interaction), "x", "y"));
    let Ok(Meaning::Event(identity)) = meaning else {
        panic!("{meaning:?}");
    };
    assert_eq!((&*identity.id, &*identity.kind), ("9", "interaction.2"));
}
