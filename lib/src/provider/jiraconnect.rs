//! Jira for Connect apps: a token that claims method, path and query, and when it ends; nothing of the body.
//!
//! Jira leaves the app's base URL out of the path, and nothing in a delivery says which part of it that is. So
//! the path counts as it came, and from `/webhooks/` on, which stands after whatever this stack's own base
//! is; no other part of it does, so that a token for some shorter path of the app is none for this one.
//!
//! Facts: <https://developer.atlassian.com/cloud/jira/platform/understanding-jwt-for-connect-apps/>,
//! <https://developer.atlassian.com/cloud/bitbucket/query-string-hash/>, and the leeway of 30 s that Atlassian's
//! own library (atlassian-jwt for Java, `JwtConstants`) has.

use std::collections::BTreeMap;
use std::fmt::Write;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use serde::{Deserialize, Serialize};

use super::advice::NO_ADVICE;
use super::coded::{Coded, Signature};
use super::profile::{Covers, Profile};
use super::row::Row;
use super::setup::Setup;
use super::table::{POSTED, jira};
use super::{Explained, jws};
use crate::delivery::Delivery;
use crate::keys::Keys;
use crate::payload::form_fields;
use crate::rejection::Rejection;
use crate::scheme::signing::NotSignable;
use crate::secret::Secret;
use crate::signature::sha256;
use crate::timestamp::Timestamp;

const SIGNATURE: &str = "Authorization";

const PREFIX: &str = "JWT ";

/// The time for which Jira's tokens hold, in seconds.
const LIFE: i64 = 180;

/// The time in seconds for which a token is taken after its end, since clocks differ.
const LEEWAY: i64 = 30;

/// The start of every path of a stack, after its base.
const ROUTES: &str = "/webhooks/";

/// Jira: webhooks of Connect apps.
pub static JIRACONNECT: &dyn Explained = &Coded {
    row: Row {
        profile: Profile {
            name: "jiraconnect",
            title: "Jira (Connect apps)",
            covers: Covers::Url,
            ..POSTED
        },
        schemes: &[],
        handshakes: &[],
        naming: jira::NAMING,
        setup: Setup {
            paste: "app's descriptor: modules > webhooks > url, or url of POST /rest/api/3/webhook; the descriptor's baseUrl is what stands before it, and ends before /webhooks",
            secret: "sharedSecret that Jira posts to the app when a site installs it; one for each site",
            retries: "up to 5 times, 5 to 15 min apart",
        },
        advice: NO_ADVICE,
    },
    signature: &JiraConnect,
};

#[derive(Debug)]
struct JiraConnect;

#[derive(Deserialize, Serialize)]
struct Claims {
    iss: String,
    iat: i64,
    exp: i64,
    qsh: String,
}

impl Signature for JiraConnect {
    fn verify(
        &self,
        delivery: &Delivery,
        keys: &Keys<'_>,
        now: Timestamp,
    ) -> Result<usize, Rejection> {
        let value = delivery.headers.get(SIGNATURE);
        let value = value.ok_or(Rejection::MissingHeader(SIGNATURE))?;
        let token = value
            .strip_prefix(PREFIX)
            .ok_or(Rejection::MalformedHeader {
                header: SIGNATURE,
                problem: "it has no token after `JWT `",
            })?;
        let (secret, claims) = jws::verify::<Claims>(SIGNATURE, token, keys.secrets)?;
        let is_claimed =
            |hash: &String| verify_slices_are_equal(hash.as_bytes(), claims.qsh.as_bytes()).is_ok();
        if !hashes(delivery).iter().any(is_claimed) {
            return Err(Rejection::Mismatch);
        }
        let skew_seconds = now.seconds().saturating_sub(claims.exp);
        if skew_seconds > LEEWAY {
            return Err(Rejection::TimestampOutOfTolerance { skew_seconds });
        }
        Ok(secret)
    }

    fn sign(
        &self,
        delivery: &mut Delivery,
        secret: &Secret,
        now: Timestamp,
    ) -> Result<(), NotSignable> {
        let claims = Claims {
            iss: "development".to_owned(),
            iat: now.seconds(),
            exp: now.seconds() + LIFE,
            qsh: hashes(delivery).into_iter().next().ok_or(NotSignable)?,
        };
        let token = jws::sign(&claims, secret)?;
        delivery.headers.set(SIGNATURE, format!("{PREFIX}{token}"));
        Ok(())
    }

    fn form(&self) -> String {
        "`Authorization`: a token (JWS, HS256) with a hash of method, path and query, and the time at which it ends"
            .to_owned()
    }
}

/// The hashes of the request, by each path that it may have for the app.
fn hashes(delivery: &Delivery) -> Vec<String> {
    let method = delivery.method.as_str();
    let mut hashes = Vec::new();
    for url in &delivery.urls {
        let (url, query) = url.split_once('?').unwrap_or((url, ""));
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let path = rest.find('/').map_or("", |at| &rest[at..]);
        let routed = path.find(ROUTES).map_or(path, |at| &path[at..]);
        for path in [path, routed] {
            let request = canonical(method, path, query);
            hashes.push(hex::encode(sha256(request.as_bytes())));
        }
    }
    hashes.dedup();
    hashes
}

/// The request as Atlassian writes it before it is hashed.
fn canonical(method: &str, path: &str, query: &str) -> String {
    let path = path.strip_suffix('/').unwrap_or(path).replace('&', "%26");
    let path = if path.is_empty() { "/" } else { &path };
    let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in form_fields(query.as_bytes()) {
        if name != "jwt" {
            values
                .entry(encoded(&name))
                .or_default()
                .push(encoded(&value));
        }
    }
    let parameter = |(name, mut values): (String, Vec<String>)| {
        values.sort_unstable();
        format!("{name}={}", values.join(","))
    };
    let query: Vec<String> = values.into_iter().map(parameter).collect();
    format!("{method}&{path}&{}", query.join("&"))
}

/// The text with every byte escaped that is neither letter nor digit nor one of `-._~`.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::{Headers, Method};

    fn delivery(url: &str) -> Delivery {
        Delivery {
            method: Method::Post,
            urls: vec![url.to_owned()],
            query: String::new(),
            headers: Headers::default(),
            body: Vec::new(),
        }
    }

    fn hash(request: &str) -> String {
        hex::encode(sha256(request.as_bytes()))
    }

    #[test]
    fn a_request_is_written_as_the_documentation_says() {
        for (path, query, expected) in [
            (
                "/path/to/service",
                "zee_last=param&repeated=parameter+1&first=param&repeated=parameter%202",
                "/path/to/service&first=param&repeated=parameter%201,parameter%202&zee_last=param",
            ),
            ("", "", "/&"),
            ("/", "", "/&"),
            ("/user/", "", "/user&"),
            ("/a&b", "x=y", "/a%26b&x=y"),
            ("/a", "jwt=token&b=2", "/a&b=2"),
            ("/a", "b=2&a=1&B=3&a=0", "/a&B=3&a=0,1&b=2"),
            ("/a", "a=*~-._%2b&b", "/a&a=%2A~-._%2B&b="),
            ("/a", "%C3%A9=%e2%82%ac", "/a&%C3%A9=%E2%82%AC"),
        ] {
            assert_eq!(canonical("POST", path, query), format!("POST&{expected}"));
        }
    }

    #[test]
    fn a_path_counts_whole_and_after_the_stacks_base() {
        let url = "https://hooks.example.com/base/webhooks/jiraconnect/site?user_id=a";
        let query = "&user_id=a";
        assert_eq!(
            hashes(&delivery(url)),
            [
                hash(&format!("POST&/base/webhooks/jiraconnect/site{query}")),
                hash(&format!("POST&/webhooks/jiraconnect/site{query}")),
            ]
        );
        let url = "https://hooks.example.com/webhooks/jiraconnect";
        assert_eq!(
            hashes(&delivery(url)),
            [hash("POST&/webhooks/jiraconnect&")]
        );
    }
}
