//! `webhooks probe`: a signed synthetic event through gateway, queue and processor to its end, with its timings.
//!
//! The event goes to a source of its own, whose events no handler gets and whose secret is made by the first probe. So
//! a probe has no effect, whatever the handlers do.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;
use serde::Serialize;
use webhooks::event::{EventKey, PROBE_SOURCE};
use webhooks::ledger::{Entry, Item, Status, What};
use webhooks::provider::Explained;
use webhooks::secret::Secret;
use webhooks::timestamp::Timestamp;

use crate::failure::Failure;
use crate::fixture::Fixture;
use crate::place::Place;
use crate::project::Project;
use crate::send::{Answered, LOCAL, find_provider, local_url, post_copies};
use crate::stack::Stack;
use crate::terminal::{on_one_line, say, say_json};

/// The pause between two looks at the ledger.
const LOOK: Duration = Duration::from_millis(200);

/// The pause before another delivery, after one that was refused: a function that has just looked for secrets does not
/// know a new one yet.
const AGAIN: Duration = Duration::from_secs(3);

/// Options of `webhooks probe`.
#[derive(Args, Clone, Debug)]
pub struct ProbeArgs {
    /// The provider whose receiver is tried
    provider: String,
    /// The time in which the event has to be accepted and processed
    #[arg(long, default_value = "90s", value_parser = humantime::parse_duration)]
    within: Duration,
    /// The base URL to post to, instead of the stack's own
    #[arg(long, value_name = "URL")]
    base: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

/// The result of a probe. The fields stay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RoundTrip {
    /// The id of the event, as other commands take it.
    pub event: String,
    /// The HTTP status of the answer.
    pub answer: u16,
    /// The header `Webhook-Outcome` of the answer.
    pub outcome: String,
    /// The time from the request to the answer.
    pub answer_ms: u64,
    /// Where the event stands in the ledger; none if it is not there.
    pub status: Option<&'static str>,
    /// The time from receipt to the end, by the clocks of the functions.
    pub processed_ms: Option<u64>,
    /// True if it was accepted and processed in time.
    pub arrived: bool,
}

/// Runs the command. The exit code is 1 when the event was not processed in time.
///
/// # Errors
/// [`Failure`] when the stack is not there, nothing answers, or the provider's deliveries cannot be signed here.
pub async fn run(args: &ProbeArgs) -> Result<ExitCode, Failure> {
    let provider = find_provider(&args.provider)?;
    let name = provider.profile().name;
    let mut fixture = Fixture::first(&Project::here()?, provider)?;
    let stack = args.place.stack().await?;
    let base = args.base.as_deref();
    let url = match (base, args.place.is_deployed()) {
        (Some(base), _) => local_url(base, name, PROBE_SOURCE),
        (None, false) => local_url(LOCAL, name, PROBE_SOURCE),
        (None, true) => {
            let form = stack.output("WebhookUrl")?.replace("{provider}", name);
            format!("{form}/{PROBE_SOURCE}")
        }
    };
    fixture.address(&url);
    let secret = secret(&stack, provider).await?;
    let deadline = Instant::now() + args.within;
    let trip = travel(&stack, provider, &mut fixture, &secret, deadline).await?;
    let arrived = trip.arrived;
    if args.json {
        say_json(&trip)?;
    } else {
        print(&trip, args.within);
    }
    Ok(if arrived {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The secret of the source for probes, which is made where there is none.
async fn secret(stack: &Stack, provider: &dyn Explained) -> Result<Secret, Failure> {
    let name = provider.profile().name;
    if let Some(known) = stack.secrets(name, PROBE_SOURCE).await?.first() {
        return Ok(known.clone());
    }
    let random = hex::encode(&Secret::random().bytes()[..16]);
    let secret = provider.secret_of(&random);
    let text = String::from_utf8_lossy(secret.bytes()).into_owned();
    if stack.register(name, PROBE_SOURCE, &text).await? {
        return Ok(secret);
    }
    // Another first probe was faster.
    let known = stack.secrets(name, PROBE_SOURCE).await?;
    known.into_iter().next().ok_or_else(|| {
        Failure::of(format!(
            "the secret of {name}/{PROBE_SOURCE} is blank; remove it and run this again"
        ))
    })
}

async fn travel(
    stack: &Stack,
    provider: &dyn Explained,
    fixture: &mut Fixture,
    secret: &Secret,
    deadline: Instant,
) -> Result<RoundTrip, Failure> {
    loop {
        let id = fixture.renew(provider, secret, Timestamp::now())?;
        let key = EventKey {
            provider: provider.profile().name.to_owned(),
            source: PROBE_SOURCE.to_owned(),
            id,
        };
        let began = Instant::now();
        let left = deadline.saturating_duration_since(began).max(AGAIN);
        let answered = post_copies(&fixture.delivery, 1, left).await?;
        let answer_ms = millis(began.elapsed());
        let Some(answered) = answered.into_iter().next() else {
            return Err(Failure::of("no delivery was sent"));
        };
        let is_accepted = (200..300).contains(&answered.status);
        if is_accepted {
            let item = wait(stack, &key, deadline).await?;
            return Ok(round_trip(&key, &answered, answer_ms, item.as_ref()));
        }
        if Instant::now() + AGAIN >= deadline {
            return Ok(round_trip(&key, &answered, answer_ms, None));
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// Waits until the event has ended; gives it as it is at the deadline.
async fn wait(stack: &Stack, key: &EventKey, deadline: Instant) -> Result<Option<Item>, Failure> {
    let ledger = stack.ledger()?;
    loop {
        let found = ledger.find(key).await;
        let item = found.map_err(|error| Failure::new("the ledger", error))?;
        let has_ended = item.as_ref().is_some_and(|item| {
            matches!(
                item.state.status,
                Status::Done | Status::Ignored | Status::Failed
            )
        });
        if has_ended || Instant::now() >= deadline {
            return Ok(item);
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn round_trip(
    key: &EventKey,
    answered: &Answered,
    answer_ms: u64,
    item: Option<&Item>,
) -> RoundTrip {
    let status = item.map(|item| item.state.status);
    let arrived = status == Some(Status::Done);
    let processed = item.filter(|_| arrived).and_then(|item| {
        let timeline = item.timeline();
        let is_end = |entry: &&Entry| entry.what == What::Done;
        let done_at = timeline.iter().rev().find(is_end)?.at?;
        Some(item.receipt.event.received_at().age(done_at))
    });
    RoundTrip {
        event: key.to_string(),
        answer: answered.status,
        outcome: answered.outcome.clone(),
        answer_ms,
        status: status.map(Status::as_str),
        processed_ms: processed.map(millis),
        arrived,
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn print(trip: &RoundTrip, within: Duration) {
    let answer = format!(
        "answered   {} {} in {} ms",
        trip.answer, trip.outcome, trip.answer_ms
    );
    say(format!("event      {}", on_one_line(&trip.event)));
    say(on_one_line(&answer));
    match (trip.processed_ms, trip.status) {
        (Some(processed), _) => say(format!("processed  {processed} ms after receipt")),
        (None, status) => say(format!(
            "processed  not within {}: it is {}",
            humantime::format_duration(within),
            status.unwrap_or("not in the ledger")
        )),
    }
}
