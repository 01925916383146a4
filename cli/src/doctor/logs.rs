//! The log groups: that they are there, and do not keep lines for ever.

use futures::future::BoxFuture;
use serde_json::json;

use super::examined::Examined;
use super::finding::{Fault, Unread};
use crate::aws_json::Service;

const RIGHT: &str = "logs:DescribeLogGroups";

pub(super) fn check(examined: &Examined) -> BoxFuture<'_, Result<Vec<Fault>, Unread>> {
    Box::pin(async move {
        let mut faults = Vec::new();
        for group in examined.of_type("AWS::Logs::LogGroup") {
            let name = &group.physical;
            let request = json!({"logGroupNamePrefix": name});
            let answer = examined
                .json
                .action(Service::Logs, "DescribeLogGroups", &request)
                .await;
            let answer = answer.map_err(|error| Unread::api(RIGHT, &error))?;
            let mut groups = answer["logGroups"].as_array().into_iter().flatten();
            match groups.find(|one| one["logGroupName"] == name.as_str()) {
                None => faults.push(Fault::new(
                    name,
                    "the log group is not there",
                    "the function's lines, and the metrics that come of them, are lost",
                    "sam build && sam deploy",
                )),
                Some(group) if group["retentionInDays"].as_u64().is_none() => {
                    faults.push(Fault::new(
                        name,
                        "the log group keeps its lines for ever",
                        "its cost grows for ever",
                        format!(
                            "aws logs put-retention-policy --log-group-name {name} --retention-in-days 30"
                        ),
                    ));
                }
                Some(_) => {}
            }
        }
        Ok(faults)
    })
}
