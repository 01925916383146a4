//! `webhooks verify`: is this request's signature valid, and if it is not, why?

use std::io::{Read, Write};
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use serde_json::{Map, Value};
use webhooks::delivery::Method;
use webhooks::provider::handshake::{Guard, Handshake, Terms};
use webhooks::provider::{Explained, catalog, unsigned_handshake};
use webhooks::secret::Secret;
use webhooks::timestamp::Timestamp;
use webhooks::verify::verify;

use crate::captured_request::{BadField, CapturedRequest, Vector};
use crate::diagnosis::{Finding, diagnose};
use crate::failure::Failure;
use crate::terminal::printable;

/// Check a captured request, or a whole file of test cases
#[derive(Debug, clap::Args)]
pub struct VerifyArgs {
    /// Whose request it is
    #[arg(
        value_name = "PROVIDER",
        value_parser = PossibleValuesParser::new(catalog::all().map(|provider| provider.profile().name)),
        requires = "request",
        required_unless_present = "vectors"
    )]
    provider: Option<String>,
    /// The request as JSON: method, url, headers, body or body_base64, secrets, now, config;
    /// - reads standard input
    #[arg(
        long,
        value_name = "FILE",
        requires = "provider",
        required_unless_present = "vectors",
        conflicts_with = "vectors"
    )]
    request: Option<String>,
    /// A JSON list of such requests, each with what to expect; - reads standard input
    #[arg(long, value_name = "FILE")]
    vectors: Option<String>,
}

/// The result of a check: its text, and whether all was as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// For standard output; ends in a newline.
    pub text: String,
    /// The signature is valid, or no case failed.
    pub good: bool,
}

/// Prints the answer: exit code 0 where it is good, 1 where it is not.
///
/// # Errors
/// [`Failure`] of the usage kind (exit code 2) when the file cannot be read or is not in order.
pub async fn run(args: &VerifyArgs) -> Result<ExitCode, Failure> {
    let file = args.request.as_ref().or(args.vectors.as_ref());
    let file =
        file.ok_or_else(|| Failure::usage("give a file: --request FILE or --vectors FILE"))?;
    let name = if file == "-" { "standard input" } else { file };
    let json = read(file).map_err(|error| Failure::usage(format!("{name}: {error}")))?;
    let now = Timestamp::now();
    let answer = match args.provider.as_deref().and_then(catalog::by_name) {
        Some(provider) => check_with_key(provider, &json, now).await,
        None => check_vectors(&json, now),
    };
    let answer = answer.map_err(|problem| Failure::usage(format!("{name}: {problem}")))?;
    std::io::stdout()
        .write_all(printable(&answer.text).as_bytes())
        .map_err(|error| Failure::new("standard output", error))?;
    Ok(ExitCode::from(if answer.good { 0 } else { 1 }))
}

/// Checks one captured request; `clock` counts where the file has no `now`.
///
/// # Errors
/// A message that says what is wrong with the JSON.
pub fn check_request(
    provider: &dyn Explained,
    json: &[u8],
    clock: Timestamp,
) -> Result<Answer, String> {
    let mut captured = read_request(json)?;
    captured.take_shown_secret(provider);
    Ok(check(provider, &captured, clock))
}

/// The same, with the key that the provider publishes.
async fn check_with_key(
    provider: &dyn Explained,
    json: &[u8],
    clock: Timestamp,
) -> Result<Answer, String> {
    let mut captured = read_request(json)?;
    let is_shown = captured.take_shown_secret(provider);
    captured.read_key(provider, clock).await?;
    let mut answer = check(provider, &captured, clock);
    if is_shown && answer.good {
        answer.text.push_str(UNCHECKED);
    }
    Ok(answer)
}

/// The signature alone says that a request is the provider's, and not for whom.
const UNCHECKED: &str =
    "note: for whom it is was not checked; put what the source has under secrets\n";

/// Reads a captured request.
pub(crate) fn read_request(json: &[u8]) -> Result<CapturedRequest, String> {
    let fields = match parse(json)? {
        Value::Object(fields) => fields,
        Value::Array(_) => return Err("a list and not one request; use --vectors".to_owned()),
        _ => return Err("not a JSON object".to_owned()),
    };
    CapturedRequest::read(&fields).map_err(|bad| bad.to_string())
}

fn check(provider: &dyn Explained, captured: &CapturedRequest, clock: Timestamp) -> Answer {
    let (verdict, good) = match judge(provider, captured, clock) {
        Ok(secret) => (
            format!("valid{}\n", which(secret, captured.secrets.len())),
            true,
        ),
        Err(finding) => (
            format!("invalid: {}\n{}\n", finding.why, finding.step),
            false,
        ),
    };
    let text = verdict + &method_note(provider, captured.delivery.method);
    Answer { text, good }
}

/// Runs every case of a vector file.
///
/// # Errors
/// A message that says what is wrong with the JSON, naming the case.
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
        let fields = case
            .as_object()
            .ok_or_else(|| format!("case number {} is not an object", index + 1))?;
        let line = tally.count(fields, clock).map_err(|bad| {
            let id = fields
                .get("id")
                .and_then(Value::as_str)
                .unwrap_or("without an id");
            format!("case number {} ({id}): {bad}", index + 1)
        })?;
        text.extend(line);
    }
    text.push_str(&tally.closing());
    Ok(Answer {
        text,
        good: tally.failed == 0,
    })
}

/// Counts of the cases of a file, by how they went.
#[derive(Debug, Default)]
struct Tally {
    passed: usize,
    failed: usize,
    skipped: usize,
    ambiguous: usize,
}

impl Tally {
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
        for (count, word) in [(self.skipped, "skipped"), (self.ambiguous, "ambiguous")] {
            if count > 0 {
                text.push_str(&format!(", {count} {word}"));
            }
        }
        text + "\n"
    }
}

/// The index of the secret that signed the request, or why none did.
fn judge(
    provider: &dyn Explained,
    captured: &CapturedRequest,
    clock: Timestamp,
) -> Result<usize, Finding> {
    let now = captured.now.unwrap_or(clock);
    if let Some(handshake) = unsigned_handshake(provider, &captured.delivery) {
        return greet(handshake, captured);
    }
    let keys = captured.keys(provider, &captured.delivery, &captured.secrets);
    match verify(provider, &captured.delivery, keys, now) {
        Ok(verified) => Ok(verified.secret().unwrap_or_default()),
        Err(rejection) => Err(diagnose(provider, captured, now, rejection)),
    }
}

/// Judges a request that asks whose the endpoint is.
fn greet(handshake: &Handshake, captured: &CapturedRequest) -> Result<usize, Finding> {
    let terms = Terms {
        verify_token: captured.verify_token.as_ref(),
        pairing: captured.pairing,
    };
    if !handshake.is_allowed(&captured.delivery, terms) {
        let step = match handshake.guard {
            Guard::Pairing(_) => {
                "It brings a secret by which everything else will be signed. Nobody has opened the source \
                 for it."
            }
            _ => {
                "Put the text that was entered at the provider into the source's setting verify_token."
            }
        };
        return Err(Finding::new(
            "it asks whose the endpoint is, and the source is not set up for that",
            step,
        ));
    }
    let key = captured.secrets.first().map(Secret::bytes);
    match handshake.reply(&captured.delivery, key.unwrap_or_default()) {
        Some(_) => Ok(0),
        None => Err(Finding::new(
            "it asks whose the endpoint is, with a value that is not sent back",
            "A value is sent back if it is short, and signed only if it can be no event.",
        )),
    }
}

/// Worth saying only where it is not the first secret.
fn which(secret: usize, secrets: usize) -> String {
    match secret {
        0 => String::new(),
        1 => format!(
            ": signed with secret 2 of {secrets}, the previous one; a rotation is under way"
        ),
        _ => format!(
            ": signed with secret {} of {secrets}, an earlier one; a rotation is under way",
            secret + 1
        ),
    }
}

/// The signature is one thing, the function's answer another.
fn method_note(provider: &dyn Explained, method: Method) -> String {
    if provider.profile().methods.contains(&method) {
        String::new()
    } else {
        format!(
            "note: {} sends no events by this method; the function answers 405\n",
            provider.profile().name
        )
    }
}

pub(crate) fn read(file: &str) -> std::io::Result<Vec<u8>> {
    if file != "-" {
        return std::fs::read(file);
    }
    let mut json = Vec::new();
    std::io::stdin().lock().read_to_end(&mut json)?;
    Ok(json)
}

/// Read as a `Value` first: its errors give a place and never a value, which may be a secret.
fn parse(json: &[u8]) -> Result<Value, String> {
    let json = json.strip_prefix("\u{feff}".as_bytes()).unwrap_or(json);
    serde_json::from_slice(json).map_err(|error| format!("not JSON: {error}"))
}
