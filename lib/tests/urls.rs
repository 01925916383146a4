//! The URLs under which a sender may have known the endpoint. Twilio signs one of them, so each
//! way to set up an endpoint is shown with a signature for its public URL.

mod deliveries;

use deliveries::{FORM, NOW, delivery, post, request, secret, signed};
use serde_json::{Value, json};
use webhooks::gateway::Origin;
use webhooks::limits;
use webhooks::provider::twilio::{TWILIO, signed_urls};
use webhooks::rejection::Rejection;
use webhooks::verify::verify;

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

fn urls(event: &Value, origin: Origin<'_>) -> Vec<String> {
    let delivery = request(event).delivery(origin);
    delivery.expect("the body is text").urls
}

/// What comes of an event that Twilio signed for `url`.
fn verify_signed_for(url: &str, mut event: Value, origin: Origin<'_>) -> Result<(), Rejection> {
    let secret = secret("token");
    let mut sent = post(FORM, BODY);
    sent.urls = vec![url.to_owned()];
    let sent = signed(TWILIO, &sent, &secret, NOW);
    let signature = sent.headers.get("X-Twilio-Signature");
    event["headers"]["x-twilio-signature"] = json!(signature.expect("signed just now"));
    let delivery = request(&event).delivery(origin);
    let delivery = delivery.expect("the body is text");
    verify(TWILIO, &delivery, &[secret], NOW).map(|_| ())
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
        assert_eq!(urls(&event(path, json!({})), Origin::Domain), [expected]);
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
        assert_eq!(
            urls(&event(path, forged.clone()), Origin::Configured(base)),
            [url]
        );
    }
}

/// A host has no case, but a URL is signed as it was pasted.
#[test]
fn a_host_with_capitals_is_the_same_host() {
    let path = "/webhooks/twilio?To=A";
    let called = |host: &str| event(path, json!({"host": host}));
    let capitals = OWN.to_ascii_uppercase();
    let tunnel = json!({"host": "127.0.0.1:9000", "x-forwarded-host": "T.example.com"});
    for (url, event, origin) in [
        // The provider's client has kept the spelling of the URL, or has not.
        (
            format!("https://{capitals}{path}"),
            called(&capitals),
            Origin::Domain,
        ),
        (
            format!("https://{OWN}{path}"),
            called(&capitals),
            Origin::Domain,
        ),
        (
            format!("https://{OWN}{path}"),
            at(&capitals, path, json!({})),
            Origin::Domain,
        ),
        (
            format!("https://U:P@Hooks.example.com{path}"),
            called("hooks.example.com"),
            Origin::Configured("https://U:P@Hooks.example.com"),
        ),
        (
            format!("https://hooks.example.com{path}"),
            called("hooks.example.com"),
            Origin::Configured("https://Hooks.example.com"),
        ),
        (
            format!("https://HOOKS.example.com{path}"),
            called("HOOKS.example.com"),
            Origin::Configured("https://Hooks.example.com"),
        ),
        (
            format!("https://T.example.com{path}"),
            event(path, tunnel.clone()),
            Origin::Forwarded,
        ),
        (
            format!("https://t.example.com{path}"),
            event(path, tunnel),
            Origin::Forwarded,
        ),
    ] {
        assert_eq!(
            verify_signed_for(&url, event, origin),
            Ok(()),
            "{url} {origin:?}"
        );
    }
    for url in [
        format!("https://{OWN}/webhooks/twilio?to=a"),
        format!("https://{OWN}/Webhooks/twilio?To=A"),
        format!("https://evil.example.com{path}"),
    ] {
        for host in [OWN, &capitals, "EVIL.example.com"] {
            let result = verify_signed_for(&url, called(host), Origin::Domain);
            assert_eq!(result, Err(Rejection::Mismatch), "{url} {host}");
        }
    }
}

/// Each value, and the host that it gives where forwarded hosts count.
const FORWARDED: &[(&str, Option<&str>)] = &[
    ("a.example.com", Some("a.example.com")),
    ("a.example.com:8443", Some("a.example.com:8443")),
    ("a.example.com, b.example.com", Some("a.example.com")),
    (" a.example.com ", Some("a.example.com")),
    ("[2001:db8::1]:8443", Some("[2001:db8::1]:8443")),
    ("", None),
    (",", None),
    ("a.example.com/sms", None),
    ("a.example.com?a=1", None),
    ("a.example.com#a", None),
    ("user:pass@a.example.com", None),
    ("user@a.example.com", None),
    ("a.example.com b.example.com", None),
    ("a.example.com\tb", None),
    ("a.example.com\r\nx: y", None),
    ("https://a.example.com", None),
    ("a.example.com%2fsms", None),
    ("a.example.com\\sms", None),
    ("a.example.com:", None),
    ("a.example.com:65536", None),
    ("a.example.com:+80", None),
    ("a.example.com:80:80", None),
    ("[::1/sms]", None),
    ("[::1]sms", None),
    ("\u{e4}.example.com", None),
];

#[test]
fn a_forwarded_host_counts_where_it_is_trusted_and_is_nothing_but_a_host() {
    for name in ["x-forwarded-host", "host"] {
        for (value, host) in FORWARDED {
            let event = event("/webhooks/twilio?a=1", json!({name: value}));
            let expected = format!("https://{}/webhooks/twilio?a=1", host.unwrap_or(OWN));
            assert_eq!(urls(&event, Origin::Forwarded), [expected], "{value:?}");
            let own = format!("https://{OWN}/webhooks/twilio?a=1");
            assert_eq!(urls(&event, Origin::Domain), [own], "{value:?}");
        }
    }
}

#[test]
fn a_forwarded_host_is_one_and_its_scheme_is_https() {
    let forwarded = json!({
        "host": "a.example.com", "x-forwarded-host": "b.example.com", "x-forwarded-proto": "http",
    });
    let event = event("/webhooks/twilio", forwarded);
    let expected = ["https://b.example.com/webhooks/twilio"];
    assert_eq!(urls(&event, Origin::Forwarded), expected);
}

/// Every URL that is tried costs a hash over the whole body, which may be 6 MB of a stranger's.
#[test]
fn few_urls_are_tried_whatever_a_request_says() {
    let hosts = FORWARDED.iter().map(|(value, _)| *value);
    for host in hosts.chain([OWN, "localhost", "127.0.0.1:9000", "[::1]:9000"]) {
        for proto in ["http", "https", "http, https"] {
            let headers =
                json!({"host": host, "x-forwarded-host": host, "x-forwarded-proto": proto});
            let event = event("/webhooks/twilio?a=http://b", headers);
            for (origin, most) in [
                (Origin::Domain, 2),
                (Origin::Configured("https://hooks.example.com"), 2),
                (Origin::Configured("https://Hooks.example.com"), 4),
                (Origin::Configured("https://user:pass@hooks.example.com"), 4),
                (Origin::Forwarded, 4),
            ] {
                let delivery = request(&event).delivery(origin).expect("it is text");
                let tried = signed_urls(&delivery).count();
                assert!((1..=most).contains(&tried), "{host} {origin:?}: {tried}");
                assert!(most <= limits::SIGNED_URLS);
            }
        }
    }
    let mut delivery = delivery(&event("/webhooks/twilio", json!({})));
    delivery.urls = (0..100).map(|n| format!("https://u:p@{n}/")).collect();
    assert_eq!(signed_urls(&delivery).count(), limits::SIGNED_URLS);
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
        assert_eq!(urls(&event, Origin::Domain), expected);
        let forwarded = self::event("/webhooks/twilio", json!({"host": host}));
        assert_eq!(urls(&forwarded, Origin::Forwarded), expected);
    }
    for host in ["localhost.example.com", "127.0.0.10:9000"] {
        let event = at(host, "/webhooks/twilio", json!({}));
        assert_eq!(
            urls(&event, Origin::Domain),
            [format!("https://{host}/webhooks/twilio")]
        );
    }
}

#[test]
fn accepts_a_signature_for_the_origin_in_every_set_up() {
    let watch = json!({"host": "127.0.0.1:9000", "x-forwarded-proto": null});
    let tunnel = json!({"host": "127.0.0.1:9000", "x-forwarded-host": "t.example.com"});
    let custom_domain = Origin::Configured("https://hooks.example.com");
    let base_path = Origin::Configured("https://hooks.example.com/base");
    let with_password = Origin::Configured("https://user:pass@hooks.example.com");
    let path = "/webhooks/twilio?a=1";
    for (set_up, url, event, origin) in [
        (
            "own domain",
            format!("https://{OWN}{path}"),
            event(path, json!({})),
            Origin::Domain,
        ),
        (
            "own domain, with the port",
            format!("https://{OWN}:443{path}"),
            event(path, json!({})),
            Origin::Domain,
        ),
        (
            "stage",
            format!("https://{OWN}/prod{path}"),
            event("/prod/webhooks/twilio?a=1", json!({})),
            Origin::Domain,
        ),
        (
            "custom domain, known to the gateway",
            format!("https://hooks.example.com{path}"),
            at("hooks.example.com", path, json!({})),
            Origin::Domain,
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
            Origin::Forwarded,
        ),
        (
            "cargo lambda watch, function named",
            format!("http://127.0.0.1:9000/lambda-url/twilio{path}"),
            at("localhost", path, watch),
            Origin::Configured("http://127.0.0.1:9000/lambda-url/twilio"),
        ),
        (
            "tunnel",
            format!("https://t.example.com{path}"),
            at("localhost", path, tunnel),
            Origin::Forwarded,
        ),
    ] {
        assert_eq!(verify_signed_for(&url, event, origin), Ok(()), "{set_up}");
    }
}

#[test]
fn refuses_a_signature_for_another_url() {
    let forged = json!({"x-forwarded-host": "evil.example.com"});
    let own = event("/webhooks/twilio", forged.clone());
    for (url, origin) in [
        (format!("https://{OWN}/webhooks/twilio/sms"), Origin::Domain),
        (format!("http://{OWN}/webhooks/twilio"), Origin::Domain),
        (
            "https://hooks.example.com/webhooks/twilio".to_owned(),
            Origin::Domain,
        ),
        (
            format!("https://{OWN}/webhooks/twilio"),
            Origin::Configured("https://hooks.example.com"),
        ),
        (
            "https://evil.example.com/webhooks/twilio".to_owned(),
            Origin::Configured("https://hooks.example.com"),
        ),
        (
            "https://hooks.example.com/webhooks/twilio".to_owned(),
            Origin::Configured("https://user:pass@hooks.example.com/base"),
        ),
    ] {
        let result = verify_signed_for(&url, own.clone(), origin);
        assert_eq!(result, Err(Rejection::Mismatch), "{url}");
    }
}

/// The account signs for every host that it was given, among them those of others.
#[test]
fn a_forged_host_neither_helps_nor_harms() {
    let own = format!("https://{OWN}/webhooks/twilio");
    for forged in [
        "evil.example.com",
        "evil.example.com/sms",
        "u:p@evil.example.com",
    ] {
        let headers = json!({
            "host": forged, "x-forwarded-host": forged, "x-original-host": forged,
            "forwarded": format!("host={forged}"), "x-forwarded-proto": "http",
        });
        let event = event("/webhooks/twilio", headers);
        let verified = |url: &str| verify_signed_for(url, event.clone(), Origin::Domain);
        assert_eq!(verified(&own), Ok(()));
        for scheme in ["https", "http"] {
            let url = format!("{scheme}://{forged}/webhooks/twilio");
            assert_eq!(verified(&url), Err(Rejection::Mismatch), "{url}");
        }
    }
}

/// The host that a proxy forwards cannot bring a part of the path along: what another URL's form
/// has signed would be split anew.
#[test]
fn a_forwarded_host_glues_nothing_on() {
    let headers = json!({"x-forwarded-host": "other.example.com/sms"});
    let event = event("/webhooks/twilio", headers);
    let url = "https://other.example.com/sms/webhooks/twilio";
    let result = verify_signed_for(url, event, Origin::Forwarded);
    assert_eq!(result, Err(Rejection::Mismatch));
}
