//! Providers that are not built in: their schemes are found, and tried.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};
use webhooks::provider::custom::described;
use webhooks::provider::meaning::Meaning;
use webhooks::provider::{Explained, catalog};
use webhooks::scheme::development;
use webhooks::secret::Secret;
use webhooks::timestamp::Timestamp;
use webhooks::verify::verify;
use webhooks_cli::fixture::Fixture;
use webhooks_cli::project::Project;
use webhooks_cli::scheme::guess::guess;

const NOW: Timestamp = Timestamp::from_seconds(1_767_225_600);

/// Those whose signatures no description can say, or whose descriptions nobody would guess, and why.
const NOT_FOUND: &[(&str, &str)] = &[
    ("adyen", "code"),
    ("jiraconnect", "a token"),
    ("mailgun", "in the body"),
    ("mandrill", "code"),
    ("monday", "a token"),
    ("netlify", "a token"),
    ("twilio", "code"),
];

fn signed(provider: &dyn Explained) -> (Fixture, Secret) {
    let project = Project::here().expect("this project");
    let every = Fixture::every(&project, provider).expect("samples");
    let is_signed = |meaning: &Meaning| matches!(meaning, Meaning::Event(_) | Meaning::Batch(_));
    let mut signed = every.into_iter().filter(|(_, meaning)| is_signed(meaning));
    let (event, _) = signed.next().expect("a sample");
    let fixture = Fixture::read(&project, provider.profile().name, &event);
    let mut fixture = fixture.expect("a sample");
    let secret = provider.secret_of(&development::text(provider.profile().name));
    fixture.sign(provider, &secret, NOW).expect("a delivery");
    (fixture, secret)
}

#[test]
fn the_scheme_of_every_row_is_found_from_one_delivery() {
    let mut most = 0;
    let mut not_found = Vec::new();
    for provider in catalog::all() {
        let name = provider.profile().name;
        let (fixture, secret) = signed(provider);
        // What a published key signs no secret finds.
        if provider.publication(&secret).is_some() {
            continue;
        }
        let secrets = [secret];
        // When it is looked at does not matter.
        let later = Timestamp::from_seconds(NOW.seconds() + 86_400);
        let found = guess(&fixture.delivery, &secrets, later);
        most = most.max(found.tried);
        let Some(scheme) = found.scheme else {
            not_found.push(name);
            continue;
        };
        let row = described(&scheme).expect("a description").0;
        let holds = |delivery| verify(row, delivery, &secrets, NOW).is_ok();
        assert!(holds(&fixture.delivery), "{name}: {scheme}");
        let mut other = fixture.delivery.clone();
        other.body.push(b' ');
        let covers = provider.profile().covers.has_body();
        assert_eq!(holds(&other), !covers, "{name}: {scheme}");
    }
    let excused: Vec<_> = NOT_FOUND.iter().map(|(name, _)| *name).collect();
    not_found.sort_unstable();
    assert_eq!(not_found, excused);
    println!("at most {most} schemes were tried for a delivery");
}

#[test]
fn another_secret_finds_nothing() {
    for name in ["github", "stripe", "slack", "svix"] {
        let provider = catalog::by_name(name).expect("it is built");
        let (fixture, _) = signed(provider);
        let found = guess(&fixture.delivery, &[provider.secret_of("another")], NOW);
        assert_eq!(found.scheme, None, "{name}");
        assert!(found.tried > 8, "{name}: {}", found.tried);
    }
}

/// The command's exit code, and what it prints to standard output and to standard error.
fn webhooks(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_webhooks"))
        .args(arguments)
        .output()
        .expect("the command runs");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// A captured request as JSON.
fn captured(fixture: &Fixture, secret: &str) -> Value {
    let headers = fixture.delivery.headers.iter();
    let headers = headers.map(|(name, value)| (name.to_owned(), json!(value)));
    json!({
        "method": "POST", "url": "https://hooks.example.com/webhooks/custom/acme",
        "headers": headers.collect::<serde_json::Map<_, _>>(),
        "body": String::from_utf8_lossy(&fixture.delivery.body),
        "secrets": [secret], "now": NOW.seconds(),
    })
}

#[test]
fn what_is_guessed_is_pasted_and_checked() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("text").to_owned();
    let (request, settings) = (path("request.json"), path("acme.json"));
    let provider = catalog::by_name("stripe").expect("it is built");
    let (fixture, secret) = signed(provider);
    let text = String::from_utf8_lossy(secret.bytes()).into_owned();
    fs::write(&request, captured(&fixture, &text).to_string()).expect("a file");
    let (code, printed, _) = webhooks(&["scheme", "guess", "--request", &request]);
    assert_eq!(code, Some(0), "{printed}");
    assert!(!printed.contains(&text), "the secret is printed");
    let start = printed.find('{').expect("settings");
    let end = printed.rfind("\n}").expect("settings") + 2;
    fs::write(&settings, &printed[start..end]).expect("a file");
    let check = ["scheme", "check", &settings, "--request", &request];
    let (code, printed, errors) = webhooks(&check);
    assert_eq!(code, Some(0), "{printed}{errors}");
    assert!(
        printed.contains("\nvalid\n") && printed.contains("event evt_"),
        "{printed}"
    );
    fs::write(&request, captured(&fixture, "another").to_string()).expect("a file");
    let (code, printed, _) = webhooks(&check);
    assert_eq!(code, Some(1));
    assert!(
        printed.contains("invalid: no secret gives this signature"),
        "{printed}"
    );
    let (code, printed, _) = webhooks(&["scheme", "guess", "--request", &request]);
    assert_eq!(code, Some(1));
    assert!(printed.starts_with("none of "), "{printed}");
}

#[test]
fn a_mistake_is_named_by_its_path_and_its_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = folder.path().join("acme.json");
    let file = settings.to_str().expect("text");
    for (text, said) in [
        (
            "{\n  \"rate\": 5,\n  \"scheme\": {\n    \"signature\": {\"header\": \"A\"},\n    \"algorithm\": \"canary\"\n  }\n}",
            "scheme.algorithm: must be hmac-sha256",
        ),
        (
            "{\n  \"scheme\": {\n    \"signature\": {\"header\": \"A\"},\n\n    \"signed\": \"{url}\"\n  }\n}",
            "scheme.signed: has no {body}",
        ),
        ("{}", "scheme: is missing"),
        ("[\"canary\"]", "not a JSON object"),
    ] {
        fs::write(&settings, text).expect("a file");
        let (code, printed, errors) = webhooks(&["scheme", "check", file]);
        assert_eq!((code, printed.as_str()), (Some(2), ""), "{errors}");
        assert!(errors.contains(said), "{errors}");
        assert!(!errors.contains("canary"), "{errors}");
        let is_placed = errors.contains("(line 5)") || !text.contains("signature");
        assert!(is_placed, "{errors}");
    }
    let (code, _, errors) = webhooks(&["scheme", "check", "nowhere.json"]);
    assert_eq!(code, Some(2));
    assert!(errors.contains("nowhere.json: "), "{errors}");
}
