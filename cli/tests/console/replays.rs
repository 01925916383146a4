//! A replay from the console: a preview, a reason, and the same history as the command leaves.

use std::time::Duration;

use crate::console::{Console, form_key, said};
use crate::pages::a_failed;
use crate::support::sample::item;
use crate::support::{World, unique};

#[tokio::test]
async fn a_replay_needs_a_reason_and_leaves_it_in_the_history() {
    let world = World::enter().await;
    let key = a_failed(&world, &unique("source"), "busy", b"{}").await;
    let id = key.to_string();
    let console = Console::start(&world, &["--allow-replay"]).await;
    let cookie = console.cookie().await;
    let (_, html) = console.page(&format!("/replay?id={id}"), &cookie).await;
    assert!(html.contains("1 events would start again."), "{html}");
    let key_of_form = form_key(&html);
    let form = |reason: &'static str| {
        [
            ("form_key", key_of_form.clone()),
            ("id", id.clone()),
            ("reason", reason.to_owned()),
        ]
    };
    let post = |form: [(&'static str, String); 3]| {
        let form: Vec<_> = form
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        console.post("/replay/start", &cookie, &form)
    };
    for reason in ["", "  ", "a\u{7}b"] {
        let (status, html) = said(post(form(reason))).await;
        assert_eq!(status, 200);
        assert!(html.contains("role=\"alert\""), "{reason:?}: {html}");
    }
    assert_eq!(
        item(&world.ledger(), &key).await.state.status.as_str(),
        "failed"
    );
    let (status, text) = said(post(form("the server is back"))).await;
    assert_eq!(status, 303, "{text}");
    let mut history = Vec::new();
    for _ in 0..50 {
        history = item(&world.ledger(), &key).await.state.history;
        if history.iter().any(|entry| entry.contains("replayed by ")) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(
        history
            .iter()
            .any(|entry| entry.ends_with(": the server is back")),
        "{history:?}"
    );
    let (_, html) = console.page("/replay/run", &cookie).await;
    assert!(html.contains("the server is back"), "{html}");
}
