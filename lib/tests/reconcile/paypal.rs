//! PayPal. The bodies are those of `EventList`, `webhook` and `error` in
//! <https://github.com/paypal/paypal-rest-api-specifications/blob/main/openapi/notifications_webhooks_v1.json>
//! and of <https://developer.paypal.com/api/rest/authentication/>.

use crate::api::{Answer, Asked};
use crate::case::Case;
use crate::sent::{Sent, ago};

pub(crate) const CASE: Case = Case {
    provider: "paypal",
    credential: r#"{"client": "client", "secret": "marker-of-a-secret", "webhook": "0EH40505U7160970P"}"#,
    list: "GET /v1/notifications/webhooks-events",
    files: [
        "paypal-payment_capture_completed.json",
        "paypal-billing_subscription_cancelled.json",
    ],
    time: "create_time",
    as_sent: false,
    answer,
};

/// `client:marker-of-a-secret`, as Basic has it.
const PAIR: &str = "Basic Y2xpZW50Om1hcmtlci1vZi1hLXNlY3JldA==";

const WEBHOOK: &str = r#"{"id": "0EH40505U7160970P", "url": "https://example.com/example_webhook",
    "event_types": [{"name": "PAYMENT.CAPTURE.COMPLETED", "description": "A payment capture completes."},
    {"name": "BILLING.SUBSCRIPTION.CANCELLED"}],
    "links": [{"href": "https://api-m.paypal.com/v1/notifications/webhooks/0EH40505U7160970P",
    "rel": "self", "method": "GET"}]}"#;

/// An event of a type that the webhook does not ask for.
const OTHER: &str = r#"{"id": "WH-7Y7254563A4550640-11V2185806837105M",
    "create_time": "2015-02-17T18:51:33Z", "resource_type": "sale",
    "event_type": "PAYMENT.SALE.COMPLETED", "summary": "A sale", "resource": {}, "links": []}"#;

fn answer(sent: &[Sent], asked: &Asked) -> Answer {
    let authorization = asked.header("authorization");
    match &*asked.call() {
        "POST /v1/oauth2/token" => {
            assert_eq!(asked.body, "grant_type=client_credentials");
            if authorization != PAIR {
                let refused = r#"{"error": "invalid_client", "error_description": "Client Authentication failed"}"#;
                return Answer::json(401, refused);
            }
            Answer::json(
                200,
                r#"{"scope": "https://uri.paypal.com/services/applications/webhooks",
                "access_token": "A21AA", "token_type": "Bearer", "app_id": "APP-80W284485P519543T",
                "expires_in": 31668, "nonce": "2020-04-03T15:35:36ZaYZlGvEkV4yVSz8g6bAKFoGSEzuy3CQcz3ljhibkOHg"}"#,
            )
        }
        _ if authorization != "Bearer A21AA" => Answer::json(
            401,
            r#"{"error": "invalid_token", "error_description": "Token signature verification failed"}"#,
        ),
        "GET /v1/notifications/webhooks/0EH40505U7160970P" => Answer::json(200, WEBHOOK),
        "GET /v1/notifications/webhooks-events" => events(sent, asked),
        _ => Answer::json(
            404,
            r#"{"name": "INVALID_RESOURCE_ID", "message": "The resource is not found."}"#,
        ),
    }
}

fn events(sent: &[Sent], asked: &Asked) -> Answer {
    assert!(!asked.field("start_time").is_empty(), "{asked:?}");
    let at: usize = asked.field("index_id").parse().unwrap_or(0);
    let body = sent.get(at).map_or(OTHER, |sent| &sent.body);
    let next = if at < sent.len() {
        format!(
            r#", {{"href": "https://elsewhere.example/else/?start_time={}&page_size=1&move_to=next&index_id={}",
            "rel": "next", "method": "GET"}}"#,
            asked.field("start_time"),
            at + 1
        )
    } else {
        String::new()
    };
    Answer::json(
        200,
        format!(
            r#"{{"events": [{body}], "count": 1, "links": [{{"href": "https://api-m.paypal.com/self",
            "rel": "self", "method": "GET"}}{next}]}}"#
        ),
    )
}

#[tokio::test]
async fn leaves_out_types_that_the_webhook_does_not_ask_for_and_gets_one_token() {
    let api = CASE.api(CASE.sent()).await;
    let archive = CASE.archive(&api);
    let (mut cursor, mut listed) = (None, Vec::new());
    loop {
        let page = archive.page(cursor.as_deref(), ago(300)).await;
        let page = page.expect("a page");
        listed.extend(page.listed.into_iter().map(|listed| listed.id));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    let sent: Vec<_> = CASE.sent().into_iter().map(|sent| sent.id).collect();
    assert_eq!(listed, sent);
    let list = "GET /v1/notifications/webhooks-events";
    assert_eq!(
        api.calls(),
        [
            "POST /v1/oauth2/token",
            "GET /v1/notifications/webhooks/0EH40505U7160970P",
            list,
            list,
            list
        ]
    );
}
