//! `webhooks verify`, run as the binary that people run. Every run also asserts that neither a
//! secret nor a signature is in what it prints.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use webhooks::provider::{Provider, by_name};
use webhooks::signature::{Hash, from_base64, from_hex, sha256, sign};
use webhooks::timestamp::Timestamp;
use webhooks_cli::case::Case;
use webhooks_cli::verify::{check_request, check_vectors};

const BUILT: [&str; 3] = ["github", "stripe", "twilio"];
const NOW: i64 = 1_767_225_600;
const SECRET: &str = "whsec_S2V5IG9mIHRoZSB0ZXN0cw";
const OTHER: &str = "whsec_b2YgYW5vdGhlciBlbmRwb2ludA";
const FORM: &str = "application/x-www-form-urlencoded";
const SIGNATURES: [&str; 3] = [
    "X-Hub-Signature-256",
    "Stripe-Signature",
    "X-Twilio-Signature",
];

/// What a run printed.
struct Run {
    code: Option<i32>,
    out: String,
    err: String,
}

fn webhooks(args: &[&str], input: &str) -> Run {
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
fn check(provider: &str, request: &Value) -> Run {
    let run = webhooks(
        &["verify", provider, "--request", "-"],
        &request.to_string(),
    );
    assert_tells_nothing(provider, request, &format!("{}{}", run.out, run.err));
    run
}

/// No secret is in the text, and no digest of the header or of any secret, in either encoding.
fn assert_tells_nothing(provider: &str, request: &Value, text: &str) {
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
fn digests(provider: &str, request: &Value) -> Vec<String> {
    let mut headers: Vec<String> = SIGNATURES
        .iter()
        .filter_map(|name| Some(request["headers"][name].as_str()?.to_owned()))
        .collect();
    let fields = request.as_object().expect("a request is an object");
    if let (Some(provider), Ok(case)) = (by_name(provider), Case::read(fields)) {
        for secret in &case.secrets {
            let time = headers.first().and_then(|value| value.strip_prefix("t="));
            let time = time.and_then(|rest| rest.split(',').next()?.parse().ok());
            let now = time.map(Timestamp::from_seconds).or(case.now);
            let mut delivery = case.delivery.clone();
            provider.sign(
                &mut delivery,
                secret,
                now.unwrap_or(Timestamp::from_seconds(NOW)),
            );
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

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn vectors_file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../lib/tests/vectors/signatures.json")
}

fn vectors() -> Vec<Value> {
    let text = std::fs::read(vectors_file()).expect("the vectors are there");
    serde_json::from_slice(&text).expect("the vectors are a list")
}

fn vector(id: &str) -> Value {
    vectors()
        .into_iter()
        .find(|case| case["id"] == id)
        .expect("the vector is there")
}

/// A request that the provider's own signer signed with [`SECRET`].
fn signed(provider: &str, media_type: &str, url: &str, body: &str) -> Value {
    signed_with(SECRET, provider, media_type, url, body)
}

fn signed_with(secret: &str, provider: &str, media_type: &str, url: &str, body: &str) -> Value {
    let mut request = json!({
        "method": "POST", "url": url, "headers": {"Content-Type": media_type}, "body": body,
        "secrets": [secret], "now": NOW,
    });
    let Case {
        mut delivery,
        secrets,
        ..
    } = Case::read(request.as_object().expect("an object")).expect("a request in order");
    let signer: &dyn Provider = by_name(provider).expect("a provider");
    signer.sign(&mut delivery, &secrets[0], Timestamp::from_seconds(NOW));
    for (name, value) in delivery.headers.iter() {
        request["headers"][name] = json!(value);
    }
    request["url"] = json!(delivery.urls[0]);
    request
}

fn github(body: &str) -> Value {
    signed(
        "github",
        "application/json",
        "https://hooks.example.com/github",
        body,
    )
}

fn stripe(body: &str) -> Value {
    signed(
        "stripe",
        "application/json",
        "https://hooks.example.com/stripe",
        body,
    )
}

const SMS: &str = "Body=hi+there&From=%2B15005550006&MessageSid=SM1";

fn twilio(url: &str) -> Value {
    signed("twilio", FORM, url, SMS)
}

fn with(mut request: Value, field: &str, value: impl Into<Value>) -> Value {
    request[field] = value.into();
    request
}

fn with_header(mut request: Value, name: &str, value: impl Into<Value>) -> Value {
    request["headers"][name] = value.into();
    request
}

fn without_header(mut request: Value, name: &str) -> Value {
    request["headers"]
        .as_object_mut()
        .expect("an object")
        .remove(name);
    request
}

/// The request is valid as it is and, once changed, invalid for the reason given.
#[track_caller]
fn assert_explains(provider: &str, valid: &Value, changed: &Value, why: &str) {
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
fn assert_found(provider: &str, request: &Value, why: &str) {
    let Run { code, out, err } = check(provider, request);
    assert_eq!(code, Some(1), "{out}{err}");
    let (first, step) = out.split_once('\n').expect("a line for the reason");
    assert!(
        first.starts_with("invalid: ") && first.contains(why),
        "{out}"
    );
    assert!(step.trim().len() > 20, "there is no next step: {out}");
}

// Vectors

#[test]
fn every_vector_of_the_providers_passes() {
    let file = vectors_file();
    let run = webhooks(&["verify", "--vectors", &file.to_string_lossy()], "");
    let (mismatches, closing) = run.out.trim_end().rsplit_once('\n').expect("several lines");
    assert_eq!(closing, "88 passed, 0 failed, 165 skipped, 2 ambiguous");
    assert_eq!(run.code, Some(0));
    assert!(
        mismatches
            .lines()
            .all(|line| line.contains("ambiguous, not a failure")),
        "{mismatches}"
    );
}

#[test]
fn every_vector_alone_gets_its_verdict_and_no_secret_is_printed() {
    let cases = vectors();
    let built = cases
        .iter()
        .filter(|case| case.get("ambiguous").is_none())
        .filter_map(|case| {
            Some((
                BUILT
                    .into_iter()
                    .find(|provider| case["provider"] == *provider)?,
                case,
            ))
        });
    let mut count = 0;
    for (provider, case) in built {
        let run = check(provider, case);
        let expected = if case["expect"] == "valid" { 0 } else { 1 };
        assert_eq!(
            run.code,
            Some(expected),
            "{}: {}{}",
            case["id"],
            run.out,
            run.err
        );
        count += 1;
    }
    assert_eq!(count, 88);
}

#[test]
fn a_vector_with_another_outcome_is_printed_and_fails() {
    let cases = json!([
        with(vector("s-github-001"), "expect", "invalid"),
        with(vector("s-github-002"), "expect", "valid"),
        vector("s-github-003"),
        vector("s-slack-001"),
    ]);
    let run = webhooks(&["verify", "--vectors", "-"], &cases.to_string());
    let lines: Vec<_> = run.out.lines().collect();
    assert_eq!(
        lines[0],
        "s-github-001 (docs vector): expected invalid, found valid"
    );
    assert!(lines[1].starts_with("s-github-002 ("), "{}", lines[1]);
    assert!(
        lines[1].contains("expected valid, found invalid: "),
        "{}",
        lines[1]
    );
    assert_eq!(lines[2..], ["1 passed, 2 failed, 1 skipped"]);
    assert_eq!(run.code, Some(1));
}

#[test]
fn cases_without_exceptions_close_with_two_numbers() {
    let run = webhooks(
        &["verify", "--vectors", "-"],
        &json!([vector("s-stripe-001")]).to_string(),
    );
    assert_eq!(
        (run.code, run.out.as_str()),
        (Some(0), "1 passed, 0 failed\n")
    );
}

#[test]
fn a_case_that_cannot_be_read_is_named() {
    let cases = json!([
        vector("s-github-001"),
        with(vector("s-github-003"), "url", 7)
    ]);
    let run = webhooks(&["verify", "--vectors", "-"], &cases.to_string());
    assert_eq!(run.code, Some(2));
    assert!(
        run.err
            .contains("case number 2 (s-github-003): the field url"),
        "{}",
        run.err
    );
}

// Valid

#[test]
fn a_request_is_read_from_a_file() {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), vector("s-github-009").to_string()).expect("it is writable");
    let path = file.path().to_string_lossy();
    let run = webhooks(&["verify", "github", "--request", &path], "");
    assert_eq!((run.code, run.out.as_str()), (Some(0), "valid\n"));
}

#[test]
fn a_previous_secret_is_named_by_its_number() {
    let request = with(github("{}"), "secrets", json!(["newer", SECRET]));
    let expected = "valid: signed with secret 2 of 2, the previous one; a rotation is under way\n";
    let run = check("github", &request);
    assert_eq!((run.code, run.out.as_str()), (Some(0), expected));
    let run = check(
        "github",
        &with(request, "secrets", json!(["newest", "newer", SECRET])),
    );
    assert!(
        run.out.starts_with("valid: signed with secret 3 of 3"),
        "{}",
        run.out
    );
}

#[test]
fn the_configured_url_takes_the_place_of_the_url_and_its_fragment_is_not_signed() {
    let request = twilio("https://public.example.com/sms?a=1");
    let config = json!({"configured_url": "https://public.example.com/sms?a=1#rc=3"});
    let inside = with(request, "url", "http://10.0.0.1/internal");
    let run = check("twilio", &with(inside.clone(), "config", config.clone()));
    assert_eq!((run.code, run.out.as_str()), (Some(0), "valid\n"));
    let mut alone = with(inside, "config", config);
    alone.as_object_mut().expect("an object").remove("url");
    assert_eq!(check("twilio", &alone).code, Some(0));
}

#[test]
fn a_method_that_is_no_delivery_is_noted() {
    let run = check("github", &with(github("{}"), "method", "put"));
    assert_eq!(run.code, Some(0));
    assert!(
        run.out.starts_with("valid\nnote: ") && run.out.contains("405"),
        "{}",
        run.out
    );
}

// The clock

#[test]
fn without_now_the_clock_of_the_machine_counts() {
    let request = with(stripe("{}"), "now", Value::Null);
    let answer = |clock| {
        let json = request.to_string();
        check_request(&webhooks::provider::stripe::Stripe, json.as_bytes(), clock)
    };
    let answer_at = |seconds| answer(Timestamp::from_seconds(seconds)).expect("it is in order");
    assert!(answer_at(NOW + 300).good);
    let late = answer_at(NOW + 301);
    assert!(late.text.contains("off by 301 s"), "{}", late.text);
    assert!(late.text.contains("no field now"), "{}", late.text);
    assert_found("stripe", &request, "off by ");
}

#[test]
fn a_clock_that_is_off_is_told_from_a_bad_signature() {
    let request = stripe("{}");
    let why = "the signature is right, but the clock is off by 301 s: the request was signed that \
               long before";
    assert_explains(
        "stripe",
        &request,
        &with(request.clone(), "now", NOW + 301),
        why,
    );
    assert_found(
        "stripe",
        &with(request.clone(), "now", NOW - 4000),
        "off by 4000 s",
    );
    assert_found(
        "stripe",
        &with(request, "now", NOW - 4000),
        "that long after",
    );
}

#[test]
fn a_clock_that_is_off_besides_is_told_as_well() {
    let late = with(stripe("{}"), "now", NOW + 1000);
    let compact = with(late.clone(), "body", "{}\n");
    assert_found(
        "stripe",
        &compact,
        "without the newline at its end; besides, the clock is off",
    );
    assert_found(
        "stripe",
        &with(late, "secrets", json!([OTHER])),
        "no secret gives",
    );
}

#[test]
fn milliseconds_are_told_from_a_clock_that_is_off() {
    let run = check("stripe", &with(stripe("{}"), "now", NOW * 1000));
    assert!(run.out.contains("now is in milliseconds"), "{}", run.out);
    let time = (NOW * 1000).to_string();
    let secret = webhooks::secret::Secret::new(SECRET).expect("not blank");
    let digest = hex(&sign(Hash::Sha256, &secret, &[time.as_bytes(), b".{}"]));
    let header = format!("t={time},v1={digest}");
    let run = check(
        "stripe",
        &with_header(stripe("{}"), "Stripe-Signature", header),
    );
    assert!(run.out.contains("sign seconds"), "{}", run.out);
}

// The header

#[test]
fn a_missing_header_is_named_with_what_sends_it() {
    for (provider, name) in BUILT.into_iter().zip(SIGNATURES) {
        let request = signed(provider, FORM, "https://hooks.example.com/", "a=b");
        let why = format!("the header {name} is missing");
        assert_explains(
            provider,
            &request,
            &without_header(request.clone(), name),
            &why,
        );
    }
    let run = check("github", &without_header(github("{}"), SIGNATURES[0]));
    assert!(
        run.out
            .contains("GitHub signs only when the webhook has a secret"),
        "{}",
        run.out
    );
}

#[test]
fn the_legacy_header_alone_does_not_count() {
    assert_found(
        "github",
        &vector("s-github-013"),
        "only the legacy SHA-1 header",
    );
    assert_found(
        "github",
        &vector("s-github-014"),
        "the legacy SHA-1 one is right",
    );
}

#[test]
fn the_header_of_another_provider_is_recognised() {
    assert_found(
        "github",
        &stripe("{}"),
        "the header that stripe signs in is there",
    );
}

#[test]
fn the_header_is_recognised_under_the_name_that_cgi_gives_it() {
    let request = github("{}");
    let value = request["headers"][SIGNATURES[0]].clone();
    let renamed = without_header(request.clone(), SIGNATURES[0]);
    let renamed = with_header(renamed, "HTTP_X_HUB_SIGNATURE_256", value);
    assert_explains(
        "github",
        &request,
        &renamed,
        "right under the name HTTP_X_HUB_SIGNATURE_256",
    );
}

#[test]
fn a_header_in_another_spelling_is_recognised() {
    let github = github("{}");
    let hub = github["headers"][SIGNATURES[0]]
        .as_str()
        .expect("it is signed")
        .to_owned();
    let bare = hub.trim_start_matches("sha256=");
    let base64 = STANDARD.encode(from_hex(Hash::Sha256, bare).expect("hexadecimal"));
    let respelled = [
        (format!(" {hub}\n"), "has white space around it"),
        (format!("\"{hub}\""), "has quotes around it"),
        (format!("X-Hub-Signature-256: {hub}"), "has its own name"),
        (bare.to_owned(), "lacks the prefix sha256="),
        (hub.to_ascii_uppercase(), "is in capitals"),
        (hub.replace('=', "%3d"), "is percent-encoded"),
        (
            format!("sha256={base64}"),
            "is base64 where it should be hexadecimal",
        ),
        (
            base64,
            "is base64 where sha256= and hexadecimal digits should be",
        ),
    ];
    for (value, why) in respelled {
        let changed = with_header(github.clone(), SIGNATURES[0], value);
        assert_explains("github", &github, &changed, why);
    }

    let base64_of = |request: &Value| {
        let value = &request["headers"][SIGNATURES[2]];
        value.as_str().expect("it is signed").to_owned()
    };
    let twilio = (0..)
        .map(|number| twilio(&format!("https://hooks.example.com/sms/{number}")))
        .find(|request| base64_of(request).contains('+') && base64_of(request).contains('/'))
        .expect("some digest has both");
    let base64 = base64_of(&twilio);
    let bytes = from_base64(Hash::Sha1, &base64).expect("base64");
    let respelled = [
        (hex(&bytes), "is hexadecimal where it should be base64"),
        (
            base64.replace('+', " "),
            "has spaces where its base64 has plus signs",
        ),
        (
            base64.trim_end_matches('=').to_owned(),
            "is base64 without its padding",
        ),
        (
            base64.replace('+', "-").replace('/', "_"),
            "is URL-safe base64",
        ),
    ];
    for (value, why) in respelled {
        let changed = with_header(twilio.clone(), SIGNATURES[2], value);
        assert_explains("twilio", &twilio, &changed, why);
    }

    let stripe = stripe("{}");
    let value = stripe["headers"][SIGNATURES[1]]
        .as_str()
        .expect("it is signed");
    let spaced = with_header(stripe.clone(), SIGNATURES[1], value.replace(',', ", "));
    assert_explains(
        "stripe",
        &stripe,
        &spaced,
        "has white space around its elements",
    );
}

#[test]
fn a_header_that_is_cut_off_is_told_from_a_wrong_one() {
    assert_found(
        "github",
        &vector("s-github-016"),
        "is cut off: 62 characters of 64",
    );
    for (provider, name) in BUILT.into_iter().zip(SIGNATURES) {
        let request = signed(provider, FORM, "https://hooks.example.com/", "a=b");
        let value = request["headers"][name].as_str().expect("it is signed");
        let cut = with_header(request.clone(), name, &value[..value.len() - 5]);
        assert_explains(provider, &request, &cut, "is cut off");
        let wrong = with(cut, "secrets", json!([OTHER]));
        assert_found(provider, &wrong, "is malformed");
    }
}

#[test]
fn an_empty_header_and_a_test_scheme_are_told() {
    let empty = with_header(github("{}"), SIGNATURES[0], "");
    assert_found("github", &empty, "the header X-Hub-Signature-256 is empty");
    let run = check("stripe", &vector("s-stripe-014"));
    assert!(run.out.contains("v0= is a test scheme"), "{}", run.out);
}

#[test]
fn a_shared_key_without_its_settings_is_recognised() {
    let why = "right as HMAC_SHA256, but the header X-Twilio-Webhooks-Signature-Settings";
    assert_found(
        "twilio",
        &vector("s-twilio-044"),
        &format!("{why} is missing"),
    );
    assert_found(
        "twilio",
        &vector("s-twilio-043"),
        &format!("{why} names another algorithm"),
    );
}

// The secret

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

// The body

/// As a serialiser writes it without options, and with every kind of thing that they differ in.
const JSON: &str = r#"{"z":1.0,"a":[{"é":"1/2"},[]],"n":12345678901234567890,"t":"a, b: <🚀>"}"#;

#[test]
fn json_that_was_written_again_is_recognised() {
    let indented = "{\n  \"b\": [\n    1,\n    {}\n  ],\n  \"a\": \"x\"\n}";
    let escaped = r#"{"z":1.0,"a":[{"\u00e9":"1\/2"},[]],"n":12345678901234567890,"t":"a, b: <\ud83d\ude80>"}"#;
    let html = JSON.replace('<', "\\u003c").replace('>', "\\u003e");
    let sent_and_captured = [
        (
            r#"{"b":[1,{}],"a":"x"}"#.to_owned(),
            indented.to_owned(),
            "JSON without white space",
        ),
        (
            indented.to_owned(),
            r#"{"b":[1,{}],"a":"x"}"#.to_owned(),
            "indented by 2 spaces",
        ),
        (
            indented.replace("  ", "    "),
            indented.to_owned(),
            "indented by 4 spaces",
        ),
        (
            indented.replace("  ", "\t"),
            indented.to_owned(),
            "indented by tabs",
        ),
        (
            r#"{"b": [1, {}]}"#.to_owned(),
            r#"{"b":[1,{}]}"#.to_owned(),
            "with a blank after each",
        ),
        (
            escaped.to_owned(),
            JSON.to_owned(),
            "with \\/ for each slash and \\uXXXX",
        ),
        (
            JSON.to_owned(),
            escaped.to_owned(),
            "with its escapes as plain characters",
        ),
        (
            JSON.replace('é', "\\u00e9").replace('🚀', "\\ud83d\\ude80"),
            JSON.to_owned(),
            "with \\uXXXX for",
        ),
        (
            JSON.replace('é', "\\u00E9").replace('🚀', "\\uD83D\\uDE80"),
            JSON.to_owned(),
            "in capitals",
        ),
        (
            JSON.replace('/', "\\/"),
            JSON.to_owned(),
            "with \\/ for each slash",
        ),
        (html, JSON.to_owned(), "with \\u003c and the like"),
        (
            format!("{indented}\n"),
            r#"{"b":[1,{}],"a":"x"}"#.to_owned(),
            "indented by 2 spaces and with a newline at its end",
        ),
    ];
    for (sent, captured, why) in sent_and_captured {
        for (provider, request) in [("github", github(&sent)), ("stripe", stripe(&sent))] {
            let changed = with(request.clone(), "body", captured.clone());
            assert_explains(provider, &request, &changed, why);
            let run = check(provider, &changed);
            assert!(run.out.contains("re-serialised"), "{}", run.out);
            assert!(run.out.contains("Take the raw bytes: "), "{}", run.out);
        }
    }
}

#[test]
fn a_body_with_other_line_ends_is_recognised() {
    let sent_and_captured = [
        ("{}", "{}\n", "without the newline at its end"),
        ("{}\n", "{}", "with a newline at its end"),
        ("{}\r\n", "{}", "with a CRLF at its end"),
        ("{}", "  {}", "without white space around it"),
        ("{\n}\n", "{\r\n}\r\n", "with LF for each CRLF"),
        ("{\r\n}\r\n", "{\n}\n", "with CRLF for each LF"),
        ("{}", "\u{feff}{}", "without its byte order mark"),
        ("\u{feff}{}", "{}", "with a byte order mark"),
        ("", "{}", "when it is empty"),
    ];
    for (sent, captured, why) in sent_and_captured {
        let request = github(sent);
        assert_explains(
            "github",
            &request,
            &with(request.clone(), "body", captured),
            why,
        );
    }
}

#[test]
fn a_body_that_was_encoded_or_decoded_once_too_often_is_recognised() {
    let json = r#"{"é":1}"#;
    let base64 = STANDARD.encode(json);
    let event = json!({"version": "2.0", "body": base64, "isBase64Encoded": true}).to_string();
    let plain_event = json!({"version": "2.0", "body": json}).to_string();
    let quoted = Value::from(json).to_string();
    let latin1 = "{\"Ã©\":1}";
    let sent_and_captured = [
        (json, base64.as_str(), "when it is base64-decoded"),
        (base64.as_str(), json, "when it is base64-encoded"),
        (
            json,
            quoted.as_str(),
            "without the quotes and escapes of a JSON string",
        ),
        (
            json,
            event.as_str(),
            "when it is taken out of the gateway's event",
        ),
        (
            json,
            plain_event.as_str(),
            "when it is taken out of the gateway's event",
        ),
        (json, latin1, "when its UTF-8 was not taken for Latin-1"),
    ];
    for (sent, captured, why) in sent_and_captured {
        let request = github(sent);
        assert_explains(
            "github",
            &request,
            &with(request.clone(), "body", captured),
            why,
        );
    }
}

#[test]
fn a_form_that_was_encoded_anew_is_recognised() {
    let url = "https://hooks.example.com/github";
    let sent = "payload=%7b%22a%22%3a%22x%20y%22%7d";
    let request = signed("github", FORM, url, sent);
    let again = with(request.clone(), "body", "payload=%7B%22a%22%3A%22x+y%22%7D");
    assert_explains("github", &request, &again, "percent-encoded in another way");
    let unwrapped = with(request.clone(), "body", r#"{"a":"x y"}"#);
    assert_explains(
        "github",
        &request,
        &unwrapped,
        "inside the form field payload",
    );
    let twice = with(request.clone(), "body", sent.replace('%', "%25"));
    assert_explains("github", &request, &twice, "it was percent-encoded twice");

    let sms = twilio("https://hooks.example.com/sms");
    let decoded = with(
        sms.clone(),
        "body",
        SMS.replace("%2B", "+").replace("hi+", "hi%20"),
    );
    assert_explains("twilio", &sms, &decoded, "with %2B for each +");
    let object = json!({"Body": "hi there", "From": "+15005550006", "MessageSid": "SM1"});
    let parsed = with(sms.clone(), "body", object.to_string());
    let parsed = with_header(parsed, "Content-Type", "application/json");
    assert_explains("twilio", &sms, &parsed, "the body was parsed into JSON");
    let untyped = without_header(sms.clone(), "Content-Type");
    assert_explains("twilio", &sms, &untyped, "once the header Content-Type is");
}

#[test]
fn a_signature_over_the_decoded_payload_is_recognised() {
    assert_found(
        "github",
        &vector("s-github-007"),
        "made over the decoded field payload",
    );
}

#[test]
fn a_body_that_is_not_the_signed_one_is_told() {
    assert_found(
        "twilio",
        &vector("s-twilio-028"),
        "the body is not the one whose hash is in it",
    );
    assert_found(
        "twilio",
        &vector("s-twilio-030"),
        "nothing that is signed covers the body",
    );
    assert_found(
        "stripe",
        &vector("s-stripe-010"),
        "the body looks re-serialised",
    );
    let lossy = with(github(r#"{"a":"é"}"#), "body", "{\"a\":\"\u{fffd}\"}");
    let run = check("github", &lossy);
    assert!(run.out.contains("bytes that were lost"), "{}", run.out);
    let cut = with_header(github(r#"{"a":"é"}"#), "Content-Length", "10");
    let run = check("github", &with(cut, "body", "{\"a\":"));
    assert!(
        run.out
            .contains("Content-Length says 10 bytes, and the body has 5."),
        "{}",
        run.out
    );
    assert!(
        run.out.contains("The body is not whole JSON."),
        "{}",
        run.out
    );
}

#[test]
fn a_json_body_of_twilio_that_was_written_again_is_recognised() {
    let url = "https://hooks.example.com/events?a=1";
    let request = signed("twilio", "application/json", url, r#"[{"id":"EZ1"}]"#);
    let changed = with(request.clone(), "body", "[ {\"id\": \"EZ1\"} ]");
    assert_explains("twilio", &request, &changed, "JSON without white space");
    let lost = with(request.clone(), "url", url);
    assert_explains("twilio", &request, &lost, "with bodySHA256 in its query");
}

// The URL

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
    https://a.example/?x=%2F | https://a.example/?x=%2f | percent-encoding in capitals
    https://a.example/?x=a%20b | https://a.example/?x=a+b | with %20 for each +
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

// Nothing matches

#[test]
fn where_nothing_matches_it_says_what_was_tried_and_the_likeliest_cause() {
    let other = with(github(JSON), "secrets", json!([OTHER]));
    assert_found("github", &other, "no secret gives this signature");
    let run = check("github", &other);
    assert!(
        run.out
            .contains("Tried as well, without a match: the secrets trimmed"),
        "{}",
        run.out
    );
    assert!(
        run.out
            .contains("the secret is another endpoint's (each webhook"),
        "{}",
        run.out
    );
    assert!(!run.out.contains("the URL with"), "{}", run.out);
    let other = with(twilio("https://a.example/"), "secrets", json!([OTHER]));
    assert!(
        check("twilio", &other)
            .out
            .contains("and the URL with other schemes")
    );
}

#[test]
fn a_changed_value_is_not_explained_away() {
    let forged = with(github(r#"{"amount":1}"#), "body", r#"{"amount":2}"#);
    assert_found("github", &forged, "no secret gives this signature");
    let forged = with(
        twilio("https://a.example/"),
        "body",
        SMS.replace("hi", "ho"),
    );
    assert_found("twilio", &forged, "no secret gives this signature");
}

// Usage

/// A field, its value, and what is said about it.
const BAD_FIELDS: &str = r#"
    method | 1 | method is not a string
    url | "/path" | url is not a complete URL
    headers | [] | headers is not an object of strings
    headers | {"X-A": 1} | headers.X-A is not a string
    body | {} | body is not a string
    body_base64 | "e30=" | body is there, and so is body_base64
    secrets | "hush" | secrets is not a list of strings
    secrets | [] | secrets is empty
    secrets | ["hush", 1] | secrets, number 2, is not a string
    secrets | ["hush", " \n"] | secrets, number 2, is blank
    now | "today" | now is not a whole number
    now | 1.5 | now is not a whole number
    config | 1 | config is not an object
    config | {"configured_url": 1} | config.configured_url is not a string
    config | {"configured_url": "x"} | config.configured_url is not a complete URL
"#;

#[test]
fn a_field_that_is_missing_or_bad_is_named_and_exits_2() {
    for field in ["method", "url", "headers", "body", "secrets"] {
        let mut request = github("{}");
        request.as_object_mut().expect("an object").remove(field);
        let run = check("github", &request);
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{field}");
        assert!(
            run.err.contains(&format!("the field {field} is missing")),
            "{}",
            run.err
        );
    }
    for row in BAD_FIELDS.trim().lines() {
        let columns: Vec<_> = row.split('|').map(str::trim).collect();
        let [field, value, problem] = columns[..] else {
            panic!("three columns: {row}");
        };
        let value: Value = serde_json::from_str(value).expect("JSON");
        let run = check("github", &with(github("{}"), field, value));
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{row}");
        assert!(
            run.err.contains(&format!("the field {problem}")),
            "{row}: {}",
            run.err
        );
    }
    let mut encoded = with(github("{}"), "body_base64", "?");
    encoded["body"] = Value::Null;
    assert!(
        check("github", &encoded)
            .err
            .contains("the field body_base64 is not padded")
    );
}

#[test]
fn a_file_that_is_not_what_it_should_be_exits_2() {
    let inputs = [
        "",
        "{",
        "null",
        "7",
        "\"x\"",
        "[]",
        "\u{feff}",
        "{\"secrets\": hush}",
    ];
    for input in inputs {
        let run = webhooks(&["verify", "github", "--request", "-"], input);
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{input}");
        assert!(
            run.err.contains("standard input: ") && !run.err.contains("hush"),
            "{}",
            run.err
        );
    }
    for input in ["", "{}", "7", "[7]", "[{}]"] {
        let run = webhooks(&["verify", "--vectors", "-"], input);
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{input}");
    }
    let run = webhooks(&["verify", "github", "--request", "/no/such/file"], "");
    assert_eq!(run.code, Some(2));
    assert!(run.err.contains("/no/such/file"), "{}", run.err);
}

#[test]
fn a_call_that_is_not_complete_exits_2() {
    let calls: [&[&str]; 6] = [
        &["verify"],
        &["verify", "github"],
        &["verify", "--request", "-"],
        &["verify", "nobody", "--request", "-"],
        &["verify", "github", "--vectors", "-"],
        &["verify", "github", "--request", "-", "--vectors", "-"],
    ];
    for call in calls {
        let run = webhooks(call, "[]");
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{call:?}");
    }
}

#[test]
fn odd_requests_are_answered_and_not_panicked_at() {
    let values = [
        "",
        "=",
        ",",
        "sha256=",
        "t=",
        "t=-1,v1=",
        "é=é",
        "t=9999999999999999999,v1=0",
    ];
    let urls = [
        "http://é",
        "https:///",
        "https://a?",
        "https://a//%é?%é&%",
        "http://[::1]:x/?#",
    ];
    let bodies = [
        "",
        "\\u12é",
        "\"\\ud800\"",
        "{\"a\":\"\\ud800\\u0041\"}",
        "payload",
        "%",
        "\u{feff}",
    ];
    let clock = Timestamp::from_seconds(NOW);
    for (provider, name) in BUILT.into_iter().zip(SIGNATURES) {
        let provider = by_name(provider).expect("a provider");
        for (url, body) in urls.iter().flat_map(|url| bodies.map(|body| (url, body))) {
            for value in values
                .map(str::to_owned)
                .into_iter()
                .chain([hex(&sha256(b""))])
            {
                let request = json!({
                    "method": "POST", "url": url, "headers": {name: value, "Host": "é"},
                    "body": body, "secrets": ["=", "whsec_", "\u{0}"], "now": i64::MIN,
                });
                let answer = check_request(provider, request.to_string().as_bytes(), clock);
                assert!(!answer.expect("it is in order").good);
            }
        }
    }
    assert!(check_vectors(b"[[[[", clock).is_err());
}

#[test]
fn times_at_the_ends_of_the_range_are_answered() {
    for now in [i64::MIN, -1, 0, i64::MAX] {
        assert_found("stripe", &with(stripe("{}"), "now", now), "off by ");
        let header = format!("t={},v1={}", i64::MAX, "0".repeat(64));
        let far = with_header(with(stripe("{}"), "now", now), SIGNATURES[1], header);
        assert_eq!(check("stripe", &far).code, Some(1));
    }
}
