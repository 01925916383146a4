//! The functions' main loops: read the settings, open the connections, answer invocations.
//!
//! A function whose settings are missing answers each invocation with their names. A process that has ended
//! could tell nobody: under `cargo lambda watch` whoever invokes it waits for ever.

use std::future::ready;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use aws_config::SdkConfig;
use aws_lambda_events::sqs::SqsEvent;
use futures::future::join;
use lambda_http::Error;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::value::RawValue;
use tracing::{Instrument, error, info_span, warn};

use crate::address_lists::AddressLists;
use crate::bucket::Bucket;
use crate::gateway::{Request, response};
use crate::ledger::Ledger;
use crate::process::{KnownPauses, Processor};
use crate::provider::Provider;
use crate::provider_hosts::ProviderHosts;
use crate::published_keys::PublishedKeys;
use crate::queue::Queue;
use crate::rate::Rates;
use crate::receive::Receiver;
use crate::recent_digests::RecentDigests;
use crate::reconcile::Reconciler;
use crate::reconcile::credential_store::CredentialStore;
use crate::reconcile::round::{Round, Rounds};
use crate::relay::{Invocation, Relay, Relayed};
use crate::router::Router;
use crate::secret_store::SecretStore;
use crate::settings::{
    self, BadSettings, Lookup, ProcessorSettings, ReceiverSettings, ReconcilerSettings,
    RelaySettings,
};
use crate::timestamp::Timestamp;
use crate::{aws, faults, limits, log};

/// Runs the receiver of the provider that the environment names, or of several.
///
/// # Errors
/// When Lambda's runtime API goes away.
pub async fn receive() -> Result<(), Error> {
    start(env!("CARGO_CRATE_NAME"));
    let (providers, settings) = match settings::receiver(&environment) {
        Ok(settings) => settings,
        Err(bad) => return refuse(bad).await,
    };
    let config = aws::config().await;
    let receivers: Vec<_> = providers
        .into_iter()
        .map(|provider| receiver(provider, &settings, &config))
        .collect();
    let first = receivers.first().expect("one provider at least is named");
    // Whoever serves several, as the local stack does, reads a provider's secrets at its first delivery.
    let secrets = async {
        if receivers.len() == 1 {
            read_secrets(first).await;
        }
    };
    join(secrets, warm(&first.ledger, &first.queue)).await;
    let handle = |invocation| answer(&receivers, invocation);
    lambda_runtime::run(service_fn(handle)).await
}

fn receiver(
    provider: &'static dyn Provider,
    settings: &ReceiverSettings,
    config: &SdkConfig,
) -> Receiver {
    let hosts = ProviderHosts::new(settings.provider_hosts_url.clone());
    let secrets_path = format!("{}/{}", settings.secrets_path, provider.profile().name);
    Receiver {
        provider,
        settings: settings.clone(),
        secrets: SecretStore::new(config, secrets_path, provider.profile()),
        keys: PublishedKeys::new(hosts.clone()),
        addresses: AddressLists::new(hosts.clone()),
        hosts,
        rates: Rates::default(),
        digests: RecentDigests::default(),
        ledger: Ledger::new(aws_sdk_dynamodb::Client::new(config), &settings.table),
        bucket: Bucket::new(config, &settings.bucket),
        queue: Queue::new(aws_sdk_sqs::Client::new(config), &settings.queue_url),
    }
}

async fn read_secrets(receiver: &Receiver) {
    receiver.secrets.start(Timestamp::now()).await;
    for list in receiver.secrets.address_lists() {
        receiver.addresses.networks(list, Timestamp::now()).await;
    }
}

async fn answer(
    receivers: &[Receiver],
    invocation: LambdaEvent<Box<RawValue>>,
) -> Result<ApiGatewayV2httpResponse, Error> {
    let started = Instant::now();
    let now = Timestamp::now();
    let (event, context) = invocation.into_parts();
    let request: Request = read(&event)?;
    // Megabytes, now that the request has its own copy of the body.
    drop(event);
    let request_id = request.id().unwrap_or(&context.request_id).to_owned();
    let receiver = addressed(receivers, &request);
    let name = receiver.provider.profile().name;
    let span = info_span!("delivery", provider = name, request.id = %request_id);
    let receipt = receiver.receive(request, context.xray_trace_id.as_deref(), now);
    let receipt = receipt.instrument(span).await;
    for report in receipt.reports(name, Some(&request_id), started.elapsed().as_millis()) {
        report.emit(&receiver.settings.stack, Some(name), now);
    }
    let profile = receiver.provider.profile();
    Ok(response(&receipt.answer, profile, receipt.kind()))
}

/// The receiver whose provider the path names; the first for any other path, to refuse it.
fn addressed<'a>(receivers: &'a [Receiver], request: &Request) -> &'a Receiver {
    let named = |receiver: &&Receiver| request.source(receiver.provider.profile().name).is_some();
    let first = &receivers[0];
    receivers.iter().find(named).unwrap_or(first)
}

/// Runs the processor. `binary` is the crate with the handlers, `env!("CARGO_CRATE_NAME")`: the log
/// level holds for its lines too. `state` makes what the handlers share, from an SDK
/// configuration with the time limits of handlers, and the environment.
///
/// # Errors
/// When Lambda's runtime API goes away.
pub async fn process<S: Send + Sync + 'static>(
    binary: &'static str,
    router: Router<S>,
    state: impl FnOnce(&SdkConfig, Lookup<'_>) -> Result<S, BadSettings>,
) -> Result<(), Error> {
    start(binary);
    let config = aws::config().await;
    let state = state(&aws::for_handlers(&config), &environment);
    let (settings, state) = match BadSettings::both(ProcessorSettings::read(&environment), state) {
        Ok((settings, state)) => (settings, Arc::new(state)),
        Err(bad) => return refuse(bad).await,
    };
    let ledger = Ledger::new(aws_sdk_dynamodb::Client::new(&config), &settings.table);
    let queue = Queue::new(aws_sdk_sqs::Client::new(&config), &settings.queue_url);
    let bucket = Bucket::new(&config, &settings.bucket);
    let processor = Arc::new(Processor {
        settings,
        ledger,
        bucket,
        queue,
        pauses: KnownPauses::default(),
        router,
        state,
    });
    let handle = |invocation: LambdaEvent<Box<RawValue>>| {
        let processor = Arc::clone(&processor);
        async move {
            let batch: SqsEvent = read(&invocation.payload)?;
            Box::pin(processor.process(batch)).await.map_err(|failure| {
                error!(error = %failure, "the batch fails as a whole");
                Error::from(failure)
            })
        }
    };
    lambda_runtime::run(service_fn(handle)).await
}

/// Runs the relay.
///
/// # Errors
/// When Lambda's runtime API goes away.
pub async fn relay() -> Result<(), Error> {
    start(env!("CARGO_CRATE_NAME"));
    let settings = match RelaySettings::read(&environment) {
        Ok(settings) => settings,
        Err(bad) => return refuse(bad).await,
    };
    let config = aws::config().await;
    let ledger = Ledger::new(aws_sdk_dynamodb::Client::new(&config), &settings.table);
    let queue = Queue::new(aws_sdk_sqs::Client::new(&config), &settings.queue_url);
    let relay = Relay {
        settings,
        ledger,
        queue,
    };
    let handle = |invocation: LambdaEvent<Box<RawValue>>| call(&relay, invocation);
    lambda_runtime::run(service_fn(handle)).await
}

/// Runs the reconciler.
///
/// # Errors
/// When Lambda's runtime API goes away.
pub async fn reconcile() -> Result<(), Error> {
    start(env!("CARGO_CRATE_NAME"));
    let settings = match ReconcilerSettings::read(&environment) {
        Ok(settings) => settings,
        Err(bad) => return refuse(bad).await,
    };
    let config = aws::config().await;
    let rounds = Rounds {
        reconciler: Reconciler {
            ledger: Ledger::new(aws_sdk_dynamodb::Client::new(&config), &settings.table),
            bucket: Bucket::new(&config, &settings.bucket),
            queue: Queue::new(aws_sdk_sqs::Client::new(&config), &settings.queue_url),
            retention: settings.retention,
        },
        credentials: CredentialStore::new(&config, settings.credentials_path),
        hosts: ProviderHosts::new(settings.provider_hosts_url),
        stack: settings.stack,
    };
    let handle = |invocation| go_round(&rounds, invocation);
    lambda_runtime::run(service_fn(handle)).await
}

/// Sources are not compared with what their providers say they sent; the log says which, and why.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("{0} sources are not compared")]
struct Behind(u64);

async fn go_round(rounds: &Rounds, invocation: LambdaEvent<Box<RawValue>>) -> Result<Round, Error> {
    let left = time_to_reconcile(invocation.context.deadline(), SystemTime::now());
    let round = rounds.go(Instant::now() + left).await?;
    match round.behind {
        0 => Ok(round),
        behind => Err(Behind(behind).into()),
    }
}

/// The time until the reconciler has to write down where it stopped. `cargo lambda watch` gives a deadline of the
/// year 1970, which has no meaning.
fn time_to_reconcile(deadline: SystemTime, now: SystemTime) -> Duration {
    let left = deadline.duration_since(now);
    let left = left.unwrap_or(limits::RECONCILER_TIMEOUT);
    left.saturating_sub(limits::RECONCILE_END)
}

/// The relay's work is not done; the log says what of it.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("{0} events or pages could not be read, moved on or sent")]
struct Unfinished(u32);

async fn call(
    relay: &Relay,
    invocation: LambdaEvent<Box<RawValue>>,
) -> Result<Option<Relayed>, Error> {
    let now = Timestamp::now();
    let invocation: Invocation = read(&invocation.payload)?;
    let Some(receipts) = invocation.receipts() else {
        let relayed = relay.run(now).await;
        return match relayed.failed {
            0 => Ok(Some(relayed)),
            failed => Err(Unfinished(failed).into()),
        };
    };
    match relay.look(receipts, now).await {
        Ok(_) => Ok(None),
        Err(failure) => {
            error!(error = %failure, "what was recorded is looked at again");
            Err(failure.into())
        }
    }
}

/// The log first, so that whatever goes wrong from here on is in it. A panic is logged by its
/// place alone: its message can hold a value from an event.
fn start(binary: &'static str) {
    log::start(binary, &environment);
    faults::arm();
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        error!(place, "a panic");
    }));
}

/// Answers each invocation with what is missing: the log has it as well.
async fn refuse(bad: BadSettings) -> Result<(), Error> {
    error!(error = %bad, "the settings are not complete");
    let diagnostic = Diagnostic {
        error_type: "BadSettings".to_owned(),
        error_message: bad.to_string(),
    };
    let handle = |_: LambdaEvent<IgnoredAny>| ready(Err::<(), _>(diagnostic.clone()));
    lambda_runtime::run(service_fn(handle)).await
}

/// The invocation is not of the form that API Gateway or SQS gives it.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the invocation is not an event for this function")]
struct NotAnEvent;

/// Reads an invocation. The runtime could, but logs what it cannot read with the values in it.
fn read<E: DeserializeOwned>(event: &RawValue) -> Result<E, NotAnEvent> {
    serde_json::from_str(event.get()).map_err(|failure| {
        error!(
            line = failure.line(),
            column = failure.column(),
            "{NotAnEvent}"
        );
        NotAnEvent
    })
}

async fn warm(ledger: &Ledger, queue: &Queue) {
    let opened = tokio::time::timeout(limits::WARM, join(ledger.warm(), queue.warm())).await;
    let Ok((ledger, queue)) = opened else {
        warn!("the connections to DynamoDB and SQS are not open yet");
        return;
    };
    if let Err(failure) = ledger {
        warn!(error = %failure, "the connection to DynamoDB is not open yet");
    }
    if let Err(failure) = queue {
        warn!(error = %failure, "the connection to SQS is not open yet");
    }
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_of_the_past_leaves_the_reconciler_its_time() {
        let now = SystemTime::now();
        let end = limits::RECONCILE_END;
        let minute = Duration::from_secs(60);
        assert_eq!(time_to_reconcile(now + minute, now), minute - end);
        assert_eq!(time_to_reconcile(now + end / 2, now), Duration::ZERO);
        let past = SystemTime::UNIX_EPOCH + Duration::from_secs(600);
        let whole = limits::RECONCILER_TIMEOUT - end;
        assert_eq!(time_to_reconcile(past, now), whole);
    }
}
