//! WorkOS. The bodies are those of <https://workos.com/docs/reference/events> and of the SDK's
//! `ListResponse` and `WebhookEndpointResponse`, <https://www.npmjs.com/package/@workos-inc/node>.

use webhooks::provider_api::ApiError;

use crate::api::{Answer, Asked};
use crate::case::{Case, open};
use crate::sent::{Sent, ago};

pub(crate) const CASE: Case = Case {
    provider: "workos",
    credential: r#"{"key": "marker-of-a-secret", "endpoint": "we_0123456789"}"#,
    list: "GET /events",
    files: ["workos-user.created.json", "workos-dsync.user.created.json"],
    time: "created_at",
    as_sent: false,
    answer,
};

fn answer(sent: &[Sent], asked: &Asked) -> Answer {
    if asked.header("authorization") != "Bearer marker-of-a-secret" {
        return Answer::json(401, r#"{"message": "Unauthorized"}"#);
    }
    match &*asked.call() {
        "GET /webhook_endpoints" => endpoints(asked),
        "GET /events" => events(sent, asked),
        _ => Answer::json(404, r#"{"message": "Not Found"}"#),
    }
}

fn endpoints(asked: &Asked) -> Answer {
    let (id, events, after) = match asked.field("after") {
        "" => (
            "we_9876543210",
            r#""connection.activated""#,
            r#""we_9876543210""#,
        ),
        _ => (
            "we_0123456789",
            r#""user.created", "dsync.user.created""#,
            "null",
        ),
    };
    Answer::json(
        200,
        format!(
            r#"{{"object": "list", "data": [{{"object": "webhook_endpoint", "id": "{id}",
            "endpoint_url": "https://example.com/webhooks", "secret": "whsec_0FWAiVGkEfGBqqsJH4aNAGBJ4",
            "status": "enabled", "events": [{events}], "created_at": "2026-01-15T12:00:00.000Z",
            "updated_at": "2026-01-15T12:00:00.000Z"}}],
            "list_metadata": {{"before": null, "after": {after}}}}}"#
        ),
    )
}

fn events(sent: &[Sent], asked: &Asked) -> Answer {
    let (after, start) = (asked.field("after"), asked.field("range_start"));
    let asked_for = asked.field("events");
    if asked_for.is_empty() || !after.is_empty() && !start.is_empty() {
        return Answer::json(422, r#"{"message": "Validation failed"}"#);
    }
    assert_eq!(asked_for, "user.created,dsync.user.created");
    let at = match after {
        "" => 0,
        id => {
            1 + sent
                .iter()
                .position(|sent| sent.id == id)
                .expect("an event")
        }
    };
    let (data, after) = match sent.get(at) {
        Some(sent) => (&*sent.body, format!("\"{}\"", sent.id)),
        None => ("", "null".to_owned()),
    };
    Answer::json(
        200,
        format!(
            r#"{{"object": "list", "data": [{data}],
            "list_metadata": {{"before": null, "after": {after}}}}}"#
        ),
    )
}

#[tokio::test]
async fn says_that_there_is_no_such_endpoint() {
    let api = CASE.api(CASE.sent()).await;
    let credential = CASE.credential.replace("we_0123456789", "we_0");
    let archive = open("workos", &credential, &api);
    let error = archive.page(None, ago(60)).await.expect_err("not there");
    assert_eq!(error, ApiError::NotFound { needs: None });
    assert_eq!(api.calls().len(), 2);
}
