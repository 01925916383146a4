//! The template's loops.

use serde_json::{Map, Value, json};

/// The template with its loops written out, as the transform `AWS::LanguageExtensions` does
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html>).
pub(super) fn unrolled(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let mut members = Map::new();
            for (key, member) in object {
                if key.starts_with("Fn::ForEach::") {
                    members.extend(turns(member));
                } else {
                    members.insert(key.clone(), unrolled(member));
                }
            }
            Value::Object(members)
        }
        Value::Array(values) => values.iter().map(unrolled).collect(),
        other => other.clone(),
    }
}

/// The members that a loop makes: for each element of its list, the members with the element in them.
fn turns(arguments: &Value) -> Map<String, Value> {
    let identifier = arguments[0].as_str().unwrap_or_default();
    let elements = arguments[1].as_array().into_iter().flatten();
    let elements = elements.filter_map(Value::as_str);
    let made = elements.filter_map(|element| {
        let body = unrolled(&arguments[2]);
        with_element(&body, identifier, element)
            .as_object()
            .cloned()
    });
    made.flatten().collect()
}

fn with_element(value: &Value, identifier: &str, element: &str) -> Value {
    let placeholder = format!("${{{identifier}}}");
    match value {
        Value::Object(object) => {
            let reference = object.get("Ref").filter(|_| object.len() == 1);
            if reference.and_then(Value::as_str) == Some(identifier) {
                return json!(element);
            }
            let member = |(key, member): (&String, &Value)| {
                let key = key.replace(&placeholder, element);
                (key, with_element(member, identifier, element))
            };
            let members: Map<String, Value> = object.iter().map(member).collect();
            // A text in which nothing is left to replace is that text.
            match members.get("Fn::Sub").filter(|_| members.len() == 1) {
                Some(Value::String(text)) if !text.contains("${") => json!(text),
                _ => Value::Object(members),
            }
        }
        Value::Array(values) => values
            .iter()
            .map(|value| with_element(value, identifier, element))
            .collect(),
        Value::String(text) => json!(text.replace(&placeholder, element)),
        other => other.clone(),
    }
}
