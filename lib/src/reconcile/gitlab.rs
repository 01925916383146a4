//! GitLab's events of a webhook of a project or of a group, on gitlab.com or on a server of one's own.
//!
//! Each attempt is listed for seven days once it has ended, newest first, with the headers and the data that
//! were sent. The data is written anew, and what looks like an address of e-mail in it is gone. An event too
//! large to be kept can be sent again, with the same key, at most five times a minute.
//!
//! Facts: <https://docs.gitlab.com/api/project_webhooks/>, <https://docs.gitlab.com/api/group_webhooks/>,
//! <https://docs.gitlab.com/api/rest/authentication/> and the source,
//! <https://gitlab.com/gitlab-org/gitlab/-/blob/master/lib/api/entities/web_hook_log.rb>,
//! <https://gitlab.com/gitlab-org/gitlab/-/blob/master/lib/api/hooks/events.rb>,
//! <https://gitlab.com/gitlab-org/gitlab/-/blob/master/app/models/hooks/web_hook_log.rb>.

use std::time::Duration;

use futures::future::{BoxFuture, FutureExt};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::archive::{Archive, Copy, Listed, Page, headers};
use super::credential::{self, BadCredential};
use super::{moment, naming};
use crate::json::{self, Members};
use crate::limits;
use crate::provider_api::{ApiError, Content, ProviderApi, http_date, query};
use crate::provider_hosts::ProviderHosts;
use crate::timestamp::Timestamp;

/// The form of a credential.
pub(super) const FORM: &str = r#"{"token": "glpat-...", "project": "group/name", "hook": 1} or {"token": "...", "group": "name", "hook": 1}, each perhaps with "api": "https://HOST/api/v4""#;

const API: &str = "https://gitlab.com/api/v4";

/// The time for which attempts are listed.
const WINDOW: Duration = Duration::from_secs(7 * 24 * 3600);

/// The most that a page has.
const PAGE: &str = "20";

/// The headers of which one names the event, each enough on its own.
const NAMES: [&str; 3] = ["webhook-id", "idempotency-key", "x-gitlab-event-uuid"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credential {
    token: String,
    project: Option<String>,
    group: Option<String>,
    hook: u64,
    api: Option<String>,
}

#[derive(Debug)]
struct GitLab {
    api: ProviderApi,
    path: String,
}

pub(super) fn open(
    credential: &str,
    hosts: ProviderHosts,
) -> Result<Box<dyn Archive>, BadCredential> {
    let given: Credential = credential::read(credential, FORM)?;
    let owner = match (&given.project, &given.group) {
        (Some(path), None) if credential::is_path(path) => format!("projects/{}", escaped(path)),
        (None, Some(path)) if credential::is_path(path) => format!("groups/{}", escaped(path)),
        _ => return Err(BadCredential::of(FORM)),
    };
    // Good for tokens of OAuth and for all others.
    Ok(Box::new(GitLab {
        api: ProviderApi::bearer(hosts, given.api.as_deref().unwrap_or(API), &given.token),
        path: format!("/{owner}/hooks/{}/events", given.hook),
    }))
}

/// A path as one segment of another.
fn escaped(path: &str) -> String {
    path.replace('/', "%2F")
}

/// An attempt.
#[derive(Deserialize)]
struct Attempt {
    id: u64,
    /// Older servers do not say it.
    created_at: Option<String>,
    request_headers: Option<Members>,
    request_data: Option<Box<RawValue>>,
    response_headers: Option<Members>,
}

/// What stands in place of data that is too large.
#[derive(Deserialize)]
struct Oversize {
    #[serde(default)]
    oversize: bool,
}

/// A place in the list: a page, and the time of the attempt before it.
struct Place {
    page: u64,
    before: Timestamp,
}

impl Place {
    fn read(cursor: &str) -> Option<Self> {
        let (page, before) = cursor.split_once(' ')?;
        Some(Self {
            page: page.parse().ok()?,
            before: Timestamp::from_millis(before.parse().ok()?),
        })
    }
}

impl Attempt {
    /// The time at which it was made, or at which it was answered.
    fn at(&self) -> Option<Timestamp> {
        let created = self.created_at.as_deref().and_then(moment::read);
        let headers = || self.response_headers.as_ref().map(headers);
        created.or_else(|| http_date(headers()?.get("date")?))
    }

    /// The attempt, made at that time, if its headers name the event.
    fn listed(self, at: Timestamp) -> Option<Listed> {
        let mut headers = self.request_headers.as_ref().map(headers)?;
        NAMES.iter().find_map(|name| headers.get(name))?;
        headers.set("content-type", "application/json");
        let data = self.request_data.filter(|data| data.get() != "null");
        let read = |data: &RawValue| json::read::<Oversize>(data.get().as_bytes());
        let is_kept = data
            .as_deref()
            .and_then(read)
            .is_none_or(|data| !data.oversize);
        let mut copy = Copy::of_json(data.as_ref().map_or("{}", |data| data.get()), false);
        copy.delivery.headers = headers;
        Some(Listed {
            id: naming::id_of("gitlab", &copy)?,
            at,
            handle: self.id.to_string(),
            copy: data.filter(|_| is_kept).map(|_| copy),
            again: false,
        })
    }
}

impl GitLab {
    async fn attempts(&self, cursor: Option<&str>) -> Result<Page, ApiError> {
        let place = cursor.and_then(Place::read);
        let number = place.as_ref().map_or(1, |place| place.page);
        let fields = [("per_page", PAGE), ("page", &number.to_string())];
        let path = format!("{}?{}", self.path, query(&fields));
        let reply = self.api.get(&path).await?;
        let attempts: Vec<Attempt> = reply.json("a list of webhook events")?;
        let date = reply.date();
        // An attempt that nobody answered may have no time; the one before it, the next in time, tells when
        // at the latest. All that is listed has ended, so that the first may count as old enough.
        let latest = || {
            let now = date.unwrap_or_else(Timestamp::now).millis();
            let grace = i64::try_from(limits::RECONCILE_GRACE.as_millis()).unwrap_or(0);
            Timestamp::from_millis(now.saturating_sub(grace))
        };
        let mut before = place.map_or_else(latest, |place| place.before);
        let mut listed = Vec::new();
        for attempt in attempts {
            before = attempt.at().unwrap_or(before);
            listed.extend(attempt.listed(before));
        }
        let next = reply
            .headers
            .get("x-next-page")
            .and_then(|page| page.parse().ok());
        let next: Option<u64> = next.or_else(|| reply.next("page")?.parse().ok());
        Ok(Page {
            listed,
            next: next.map(|page| format!("{page} {}", before.millis())),
            date,
        })
    }
}

impl Archive for GitLab {
    fn window(&self) -> Duration {
        WINDOW
    }

    fn page<'a>(
        &'a self,
        cursor: Option<&'a str>,
        _: Timestamp,
    ) -> BoxFuture<'a, Result<Page, ApiError>> {
        self.attempts(cursor).boxed()
    }

    fn send_again<'a>(&'a self, listed: &'a Listed) -> BoxFuture<'a, Result<(), ApiError>> {
        let asked = async {
            let path = format!("{}/{}/resend", self.path, listed.handle);
            self.api.send("POST", &path, Content::None).await?;
            Ok(())
        };
        asked.boxed()
    }
}
