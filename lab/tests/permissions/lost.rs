//! A delivery that GitHub has sent and that never arrived, for the reconciler to find.

use serde_json::json;
use uuid::Uuid;
use webhooks::event::EventKey;
use webhooks::timestamp::Timestamp;
use webhooks_cli::reconcile::compare_from;
use webhooks_cli::stack::Stack;

use crate::github_api;

/// Has a source compared, in which a delivery is missing whose payload goes to the bucket.
pub(crate) async fn lose(stack: &Stack) -> EventKey {
    let now = Timestamp::now().seconds();
    let ago = |minutes: i64| Timestamp::from_seconds(now - 60 * minutes);
    let guid = Uuid::new_v4().to_string();
    let noise: String = (0..2000)
        .map(|_| Uuid::new_v4().simple().to_string())
        .collect();
    let credential = github_api::knows(&guid, ago(30), json!({"padding": noise}), "none").await;

    let compared = compare_from(stack, "github", "default", ago(60)).await;
    compared.expect("an answer");
    let put = stack.put_credential("github", "default", &credential);
    put.await.expect("a credential");
    EventKey {
        provider: "github".to_owned(),
        source: "default".to_owned(),
        id: format!("1:{guid}"),
    }
}
