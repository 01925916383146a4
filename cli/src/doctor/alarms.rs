//! The alarms, and who hears of them.

use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::examined::{Examined, Resource};
use super::finding::{Fault, Unread};
use crate::aws_json::Service;

const RIGHT: &str = "cloudwatch:DescribeAlarms";

/// Most alarms that CloudWatch describes in one call by their names.
const PAGE: usize = 100;

pub(super) fn check(examined: &Examined) -> BoxFuture<'_, Result<Vec<Fault>, Unread>> {
    Box::pin(async move {
        let alarms: Vec<&Resource> = examined.of_type("AWS::CloudWatch::Alarm").collect();
        let topic = examined.stack.output("AlarmTopicArn").unwrap_or_default();
        let mut faults = Vec::new();
        for some in alarms.chunks(PAGE) {
            let names: Vec<&str> = some.iter().map(|alarm| alarm.physical.as_str()).collect();
            let request = json!({"AlarmNames": names, "MaxRecords": PAGE});
            let answer = examined
                .json
                .action(Service::CloudWatch, "DescribeAlarms", &request)
                .await;
            let answer = answer.map_err(|error| Unread::api(RIGHT, &error))?;
            let found = answer["MetricAlarms"].as_array();
            for alarm in some {
                let mut found = found.into_iter().flatten();
                let described = found.find(|one| one["AlarmName"] == alarm.physical);
                faults.extend(alarm_faults(alarm, described, topic));
            }
        }
        Ok(faults)
    })
}

fn alarm_faults(alarm: &Resource, described: Option<&Value>, topic: &str) -> Vec<Fault> {
    let name = &alarm.physical;
    let Some(described) = described else {
        return vec![Fault::new(
            name,
            format!("the alarm {} is not there", alarm.logical),
            "nobody is told when what it watches goes wrong",
            "sam build && sam deploy",
        )];
    };
    let mut faults = Vec::new();
    if described["ActionsEnabled"] != true {
        faults.push(Fault::new(
            name,
            "the alarm's actions are switched off",
            "nobody is told when it goes off",
            format!("aws cloudwatch enable-alarm-actions --alarm-names {name}"),
        ));
    }
    let actions = described["AlarmActions"].as_array();
    if !actions.is_some_and(|actions| actions.iter().any(|action| action == topic)) {
        faults.push(Fault::new(
            name,
            "the alarm does not publish to the stack's topic",
            "nobody is told when it goes off",
            "sam build && sam deploy",
        ));
    }
    if described["StateValue"] == "ALARM" {
        let reason = described["StateReason"].as_str().unwrap_or_default();
        faults.push(Fault::new(
            name,
            format!("the alarm {} is on: {reason}", alarm.logical),
            "something is wrong now",
            format!("aws cloudwatch describe-alarms --alarm-names {name}"),
        ));
    }
    faults
}

pub(super) fn check_subscriptions(
    examined: &Examined,
) -> BoxFuture<'_, Result<Vec<Fault>, Unread>> {
    Box::pin(async move {
        let Ok(topic) = examined.stack.output("AlarmTopicArn") else {
            return Ok(Vec::new());
        };
        let client = aws_sdk_sns::Client::new(&examined.stack.config);
        let request = client.list_subscriptions_by_topic().topic_arn(topic);
        let mut pages = request.into_paginator().send();
        let (mut confirmed, mut pending) = (0, Vec::new());
        while let Some(page) = pages.next().await {
            let right = "sns:ListSubscriptionsByTopic";
            let page = page.map_err(|error| Unread::sdk(right, &error))?;
            for subscription in page.subscriptions() {
                if subscription.subscription_arn() == Some("PendingConfirmation") {
                    pending.push(subscription.protocol().unwrap_or_default().to_owned());
                } else {
                    confirmed += 1;
                }
            }
        }
        let subscribe = format!(
            "aws sns subscribe --topic-arn {topic} --protocol email --notification-endpoint ADDRESS"
        );
        let why = "an alarm that nobody hears is none";
        let mut faults = Vec::new();
        for protocol in &pending {
            let problem = format!("a subscription by {protocol} was never confirmed");
            let fix = format!("{subscribe}, and follow the link in the message");
            faults.push(Fault::new(topic, problem, why, fix));
        }
        if confirmed == 0 && pending.is_empty() {
            let problem = "nobody is subscribed to the alarms";
            faults.push(Fault::new(topic, problem, why, subscribe));
        }
        Ok(faults)
    })
}
