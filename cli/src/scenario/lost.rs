//! Deliveries that a provider has sent and that never arrive, for the reconciler to find.

use std::time::Duration;

use serde_json::json;
use webhooks::delivery::Delivery;
use webhooks::gateway::DEFAULT_SOURCE;
use webhooks::ledger::Status;
use webhooks::provider::meaning::Meaning;
use webhooks::timestamp::Timestamp;

use super::{How, Step};
use crate::failure::Failure;
use crate::fixture::Fixture;
use crate::functions::Invoked;
use crate::github_api::{Attempt, GitHubApi, PROVIDER};
use crate::local::Local;
use crate::project::Project;
use crate::reconcile::compare_from;
use crate::send::find_provider;

/// The program that asks what was sent.
const RECONCILER: &str = "reconciler";

/// The age of what was sent: what is younger may be on its way.
const AGO: Duration = Duration::from_secs(600);

/// The time that is compared.
const COMPARED: Duration = Duration::from_secs(3600);

/// Every event of the provider's whose API is there, each lost on its way.
///
/// # Errors
/// [`Failure`] when a file in `events/` cannot be read.
pub fn lost(project: &Project) -> Result<Vec<Step>, Failure> {
    let provider = find_provider(PROVIDER)?;
    let every = Fixture::every(project, provider)?.into_iter();
    let events = every.filter(|(_, meaning)| matches!(meaning, Meaning::Event(_)));
    Ok(events
        .map(|(event, _)| Step {
            provider,
            event,
            how: How::Lost,
            answers: std::iter::empty().collect(),
            ends: Some(Status::Done),
        })
        .collect())
}

/// Lets the provider's API know of a delivery, if it is that provider's.
pub(super) fn note(local: &Local, step: &Step, delivery: &Delivery) {
    let is_known =
        matches!(step.how, How::Lost | How::Genuine | How::AtOnce(_)) && step.ends.is_some();
    let attempt = Attempt::of(delivery, ago(AGO)).filter(|_| is_known);
    if let Some(attempt) = attempt {
        local.github_api.note(attempt);
    }
}

/// Lets the reconciler compare what was sent with the ledger.
pub(super) async fn reconcile(local: &Local) -> Result<(), Failure> {
    let since = ago(COMPARED);
    compare_from(&local.stack, PROVIDER, DEFAULT_SOURCE, since).await?;
    let hooks = local.github_api.hooks();
    let hook = hooks.first().copied().unwrap_or_default();
    let credential = GitHubApi::credential(hook, "of the demonstration").to_string();
    let put = local
        .stack
        .put_credential(PROVIDER, DEFAULT_SOURCE, &credential);
    put.await?;
    let mut functions = local.plan.iter();
    let reconciler = functions.find(|function| function.binary == RECONCILER);
    let reconciler = reconciler
        .ok_or_else(|| Failure::of(format!("the template has no function of {RECONCILER}")))?;
    match local.invoker().invoke(reconciler, &json!({})).await {
        Invoked::Returned(_) => Ok(()),
        Invoked::Failed(reason) => Err(Failure::of(format!("{RECONCILER}: {reason}"))),
    }
}

fn ago(age: Duration) -> Timestamp {
    let age = i64::try_from(age.as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_seconds(Timestamp::now().seconds() - age)
}
