//! A call to AWS as IAM sees it: action, resource and condition keys.

use std::collections::BTreeMap;

use lab::proxy::Call;
use serde_json::{Value, json};
use webhooks_cli::keys::REGION;

use crate::policies::name;
use crate::rendering::{ACCOUNT, Rendering};

/// What has to be allowed for a call to succeed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Request {
    pub(crate) action: String,
    pub(crate) resource: String,
    pub(crate) keys: BTreeMap<String, Vec<String>>,
}

impl Request {
    pub(crate) fn new(action: impl Into<String>, resource: impl Into<String>) -> Self {
        Self {
            action: action.into(),
            resource: resource.into(),
            keys: BTreeMap::new(),
        }
    }

    pub(crate) fn with(mut self, key: &str, values: impl IntoIterator<Item = String>) -> Self {
        self.keys
            .insert(key.to_owned(), values.into_iter().collect());
        self
    }

    /// Requests of the same kind: of one is asked what holds for all.
    pub(crate) fn kind(&self) -> Self {
        let first = |text: &str| text.split('/').next().unwrap_or_default().to_owned();
        let mut kind = self.clone();
        for values in kind.keys.values_mut() {
            *values = values.iter().map(|value| first(value)).collect();
            values.sort_unstable();
            values.dedup();
        }
        if let Some((bucket, object)) = kind.resource.split_once('/')
            && self.action.starts_with("s3:")
        {
            kind.resource = format!("{bucket}/{}", first(object));
        }
        kind
    }
}

/// What a call needs. Actions that IAM does not know are refused by the evaluator, so a call that
/// is not understood here fails the test.
pub(crate) fn requests(call: &Call, secrets_key: &str) -> Vec<Request> {
    let body: Value = serde_json::from_slice(&call.body).unwrap_or_default();
    let action = format!("{}:{}", call.service, call.operation);
    match call.service.as_str() {
        "dynamodb" if call.operation == "TransactWriteItems" => transaction(&body),
        "dynamodb" if call.operation == "BatchGetItem" => batch(&action, &body),
        "dynamodb" if call.operation == "BatchExecuteStatement" => statements(&body),
        "dynamodb" => vec![item(&action, &body)],
        // One permission for both ways.
        "sqs" if call.operation == "SendMessageBatch" => {
            vec![Request::new("sqs:SendMessage", queue(&body["QueueUrl"]))]
        }
        "sqs" => vec![Request::new(action, queue(&body["QueueUrl"]))],
        "events" => entries(&action, &body),
        "ssm" => parameters(&action, &body, secrets_key),
        "sns" => vec![Request::new(action, topic(&call.body))],
        "s3" => {
            let path = call.target.split('?').next().unwrap_or_default();
            vec![Request::new(
                action,
                format!("arn:aws:s3:::{}", path.trim_start_matches('/')),
            )]
        }
        _ => vec![Request::new(action, "*")],
    }
}

fn arn(service: &str, what: &str) -> String {
    format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{what}")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn item(action: &str, body: &Value) -> Request {
    let table = format!("table/{}", text(&body["TableName"]));
    let resource = match body["IndexName"].as_str() {
        Some(index) => format!("{table}/index/{index}"),
        None => table,
    };
    let request = Request::new(action, arn("dynamodb", &resource));
    request.with("dynamodb:LeadingKeys", leading_key(body))
}

/// The value of the partition key: in an item, in a key, or what a query compares first.
fn leading_key(body: &Value) -> Option<String> {
    let of_item = || {
        ["pk", "payment_id"]
            .iter()
            .find_map(|name| body["Item"][name]["S"].as_str())
    };
    let of_key = || body["Key"].as_object()?.values().next()?["S"].as_str();
    let of_query = || {
        let (_, compared) = body["KeyConditionExpression"].as_str()?.split_once('=')?;
        let name = compared.split_whitespace().next()?;
        body["ExpressionAttributeValues"][name]["S"].as_str()
    };
    of_item()
        .or_else(of_key)
        .or_else(of_query)
        .map(str::to_owned)
}

/// The reading of many items needs each of their tables.
fn batch(action: &str, body: &Value) -> Vec<Request> {
    let tables = body["RequestItems"].as_object().into_iter().flatten();
    tables
        .map(|(table, wanted)| {
            let keys = wanted["Keys"].as_array().into_iter().flatten();
            let keys = keys.map(|key| text(&key["pk"]["S"]).to_owned());
            let table = arn("dynamodb", &format!("table/{table}"));
            Request::new(action, table).with("dynamodb:LeadingKeys", keys)
        })
        .collect()
}

/// A statement needs what its first word says, of the table that it names and the key that is its
/// first parameter.
fn statements(body: &Value) -> Vec<Request> {
    let statements = body["Statements"].as_array().into_iter().flatten();
    statements
        .map(|statement| {
            let words = text(&statement["Statement"]);
            let action = match words.split_whitespace().next() {
                Some("INSERT") => "dynamodb:PartiQLInsert",
                other => panic!("no such statement: {other:?}"),
            };
            let table = words.split('"').nth(1).unwrap_or_default();
            let key = text(&statement["Parameters"][0]["S"]).to_owned();
            let table = arn("dynamodb", &format!("table/{table}"));
            Request::new(action, table).with("dynamodb:LeadingKeys", [key])
        })
        .collect()
}

/// A transaction needs what each of its writes needs.
fn transaction(body: &Value) -> Vec<Request> {
    let writes = body["TransactItems"].as_array().into_iter().flatten();
    let each = writes.filter_map(Value::as_object).flatten();
    each.map(|(kind, write)| {
        let operation = match kind.as_str() {
            "ConditionCheck" => "ConditionCheckItem".to_owned(),
            kind => format!("{kind}Item"),
        };
        item(&format!("dynamodb:{operation}"), write)
    })
    .collect()
}

fn queue(url: &Value) -> String {
    arn("sqs", text(url).rsplit('/').next().unwrap_or_default())
}

fn entries(action: &str, body: &Value) -> Vec<Request> {
    let entries = body["Entries"].as_array().into_iter().flatten();
    entries
        .map(|entry| {
            let bus = format!("event-bus/{}", text(&entry["EventBusName"]));
            Request::new(action, arn("events", &bus))
                .with("events:source", [text(&entry["Source"]).to_owned()])
                .with(
                    "events:detail-type",
                    [text(&entry["DetailType"]).to_owned()],
                )
        })
        .collect()
}

/// Parameters that are decrypted need their key as well, of which Parameter Store makes use in the
/// caller's name.
fn parameters(action: &str, body: &Value, secrets_key: &str) -> Vec<Request> {
    let named = |name: &str| arn("ssm", &format!("parameter{name}"));
    let names = body["Names"].as_array().into_iter().flatten();
    let names = names.chain(body.get("Name")).map(text);
    let path = body["Path"].as_str();
    let mut requests: Vec<Request> = names
        .clone()
        .chain(path)
        .map(|name| Request::new(action, named(name)))
        .collect();
    if !secrets_key.is_empty() && body["WithDecryption"] == json!(true) {
        let below = path.map(|path| format!("{path}/default"));
        let encrypted = names.map(str::to_owned).chain(below);
        requests.extend(encrypted.map(|name| {
            Request::new("kms:Decrypt", secrets_key)
                .with("kms:ViaService", [format!("ssm.{REGION}.amazonaws.com")])
                .with("kms:EncryptionContext:PARAMETER_ARN", [named(&name)])
        }));
    }
    requests
}

fn topic(form: &[u8]) -> String {
    let form = String::from_utf8_lossy(form);
    let mut pairs = form.split('&').filter_map(|pair| pair.split_once('='));
    let topic = pairs.find(|(name, _)| *name == "TopicArn");
    topic.map_or_else(String::new, |(_, arn)| arn.replace("%3A", ":"))
}

/// What Lambda does in the name of a function's role, which no proxy sees: it writes the log, sends
/// the traces and takes messages from the queue.
pub(crate) fn by_lambda(rendering: &Rendering, globals: &Value) -> Vec<(String, Request)> {
    let mut requests = Vec::new();
    for function in rendering.resources("AWS::Serverless::Function").values() {
        let mut add = |action: &str, resource: &str| {
            requests.push((name(function), Request::new(action, resource)));
        };
        let group = text(&function["LoggingConfig"]["LogGroup"]);
        let stream = arn(
            "logs",
            &format!("log-group:{group}:log-stream:2026/01/01/1"),
        );
        add("logs:CreateLogStream", &stream);
        add("logs:PutLogEvents", &stream);
        // In either mode: by itself, or of what comes with a sampled trace.
        if matches!(text(&globals["Tracing"]), "Active" | "PassThrough") {
            add("xray:PutTraceSegments", "*");
            add("xray:PutTelemetryRecords", "*");
        }
        let events = function["Events"]
            .as_object()
            .into_iter()
            .flat_map(|events| events.values());
        for event in events {
            if event["Type"] == "DynamoDB" {
                let stream = text(&event["Properties"]["Stream"]);
                add("dynamodb:GetRecords", stream);
                add("dynamodb:GetShardIterator", stream);
                add("dynamodb:DescribeStream", stream);
                add("dynamodb:ListStreams", "*");
            }
            if event["Type"] != "SQS" {
                continue;
            }
            let queue = text(&event["Properties"]["Queue"]);
            add("sqs:ReceiveMessage", queue);
            add("sqs:DeleteMessage", queue);
            add("sqs:GetQueueAttributes", queue);
        }
    }
    requests
}
