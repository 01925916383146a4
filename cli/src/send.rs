//! `webhooks send`: posts signed deliveries, as the provider would or as a forger would.

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
    #[arg(long, default_value = "http://127.0.0.1:9000")]
    base: String,
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
    /// Print the signed gateway event instead of sending it, for cargo lambda invoke
    #[arg(long)]
    print: bool,
}

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
    let url = args
        .url
        .clone()
        .unwrap_or_else(|| local_url(&args.base, provider.profile().name, &args.source));
    let signed_at = Timestamp::from_seconds(Timestamp::now().seconds().saturating_sub(args.stale));

    let mut fixture = Fixture::read(&Project::here()?, provider.profile().name, &args.event)?;
    // A printed event stays at the address that it names; a sent one is signed for where it goes.
    if !args.print || args.url.is_some() {
        fixture.address(&url);
    }
    if args.same_id {
        fixture.sign(provider, &secret, signed_at)?
    } else {
        fixture.renew(provider, &secret, signed_at)?
    };
    if args.tamper {
        tamper(&mut fixture.delivery);
    }
    if args.print {
        println!("{}", fixture.gateway_event());
        return Ok(ExitCode::SUCCESS);
    }
    for _ in 0..if args.duplicate { 2 } else { 1 } {
        for answered in post_copies(&fixture.delivery, args.copies).await? {
            say(format!(
                "{} {} {}",
                answered.status,
                answered.outcome,
                answered.body.trim()
            ));
        }
    }
    Ok(ExitCode::SUCCESS)
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

/// Posts a delivery, several copies at the same moment.
///
/// # Errors
/// [`Failure`] when a copy gets no answer.
pub async fn post_copies(delivery: &Delivery, copies: u16) -> Result<Vec<Answered>, Failure> {
    let client = reqwest::Client::new();
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
    // The first request to a function under `cargo lambda watch` waits until it is built.
    let answer = request.timeout(Duration::from_secs(120)).send().await;
    let answer = answer.map_err(|error| Failure::new(url, error))?;
    let status = answer.status().as_u16();
    let outcome = answer
        .headers()
        .get("webhook-outcome")
        .and_then(|value| value.to_str().ok());
    let outcome = outcome.unwrap_or("(no outcome)").to_owned();
    let body = answer
        .text()
        .await
        .map_err(|error| Failure::new(url, error))?;
    Ok(Answered {
        status,
        outcome,
        body,
    })
}
