//! `template.yaml` repeats the limits that AWS has to know. Here the two are held together, and
//! each role to one action on one resource per statement.

mod deliveries;

use std::time::Duration;

use deliveries::path;
use serde_json::{Map, Value};
use webhooks::limits;
use webhooks_cli::template::Template;

/// The template with its loop written out.
fn template() -> Value {
    let template = Template::read(&path("template.yaml")).expect("a template");
    template.document().clone()
}

/// All resources of a type, by logical id.
fn resources(template: &Value, kind: &str) -> Vec<(String, Value)> {
    let all = template["Resources"].as_object().expect("resources");
    let of_kind = all.iter().filter(|(_, resource)| resource["Type"] == kind);
    of_kind
        .map(|(id, resource)| (id.clone(), resource.clone()))
        .collect()
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
    let functions = resources(&template(), "AWS::Serverless::Function");
    for (id, function) in functions {
        let limit = match text(&function["Metadata"]["BuildProperties"]["Binary"]).as_str() {
            "receiver" => limits::RECEIVER_TIMEOUT,
            "processor" => limits::PROCESSOR_TIMEOUT,
            "relay" => limits::RELAY_TIMEOUT,
            "reconciler" => limits::RECONCILER_TIMEOUT,
            other => panic!("{id}: {other} has no limit"),
        };
        assert_eq!(seconds(&function["Properties"]["Timeout"]), limit, "{id}");
    }
}

#[test]
fn the_gateway_outwaits_the_receivers() {
    let integrations = resources(&template(), "AWS::ApiGatewayV2::Integration");
    assert!(!integrations.is_empty());
    for (id, integration) in integrations {
        let properties = &integration["Properties"];
        let timeout = milliseconds(&properties["TimeoutInMillis"]);
        assert!(timeout > limits::RECEIVER_TIMEOUT, "{id}");
        assert_eq!(properties["PayloadFormatVersion"], *"2.0", "{id}");
    }
}

/// CloudFormation takes 500 resources, and SAM adds some of its own: the API's stage, the schedule's
/// permission, the queue's mapping.
#[test]
fn sixty_providers_are_one_stack() {
    const PROVIDERS: usize = 60;
    let template = template();
    let all = template["Resources"].as_object().expect("resources").len();
    let (listed, for_each) = per_provider(&template);
    assert_eq!(for_each, 7);
    let others = all - listed * for_each;
    assert!(others + PROVIDERS * for_each + 10 <= 500, "{others} others");
    let alarms = resources(&template, "AWS::CloudWatch::Alarm").len();
    assert!(alarms <= 15, "{alarms} alarms");
}

/// The number of providers in the template's list, and of resources for each.
fn per_provider(template: &Value) -> (usize, usize) {
    let functions = resources(template, "AWS::Serverless::Function");
    let provider = |function: &Value| {
        let variables = &function["Properties"]["Environment"]["Variables"];
        variables["PROVIDER"].as_str().map(str::to_owned)
    };
    let providers: Vec<_> = functions
        .iter()
        .filter_map(|(_, function)| provider(function))
        .collect();
    let all = template["Resources"].as_object().expect("resources");
    let first = providers.first().expect("a provider");
    let its = all.keys().filter(|id| id.starts_with(first)).count();
    (providers.len(), its)
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
    assert_eq!(target["Fn::GetAtt"][0], "DeadLetterQueue");
}

#[test]
fn deployment_refuses_a_retention_below_7_days() {
    let retention = &template()["Parameters"]["RetentionDays"];
    assert_eq!(retention["Default"], "30");
    assert!(allowed_days(retention).iter().all(|days| *days >= 7));
}

fn allowed_days(retention: &Value) -> Vec<u64> {
    let allowed = retention["AllowedValues"].as_array();
    let allowed = allowed.expect("a list of days");
    let days = allowed
        .iter()
        .filter_map(|days| days.as_str()?.parse().ok());
    days.collect()
}

#[test]
fn a_payload_outlives_its_event_by_a_week_whatever_the_retention() {
    let template = template();
    let payloads = template["Mappings"]["Payloads"]
        .as_object()
        .expect("a mapping");
    let allowed = allowed_days(&template["Parameters"]["RetentionDays"]);
    assert_eq!(payloads.len(), allowed.len());
    for days in allowed {
        let payload = payloads[&days.to_string()]["Days"].as_u64();
        assert!(payload.expect("its days") >= days + 7, "{days}");
    }
    let bucket = &template["Resources"]["Payloads"]["Properties"];
    let rule = &bucket["LifecycleConfiguration"]["Rules"][0]["ExpirationInDays"];
    let arguments = &rule["Fn::FindInMap"];
    assert_eq!(arguments[0], "Payloads");
    assert_eq!(arguments[1]["Ref"], "RetentionDays");
}

/// Every statement of every policy, with the id of the resource it stands in.
fn statements(template: &Value) -> Vec<(String, Map<String, Value>)> {
    fn collect(id: &str, value: &Value, found: &mut Vec<(String, Map<String, Value>)>) {
        match value {
            Value::Object(object) => {
                let statements = match object.get("Statement") {
                    Some(Value::Array(statements)) => statements.as_slice(),
                    Some(statement) => std::slice::from_ref(statement),
                    None => &[],
                };
                let statements = statements.iter().map(|statement| {
                    // One under a condition stands in the middle of an `!If`.
                    let condition = statement.get("Fn::If");
                    let statement = condition.map_or(statement, |arguments| &arguments[1]);
                    (
                        id.to_owned(),
                        statement.as_object().expect("a statement").clone(),
                    )
                });
                found.extend(statements);
                object.values().for_each(|inner| collect(id, inner, found));
            }
            Value::Array(values) => values.iter().for_each(|inner| collect(id, inner, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let mut found = Vec::new();
    for (id, resource) in template["Resources"].as_object().expect("resources") {
        collect(id, resource, &mut found);
    }
    found
}

/// What a reference or a text names.
fn named(value: &Value) -> Option<String> {
    let reference = value.get("Ref").or(value.get("Fn::Sub"));
    let attribute = value.get("Fn::GetAtt").map(|path| path[0].clone());
    let name = reference.cloned().or(attribute).unwrap_or(value.clone());
    name.as_str().map(str::to_owned)
}

#[test]
fn every_statement_is_one_action_on_one_resource() {
    let statements = statements(&template());
    assert!(!statements.is_empty());
    for (id, statement) in statements {
        let field = |name| statement.get(name).and_then(named);
        let action = field("Action").unwrap_or_else(|| panic!("{id} has one action"));
        let (action, resource) = (action.as_str(), field("Resource"));
        assert!(!statement.contains_key("NotAction") && !statement.contains_key("NotResource"));
        if field("Effect").as_deref() == Some("Deny") {
            assert!(resource.is_some(), "{id}, {action}");
            continue;
        }
        assert!(!action.contains('*'), "{id}, {action}");
        match resource.as_deref() {
            // The policy that says who may take the role stands on the role itself.
            None => assert_eq!(action, "sts:AssumeRole", "{id}"),
            // X-Ray has no resources to name, and the list of streams has none.
            Some("*") => {
                let nameless = action.starts_with("xray:Put") || action == "dynamodb:ListStreams";
                assert!(nameless, "{id}, {action}");
            }
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
            // The credentials of all sources, which lie apart from their secrets.
            Some(credentials) if action == "ssm:GetParameter" => {
                let all = credentials.strip_suffix("/reconciler/*");
                assert!(all.is_some_and(|before| !before.contains('*')), "{id}");
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
            properties["Role"]["Fn::GetAtt"][0].to_string()
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
        let properties = &function["Properties"];
        assert!(properties.get("Architectures").is_none(), "{name}");
    }
}
