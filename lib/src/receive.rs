//! Receipt: refuse cheaply, verify, record, send, answer.
//!
//! The order is the promise. Nothing that costs is done before the signature holds, and nothing
//! positive is said before the event is durable.

use std::sync::Arc;

use tracing::{error, warn};

use crate::answer::Answer;
use crate::bucket::Bucket;
use crate::delivery::{Delivery, Method};
use crate::envelope::{envelope, whole_envelope};
use crate::event::Event;
use crate::gateway::{Request, public_url_of};
use crate::ledger::{Existing, Ledger, Record, Status, token};
use crate::provider::{Identity, Meaning, Provider};
use crate::queue::{Queue, QueueError};
use crate::record::{NotRecorded, record};
use crate::report::{Level, Metric, Report};
use crate::secret_store::{Lookup, SecretStore};
use crate::settings::ReceiverSettings;
use crate::source::{NoSecret, Source, SourceSettings};
use crate::timestamp::Timestamp;
use crate::trace::traceparent;
use crate::verify::{Rejection, Verified, check_shape, verify};
use crate::{faults, limits};

/// What a receiver needs.
#[derive(Debug)]
pub struct Receiver<P> {
    /// Whose deliveries it takes.
    pub provider: P,
    /// How it is set up.
    pub settings: ReceiverSettings,
    /// The provider's secrets.
    pub secrets: SecretStore,
    /// Where events are recorded.
    pub ledger: Ledger,
    /// Where payloads go that are too large for an item.
    pub bucket: Bucket,
    /// Where events are handed over.
    pub queue: Queue,
}

/// What became of a delivery: for the sender, and for the log.
#[derive(Debug)]
pub struct Receipt {
    /// What the sender hears.
    pub answer: Answer,
    notes: Notes,
}

/// What the log line says besides the answer.
#[derive(Debug, Default)]
struct Notes {
    reason: Option<&'static str>,
    source: Option<String>,
    event_id: Option<String>,
    event_kind: Option<String>,
    size_bytes: Option<usize>,
    secret: Option<usize>,
    conflict: bool,
}

/// Why a delivery got no further.
struct Stop {
    answer: Answer,
    reason: &'static str,
}

const fn stop(answer: Answer, reason: &'static str) -> Stop {
    Stop { answer, reason }
}

impl<P: Provider> Receiver<P> {
    /// Takes one delivery. `xray` is the invocation's X-Ray header, `now` the time of receipt.
    pub async fn receive(&self, request: Request, xray: Option<&str>, now: Timestamp) -> Receipt {
        let mut notes = Notes::default();
        let answer = match self.accept(request, xray, now, &mut notes).await {
            Ok(answer) => answer,
            Err(Stop { answer, reason }) => {
                notes.reason = Some(reason);
                answer
            }
        };
        Receipt { answer, notes }
    }

    async fn accept(
        &self,
        request: Request,
        xray: Option<&str>,
        now: Timestamp,
        notes: &mut Notes,
    ) -> Result<Answer, Stop> {
        let source = request.source(self.provider.name()).map(str::to_owned);
        let route_and_query = request.route_and_query();
        let mut delivery = request
            .delivery(self.settings.origin())
            .map_err(|_| stop(Answer::Malformed, "body_not_base64"))?;
        notes.size_bytes = Some(delivery.body.len());
        self.refuse_cheaply(&delivery, now)?;
        let name = source.ok_or(stop(Answer::Unauthenticated, "no_such_path"))?;
        notes.source = Some(name.clone());

        self.secrets.keep_fresh(now).await;
        let urls = delivery.urls.clone();
        let mut last = false;
        let verified = loop {
            let admitted = self.admit(&name, delivery.method);
            if let Ok(source) = &admitted {
                delivery.urls = urls_at(source, &route_and_query).unwrap_or(urls.clone());
            }
            let checked = admitted.and_then(|source| self.check(&delivery, &source, now));
            match checked {
                Ok(verified) => break verified,
                // Once more with fresh secrets and settings, if they may be read.
                Err(_) if !last && self.secrets.look_again(now).await => last = true,
                Err(stop) => return Err(stop),
            }
        };
        self.identify(&verified, &name, xray, now, notes).await
    }

    /// Names the event of a delivery whose signature holds, and keeps it.
    async fn identify(
        &self,
        verified: &Verified<'_>,
        source: &str,
        xray: Option<&str>,
        now: Timestamp,
        notes: &mut Notes,
    ) -> Result<Answer, Stop> {
        notes.secret = Some(verified.secret());
        let identity = match self.provider.identify(verified) {
            Ok(Meaning::Event(identity)) => identity,
            Ok(Meaning::Ping(identity)) => {
                notes.name(&identity);
                return Ok(Answer::Ignored { id: identity.id });
            }
            Err(malformed) => {
                warn!(error = %malformed, "a delivery with a good signature cannot be read");
                return Err(stop(Answer::Malformed, "not_an_event"));
            }
        };
        notes.name(&identity);
        faults::point("receive::verified");
        let trace = xray.and_then(traceparent);
        let event = Event::new(&self.provider, source, identity, verified, now, trace);
        self.keep(event, xray, now, notes).await
    }

    /// Method, size and header shape: what can be refused without knowing anything.
    fn refuse_cheaply(&self, delivery: &Delivery, now: Timestamp) -> Result<(), Stop> {
        if !self.provider.methods().contains(&delivery.method) {
            return Err(stop(Answer::MethodNotAllowed, "method"));
        }
        if delivery.body.len() > limits::BODY {
            return Err(stop(Answer::TooLarge, "body_too_large"));
        }
        check_shape(&self.provider, delivery, now).map_err(unauthenticated)
    }

    /// The source, if it takes a delivery of that method. A source that is not there answers as
    /// one does that has no settings.
    fn admit(&self, name: &str, method: Method) -> Result<Arc<Source>, Stop> {
        let source = match self.secrets.source(name) {
            Lookup::Known(source) => Some(source),
            Lookup::Unknown => None,
            Lookup::Unavailable => return Err(stop(Answer::Unavailable, "secrets_unavailable")),
        };
        let default = SourceSettings::default_for(self.provider.methods());
        let settings = match source.as_deref().map(|source| &source.settings) {
            Some(Ok(settings)) => settings,
            Some(Err(_)) => return Err(stop(Answer::Unavailable, "invalid_settings")),
            None => &default,
        };
        if !settings.methods.contains(&method) {
            return Err(stop(Answer::MethodNotAllowed, "method"));
        }
        source.ok_or(stop(Answer::Unauthenticated, "no_such_source"))
    }

    /// Checks the signature.
    fn check<'a>(
        &self,
        delivery: &'a Delivery,
        source: &Source,
        now: Timestamp,
    ) -> Result<Verified<'a>, Stop> {
        let unusable = |problem: &NoSecret| stop(Answer::Unavailable, problem.reason());
        let secrets = source.secrets.as_ref().map_err(unusable)?;
        verify(&self.provider, delivery, secrets, now).map_err(unauthenticated)
    }

    /// Makes the event durable and hands it over.
    async fn keep(
        &self,
        mut event: Event<'_>,
        xray: Option<&str>,
        now: Timestamp,
        notes: &mut Notes,
    ) -> Result<Answer, Stop> {
        let id = event.key().id.clone();
        let token = token();
        let expires_at = now.after(self.settings.retention);
        match record(&self.ledger, &self.bucket, &mut event, &token, expires_at).await {
            Ok(Record::New) => {
                faults::point("receive::recorded");
                self.hand_over(&event, xray).await;
                Ok(Answer::Accepted { id })
            }
            Ok(Record::Existing(existing)) => self.repeat(&event, existing, xray, now, notes).await,
            // Not after the bucket has the payload.
            Ok(Record::TooLarge) => Err(stop(Answer::TooLarge, "payload_too_large")),
            Err(failure) => {
                error!(error = %failure, "not recorded");
                let bucket_is_up = matches!(failure, NotRecorded::Ledger(_));
                let refused_by_size = matches!(failure, NotRecorded::Bucket(_));
                if refused_by_size && let Some(existing) = self.known(&event).await {
                    return self.repeat(&event, existing, xray, now, notes).await;
                }
                match self.send_whole(&mut event, bucket_is_up, xray).await {
                    Ok(()) => Ok(Answer::Accepted { id }),
                    Err(failure) => {
                        error!(error = %failure, "the queue does not take the whole event either");
                        Err(stop(Answer::Unavailable, "nothing_durable"))
                    }
                }
            }
        }
    }

    /// What the ledger has of an event whose payload the bucket did not take.
    async fn known(&self, event: &Event<'_>) -> Option<Existing> {
        let item = self.ledger.find(event.key()).await.ok()??;
        Some(Existing {
            status: item.status,
            conflict: !item.has_payload_of(event),
        })
    }

    /// The whole event to the queue: by way of the bucket, if ten such messages would be more than
    /// one message may be.
    async fn send_whole(
        &self,
        event: &mut Event<'_>,
        bucket_is_up: bool,
        xray: Option<&str>,
    ) -> Result<(), QueueError> {
        let mut message = whole_envelope(event);
        if message.len() > limits::MESSAGE_SHARE && bucket_is_up {
            match self.bucket.keep(event).await {
                Ok(()) => message = whole_envelope(event),
                Err(failure) => warn!(error = %failure, "the queue has to take a large message"),
            }
        }
        self.queue.send(message, xray).await
    }

    /// A delivery of an event that the ledger has: a failed one starts again, everything else is
    /// a duplicate.
    async fn repeat(
        &self,
        event: &Event<'_>,
        existing: Existing,
        xray: Option<&str>,
        now: Timestamp,
        notes: &mut Notes,
    ) -> Result<Answer, Stop> {
        let id = event.key().id.clone();
        notes.conflict = existing.conflict;
        if existing.status == Status::Failed && !existing.conflict {
            let token = token();
            let expires_at = now.after(self.settings.retention);
            match self
                .ledger
                .reopen(event.key(), &token, expires_at, now)
                .await
            {
                Ok(true) => {
                    faults::point("receive::reopened");
                    self.hand_over(event, xray).await;
                    return Ok(Answer::Accepted { id });
                }
                Ok(false) => {}
                Err(failure) => {
                    error!(error = %failure, "the failed event cannot be started again");
                    return Err(stop(Answer::Unavailable, "not_reopened"));
                }
            }
        }
        if let Err(failure) = self
            .ledger
            .count_duplicate(event.key(), existing.conflict, now)
            .await
        {
            warn!(error = %failure, "the duplicate is not counted");
        }
        faults::point("receive::counted");
        Ok(Answer::Duplicate { id })
    }

    /// The event is durable already: when the queue does not take it, the relay sends it later.
    async fn hand_over(&self, event: &Event<'_>, xray: Option<&str>) {
        if let Err(failure) = self.queue.send(envelope(event), xray).await {
            warn!(error = %failure, "not sent; the relay will send it");
        }
        faults::point("receive::sent");
    }
}

/// The URL of a delivery at a source that has a public URL of its own.
fn urls_at(source: &Source, route_and_query: &str) -> Option<Vec<String>> {
    let base = source.settings.as_ref().ok()?.public_url.as_deref()?;
    Some(vec![public_url_of(base, route_and_query)])
}

fn unauthenticated(rejection: Rejection) -> Stop {
    stop(Answer::Unauthenticated, rejection.reason())
}

impl Notes {
    fn name(&mut self, identity: &Identity) {
        self.event_id = Some(identity.id.clone());
        self.event_kind = Some(identity.kind.clone());
    }
}

impl Receipt {
    /// The line for the log.
    pub fn report(&self, provider: &str, request_id: Option<&str>, took_ms: u128) -> Report {
        let Notes {
            reason,
            source,
            event_id,
            event_kind,
            size_bytes,
            secret,
            conflict,
        } = &self.notes;
        let outcome = self.answer.outcome();
        let what = event_kind.as_deref().unwrap_or("delivery");
        let message = match reason {
            Some(reason) => format!("{provider} {what} {outcome}: {reason}"),
            None => format!("{provider} {what} {outcome}"),
        };
        let (level, metric) = match &self.answer {
            Answer::Accepted { .. } => (Level::Info, Metric::Accepted),
            Answer::Duplicate { .. } => (Level::Info, Metric::Duplicate),
            Answer::Ignored { .. } => (Level::Info, Metric::Ignored),
            Answer::Malformed
            | Answer::Unauthenticated
            | Answer::MethodNotAllowed
            | Answer::TooLarge => (Level::Warn, Metric::Refused),
            Answer::Unavailable => (Level::Error, Metric::Unavailable),
        };
        let report = Report::new(level, message)
            .with("outcome", Some(outcome))
            .with("reason", *reason)
            .with("source", source.as_ref())
            .with("event.id", event_id.as_ref())
            .with(
                "event.kind",
                event_kind.as_ref().map(|kind| format!("{provider}.{kind}")),
            )
            .with("size_bytes", *size_bytes)
            .with("secret.line", secret.map(|index| index + 1))
            .with("conflict", conflict.then_some(true))
            .with("request.id", request_id)
            .with("duration_ms", u64::try_from(took_ms).ok())
            .counting(metric);
        if *conflict {
            report.counting(Metric::Conflict)
        } else {
            report
        }
    }
}
