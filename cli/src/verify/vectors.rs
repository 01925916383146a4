//! A whole file of captured requests, each with what to expect.

use serde_json::{Map, Value};
use webhooks::provider::catalog;
use webhooks::timestamp::Timestamp;

use super::{Answer, judge, parse};
use crate::captured_request::{BadField, CapturedRequest, Vector};

/// Runs every case of a vector file.
///
/// # Errors
/// A message that says what is wrong with the JSON; a case that is not in order is named in the answer.
pub fn check_vectors(json: &[u8], clock: Timestamp) -> Result<Answer, String> {
    let cases = match parse(json)? {
        Value::Array(cases) => cases,
        Value::Object(_) => {
            return Err("one request and not a list; use PROVIDER --request".to_owned());
        }
        _ => return Err("not a JSON list".to_owned()),
    };
    let mut text = String::new();
    let mut tally = Tally::default();
    for (index, case) in cases.iter().enumerate() {
        text.extend(tally.take(index + 1, case, clock));
    }
    text.push_str(&tally.closing());
    Ok(Answer {
        text,
        good: tally.failed == 0,
        unreadable: tally.unreadable > 0,
    })
}

/// Counts of the cases of a file, by how they went.
#[derive(Debug, Default)]
struct Tally {
    passed: usize,
    failed: usize,
    skipped: usize,
    ambiguous: usize,
    unreadable: usize,
}

impl Tally {
    /// Counts a case, also one that is not in order; the line to print where it is not as expected.
    fn take(&mut self, number: usize, case: &Value, clock: Timestamp) -> Option<String> {
        let line = match case.as_object() {
            Some(fields) => self.count(fields, clock).map_err(|bad| bad.to_string()),
            None => Err("it is not an object".to_owned()),
        };
        line.unwrap_or_else(|problem| {
            self.unreadable += 1;
            let id = case.get("id").and_then(Value::as_str);
            let id = id.unwrap_or("without an id");
            Some(format!("case number {number} ({id}): {problem}\n"))
        })
    }

    /// Counts a case; the line to print where it is not as expected.
    fn count(
        &mut self,
        fields: &Map<String, Value>,
        clock: Timestamp,
    ) -> Result<Option<String>, BadField> {
        let vector = Vector::read(fields)?;
        let Some(provider) = catalog::by_name(vector.provider) else {
            self.skipped += 1;
            return Ok(None);
        };
        let mut captured = CapturedRequest::read(fields)?;
        captured.take_shown_secret(provider);
        let found = judge(provider, &captured, clock);
        if found.is_ok() == vector.valid {
            self.passed += 1;
            return Ok(None);
        }
        let found = match found {
            Ok(_) => "expected invalid, found valid".to_owned(),
            Err(finding) => format!("expected valid, found invalid: {}", finding.why),
        };
        let Vector { id, name, .. } = vector;
        if vector.ambiguous {
            self.ambiguous += 1;
            return Ok(Some(format!(
                "{id} ({name}): ambiguous, not a failure: {found}\n"
            )));
        }
        self.failed += 1;
        Ok(Some(format!("{id} ({name}): {found}\n")))
    }

    fn closing(&self) -> String {
        let mut text = format!("{} passed, {} failed", self.passed, self.failed);
        for (count, word) in [
            (self.skipped, "skipped"),
            (self.ambiguous, "ambiguous"),
            (self.unreadable, "unreadable"),
        ] {
            if count > 0 {
                text.push_str(&format!(", {count} {word}"));
            }
        }
        text + "\n"
    }
}
