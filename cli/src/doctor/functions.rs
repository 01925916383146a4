//! The functions: that they run, and for how long they may.

use std::time::Duration;

use futures::future::BoxFuture;
use webhooks::limits;

use super::examined::Examined;
use super::finding::{Fault, Unread};
use crate::aws_json::Service;

const RIGHT: &str = "lambda:GetFunctionConfiguration";

/// The functions that every stack has.
const ALWAYS: [&str; 3] = ["ProcessorFunction", "RelayFunction", "ReconcilerFunction"];

pub(super) fn check(examined: &Examined) -> BoxFuture<'_, Result<Vec<Fault>, Unread>> {
    Box::pin(async move {
        let mut faults = Vec::new();
        let functions = examined.functions();
        for logical in ALWAYS {
            if !functions.contains_key(logical) {
                faults.push(missing(logical));
            }
        }
        for (logical, name) in functions {
            let path = format!("/2015-03-31/functions/{name}/configuration");
            let configuration = examined.json.get(Service::Lambda, &path).await;
            let configuration = match configuration {
                Ok(configuration) => configuration,
                Err(error) if error.code == "ResourceNotFoundException" => {
                    faults.push(missing(logical));
                    continue;
                }
                Err(error) => return Err(Unread::api(RIGHT, &error)),
            };
            let said = |field: &str| configuration[field].as_str().unwrap_or_default();
            for (field, reason) in [
                ("State", "StateReason"),
                ("LastUpdateStatus", "LastUpdateStatusReason"),
            ] {
                if said(field) == "Failed" {
                    faults.push(Fault::new(
                        name,
                        format!("{field} is Failed: {}", said(reason)),
                        "the function does not run, or runs an older version",
                        "sam build && sam deploy",
                    ));
                }
            }
            let timeout = configuration["Timeout"].as_u64().unwrap_or_default();
            let wanted = timeout_of(logical).as_secs();
            if timeout != wanted {
                faults.push(Fault::new(
                    name,
                    format!("the time limit is {timeout} s and must be {wanted} s"),
                    "leases, the queue's visibility timeout and the answers' deadlines are made for that limit",
                    format!(
                        "aws lambda update-function-configuration --function-name {name} --timeout {wanted}"
                    ),
                ));
            }
        }
        Ok(faults)
    })
}

fn missing(logical: &str) -> Fault {
    Fault::new(
        logical,
        "the function is not there",
        "its part of the work is not done by anybody",
        "sam build && sam deploy",
    )
}

fn timeout_of(logical: &str) -> Duration {
    match logical {
        "ProcessorFunction" => limits::PROCESSOR_TIMEOUT,
        "RelayFunction" => limits::RELAY_TIMEOUT,
        "ReconcilerFunction" => limits::RECONCILER_TIMEOUT,
        _ => limits::RECEIVER_TIMEOUT,
    }
}
