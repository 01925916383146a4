//! `webhooks reconcile`: asks a provider what it has sent, and records what never arrived.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;
use webhooks::gateway::DEFAULT_SOURCE;
use webhooks::provider::catalog;
use webhooks::provider_hosts::ProviderHosts;
use webhooks::reconcile::archive::Archive;
use webhooks::reconcile::{
    self, Beyond, Endpoint, Finding, Found, Reconciler, Scope, Stopped, Walked,
};
use webhooks::timestamp::Timestamp;

use crate::failure::Failure;
use crate::moment::{Moment, parse_moment};
use crate::place::Place;
use crate::secret_file::SecretFile;
use crate::stack::Stack;
use crate::terminal::{say, warn};

/// Options of `webhooks reconcile`.
#[derive(Args, Clone, Debug)]
pub struct ReconcileArgs {
    /// The provider, and the source after a slash where it is not the default one
    name: String,
    /// Compare from then on: an age (90s, 36h, 3d) or a time (2026-01-31T00:00:00Z); left out: from where
    /// the last run came to
    #[arg(long, value_parser = parse_moment)]
    since: Option<Moment>,
    /// Say what is missing, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// First store the credential for the provider's API, a JSON object: - (standard input), file:PATH or
    /// env:NAME
    #[arg(long, value_name = "WHERE")]
    credential: Option<String>,
    /// Take note of the gaps, so that their alarm ends
    #[arg(long, conflicts_with = "dry_run")]
    accept_gaps: bool,
    /// Scheme and host in place of every provider's API
    #[arg(long, hide = true, env = "PROVIDER_HOSTS_URL")]
    provider_hosts_url: Option<String>,
    #[command(flatten)]
    place: Place,
}

/// The time after which a run stops and says where. The next one goes on.
const LONGEST: Duration = Duration::from_secs(3600);

/// Runs the command.
///
/// # Errors
/// [`Failure`] when the provider's API cannot be asked, the credential is of no use, or the stack does not
/// answer.
pub async fn run(args: &ReconcileArgs) -> Result<ExitCode, Failure> {
    let (provider, source) = args
        .name
        .split_once('/')
        .unwrap_or((&args.name, DEFAULT_SOURCE));
    let form = reconcile::form(provider).ok_or_else(|| no_archive(provider))?;
    let stack = args.place.stack().await?;
    if let Some(place) = &args.credential {
        let credential = SecretFile::parse(place)?.read()?;
        open(provider, &credential, args)?;
        stack.put_credential(provider, source, &credential).await?;
        say(format!("the credential of {provider}/{source} is stored"));
    }
    let credential = stack.credential(provider, source).await?.ok_or_else(|| {
        Failure::usage(format!(
            "{provider}/{source} has no credential for the provider's API; give it with --credential, as {form}"
        ))
    })?;
    let archive = open(provider, &credential, args)?;
    if args.accept_gaps {
        accept_gaps(&stack, provider, source).await?;
    }
    let endpoint = Endpoint {
        provider: catalog::by_name(provider).ok_or_else(|| no_archive(provider))?,
        source,
        archive: &*archive,
    };
    let since = args.since.map(|since| since.resolve(Timestamp::now()));
    if since.is_none() {
        has_begun(&stack, provider, source, archive.window()).await?;
    }
    let scope = Scope {
        since,
        dry_run: args.dry_run,
        until: Instant::now() + LONGEST,
    };
    let walked = reconciler(&stack)?.run(endpoint, scope).await;
    Ok(tell(&args.name, &walked))
}

fn no_archive(provider: &str) -> Failure {
    let known: Vec<_> = reconcile::providers().collect();
    Failure::usage(format!(
        "{provider} has no API that says what it sent, or none that is known here; these have: {}",
        known.join(", ")
    ))
}

fn open(
    provider: &str,
    credential: &str,
    args: &ReconcileArgs,
) -> Result<Box<dyn Archive>, Failure> {
    let hosts = ProviderHosts::new(args.provider_hosts_url.clone());
    let opened = reconcile::archive(provider, credential, hosts);
    let opened = opened.ok_or_else(|| no_archive(provider))?;
    opened.map_err(|problem| Failure::usage(problem.to_string()))
}

/// The reconciler of a stack, with the AWS credentials at hand.
///
/// # Errors
/// [`Failure`] when the stack does not name its table, bucket or queue.
pub fn reconciler(stack: &Stack) -> Result<Reconciler, Failure> {
    Ok(Reconciler {
        ledger: stack.ledger()?,
        bucket: stack.bucket()?,
        queue: stack.queue()?,
        retention: stack.retention(),
    })
}

/// Lets a source count as compared until then, so that the next run begins there.
///
/// # Errors
/// [`Failure`] when the ledger does not answer, or another run is at work.
pub async fn compare_from(
    stack: &Stack,
    provider: &str,
    source: &str,
    since: Timestamp,
) -> Result<(), Failure> {
    let ledger = stack.ledger()?;
    let failure = |error| Failure::new("the ledger", error);
    let mut mark = ledger.watermark(provider, source).await.map_err(failure)?;
    mark.reached = Some(since);
    let moved = ledger.move_watermark(provider, source, &mut mark).await;
    match moved.map_err(failure)? {
        true => Ok(()),
        false => Err(Failure::of(Stopped::Overtaken.to_string())),
    }
}

/// Refuses to guess from when on a source is to be compared that never was: what another receiver has
/// taken before would come once more.
async fn has_begun(
    stack: &Stack,
    provider: &str,
    source: &str,
    window: Duration,
) -> Result<(), Failure> {
    let mark = stack.ledger()?.watermark(provider, source).await;
    let mark = mark.map_err(|error| Failure::new("the ledger", error))?;
    if mark.reached.is_some() || mark.walk.is_some() {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "{provider}/{source} was never compared: say from when on with --since ({} at most), and look with \
         --dry-run first: what another receiver has taken before would come once more",
        humantime::format_duration(window)
    )))
}

async fn accept_gaps(stack: &Stack, provider: &str, source: &str) -> Result<(), Failure> {
    let ledger = stack.ledger()?;
    let failure = |error| Failure::new("the ledger", error);
    let mut mark = ledger.watermark(provider, source).await.map_err(failure)?;
    for gap in std::mem::take(&mut mark.gaps) {
        say(format!("accepted: nobody knows what was sent from {gap}"));
    }
    let moved = ledger.move_watermark(provider, source, &mut mark).await;
    match moved.map_err(failure)? {
        true => Ok(()),
        false => Err(Failure::of(Stopped::Overtaken.to_string())),
    }
}

/// Prints what was found; fails if something is left to do.
fn tell(name: &str, walked: &Walked) -> ExitCode {
    for finding in &walked.findings {
        say(line(finding));
    }
    let missing = walked.findings.len();
    let recovered = walked.count(|found| matches!(found, Found::Recovered { .. }));
    let beyond = walked.count(|found| matches!(found, Found::Beyond(_)));
    let asked = walked.count(|found| found == Found::AskedFor);
    say(format!(
        "{name}: {} compared, {missing} missing, {recovered} recovered, {asked} asked for, {beyond} beyond recovery",
        walked.checked
    ));
    if let Some(reached) = walked.reached {
        say(format!("compared until {reached}"));
    }
    for gap in &walked.gaps {
        warn(format!("a gap: nobody knows what was sent from {gap}"));
    }
    if let Some(stopped) = &walked.stopped {
        warn(format!("stopped: {stopped}"));
    }
    let is_fine = beyond == 0 && walked.gaps.is_empty() && walked.stopped.is_none();
    if is_fine {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn line(finding: &Finding) -> String {
    let what = match finding.found {
        Found::Missing => "missing",
        Found::Recovered { as_sent: true } => "recovered, as it was sent",
        Found::Recovered { as_sent: false } => "recovered; its JSON is written anew by the API",
        Found::Arrived => "arrived meanwhile",
        Found::AskedFor => "without a payload there; asked to send it again",
        Found::Beyond(Beyond::Gone) => "beyond recovery: the API does not know it any more",
        Found::Beyond(Beyond::NoPayload) => "beyond recovery: the API has no payload of it",
        Found::Beyond(Beyond::Malformed) => "beyond recovery: what the API has is no such event",
        Found::Beyond(Beyond::AnotherEvent) => {
            "beyond recovery: what the API has names another event"
        }
        Found::Beyond(Beyond::TooLarge) => "beyond recovery: larger than the ledger takes",
    };
    format!("{}  sent {}  {what}", finding.key, finding.at)
}
