//! Shapes that a field may have, for `#[serde(default, deserialize_with = "...")]`. Providers send the
//! same field as text here and as a number there, or as `null` for a list without elements.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::json::{self, Members};

/// A list, a map or a flag, or its default where it is `null`.
///
/// # Errors
/// The deserializer's, for another shape.
pub fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A text, or a number as it is written; nothing for any other shape.
///
/// # Errors
/// The deserializer's, for what is not JSON.
pub fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let value = <Box<RawValue>>::deserialize(deserializer)?;
    Ok(json::scalar(&value))
}

/// A whole number, also as the text that a form has for it; nothing for any other shape.
///
/// # Errors
/// The deserializer's, for what is not JSON.
pub fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Ok(text(deserializer)?.and_then(|text| text.trim().parse().ok()))
}

/// The id of an object that is sent as its id alone or as a whole; nothing for any other shape.
///
/// # Errors
/// The deserializer's, for what is not JSON.
pub fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let value = <Box<RawValue>>::deserialize(deserializer)?;
    let within = || json::scalar(&json::member(value.get().as_bytes(), "id")?);
    Ok(json::scalar(&value).or_else(within))
}

/// One value, or a list of them; none for any other shape.
///
/// # Errors
/// The deserializer's, for what is not JSON.
pub fn one_or_many<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let value = <Box<RawValue>>::deserialize(deserializer)?;
    let bytes = value.get().as_bytes();
    let one = || json::read(bytes).map(|one| vec![one]);
    Ok(json::read(bytes).or_else(one).unwrap_or_default())
}

/// Texts by their names, and numbers as they are written. What has any other shape is left out.
///
/// # Errors
/// The deserializer's, for what is not JSON.
pub fn texts<'de, D>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error>
where
    D: Deserializer<'de>,
{
    let value = <Box<RawValue>>::deserialize(deserializer)?;
    let Some(Members(members)) = json::read(value.get().as_bytes()) else {
        return Ok(BTreeMap::new());
    };
    let members = members.into_iter();
    let texts = members.filter_map(|(name, value)| Some((name, json::scalar(&value)?)));
    Ok(texts.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Shapes {
        #[serde(deserialize_with = "or_default")]
        list: Vec<u8>,
        #[serde(deserialize_with = "text")]
        text: Option<String>,
        #[serde(deserialize_with = "number")]
        number: Option<i64>,
        #[serde(deserialize_with = "id")]
        id: Option<String>,
        #[serde(deserialize_with = "one_or_many")]
        many: Vec<String>,
        #[serde(deserialize_with = "texts")]
        texts: BTreeMap<String, String>,
    }

    fn read(text: &str) -> Shapes {
        json::read(text.as_bytes()).expect("any shape is read")
    }

    #[test]
    fn each_shape_is_the_same_value() {
        let expected = Shapes {
            list: Vec::new(),
            text: Some("12".to_owned()),
            number: Some(12),
            id: Some("cus_1".to_owned()),
            many: vec!["a".to_owned()],
            texts: BTreeMap::from([("a".to_owned(), "1".to_owned())]),
        };
        for text in [
            r#"{"list":null,"text":12,"number":"12","id":"cus_1","many":"a","texts":{"a":1,"b":null}}"#,
            r#"{"list":[],"text":"12","number":12,"id":{"object":"customer","id":"cus_1"},"many":["a"],"texts":{"a":"1"}}"#,
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn an_unknown_shape_is_nothing() {
        for odd in ["null", "{}", "[[]]", "true", r#"{"id":[]}"#] {
            let text =
                format!(r#"{{"text":{odd},"number":{odd},"id":{odd},"many":{odd},"texts":{odd}}}"#);
            assert_eq!(read(&text), Shapes::default(), "{text}");
        }
        assert_eq!(read(r#"{"number":"twelve"}"#).number, None);
        let cut = read(r#"{"text":"cut \ud83d","number":1e999}"#);
        assert_eq!(
            (cut.text.as_deref(), cut.number),
            (Some("cut \u{fffd}"), None)
        );
    }
}
