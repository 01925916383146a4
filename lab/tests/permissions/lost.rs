//! A delivery that GitHub has sent and that never arrived, for the reconciler to find.

use axum::Router;
use axum::routing::get;
use serde_json::json;
use tokio::net::TcpListener;
use uuid::Uuid;
use webhooks::event::EventKey;
use webhooks::timestamp::Timestamp;
use webhooks_cli::stack::Stack;

/// Has a source compared, in which a delivery is missing whose payload goes to the bucket.
pub(crate) async fn lose(stack: &Stack) -> EventKey {
    let now = Timestamp::now().seconds();
    let ago = |minutes: i64| Timestamp::from_seconds(now - 60 * minutes);
    let guid = Uuid::new_v4().to_string();
    let attempt = json!([{
        "id": 7, "guid": guid, "delivered_at": ago(30).to_string(), "event": "push",
    }]);
    let headers = json!({
        "X-GitHub-Event": "push", "X-GitHub-Delivery": guid, "X-GitHub-Hook-ID": "1",
    });
    let noise: String = (0..2000)
        .map(|_| Uuid::new_v4().simple().to_string())
        .collect();
    let whole = json!({"request": {"headers": headers, "payload": {"padding": noise}}});
    let answer = |value: serde_json::Value| {
        let text = value.to_string();
        get(|| async { text })
    };
    let routes = Router::new()
        .route("/repos/o/r/hooks/1/deliveries", answer(attempt))
        .route("/repos/o/r/hooks/1/deliveries/7", answer(whole));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let api = listener.local_addr().expect("an address");
    tokio::spawn(async { axum::serve(listener, routes).await });

    let ledger = stack.ledger().expect("the ledger");
    let mut mark = ledger
        .watermark("github", "default")
        .await
        .expect("an answer");
    mark.reached = Some(ago(60));
    let moved = ledger.move_watermark("github", "default", &mut mark).await;
    assert!(moved.expect("an answer"));
    let credential = json!({
        "token": "none", "repository": "o/r", "hook": 1, "api": format!("http://{api}"),
    });
    let credential = credential.to_string();
    let put = stack.put_credential("github", "default", &credential);
    put.await.expect("a credential");
    EventKey {
        provider: "github".to_owned(),
        source: "default".to_owned(),
        id: format!("1:{guid}"),
    }
}
