//! What feeds processor and relay: the mappings from queue and stream, and the schedules.

use futures::future::BoxFuture;
use serde_json::Value;
use webhooks::limits;

use super::examined::Examined;
use super::finding::{Fault, Unread};
use crate::aws_json::Service;

/// The right to read the mappings.
const RIGHT: &str = "lambda:ListEventSourceMappings";

/// Reads the mappings of a function.
pub(super) async fn mappings(examined: &Examined, function: &str) -> Result<Vec<Value>, Unread> {
    let path = format!("/2015-03-31/event-source-mappings/?FunctionName={function}");
    let answer = examined.json.get(Service::Lambda, &path).await;
    let mut answer = answer.map_err(|error| Unread::api(RIGHT, &error))?;
    match answer["EventSourceMappings"].take() {
        Value::Array(mappings) => Ok(mappings),
        _ => Ok(Vec::new()),
    }
}

pub(super) fn check(examined: &Examined) -> BoxFuture<'_, Result<Vec<Fault>, Unread>> {
    Box::pin(async move {
        let mut faults = Vec::new();
        if let Some(processor) = examined.physical("ProcessorFunction") {
            let mapping = fed_by(mappings(examined, processor).await?, ":sqs:");
            match mapping {
                None => faults.push(unfed(processor, "the queue")),
                Some(mapping) => faults.extend(queue_faults(processor, &mapping)),
            }
        }
        if let Some(relay) = examined.physical("RelayFunction") {
            match fed_by(mappings(examined, relay).await?, ":dynamodb:") {
                None => faults.push(unfed(relay, "the table's stream")),
                Some(mapping) => faults.extend(disabled(relay, &mapping)),
            }
        }
        Ok(faults)
    })
}

pub(super) fn check_schedules(examined: &Examined) -> BoxFuture<'_, Result<Vec<Fault>, Unread>> {
    Box::pin(async move {
        let client = aws_sdk_eventbridge::Client::new(&examined.stack.config);
        let mut faults = Vec::new();
        for rule in examined.of_type("AWS::Events::Rule") {
            let described = client.describe_rule().name(&rule.physical).send().await;
            let described =
                described.map_err(|error| Unread::sdk("events:DescribeRule", &error))?;
            let state = described.state().map_or("unknown", |state| state.as_str());
            if state != "ENABLED" {
                faults.push(Fault::new(
                    &rule.physical,
                    format!("the schedule is {state}"),
                    "relay and reconciler run by schedules; without them nothing sends again what got stuck",
                    format!("aws events enable-rule --name {}", rule.physical),
                ));
            }
        }
        Ok(faults)
    })
}

fn fed_by(mappings: Vec<Value>, service: &str) -> Option<Value> {
    let mut mappings = mappings.into_iter();
    mappings.find(|mapping| {
        let source = mapping["EventSourceArn"].as_str();
        source.is_some_and(|source| source.contains(service))
    })
}

fn unfed(function: &str, source: &str) -> Fault {
    Fault::new(
        function,
        format!("nothing brings it what comes from {source}"),
        "events are recorded and not processed",
        "sam build && sam deploy",
    )
}

fn disabled(function: &str, mapping: &Value) -> Option<Fault> {
    let state = mapping["State"].as_str().unwrap_or("unknown");
    let is_well = matches!(state, "Enabled" | "Enabling" | "Updating" | "Creating");
    (!is_well).then(|| {
        Fault::new(
            function,
            format!("its event source mapping is {state}"),
            "events are recorded and not processed",
            format!(
                "aws lambda update-event-source-mapping --enabled --uuid {}",
                uuid(mapping)
            ),
        )
    })
}

fn queue_faults(function: &str, mapping: &Value) -> Vec<Fault> {
    let mut faults: Vec<Fault> = disabled(function, mapping).into_iter().collect();
    let update = format!(
        "aws lambda update-event-source-mapping --uuid {}",
        uuid(mapping)
    );
    let types = mapping["FunctionResponseTypes"].as_array();
    if !types.is_some_and(|types| types.iter().any(|one| one == "ReportBatchItemFailures")) {
        faults.push(Fault::new(
            function,
            "the queue does not hear which messages of a batch failed",
            "one bad message makes nine others come again, or is deleted unprocessed",
            format!("{update} --function-response-types ReportBatchItemFailures"),
        ));
    }
    let batch = mapping["BatchSize"].as_u64().unwrap_or_default();
    if batch != limits::BATCH as u64 {
        faults.push(Fault::new(
            function,
            format!(
                "a batch has {batch} messages and must have {}",
                limits::BATCH
            ),
            "the processor's time limit is made for batches of that size",
            format!("{update} --batch-size {}", limits::BATCH),
        ));
    }
    if mapping["ScalingConfig"]["MaximumConcurrency"]
        .as_u64()
        .is_none()
    {
        faults.push(Fault::new(
            function,
            "the queue may start as many processors as the account allows",
            "a backlog then leaves nothing for the receivers, which answer 503",
            format!("{update} --scaling-config MaximumConcurrency=5"),
        ));
    }
    faults
}

fn uuid(mapping: &Value) -> &str {
    mapping["UUID"].as_str().unwrap_or("UUID")
}
