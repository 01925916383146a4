//! `webhooks verify`: is this request's signature valid, and if it is not, why?

pub mod vectors;

use std::io::{Read, Write};
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use serde_json::{Map, Value, json};
use webhooks::delivery::Method;
use webhooks::provider::handshake::{Guard, Handshake, Terms};
use webhooks::provider::{Explained, catalog, unsigned_handshake};
use webhooks::secret::Secret;
use webhooks::timestamp::Timestamp;
use webhooks::verify::verify;

use crate::captured_request::CapturedRequest;
use crate::diagnosis::{Finding, diagnose};
use crate::failure::Failure;
use crate::gateway_event;
use crate::secret_file::SecretFile;
use crate::stack::development_secret;
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
    /// The request as JSON: a gateway event as it is, or method, url, headers, body or body_base64, secrets,
    /// now, config; - reads standard input
    #[arg(
        long,
        value_name = "FILE",
        requires = "provider",
        required_unless_present = "vectors",
        conflicts_with = "vectors"
    )]
    request: Option<String>,
    /// Where the source's secrets are, one a line, in place of those in the file: - (standard input),
    /// file:PATH or env:NAME; a gateway event without any is checked with the development secret
    #[arg(long, value_name = "WHERE", requires = "request")]
    secret: Option<String>,
    /// The base URL that the provider was given, where it is not the domain of the request
    #[arg(long, value_name = "URL", requires = "request")]
    public_url: Option<String>,
    /// A JSON list of such requests, each with what to expect; - reads standard input
    #[arg(long, value_name = "FILE")]
    vectors: Option<String>,
}

impl VerifyArgs {
    /// What the command line says beside the file.
    fn given(&self) -> Result<Given, Failure> {
        if self.secret.as_deref() == Some("-") && self.request.as_deref() == Some("-") {
            return Err(Failure::usage(
                "the request and the secret cannot both come from standard input",
            ));
        }
        let secrets = self
            .secret
            .as_deref()
            .map(|place| SecretFile::parse(place)?.read());
        Ok(Given {
            secrets: secrets.transpose()?,
            public_url: self.public_url.clone(),
        })
    }
}

/// Terms of a check that stand beside its file.
#[derive(Debug, Default)]
struct Given {
    /// The secrets, one a line.
    secrets: Option<String>,
    /// The base URL that the provider was given.
    public_url: Option<String>,
}

/// The result of a check: its text, and whether all was as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// For standard output; ends in a newline.
    pub text: String,
    /// The signature is valid, or no case failed.
    pub good: bool,
    /// A case is not in order.
    pub unreadable: bool,
}

impl Answer {
    fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self {
                unreadable: true, ..
            } => 2,
            Self { good: true, .. } => 0,
            _ => 1,
        })
    }
}

/// Prints the answer: exit code 0 where it is good, 1 where it is not, 2 where a case is not in order.
///
/// # Errors
/// [`Failure`] of the usage kind (exit code 2) when the file cannot be read or is not in order.
pub async fn run(args: &VerifyArgs) -> Result<ExitCode, Failure> {
    let file = args.request.as_ref().or(args.vectors.as_ref());
    let file =
        file.ok_or_else(|| Failure::usage("give a file: --request FILE or --vectors FILE"))?;
    let name = if file == "-" { "standard input" } else { file };
    let given = args.given()?;
    let json = read(file).map_err(|error| Failure::usage(format!("{name}: {error}")))?;
    let now = Timestamp::now();
    let answer = match args.provider.as_deref().and_then(catalog::by_name) {
        Some(provider) => check_with_key(provider, &json, &given, now).await,
        None => vectors::check_vectors(&json, now),
    };
    let answer = answer.map_err(|problem| Failure::usage(format!("{name}: {problem}")))?;
    std::io::stdout()
        .write_all(printable(&answer.text).as_bytes())
        .map_err(|error| Failure::new("standard output", error))?;
    Ok(answer.exit_code())
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

/// The same, with what stands beside the file, and with the key that the provider publishes.
async fn check_with_key(
    provider: &dyn Explained,
    json: &[u8],
    given: &Given,
    clock: Timestamp,
) -> Result<Answer, String> {
    let mut fields = parse_request(json)?;
    let has_secrets = given.secrets.is_some() || fields.contains_key("secrets");
    let is_development = gateway_event::is_one(&fields) && !has_secrets;
    if gateway_event::is_one(&fields) {
        fields = gateway_event::captured(fields)?;
    }
    let name = provider.profile().name;
    let development = is_development.then(|| development_secret(name));
    if let Some(secrets) = given.secrets.as_ref().or(development.as_ref()) {
        let lines: Vec<&str> = secrets
            .lines()
            .filter(|line| !line.trim().is_empty())
            .collect();
        fields.insert("secrets".to_owned(), json!(lines));
    }
    if let Some(base) = &given.public_url {
        configure_url(&mut fields, base)?;
    }
    let mut captured = CapturedRequest::read(&fields).map_err(|bad| bad.to_string())?;
    let is_shown = captured.take_shown_secret(provider);
    if is_development {
        captured.take_development_key(provider);
    }
    captured.read_key(provider, clock).await?;
    let mut answer = check(provider, &captured, clock);
    if is_shown && answer.good {
        answer.text.push_str(UNCHECKED);
    }
    if is_development {
        answer.text.push_str(DEVELOPMENT);
    }
    Ok(answer)
}

/// Puts the URL under another base in the place of the request's own.
fn configure_url(fields: &mut Map<String, Value>, base: &str) -> Result<(), String> {
    let url = fields
        .get("url")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let route = url.find("/webhooks/").map(|start| &url[start..]);
    let route = route.ok_or("--public-url: the request's url has no /webhooks/ in it")?;
    let configured = format!("{}{route}", base.trim_end_matches('/'));
    let config = fields.entry("config").or_insert_with(|| json!({}));
    if let Some(config) = config.as_object_mut() {
        config.insert("configured_url".to_owned(), json!(configured));
    }
    Ok(())
}

/// An event of the gateway names no secret.
const DEVELOPMENT: &str =
    "note: checked with the development secret; for another, --secret says where it is\n";

/// The signature alone says that a request is the provider's, and not for whom.
const UNCHECKED: &str =
    "note: for whom it is was not checked; put what the source has under secrets\n";

/// Reads a captured request.
pub(crate) fn read_request(json: &[u8]) -> Result<CapturedRequest, String> {
    CapturedRequest::read(&parse_request(json)?).map_err(|bad| bad.to_string())
}

fn parse_request(json: &[u8]) -> Result<Map<String, Value>, String> {
    match parse(json)? {
        Value::Object(fields) => Ok(fields),
        Value::Array(_) => Err("a list and not one request; use --vectors".to_owned()),
        _ => Err("not a JSON object".to_owned()),
    }
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
    Answer {
        text,
        good,
        unreadable: false,
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
