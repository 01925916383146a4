//! An API of GitHub's that knows of one push to the webhook 1 of the repository o/r.

use axum::Router;
use axum::routing::get;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use webhooks::timestamp::Timestamp;

/// Starts it, and gives a credential for it with this token.
pub(crate) async fn knows(guid: &str, at: Timestamp, payload: Value, token: &str) -> String {
    let attempt = json!([{"id": 7, "guid": guid, "delivered_at": at.to_string(), "event": "push"}]);
    let headers = json!({
        "X-GitHub-Event": "push", "X-GitHub-Delivery": guid, "X-GitHub-Hook-ID": "1",
    });
    let whole = json!({"request": {"headers": headers, "payload": payload}});
    let answer = |value: Value| {
        let text = value.to_string();
        get(|| async { text })
    };
    let routes = Router::new()
        .route("/repos/o/r/hooks/1/deliveries", answer(attempt))
        .route("/repos/o/r/hooks/1/deliveries/7", answer(whole));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async { axum::serve(listener, routes).await });
    let api = format!("http://{address}");
    json!({"token": token, "repository": "o/r", "hook": 1, "api": api}).to_string()
}
