//! GitHub: a push starts another process, through EventBridge.

use serde::{Deserialize, Serialize};
use webhooks::event::Event;
use webhooks::router::{Context, Outcome};

use crate::bus;
use crate::effect::Effect;
use crate::resources::Resources;

/// The fields of a push that a build needs to know
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

/// The content of what the bus is told of a push.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Pushed {
    repository: String,
    clone_url: Option<String>,
    #[serde(rename = "ref")]
    git_ref: String,
    before: String,
    after: String,
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
    let detail = Effect::of(&event, &context.idempotency_key, Pushed::from(push));
    bus::put(&context, event.kind(), &detail).await
}

impl From<Push> for Pushed {
    fn from(push: Push) -> Self {
        Self {
            repository: push.repository.full_name,
            clone_url: push.repository.clone_url,
            git_ref: push.git_ref,
            before: push.before,
            after: push.after,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{context, event, odd_members};

    #[tokio::test]
    async fn a_deleted_branch_starts_nothing() {
        let text = r#"{"ref":"r","before":"b","after":"0","deleted":true,"repository":{"full_name":"o/r"}}"#;
        let key = "github/mine/1:a";
        let outcome = on_push(context(key), event(key, "github.push", text)).await;
        assert!(matches!(outcome, Outcome::Ignored), "{outcome:?}");
    }

    #[test]
    fn a_push_on_the_bus_names_its_source() {
        let odd = odd_members();
        let text = format!(
            r#"{{"ref":"r","before":"b","after":"a","deleted":false,"repository":{{{odd},"full_name":"o/r"}},{odd}}}"#
        );
        let event = event("github/mine/1:a", "github.push", &text);
        let push: Push = event.data().expect("a push");
        let detail = Effect::of(&event, "key", Pushed::from(push));
        let expected = r#"{"provider":"github","source":"mine","id":"1:a","idempotencyKey":"key","repository":"o/r","cloneUrl":null,"ref":"r","before":"b","after":"a"}"#;
        assert_eq!(serde_json::to_string(&detail).expect("JSON"), expected);
    }
}
