//! An AWS that gives prepared answers, in the form in which AWS gives them: those of a stack that is right, until a
//! test changes one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

const ACCOUNT: &str = "111122223333";
const TOPIC: &str = "arn:aws:sns:us-east-1:111122223333:webhooks-AlarmTopic";
const DEAD: &str = "arn:aws:sqs:us-east-1:111122223333:webhooks-DeadLetterQueue";

/// The answers by what is asked, and what was asked.
#[derive(Clone, Debug)]
pub(crate) struct Aws {
    answers: Arc<Mutex<BTreeMap<String, Value>>>,
    asked: Arc<Mutex<BTreeSet<String>>>,
    pub(crate) endpoint: String,
}

impl Aws {
    /// Starts one that has the answers of a stack that is right.
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await;
        let listener = listener.expect("a free port");
        let port = listener.local_addr().expect("its port").port();
        let aws = Self {
            answers: Arc::new(Mutex::new(right())),
            asked: Arc::default(),
            endpoint: format!("http://127.0.0.1:{port}"),
        };
        let router = Router::new().fallback(answer).with_state(aws.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        aws
    }

    /// Changes one of the answers.
    pub(crate) fn change(&self, key: &str, change: impl FnOnce(&mut Value)) {
        let mut answers = self.answers.lock().expect("no panic");
        change(answers.get_mut(key).unwrap_or_else(|| panic!("{key}")));
    }

    /// Refuses whatever this right is needed for.
    pub(crate) fn deny(&self, right: &str) {
        let mut answers = self.answers.lock().expect("no panic");
        for (key, answer) in answers.iter_mut() {
            if right_of(key) == right {
                *answer = json!("denied");
            }
        }
    }

    /// The rights that were needed so far.
    pub(crate) fn rights(&self) -> BTreeSet<String> {
        let asked = self.asked.lock().expect("no panic");
        asked.iter().map(|key| right_of(key)).collect()
    }
}

async fn answer(
    State(aws): State<Aws>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let body = String::from_utf8(body.to_vec()).expect("text");
    let target = headers.get("x-amz-target");
    let target = target.map(|target| target.to_str().expect("text").to_owned());
    let key = key(&method, &uri, target.as_deref(), &body);
    aws.asked.lock().expect("no panic").insert(key.clone());
    let answers = aws.answers.lock().expect("no panic");
    let is_xml = target.is_none() && method == Method::POST;
    match answers.get(&key) {
        None => (StatusCode::BAD_REQUEST, format!("unexpected: {key}")).into_response(),
        Some(Value::String(denied)) if denied == "denied" => refusal(is_xml),
        Some(Value::String(xml)) => xml.clone().into_response(),
        Some(json) => json.to_string().into_response(),
    }
}

fn refusal(is_xml: bool) -> Response {
    let body = if is_xml {
        "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>\
         <Message>User: arn:aws:iam::111122223333:user/jane is not authorized</Message></Error></ErrorResponse>"
            .to_owned()
    } else {
        json!({"__type": "com.amazonaws#AccessDeniedException", "Message": "is not authorized"})
            .to_string()
    };
    (StatusCode::FORBIDDEN, body).into_response()
}

/// What is asked: an action and the resource that it is about, where one action is asked about several.
fn key(method: &Method, uri: &Uri, target: Option<&str>, body: &str) -> String {
    if let Some(target) = target {
        let action = target.rsplit('.').next().expect("an action");
        let body: Value = serde_json::from_str(body).expect("JSON");
        let subject = ["QueueUrl", "Name", "logGroupNamePrefix"]
            .iter()
            .find_map(|name| body[*name].as_str());
        let subject = subject.unwrap_or_default().rsplit('/').next();
        return format!("{action} {}", subject.unwrap_or_default())
            .trim()
            .to_owned();
    }
    if method == Method::POST {
        let action = body
            .split('&')
            .find_map(|pair| pair.strip_prefix("Action="));
        return action.expect("an action").to_owned();
    }
    uri.to_string()
}

/// The right that a call needs, by its key.
fn right_of(key: &str) -> String {
    let action = key.split(' ').next().expect("an action");
    let named = match action {
        "DescribeStacks" | "ListStackResources" => "cloudformation",
        "ListSubscriptionsByTopic" => "sns",
        "DescribeTable" | "DescribeTimeToLive" | "DescribeContinuousBackups" => "dynamodb",
        "GetQueueAttributes" => "sqs",
        "DescribeParameters" | "GetParameter" => "ssm",
        "DescribeAlarms" => "cloudwatch",
        "DescribeLogGroups" => "logs",
        "DescribeRule" => "events",
        path if path.starts_with("/2016-08-19/account-settings") => {
            return "lambda:GetAccountSettings".to_owned();
        }
        path if path.starts_with("/2015-03-31/event-source-mappings") => {
            return "lambda:ListEventSourceMappings".to_owned();
        }
        path if path.ends_with("/configuration") => {
            return "lambda:GetFunctionConfiguration".to_owned();
        }
        other => panic!("{other}"),
    };
    format!("{named}:{action}")
}

/// The resources of a stack with one provider: name in the template, name in AWS, type.
const RESOURCES: [(&str, &str, &str); 14] = [
    ("githubFunction", "webhooks-github", "AWS::Lambda::Function"),
    (
        "ProcessorFunction",
        "webhooks-processor",
        "AWS::Lambda::Function",
    ),
    ("RelayFunction", "webhooks-relay", "AWS::Lambda::Function"),
    (
        "ReconcilerFunction",
        "webhooks-reconciler",
        "AWS::Lambda::Function",
    ),
    (
        "RelayFunctionEveryMinute",
        "webhooks-EveryMinute",
        "AWS::Events::Rule",
    ),
    ("Ledger", "webhooks-Ledger", "AWS::DynamoDB::Table"),
    (
        "Queue",
        "https://sqs.us-east-1.amazonaws.com/111122223333/webhooks-Queue",
        "AWS::SQS::Queue",
    ),
    (
        "DeadLetterQueue",
        "https://sqs.us-east-1.amazonaws.com/111122223333/webhooks-DeadLetterQueue",
        "AWS::SQS::Queue",
    ),
    ("AlarmTopic", TOPIC, "AWS::SNS::Topic"),
    (
        "FailedEvents",
        "webhooks-FailedEvents",
        "AWS::CloudWatch::Alarm",
    ),
    ("QueueAge", "webhooks-QueueAge", "AWS::CloudWatch::Alarm"),
    (
        "githubLog",
        "/aws/lambda/webhooks-github",
        "AWS::Logs::LogGroup",
    ),
    (
        "ProcessorLog",
        "/aws/lambda/webhooks-processor",
        "AWS::Logs::LogGroup",
    ),
    (
        "AccessLog",
        "/aws/vendedlogs/webhooks-gateway",
        "AWS::Logs::LogGroup",
    ),
];

fn right() -> BTreeMap<String, Value> {
    let mut answers = BTreeMap::new();
    let mut put = |key: &str, answer: Value| answers.insert(key.to_owned(), answer);
    put("DescribeStacks", json!(stack()));
    put("ListStackResources", json!(resources()));
    for (name, timeout) in [
        ("github", 29),
        ("processor", 60),
        ("relay", 50),
        ("reconciler", 840),
    ] {
        let key = format!("/2015-03-31/functions/webhooks-{name}/configuration");
        put(
            &key,
            json!({"FunctionName": format!("webhooks-{name}"), "State": "Active",
                   "LastUpdateStatus": "Successful", "Timeout": timeout, "MemorySize": 256}),
        );
    }
    put(
        "/2015-03-31/event-source-mappings/?FunctionName=webhooks-processor",
        json!({"EventSourceMappings": [{
            "UUID": "a1b2", "State": "Enabled", "BatchSize": 10,
            "EventSourceArn": "arn:aws:sqs:us-east-1:111122223333:webhooks-Queue",
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "ScalingConfig": {"MaximumConcurrency": 5}}]}),
    );
    put(
        "/2015-03-31/event-source-mappings/?FunctionName=webhooks-relay",
        json!({"EventSourceMappings": [{
            "UUID": "c3d4", "State": "Enabled", "BatchSize": 1000,
            "EventSourceArn": "arn:aws:dynamodb:us-east-1:111122223333:table/webhooks-Ledger/stream/2026"}]}),
    );
    put(
        "/2016-08-19/account-settings/",
        json!({"AccountLimit": {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 1000}}),
    );
    put(
        "DescribeRule webhooks-EveryMinute",
        json!({"Name": "webhooks-EveryMinute", "State": "ENABLED"}),
    );
    data(&mut put);
    watch(&mut put);
    answers
}

fn data(put: &mut impl FnMut(&str, Value) -> Option<Value>) {
    let queue = |more: Value| {
        let mut attributes = json!({"MessageRetentionPeriod": "1209600", "SqsManagedSseEnabled": "true",
            "ApproximateNumberOfMessages": "0", "VisibilityTimeout": "30"});
        let all = attributes.as_object_mut().expect("an object");
        all.extend(more.as_object().cloned().unwrap_or_default());
        json!({"Attributes": attributes})
    };
    let redrive = json!({"deadLetterTargetArn": DEAD, "maxReceiveCount": 50}).to_string();
    put(
        "GetQueueAttributes webhooks-Queue",
        queue(json!({"VisibilityTimeout": "360", "RedrivePolicy": redrive})),
    );
    put(
        "GetQueueAttributes webhooks-DeadLetterQueue",
        queue(json!({})),
    );
    put(
        "DescribeTable",
        json!({"Table": {"TableName": "webhooks-Ledger", "DeletionProtectionEnabled": true,
            "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "KEYS_ONLY"},
            "GlobalSecondaryIndexes": [{"IndexName": "listing"}, {"IndexName": "overdue"}]}}),
    );
    put(
        "DescribeTimeToLive",
        json!({"TimeToLiveDescription": {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}}),
    );
    put(
        "DescribeContinuousBackups",
        json!({"ContinuousBackupsDescription": {"ContinuousBackupsStatus": "ENABLED",
            "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "ENABLED"}}}),
    );
    put(
        "DescribeParameters",
        json!({"Parameters": [parameter("github/default", "SecureString", 10)]}),
    );
    put(
        "GetParameter default",
        json!({"Parameter": {"Name": "/webhooks/webhooks/github/default", "Value": "canary-secret-1"}}),
    );
    put(
        "GetParameter settings",
        json!({"Parameter": {"Name": "/webhooks/webhooks/github/default/settings", "Value": "{}"}}),
    );
}

fn watch(put: &mut impl FnMut(&str, Value) -> Option<Value>) {
    let alarm = |name: &str| {
        json!({"AlarmName": name, "ActionsEnabled": true, "AlarmActions": [TOPIC],
               "StateValue": "OK", "StateReason": "none"})
    };
    put(
        "DescribeAlarms",
        json!({"MetricAlarms": [alarm("webhooks-FailedEvents"), alarm("webhooks-QueueAge")]}),
    );
    put(
        "ListSubscriptionsByTopic",
        json!(subscriptions("arn:aws:sns:us-east-1:111122223333:t:1")),
    );
    for (group, last) in [
        ("/aws/lambda/webhooks-github", "webhooks-github"),
        ("/aws/lambda/webhooks-processor", "webhooks-processor"),
        ("/aws/vendedlogs/webhooks-gateway", "webhooks-gateway"),
    ] {
        put(
            &format!("DescribeLogGroups {last}"),
            json!({"logGroups": [{"logGroupName": group, "retentionInDays": 30}]}),
        );
    }
}

/// A parameter that was changed so many days ago.
pub(crate) fn parameter(name: &str, kind: &str, days: u32) -> Value {
    let now = webhooks::timestamp::Timestamp::now().seconds();
    let changed = now - i64::from(days) * 86_400;
    json!({"Name": format!("/webhooks/webhooks/{name}"), "Type": kind, "LastModifiedDate": changed})
}

/// The answer with the topic's only subscription.
pub(crate) fn subscriptions(arn: &str) -> String {
    let member = if arn.is_empty() {
        String::new()
    } else {
        format!(
            "<member><TopicArn>{TOPIC}</TopicArn><Protocol>email</Protocol><SubscriptionArn>{arn}</SubscriptionArn>\
             <Owner>{ACCOUNT}</Owner><Endpoint>team@example.com</Endpoint></member>"
        )
    };
    format!(
        r#"<ListSubscriptionsByTopicResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/">
        <ListSubscriptionsByTopicResult><Subscriptions>{member}</Subscriptions></ListSubscriptionsByTopicResult>
        <ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></ListSubscriptionsByTopicResponse>"#
    )
}

fn stack() -> String {
    let output = |(key, value): (&str, &str)| {
        format!("<member><OutputKey>{key}</OutputKey><OutputValue>{value}</OutputValue></member>")
    };
    let outputs: String = [
        ("TableName", "webhooks-Ledger"),
        ("SecretsPath", "/webhooks/webhooks"),
        ("AlarmTopicArn", TOPIC),
        ("DeadLetterQueueArn", DEAD),
    ]
    .map(output)
    .concat();
    format!(
        r#"<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult>
        <Stacks><member><StackName>webhooks</StackName><CreationTime>2026-01-01T00:00:00Z</CreationTime>
        <StackStatus>UPDATE_COMPLETE</StackStatus>
        <DriftInformation><StackDriftStatus>IN_SYNC</StackDriftStatus></DriftInformation>
        <Outputs>{outputs}</Outputs></member></Stacks></DescribeStacksResult>
        <ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></DescribeStacksResponse>"#
    )
}

fn resources() -> String {
    let member = |(logical, physical, kind): (&str, &str, &str)| {
        format!(
            "<member><LogicalResourceId>{logical}</LogicalResourceId>\
             <PhysicalResourceId>{physical}</PhysicalResourceId><ResourceType>{kind}</ResourceType>\
             <LastUpdatedTimestamp>2026-01-01T00:00:00Z</LastUpdatedTimestamp>\
             <ResourceStatus>UPDATE_COMPLETE</ResourceStatus></member>"
        )
    };
    let members = RESOURCES.map(member).concat();
    format!(
        r#"<ListStackResourcesResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">
        <ListStackResourcesResult><StackResourceSummaries>{members}</StackResourceSummaries></ListStackResourcesResult>
        <ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></ListStackResourcesResponse>"#
    )
}
