//! The line that every delivery leaves, and what is never in it.

use serde_json::{Value, json};
use webhooks::provider::table::GITHUB;
use webhooks::receive::Receipt;

use crate::endpoint::{Endpoint, SECRET, deliver, delivery, key, line, sign, text};
use crate::support::broken::Closed;
use crate::support::sample::{START, at, end, failed};

const IN_BODY: &str = "canary-in-the-body";
const IN_HEADER: &str = "canary-in-a-header";

/// Delivers the same event in every way there is.
async fn receipts() -> (Vec<Receipt>, String) {
    let (endpoint, closed) = (Endpoint::open().await, Closed::new());
    let receiver = endpoint.receiver(GITHUB);
    let outage = endpoint.receiver_at(
        GITHUB,
        &closed.config(),
        &closed.config(),
        endpoint.world.config(),
    );
    let signed = |body: Value| {
        let mut fixture = delivery(GITHUB, "push");
        fixture
            .delivery
            .headers
            .set("x-github-delivery", "the-same-guid");
        fixture
            .delivery
            .headers
            .set("x-github-hook-id", endpoint.secrets_path.trim_matches('/'));
        fixture.delivery.headers.set("user-agent", IN_HEADER);
        fixture.delivery.body = body.to_string().into_bytes();
        sign(&mut fixture, GITHUB, SECRET, START);
        fixture
    };
    let good = signed(json!({"email": IN_BODY}));
    let conflict = signed(json!({"email": IN_BODY, "more": 1}));
    let malformed = signed(json!(IN_BODY));
    let mut forged = good.clone();
    forged.delivery.body.push(b' ');
    let mut receipts = Vec::new();
    for fixture in [&good, &good, &conflict, &malformed, &forged] {
        receipts.push(deliver(&receiver, fixture.gateway_event(), START).await);
    }
    end(&receiver.ledger, &key(&good), failed("no"), at(1)).await;
    receipts.push(deliver(&receiver, good.gateway_event(), at(2)).await);
    receipts.push(deliver(&outage, good.gateway_event(), at(3)).await);
    let signature = good
        .delivery
        .headers
        .get("x-hub-signature-256")
        .expect("a signature");
    let digest = signature.trim_start_matches("sha256=").to_owned();
    (receipts, digest)
}

#[tokio::test]
async fn no_line_has_a_secret_a_signature_a_header_or_a_body() {
    let (receipts, digest) = receipts().await;
    let statuses: Vec<u16> = receipts
        .iter()
        .map(|receipt| receipt.answer.status())
        .collect();
    assert_eq!(statuses, [202, 200, 200, 400, 401, 202, 503]);
    for receipt in &receipts {
        let (text, debug) = (text(receipt), format!("{receipt:?}"));
        for canary in [SECRET, IN_BODY, IN_HEADER, &digest] {
            assert!(!text.contains(canary), "{text}");
            assert!(!debug.contains(canary), "{debug}");
        }
    }
}

#[tokio::test]
async fn a_line_says_what_happened_to_which_event() {
    let endpoint = Endpoint::open().await;
    let receiver = endpoint.receiver(GITHUB);
    let fixture = delivery(GITHUB, "pull_request");
    let receipt = deliver(&receiver, fixture.gateway_event(), START).await;
    let expected = json!({
        "outcome": "accepted",
        "source": "default",
        "event.id": key(&fixture).id,
        "event.kind": "github.pull_request.opened",
        "size_bytes": fixture.delivery.body.len(),
        "secret.line": 1,
        "request.id": "the request",
        "duration_ms": 1,
        "Accepted": 1,
        "Stack": "stack",
        "Provider": "github",
        "_aws": {
            "Timestamp": START.millis(),
            "CloudWatchMetrics": [{
                "Namespace": "Webhooks",
                "Dimensions": [["Stack"], ["Stack", "Provider"]],
                "Metrics": [{"Name": "Accepted"}],
            }],
        },
    });
    assert_eq!(line(&receipt), expected);
}
