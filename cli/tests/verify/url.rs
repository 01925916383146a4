//! The URL.

use serde_json::json;

use crate::request::{assert_explains, assert_found, check, twilio, vector, with, with_header};

/// The URL that was signed, the URL that was captured, and why it is invalid.
const URLS: &str = "
    https://a.example/sms | http://a.example/sms | with https in place of http
    http://a.example/sms | https://a.example/sms | with http in place of https
    https://a.example/prod/sms | https://a.example/sms | with the stage /prod in the path
    https://a.example/Prod/sms | https://a.example/sms | with the stage /Prod in the path
    https://a.example/$default/sms | https://a.example/sms | with the stage /$default in the path
    https://a.example/sms | https://a.example/dev/sms | without the stage /dev in the path
    https://a.example/sms | https://a.example/base/sms | without the first segment of its path
    https://a.example/sms/ | https://a.example/sms | with a slash at the end
    https://a.example/sms | https://a.example/sms/ | without the slash at the end
    https://a.example/x/sms | https://a.example/x//sms | with one slash for two
    https://a.example/sms | https://A.example/sms | with its host in lower case
    https://a.example/sms | https://a.example/sms?x=1 | without its query
    https://a.example/?x=1&y=2 | https://a.example/?y=2&x=1 | with its query in another order
    https://a.example/?x=%2F | https://a.example/?x=%2f | query's percent-encoding in capitals
    https://a.example/?x=%2f | https://a.example/?x=%2F | query's percent-encoding in lower case
    https://A.EXAMPLE/sms | https://a.example/sms | with its host in capitals
    https://Hooks.Example/sms | https://hooks.example/sms | capitals at the beginnings of its host's names
    https://a.example/sms | HTTPS://a.example/sms | with its scheme in lower case
    https://a.example/a%2fb | https://a.example/a%2Fb | path's percent-encoding in lower case
    https://a.example/a%2Fb | https://a.example/a%2fb | path's percent-encoding in capitals
    https://a.example/a%20b | https://a.example/a b | with its path percent-encoded
    https://a.example/caf%C3%A9 | https://a.example/café | with its path percent-encoded
    https://a.example/a b | https://a.example/a%20b | with its path decoded
    https://a.example/?x=a%20b | https://a.example/?x=a+b | with %20 for each +
    https://a.example/?x=it's | https://a.example/?x=it%27s | with ' for each %27
    https://a.example/?x=it%27s | https://a.example/?x=it's | with %27 for each '
    https://a.example/?x=a%2Cb | https://a.example/?x=a,b | with its query encoded in another way
    https://a.example/?z=a%2Cb&y=1 | https://a.example/?y=1&z=a,b | in another order and encoded in another
    https://a.example/?x=a+b | https://a.example/?x=a%20b | with + for each %20
    https://a.example/?x=%2B1 | https://a.example/?x=+1 | with %2B for each +
    https://a.example/prod/sms | http://a.example/sms | place of http and with the stage /prod in
    https://a.example/sms | https://b.example/sms | no secret gives this signature
";

#[test]
fn a_url_that_differs_is_recognised() {
    for row in URLS.trim().lines() {
        let columns: Vec<_> = row.split('|').map(str::trim).collect();
        let [sent, captured, why] = columns[..] else {
            panic!("three columns: {row}");
        };
        let request = twilio(sent);
        assert_explains(
            "twilio",
            &request,
            &with(request.clone(), "url", captured),
            why,
        );
    }
    assert_found(
        "twilio",
        &vector("s-twilio-036"),
        "with https in place of http",
    );
    assert_found("twilio", &vector("s-twilio-012"), "with %27 for each '");
}

#[test]
fn the_host_of_a_proxy_header_is_tried() {
    let request = twilio("https://public.example.com/sms");
    let inside = with(request.clone(), "url", "http://10.0.0.1:8080/sms");
    for (name, value) in [
        ("Host", "public.example.com"),
        ("X-Forwarded-Host", "public.example.com, proxy.internal"),
        ("X-Original-Host", "public.example.com"),
    ] {
        let why = format!(
            "with the host of the header {}, public.example.com",
            name.to_lowercase()
        );
        let changed = with_header(inside.clone(), name, value);
        assert_explains("twilio", &request, &changed, &why);
    }
}

#[test]
fn a_configured_url_that_is_wrong_or_lacks_the_query_is_recognised() {
    let request = twilio("https://a.example/sms?x=1");
    let config = |url| with(request.clone(), "config", json!({"configured_url": url}));
    let other = config("https://b.example/other");
    assert_explains(
        "twilio",
        &request,
        &other,
        "right for the request's own url",
    );
    let inside = with(
        config("https://a.example/sms"),
        "url",
        "http://10.0.0.1/x?x=1",
    );
    assert_explains(
        "twilio",
        &request,
        &inside,
        "with the query of the request's own url",
    );
}

#[test]
fn a_wrong_method_is_recognised() {
    let get = vector("s-twilio-040");
    assert_eq!(check("twilio", &get).code, Some(0));
    let sms = twilio("https://a.example/sms");
    let changed = with(sms.clone(), "method", "GET");
    assert_explains("twilio", &sms, &changed, "right for the method POST");
}
