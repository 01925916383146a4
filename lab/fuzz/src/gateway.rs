//! What API Gateway hands to a receiver.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use webhooks::delivery::{Delivery, Method};
use webhooks::gateway::{Origin, Request};
use webhooks::provider::catalog;
use webhooks::scheme::development;
use webhooks::secret::Secret;
use webhooks::timestamp::Timestamp;
use webhooks::verify::verify;

/// When the events under `events/` were signed.
const NOW: Timestamp = Timestamp::from_seconds(1_767_225_600);
const PUBLIC_URL: &str = "https://user:word@hooks.example.com/base/";

/// A gateway event.
pub fn gateway(data: &[u8]) {
    let Ok(request) = serde_json::from_slice::<Request>(data) else {
        return;
    };
    // Numbers that no machine type holds are passed over, but cannot be looked at here.
    let Ok(event @ Value::Object(_)) = serde_json::from_slice(data) else {
        return;
    };
    for provider in catalog::all() {
        if let Some(source) = request.source(provider.profile().name) {
            check_source(&event, provider.profile().name, source);
        }
    }
    let _ = request.id();
    let Ok(delivery) = request.delivery(Origin::Domain) else {
        return;
    };
    check_urls(&event, &delivery);
    let secret = Secret::new("a secret that has signed nothing").expect("it is not blank");
    for provider in catalog::all() {
        verify(
            provider,
            &delivery,
            development::keys(provider, std::slice::from_ref(&secret)),
            NOW,
        )
        .expect_err("nobody has signed it");
    }
    let again = read(&rebuilt(&delivery));
    let again = again.delivery(Origin::Domain).expect("we wrote base64");
    assert_eq!(parts(&again), parts(&delivery));
}

fn read(event: &Value) -> Request {
    serde_json::from_value(event.clone()).expect("it is a gateway event")
}

/// A source is a name that can stand in a parameter's path, and the path's last or last but one
/// segment says whose it is.
fn check_source(event: &Value, provider: &str, source: &str) {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    assert!((1..=64).contains(&source.len()) && source.bytes().all(allowed));
    assert!(!source.bytes().all(|byte| byte == b'.') || source.len() > 2);
    let path = event["rawPath"].as_str().unwrap_or_default();
    let named = path.ends_with(&format!("/webhooks/{provider}/{source}"));
    let unnamed = path.ends_with(&format!("/webhooks/{provider}")) && source == "default";
    assert!(named || unnamed, "{path}");
}

/// The configured URL is the only one; without it no URL comes twice, and each has the path and
/// the query as they came.
fn check_urls(event: &Value, delivery: &Delivery) {
    let path = event["rawPath"].as_str().unwrap_or_default();
    let end = match delivery.query.as_str() {
        "" => path.to_owned(),
        query => format!("{path}?{query}"),
    };
    for (index, url) in delivery.urls.iter().enumerate() {
        assert!(url.starts_with("http") && url.ends_with(&end), "{url}");
        assert!(!delivery.urls[..index].contains(url), "{url}");
    }
    let configured = read(event).delivery(Origin::Configured(PUBLIC_URL));
    let configured = configured.expect("it was one before");
    let [url] = configured.urls.as_slice() else {
        panic!("one configured URL is one URL");
    };
    assert!(url.starts_with(PUBLIC_URL.trim_end_matches('/')), "{url}");
    assert!(end.ends_with(&url[PUBLIC_URL.len() - 1..]), "{url}");
}

/// The delivery as a gateway event of our own, its body in base64 whatever it was before.
fn rebuilt(delivery: &Delivery) -> Value {
    let method = match delivery.method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Head => "HEAD",
        Method::Other => "PUT",
    };
    let headers: Map<String, Value> = delivery
        .headers
        .iter()
        .map(|(name, value)| (name.to_owned(), json!(value)))
        .collect();
    json!({
        "rawQueryString": delivery.query,
        "headers": headers,
        "requestContext": {"http": {"method": method}},
        "body": STANDARD.encode(&delivery.body),
        "isBase64Encoded": true,
    })
}

type Parts<'a> = (Method, &'a str, Vec<(&'a str, &'a str)>, &'a [u8]);

fn parts(delivery: &Delivery) -> Parts<'_> {
    let headers = delivery.headers.iter().collect();
    (delivery.method, &delivery.query, headers, &delivery.body)
}
