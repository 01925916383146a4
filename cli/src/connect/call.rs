//! A call of a provider's API, as data: to be made, or to be shown.

use serde_json::Value;
use webhooks::ledger::token;

/// A call that was not made yet.
#[derive(Clone)]
pub(crate) struct Call {
    /// The method.
    pub(crate) method: &'static str,
    /// Path and query.
    pub(crate) path: String,
    /// What goes along.
    pub(crate) body: Body,
    /// The key by which the provider knows the call when it comes again, and does nothing twice.
    pub(crate) idempotency_key: Option<String>,
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
            idempotency_key: None,
        }
    }

    /// A call that brings a JSON value.
    pub(crate) fn json(method: &'static str, path: impl Into<String>, body: Value) -> Self {
        Self {
            method,
            path: path.into(),
            body: Body::Json(body),
            idempotency_key: None,
        }
    }

    /// A call that brings a form.
    pub(crate) fn form(path: impl Into<String>, fields: Vec<(&'static str, String)>) -> Self {
        Self {
            method: "POST",
            path: path.into(),
            body: Body::Form(fields),
            idempotency_key: None,
        }
    }

    /// The same call, which may be made again when its answer is lost.
    pub(crate) fn idempotent(self) -> Self {
        Self {
            idempotency_key: Some(token()),
            ..self
        }
    }
}
