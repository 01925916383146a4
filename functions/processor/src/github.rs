//! GitHub: a push starts another process, through EventBridge.

use serde::Deserialize;
use serde_json::json;
use webhooks::event::Event;
use webhooks::router::{Context, Outcome};

use crate::bus;
use crate::resources::Resources;

/// What a build needs to know of a push
/// (<https://docs.github.com/en/webhooks/webhook-events-and-payloads#push>).
#[derive(Deserialize)]
struct Push {
    #[serde(rename = "ref")]
    git_ref: String,
    before: String,
    after: String,
    deleted: bool,
    repository: Repository,
}

#[derive(Deserialize)]
struct Repository {
    full_name: String,
    clone_url: Option<String>,
}

/// Tells the bus which commit a repository's branch or tag is at now. The deletion of one starts
/// nothing.
pub(crate) async fn on_push(context: Context<Resources>, event: Event<'static>) -> Outcome {
    let Some(push) = event.data::<Push>() else {
        return Outcome::failed("not a push payload");
    };
    if push.deleted {
        return Outcome::Ignored;
    }
    let detail = json!({
        "idempotencyKey": context.idempotency_key,
        "repository": push.repository.full_name,
        "cloneUrl": push.repository.clone_url,
        "ref": push.git_ref,
        "before": push.before,
        "after": push.after,
    });
    bus::put(&context, event.kind(), &detail).await
}
