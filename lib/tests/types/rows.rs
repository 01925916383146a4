//! Every sample as its type, and what may change in it.

use std::collections::BTreeSet;
use std::fmt::Debug;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use webhooks::event::Event;
use webhooks::payload::Data;
use webhooks::types::{
    github, hubspot, linear, meta, sendgrid, shopify, slack, stripe, twilio, zoom,
};

use crate::sample::{event_of, sample, samples_of_all};

/// The reading of an event as a type: the value, for people.
type Read = fn(&Event<'_>) -> Option<String>;

pub(crate) fn read<T: DeserializeOwned + Debug>(event: &Event<'_>) -> Option<String> {
    event.data::<T>().map(|value| format!("{value:?}"))
}

/// An event type, the Rust type for it, and the members without which there is no value, in the order of
/// the alphabet: `*` stands for any place in a list.
type Row = (&'static str, Read, &'static str);

const ROWS: [Row; 34] = [
    (
        "github.push",
        read::<github::PushEvent>,
        "after before commits/*/id head_commit/id ref repository repository/full_name",
    ),
    (
        "github.pull_request.opened",
        read::<github::PullRequestEvent>,
        "action pull_request pull_request/base/ref pull_request/base/repo/full_name \
         pull_request/base/sha pull_request/head/ref pull_request/head/repo/full_name \
         pull_request/head/sha pull_request/number pull_request/state repository \
         repository/full_name",
    ),
    (
        "hubspot.contact.creation",
        read::<hubspot::Event>,
        "eventId occurredAt portalId subscriptionType",
    ),
    (
        "hubspot.contact.propertyChange",
        read::<hubspot::Event>,
        "eventId occurredAt portalId subscriptionType",
    ),
    (
        "hubspot.deal.propertyChange",
        read::<hubspot::Event>,
        "eventId occurredAt portalId subscriptionType",
    ),
    (
        "hubspot.object.propertyChange",
        read::<hubspot::Event>,
        "eventId occurredAt portalId subscriptionType",
    ),
    (
        "linear.Comment.create",
        read::<linear::Event<linear::Comment>>,
        "action data data/id data/issue/id type",
    ),
    (
        "linear.Issue.create",
        read::<linear::Event<linear::Issue>>,
        "action data data/id type",
    ),
    (
        "linear.Issue.update",
        read::<linear::Event<linear::Issue>>,
        "action data data/id type",
    ),
    (
        "meta.instagram.comments",
        read::<meta::Event<meta::InstagramComment>>,
        "entry entry/*/changes/*/field entry/*/changes/*/value entry/*/changes/*/value/id \
         entry/*/changes/*/value/media/id entry/*/id object",
    ),
    (
        "meta.page.feed",
        read::<meta::Event<meta::PageFeed>>,
        "entry entry/*/changes/*/field entry/*/changes/*/value entry/*/changes/*/value/item \
         entry/*/changes/*/value/verb entry/*/id object",
    ),
    (
        "meta.page.message",
        read::<meta::Event>,
        "entry entry/*/id entry/*/messaging/*/message/mid entry/*/messaging/*/recipient/id \
         entry/*/messaging/*/sender/id object",
    ),
    (
        "meta.page.postback",
        read::<meta::Event>,
        "entry entry/*/id entry/*/messaging/*/recipient/id entry/*/messaging/*/sender/id \
         object",
    ),
    (
        "meta.whatsapp_business_account.messages",
        read::<meta::Event<meta::WhatsApp>>,
        "entry entry/*/changes/*/field entry/*/changes/*/value \
         entry/*/changes/*/value/messages/*/id entry/*/changes/*/value/messages/*/text/body \
         entry/*/changes/*/value/messages/*/type entry/*/changes/*/value/metadata \
         entry/*/changes/*/value/metadata/phone_number_id entry/*/id object",
    ),
    (
        "meta.whatsapp_business_account.statuses.delivered",
        read::<meta::Event<meta::WhatsApp>>,
        "entry entry/*/changes/*/field entry/*/changes/*/value \
         entry/*/changes/*/value/metadata entry/*/changes/*/value/metadata/phone_number_id \
         entry/*/changes/*/value/statuses/*/id entry/*/changes/*/value/statuses/*/status \
         entry/*/id object",
    ),
    (
        "sendgrid.bounce",
        read::<sendgrid::Event>,
        "email event sg_event_id timestamp",
    ),
    (
        "sendgrid.click",
        read::<sendgrid::Event>,
        "email event sg_event_id timestamp",
    ),
    (
        "sendgrid.delivered",
        read::<sendgrid::Event>,
        "email event sg_event_id timestamp",
    ),
    (
        "sendgrid.processed",
        read::<sendgrid::Event>,
        "email event sg_event_id timestamp",
    ),
    (
        "shopify.orders/create",
        read::<shopify::Order>,
        "id line_items/*/id",
    ),
    (
        "shopify.shop/redact",
        read::<shopify::Compliance>,
        "shop_domain shop_id",
    ),
    ("slack./weather", read::<slack::Command>, "command user_id"),
    (
        "slack.block_actions",
        read::<slack::Interaction>,
        "type user user/id",
    ),
    (
        "slack.message",
        read::<slack::Event<slack::Message>>,
        "event event/channel event/ts event_id",
    ),
    (
        "stripe.charge.succeeded",
        read::<stripe::Event<stripe::Charge>>,
        "created data data/object data/object/amount data/object/currency data/object/id id \
         type",
    ),
    (
        "stripe.payment_intent.succeeded",
        read::<stripe::Event<stripe::PaymentIntent>>,
        "created data data/object data/object/amount data/object/currency data/object/id \
         data/object/status id type",
    ),
    (
        "stripe.payout.paid",
        read::<stripe::Event<stripe::Payout>>,
        "created data data/object data/object/amount data/object/currency data/object/id \
         data/object/status id type",
    ),
    (
        "stripe.v1.billing.meter.error_report_triggered",
        read::<stripe::ThinEvent>,
        "created id related_object/id related_object/type type",
    ),
    (
        "twilio.messaging.message.delivered",
        read::<twilio::StreamEvent<twilio::StreamMessage>>,
        "data data/messageSid id type",
    ),
    (
        "twilio.message.delivered",
        read::<twilio::MessageStatus>,
        "MessageSid MessageStatus",
    ),
    (
        "twilio.message.received",
        read::<twilio::Message>,
        "From MessageSid To",
    ),
    (
        "zoom.meeting.participant_joined",
        read::<zoom::Event<zoom::Meeting>>,
        "event payload payload/object",
    ),
    (
        "zoom.meeting.started",
        read::<zoom::Event<zoom::Meeting>>,
        "event payload payload/object",
    ),
    (
        "zoom.recording.completed",
        read::<zoom::Event<zoom::Recording>>,
        "event payload payload/object",
    ),
];

fn row(kind: &str) -> Row {
    let found = ROWS.into_iter().find(|(of, ..)| *of == kind);
    found.unwrap_or_else(|| panic!("no row for {kind}"))
}

/// The JSON of an event.
fn json(event: &Event<'_>) -> Value {
    match event.payload().data() {
        Data::Json(json) => serde_json::from_str(json.get()).expect("JSON"),
        Data::Binary => panic!("it is JSON"),
    }
}

/// The pointers to the members of all objects in a value, which is itself at a pointer.
fn members(value: &Value, at: &str) -> Vec<String> {
    match value {
        Value::Object(object) => {
            let each = object.iter();
            each.flat_map(|(name, value)| {
                let at = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
                let within = members(value, &at);
                [at].into_iter().chain(within)
            })
            .collect()
        }
        Value::Array(array) => {
            let each = array.iter().enumerate();
            each.flat_map(|(place, value)| members(value, &format!("{at}/{place}")))
                .collect()
        }
        _ => Vec::new(),
    }
}

/// The pointer with `*` for each place in a list.
fn anywhere(pointer: &str) -> String {
    let is_place = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let parts = pointer.split('/').skip(1);
    let parts = parts.map(|part| if is_place(part) { "*" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// A change of every object in a value.
fn in_every_object(value: &mut Value, change: &impl Fn(&mut Map<String, Value>)) {
    match value {
        Value::Object(object) => {
            object
                .values_mut()
                .for_each(|value| in_every_object(value, change));
            change(object);
        }
        Value::Array(array) => {
            array
                .iter_mut()
                .for_each(|value| in_every_object(value, change));
        }
        _ => {}
    }
}

#[test]
fn every_sample_is_read_as_its_type() {
    let mut kinds = BTreeSet::new();
    for event in samples_of_all() {
        let (kind, read, _) = row(event.kind());
        assert!(read(event).is_some(), "{kind}");
        kinds.insert(kind);
    }
    assert_eq!(kinds, ROWS.iter().map(|(kind, ..)| *kind).collect());
}

#[test]
fn only_the_few_members_that_make_an_event_have_to_be_there() {
    for (kind, read, needed) in ROWS {
        let whole = json(&sample(kind));
        let mut missed = BTreeSet::new();
        for pointer in members(&whole, "") {
            let mut without = whole.clone();
            let (parent, _) = pointer.rsplit_once('/').expect("a member");
            let parent = without.pointer_mut(parent).expect("its object");
            let name = pointer.rsplit('/').next().expect("a name");
            let name = name.replace("~1", "/").replace("~0", "~");
            parent.as_object_mut().expect("an object").remove(&name);
            let mut null = whole.clone();
            *null.pointer_mut(&pointer).expect("a member") = Value::Null;
            let removed = read(&event_of(kind, &without.to_string()));
            let null = read(&event_of(kind, &null.to_string()));
            let alike = removed.is_none() == null.is_none();
            assert!(alike, "{kind} {pointer}: null is like none");
            if removed.is_none() {
                missed.insert(anywhere(&pointer));
            }
        }
        let missed: Vec<String> = missed.into_iter().collect();
        assert_eq!(missed.join(" "), needed, "{kind}");
    }
}

#[test]
fn unknown_members_are_passed_over() {
    let odd = [
        "[]",
        r#"{"cut \ud83d":[1e999,"\ud83d",123456789012345678901234567890],"a":1,"a":2}"#,
    ];
    for (kind, read, _) in ROWS {
        let known = json(&sample(kind));
        let expected = read(&event_of(kind, &known.to_string()));
        for odd in odd {
            let mut more = known.clone();
            in_every_object(&mut more, &|object| {
                object.insert("zz_new".to_owned(), json!("ODD"));
            });
            let text = more.to_string().replace(r#""ODD""#, odd);
            let found = read(&event_of(kind, &text)).expect(kind);
            // Members that nobody reads are kept as they are sent.
            let found = found.replace(&format!(r#","zz_new":{odd}"#), "");
            assert_eq!(Some(found), expected, "{kind}");
        }
    }
}

#[test]
fn a_text_that_is_new_is_a_text() {
    for (kind, read, _) in ROWS {
        let mut value = json(&sample(kind));
        in_every_object(&mut value, &|object| {
            for value in object.values_mut().filter(|value| value.is_string()) {
                *value = json!("quite \u{1f980} new");
            }
        });
        assert!(
            read(&event_of(kind, &value.to_string())).is_some(),
            "{kind}"
        );
        let half = value.to_string().replace('\u{1f980}', "\\ud83e");
        assert!(read(&event_of(kind, &half)).is_some(), "{kind}");
    }
}

#[test]
fn another_shape_is_no_value_and_no_panic() {
    for (kind, read, needed) in ROWS {
        let whole = json(&sample(kind));
        for odd in ["[]", "{}", "\"x\"", "1.5", "true"] {
            assert_eq!(read(&event_of(kind, odd)), None, "{kind}: {odd}");
        }
        for pointer in members(&whole, "") {
            let read_with = |odd: Value| {
                let mut other = whole.clone();
                *other.pointer_mut(&pointer).expect("a member") = odd;
                read(&event_of(kind, &other.to_string()))
            };
            // Either is read where nobody looks, or where any shape will do.
            read_with(json!({}));
            let found = read_with(json!(true));
            // Nothing that an event needs is a flag.
            let is_needed = needed.split(' ').any(|one| one == anywhere(&pointer));
            assert!(!is_needed || found.is_none(), "{kind}: {pointer}");
        }
    }
}
