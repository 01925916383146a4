//! The stack itself: its last deployment, and whether it is still what was deployed.

use futures::future::BoxFuture;

use super::examined::Examined;
use super::finding::{Fault, Unread};

const RIGHT: &str = "cloudformation:DescribeStacks";

pub(super) fn check(examined: &Examined) -> BoxFuture<'_, Result<Vec<Fault>, Unread>> {
    Box::pin(async move {
        let client = aws_sdk_cloudformation::Client::new(&examined.stack.config);
        let name = examined.stack.name();
        let described = client.describe_stacks().stack_name(name).send().await;
        let described = described.map_err(|error| Unread::sdk(RIGHT, &error))?;
        let mut faults = Vec::new();
        for stack in described.stacks() {
            let status = stack
                .stack_status()
                .map_or("unknown", |status| status.as_str());
            faults.extend(status_fault(name, status));
            let drift = stack.drift_information();
            let drift = drift.and_then(|drift| drift.stack_drift_status());
            if drift.is_some_and(|status| status.as_str() == "DRIFTED") {
                faults.push(Fault::new(
                    name,
                    "CloudFormation has found resources that differ from the template",
                    "the next deployment may undo what was changed by hand, or fail on it",
                    format!(
                        "aws cloudformation describe-stack-resource-drifts --stack-name {name} \
                         --stack-resource-drift-status-filters MODIFIED DELETED"
                    ),
                ));
            }
        }
        Ok(faults)
    })
}

/// A stack that is being deployed is no fault; one whose last deployment failed is.
fn status_fault(name: &str, status: &str) -> Option<Fault> {
    let is_well = matches!(
        status,
        "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "IMPORT_COMPLETE"
    ) || status.ends_with("IN_PROGRESS");
    (!is_well).then(|| {
        Fault::new(
            name,
            format!("the last deployment ended as {status}"),
            "what runs is not what was to be deployed",
            format!("aws cloudformation describe-stack-events --stack-name {name} --max-items 30"),
        )
    })
}
