//! GitHub's own example payloads, through the whole of it.

use std::path::Path;

use futures::stream::{self, StreamExt};
use serde_json::{Value, json};
use webhooks::delivery::{Delivery, Headers, Method};
use webhooks::event::EventKey;
use webhooks_cli::local::{Local, Options};
use webhooks_cli::project::Project;
use webhooks_cli::send::{FIRST_ANSWER, local_url, post_copies};
use webhooks_cli::stack::development_secret;

use crate::oracle::Oracle;

#[tokio::test(flavor = "multi_thread")]
async fn takes_every_example_payload_of_octokit_once() {
    let project = Project::around(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("the checkout");
    let options = Options::anywhere().expect("two ports");
    let (local, _) = Local::start(&project, &options)
        .await
        .expect("the stack starts");
    let examples = Oracle::start().examples();
    assert!(examples.len() > 300, "only {} examples", examples.len());
    let url = local_url(&local.url(), "github", "default");
    let mut oracle = Oracle::start();
    let signed: Vec<_> = examples
        .iter()
        .enumerate()
        .map(|(index, (event, payload))| {
            signed_by_octokit(&mut oracle, &url, index, event, payload)
        })
        .collect();

    let outcomes: Vec<_> = stream::iter(signed)
        .map(|(delivery, id, kind)| async move {
            let first = post_copies(&delivery, 1, FIRST_ANSWER)
                .await
                .expect("an answer")
                .remove(0);
            let second = post_copies(&delivery, 1, FIRST_ANSWER)
                .await
                .expect("an answer")
                .remove(0);
            (id, kind, first, second)
        })
        .buffer_unordered(8)
        .collect()
        .await;

    let ledger = local.stack.ledger().expect("a ledger");
    for (id, kind, first, second) in outcomes {
        let key = EventKey {
            provider: "github".to_owned(),
            source: "default".to_owned(),
            id,
        };
        let item = ledger.find(&key).await.expect("an answer");
        if kind == "github.ping" {
            assert_eq!((first.status, second.status), (200, 200), "{kind}");
            assert!(item.is_none(), "a ping is not recorded");
            continue;
        }
        assert_eq!((first.status, second.status), (202, 200), "{kind}");
        assert_eq!(second.outcome, "duplicate");
        assert_eq!(item.expect("recorded").receipt.event.kind(), kind);
    }
}

/// An example as GitHub would deliver it, signed by GitHub's own library.
fn signed_by_octokit(
    oracle: &mut Oracle,
    url: &str,
    index: usize,
    event: &str,
    payload: &Value,
) -> (Delivery, String, String) {
    let body = payload.to_string();
    let secret = development_secret("github");
    let signature = oracle.sign(&json!({"provider": "github", "secret": secret, "body": body}));
    let guid = format!("00000000-0000-4000-8000-{index:012}");
    let delivery = Delivery {
        method: Method::Post,
        urls: vec![url.to_owned()],
        query: String::new(),
        headers: Headers::from_iter([
            ("content-type", "application/json"),
            ("x-github-event", event),
            ("x-github-delivery", &guid),
            ("x-github-hook-id", "1"),
            ("x-hub-signature-256", &signature),
        ]),
        body: body.into_bytes(),
    };
    let kind = match payload["action"].as_str() {
        Some(action) => format!("github.{event}.{action}"),
        None => format!("github.{event}"),
    };
    (delivery, format!("1:{guid}"), kind)
}
