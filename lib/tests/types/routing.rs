//! Typed handlers of a router.

use webhooks::event::Event;
use webhooks::router::{Context, Outcome, Router};
use webhooks::types::github;

use crate::resources::Resources;
use crate::sample::{context, event_of, sample};

async fn handle(router: &Router<Resources>, event: Event<'static>) -> Outcome {
    let context = context(&event.key().to_string());
    router.handle(context, event).await
}

#[tokio::test]
async fn a_handler_gets_the_event_and_its_data() {
    async fn on_push(
        context: Context<Resources>,
        event: Event<'static>,
        push: github::PushEvent,
    ) -> Outcome {
        assert_eq!(context.idempotency_key, event.key().to_string());
        Outcome::failed(push.git_ref)
    }
    let router = Router::new().on_typed("github.push", on_push);
    let outcome = handle(&router, sample("github.push")).await;
    assert!(matches!(outcome, Outcome::Failed { reason } if reason == "refs/heads/main"));
    let other = handle(&router, event_of("github.push", r#"{"ref":["secret"]}"#)).await;
    let Outcome::Failed { reason } = other else {
        panic!("{other:?}");
    };
    assert_eq!(reason, "its data is not what the handler takes");
    let untyped = handle(&router, event_of("github.fork", "{}")).await;
    assert!(matches!(untyped, Outcome::Ignored));
}
