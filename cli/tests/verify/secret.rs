//! The secret.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::request::{
    FORM, NOW, OTHER, SECRET, assert_explains, assert_found, check, github, signed, signed_with,
    vector, with,
};

#[test]
fn a_secret_with_something_around_it_is_recognised() {
    let request = github("{}");
    let base64 = STANDARD.encode(SECRET);
    let stored = [
        (
            format!("{SECRET}\n"),
            "secret 1 without the newline at its end",
        ),
        (
            format!(" {SECRET} "),
            "secret 1 without the white space around it",
        ),
        (
            format!("older\n{SECRET}"),
            "secret 1 when only one of its lines is taken",
        ),
        (
            format!("\"{SECRET}\""),
            "secret 1 without the quotes around it",
        ),
        (
            format!("WEBHOOK_SECRET={SECRET}"),
            "secret 1 without the name and = before it",
        ),
        (
            SECRET.trim_start_matches("whsec_").to_owned(),
            "secret 1 with whsec_ before it",
        ),
        (
            format!("\u{feff}{SECRET}"),
            "secret 1 without the byte order mark before it",
        ),
        (
            format!("{SECRET}\\n"),
            "secret 1 without the backslash and n at its end",
        ),
        (
            format!(r#"{{"region":"eu","secret":"{SECRET}"}}"#),
            "secret 1 when it is taken out of the JSON object around it",
        ),
        (base64.clone(), "secret 1 when it is base64-decoded"),
        (
            STANDARD.encode(format!("{SECRET}\n")),
            "secret 1 when it is base64-decoded",
        ),
    ];
    for (secret, why) in stored {
        let changed = with(request.clone(), "secrets", json!([secret]));
        assert_explains("github", &request, &changed, why);
        let second = with(request.clone(), "secrets", json!([OTHER, secret]));
        assert_found("github", &second, &why.replace("secret 1", "secret 2"));
    }
    for provider in ["stripe", "twilio"] {
        let request = signed(provider, FORM, "https://hooks.example.com/", "a=b");
        let newline = with(request.clone(), "secrets", json!([format!("{SECRET}\n")]));
        assert_explains(
            provider,
            &request,
            &newline,
            "secret 1 without the newline at its end",
        );
    }
}

#[test]
fn a_sender_that_changes_the_secret_is_recognised() {
    let senders = [
        (format!("{SECRET}\n"), "with white space after it"),
        (
            SECRET.trim_start_matches("whsec_").to_owned(),
            "without its whsec_",
        ),
        (
            "Key of the tests".to_owned(),
            "base64-decoded after its whsec_",
        ),
        (STANDARD.encode(SECRET), "when it is base64-encoded"),
    ];
    for (key, why) in senders {
        let request = signed_with(
            &key,
            "stripe",
            "application/json",
            "https://a.example/",
            "{}",
        );
        let changed = with(request.clone(), "secrets", json!([SECRET]));
        assert_explains("stripe", &request, &changed, why);
    }
    assert_found(
        "stripe",
        &vector("s-stripe-018"),
        "base64-decoded after its whsec_",
    );
}

#[test]
fn a_decoded_secret_that_is_not_text_is_recognised() {
    // RFC 4231, test case 3: a key of 20 bytes 0xaa, data of 50 bytes 0xdd.
    let request = json!({
        "method": "POST", "url": "https://hooks.example.com/github", "now": NOW,
        "headers": {
            "X-Hub-Signature-256":
                "sha256=773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
        },
        "body_base64": STANDARD.encode([0xdd; 50]),
        "secrets": [format!("whsec_{}", STANDARD.encode([0xaa; 20]))],
    });
    assert_found(
        "github",
        &request,
        "secret 1 when it is base64-decoded after its whsec_",
    );
    // Test case 6: a key longer than a block.
    let mut long = with(request, "secrets", json!([STANDARD.encode([0xaa; 131])]));
    long["headers"]["X-Hub-Signature-256"] =
        json!("sha256=60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    let body = b"Test Using Larger Than Block-Size Key - Hash Key First";
    let long = with(long, "body_base64", STANDARD.encode(body));
    assert_found("github", &long, "secret 1 when it is base64-decoded");
}

#[test]
fn a_secret_that_is_something_else_is_pointed_out() {
    let odd = [
        (
            "stripe",
            "sk_test_4eC39HqLyjWDarjtT1zdp7dc",
            "looks like an API key",
        ),
        (
            "stripe",
            "not-what-it-should-be",
            "does not begin with whsec_",
        ),
        (
            "github",
            "ghp_0123456789abcdef",
            "looks like an access token",
        ),
        (
            "twilio",
            "AC0123456789abcdef0123456789abcdef",
            "looks like an account SID",
        ),
    ];
    for (provider, secret, hint) in odd {
        let request = signed(provider, FORM, "https://hooks.example.com/", "a=b");
        let run = check(provider, &with(request, "secrets", json!([secret])));
        assert!(run.out.contains(&format!("Secret 1 {hint}")), "{}", run.out);
    }
}
