//! Valid requests.

use serde_json::json;

use crate::request::{SECRET, check, github, twilio, vector, webhooks, with};

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
