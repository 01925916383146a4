//! The template as CloudFormation renders it: parameters, conditions and references resolved.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use webhooks_cli::keys::REGION;
use webhooks_cli::stack::NAME;
use webhooks_cli::template::Template;

/// The account that the emulator plays.
pub(crate) const ACCOUNT: &str = "000000000000";

/// A template with everything that its references need.
pub(crate) struct Rendering {
    document: Value,
    parameters: BTreeMap<String, Value>,
    /// Names of resources; one that is not here is named as in the template.
    names: BTreeMap<String, String>,
}

impl Rendering {
    /// With the parameters' defaults but for these.
    pub(crate) fn new(
        template: &Template,
        names: BTreeMap<String, String>,
        given: &[(&str, &str)],
    ) -> Self {
        let document = template.document().clone();
        let declared = document["Parameters"].as_object().expect("parameters");
        let defaults = declared
            .iter()
            .map(|(name, parameter)| (name.clone(), parameter["Default"].clone()));
        let given = given
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value)));
        let parameters = defaults.chain(given).collect();
        Self {
            document,
            parameters,
            names,
        }
    }

    /// The resources of a type, with their properties rendered.
    pub(crate) fn resources(&self, kind: &str) -> BTreeMap<String, Value> {
        let all = self.document["Resources"].as_object().expect("resources");
        let of_kind = all.iter().filter(|(_, resource)| resource["Type"] == kind);
        of_kind
            .map(|(id, resource)| (id.clone(), self.value(&resource["Properties"])))
            .collect()
    }

    /// What every function has in common.
    pub(crate) fn globals(&self) -> Value {
        self.value(&self.document["Globals"]["Function"])
    }

    /// A resource's ARN, where it has one that policies name.
    pub(crate) fn arn(&self, id: &str) -> String {
        let resource = &self.document["Resources"][id];
        let name = self.name(id);
        let arn =
            |service: &str, what: &str| format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{what}");
        match resource["Type"].as_str().expect("a type") {
            "AWS::DynamoDB::Table" => arn("dynamodb", &format!("table/{name}")),
            "AWS::SQS::Queue" => arn("sqs", name.rsplit('/').next().expect("a name")),
            "AWS::SNS::Topic" if name.starts_with("arn:") => name,
            "AWS::SNS::Topic" => arn("sns", &name),
            "AWS::Events::EventBus" => arn("events", &format!("event-bus/{name}")),
            "AWS::S3::Bucket" => format!("arn:aws:s3:::{name}"),
            "AWS::IAM::Role" => {
                let path = self.value(&resource["Properties"]["Path"]);
                format!(
                    "arn:aws:iam::{ACCOUNT}:role{}{name}",
                    path.as_str().expect("a path")
                )
            }
            "AWS::Logs::LogGroup" => arn("logs", &format!("log-group:{name}:*")),
            other => panic!("{id}: the ARN of {other} is not known"),
        }
    }

    fn name(&self, id: &str) -> String {
        let properties = &self.document["Resources"][id]["Properties"];
        let given = ["Name", "LogGroupName"].map(|property| self.value(&properties[property]));
        let given = given.iter().find_map(Value::as_str).map(str::to_owned);
        let physical = self.names.get(id).cloned();
        physical.or(given).unwrap_or_else(|| id.to_owned())
    }

    fn reference(&self, name: &str) -> Value {
        match name {
            "AWS::AccountId" => json!(ACCOUNT),
            "AWS::Partition" => json!("aws"),
            "AWS::Region" => json!(REGION),
            "AWS::StackName" => json!(NAME),
            "AWS::URLSuffix" => json!("amazonaws.com"),
            _ => match self.parameters.get(name) {
                Some(value) => value.clone(),
                None if self.document["Resources"][name]["Type"] == "AWS::SNS::Topic" => {
                    json!(self.arn(name))
                }
                None => json!(self.name(name)),
            },
        }
    }

    fn condition(&self, condition: &Value) -> bool {
        let operand = |value: &Value| match self.value(value) {
            Value::String(text) => text,
            other => other.to_string(),
        };
        match condition.as_object().and_then(|call| call.iter().next()) {
            Some((name, arguments)) if name == "Fn::Equals" => {
                operand(&arguments[0]) == operand(&arguments[1])
            }
            Some((name, arguments)) if name == "Fn::Not" => !self.condition(&arguments[0]),
            _ => panic!("the condition {condition} is not known"),
        }
    }

    /// A value with every function in it called; null where the property is left out.
    pub(crate) fn value(&self, value: &Value) -> Value {
        match value {
            Value::Array(values) => {
                let values = values.iter().map(|value| self.value(value));
                values.filter(|value| !value.is_null()).collect()
            }
            Value::Object(object) => {
                let call = object.iter().next().filter(|_| object.len() == 1);
                call.and_then(|(name, arguments)| self.call(name, arguments))
                    .unwrap_or_else(|| self.members(object))
            }
            other => other.clone(),
        }
    }

    fn members(&self, object: &Map<String, Value>) -> Value {
        let members = object
            .iter()
            .map(|(name, value)| (name.clone(), self.value(value)));
        members.filter(|(_, value)| !value.is_null()).collect()
    }

    fn call(&self, function: &str, arguments: &Value) -> Option<Value> {
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        Some(match function {
            "Ref" if arguments == "AWS::NoValue" => Value::Null,
            "Ref" => self.reference(arguments.as_str()?),
            "Fn::GetAtt" if arguments[1] == "Arn" => json!(self.arn(arguments[0].as_str()?)),
            "Fn::GetAtt" if arguments[1] == "StreamArn" => {
                let table = self.arn(arguments[0].as_str()?);
                json!(format!("{table}/stream/2026-01-01T00:00:00.000"))
            }
            "Fn::GetAtt" => json!(self.name(arguments[0].as_str()?)),
            "Fn::Sub" if arguments.is_string() => json!(self.substituted(arguments.as_str()?)),
            "Fn::If" => {
                let name = arguments[0].as_str()?;
                let holds = self.condition(&self.document["Conditions"][name]);
                self.value(&arguments[if holds { 1 } else { 2 }])
            }
            "Fn::FindInMap" => {
                let key = self.value(&arguments[1]);
                let key = key.as_str().map_or_else(|| key.to_string(), str::to_owned);
                self.document["Mappings"][text(&arguments[0])][key][text(&arguments[2])].clone()
            }
            "Fn::Sub" => json!(arguments[0]),
            _ => return None,
        })
    }

    fn substituted(&self, text: &str) -> String {
        let mut parts = text.split("${");
        let mut whole = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (name, rest) = part.split_once('}').expect("a closed substitution");
            let value = match name.split_once('.') {
                Some((id, "Arn")) => json!(self.arn(id)),
                Some((id, _)) => json!(self.name(id)),
                None => self.reference(name),
            };
            whole.push_str(
                &value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned),
            );
            whole.push_str(rest);
        }
        whole
    }
}
