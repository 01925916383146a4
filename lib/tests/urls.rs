//! The URLs under which a sender may have known the endpoint. Twilio signs one of them, so each
//! way to set up an endpoint is shown with a signature for its public URL.

mod deliveries;

use deliveries::{FORM, NOW, delivery, post, request, secret, signed};
use serde_json::{Value, json};
use webhooks::provider::twilio::Twilio;
use webhooks::verify::{Rejection, verify};

const OWN: &str = "abc123.execute-api.us-east-1.amazonaws.com";
const BODY: &str = "MessageSid=SM1&MessageStatus=sent";

/// A gateway event for a path at the API's own domain, with more headers.
fn event(path: &str, headers: Value) -> Value {
    at(OWN, path, headers)
}

fn at(domain: &str, path: &str, headers: Value) -> Value {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let mut event = json!({
        "rawPath": path,
        "rawQueryString": query,
        "headers": {"content-type": FORM, "x-forwarded-proto": "https"},
        "requestContext": {"domainName": domain, "http": {"method": "POST"}},
        "body": BODY,
    });
    for (name, value) in headers.as_object().expect("headers are an object") {
        event["headers"][name] = value.clone();
    }
    event
}

fn urls(event: &Value, public_url: Option<&str>) -> Vec<String> {
    let delivery = request(event).delivery(public_url);
    delivery.expect("the body is text").urls
}

/// What comes of an event that Twilio signed for `url`.
fn verify_signed_for(
    url: &str,
    mut event: Value,
    public_url: Option<&str>,
) -> Result<(), Rejection> {
    let secret = secret("token");
    let mut sent = post(FORM, BODY);
    sent.urls = vec![url.to_owned()];
    let sent = signed(&Twilio, &sent, &secret, NOW);
    let signature = sent.headers.get("X-Twilio-Signature");
    event["headers"]["x-twilio-signature"] = json!(signature.expect("signed just now"));
    let delivery = request(&event).delivery(public_url);
    let delivery = delivery.expect("the body is text");
    verify(&Twilio, &delivery, &[secret], NOW).map(|_| ())
}

#[test]
fn is_the_own_domain_with_path_and_query_as_they_came() {
    for path in [
        "/webhooks/twilio",
        "/webhooks/twilio/sms",
        "/prod/webhooks/twilio",
        "/webhooks/twilio?b=%2f&a=1+2",
        "//webhooks/twilio?",
    ] {
        let expected = format!("https://{OWN}{}", path.trim_end_matches('?'));
        assert_eq!(urls(&event(path, json!({})), None), [expected]);
    }
}

#[test]
fn is_only_the_public_url_where_one_is_configured() {
    let forged = json!({"host": "other.example.com", "x-forwarded-host": "evil.example.com"});
    for (base, path, url) in [
        (
            "https://hooks.example.com",
            "/webhooks/twilio?a=1",
            "https://hooks.example.com/webhooks/twilio?a=1",
        ),
        (
            "https://hooks.example.com/",
            "/webhooks/twilio",
            "https://hooks.example.com/webhooks/twilio",
        ),
        (
            "https://hooks.example.com/base",
            "/base/webhooks/twilio/sms",
            "https://hooks.example.com/base/webhooks/twilio/sms",
        ),
        (
            "https://hooks.example.com/webhooks",
            "/webhooks/webhooks/twilio",
            "https://hooks.example.com/webhooks/webhooks/twilio",
        ),
        (
            "https://user:pass@hooks.example.com",
            "/prod/webhooks/twilio",
            "https://user:pass@hooks.example.com/webhooks/twilio",
        ),
    ] {
        assert_eq!(urls(&event(path, forged.clone()), Some(base)), [url]);
    }
}

#[test]
fn proxies_add_candidates_behind_the_own_domain() {
    let own = format!("https://{OWN}/webhooks/twilio");
    let own_http = format!("http://{OWN}/webhooks/twilio");
    for (headers, more) in [
        (json!({"host": OWN}), vec![]),
        (
            json!({"host": "hooks.example.com"}),
            vec!["https://hooks.example.com/webhooks/twilio"],
        ),
        (
            json!({"x-forwarded-host": "a.example.com, b.example.com, c.example.com"}),
            vec![
                "https://a.example.com/webhooks/twilio",
                "https://b.example.com/webhooks/twilio",
            ],
        ),
        (json!({"x-forwarded-proto": "http"}), vec![&*own_http]),
        (json!({"x-forwarded-host": ""}), vec![]),
    ] {
        let event = event("/webhooks/twilio", headers.clone());
        let mut expected = vec![own.as_str()];
        expected.extend(more);
        assert_eq!(urls(&event, None), expected, "{headers}");
    }
}

#[test]
fn this_machine_may_be_plain_http() {
    for host in [
        "localhost",
        "localhost:9000",
        "127.0.0.1:9000",
        "[::1]:9000",
        "[::1]",
    ] {
        let expected = ["https", "http"].map(|scheme| format!("{scheme}://{host}/webhooks/twilio"));
        let event = at(host, "/webhooks/twilio", json!({}));
        assert_eq!(urls(&event, None), expected);
    }
    for host in ["localhost.example.com", "127.0.0.10:9000"] {
        let event = at(host, "/webhooks/twilio", json!({}));
        assert_eq!(
            urls(&event, None),
            [format!("https://{host}/webhooks/twilio")]
        );
    }
}

#[test]
fn accepts_a_signature_for_the_public_url_in_every_set_up() {
    let watch = json!({"host": "127.0.0.1:9000", "x-forwarded-proto": null});
    let tunnel = json!({"host": "127.0.0.1:9000", "x-forwarded-host": "t.example.com"});
    let custom_domain = Some("https://hooks.example.com");
    let base_path = Some("https://hooks.example.com/base");
    let with_password = Some("https://user:pass@hooks.example.com");
    let path = "/webhooks/twilio?a=1";
    for (set_up, url, event, public_url) in [
        (
            "own domain",
            format!("https://{OWN}{path}"),
            event(path, json!({})),
            None,
        ),
        (
            "own domain, with the port",
            format!("https://{OWN}:443{path}"),
            event(path, json!({})),
            None,
        ),
        (
            "stage",
            format!("https://{OWN}/prod{path}"),
            event("/prod/webhooks/twilio?a=1", json!({})),
            None,
        ),
        (
            "custom domain, known to the gateway",
            format!("https://hooks.example.com{path}"),
            at("hooks.example.com", path, json!({})),
            None,
        ),
        (
            "custom domain, configured",
            format!("https://hooks.example.com{path}"),
            event(path, json!({})),
            custom_domain,
        ),
        (
            "base path",
            format!("https://hooks.example.com/base{path}"),
            event(path, json!({})),
            base_path,
        ),
        (
            "password, signed",
            format!("https://user:pass@hooks.example.com{path}"),
            event(path, json!({})),
            with_password,
        ),
        (
            "password, not signed",
            format!("https://hooks.example.com{path}"),
            event(path, json!({})),
            with_password,
        ),
        (
            "cargo lambda watch",
            format!("http://127.0.0.1:9000{path}"),
            at("localhost", path, watch.clone()),
            None,
        ),
        (
            "cargo lambda watch, function named",
            format!("http://127.0.0.1:9000/lambda-url/twilio{path}"),
            at("localhost", path, watch),
            Some("http://127.0.0.1:9000/lambda-url/twilio"),
        ),
        (
            "tunnel",
            format!("https://t.example.com{path}"),
            at("localhost", path, tunnel),
            None,
        ),
    ] {
        assert_eq!(
            verify_signed_for(&url, event, public_url),
            Ok(()),
            "{set_up}"
        );
    }
}

#[test]
fn refuses_a_signature_for_another_url() {
    let forged = json!({"x-forwarded-host": "evil.example.com"});
    let own = event("/webhooks/twilio", forged.clone());
    for (url, public_url) in [
        (format!("https://{OWN}/webhooks/twilio/sms"), None),
        (format!("http://{OWN}/webhooks/twilio"), None),
        ("https://hooks.example.com/webhooks/twilio".to_owned(), None),
        (
            format!("https://{OWN}/webhooks/twilio"),
            Some("https://hooks.example.com"),
        ),
        (
            "https://evil.example.com/webhooks/twilio".to_owned(),
            Some("https://hooks.example.com"),
        ),
        (
            "https://hooks.example.com/webhooks/twilio".to_owned(),
            Some("https://user:pass@hooks.example.com/base"),
        ),
    ] {
        let result = verify_signed_for(&url, own.clone(), public_url);
        assert_eq!(result, Err(Rejection::Mismatch), "{url}");
    }
}

#[test]
fn a_forged_host_neither_helps_nor_harms() {
    let own = format!("https://{OWN}/webhooks/twilio");
    let forged = json!({
        "host": "evil.example.com", "x-forwarded-host": "evil.example.com", "x-forwarded-proto": "http",
    });
    let event = event("/webhooks/twilio", forged);
    assert_eq!(verify_signed_for(&own, event.clone(), None), Ok(()));

    let mut unsigned = event;
    unsigned["headers"]["x-twilio-signature"] = json!("AAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    let delivery = delivery(&unsigned);
    let result = verify(&Twilio, &delivery, &[secret("token")], NOW);
    assert_eq!(result.err(), Some(Rejection::Mismatch));
}
