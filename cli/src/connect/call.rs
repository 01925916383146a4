//! A call of a provider's API, as data: to be made, or to be shown.

use serde_json::Value;

/// A call that was not made yet.
#[derive(Clone)]
pub(crate) struct Call {
    /// The method.
    pub(crate) method: &'static str,
    /// Path and query.
    pub(crate) path: String,
    /// What goes along.
    pub(crate) body: Body,
}

/// What goes along with a call.
#[derive(Clone)]
pub(crate) enum Body {
    /// Nothing.
    None,
    /// A JSON value.
    Json(Value),
    /// The fields of a form.
    Form(Vec<(&'static str, String)>),
}

impl Call {
    /// A question, which changes nothing.
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self::bare("GET", path)
    }

    /// A call that says all in its method and path.
    pub(crate) fn bare(method: &'static str, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            body: Body::None,
        }
    }

    /// A call that brings a JSON value.
    pub(crate) fn json(method: &'static str, path: impl Into<String>, body: Value) -> Self {
        Self {
            method,
            path: path.into(),
            body: Body::Json(body),
        }
    }

    /// A call that brings a form.
    pub(crate) fn form(path: impl Into<String>, fields: Vec<(&'static str, String)>) -> Self {
        Self {
            method: "POST",
            path: path.into(),
            body: Body::Form(fields),
        }
    }
}
