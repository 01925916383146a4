//! GitHub. The bodies are those of <https://docs.github.com/en/rest/repos/webhooks>.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use webhooks::provider_api::ApiError;

use crate::api::{Answer, Api, Asked};
use crate::case::{Case, open};
use crate::sent::{Sent, ago};

pub(crate) const CASE: Case = Case {
    provider: "github",
    credential: r#"{"token": "marker-of-a-secret", "repository": "octo/hello", "hook": 292430182}"#,
    list: "GET /repos/octo/hello/hooks/292430182/deliveries",
    files: ["github-push.json", "github-pull_request.json"],
    time: "",
    as_sent: false,
    answer,
};

/// An id that no double has: GitHub's are larger than 2^53 since February 2026.
const FIRST: u64 = 3_804_004_623_172_239_366;

fn answer(sent: &[Sent], asked: &Asked) -> Answer {
    if asked.header("authorization") != "Bearer marker-of-a-secret" {
        return Answer::json(401, r#"{"message": "Bad credentials", "status": "401"}"#);
    }
    let call = asked.call();
    let alone = call.strip_prefix(CASE.list).unwrap_or(&call);
    if alone.is_empty() {
        return page(sent, asked);
    }
    let id: u64 = alone.trim_start_matches('/').parse().unwrap_or_default();
    let at = id
        .checked_sub(FIRST)
        .and_then(|at| usize::try_from(at).ok());
    match at.and_then(|at| sent.get(at)) {
        Some(sent) => Answer::json(200, whole(sent)),
        None => Answer::json(404, r#"{"message": "Not Found", "status": "404"}"#),
    }
}

fn page(sent: &[Sent], asked: &Asked) -> Answer {
    assert_eq!(asked.field("per_page"), "100");
    let at = match asked.field("cursor") {
        "" => 0,
        cursor => cursor.trim_start_matches("v1_").parse().expect("a cursor"),
    };
    let attempt = json!([{
        "id": FIRST + at as u64,
        "guid": sent[at].header("x-github-delivery"),
        "delivered_at": sent[at].at.to_string(),
        "redelivery": false,
        "duration": 0.27,
        "status": "failed to connect",
        "status_code": 0,
        "event": sent[at].header("x-github-event"),
        "action": null,
        "installation_id": null,
        "repository_id": 186_853_002,
        "throttled_at": null,
    }]);
    let page = Answer::json(200, attempt.to_string());
    if at + 1 == sent.len() {
        return page;
    }
    // Servers name the repository by its number there.
    let next = format!(
        "<https://elsewhere.example/repositories/186853002/hooks/1/deliveries?per_page=100&cursor=v1_{}>; \
         rel=\"next\"",
        at + 1
    );
    page.with("link", next)
}

fn whole(sent: &Sent) -> String {
    let headers: serde_json::Map<_, _> = sent
        .delivery
        .headers
        .iter()
        .map(|(name, value)| (name.to_owned(), json!(value)))
        .collect();
    format!(
        r#"{{"id": 1, "request": {{"headers": {}, "payload": {}}}, "response": {{"headers": {{}}, "payload": ""}}}}"#,
        serde_json::Value::Object(headers),
        sent.body
    )
}

#[tokio::test]
async fn names_the_scope_that_a_token_lacks() {
    let refuse = |_: &Asked| {
        let refusal = Answer::json(404, r#"{"message": "Not Found", "status": "404"}"#);
        refusal.with("x-accepted-oauth-scopes", "admin:repo_hook, read:repo_hook")
    };
    let api = Api::start(refuse).await;
    let error = CASE.archive(&api).page(None, ago(60)).await;
    let error = error.expect_err("refused");
    assert!(matches!(error, ApiError::NotFound { .. }));
    assert!(error.to_string().contains("admin:repo_hook"), "{error}");
}

fn private_key() -> String {
    let pair = KeyPair::generate(KeySize::Rsa2048).expect("a key");
    let der: Pkcs8V1Der<'_> = pair.as_der().expect("its DER");
    let text = STANDARD.encode(der.as_ref());
    let lines: Vec<_> = text
        .as_bytes()
        .chunks(64)
        .map(String::from_utf8_lossy)
        .collect();
    format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        lines.join("\n")
    )
}

#[tokio::test]
async fn an_app_signs_for_itself_and_learns_its_webhooks_id() {
    let credential = json!({"app": 12345, "private_key": private_key()}).to_string();
    let sent = CASE.sent();
    let known = sent.clone();
    let api = Api::start(move |asked: &Asked| {
        let authorization = asked.header("authorization");
        let token = authorization.strip_prefix("Bearer ").unwrap_or_default();
        assert_eq!(token.split('.').count(), 3, "a JSON web token");
        match asked.path.as_str() {
            "/app/hook/deliveries" => page(&known[..1], asked),
            _ => Answer::json(200, whole(&known[0])),
        }
    })
    .await;
    let archive = open("github", &credential, &api);
    let page = archive.page(None, ago(600)).await.expect("a page");
    assert_eq!(page.listed[0].id, sent[0].id);
    let shown = format!("{archive:?}");
    assert!(!shown.contains("PRIVATE"), "{shown}");
}
