//! `template.yaml` repeats the limits that AWS has to know. Here the two are held together, and
//! each role to one action on one resource per statement.

mod deliveries;

use std::fs;
use std::time::Duration;

use deliveries::path;
use serde_yaml_ng::{Mapping, Value};
use webhooks::limits;
use webhooks::provider::ALL;

fn template() -> Value {
    let text = fs::read_to_string(path("template.yaml")).expect("the template is there");
    serde_yaml_ng::from_str(&text).expect("the template is YAML")
}

/// All resources of a type, by logical id.
fn resources(template: &Value, kind: &str) -> Vec<(String, Value)> {
    let all = template["Resources"].as_mapping().expect("resources");
    let of_kind = all.iter().filter(|(_, resource)| resource["Type"] == *kind);
    of_kind
        .map(|(id, resource)| (text(id), resource.clone()))
        .collect()
}

/// The function whose binary has this name.
fn function(template: &Value, binary: &str) -> Value {
    let functions = resources(template, "AWS::Serverless::Function");
    let named = |(_, function): &(String, Value)| {
        function["Metadata"]["BuildProperties"]["Binary"] == *binary
    };
    let (_, function) = functions.into_iter().find(named).expect(binary);
    function["Properties"].clone()
}

fn queue(template: &Value, id: &str) -> Value {
    template["Resources"][id]["Properties"].clone()
}

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

fn seconds(value: &Value) -> Duration {
    Duration::from_secs(value.as_u64().expect("a number of seconds"))
}

fn milliseconds(value: &Value) -> Duration {
    Duration::from_millis(value.as_u64().expect("a number of milliseconds"))
}

#[test]
fn functions_have_the_time_that_the_code_counts_on() {
    let template = template();
    let mut expected = vec![
        ("processor", limits::PROCESSOR_TIMEOUT),
        ("relay", limits::RELAY_TIMEOUT),
    ];
    let receivers = ALL.iter().map(|provider| provider.name());
    expected.extend(receivers.map(|name| (name, limits::RECEIVER_TIMEOUT)));
    let functions = resources(&template, "AWS::Serverless::Function");
    assert_eq!(functions.len(), expected.len());
    for (binary, timeout) in expected {
        let function = function(&template, binary);
        assert_eq!(seconds(&function["Timeout"]), timeout, "{binary}");
    }
}

#[test]
fn the_gateway_outwaits_the_receivers() {
    let template = template();
    for provider in ALL {
        let name = provider.name();
        let events = function(&template, name)["Events"].clone();
        let events = events.as_mapping().expect("routes");
        assert!(events.len() >= 2, "{name}");
        for (id, event) in events {
            assert_eq!(event["Type"], *"HttpApi", "{name}, {id:?}");
            let timeout = milliseconds(&event["Properties"]["TimeoutInMillis"]);
            assert!(timeout > limits::RECEIVER_TIMEOUT, "{name}, {id:?}");
        }
    }
}

#[test]
fn a_message_stays_hidden_for_six_processor_times() {
    let visibility = seconds(&queue(&template(), "Queue")["VisibilityTimeout"]);
    assert_eq!(visibility, limits::VISIBILITY);
    assert!(visibility >= 6 * limits::PROCESSOR_TIMEOUT);
}

#[test]
fn dead_letters_wait_14_days() {
    let days = |days: u64| Duration::from_secs(days * 86_400);
    let dead_letters = queue(&template(), "DeadLetterQueue");
    let retention = seconds(&dead_letters["MessageRetentionPeriod"]);
    assert_eq!(retention, days(14));
    let queue = queue(&template(), "Queue");
    assert!(seconds(&queue["MessageRetentionPeriod"]) <= retention);
    let target = &queue["RedrivePolicy"]["deadLetterTargetArn"];
    assert_eq!(text(target), "DeadLetterQueue.Arn");
}

#[test]
fn deployment_refuses_a_retention_below_7_days() {
    let retention = &template()["Parameters"]["RetentionDays"];
    assert_eq!(retention["Default"].as_u64(), Some(30));
    assert!(allowed_days(retention).iter().all(|days| *days >= 7));
}

fn allowed_days(retention: &Value) -> Vec<u64> {
    let allowed = retention["AllowedValues"].as_sequence();
    let allowed = allowed.expect("a list of days");
    allowed.iter().filter_map(Value::as_u64).collect()
}

#[test]
fn a_payload_outlives_its_event_by_a_week_whatever_the_retention() {
    let template = template();
    let payloads = template["Mappings"]["Payloads"]
        .as_mapping()
        .expect("a mapping");
    let allowed = allowed_days(&template["Parameters"]["RetentionDays"]);
    assert_eq!(payloads.len(), allowed.len());
    for days in allowed {
        let payload = payloads[days.to_string()]["Days"].as_u64();
        assert!(payload.expect("its days") >= days + 7, "{days}");
    }
    let bucket = &template["Resources"]["Payloads"]["Properties"];
    let rule = &bucket["LifecycleConfiguration"]["Rules"][0]["ExpirationInDays"];
    let arguments: Vec<_> = rule.as_sequence().expect("FindInMap").iter().collect();
    assert_eq!(arguments[0], "Payloads");
    assert_eq!(text(arguments[1]), "RetentionDays");
}

/// Every statement of every policy, with the id of the resource it stands in.
fn statements(template: &Value) -> Vec<(String, Mapping)> {
    fn collect(id: &str, value: &Value, found: &mut Vec<(String, Mapping)>) {
        match value {
            Value::Mapping(mapping) => {
                let statements = match mapping.get("Statement") {
                    Some(Value::Sequence(statements)) => statements.as_slice(),
                    Some(statement) => std::slice::from_ref(statement),
                    None => &[],
                };
                let statements = statements.iter().map(|statement| {
                    // One under a condition stands in the middle of an `!If`.
                    let statement = statement.as_mapping().or(statement[1].as_mapping());
                    (id.to_owned(), statement.expect("a statement").clone())
                });
                found.extend(statements);
                for (_, inner) in mapping {
                    collect(id, inner, found);
                }
            }
            Value::Sequence(sequence) => {
                for inner in sequence {
                    collect(id, inner, found);
                }
            }
            Value::Tagged(tagged) => collect(id, &tagged.value, found),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let mut found = Vec::new();
    for (id, resource) in template["Resources"].as_mapping().expect("resources") {
        collect(&text(id), resource, &mut found);
    }
    found
}

#[test]
fn every_statement_is_one_action_on_one_resource() {
    let statements = statements(&template());
    assert!(statements.len() > ALL.len());
    for (id, statement) in statements {
        let field = |name| statement.get(name).and_then(Value::as_str);
        let action = field("Action").unwrap_or_else(|| panic!("{id} has one action"));
        assert!(!statement.contains_key("NotAction") && !statement.contains_key("NotResource"));
        if field("Effect") == Some("Deny") {
            assert!(field("Resource").is_some(), "{id}, {action}");
            continue;
        }
        assert!(!action.contains('*'), "{id}, {action}");
        match field("Resource") {
            // The policy that says who may take the role stands on the role itself.
            None => assert_eq!(action, "sts:AssumeRole", "{id}"),
            // X-Ray has no resources to name.
            Some("*") => assert!(action.starts_with("xray:Put"), "{id}, {action}"),
            // The objects of one bucket are what S3 has for a resource.
            Some(objects) if ["s3:PutObject", "s3:GetObject"].contains(&action) => {
                let bucket = objects.strip_suffix("/*").expect("all objects of a bucket");
                assert!(bucket.starts_with("${Payloads.Arn}") && !bucket.contains('*'));
            }
            // The sources of one provider, whose names are the user's.
            Some(sources) if action == "ssm:GetParameters" => {
                let provider = sources
                    .strip_suffix("/*")
                    .expect("all sources of a provider");
                assert!(provider.contains("/webhooks/") && !provider.contains('*'));
            }
            Some(resource) => assert!(!resource.contains('*'), "{id}, {action}"),
        }
    }
}

#[test]
fn every_function_has_a_role_of_its_own() {
    let template = template();
    let mut roles: Vec<_> = resources(&template, "AWS::Serverless::Function")
        .into_iter()
        .map(|(id, function)| {
            let properties = &function["Properties"];
            assert!(properties.get("Policies").is_none(), "{id}");
            text(&properties["Role"])
        })
        .collect();
    let functions = roles.len();
    roles.sort();
    roles.dedup();
    assert_eq!(roles.len(), functions);
}

/// Build and deployment cannot differ: a parameter keeps its last value at one of them.
#[test]
fn the_architecture_is_a_literal() {
    let template = template();
    let architectures = &template["Globals"]["Function"]["Architectures"];
    assert_eq!(architectures[0], *"arm64");
    for (name, function) in resources(&template, "AWS::Serverless::Function") {
        assert!(function["Properties"]["Architectures"].is_null(), "{name}");
    }
}
