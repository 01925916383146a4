//! `webhooks doctor`: each check is silent about a stack that is right, and names the one thing that is not.
//!
//! The stack is one of prepared answers, because the emulator has no drift, no account limits and no alarms' states.

#[path = "../../../lib/tests/support/mod.rs"]
mod support;

#[path = "../command/mod.rs"]
mod command;

mod aws;

use std::collections::BTreeSet;
use std::process::{Output, Stdio};

use aws_sdk_dynamodb::types::{PointInTimeRecoverySpecification, TimeToLiveSpecification};
use serde_json::{Value, json};
use tokio::process::Command;

use aws::{Aws, parameter, subscriptions};
use command::{hold, is_plain, printed, run, said};
use support::{World, project};
use webhooks_cli::template::Template;

async fn doctor(aws: &Aws, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_webhooks"));
    command
        .args(["doctor", "--stack", "webhooks"])
        .args(arguments)
        .env("AWS_ENDPOINT_URL", &aws.endpoint)
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "not-a-secret")
        .current_dir(project().root())
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command.output().await.expect("it runs")
}

/// The findings of a stack, whose exit code agrees with them.
async fn findings(aws: &Aws) -> Vec<Value> {
    let output = doctor(aws, &["--json"]).await;
    let value: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", said(&output)));
    hold("doctor.json", &value);
    assert!(!printed(&output).contains("canary-secret"), "{value:#}");
    let findings = value["findings"].as_array().expect("a list").clone();
    let code = i32::from(!findings.is_empty());
    assert_eq!(output.status.code(), Some(code), "{value:#}");
    findings
}

#[tokio::test]
async fn a_stack_that_is_right_has_no_finding() {
    let aws = Aws::start().await;
    assert_eq!(findings(&aws).await, Vec::<Value>::new());
    let told = doctor(&aws, &[]).await;
    assert!(is_plain(&told.stdout));
    assert_eq!(
        printed(&told).trim(),
        "webhooks: 11 checks, nothing to mend"
    );
}

type Change = fn(&mut Value);

/// An answer, how it is changed, the check that has to speak, and what it has to say.
const BROKEN: [(&str, Change, &str, &str); 33] = [
    (
        "DescribeStacks",
        |xml| replace(xml, "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"),
        "deployment",
        "UPDATE_ROLLBACK_COMPLETE",
    ),
    (
        "DescribeStacks",
        |xml| replace(xml, "IN_SYNC", "DRIFTED"),
        "deployment",
        "differ from the template",
    ),
    (
        "ListStackResources",
        |xml| {
            let physical = "webhooks-relay</PhysicalResourceId><ResourceType>";
            replace(
                xml,
                &format!("{physical}AWS::Lambda::Function"),
                &format!("{physical}Other"),
            );
        },
        "functions",
        "is not there",
    ),
    (
        "/2015-03-31/functions/webhooks-processor/configuration",
        |json| json["Timeout"] = json!(900),
        "functions",
        "900 s and must be 60 s",
    ),
    (
        "/2015-03-31/functions/webhooks-github/configuration",
        |json| json["State"] = json!("Failed"),
        "functions",
        "State is Failed",
    ),
    (
        "/2015-03-31/functions/webhooks-relay/configuration",
        |json| json["LastUpdateStatus"] = json!("Failed"),
        "functions",
        "LastUpdateStatus is Failed",
    ),
    (
        "/2015-03-31/event-source-mappings/?FunctionName=webhooks-processor",
        |json| json["EventSourceMappings"][0]["State"] = json!("Disabled"),
        "event-sources",
        "is Disabled",
    ),
    (
        "/2015-03-31/event-source-mappings/?FunctionName=webhooks-processor",
        |json| json["EventSourceMappings"][0]["FunctionResponseTypes"] = json!([]),
        "event-sources",
        "does not hear",
    ),
    (
        "/2015-03-31/event-source-mappings/?FunctionName=webhooks-processor",
        |json| json["EventSourceMappings"][0]["BatchSize"] = json!(100),
        "event-sources",
        "100 messages",
    ),
    (
        "/2015-03-31/event-source-mappings/?FunctionName=webhooks-relay",
        |json| json["EventSourceMappings"] = json!([]),
        "event-sources",
        "the table's stream",
    ),
    (
        "/2015-03-31/event-source-mappings/?FunctionName=webhooks-relay",
        |json| json["EventSourceMappings"][0]["State"] = json!("Disabled"),
        "event-sources",
        "is Disabled",
    ),
    (
        "DescribeRule webhooks-EveryMinute",
        |json| json["State"] = json!("DISABLED"),
        "schedules",
        "DISABLED",
    ),
    (
        "GetQueueAttributes webhooks-Queue",
        |json| json["Attributes"]["VisibilityTimeout"] = json!("120"),
        "queues",
        "120 s and must be 360 s",
    ),
    (
        "GetQueueAttributes webhooks-Queue",
        |json| json["Attributes"]["MessageRetentionPeriod"] = json!("345600"),
        "queues",
        "kept for 345600 s",
    ),
    (
        "GetQueueAttributes webhooks-Queue",
        |json| json["Attributes"]["SqsManagedSseEnabled"] = json!("false"),
        "queues",
        "not encrypted",
    ),
    (
        "GetQueueAttributes webhooks-Queue",
        |json| json["Attributes"]["RedrivePolicy"] = json!(""),
        "queues",
        "no dead-letter queue",
    ),
    (
        "GetQueueAttributes webhooks-Queue",
        |json| {
            replace(
                &mut json["Attributes"]["RedrivePolicy"],
                "webhooks-Dead",
                "other-Dead",
            )
        },
        "queues",
        "another queue",
    ),
    (
        "GetQueueAttributes webhooks-Queue",
        |json| replace(&mut json["Attributes"]["RedrivePolicy"], "50", "3"),
        "queues",
        "after 3 receives",
    ),
    (
        "GetQueueAttributes webhooks-DeadLetterQueue",
        |json| json["Attributes"]["ApproximateNumberOfMessages"] = json!("4"),
        "queues",
        "4 messages wait",
    ),
    (
        "GetQueueAttributes webhooks-DeadLetterQueue",
        |json| json["Attributes"]["MessageRetentionPeriod"] = json!("60"),
        "queues",
        "kept for 60 s",
    ),
    (
        "DescribeTable",
        |json| json["Table"]["DeletionProtectionEnabled"] = json!(false),
        "table",
        "would delete",
    ),
    (
        "DescribeTable",
        |json| json["Table"]["StreamSpecification"] = Value::Null,
        "table",
        "no stream",
    ),
    (
        "DescribeTable",
        |json| json["Table"]["GlobalSecondaryIndexes"] = json!([{"IndexName": "listing"}]),
        "table",
        "no index overdue",
    ),
    (
        "DescribeTimeToLive",
        |json| json["TimeToLiveDescription"]["AttributeName"] = json!("ttl"),
        "table",
        "does not forget",
    ),
    (
        "DescribeContinuousBackups",
        |json| {
            json["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"] =
                json!({"PointInTimeRecoveryStatus": "DISABLED"})
        },
        "table",
        "recovery is off",
    ),
    (
        "DescribeAlarms",
        |json| json["MetricAlarms"][0]["ActionsEnabled"] = json!(false),
        "alarms",
        "switched off",
    ),
    (
        "DescribeAlarms",
        |json| json["MetricAlarms"][1]["AlarmActions"] = json!([]),
        "alarms",
        "does not publish",
    ),
    (
        "DescribeAlarms",
        |json| json["MetricAlarms"][1]["StateValue"] = json!("ALARM"),
        "alarms",
        "QueueAge is on",
    ),
    (
        "DescribeAlarms",
        |json| json["MetricAlarms"] = json!([json["MetricAlarms"][0]]),
        "alarms",
        "QueueAge is not there",
    ),
    (
        "ListSubscriptionsByTopic",
        |xml| *xml = json!(subscriptions("")),
        "subscriptions",
        "nobody is subscribed",
    ),
    (
        "ListSubscriptionsByTopic",
        |xml| *xml = json!(subscriptions("PendingConfirmation")),
        "subscriptions",
        "never confirmed",
    ),
    (
        "/2016-08-19/account-settings/",
        |json| json["AccountLimit"]["UnreservedConcurrentExecutions"] = json!(7),
        "concurrency",
        "7 functions may run",
    ),
    (
        "DescribeLogGroups webhooks-processor",
        |json| json["logGroups"] = json!([{"logGroupName": "/aws/lambda/webhooks-processor"}]),
        "logs",
        "for ever",
    ),
];

fn replace(value: &mut Value, from: &str, to: &str) {
    let text = value.as_str().expect("text");
    assert!(text.contains(from), "{text}");
    *value = json!(text.replace(from, to));
}

#[tokio::test]
async fn each_fault_is_found_and_nothing_else() {
    for (answer, change, check, problem) in BROKEN {
        let aws = Aws::start().await;
        aws.change(answer, change);
        let findings = findings(&aws).await;
        assert_eq!(findings.len(), 1, "{problem}: {findings:#?}");
        let finding = &findings[0];
        assert_eq!(finding["check"], check, "{problem}");
        let said = finding["problem"].as_str().expect("a sentence");
        assert!(said.contains(problem), "{problem}: {said}");
    }
}

#[tokio::test]
async fn an_unbounded_processor_is_named_for_itself_and_for_the_account() {
    let aws = Aws::start().await;
    let key = "/2015-03-31/event-source-mappings/?FunctionName=webhooks-processor";
    aws.change(key, |json| {
        json["EventSourceMappings"][0]["ScalingConfig"] = Value::Null;
    });
    let findings = findings(&aws).await;
    let checks: Vec<_> = findings.iter().map(|one| one["check"].as_str()).collect();
    assert_eq!(checks, [Some("event-sources"), Some("concurrency")]);
}

#[tokio::test]
async fn secrets_are_judged_by_their_lines_and_their_age_and_never_shown() {
    let default = |kind, days| json!({"Parameters": [parameter("github/default", kind, days)]});
    for (parameters, secret, problems) in [
        (default("SecureString", 10), "one\n", vec![]),
        (
            default("SecureString", 3),
            "canary-secret-1\ncanary-secret-2",
            vec![],
        ),
        (
            default("SecureString", 8),
            "canary-secret-1\ncanary-secret-2",
            vec!["2 secrets are accepted, unchanged for 8 days"],
        ),
        (
            default("SecureString", 400),
            "canary-secret-1",
            vec!["the secret is 400 days old"],
        ),
        (
            default("SecureString", 1),
            " \n",
            vec!["the parameter has no secret"],
        ),
        (
            default("String", 1),
            "canary-secret-1",
            vec!["the secret is not a SecureString"],
        ),
        (
            json!({"Parameters": []}),
            "",
            vec!["the provider has a receiver and no secret"],
        ),
    ] {
        let aws = Aws::start().await;
        aws.change("DescribeParameters", |json| *json = parameters);
        aws.change("GetParameter default", |json| {
            json["Parameter"]["Value"] = json!(secret)
        });
        let findings = findings(&aws).await;
        let found: Vec<_> = findings
            .iter()
            .map(|one| one["problem"].as_str().expect("text"))
            .collect();
        assert_eq!(found, problems);
    }
}

#[tokio::test]
async fn settings_that_close_a_source_are_found() {
    let aws = Aws::start().await;
    let both = [
        parameter("github/default", "SecureString", 1),
        parameter("github/default/settings", "String", 1),
    ];
    aws.change("DescribeParameters", |json| {
        *json = json!({"Parameters": both})
    });
    assert_eq!(findings(&aws).await, Vec::<Value>::new());
    aws.change("GetParameter settings", |json| {
        json["Parameter"]["Value"] = json!(r#"{"rats": "canary-secret-3"}"#);
    });
    let findings = findings(&aws).await;
    assert_eq!(findings.len(), 1);
    let problem = findings[0]["problem"].as_str().expect("a sentence");
    assert!(problem.contains("rats: not a known setting"), "{problem}");
}

/// The rights in the documentation's policy for this command.
fn granted() -> BTreeSet<String> {
    let page = std::fs::read_to_string(project().root().join("docs/operations.md"));
    let page = page.expect("the page");
    let (_, section) = page.split_once("## Doctor").expect("the section");
    let begin = section.find("    {\n").expect("the policy");
    let policy = section[begin..]
        .lines()
        .take_while(|line| line.starts_with("    "));
    let policy: Value = serde_json::from_str(&policy.collect::<String>()).expect("JSON");
    let statements = policy["Statement"].as_array().expect("statements");
    let actions = statements.iter().flat_map(|statement| {
        let action = statement["Action"].clone();
        serde_json::from_value::<Vec<String>>(action).expect("a list")
    });
    actions.collect()
}

#[tokio::test]
async fn a_missing_right_is_a_finding_that_names_it_and_the_policy_has_them_all() {
    let aws = Aws::start().await;
    let both = [
        parameter("github/default", "SecureString", 1),
        parameter("github/default/settings", "String", 1),
    ];
    aws.change("DescribeParameters", |json| {
        *json = json!({"Parameters": both})
    });
    findings(&aws).await;
    let rights = aws.rights();
    assert_eq!(rights, granted());
    for right in &rights {
        // Without it the stack is not found, like for every other command.
        if right == "cloudformation:DescribeStacks" {
            continue;
        }
        let aws = Aws::start().await;
        aws.deny(right);
        let findings = findings(&aws).await;
        assert!(!findings.is_empty(), "{right}");
        for finding in findings {
            assert_eq!(finding["missing_right"], right.as_str());
        }
    }
    aws.deny("cloudformation:DescribeStacks");
    let refused = doctor(&aws, &[]).await;
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("cloudformation:DescribeStacks"));
}

#[test]
fn the_template_asks_for_what_the_doctor_asks_for() {
    let template = Template::read(&project().root().join("template.yaml"));
    let template = template.expect("the template");
    let redrive = &template.properties("Queue")["RedrivePolicy"];
    // As in the answers of the stack that is right.
    assert_eq!(redrive["maxReceiveCount"], 50);
    let ttl = &template.properties("Ledger")["TimeToLiveSpecification"];
    assert_eq!(ttl["AttributeName"], "expires_at");
}

#[tokio::test]
async fn mistakes_in_the_call_are_told_from_findings() {
    let aws = Aws::start().await;
    assert_eq!(doctor(&aws, &["--fix"]).await.status.code(), Some(2));
}

/// What the doctor of the emulator's stack says about one part of it.
async fn problems(world: &World, check: &str) -> Vec<String> {
    let output = run(world, &["doctor", "--json"]).await;
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let value: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    hold("doctor.json", &value);
    let findings = value["findings"].as_array().expect("a list");
    let found = findings.iter().filter(|one| one["check"] == check);
    let problem = |one: &Value| one["problem"].as_str().expect("text").to_owned();
    found.map(problem).collect()
}

/// The emulator's CloudFormation makes the data resources alone, and the table without what protects it.
#[tokio::test]
async fn what_the_findings_name_mends_the_emulators_table() {
    let world = World::enter().await;
    let (dynamodb, table) = (world.dynamodb(), world.table());
    let none = Vec::<String>::new();
    let protect = |is_on| {
        let update = dynamodb.update_table().table_name(table);
        update.deletion_protection_enabled(is_on).send()
    };
    protect(false).await.expect("DynamoDB answers");
    assert_eq!(problems(&world, "queues").await, none);
    assert_eq!(problems(&world, "deployment").await, none);
    assert_eq!(problems(&world, "functions").await.len(), 3);
    assert_eq!(problems(&world, "table").await.len(), 3);
    protect(true).await.expect("DynamoDB answers");
    let ttl = TimeToLiveSpecification::builder().enabled(true);
    let ttl = ttl.attribute_name("expires_at").build().expect("all set");
    let update = dynamodb.update_time_to_live().table_name(table);
    let update = update.time_to_live_specification(ttl).send();
    update.await.expect("DynamoDB answers");
    let recovery = PointInTimeRecoverySpecification::builder();
    let recovery = recovery.point_in_time_recovery_enabled(true);
    let update = dynamodb.update_continuous_backups().table_name(table);
    let recovery = recovery.build().expect("all set");
    let update = update.point_in_time_recovery_specification(recovery).send();
    update.await.expect("DynamoDB answers");
    assert_eq!(problems(&world, "table").await, none);
}
