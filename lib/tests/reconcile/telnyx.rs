//! Telnyx. The bodies are those of
//! <https://developers.telnyx.com/api-reference/webhooks/list-webhook-deliveries>.

use serde_json::Value;

use crate::api::{Answer, Api, Asked};
use crate::case::Case;
use crate::sent::{HUGE, Sent, ago};

pub(crate) const CASE: Case = Case {
    provider: "telnyx",
    credential: r#"{"key": "marker-of-a-secret", "url": "https://example.com/webhooks/telnyx"}"#,
    list: "GET /v2/webhook_deliveries",
    files: [
        "telnyx-message.received.json",
        "telnyx-message.finalized.json",
    ],
    time: "",
    as_sent: false,
    answer,
};

fn answer(sent: &[Sent], asked: &Asked) -> Answer {
    answer_with(sent, asked, "https://example.com/webhooks/telnyx")
}

fn answer_with(sent: &[Sent], asked: &Asked, url: &str) -> Answer {
    if asked.header("authorization") != "Bearer marker-of-a-secret" {
        let refused = r#"{"errors": [{"code": "10009", "title": "Authentication failed",
            "detail": "Could not find any usable credentials in the request."}]}"#;
        return Answer::json(401, refused);
    }
    if asked.call() != CASE.list {
        return Answer::json(
            404,
            r#"{"errors": [{"code": "10005", "title": "Resource not found"}]}"#,
        );
    }
    let page: usize = asked.field("page[number]").parse().unwrap_or(1);
    let data = sent
        .get(page - 1)
        .map_or_else(String::new, |sent| item(sent, url));
    let pages = sent.len();
    Answer::json(
        200,
        format!(
            r#"{{"data": [{data}], "meta": {{"page_number": {page}, "total_pages": {pages},
            "page_size": 1, "total_results": {pages}}}}}"#
        ),
    )
}

/// A delivery, whose event the body has in `data`.
fn item(sent: &Sent, url: &str) -> String {
    let body: Value = serde_json::from_str(&sent.body).expect("JSON");
    let event = body["data"].to_string();
    let event = event.replacen('{', &format!("{{\"huge\":{HUGE},"), 1);
    format!(
        r#"{{"id": "f5586561-8ff0-4291-a0ac-84fe544797bd",
        "user_id": "0ccc7b54-4df3-4bca-a65a-3da1ecc777f0", "record_type": "webhook_delivery",
        "status": "failed", "webhook": {event}, "started_at": "{at}", "finished_at": "{at}",
        "attempts": [{{"status": "failed", "started_at": "{at}", "finished_at": "{at}",
        "http": {{"request": {{"url": "{url}", "headers": [["Accept", "*/*"]]}},
        "response": {{"status": 404, "headers": [["Content-Type", "text/html"]], "body": "Oops."}}}},
        "errors": [75499]}}]}}"#,
        at = sent.at
    )
}

#[tokio::test]
async fn leaves_out_what_went_to_another_url() {
    let sent = CASE.sent();
    let other = "https://example.com/webhooks/telnyx/calls";
    let api = Api::start(move |asked| answer_with(&sent, asked, other)).await;
    let page = CASE.archive(&api).page(None, ago(300)).await;
    let page = page.expect("a page");
    assert!(page.listed.is_empty() && page.next.is_some(), "{page:?}");
}
