//! Gateway events as they are: what `send --print` writes and what a log has.

use serde_json::{Value, json};
use webhooks::provider::catalog;
use webhooks::timestamp::Timestamp;
use webhooks_cli::fixture::Fixture;
use webhooks_cli::project::Project;

use crate::request::{Run, webhooks};

const SECRET: &str = "an-endpoint's-own-secret";

fn verify(provider: &str, event: &Value, options: &[&str]) -> Run {
    let arguments = [&["verify", provider, "--request", "-"], options].concat();
    webhooks(&arguments, &event.to_string())
}

fn printed(provider: &str, event: &str, options: &[&str]) -> Value {
    let arguments = [&["send", provider, event, "--print"], options].concat();
    let run = webhooks(&arguments, "");
    assert_eq!(run.code, Some(0), "{}", run.err);
    serde_json::from_str(&run.out).expect("an event")
}

#[test]
fn what_send_prints_is_valid_for_every_provider() {
    let project = Project::around(env!("CARGO_MANIFEST_DIR").as_ref()).expect("the checkout");
    for provider in catalog::all() {
        let name = provider.profile().name;
        for (event, _) in Fixture::every(&project, provider).expect("events") {
            let run = verify(name, &printed(name, &event, &[]), &[]);
            // A handshake may ask for what its source is set up for.
            let is_open = run.out.contains("the source is not set up for that");
            assert!(
                run.code == Some(0) || is_open,
                "{name} {event}: {}{}",
                run.out,
                run.err
            );
            assert!(
                run.out.contains("checked with the development secret"),
                "{name}: {}",
                run.out
            );
        }
    }
}

#[test]
fn a_secret_beside_the_file_counts() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), format!("{SECRET}\n")).expect("it is written");
    let place = format!("file:{}", file.path().display());
    let event = printed("github", "push", &["--secret", &place]);
    let run = verify("github", &event, &["--secret", &place]);
    assert_eq!((run.code, run.out.as_str()), (Some(0), "valid\n"));
    // A second line is the secret before.
    std::fs::write(file.path(), format!("another\n{SECRET}\n")).expect("it is written");
    let run = verify("github", &event, &["--secret", &place]);
    assert!(
        run.out.starts_with("valid: signed with secret 2 of 2"),
        "{}",
        run.out
    );
    let run = verify("github", &event, &[]);
    assert_eq!(run.code, Some(1), "{}", run.out);
    assert!(!run.out.contains(SECRET));
    let run = verify("github", &event, &["--secret", "-"]);
    assert_eq!(run.code, Some(2), "{}", run.out);
    let run = verify("github", &event, &["--secret", SECRET]);
    assert_eq!(run.code, Some(2), "{}", run.out);
    assert!(!run.err.contains(SECRET), "{}", run.err);
}

#[test]
fn the_time_of_arrival_counts_and_not_this_one() {
    let mut event = printed("stripe", "charge.succeeded", &["--stale", "86400"]);
    let run = verify("stripe", &event, &[]);
    assert!(run.out.contains("off by 8640"), "{}", run.out);
    let yesterday = Timestamp::now().millis() - 86_400_000;
    event["requestContext"]["timeEpoch"] = json!(yesterday);
    assert_eq!(verify("stripe", &event, &[]).code, Some(0));
}

#[test]
fn the_url_is_that_of_the_domain_or_the_one_that_is_given() {
    let tunnel = ["--public-url", "https://abc.example.com"];
    let event = printed("twilio", "message", &tunnel);
    assert_eq!(verify("twilio", &event, &tunnel).code, Some(0));
    assert_eq!(verify("twilio", &event, &[]).code, Some(1));
    let own = printed("twilio", "message", &[]);
    let run = verify("twilio", &own, &tunnel);
    assert!(
        run.out.contains("right for the request's own url"),
        "{}",
        run.out
    );
}

#[test]
fn a_binary_body_and_one_that_is_none_are_read() {
    let mut event = printed("github", "push", &[]);
    let body = event["body"].as_str().expect("a body").to_owned();
    use base64::Engine;
    event["body"] = json!(base64::engine::general_purpose::STANDARD.encode(body));
    event["isBase64Encoded"] = json!(true);
    assert_eq!(verify("github", &event, &[]).code, Some(0));
    let run = verify("twilio", &printed("twilio", "message-get", &[]), &[]);
    assert_eq!(run.code, Some(0), "{}", run.out);
}

#[test]
fn what_is_no_event_says_what_it_lacks() {
    let mut event = printed("github", "push", &[]);
    event["requestContext"]["domainName"] = Value::Null;
    let run = verify("github", &event, &[]);
    assert_eq!(run.code, Some(2), "{}", run.out);
    assert!(run.err.contains("domainName"), "{}", run.err);
    let run = verify("github", &json!({"requestContext": 7}), &[]);
    assert_eq!(run.code, Some(2), "{}", run.out);
    event["isBase64Encoded"] = json!(true);
    let run = verify("github", &event, &[]);
    assert_eq!(run.code, Some(2), "{}", run.out);
}
