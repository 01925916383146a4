//! The stand-in for GitHub's API, with one push to the webhook 1.

use serde_json::Value;
use tokio::net::TcpListener;
use webhooks::timestamp::Timestamp;
use webhooks_cli::github_api::{Attempt, GitHubApi};

/// Starts it, and gives a credential for it with this token.
pub(crate) async fn knows(guid: &str, at: Timestamp, payload: Value, token: &str) -> String {
    let api = GitHubApi::default();
    api.note(Attempt {
        hook: 1,
        guid: guid.to_owned(),
        event: "push".to_owned(),
        at,
        payload,
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let routes = api.routes();
    tokio::spawn(async { axum::serve(listener, routes).await });
    let mut credential = GitHubApi::credential(1, token);
    credential["api"] = format!("http://{address}").into();
    credential.to_string()
}
