//! The fields of a query string or of a form, and links that have some.

use form_urlencoded::{Serializer, parse};

/// Fields in their order.
#[derive(Clone, Debug, Default)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads a query string.
    pub(super) fn read(text: Option<&str>) -> Self {
        Self::of_form(text.unwrap_or_default().as_bytes())
    }

    /// Reads a form.
    pub(super) fn of_form(body: &[u8]) -> Self {
        Self(parse(body).into_owned().collect())
    }

    /// True if the field is there and has a value.
    pub(super) fn has(&self, name: &str) -> bool {
        !self.get(name).is_empty()
    }

    /// The first value of a field; empty where there is none.
    pub(super) fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(field, _)| field == name);
        found.map_or("", |(_, value)| value)
    }

    /// Every value of a field.
    pub(super) fn all(&self, name: &str) -> Vec<String> {
        let found = self.0.iter().filter(|(field, _)| field == name);
        found.map(|(_, value)| value.clone()).collect()
    }
}

/// A path with those of the fields that have a value.
pub(super) fn link(path: &str, fields: &[(&str, &str)]) -> String {
    let fields = fields.iter().filter(|(_, value)| !value.is_empty());
    let query = Serializer::new(String::new()).extend_pairs(fields).finish();
    if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{query}")
    }
}
