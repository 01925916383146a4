//! API Gateway's HTTP API (payload format 2.0): the event that comes in, the response that goes out.
//!
//! The event is read here and not by `lambda_http::Request`, for two reasons. That type gives a
//! URL that is parsed and normalised, while some providers sign the URL as it was written; and it
//! panics on hosts, schemes and header values that do not parse, which a stranger can send.

use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use lambda_http::http::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::json;

use crate::answer::{Answer, RETRY_AFTER_SECONDS};
use crate::delivery::{Delivery, Headers, Method};
use crate::provider::Acknowledgement;

/// The source of a delivery whose path names none.
pub const DEFAULT_SOURCE: &str = "default";

const ROUTE: &str = "/webhooks/";
/// Longest name of a source.
const SOURCE_LENGTH: usize = 64;

/// One request as API Gateway hands it on. Every field is optional: what is missing is answered,
/// not thrown.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Request {
    #[serde(deserialize_with = "or_default")]
    raw_path: String,
    #[serde(deserialize_with = "or_default")]
    raw_query_string: String,
    #[serde(deserialize_with = "pairs")]
    headers: Vec<(String, String)>,
    #[serde(deserialize_with = "or_default")]
    request_context: Context,
    body: Option<String>,
    #[serde(deserialize_with = "or_default")]
    is_base64_encoded: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Context {
    domain_name: Option<String>,
    request_id: Option<String>,
    #[serde(deserialize_with = "or_default")]
    http: Http,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Http {
    #[serde(deserialize_with = "or_default")]
    method: String,
    source_ip: Option<String>,
}

/// The body is marked as base64 and is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body is not valid base64")]
pub struct NotBase64;

impl Request {
    /// The gateway's id for the request, for the log.
    pub fn id(&self) -> Option<&str> {
        self.request_context.request_id.as_deref()
    }

    /// The source that the path names: `/webhooks/{provider}` or `/webhooks/{provider}/{source}`,
    /// whatever stage or base path stands before it. `None` for any other path.
    pub fn source(&self, provider: &str) -> Option<&str> {
        let mut segments = self.route()?.strip_prefix(ROUTE)?.split('/');
        if segments.next() != Some(provider) {
            return None;
        }
        let source = segments.next().unwrap_or(DEFAULT_SOURCE);
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let named = (1..=SOURCE_LENGTH).contains(&source.len())
            && source.bytes().all(allowed)
            && !matches!(source, "." | "..");
        (named && segments.next().is_none()).then_some(source)
    }

    /// The address that the gateway saw. Nothing that a header says counts here.
    pub fn source_ip(&self) -> Option<IpAddr> {
        self.request_context.http.source_ip.as_deref()?.parse().ok()
    }

    /// Path and query from `/webhooks/` on: what follows a public URL.
    pub fn route_and_query(&self) -> String {
        let path = self.route().unwrap_or(&self.raw_path);
        match self.raw_query_string.as_str() {
            "" => path.to_owned(),
            query => format!("{path}?{query}"),
        }
    }

    /// The request as a delivery, with the exact bytes of the body.
    ///
    /// # Errors
    /// [`NotBase64`] when the gateway's encoding does not hold.
    pub fn delivery(self, public_url: Option<&str>) -> Result<Delivery, NotBase64> {
        let urls = self.urls(public_url);
        let body = match self.body {
            Some(body) if self.is_base64_encoded => STANDARD.decode(body).map_err(|_| NotBase64)?,
            Some(body) => body.into_bytes(),
            None => Vec::new(),
        };
        Ok(Delivery {
            method: Method::parse(&self.request_context.http.method),
            urls,
            query: self.raw_query_string,
            headers: self.headers.into_iter().collect(),
            body,
        })
    }

    /// The URLs that the sender may have used. A configured public URL is the only one; it may
    /// carry credentials and a base path, and the route follows it. Without one it is the domain
    /// of the request, and what proxies say of theirs is added, never put in its place: each is a
    /// candidate that a signature still has to match.
    fn urls(&self, public_url: Option<&str>) -> Vec<String> {
        let query = match self.raw_query_string.as_str() {
            "" => String::new(),
            query => format!("?{query}"),
        };
        if let Some(base) = public_url {
            return vec![public_url_of(base, &self.route_and_query())];
        }
        let headers: Headers = self
            .headers
            .iter()
            .map(|(name, value)| (name, value))
            .collect();
        let forwarded_host = headers.get("x-forwarded-host").unwrap_or_default();
        let mut urls = Vec::new();
        for host in [
            self.request_context.domain_name.as_deref(),
            headers.get("host"),
        ]
        .into_iter()
        .flatten()
        .chain(forwarded_host.split(',').map(str::trim).take(2))
        .filter(|host| !host.is_empty())
        {
            for scheme in schemes(host, headers.get("x-forwarded-proto")) {
                let url = format!("{scheme}://{host}{}{query}", self.raw_path);
                if !urls.contains(&url) {
                    urls.push(url);
                }
            }
        }
        urls
    }

    /// The path from the last `/webhooks/` on: a base path may have that very name.
    fn route(&self) -> Option<&str> {
        let start = self.raw_path.rfind(ROUTE)?;
        Some(&self.raw_path[start..])
    }
}

/// The URL under a public base URL, which may carry credentials and a base path.
pub fn public_url_of(base: &str, route_and_query: &str) -> String {
    format!("{}{route_and_query}", base.trim_end_matches('/'))
}

/// `https`, and `http` where a proxy says so or the host is this machine.
fn schemes(host: &str, forwarded: Option<&str>) -> impl Iterator<Item = &'static str> {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => name,
        _ => host,
    };
    let local = ["localhost", "127.0.0.1", "[::1]"].contains(&name) || name.ends_with(".localhost");
    let says_http = forwarded.is_some_and(|value| value.trim().eq_ignore_ascii_case("http"));
    std::iter::once("https").chain((local || says_http).then_some("http"))
}

/// A field's value, and the default for null: `cargo lambda watch` writes it for what is missing.
fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Headers as pairs: null and values that are not text are dropped, nothing is refused.
fn pairs<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<(String, String)>, D::Error> {
    let headers = Option::<serde_json::Map<String, serde_json::Value>>::deserialize(deserializer)?;
    let text = |(name, value)| match value {
        serde_json::Value::String(value) => Some((name, value)),
        _ => None,
    };
    Ok(headers
        .unwrap_or_default()
        .into_iter()
        .filter_map(text)
        .collect())
}

/// The response for an answer: the one place that builds HTTP.
pub fn response(answer: &Answer, acknowledgement: Acknowledgement) -> ApiGatewayV2httpResponse {
    let mut headers = HeaderMap::new();
    let mut header = |name, value: &str| {
        let value = HeaderValue::from_str(value).expect("outcomes and media types are ASCII");
        headers.insert(HeaderName::from_static(name), value);
    };
    header("webhook-outcome", answer.outcome());
    if *answer == Answer::Unavailable {
        header("retry-after", &RETRY_AFTER_SECONDS.to_string());
    }
    let mut response = ApiGatewayV2httpResponse::default();
    response.status_code = i64::from(answer.status());
    if let Some(id) = answer.id() {
        let (status, media_type, body) = match acknowledgement {
            Acknowledgement::Json => {
                let body = json!({"id": id, "outcome": answer.outcome()}).to_string();
                (answer.status(), "application/json", body)
            }
            Acknowledgement::Twiml => (200, "text/xml", TWIML.to_owned()),
        };
        header("content-type", media_type);
        response.status_code = i64::from(status);
        response.body = Some(body.into());
    }
    response.headers = headers;
    response
}

const TWIML: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Response/>"#;
