//! `webhooks send`: posts signed deliveries, as the provider would or as a forger would.

use std::fmt;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use futures::future::join_all;
use webhooks::delivery::{Delivery, Method};
use webhooks::gateway::DEFAULT_SOURCE;
use webhooks::provider::{Explained, catalog};
use webhooks::secret::Secret;
use webhooks::timestamp::Timestamp;

use crate::failure::Failure;
use crate::fixture::Fixture;
use crate::project::Project;
use crate::sample_message::queue_event;
use crate::secret_file::SecretFile;
use crate::stack::development_secret;
use crate::terminal::say;

/// Options of `webhooks send`.
#[derive(Args, Clone, Debug)]
pub struct SendArgs {
    /// The provider's name
    provider: String,
    /// A file in events/ without its provider and ending (push), or any gateway event's path
    event: String,
    /// The base URL of the local stack
    #[arg(long, default_value = LOCAL)]
    base: String,
    /// The base URL that the local stack was started with (dev --public-url): providers sign under it
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// The whole URL to post to, instead of the local stack's
    #[arg(long)]
    url: Option<String>,
    /// The source in the local stack's URL
    #[arg(long, default_value = DEFAULT_SOURCE)]
    source: String,
    /// Where the secret is to sign with, instead of the development secret: - (standard input),
    /// file:PATH or env:NAME
    #[arg(long, value_name = "WHERE")]
    secret: Option<String>,
    /// Keep the event id of the file, so that it is a duplicate from the second time on
    #[arg(long)]
    same_id: bool,
    /// Send the same delivery twice, one after the other
    #[arg(long)]
    duplicate: bool,
    /// Send so many copies at once
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1000))]
    copies: u16,
    /// Change the body after signing
    #[arg(long)]
    tamper: bool,
    /// Sign with a timestamp that is so many seconds old
    #[arg(long, default_value_t = 0)]
    stale: i64,
    /// The answer that every copy has to get: a status (401) or an outcome (duplicate), more joined by
    /// commas; left out: a 2xx, or a refusal of what is not signed well
    #[arg(long, value_name = "ANSWERS", value_delimiter = ',')]
    expect: Vec<String>,
    /// The most seconds to wait for an answer: the first one waits until the function is built
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    time_limit: u64,
    /// Print the signed gateway event instead of sending it, for cargo lambda invoke and for verify
    #[arg(long)]
    print: bool,
    /// Print the queue's event with the message that would come of it, for cargo lambda invoke processor
    #[arg(long, conflicts_with = "print")]
    print_message: bool,
}

/// The time that the first request to a function may take under `cargo lambda watch`, which builds it first.
pub const FIRST_ANSWER: Duration = Duration::from_secs(120);

/// Where the local stack is unless it is told otherwise.
pub const LOCAL: &str = "http://127.0.0.1:9000";

/// The answer of a receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The HTTP status.
    pub status: u16,
    /// The header `Webhook-Outcome`.
    pub outcome: String,
    /// The body.
    pub body: String,
}

/// Runs the command.
///
/// # Errors
/// [`Failure`] when the event is unknown or nothing answers.
pub async fn run(args: &SendArgs) -> Result<ExitCode, Failure> {
    let provider = find_provider(&args.provider)?;
    let secret = match &args.secret {
        Some(place) => SecretFile::parse(place)?.read()?,
        None => development_secret(provider.profile().name),
    };
    let secret = Secret::new(secret).map_err(|error| Failure::usage(error.to_string()))?;
    let place = |base: &str| local_url(base, provider.profile().name, &args.source);
    let url = args.url.clone().unwrap_or_else(|| place(&args.base));
    let signed_url = args.public_url.as_deref().map(place);
    let now = Timestamp::now();
    let signed_at = Timestamp::from_seconds(now.seconds().saturating_sub(args.stale));

    let mut fixture = Fixture::read(&Project::here()?, provider.profile().name, &args.event)?;
    // A printed event stays at the domain that it names; a sent one is signed for where it goes.
    if args.source != DEFAULT_SOURCE {
        fixture.route(&local_url("", provider.profile().name, &args.source))?;
    }
    if !args.print || args.url.is_some() || signed_url.is_some() {
        fixture.address(signed_url.as_ref().unwrap_or(&url));
    }
    if args.same_id {
        fixture.sign(provider, &secret, signed_at)?
    } else {
        fixture.renew(provider, &secret, signed_at)?
    };
    if args.print_message {
        let event = queue_event(&fixture, provider, &args.source, &secret, signed_at)?;
        println!("{event}");
        return Ok(ExitCode::SUCCESS);
    }
    if args.tamper {
        tamper(&mut fixture.delivery);
    }
    if args.print {
        fixture.forget_arrival();
        println!("{}", fixture.gateway_event());
        return Ok(ExitCode::SUCCESS);
    }
    let expected = Expected {
        named: &args.expect,
        refusal: (!fixture.is_signed_well(provider, &secret, now))
            .then_some(provider.profile().refusal),
    };
    fixture.address(&url);
    let time_limit = Duration::from_secs(args.time_limit);
    let mut others = 0;
    for _ in 0..if args.duplicate { 2 } else { 1 } {
        for answered in post_copies(&fixture.delivery, args.copies, time_limit).await? {
            say(format!(
                "{} {} {}",
                answered.status,
                answered.outcome,
                answered.body.trim()
            ));
            others += u32::from(!expected.has(&answered));
        }
    }
    match others {
        0 => Ok(ExitCode::SUCCESS),
        others => Err(Failure::of(format!(
            "expected {expected}, and {others} of the answers are others; make dev, or the function's log, says why"
        ))),
    }
}

/// The answers that are as they should be.
struct Expected<'a> {
    /// Statuses and outcomes that were asked for.
    named: &'a [String],
    /// The status of a refusal, where the delivery is not signed well.
    refusal: Option<u16>,
}

impl Expected<'_> {
    fn has(&self, answered: &Answered) -> bool {
        if self.named.is_empty() {
            return match self.refusal {
                Some(status) => answered.status == status,
                None => (200..300).contains(&answered.status),
            };
        }
        let status = answered.status.to_string();
        let mut named = self.named.iter();
        named.any(|name| *name == status || *name == answered.outcome)
    }
}

impl fmt::Display for Expected<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.named, self.refusal) {
            ([], None) => f.write_str("a 2xx"),
            ([], Some(status)) => write!(f, "{status}"),
            (named, _) => f.write_str(&named.join(" or ")),
        }
    }
}

/// The provider of that name.
///
/// # Errors
/// [`Failure`] with the names there are.
pub fn find_provider(name: &str) -> Result<&'static dyn Explained, Failure> {
    catalog::by_name(name).ok_or_else(|| {
        let names = catalog::names().join(", ");
        Failure::usage(format!("no provider {name}; there are {names}"))
    })
}

/// A source's URL in the local stack.
pub fn local_url(base: &str, provider: &str, source: &str) -> String {
    match source {
        DEFAULT_SOURCE => format!("{base}/webhooks/{provider}"),
        source => format!("{base}/webhooks/{provider}/{source}"),
    }
}

/// Changes a delivery after it was signed: one bit of the body, or the query of a GET.
pub fn tamper(delivery: &mut Delivery) {
    match delivery.body.last_mut() {
        Some(byte) => *byte ^= 1,
        None => {
            delivery.query.push('0');
            for url in &mut delivery.urls {
                url.push('0');
            }
        }
    }
}

/// Posts a delivery, several copies at the same moment, and waits for each answer for so long.
///
/// # Errors
/// [`Failure`] when a copy gets no answer.
pub async fn post_copies(
    delivery: &Delivery,
    copies: u16,
    time_limit: Duration,
) -> Result<Vec<Answered>, Failure> {
    let client = reqwest::Client::builder()
        .timeout(time_limit)
        .build()
        .map_err(|error| Failure::new("the client", error))?;
    let answers = join_all((0..copies).map(|_| post(&client, delivery))).await;
    answers.into_iter().collect()
}

async fn post(client: &reqwest::Client, delivery: &Delivery) -> Result<Answered, Failure> {
    let url = delivery
        .urls
        .first()
        .map(String::as_str)
        .unwrap_or_default();
    let request = match delivery.method {
        Method::Get => client.get(url),
        Method::Head => client.head(url),
        Method::Post | Method::Other => client.post(url).body(delivery.body.clone()),
    };
    let request = delivery
        .headers
        .iter()
        .fold(request, |request, (name, value)| {
            request.header(name, value)
        });
    let answer = request
        .send()
        .await
        .map_err(|error| unanswered(url, error))?;
    let status = answer.status().as_u16();
    let outcome = answer
        .headers()
        .get("webhook-outcome")
        .and_then(|value| value.to_str().ok());
    let outcome = outcome.unwrap_or("(no outcome)").to_owned();
    let body = answer
        .text()
        .await
        .map_err(|error| unanswered(url, error))?;
    Ok(Answered {
        status,
        outcome,
        body,
    })
}

/// The reason why there is no answer, and the next step.
fn unanswered(url: &str, error: reqwest::Error) -> Failure {
    let error = error.without_url();
    if error.is_timeout() {
        return Failure::of(format!(
            "{url}: no answer in time; the function is still being built, or it hangs: make dev shows what it \
             does, and --time-limit waits longer"
        ));
    }
    if error.is_connect() {
        let failure = Failure::new(url, error);
        return Failure::of(format!("{failure}; start the local stack: make dev"));
    }
    Failure::new(url, error)
}
