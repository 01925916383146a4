//! Stripe. The bodies are those of <https://docs.stripe.com/api/events/list> and
//! <https://docs.stripe.com/api/webhook_endpoints/retrieve>.

use webhooks::provider_api::ApiError;

use crate::api::{Answer, Api, Asked};
use crate::case::Case;
use crate::sent::{Sent, ago};

pub(crate) const CASE: Case = Case {
    provider: "stripe",
    credential: r#"{"key": "marker-of-a-secret", "endpoint": "we_1Mr5jULkdIwHu7ix"}"#,
    list: "GET /v1/events",
    files: [
        "stripe-charge.succeeded.json",
        "stripe-payment_intent.succeeded.json",
    ],
    time: "",
    as_sent: false,
    answer,
};

const ENDPOINT: &str = r#"{"id": "we_1Mr5jULkdIwHu7ix", "object": "webhook_endpoint",
    "enabled_events": ["charge.succeeded", "payment_intent.succeeded"], "status": "enabled"}"#;

/// An event that the endpoint does not ask for.
const OTHER: &str =
    r#"{"id": "evt_other", "object": "event", "created": 1, "type": "plan.created"}"#;

fn answer(sent: &[Sent], asked: &Asked) -> Answer {
    if asked.header("authorization") != "Bearer marker-of-a-secret" {
        let refusal = r#"{"error": {"type": "invalid_request_error", "message": "Invalid API Key provided"}}"#;
        return Answer::json(401, refusal);
    }
    match asked.call().as_str() {
        "GET /v1/webhook_endpoints/we_1Mr5jULkdIwHu7ix" => Answer::json(200, ENDPOINT),
        "GET /v1/events" => page(sent, asked),
        _ => Answer::json(404, r#"{"error": {"code": "resource_missing"}}"#),
    }
}

fn page(sent: &[Sent], asked: &Asked) -> Answer {
    assert_eq!(asked.field("limit"), "100");
    assert!(asked.field("created[gte]").parse::<i64>().is_ok());
    // What is of no interest here ends the first page, so that the cursor is its id.
    let (event, rest, has_more) = match asked.field("starting_after") {
        "" => (&sent[0], format!(", {OTHER}"), true),
        "evt_other" => (&sent[1], String::new(), false),
        other => panic!("no such event: {other}"),
    };
    let list = format!(
        r#"{{"object": "list", "url": "/v1/events", "has_more": {has_more}, "data": [{}{rest}]}}"#,
        dated(event)
    );
    Answer::json(200, list)
}

/// The event, made when it was sent.
fn dated(sent: &Sent) -> String {
    let value: serde_json::Value = serde_json::from_str(&sent.body).expect("an event");
    let created = format!("\"created\":{}", value["created"]);
    let spaced = created.replace(':', ": ");
    let now = format!("\"created\":{}", sent.at.seconds());
    sent.body.replace(&created, &now).replace(&spaced, &now)
}

#[tokio::test]
async fn names_the_permission_that_a_key_lacks() {
    let refuse = |_: &Asked| {
        Answer::json(
            403,
            r#"{"error": {"message": "Having the 'rak_event_read' permission would allow this request to continue."}}"#,
        )
    };
    let api = Api::start(refuse).await;
    let error = CASE.archive(&api).page(None, ago(60)).await;
    let error = error.expect_err("refused");
    assert!(matches!(error, ApiError::Denied { status: 403, .. }));
    assert!(error.to_string().contains("rak_event_read"), "{error}");
}
