//! Vectors.

use serde_json::{Value, json};
use webhooks::provider::catalog;

use crate::request::{check, vector, vectors, vectors_file, webhooks, with};

#[test]
fn every_vector_of_the_providers_passes() {
    let file = vectors_file();
    let run = webhooks(&["verify", "--vectors", &file.to_string_lossy()], "");
    let (mismatches, closing) = run.out.trim_end().rsplit_once('\n').expect("several lines");
    let all = vectors();
    // An ambiguous one that comes out as expected has passed.
    let ambiguous = |case: &&Value| case.get("ambiguous").is_some();
    let open = mismatches.lines().count();
    assert!(open <= all.iter().filter(ambiguous).count(), "{mismatches}");
    let expected = format!("{} passed, 0 failed, {open} ambiguous", all.len() - open);
    assert_eq!(closing, expected);
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
    let built: Vec<_> = cases
        .iter()
        .filter(|case| case.get("ambiguous").is_none())
        .filter_map(|case| Some((catalog::by_name(case["provider"].as_str()?)?, case)))
        .collect();
    for (provider, case) in built {
        let run = check(provider.profile().name, case);
        let expected = if case["expect"] == "valid" { 0 } else { 1 };
        assert_eq!(
            run.code,
            Some(expected),
            "{}: {}{}",
            case["id"],
            run.out,
            run.err
        );
    }
}

#[test]
fn a_vector_with_another_outcome_is_printed_and_fails() {
    let cases = json!([
        with(vector("s-github-001"), "expect", "invalid"),
        with(vector("s-github-002"), "expect", "valid"),
        vector("s-github-003"),
        with(vector("s-github-003"), "provider", "nobody"),
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
fn a_case_that_cannot_be_read_is_named_and_stops_no_other() {
    let cases = json!([
        vector("s-github-001"),
        with(vector("s-github-003"), "url", 7),
        7,
        with(vector("s-github-002"), "expect", "valid"),
        with(vector("s-twilio-001"), "url", "HTTP://"),
        vector("s-stripe-001"),
    ]);
    let run = webhooks(&["verify", "--vectors", "-"], &cases.to_string());
    let lines: Vec<_> = run.out.lines().collect();
    assert!(
        lines[0].starts_with("case number 2 (s-github-003): the field url"),
        "{lines:?}"
    );
    assert_eq!(
        lines[1],
        "case number 3 (without an id): it is not an object"
    );
    assert!(lines[2].starts_with("s-github-002 ("), "{lines:?}");
    assert!(
        lines[3].starts_with("case number 5 (s-twilio-001): the field url"),
        "{lines:?}"
    );
    assert_eq!(lines[4..], ["2 passed, 1 failed, 3 unreadable"]);
    assert_eq!(run.code, Some(2), "{}", run.err);
}
