//! Paddle. The bodies are those of
//! <https://developer.paddle.com/api-reference/notifications/list-notifications> and
//! <https://developer.paddle.com/errors/shared/authentication_malformed>.

use webhooks::timestamp::Timestamp;

use crate::api::{Answer, Asked};
use crate::case::Case;
use crate::sent::{Sent, ago};

pub(crate) const CASE: Case = Case {
    provider: "paddle",
    credential: r#"{"key": "marker-of-a-secret", "destination": "ntfset_01gkpjp8bkm3tm53kdgkx6sms7"}"#,
    list: "GET /notifications",
    files: [
        "paddle-transaction.completed.json",
        "paddle-subscription.created.json",
    ],
    time: "",
    as_sent: false,
    answer,
};

const FORBIDDEN: &str = r#"{"error": {"type": "request_error", "code": "authentication_malformed",
    "detail": "Authentication header included, but incorrectly formatted.",
    "documentation_url": "https://developer.paddle.com/errors/shared/authentication_malformed"},
    "meta": {"request_id": "0f2fbdc8-0a6c-4b53-9d5c-7a1e2a3cd1de"}}"#;

fn answer(sent: &[Sent], asked: &Asked) -> Answer {
    let authorization = asked.header("authorization").to_ascii_lowercase();
    if authorization != "bearer marker-of-a-secret" {
        return Answer::json(401, FORBIDDEN);
    }
    if asked.call() != "GET /notifications" {
        return Answer::json(404, r#"{"error": {"detail": "Not found."}}"#);
    }
    assert_eq!(
        asked.field("notification_setting_id"),
        "ntfset_01gkpjp8bkm3tm53kdgkx6sms7"
    );
    let from: Option<Timestamp> = asked.field("from").parse().ok();
    let after = match asked.field("after") {
        "" => 0,
        id => {
            1 + (0..sent.len())
                .find(|at| notification(*at) == id)
                .expect("a notification")
        }
    };
    let known = sent.iter().enumerate().skip(after);
    let mut known = known.filter(|(_, sent)| from.is_none_or(|from| sent.at >= from));
    let page = known.next();
    let has_more = known.next().is_some();
    let (items, last) = match page {
        Some((at, sent)) => (item(at, sent), notification(at)),
        None => (String::new(), String::new()),
    };
    // The link is to Paddle's own host; another path at another host must do no harm.
    let next = format!("https://elsewhere.example/else?order_by=id%5BDESC%5D&after={last}");
    Answer::json(
        200,
        format!(
            r#"{{"data": [{items}], "meta": {{"request_id": "d3e4", "pagination":
            {{"per_page": 1, "next": "{next}", "has_more": {has_more}, "estimated_total": 2}}}}}}"#
        ),
    )
}

fn notification(at: usize) -> String {
    format!("ntf_01ghbkd0frb9k95cnhwd1bxpv{at}")
}

fn item(at: usize, sent: &Sent) -> String {
    format!(
        r#"{{"id": "{}", "type": "any", "status": "failed", "payload": {}, "occurred_at": "{}",
        "delivered_at": null, "replayed_at": null, "origin": "{}", "last_attempt_at": null,
        "retry_at": null, "times_attempted": 3,
        "notification_setting_id": "ntfset_01gkpjp8bkm3tm53kdgkx6sms7"}}"#,
        notification(at),
        sent.body,
        sent.at,
        if at == 0 { "event" } else { "replay" }
    )
}

#[tokio::test]
async fn knows_a_replay() {
    let api = CASE.api(CASE.sent()).await;
    let archive = CASE.archive(&api);
    let first = archive.page(None, ago(300)).await.expect("a page");
    let second = archive.page(first.next.as_deref(), ago(300)).await;
    let second = second.expect("a page");
    assert!(!first.listed[0].again && second.listed[0].again);
    assert_eq!(second.next, None);
}

#[tokio::test]
async fn asks_for_no_more_than_it_needs() {
    let api = CASE.api(CASE.sent()).await;
    let archive = CASE.archive(&api);
    let page = archive.page(None, ago(90)).await.expect("a page");
    assert_eq!((page.listed.len(), page.next), (1, None));
    assert!(
        page.date.is_some_and(|date| date >= ago(1)),
        "{:?}",
        page.date
    );
}
