//! The values of the samples.

use webhooks::types::{
    github, hubspot, linear, meta, sendgrid, shopify, slack, stripe, twilio, zoom,
};

use crate::rows::read;
use crate::sample::{event_of, samples_of_all, typed};

#[test]
fn github_has_its_values() {
    let push: github::PushEvent = typed("github.push");
    assert_eq!(push.git_ref, "refs/heads/main");
    assert_eq!(push.after, "0d1a26e67d8f5eaf1f6ba5c57fc3c7d91ac0fd1c");
    assert!(!push.created && !push.deleted && !push.forced);
    let repository = push.repository;
    assert_eq!(repository.full_name, "example-dev/Hello-World");
    assert_eq!(repository.id, Some(186_853_002));
    let owner = repository.owner.and_then(|owner| owner.login);
    assert_eq!(owner.as_deref(), Some("example-dev"));
    assert_eq!(push.commits.len(), 2);
    assert_eq!(push.commits[0].added, ["hours.md"]);
    assert_eq!(push.commits[0].modified, ["README.md"]);
    let head = push.head_commit.expect("a commit");
    assert_eq!(head.id, push.after);
    let author = head.author.expect("an author");
    assert_eq!(author.username.as_deref(), Some("example-dev"));

    let opened: github::PullRequestEvent = typed("github.pull_request.opened");
    let request = opened.pull_request;
    assert_eq!((&*opened.action, request.number), ("opened", 2));
    assert_eq!(
        (&*request.state, request.draft, request.merged),
        ("open", false, false)
    );
    assert_eq!(
        request.title.as_deref(),
        Some("Update the README with new information.")
    );
    let (head, base) = (request.head.expect("a head"), request.base.expect("a base"));
    assert_eq!((&*head.git_ref, &*base.git_ref), ("changes", "main"));
    let sender = opened.sender.expect("a sender");
    assert_eq!((sender.id, sender.kind.as_deref()), (Some(1), Some("User")));
}

#[test]
fn a_github_form_is_read_like_json() {
    let pushes: Vec<String> = samples_of_all()
        .iter()
        .filter(|event| event.kind() == "github.push")
        .filter_map(read::<github::PushEvent>)
        .collect();
    assert_eq!(pushes.len(), 2);
    assert_eq!(pushes[0], pushes[1]);
}

#[test]
fn hubspot_has_its_values() {
    let created: hubspot::Event = typed("hubspot.contact.creation");
    assert_eq!((created.event_id, created.portal_id), (100, 62_515));
    assert_eq!(created.change_flag.as_deref(), Some("NEW"));
    assert_eq!(created.object_id, Some(123));
    assert_eq!(created.occurred_at, 1_767_225_595_000);
    let changed: hubspot::Event = typed("hubspot.object.propertyChange");
    assert_eq!(changed.object_type_id.as_deref(), Some("0-3"));
    assert_eq!(changed.property_name.as_deref(), Some("amount"));
    assert_eq!(changed.property_value.as_deref(), Some("1999.00"));
    let merged = r#"{"eventId":1,"subscriptionType":"contact.merge","portalId":2,"occurredAt":3,
        "primaryObjectId":4,"mergedObjectIds":[5,6],"propertyValue":7}"#;
    let merged: hubspot::Event = event_of("hubspot.contact.merge", merged)
        .data()
        .expect("it");
    assert_eq!(merged.primary_object_id, Some(4));
    assert_eq!(merged.merged_object_ids, [5, 6]);
    assert_eq!(merged.property_value.as_deref(), Some("7"));
}

#[test]
fn linear_has_its_values() {
    let update: linear::Event<linear::Issue> = typed("linear.Issue.update");
    assert_eq!((&*update.action, &*update.kind), ("update", "Issue"));
    let issue = update.data;
    assert_eq!(issue.identifier.as_deref(), Some("ENG-42"));
    assert_eq!(issue.priority, Some(1));
    let state = issue.state.expect("a state");
    assert_eq!(state.kind.as_deref(), Some("unstarted"));
    assert_eq!(issue.labels[0].name.as_deref(), Some("Bug"));
    let before = update.updated_from.expect("the values before");
    assert!(
        before
            .get()
            .contains(r#""title":"Café page does not load""#)
    );
    let comment: linear::Event<linear::Comment> = typed("linear.Comment.create");
    assert_eq!(
        comment.actor.and_then(|actor| actor.kind).as_deref(),
        Some("user")
    );
    let issue = comment.data.issue.expect("an issue");
    assert_eq!(issue.team.and_then(|team| team.key).as_deref(), Some("ENG"));
}

#[test]
fn meta_has_its_values() {
    let messages: meta::Event<meta::WhatsApp> = typed("meta.whatsapp_business_account.messages");
    assert_eq!(messages.object, "whatsapp_business_account");
    let value = messages.values().next().expect("a change");
    assert_eq!(value.metadata.phone_number_id, "106540352242922");
    let name = value.contacts[0]
        .profile
        .as_ref()
        .and_then(|who| who.name.as_deref());
    assert_eq!(name, Some("Zoë Example"));
    let [message] = &*value.messages else {
        panic!("one message");
    };
    assert_eq!(
        (&*message.kind, message.timestamp),
        ("text", Some(1_767_225_595))
    );
    let text = message.text.as_ref().expect("a text");
    assert!(text.body.starts_with("Does it come in another colour?"));

    let status = "meta.whatsapp_business_account.statuses.delivered";
    let statuses: meta::Event<meta::WhatsApp> = typed(status);
    let value = statuses.values().next().expect("a change");
    assert_eq!(value.statuses[0].status, "delivered");
    assert_eq!(
        value.statuses[0].recipient_id.as_deref(),
        Some("15005550001")
    );

    let comments: meta::Event<meta::InstagramComment> = typed("meta.instagram.comments");
    let comment = comments.values().next().expect("a change");
    let author = comment.from.and_then(|author| author.username);
    assert_eq!(author.as_deref(), Some("example_user"));

    let feed: meta::Event<meta::PageFeed> = typed("meta.page.feed");
    let change = feed.values().next().expect("a change");
    assert_eq!((&*change.item, &*change.verb), ("comment", "add"));

    let page: meta::Event = typed("meta.page.postback");
    let postback = page.entry[0].messaging[0]
        .postback
        .as_ref()
        .expect("a button");
    assert_eq!(postback.payload.as_deref(), Some("GET_STARTED"));
}

#[test]
fn sendgrid_has_its_values() {
    let bounce: sendgrid::Event = typed("sendgrid.bounce");
    assert_eq!(bounce.email, "ünknown@example.com");
    assert_eq!(bounce.kind.as_deref(), Some("bounce"));
    assert_eq!(bounce.status.as_deref(), Some("5.1.1"));
    assert_eq!(bounce.category, ["cat facts"]);
    let smtp_id = bounce.smtp_id.expect("an id");
    assert!(smtp_id.starts_with("<qNwBLgPQQjW6DJvKQwSAbw@"));
    let click: sendgrid::Event = typed("sendgrid.click");
    assert_eq!(click.url.as_deref(), Some("https://example.com/a?b=1&c=é"));
    assert_eq!(
        (click.timestamp, click.sg_machine_open),
        (1_767_225_596, false)
    );
}

#[test]
fn shopify_has_its_values() {
    let order: shopify::Order = typed("shopify.orders/create");
    assert_eq!(
        (order.id, order.name.as_deref()),
        (820_982_911_946_154_508, Some("#9999"))
    );
    assert_eq!(order.total_price.as_deref(), Some("414.95"));
    assert_eq!(order.line_items[0].quantity, Some(2));
    assert_eq!(order.line_items[0].price.as_deref(), Some("199.00"));
    let redact: shopify::Compliance = typed("shopify.shop/redact");
    assert_eq!(
        (redact.shop_id, &*redact.shop_domain),
        (954_889, "example-shop.myshopify.com")
    );
}

#[test]
fn slack_has_its_values() {
    let outer: slack::Event<slack::Message> = typed("slack.message");
    assert_eq!(
        (&*outer.event_id, outer.event_time),
        ("Ev08MFMKH6", Some(1_767_225_598))
    );
    let message = outer.event;
    assert_eq!(
        (&*message.channel, &*message.text),
        ("C0001", "Is the table confirmed?")
    );
    assert_eq!(
        (message.ts.as_str(), message.subtype),
        ("1767225598.000200", None)
    );
    let command: slack::Command = typed("slack./weather");
    assert_eq!((&*command.command, &*command.text), ("/weather", "94070"));
    assert_eq!(command.user_id, "U0001");
    let pressed: slack::Interaction = typed("slack.block_actions");
    assert_eq!(
        (&*pressed.kind, &*pressed.user.id),
        ("block_actions", "U0001")
    );
    let action = &pressed.actions[0];
    assert_eq!(action.action_id.as_deref(), Some("confirm"));
    assert_eq!(action.value.as_deref(), Some("yes"));
}

#[test]
fn stripe_has_its_values() {
    let charged: stripe::Event<stripe::Charge> = typed("stripe.charge.succeeded");
    assert_eq!(
        (&*charged.kind, charged.created),
        ("charge.succeeded", 1_767_225_598)
    );
    assert_eq!(charged.api_version.as_deref(), Some("2025-09-30.clover"));
    let charge = charged.data.object;
    assert_eq!((charge.amount, &*charge.currency), (2000, "usd"));
    assert!(charge.paid && !charge.refunded);
    assert_eq!(charge.customer.as_deref(), Some("cus_Example0000001"));
    assert_eq!(charge.metadata["order_id"], "1001");
    let intent: stripe::Event<stripe::PaymentIntent> = typed("stripe.payment_intent.succeeded");
    let intent = intent.data.object;
    assert_eq!(
        (&*intent.status, intent.amount_received),
        ("succeeded", Some(2000))
    );
    assert_eq!(
        intent.latest_charge.as_deref(),
        Some("ch_3SkExample000000000000001")
    );
    let paid: stripe::Event<stripe::Payout> = typed("stripe.payout.paid");
    assert_eq!(paid.account.as_deref(), Some("acct_1SkExample000001"));
    assert_eq!(paid.data.object.arrival_date, Some(1_767_225_600));
    let thin: stripe::ThinEvent = typed("stripe.v1.billing.meter.error_report_triggered");
    let object = thin.related_object.expect("an object");
    assert_eq!(object.kind, "billing.meter");
}

#[test]
fn stripe_has_an_object_of_any_type() {
    let unread: stripe::Event = typed("stripe.charge.succeeded");
    assert!(unread.data.object.get().contains(r#""object": "charge""#));
    let kind = "stripe.never.heard.of";
    let text =
        r#"{"id":"evt_1","type":"never.heard.of","created":1,"data":{"object":{"x":1e999}}}"#;
    let unknown: stripe::Event = event_of(kind, text).data().expect("an event");
    assert_eq!(unknown.data.object.get(), r#"{"x":1e999}"#);
}

#[test]
fn stripe_has_an_invoice_of_either_age() {
    let older = r#""subscription":"sub_1""#;
    let expanded = r#""subscription":{"id":"sub_1","object":"subscription"}"#;
    let newer = r#""parent":{"subscription_details":{"subscription":"sub_1"}}"#;
    for subscription in [older, expanded, newer] {
        let object = format!(
            r#"{{"id":"in_1","currency":"usd","amount_due":5,"amount_paid":5,{subscription}}}"#
        );
        let text = format!(
            r#"{{"id":"evt_1","type":"invoice.paid","created":1,"data":{{"object":{object}}}}}"#
        );
        let paid: stripe::Event<stripe::Invoice> = event_of("stripe.invoice.paid", &text)
            .data()
            .expect("an invoice");
        assert_eq!(paid.data.object.subscription_id(), Some("sub_1"), "{text}");
    }
}

#[test]
fn twilio_has_its_values() {
    let message: twilio::Message = typed("twilio.message.received");
    assert_eq!(
        (&*message.from, &*message.to),
        ("+15555550101", "+15555550100")
    );
    assert!(message.body.ends_with("Thank you, Zoë"));
    assert_eq!(
        (message.num_media, message.num_segments),
        (Some(0), Some(1))
    );
    let status: twilio::MessageStatus = typed("twilio.message.delivered");
    assert_eq!(status.message_status, "delivered");
    let kind = "twilio.messaging.message.delivered";
    let streamed: twilio::StreamEvent<twilio::StreamMessage> = typed(kind);
    assert_eq!(streamed.data.message_status.as_deref(), Some("DELIVERED"));
}

#[test]
fn twilio_has_the_media_of_a_message() {
    let none: twilio::Media = typed("twilio.message.received");
    assert!(none.0.is_empty());
    let text =
        r#"{"MediaUrl1":"b","MediaUrl0":"a","MediaContentType0":"image/png","MediaUrl3":"d"}"#;
    let two: twilio::Media = event_of("twilio.message.received", text)
        .data()
        .expect("media");
    let urls = two.0.iter().map(|medium| &*medium.url);
    assert_eq!(urls.collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(two.0[0].content_type.as_deref(), Some("image/png"));
}

#[test]
fn zoom_has_its_values() {
    let joined: zoom::Event<zoom::Meeting> = typed("zoom.meeting.participant_joined");
    let meeting = joined.payload.object;
    assert_eq!(meeting.id.as_deref(), Some("1234567890"));
    let participant = meeting.participant.expect("a person");
    assert_eq!(participant.user_name.as_deref(), Some("Zoë Example"));
    let recorded: zoom::Event<zoom::Recording> = typed("zoom.recording.completed");
    assert_eq!(
        recorded.download_token.as_deref(),
        Some("example-download-token")
    );
    let recording = recorded.payload.object;
    // A number here, a text there.
    assert_eq!(recording.id.as_deref(), Some("1234567890"));
    let sizes = recording.recording_files.iter().map(|file| file.file_size);
    assert_eq!(sizes.sum::<Option<i64>>(), Some(529_758));
}
