//! Captured requests, and what the command says of them.
//! secret nor a signature is in what it prints.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use webhooks::provider::Explained;
use webhooks::provider::catalog;
use webhooks::signature::{Hash, from_base64, from_hex};
use webhooks::timestamp::Timestamp;
use webhooks_cli::captured_request::CapturedRequest;

pub(crate) const BUILT: [&str; 3] = ["github", "stripe", "twilio"];
pub(crate) const NOW: i64 = 1_767_225_600;
pub(crate) const SECRET: &str = "whsec_S2V5IG9mIHRoZSB0ZXN0cw";
pub(crate) const OTHER: &str = "whsec_b2YgYW5vdGhlciBlbmRwb2ludA";
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";
pub(crate) const SIGNATURES: [&str; 3] = [
    "X-Hub-Signature-256",
    "Stripe-Signature",
    "X-Twilio-Signature",
];

/// What a run printed.
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

pub(crate) fn webhooks(args: &[&str], input: &str) -> Run {
    let mut child = Command::new(env!("CARGO_BIN_EXE_webhooks"))
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary is built");
    let mut stdin = child.stdin.take().expect("stdin is piped");
    // A run that fails early closes its end.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let Output {
        status,
        stdout,
        stderr,
    } = child.wait_with_output().expect("it ends");
    Run {
        code: status.code(),
        out: String::from_utf8(stdout).expect("it prints UTF-8"),
        err: String::from_utf8(stderr).expect("it prints UTF-8"),
    }
}

/// Checks one request, and that the answer gives nothing away.
pub(crate) fn check(provider: &str, request: &Value) -> Run {
    let run = webhooks(
        &["verify", provider, "--request", "-"],
        &request.to_string(),
    );
    assert_tells_nothing(provider, request, &format!("{}{}", run.out, run.err));
    run
}

/// No secret is in the text, and no digest of the header or of any secret, in either encoding.
pub(crate) fn assert_tells_nothing(provider: &str, request: &Value, text: &str) {
    let secrets = request["secrets"].as_array().into_iter().flatten();
    for secret in secrets
        .filter_map(Value::as_str)
        .map(str::trim)
        .filter(|it| !it.is_empty())
    {
        assert!(!text.contains(secret), "a secret is in: {text}");
    }
    for digest in digests(provider, request) {
        assert!(!text.contains(&digest), "a signature is in: {text}");
    }
}

/// The digests of the request's own signature header and of the right one, as they are written.
pub(crate) fn digests(provider: &str, request: &Value) -> Vec<String> {
    let mut headers: Vec<String> = SIGNATURES
        .iter()
        .filter_map(|name| Some(request["headers"][name].as_str()?.to_owned()))
        .collect();
    let fields = request.as_object().expect("a request is an object");
    if let (Some(provider), Ok(captured)) =
        (catalog::by_name(provider), CapturedRequest::read(fields))
    {
        for secret in &captured.secrets {
            let time = headers.first().and_then(|value| value.strip_prefix("t="));
            let time = time.and_then(|rest| rest.split(',').next()?.parse().ok());
            let now = time.map(Timestamp::from_seconds).or(captured.now);
            let mut delivery = captured.delivery.clone();
            let now = now.unwrap_or(Timestamp::from_seconds(NOW));
            if provider.sign(&mut delivery, secret, now).is_err() {
                // With a public key, or without what is signed.
                continue;
            }
            headers.extend(
                SIGNATURES
                    .iter()
                    .filter_map(|it| delivery.headers.get(it))
                    .map(str::to_owned),
            );
        }
    }
    let mut digests: Vec<_> = headers
        .iter()
        .flat_map(|value| value.split(','))
        .flat_map(|element| [element, element.split_once('=').unwrap_or_default().1])
        .filter(|digest| digest.len() >= 20)
        .map(str::to_owned)
        .collect();
    for hash in [Hash::Sha1, Hash::Sha256] {
        let bytes: Vec<_> = digests
            .iter()
            .filter_map(|text| from_hex(hash, text).or_else(|| from_base64(hash, text)))
            .collect();
        digests.extend(
            bytes
                .iter()
                .flat_map(|bytes| [hex(bytes), STANDARD.encode(bytes)]),
        );
    }
    digests
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn vectors_file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../lib/tests/vectors/signatures.json")
}

pub(crate) fn vectors() -> Vec<Value> {
    let text = std::fs::read(vectors_file()).expect("the vectors are there");
    serde_json::from_slice(&text).expect("the vectors are a list")
}

pub(crate) fn vector(id: &str) -> Value {
    vectors()
        .into_iter()
        .find(|case| case["id"] == id)
        .expect("the vector is there")
}

/// A request that the provider's own signer signed with [`SECRET`].
pub(crate) fn signed(provider: &str, media_type: &str, url: &str, body: &str) -> Value {
    signed_with(SECRET, provider, media_type, url, body)
}

pub(crate) fn signed_with(
    secret: &str,
    provider: &str,
    media_type: &str,
    url: &str,
    body: &str,
) -> Value {
    let mut request = json!({
        "method": "POST", "url": url, "headers": {"Content-Type": media_type}, "body": body,
        "secrets": [secret], "now": NOW,
    });
    let CapturedRequest {
        mut delivery,
        secrets,
        ..
    } = CapturedRequest::read(request.as_object().expect("an object")).expect("a request in order");
    let signer: &dyn Explained = catalog::by_name(provider).expect("a provider");
    let signed = signer.sign(&mut delivery, &secrets[0], Timestamp::from_seconds(NOW));
    signed.expect("it signs");
    for (name, value) in delivery.headers.iter() {
        request["headers"][name] = json!(value);
    }
    request["url"] = json!(delivery.urls[0]);
    request
}

pub(crate) fn github(body: &str) -> Value {
    signed(
        "github",
        "application/json",
        "https://hooks.example.com/github",
        body,
    )
}

pub(crate) fn stripe(body: &str) -> Value {
    signed(
        "stripe",
        "application/json",
        "https://hooks.example.com/stripe",
        body,
    )
}

pub(crate) const SMS: &str = "Body=hi+there&From=%2B15005550006&MessageSid=SM1";

pub(crate) fn twilio(url: &str) -> Value {
    signed("twilio", FORM, url, SMS)
}

pub(crate) fn with(mut request: Value, field: &str, value: impl Into<Value>) -> Value {
    request[field] = value.into();
    request
}

pub(crate) fn with_header(mut request: Value, name: &str, value: impl Into<Value>) -> Value {
    request["headers"][name] = value.into();
    request
}

pub(crate) fn without_header(mut request: Value, name: &str) -> Value {
    request["headers"]
        .as_object_mut()
        .expect("an object")
        .remove(name);
    request
}

/// The request is valid as it is and, once changed, invalid for the reason given.
#[track_caller]
pub(crate) fn assert_explains(provider: &str, valid: &Value, changed: &Value, why: &str) {
    let before = check(provider, valid);
    assert_eq!(
        (before.code, before.out.as_str()),
        (Some(0), "valid\n"),
        "{}",
        before.err
    );
    assert_found(provider, changed, why);
}

#[track_caller]
pub(crate) fn assert_found(provider: &str, request: &Value, why: &str) {
    let Run { code, out, err } = check(provider, request);
    assert_eq!(code, Some(1), "{out}{err}");
    let (first, step) = out.split_once('\n').expect("a line for the reason");
    assert!(
        first.starts_with("invalid: ") && first.contains(why),
        "{out}"
    );
    assert!(step.trim().len() > 20, "there is no next step: {out}");
}
