//! What the settings of a source change, and what becomes of settings that cannot be used.

use serde_json::{Value, json};
use webhooks::provider::Explained;
use webhooks::provider::table::GITHUB;
use webhooks::provider::twilio::TWILIO;
use webhooks_cli::fixture::Fixture;

use crate::endpoint::{Endpoint, SECRET, answer, deliver, delivery, http, line, sign};
use crate::support::broken::Untouched;
use crate::support::sample::{START, at};

/// The gateway event of a fixture at another source.
pub(crate) fn event_at(provider: &dyn Explained, fixture: &Fixture, source: &str) -> Value {
    let mut event = fixture.gateway_event();
    event["rawPath"] = json!(format!("/webhooks/{}/{source}", provider.profile().name));
    event
}

#[tokio::test]
async fn a_get_is_a_delivery_only_where_the_settings_say_so() {
    let endpoint = Endpoint::open().await;
    let receiver = endpoint.receiver(TWILIO);
    let get = delivery(TWILIO, "message-get");
    assert_eq!(
        answer(&receiver, &get, START).await,
        (405, "method_not_allowed")
    );
    let settings = r#"{"methods": ["GET"]}"#;
    endpoint.put_settings("twilio", "default", settings).await;
    let receiver = endpoint.receiver(TWILIO);
    assert_eq!(answer(&receiver, &get, START).await, (202, "accepted"));
    let post = delivery(TWILIO, "message");
    assert_eq!(
        answer(&receiver, &post, START).await,
        (405, "method_not_allowed")
    );
}

#[tokio::test]
async fn a_get_at_no_source_answers_as_one_at_a_source_without_settings() {
    let endpoint = Endpoint::open().await;
    let receiver = endpoint.receiver(TWILIO);
    let get = delivery(TWILIO, "message-get");
    let there = deliver(&receiver, event_at(TWILIO, &get, "default"), START).await;
    let nowhere = deliver(&receiver, event_at(TWILIO, &get, "nobody"), START).await;
    assert_eq!(http(TWILIO, &there), http(TWILIO, &nowhere));
}

#[tokio::test]
async fn settings_take_effect_without_a_restart() {
    let endpoint = Endpoint::open().await;
    let receiver = endpoint.receiver(TWILIO);
    let post = delivery(TWILIO, "message");
    assert_eq!(answer(&receiver, &post, START).await, (202, "accepted"));
    let settings = r#"{"methods": ["POST", "GET"]}"#;
    endpoint.put_settings("twilio", "default", settings).await;
    let get = delivery(TWILIO, "message-get");
    assert_eq!(answer(&receiver, &get, at(1)).await, (202, "accepted"));
}

#[tokio::test]
async fn settings_that_cannot_be_used_close_their_source_and_no_other() {
    let endpoint = Endpoint::open().await;
    let (nothing, ssm) = (Untouched::new(), endpoint.world.config());
    endpoint.put_secret("github", "broken", SECRET).await;
    let fixture = delivery(GITHUB, "push");
    for settings in [
        "canary",
        r#"{"replay": "refuse"}"#,
        r#"{"methods": ["GET"]}"#,
        r#"{"addresses": "twilio"}"#,
        r#"{"rate": 0}"#,
    ] {
        endpoint.put_settings("github", "broken", settings).await;
        let closed = endpoint.receiver_at(GITHUB, &nothing.config(), &nothing.config(), ssm);
        let receipt = deliver(&closed, event_at(GITHUB, &fixture, "broken"), START).await;
        assert_eq!(receipt.answer.status(), 503, "{settings}");
        assert_eq!(line(&receipt)["reason"], "invalid_settings");
        assert_eq!(http(GITHUB, &receipt)["headers"]["retry-after"], "30");
    }
    nothing.assert_untouched();
    let receiver = endpoint.receiver(GITHUB);
    assert_eq!(answer(&receiver, &fixture, START).await, (202, "accepted"));
}

#[tokio::test]
async fn a_parameter_of_another_name_below_a_source_closes_it() {
    let endpoint = Endpoint::open().await;
    let source = "default/setings";
    endpoint
        .put_secret("github", source, r#"{"rate": 1}"#)
        .await;
    let receiver = endpoint.receiver(GITHUB);
    let fixture = delivery(GITHUB, "push");
    assert_eq!(
        answer(&receiver, &fixture, START).await,
        (503, "unavailable")
    );
}

#[tokio::test]
async fn settings_without_a_secret_make_no_source_that_lets_anybody_in() {
    let endpoint = Endpoint::open().await;
    endpoint.put_settings("github", "half", "{}").await;
    let receiver = endpoint.receiver(GITHUB);
    let fixture = delivery(GITHUB, "push");
    let receipt = deliver(&receiver, event_at(GITHUB, &fixture, "half"), START).await;
    assert_eq!(receipt.answer.status(), 503);
    assert_eq!(line(&receipt)["reason"], "no_usable_secret");
}

#[tokio::test]
async fn a_source_named_settings_is_a_source() {
    let endpoint = Endpoint::open().await;
    endpoint.put_secret("github", "settings", SECRET).await;
    let receiver = endpoint.receiver(GITHUB);
    let fixture = delivery(GITHUB, "push");
    let receipt = deliver(&receiver, event_at(GITHUB, &fixture, "settings"), START).await;
    assert_eq!(receipt.answer.status(), 202);
}

#[tokio::test]
async fn a_source_with_a_public_url_of_its_own_is_signed_under_that_alone() {
    const BASE: &str = "https://user:pass@hooks.example.com/base";
    let endpoint = Endpoint::open().await;
    endpoint.put_secret("twilio", "own", SECRET).await;
    let settings = json!({"public_url": BASE}).to_string();
    endpoint.put_settings("twilio", "own", &settings).await;
    let mut receiver = endpoint.receiver(TWILIO);
    receiver.settings.public_url = Some("https://stack.example.com".to_owned());
    let mut fixture = delivery(TWILIO, "message");
    let mut outcome = async |base: &str, source: &str| {
        let url = format!("{base}/webhooks/twilio/{source}");
        fixture.delivery.urls = vec![url];
        sign(&mut fixture, TWILIO, SECRET, START);
        let event = event_at(TWILIO, &fixture, source);
        deliver(&receiver, event, START).await.answer.status()
    };
    assert_eq!(outcome(BASE, "own").await, 202);
    assert_eq!(outcome("https://stack.example.com", "own").await, 401);
    assert_eq!(outcome(BASE, "default").await, 401);
    assert_eq!(outcome("https://stack.example.com", "default").await, 202);
}
