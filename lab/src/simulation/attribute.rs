//! DynamoDB's attributes in its JSON
//! (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html>).

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::expression::Attributes;

/// Attributes by name.
pub(super) fn read(json: &Value) -> Attributes {
    let members = json.as_object().into_iter().flatten();
    members
        .map(|(name, value)| (name.clone(), value_of(value)))
        .collect()
}

/// One value.
pub(super) fn value_of(json: &Value) -> AttributeValue {
    let (kind, value) = json
        .as_object()
        .and_then(|members| members.iter().next())
        .expect("a type and a value");
    let text = || value.as_str().expect("a text").to_owned();
    match kind.as_str() {
        "S" => AttributeValue::S(text()),
        "N" => AttributeValue::N(text()),
        "B" => AttributeValue::B(Blob::new(STANDARD.decode(text()).expect("base64"))),
        "L" => {
            let values = value.as_array().into_iter().flatten();
            AttributeValue::L(values.map(value_of).collect())
        }
        other => panic!("the ledger has no values of type {other}"),
    }
}

/// Attributes as JSON.
pub(super) fn written(attributes: &Attributes) -> Value {
    let members = attributes.iter();
    let members = members.map(|(name, value)| (name.clone(), json_of(value)));
    Value::Object(members.collect::<Map<_, _>>())
}

fn json_of(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => json!({"S": text}),
        AttributeValue::N(number) => json!({"N": number}),
        AttributeValue::B(bytes) => json!({"B": STANDARD.encode(bytes)}),
        AttributeValue::L(values) => json!({"L": values.iter().map(json_of).collect::<Vec<_>>()}),
        other => panic!("the ledger has no such values: {other:?}"),
    }
}
