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
use crate::delivery::{Delivery, Method};
use crate::host::{is_host, spellings};
use crate::name;
use crate::provider::profile::{Acknowledgement, Later, Profile};
use crate::timestamp::Timestamp;

/// The source of a delivery whose path names none.
pub const DEFAULT_SOURCE: &str = "default";

const ROUTE: &str = "/webhooks/";

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
    #[serde(deserialize_with = "or_default")]
    http_method: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Context {
    domain_name: Option<String>,
    request_id: Option<String>,
    #[serde(deserialize_with = "or_default")]
    time_epoch: Option<i64>,
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

/// Where the URL comes from that the sender was given. Nothing that a stranger writes into a request
/// may choose it: a signature that was made for another host would be accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin<'a> {
    /// The domain at which the gateway took the request.
    Domain,
    /// The configured URL, with credentials and a base path where it has them; the route follows it.
    Configured(&'a str),
    /// The host in `X-Forwarded-Host`, else in `Host`, else the domain. Only behind a proxy that sets
    /// them, such as a tunnel to the local stack.
    Forwarded,
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

    /// True if this is an event of another form: of a REST API, of a load balancer, or of an HTTP API with
    /// payload format 1.0. They have the method elsewhere, and none of them the URL as it was sent.
    pub fn is_of_another_format(&self) -> bool {
        self.http_method.is_some() && self.request_context.http.method.is_empty()
    }

    /// When the gateway took the request.
    pub fn arrived_at(&self) -> Option<Timestamp> {
        self.request_context.time_epoch.map(Timestamp::from_millis)
    }

    /// The source that the path names: `/webhooks/{provider}` or `/webhooks/{provider}/{source}`,
    /// whatever stage or base path stands before it. `None` for any other path.
    pub fn source(&self, provider: &str) -> Option<&str> {
        let (base, route) = self.route()?;
        let mut segments = route.strip_prefix(ROUTE)?.split('/');
        if segments.next() != Some(provider) || !is_base(base, provider) {
            return None;
        }
        let source = segments.next().unwrap_or(DEFAULT_SOURCE);
        (name::is_segment(source) && segments.next().is_none()).then_some(source)
    }

    /// The address that the gateway saw. Nothing that a header says counts here.
    pub fn source_ip(&self) -> Option<IpAddr> {
        self.request_context.http.source_ip.as_deref()?.parse().ok()
    }

    /// The part of the request's URL that follows a public URL.
    pub fn target(&self) -> Target {
        let path = self.route().map_or(&*self.raw_path, |(_, route)| route);
        let route_and_query = match self.raw_query_string.as_str() {
            "" => path.to_owned(),
            query => format!("{path}?{query}"),
        };
        Target {
            route_and_query,
            host: self.header("host").map(str::to_owned),
        }
    }

    /// The request as a delivery, with the exact bytes of the body.
    ///
    /// # Errors
    /// [`NotBase64`] when the gateway's encoding does not hold.
    pub fn delivery(self, origin: Origin<'_>) -> Result<Delivery, NotBase64> {
        let urls = self.urls(origin);
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

    /// The URLs that the sender may have used: one, or two where this machine is called; more where the
    /// host is not in lower case.
    fn urls(&self, origin: Origin<'_>) -> Vec<String> {
        let query = match self.raw_query_string.as_str() {
            "" => String::new(),
            query => format!("?{query}"),
        };
        let domain = self.request_context.domain_name.as_deref();
        let host = match origin {
            Origin::Configured(base) => {
                return self.target().under(base);
            }
            Origin::Domain => domain,
            Origin::Forwarded => self.forwarded_host().or(domain),
        };
        let Some(host) = host.filter(|host| !host.is_empty()) else {
            return Vec::new();
        };
        let sent = self.header("host");
        schemes(host)
            .map(|scheme| format!("{scheme}://{host}{}{query}", self.raw_path))
            .flat_map(|url| spellings(url, sent))
            .collect()
    }

    /// The first value of a header.
    fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let (_, value) = headers.find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        Some(value)
    }

    /// The host that a proxy was called by: the first in its list, if it is nothing but a host.
    fn forwarded_host(&self) -> Option<&str> {
        ["x-forwarded-host", "host"].into_iter().find_map(|name| {
            let hosts = self.header(name)?;
            let first = hosts.split(',').next().unwrap_or_default().trim();
            is_host(first).then_some(first)
        })
    }

    /// The path up to the last `/webhooks/`, and from it on: a base path may have that very name.
    fn route(&self) -> Option<(&str, &str)> {
        Some(self.raw_path.split_at(self.raw_path.rfind(ROUTE)?))
    }
}

/// Path and query of a request from `/webhooks/` on, and the host that the sender named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    route_and_query: String,
    host: Option<String>,
}

impl Target {
    /// The URLs under a public base URL, which may carry credentials and a base path: one, or more where its
    /// host is not in lower case.
    pub fn under(&self, base: &str) -> Vec<String> {
        let url = format!("{}{}", base.trim_end_matches('/'), self.route_and_query);
        spellings(url, self.host.as_deref())
    }
}

/// True for a stage or a base path: it has the characters that the gateway allows there, and is no
/// other route, so that what is signed after one route cannot become the way to another.
fn is_base(text: &str, provider: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"/$-_.+!*'()".contains(&byte);
    text.bytes().all(allowed) && !text.contains(&format!("{ROUTE}{provider}"))
}

/// `https`, and `http` where the host is this machine.
fn schemes(host: &str) -> impl Iterator<Item = &'static str> {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => name,
        _ => host,
    };
    let local = ["localhost", "127.0.0.1", "[::1]"].contains(&name) || name.ends_with(".localhost");
    std::iter::once("https").chain(local.then_some("http"))
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

/// The response for an answer, to an event of that type where it is known: the one place that builds
/// HTTP.
pub fn response(
    answer: &Answer,
    profile: &Profile,
    kind: Option<&str>,
) -> ApiGatewayV2httpResponse {
    let mut headers = HeaderMap::new();
    let mut header = |name: &str, value: &str| {
        let name = HeaderName::try_from(name);
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
            headers.insert(name, value);
        }
    };
    header("webhook-outcome", answer.outcome());
    if matches!(answer, Answer::Unavailable | Answer::Throttled) {
        header("retry-after", &RETRY_AFTER_SECONDS.to_string());
    }
    let mut response = ApiGatewayV2httpResponse::default();
    response.status_code = i64::from(status(answer, profile));
    let body = match (answer, answer.id()) {
        (Answer::Challenged(reply), _) => {
            if let Some((name, value)) = &reply.header {
                header(name, value);
            }
            Some((200, reply.media_type, reply.text.clone()))
        }
        (_, Some(id)) => Some(positive(answer, id, profile.acknowledgement_of(kind))),
        (_, None) => None,
    };
    if let Some((status, media_type, body)) = body {
        header("content-type", media_type);
        // What a provider wants to hear again is no page for a browser.
        header("x-content-type-options", "nosniff");
        response.status_code = i64::from(status);
        response.body = Some(body.into());
    }
    response.headers = headers;
    response
}

/// The status that a provider hears: where it has words of its own for "no" and for "later", these.
fn status(answer: &Answer, profile: &Profile) -> u16 {
    match (answer, profile.later) {
        (Answer::Unauthenticated, _) => profile.refusal,
        (Answer::Throttled | Answer::Unavailable, Later::TooManyRequests) => 429,
        _ => answer.status(),
    }
}

/// Status, media type and body of a positive answer.
fn positive(
    answer: &Answer,
    id: &str,
    acknowledgement: Acknowledgement,
) -> (u16, &'static str, String) {
    let status = acknowledgement.status();
    match acknowledgement {
        Acknowledgement::Json => {
            let body = json!({"id": id, "outcome": answer.outcome()}).to_string();
            (answer.status(), "application/json", body)
        }
        Acknowledgement::Empty | Acknowledgement::NoContent => {
            (status, "text/plain", String::new())
        }
        Acknowledgement::Fixed { media_type, text } => (status, media_type, text.to_owned()),
    }
}
