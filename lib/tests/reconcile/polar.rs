//! Polar. The bodies are those of the SDK's `WebhookDelivery`, `WebhookEvent` and `Pagination`,
//! <https://www.npmjs.com/package/@polar-sh/sdk>.

use serde_json::json;
use webhooks::reconcile::{Beyond, Found};

use crate::api::{Answer, Api, Asked};
use crate::case::Case;
use crate::sent::Sent;
use crate::walk::Source;

pub(crate) const CASE: Case = Case {
    provider: "polar",
    credential: r#"{"token": "marker-of-a-secret", "endpoint": "3d6f1c0a-5b1c-4f7e-9a61-2f6f3b0f8d11"}"#,
    list: "GET /v1/webhooks/deliveries",
    files: ["polar-order.paid.json", "polar-subscription.active.json"],
    time: "",
    as_sent: true,
    answer,
};

fn answer(sent: &[Sent], asked: &Asked) -> Answer {
    answer_with(sent, asked, |sent| Some(&*sent.body))
}

fn answer_with(sent: &[Sent], asked: &Asked, payload: impl Fn(&Sent) -> Option<&str>) -> Answer {
    if asked.header("authorization") != "Bearer marker-of-a-secret" {
        let refused = r#"{"error": "invalid_token", "error_description": "The access token provided is invalid."}"#;
        return Answer::json(401, refused);
    }
    if asked.call() != CASE.list {
        return Answer::json(
            404,
            r#"{"error": "ResourceNotFound", "detail": "Not found"}"#,
        );
    }
    let endpoint = asked.field("endpoint_id");
    assert_eq!(endpoint, "3d6f1c0a-5b1c-4f7e-9a61-2f6f3b0f8d11");
    let page: usize = asked.field("page").parse().expect("a number");
    let item = |sent: &Sent| {
        json!({
            "created_at": sent.at.to_string(),
            "modified_at": null,
            "id": "5f0c9d0e-2f2b-4b52-8e0a-3f3f2d8a9b10",
            "succeeded": false,
            "http_code": 503,
            "response": null,
            "webhook_event": {
                "created_at": sent.at.to_string(),
                "modified_at": null,
                "id": sent.id,
                "last_http_code": 503,
                "succeeded": null,
                "skipped": false,
                "api_version": "2026-10",
                "payload": payload(sent),
                "type": "order.paid",
                "is_archived": payload(sent).is_none(),
            },
        })
    };
    let items: Vec<_> = sent.get(page - 1).map(item).into_iter().collect();
    let pagination = json!({"total_count": sent.len(), "max_page": sent.len()});
    Answer::json(
        200,
        json!({"items": items, "pagination": pagination}).to_string(),
    )
}

#[tokio::test]
async fn says_that_an_archived_event_cannot_be_had() {
    let source = Source::enter().await;
    let sent = CASE.sent();
    let api = Api::start(move |asked| answer_with(&sent, asked, |_| None)).await;
    let walked = source.walk(CASE.provider(), &*CASE.archive(&api)).await;
    let found: Vec<_> = walked
        .findings
        .iter()
        .map(|finding| finding.found)
        .collect();
    assert_eq!(found, [Found::Beyond(Beyond::NoPayload); 2]);
    assert_eq!(api.calls(), [CASE.list; 2]);
}
