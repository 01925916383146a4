//! `webhooks pair`: opens a source for the secret that its provider brings, and stores it.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::{Map, Value, json};
use webhooks::gateway::DEFAULT_SOURCE;
use webhooks::provider::handshake::Guard;
use webhooks::secret::Secret;
use webhooks::timestamp::Timestamp;

use crate::failure::Failure;
use crate::place::Place;
use crate::send::find_provider;
use crate::stack::Stack;
use crate::terminal::say;

/// Options of `webhooks pair`.
#[derive(Args, Clone, Debug)]
pub struct PairArgs {
    /// The provider, and the source after a slash where it is not the default one
    name: String,
    /// The time for which the source is open, in minutes
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=60))]
    minutes: u32,
    #[command(flatten)]
    place: Place,
}

/// The pause between two looks at the ledger.
const PAUSE: Duration = Duration::from_secs(1);

/// The time in which a second secret would come: a stranger's, or the provider's after a stranger's.
const SETTLING: Duration = Duration::from_secs(3);

/// Runs the command.
///
/// # Errors
/// [`Failure`] when the provider brings no secret of its own, the stack does not answer, or the time is
/// over.
pub async fn run(args: &PairArgs) -> Result<ExitCode, Failure> {
    let (provider, source) = args
        .name
        .split_once('/')
        .unwrap_or((&args.name, DEFAULT_SOURCE));
    let handshakes = find_provider(provider)?.handshakes();
    if !handshakes
        .iter()
        .any(|handshake| matches!(handshake.guard, Guard::Pairing(_)))
    {
        return Err(Failure::usage(format!(
            "{provider} brings no secret: store its own with aws ssm put-parameter"
        )));
    }
    let stack = args.place.stack().await?;
    let time = Duration::from_secs(u64::from(args.minutes) * 60);
    say(format!(
        "{provider}/{source} is open for {} min: register its URL at the provider now",
        args.minutes
    ));
    let secret = pair(&stack, provider, source, time).await?;
    say(format!(
        "paired; its secret of {} characters is stored",
        secret.bytes().len()
    ));
    Ok(ExitCode::SUCCESS)
}

/// Opens a source, waits for the secret, stores it before the source's others, and closes the source again
/// whatever comes. What was brought stays in the ledger for a day, so that nothing else is taken meanwhile.
///
/// # Errors
/// As [`run`].
pub async fn pair(
    stack: &Stack,
    provider: &str,
    source: &str,
    time: Duration,
) -> Result<Secret, Failure> {
    let ledger = stack.ledger()?;
    let failure = |error| Failure::new("the ledger", error);
    let known = stack.secrets(provider, source).await?;
    // What an earlier run has not come to store was acknowledged all the same.
    let offered = ledger.offered(provider, source).await.map_err(failure)?;
    let pending = offered.filter(|offer| !offer.contested && !known.contains(&offer.secret));
    if let Some(offer) = pending {
        return store(stack, provider, source, offer.secret, &known).await;
    }
    ledger
        .forget_offer(provider, source)
        .await
        .map_err(failure)?;
    let before = stack.settings(provider, source).await?;
    let open = opened(before.as_deref(), Timestamp::now().after(time))?;
    stack.put_settings(provider, source, &open).await?;
    let waited = match wait(stack, provider, source, Instant::now() + time).await {
        Ok(secret) => store(stack, provider, source, secret, &known).await,
        Err(failure) => Err(failure),
    };
    let closed = before.unwrap_or_else(|| "{}".to_owned());
    stack.put_settings(provider, source, &closed).await?;
    waited
}

/// Stores a secret as the source's first.
async fn store(
    stack: &Stack,
    provider: &str,
    source: &str,
    secret: Secret,
    known: &[Secret],
) -> Result<Secret, Failure> {
    let lines = std::iter::once(&secret).chain(known);
    let lines: Vec<_> = lines
        .map(|secret| String::from_utf8_lossy(secret.bytes()))
        .collect();
    stack
        .put_secret(provider, source, &lines.join("\n"))
        .await?;
    Ok(secret)
}

/// Waits for the secret. A while after it came nobody may have brought another.
async fn wait(
    stack: &Stack,
    provider: &str,
    source: &str,
    end: Instant,
) -> Result<Secret, Failure> {
    let ledger = stack.ledger()?;
    let offered = || async {
        let offered = ledger.offered(provider, source).await;
        offered.map_err(|error| Failure::new("the ledger", error))
    };
    while offered().await?.is_none() {
        if Instant::now() >= end {
            return Err(Failure::of(format!(
                "{provider}/{source}: the time is over, and the provider has not brought its secret; \
                 was the URL the one that webhooks urls prints?"
            )));
        }
        tokio::time::sleep(PAUSE).await;
    }
    tokio::time::sleep(SETTLING).await;
    match offered().await? {
        Some(offer) if !offer.contested => Ok(offer.secret),
        _ => Err(Failure::of(format!(
            "{provider}/{source}: two secrets were brought, and one of them is a stranger's; nothing is \
             stored. Take a source with a name that nobody guesses, and register its URL anew"
        ))),
    }
}

/// The settings with the time until which the source is open.
fn opened(settings: Option<&str>, until: Timestamp) -> Result<String, Failure> {
    let fields = settings.map_or(Ok(Map::new()), serde_json::from_str::<Map<String, Value>>);
    let mut fields =
        fields.map_err(|_| Failure::of("the source's settings are not a JSON object"))?;
    fields.insert("pairing_until".to_owned(), json!(until.to_string()));
    Ok(Value::Object(fields).to_string())
}
