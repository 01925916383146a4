//! What `webhooks events` puts on the screen when an event carries text that terminals obey.

#[path = "../../lib/tests/support/mod.rs"]
mod support;

use aws_sdk_dynamodb::config::ProvideCredentials;
use tokio::process::Command;

use support::World;
use support::sample::{at, end, event, failed, fresh_key, record};

/// Clears the screen, rings, turns the direction of reading and comes back to the line's start.
const OBEYED: &str = "no \u{1b}[2J\u{7}\u{202e}\u{9b}31m\r\u{2066} more";

#[tokio::test]
async fn a_cause_cannot_move_the_cursor_or_turn_the_line() {
    let world = World::enter().await;
    let ledger = world.ledger();
    let key = fresh_key();
    record(&ledger, &event(&key)).await;
    end(&ledger, &key, failed(OBEYED), at(1)).await;

    let id = key.to_string();
    for arguments in [
        vec!["show", &id],
        vec!["show", &id, "--payload"],
        vec!["replay", "a/b/\u{1b}[2J"],
    ] {
        let output = events(&world, &arguments).await;
        let text = String::from_utf8([output.stdout, output.stderr].concat()).expect("text");
        let obeyed = |character: char| {
            (character.is_control() && character != '\n')
                || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        assert!(!text.contains(obeyed), "{text:?}");
        assert!(text.contains("\\u{1b}[2J"), "{text}");
    }
}

async fn events(world: &World, arguments: &[&str]) -> std::process::Output {
    let provider = world.config().credentials_provider().expect("keys");
    let keys = provider.provide_credentials().await.expect("keys");
    Command::new(env!("CARGO_BIN_EXE_webhooks"))
        .args(["events", "--stack", "webhooks"])
        .args(arguments)
        .env("AWS_ENDPOINT_URL", world.endpoint())
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", keys.access_key_id())
        .env("AWS_SECRET_ACCESS_KEY", keys.secret_access_key())
        .output()
        .await
        .expect("it runs")
}
