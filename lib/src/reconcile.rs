//! Reconciliation: what a provider says it has sent is held against the ledger, and what never arrived is
//! fetched and goes the way of a delivery.
//!
//! The ledger is asked, and not the provider's opinion of its own success. A source is walked through from
//! its newest delivery to its [watermark](crate::ledger::Watermark), which moves on only when the walk gets
//! there; a walk that has to stop goes on from the same page. Whatever is done twice here does no harm: an
//! event is recorded once, on whichever way it comes.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::bucket::Bucket;
use crate::event::{Event, EventKey};
use crate::ledger::{Gap, Ledger, LedgerError, Record, Walk, Watermark, token};
use crate::provider::Provider;
use crate::provider::meaning::Meaning;
use crate::provider_api::ApiError;
use crate::queue::Queue;
use crate::record::{NotRecorded, record};
use crate::timestamp::Timestamp;
use crate::verified::Verified;
use crate::{envelope, limits};

pub mod archive;
mod credential;
pub mod credential_store;
mod finding;
mod github;
mod gitlab;
mod listing;
mod moment;
mod naming;
mod paddle;
mod paypal;
mod polar;
mod resend;
pub mod round;
mod square;
mod stripe;
mod telnyx;
mod twilio;
mod workos;

use self::archive::{Archive, Copy, Fetched, Listed, Page};
pub use self::credential::{BadCredential, archive, form, providers};
pub use self::finding::{Beyond, Finding, Found, Stopped, Walked};

/// Where what is found goes.
#[derive(Debug)]
pub struct Reconciler {
    /// Where events are recorded.
    pub ledger: Ledger,
    /// Where large payloads go.
    pub bucket: Bucket,
    /// Where events are handed over.
    pub queue: Queue,
    /// How long an event that has ended stays in the ledger.
    pub retention: Duration,
}

/// A source, and what its provider's API knows of it.
#[derive(Clone, Copy, Debug)]
pub struct Endpoint<'a> {
    /// The provider.
    pub provider: &'static dyn Provider,
    /// The source.
    pub source: &'a str,
    /// What the API knows.
    pub archive: &'a dyn Archive,
}

/// What part of it is walked through, and how.
#[derive(Clone, Copy, Debug)]
pub struct Scope {
    /// From when on; none for the watermark, and of a source without one from now on.
    pub since: Option<Timestamp>,
    /// Look, and change nothing.
    pub dry_run: bool,
    /// When the walk has to stop.
    pub until: Instant,
}

impl Reconciler {
    /// Walks through a source.
    pub async fn run(&self, endpoint: Endpoint<'_>, scope: Scope) -> Walked {
        let mut walked = Walked::default();
        let stopped = self.walk(endpoint, scope, &mut walked).await;
        walked.stopped = stopped.err();
        walked
    }

    async fn walk(
        &self,
        endpoint: Endpoint<'_>,
        scope: Scope,
        walked: &mut Walked,
    ) -> Result<(), Stopped> {
        let (provider, source) = (endpoint.provider.profile().name, endpoint.source);
        let mut mark = self.ledger.watermark(provider, source).await?;
        walked.note(&mark);
        if let Some(until) = mark.not_before.filter(|until| *until > Timestamp::now()) {
            return Err(Stopped::Limited { until });
        }
        mark.not_before = None;
        let walk = self.walk_through(endpoint, scope, &mut mark, walked).await;
        match walk {
            Err(Stopped::Overtaken) => return walk,
            Err(Stopped::Limited { until }) => mark.not_before = Some(until),
            _ => {}
        }
        self.save(endpoint, scope, &mut mark).await?;
        walked.note(&mark);
        walk
    }

    /// Writes down how far a walk has come, unless another one has meanwhile.
    async fn save(
        &self,
        endpoint: Endpoint<'_>,
        scope: Scope,
        mark: &mut Watermark,
    ) -> Result<(), Stopped> {
        let (provider, source) = (endpoint.provider.profile().name, endpoint.source);
        let moved = scope.dry_run || self.ledger.move_watermark(provider, source, mark).await?;
        moved.then_some(()).ok_or(Stopped::Overtaken)
    }

    /// Reads page after page, from where the last walk stopped or from the newest.
    async fn walk_through(
        &self,
        endpoint: Endpoint<'_>,
        scope: Scope,
        mark: &mut Watermark,
        walked: &mut Walked,
    ) -> Result<(), Stopped> {
        let mut walk = mark.walk.take().filter(|_| scope.since.is_none());
        let mut restarted = false;
        loop {
            let cursor = walk.as_ref().and_then(|walk| walk.cursor.clone());
            let since = match &walk {
                Some(walk) => walk.floor,
                None => self.floor(endpoint, scope, mark, Timestamp::now()),
            };
            let page = match endpoint.archive.page(cursor.as_deref(), since).await {
                // What is listed has moved on; what was compared is compared once more.
                Err(ApiError::Refused { .. } | ApiError::NotFound { .. })
                    if cursor.is_some() && !restarted =>
                {
                    restarted = true;
                    walk = walk.map(|walk| Walk {
                        cursor: None,
                        ..walk
                    });
                    continue;
                }
                page => page,
            };
            let page = match page {
                Ok(page) => page,
                Err(error) => {
                    mark.walk = walk;
                    return Err(error.into());
                }
            };
            let here = walk.take().unwrap_or_else(|| {
                let date = page.date.unwrap_or_else(Timestamp::now);
                self.begin(endpoint, scope, mark, date)
            });
            let compared = self.compare(endpoint, scope, &here, &page, walked).await;
            if let Err(stopped) = compared {
                mark.walk = Some(here);
                return Err(stopped);
            }
            let is_older = |listed: &Listed| listed.at < here.floor;
            let through = !page.listed.is_empty() && page.listed.iter().all(is_older);
            match page
                .next
                .filter(|next| !through && Some(next) != cursor.as_ref())
            {
                Some(next) => {
                    walk = Some(Walk {
                        cursor: Some(next),
                        ..here
                    });
                }
                None => {
                    mark.walk = None;
                    arrive(mark, &here);
                    return Ok(());
                }
            }
            mark.walk.clone_from(&walk);
            if Instant::now() >= scope.until {
                return Err(Stopped::TimeOver);
            }
            // Whoever is ended without a word begins again here.
            self.save(endpoint, scope, mark).await?;
        }
    }

    /// Where a walk ends that begins at `date` of the provider's clock. What the ledger may have forgotten
    /// is not asked for: it would seem to be missing.
    fn floor(
        &self,
        endpoint: Endpoint<'_>,
        scope: Scope,
        mark: &Watermark,
        date: Timestamp,
    ) -> Timestamp {
        let oldest = self.oldest(endpoint, date);
        let wanted = match (scope.since, mark.reached) {
            (Some(since), _) => since,
            (None, Some(reached)) => before(reached, limits::RECONCILE_OVERLAP),
            (None, None) => before(date, limits::RECONCILE_GRACE),
        };
        wanted.max(oldest)
    }

    /// The oldest that can still be compared.
    fn oldest(&self, endpoint: Endpoint<'_>, date: Timestamp) -> Timestamp {
        let known = self.retention.saturating_sub(limits::RECONCILE_FORGOTTEN);
        before(date, endpoint.archive.window().min(known))
    }

    /// Begins a walk, and notes what it can say nothing of any more.
    fn begin(
        &self,
        endpoint: Endpoint<'_>,
        scope: Scope,
        mark: &mut Watermark,
        date: Timestamp,
    ) -> Walk {
        let oldest = self.oldest(endpoint, date);
        if let Some(reached) = mark.reached.filter(|reached| *reached < oldest) {
            mark.note(Gap {
                from: reached,
                to: oldest,
            });
            mark.reached = Some(oldest);
        }
        Walk {
            top: before(date, limits::RECONCILE_GRACE),
            floor: self.floor(endpoint, scope, mark, date),
            cursor: None,
        }
    }

    /// Holds a page against the ledger. What is younger than the walk may still be on its way.
    async fn compare(
        &self,
        endpoint: Endpoint<'_>,
        scope: Scope,
        walk: &Walk,
        page: &Page,
        walked: &mut Walked,
    ) -> Result<(), Stopped> {
        let is_due = |listed: &&Listed| listed.at >= walk.floor && listed.at <= walk.top;
        let due: Vec<_> = page.listed.iter().filter(is_due).collect();
        let key = |listed: &Listed| EventKey {
            provider: endpoint.provider.profile().name.to_owned(),
            source: endpoint.source.to_owned(),
            id: listed.id.clone(),
        };
        let keys: BTreeSet<_> = due.iter().map(|listed| key(listed)).collect();
        let mut absent = self.ledger.absent(&keys).await?;
        walked.checked += u64::try_from(keys.len()).unwrap_or(0);
        for listed in due {
            let key = key(listed);
            // A delivery that was sent again is listed as often as it was sent.
            if !absent.remove(&key) {
                continue;
            }
            let found = if scope.dry_run {
                Found::Missing
            } else {
                self.recover(endpoint, listed).await?
            };
            walked.add(Finding {
                key,
                at: listed.at,
                found,
            });
            if Instant::now() >= scope.until {
                return Err(Stopped::TimeOver);
            }
        }
        Ok(())
    }

    /// Brings what is missing into the ledger.
    async fn recover(&self, endpoint: Endpoint<'_>, listed: &Listed) -> Result<Found, Stopped> {
        if let Some(copy) = &listed.copy {
            return self.keep(endpoint, listed, copy).await;
        }
        match endpoint.archive.fetch(listed).await {
            Ok(Fetched::Copy(copy)) => self.keep(endpoint, listed, &copy).await,
            Ok(Fetched::WithoutPayload) if listed.again => Ok(Found::Beyond(Beyond::NoPayload)),
            Ok(Fetched::WithoutPayload) => match endpoint.archive.send_again(listed).await {
                Ok(()) => Ok(Found::AskedFor),
                Err(error) if error.is_lasting() => Ok(Found::Beyond(Beyond::NoPayload)),
                Err(error) => Err(error.into()),
            },
            Err(ApiError::NotFound { .. }) => Ok(Found::Beyond(Beyond::Gone)),
            // It alone; whoever may not read at all is not let into the list either.
            Err(ApiError::Refused { .. } | ApiError::Unreadable(_)) => {
                Ok(Found::Beyond(Beyond::Malformed))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Records an event and hands it over, as a receiver does.
    async fn keep(
        &self,
        endpoint: Endpoint<'_>,
        listed: &Listed,
        copy: &Copy,
    ) -> Result<Found, Stopped> {
        let now = Timestamp::now();
        let verified = Verified::fetched(&copy.delivery, copy.as_sent, now);
        let identity = match endpoint.provider.identify(&verified) {
            Ok(Meaning::Event(identity)) if identity.id == listed.id => identity,
            Ok(_) => return Ok(Found::Beyond(Beyond::AnotherEvent)),
            Err(_) => return Ok(Found::Beyond(Beyond::Malformed)),
        };
        let provider = endpoint.provider;
        let mut event = Event::new(provider, endpoint.source, identity, &verified, now, None);
        let expires_at = now.after(self.retention);
        let token = token();
        let recorded = record(&self.ledger, &self.bucket, &mut event, &token, expires_at);
        match recorded.await? {
            Record::New => {}
            // A delivery has come in between.
            Record::Existing(_) => return Ok(Found::Arrived),
            Record::TooLarge => return Ok(Found::Beyond(Beyond::TooLarge)),
        }
        // It is durable already: when the queue does not take it, the relay sends it later.
        let sent = self.queue.send(envelope::envelope(&event), None).await;
        if let Err(failure) = sent {
            tracing::warn!(error = %failure, "not sent; the relay will send it");
        }
        Ok(Found::Recovered {
            as_sent: copy.as_sent,
        })
    }
}

/// Moves the mark to where a walk began that is through, if it went as far as the mark.
fn arrive(mark: &mut Watermark, walk: &Walk) {
    match mark.reached {
        Some(reached) if walk.floor > reached => {}
        reached => mark.reached = Some(reached.map_or(walk.top, |reached| reached.max(walk.top))),
    }
}

/// That long before a moment.
fn before(moment: Timestamp, duration: Duration) -> Timestamp {
    let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_millis(moment.millis().saturating_sub(millis))
}

impl From<LedgerError> for Stopped {
    fn from(error: LedgerError) -> Self {
        Self::NotKept(error.to_string())
    }
}

impl From<NotRecorded> for Stopped {
    fn from(error: NotRecorded) -> Self {
        Self::NotKept(error.to_string())
    }
}

impl From<ApiError> for Stopped {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Limited { until } => Self::Limited { until },
            other => Self::Api(other),
        }
    }
}
