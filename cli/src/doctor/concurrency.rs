//! The account's concurrency against what the stack needs of it.

use futures::future::BoxFuture;

use super::event_sources::mappings;
use super::examined::Examined;
use super::finding::{Fault, Unread};
use crate::aws_json::Service;

const RIGHT: &str = "lambda:GetAccountSettings";

/// The processor's concurrency where its mapping sets none: Lambda then goes as far as the account.
const UNBOUNDED: u64 = u64::MAX / 2;

pub(super) fn check(examined: &Examined) -> BoxFuture<'_, Result<Vec<Fault>, Unread>> {
    Box::pin(async move {
        let Some(processor) = examined.physical("ProcessorFunction") else {
            return Ok(Vec::new());
        };
        let settings = examined
            .json
            .get(Service::Lambda, "/2016-08-19/account-settings/")
            .await;
        let settings = settings.map_err(|error| Unread::api(RIGHT, &error))?;
        let free = &settings["AccountLimit"]["UnreservedConcurrentExecutions"];
        let Some(free) = free.as_u64() else {
            return Ok(Vec::new());
        };
        let all = mappings(examined, processor).await?;
        let widest = all
            .iter()
            .filter_map(|mapping| mapping["ScalingConfig"]["MaximumConcurrency"].as_u64())
            .max();
        // One each for relay, reconciler and receivers is the least that they get along with.
        let others = 2 + examined.providers().len() as u64;
        let needed = widest.unwrap_or(UNBOUNDED) + others;
        Ok((free < needed)
            .then(|| too_few(free, widest, others))
            .into_iter()
            .collect())
    })
}

fn too_few(free: u64, widest: Option<u64>, others: u64) -> Fault {
    let processor = widest.map_or_else(
        || "the processor any number".to_owned(),
        |widest| format!("the processor up to {widest}"),
    );
    Fault::new(
        "the account",
        format!(
            "{free} functions may run at one time, of which {processor} takes and {others} more are needed"
        ),
        "a backlog leaves nothing for the receivers, whose providers are then answered 5xx",
        "aws service-quotas request-service-quota-increase --service-code lambda \
         --quota-code L-B99A9384 --desired-value 1000",
    )
}
