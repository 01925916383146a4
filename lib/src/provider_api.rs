//! A provider's API, as one credential may use it.

use std::fmt;
use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::provider_hosts::{Call, NotRead, ProviderHosts, Reply};
use crate::timestamp::Timestamp;
use crate::{json, limits};

/// A provider's API.
#[derive(Clone)]
pub struct ProviderApi {
    hosts: ProviderHosts,
    base: String,
    headers: Vec<(&'static str, String)>,
}

/// What goes along with a call.
#[derive(Clone, Copy, Debug)]
pub enum Content<'a> {
    /// Nothing.
    None,
    /// A JSON text.
    Json(&'a str),
    /// The fields of a form.
    Form(&'a [(&'a str, &'a str)]),
}

/// A call that did not bring what it was made for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// The credential is not good, or not good for this.
    #[error("the credential is refused ({status}: {said}){}", needed(.needs.as_deref()))]
    Denied {
        /// The status.
        status: u16,
        /// The permission that the API asks for, where it says so.
        needs: Option<String>,
        /// What it says.
        said: String,
    },
    /// There is no such thing, any more or for this credential.
    #[error("not found{}", needed(.needs.as_deref()))]
    NotFound {
        /// The permission that the API asks for, where it says so.
        needs: Option<String>,
    },
    /// Too many calls: the next one may be made then.
    #[error("the API takes no more calls until {until}")]
    Limited {
        /// When the next call may be made.
        until: Timestamp,
    },
    /// It does not take the call.
    #[error("the API refuses the call ({status}: {said})")]
    Refused {
        /// The status.
        status: u16,
        /// What it says.
        said: String,
    },
    /// No answer, or one that says that it cannot.
    #[error("the API does not answer ({0})")]
    Unavailable(String),
    /// An answer that is not of the documented form.
    #[error("the API's answer cannot be read: {0}")]
    Unreadable(&'static str),
}

impl ApiError {
    /// True if the API has said that the call changed nothing. After any other error it may have.
    pub const fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::Denied { .. }
                | Self::NotFound { .. }
                | Self::Refused { .. }
                | Self::Limited { .. }
        )
    }

    /// True if the same call will not do better later.
    pub const fn is_lasting(&self) -> bool {
        matches!(
            self,
            Self::Denied { .. }
                | Self::NotFound { .. }
                | Self::Refused { .. }
                | Self::Unreadable(_)
        )
    }
}

fn needed(permission: Option<&str>) -> String {
    permission.map_or_else(String::new, |needs| format!("; it needs {needs}"))
}

impl ProviderApi {
    /// The API at `base`, scheme, host and the beginning of every path. `headers` go along with every call,
    /// the credential among them.
    pub fn new(
        hosts: ProviderHosts,
        base: impl Into<String>,
        headers: impl IntoIterator<Item = (&'static str, String)>,
    ) -> Self {
        Self {
            hosts,
            base: base.into(),
            headers: headers.into_iter().collect(),
        }
    }

    /// The API at `base` for whoever bears this token.
    pub fn bearer(hosts: ProviderHosts, base: impl Into<String>, token: &str) -> Self {
        Self::new(hosts, base, [("authorization", format!("Bearer {token}"))])
    }

    /// The same API, with one more header of every call.
    #[must_use]
    pub fn with_header(&self, name: &'static str, value: &str) -> Self {
        let mut api = self.clone();
        api.headers.push((name, value.to_owned()));
        api
    }

    /// Asks for what is under a path and its query.
    ///
    /// # Errors
    /// [`ApiError`] for every answer but a whole 2xx.
    pub async fn get(&self, path: &str) -> Result<Reply, ApiError> {
        self.send("GET", path, Content::None).await
    }

    /// Makes a call.
    ///
    /// # Errors
    /// As [`ProviderApi::get`].
    pub async fn send(
        &self,
        method: &'static str,
        path: &str,
        content: Content<'_>,
    ) -> Result<Reply, ApiError> {
        let text = content.text();
        let call = Call {
            method,
            host: &self.base,
            path,
            headers: &self.headers,
            content: text
                .as_ref()
                .map(|(media_type, text)| (*media_type, text.as_bytes())),
        };
        let reply = self.hosts.call(call, limits::API_REPLY);
        let reply = tokio::time::timeout(limits::API_CALL, reply).await;
        let reply = reply
            .map_err(|_| ApiError::Unavailable("timeout".to_owned()))?
            .map_err(|failure: NotRead| ApiError::Unavailable(failure.to_string()))?;
        judge(reply, Timestamp::now())
    }
}

impl fmt::Debug for ProviderApi {
    // The headers have the credential.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ProviderApi").field(&self.base).finish()
    }
}

impl Content<'_> {
    fn text(self) -> Option<(&'static str, String)> {
        match self {
            Self::None => None,
            Self::Json(text) => Some(("application/json", text.to_owned())),
            Self::Form(fields) => Some(("application/x-www-form-urlencoded", query(fields))),
        }
    }
}

/// Fields as a query string, or a form, has them.
pub fn query(fields: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(fields).finish()
}

impl Reply {
    /// The body, read as `T`.
    ///
    /// # Errors
    /// [`ApiError::Unreadable`] with `what` it should be.
    pub fn json<T: DeserializeOwned>(&self, what: &'static str) -> Result<T, ApiError> {
        json::read(&self.body).ok_or(ApiError::Unreadable(what))
    }

    /// The provider's clock, as the answer has it.
    pub fn date(&self) -> Option<Timestamp> {
        http_date(self.headers.get("date")?)
    }

    /// The value of a parameter in the link to the next page, as RFC 8288 writes it.
    pub fn next(&self, parameter: &str) -> Option<String> {
        let links = self.headers.get("link")?.split(',');
        let next = links
            .filter(|link| link.contains("rel=\"next\""))
            .find_map(|link| link.trim().strip_prefix('<')?.split_once('>'));
        let (_, query) = next?.0.split_once('?')?;
        let mut fields = form_urlencoded::parse(query.as_bytes());
        let found = fields.find(|(name, _)| name == parameter);
        found.map(|(_, value)| value.into_owned())
    }

    fn permission(&self) -> Option<String> {
        let named = PERMISSIONS.iter().find_map(|name| self.headers.get(name));
        named.filter(|text| !text.trim().is_empty()).map(legible)
    }
}

/// Where GitHub says what a call would need.
/// <https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api>
const PERMISSIONS: [&str; 2] = ["x-accepted-github-permissions", "x-accepted-oauth-scopes"];

fn judge(reply: Reply, now: Timestamp) -> Result<Reply, ApiError> {
    let status = reply.status;
    match status {
        200..=299 => Ok(reply),
        403 | 429 if let Some(until) = rested(&reply, now) => Err(ApiError::Limited { until }),
        429 => Err(ApiError::Limited {
            until: now.after(limits::API_PAUSE),
        }),
        401 | 403 => Err(ApiError::Denied {
            status,
            needs: reply.permission(),
            said: said(&reply),
        }),
        404 | 410 => Err(ApiError::NotFound {
            needs: reply.permission(),
        }),
        408 | 500.. => Err(ApiError::Unavailable(format!("status {status}"))),
        _ => Err(ApiError::Refused {
            status,
            said: said(&reply),
        }),
    }
}

/// When calls are taken again, where the answer says so: `Retry-After`, or the end of a used-up allowance.
fn rested(reply: &Reply, now: Timestamp) -> Option<Timestamp> {
    let header = |name| reply.headers.get(name).map(str::trim);
    let until = match header("retry-after") {
        Some(text) => match text.parse() {
            Ok(seconds) => now.after(Duration::from_secs(seconds)),
            Err(_) => http_date(text)?,
        },
        None => {
            let used_up = header("x-ratelimit-remaining").or(header("ratelimit-remaining"));
            used_up.filter(|left| *left == "0")?;
            let reset = header("x-ratelimit-reset").or(header("ratelimit-reset"))?;
            Timestamp::from_seconds(reset.parse().ok()?)
        }
    };
    // Never at once, whatever its clock says, and not for ever.
    let until = until.max(now.after(Duration::from_secs(1)));
    Some(until.min(now.after(limits::API_LONGEST_PAUSE)))
}

/// A time as headers have it.
pub(crate) fn http_date(text: &str) -> Option<Timestamp> {
    let time = httpdate::parse_http_date(text).ok()?;
    let since_epoch = time.duration_since(std::time::UNIX_EPOCH).ok()?;
    let seconds = i64::try_from(since_epoch.as_secs()).ok()?;
    Some(Timestamp::from_seconds(seconds))
}

/// The places in which APIs have the message of a refusal, the most telling first.
const MESSAGES: [&str; 9] = [
    "message",
    "error.message",
    "error.detail",
    "errors.0.detail",
    "errors.0.message",
    "error_description",
    "description",
    "detail",
    "error",
];

fn said(reply: &Reply) -> String {
    let texts = MESSAGES.iter().filter_map(|place| {
        let message = json::member(&reply.body, place)?;
        json::read::<String>(message.get().as_bytes())
    });
    let mut texts = texts.filter(|text| !text.trim().is_empty());
    texts
        .next()
        .map_or_else(|| "no reason".to_owned(), |text| legible(&text))
}

/// The beginning of a text, fit for a line of a log.
fn legible(text: &str) -> String {
    let shown = text.chars().take(limits::CAUSE);
    shown
        .map(|character| {
            if character.is_control() {
                ' '
            } else {
                character
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, headers: &[(&str, &str)], body: &str) -> Reply {
        Reply {
            status,
            headers: headers.iter().copied().collect(),
            body: body.into(),
        }
    }

    const NOW: Timestamp = Timestamp::from_seconds(1_767_225_600);

    #[test]
    fn tells_a_limit_from_a_lack_of_permission() {
        let limited = |headers: &[(&str, &str)]| match judge(reply(403, headers, "{}"), NOW) {
            Err(ApiError::Limited { until }) => Some(NOW.age(until).as_secs()),
            _ => None,
        };
        assert_eq!(limited(&[("Retry-After", "60")]), Some(60));
        assert_eq!(
            limited(&[("retry-after", "Thu, 01 Jan 2026 00:01:00 GMT")]),
            Some(60)
        );
        let reset = [
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "1767225900"),
        ];
        assert_eq!(limited(&reset), Some(300));
        // A clock that is late, and a pause without end.
        let past = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "17")];
        assert_eq!(limited(&past), Some(1));
        assert_eq!(
            limited(&[("retry-after", "99999999999999")]),
            Some(limits::API_LONGEST_PAUSE.as_secs())
        );
        assert_eq!(limited(&[("x-ratelimit-remaining", "7")]), None);
    }

    #[test]
    fn names_the_permission_that_is_missing() {
        let headers = [("X-Accepted-GitHub-Permissions", "repository_hooks=read")];
        let body = r#"{"message": "Resource not accessible by personal access token"}"#;
        let error = judge(reply(403, &headers, body), NOW).expect_err("refused");
        assert_eq!(
            error.to_string(),
            "the credential is refused (403: Resource not accessible by personal access token); \
             it needs repository_hooks=read"
        );
        let error = judge(reply(404, &headers, body), NOW).expect_err("not there");
        assert!(error.to_string().contains("repository_hooks=read"));
        for said in [
            r#"{"error": {"message": "No such\nevent"}}"#,
            r#"{"error": {"code": "not_found", "detail": "No such event"}}"#,
            r#"{"errors": [{"code": "NOT_FOUND", "detail": "No such event"}]}"#,
            r#"{"error": "NotFound", "detail": "No such event"}"#,
            r#"{"error": "invalid_request", "error_description": "No such event"}"#,
            r#"{"error": "No such event", "message": null}"#,
        ] {
            let error = judge(reply(400, &[], said), NOW).expect_err("refused");
            assert_eq!(
                error.to_string(),
                "the API refuses the call (400: No such event)"
            );
        }
    }

    #[test]
    fn takes_the_cursor_and_no_host_from_a_link() {
        let link = "<https://elsewhere.example/x?per_page=2&cursor=v1_77>; rel=\"next\", \
                    <https://api.example/y?cursor=v0>; rel=\"prev\"";
        let linked = reply(200, &[("link", link)], "");
        assert_eq!(linked.next("cursor").as_deref(), Some("v1_77"));
        assert_eq!(reply(200, &[], "").next("cursor"), None);
    }
}
