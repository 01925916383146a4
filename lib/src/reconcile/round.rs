//! A round: every source that has a credential is walked through, each in its share of the time.

use std::time::{Duration, Instant};

use serde::Serialize;

use super::credential_store::{CredentialStore, NoCredential};
use super::{Endpoint, Found, Reconciler, Scope, Stopped, Walked, archive};
use crate::limits;
use crate::provider::catalog;
use crate::provider_hosts::ProviderHosts;
use crate::report::{End, Level, Report};
use crate::timestamp::Timestamp;

/// What goes round.
#[derive(Debug)]
pub struct Rounds {
    /// What walks through a source.
    pub reconciler: Reconciler,
    /// Which sources there are, and with what their APIs are asked.
    pub credentials: CredentialStore,
    /// The ways to the APIs.
    pub hosts: ProviderHosts,
    /// The dimension of all metrics.
    pub stack: String,
}

/// What a round has come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Round {
    /// Sources that were walked through, or into.
    pub sources: u64,
    /// Events that were recorded.
    pub recovered: u64,
    /// Sources whose credential is of no use, or that could not be compared for hours; the log says why.
    pub behind: u64,
}

impl Rounds {
    /// Goes round once, and has to be through at `until`.
    ///
    /// # Errors
    /// [`NoCredential`] when it cannot be known which sources there are.
    pub async fn go(&self, until: Instant) -> Result<Round, NoCredential> {
        let mut sources = self.credentials.sources().await?;
        // A source with much to do must not always be the one before the others.
        fastrand::shuffle(&mut sources);
        let mut round = Round::default();
        for (done, (provider, source)) in sources.iter().enumerate() {
            let until = share(until, sources.len() - done);
            match self.walk(provider, source, until).await {
                Ok(walked) => self.tell(provider, source, &walked, &mut round),
                Err(problem) => {
                    self.refuse(provider, source, &problem);
                    round.behind += 1;
                }
            }
        }
        Ok(round)
    }

    /// Walks through one source.
    async fn walk(&self, provider: &str, source: &str, until: Instant) -> Result<Walked, String> {
        let credential = self.credentials.read(provider, source).await;
        let credential = credential.map_err(|problem| problem.to_string())?;
        let opened = archive(provider, &credential, self.hosts.clone());
        let known = opened.zip(catalog::by_name(provider));
        let (archive, named) = known.ok_or("the API of this provider cannot be asked")?;
        let archive = archive.map_err(|problem| problem.to_string())?;
        let endpoint = Endpoint {
            provider: named,
            source,
            archive: &*archive,
        };
        let scope = Scope {
            since: None,
            dry_run: false,
            until,
        };
        Ok(self.reconciler.run(endpoint, scope).await)
    }

    fn tell(&self, provider: &str, source: &str, walked: &Walked, round: &mut Round) {
        let now = Timestamp::now();
        round.sources += 1;
        round.recovered += walked.count(|found| matches!(found, Found::Recovered { .. }));
        let is_refused = matches!(&walked.stopped, Some(Stopped::Api(error)) if error.is_lasting());
        let is_late = |reached: Timestamp| reached.age(now) > limits::RECONCILE_LATE;
        if is_refused || walked.reached.is_some_and(is_late) {
            round.behind += 1;
        }
        for report in walked.reports(provider, source, now) {
            report.emit(&self.stack, Some(provider), now);
        }
    }

    fn refuse(&self, provider: &str, source: &str, problem: &str) {
        let end = End {
            outcome: "not_reconciled",
            level: Level::Error,
            metric: None,
        };
        let report = Report::new(&format!("{provider}/{source}"), end, Some(problem));
        let report = report.with("source", Some(source));
        report.emit(&self.stack, Some(provider), Timestamp::now());
    }
}

/// The end of the next part where the time until then is for so many of them.
fn share(until: Instant, parts: usize) -> Instant {
    let now = Instant::now();
    let left = until.saturating_duration_since(now);
    let parts = u32::try_from(parts.max(1)).unwrap_or(u32::MAX);
    now + left.checked_div(parts).unwrap_or(Duration::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_gets_its_share_and_the_last_all_that_is_left() {
        let hour = Instant::now() + Duration::from_secs(3600);
        let minutes = |parts| {
            let part = share(hour, parts).saturating_duration_since(Instant::now());
            part.as_secs().div_ceil(60)
        };
        assert_eq!((minutes(1), minutes(4), minutes(60)), (60, 15, 1));
        let past = Instant::now();
        assert!(share(past, 3) <= Instant::now());
    }
}
