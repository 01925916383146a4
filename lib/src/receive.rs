//! Receipt: refuse cheaply, verify, record, send, answer.
//!
//! The order is the promise. Nothing that costs is done before the signature holds, and nothing
//! positive is said before the event is durable.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join;
use futures::stream::{self, StreamExt};
use ipnet::IpNet;
use tracing::{error, warn};

use crate::address_lists::AddressLists;
use crate::answer::Answer;
use crate::bucket::Bucket;
use crate::deadline::{Deadline, Late};
use crate::delivery::{Delivery, Method};
use crate::envelope::{envelope, whole_envelope};
use crate::event::Event;
use crate::gateway::{Request, public_url_of};
use crate::ledger::{Body, Existing, Ledger, LedgerError, Record, Status, token};
use crate::provider::{Identity, Meaning, Provider};
use crate::queue::{Queue, QueueError};
use crate::rate::Rates;
use crate::recent_digests::RecentDigests;
use crate::record::{NotRecorded, record};
use crate::report::{Level, Metric, Report};
use crate::secret_store::{Lookup, SecretStore};
use crate::settings::ReceiverSettings;
use crate::source::{
    self, Addresses, AddressesUnavailable, NoSecret, Replays, Source, SourceSettings,
};
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
    /// The lists of addresses that sources refer to.
    pub addresses: AddressLists,
    /// What sources have left of their rates.
    pub rates: Rates,
    /// Bodies seen lately.
    pub digests: RecentDigests,
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
    /// The body is known under another id.
    known_digest: bool,
    first_id: Option<String>,
    addresses_unavailable: bool,
    /// The events of a batch, each with what became of it.
    elements: Vec<Receipt>,
}

/// Who asks for what, and how long there is time for it.
struct Arrival<'a> {
    source: String,
    method: Method,
    address: Option<IpAddr>,
    route_and_query: String,
    xray: Option<&'a str>,
    now: Timestamp,
    deadline: Deadline,
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
        let accepted = self.accept(request, xray, now, &mut notes);
        let (accepted, ()) = join(accepted, self.addresses.keep_fresh(now)).await;
        Receipt::new(accepted, notes)
    }

    async fn accept(
        &self,
        request: Request,
        xray: Option<&str>,
        now: Timestamp,
        notes: &mut Notes,
    ) -> Result<Answer, Stop> {
        let deadline = Deadline::new(request.arrived_at(), self.secrets.answer_within(), now);
        if request.is_of_another_format() {
            error!("the event is not of payload format 2.0; set PayloadFormatVersion to 2.0");
            return Err(stop(Answer::Unavailable, "payload_format"));
        }
        let source = request.source(self.provider.name()).map(str::to_owned);
        let (address, route_and_query) = (request.source_ip(), request.route_and_query());
        let delivery = request
            .delivery(self.settings.origin())
            .map_err(|_| stop(Answer::Malformed, "body_not_base64"))?;
        notes.size_bytes = Some(delivery.body.len());
        self.refuse_cheaply(&delivery, now)?;
        let source = source.ok_or(stop(Answer::Unauthenticated, "no_such_path"))?;
        notes.source = Some(source.clone());
        let arrival = Arrival {
            source,
            method: delivery.method,
            address,
            route_and_query,
            xray,
            now,
            deadline,
        };
        self.secrets.keep_fresh(now, deadline).await;
        self.take(delivery, &arrival, notes).await
    }

    /// Checks a delivery against its source, once more with fresh secrets and settings if need be,
    /// and keeps what it brings.
    async fn take(
        &self,
        mut delivery: Delivery,
        arrival: &Arrival<'_>,
        notes: &mut Notes,
    ) -> Result<Answer, Stop> {
        let now = arrival.now;
        let urls = delivery.urls.clone();
        let mut last = false;
        let (verified, settings) = loop {
            let admitted = self.admit(arrival, notes).await;
            if let Ok((_, settings)) = &admitted {
                delivery.urls = arrival.urls(settings).unwrap_or(urls.clone());
            }
            let checked = admitted.and_then(|(source, settings)| {
                Ok((self.check(&delivery, &source, now)?, settings))
            });
            match checked {
                Ok(checked) => break checked,
                Err(_) if !last && self.look_again(arrival).await => last = true,
                Err(stop) => return Err(stop),
            }
        };
        let room = |rate| self.rates.take(&arrival.source, rate, now);
        if !settings.rate.is_none_or(room) {
            return Err(self.throttled());
        }
        notes.secret = Some(verified.secret());
        match self.identify(&verified)? {
            Meaning::Ping(identity) => {
                notes.name(&identity);
                Ok(Answer::Ignored { id: identity.id })
            }
            Meaning::Event(identity) => {
                notes.name(&identity);
                faults::point("receive::verified");
                let (source, trace) = (&arrival.source, arrival.trace());
                let event = Event::new(&self.provider, source, identity, &verified, now, trace);
                self.keep_once(event, settings.replays, arrival, notes)
                    .await
            }
            Meaning::Batch(elements) => {
                faults::point("receive::verified");
                let event = |element| {
                    let (source, trace) = (&arrival.source, arrival.trace());
                    Event::of_element(&self.provider, source, element, &verified, now, trace)
                };
                let events = elements.into_iter().map(event).collect();
                self.keep_all(events, settings.replays, arrival, notes)
                    .await
            }
        }
    }

    /// Keeps every event of a batch. The delivery is acknowledged when all of them are durable; what is
    /// when one is not will be a duplicate next time.
    async fn keep_all(
        &self,
        events: Vec<Event<'_>>,
        replays: Replays,
        arrival: &Arrival<'_>,
        notes: &mut Notes,
    ) -> Result<Answer, Stop> {
        let batch = &*notes;
        let keep = |event| self.keep_element(event, replays, arrival, batch);
        let kept: Vec<_> = events.into_iter().map(keep).collect();
        let kept = stream::iter(kept).buffered(limits::BATCH).collect().await;
        notes.elements = kept;
        let answers = || notes.elements.iter().map(|receipt| &receipt.answer);
        let first = answers().min_by_key(|answer| urgency(answer));
        first
            .cloned()
            .ok_or(stop(Answer::Malformed, "not_an_event"))
    }

    async fn keep_element(
        &self,
        event: Event<'_>,
        replays: Replays,
        arrival: &Arrival<'_>,
        batch: &Notes,
    ) -> Receipt {
        let mut notes = batch.of_element(&event);
        let kept = self.keep_once(event, replays, arrival, &mut notes).await;
        Receipt::new(kept, notes)
    }

    async fn look_again(&self, arrival: &Arrival<'_>) -> bool {
        let look = self.secrets.look_again(arrival.now);
        let looked = arrival.deadline.leaving(limits::LAST_STEPS, look).await;
        looked.unwrap_or(false)
    }

    /// Names what a delivery brings whose signature holds.
    fn identify(&self, verified: &Verified<'_>) -> Result<Meaning, Stop> {
        self.provider.identify(verified).map_err(|malformed| {
            warn!(error = %malformed, "a delivery with a good signature cannot be read");
            stop(Answer::Malformed, "not_an_event")
        })
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

    /// The source and its settings, if it takes such a delivery: by method, address and rate. A
    /// source that is not there answers as one does that has no settings.
    async fn admit(
        &self,
        arrival: &Arrival<'_>,
        notes: &mut Notes,
    ) -> Result<(Arc<Source>, Arc<SourceSettings>), Stop> {
        let source = match self.secrets.source(&arrival.source) {
            Lookup::Known(source) => Some(source),
            Lookup::Unknown => None,
            Lookup::Unavailable => return Err(stop(Answer::Unavailable, "secrets_unavailable")),
        };
        let settings = match source.as_deref().map(|source| &source.settings) {
            Some(Ok(settings)) => Arc::clone(settings),
            Some(Err(_)) => return Err(stop(Answer::Unavailable, "invalid_settings")),
            None => Arc::new(SourceSettings::default_for(self.provider.methods())),
        };
        if !settings.methods.contains(&arrival.method) {
            return Err(stop(Answer::MethodNotAllowed, "method"));
        }
        let source = source.ok_or(stop(Answer::Unauthenticated, "no_such_source"))?;
        self.check_address(&settings, arrival, notes).await?;
        let room = |rate| self.rates.has_room(&arrival.source, rate, arrival.now);
        if !settings.rate.is_none_or(room) {
            return Err(self.throttled());
        }
        Ok((source, settings))
    }

    async fn check_address(
        &self,
        settings: &SourceSettings,
        arrival: &Arrival<'_>,
        notes: &mut Notes,
    ) -> Result<(), Stop> {
        let allowed = match &settings.addresses {
            None => return Ok(()),
            Some(Addresses::Networks(networks)) => holds(networks, arrival.address),
            Some(Addresses::Published(list)) => {
                let networks = self.addresses.networks(*list, arrival.now);
                let networks = arrival
                    .deadline
                    .within(limits::ADDRESSES, limits::LAST_STEPS, networks)
                    .await;
                match (networks.ok().flatten(), settings.addresses_unavailable) {
                    (Some(networks), _) => holds(&networks, arrival.address),
                    (None, AddressesUnavailable::Accept) => {
                        notes.addresses_unavailable = true;
                        true
                    }
                    (None, AddressesUnavailable::Refuse) => {
                        return Err(stop(Answer::Unavailable, "addresses_unavailable"));
                    }
                }
            }
        };
        if allowed {
            Ok(())
        } else {
            Err(stop(Answer::Unauthenticated, "address_not_allowed"))
        }
    }

    fn throttled(&self) -> Stop {
        stop(Answer::Throttled(self.provider.later()), "rate_exceeded")
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

    /// Keeps an event, if its body is not known under another id where the source refuses that.
    async fn keep_once(
        &self,
        mut event: Event<'_>,
        replays: Replays,
        arrival: &Arrival<'_>,
        notes: &mut Notes,
    ) -> Result<Answer, Stop> {
        let digest = event.payload().digest();
        match replays {
            Replays::Accept => {
                let known = self.digests.note(event.key(), digest);
                let kept = self.keep(event, arrival, notes).await;
                notes.known_digest = known && matches!(kept, Ok(Answer::Accepted { .. }));
                return kept;
            }
            Replays::Refuse => {}
        }
        let expires_at = arrival.now.after(self.settings.retention);
        let claimed = self.ledger.claim_body(event.key(), digest, expires_at);
        let claimed = arrival
            .deadline
            .within(limits::CLAIM_BODY, limits::CALL_ATTEMPT, claimed)
            .await;
        match claimed {
            Ok(Ok(Body::Ours)) => self.keep(event, arrival, notes).await,
            Ok(Ok(Body::Known { first_id })) => {
                self.replayed(&event, first_id, arrival, notes).await
            }
            // An event is worth more than the certainty that it is no replay.
            Ok(Err(failure)) => {
                error!(error = %failure, "the body is not held against replays");
                self.keep_in_queue(&mut event, true, arrival).await
            }
            Err(Late) => {
                error!("the body is not held against replays: DynamoDB takes too long");
                self.keep_in_queue(&mut event, true, arrival).await
            }
        }
    }

    /// A body that is another id's. What the ledger has under this id was there before the source
    /// refused replays, and is delivered again.
    async fn replayed(
        &self,
        event: &Event<'_>,
        first_id: String,
        arrival: &Arrival<'_>,
        notes: &mut Notes,
    ) -> Result<Answer, Stop> {
        match self.known(event).await {
            Ok(Some(existing)) => self.repeat(event, existing, arrival, notes).await,
            Ok(None) => {
                notes.known_digest = true;
                notes.first_id = Some(first_id);
                Err(stop(Answer::Unauthenticated, "replayed_body"))
            }
            Err(failure) => {
                error!(error = %failure, "not known whether this is a replay");
                Err(stop(Answer::Unavailable, "replay_unknown"))
            }
        }
    }

    /// Makes the event durable and hands it over.
    async fn keep(
        &self,
        mut event: Event<'_>,
        arrival: &Arrival<'_>,
        notes: &mut Notes,
    ) -> Result<Answer, Stop> {
        let id = event.key().id.clone();
        let token = token();
        let expires_at = arrival.now.after(self.settings.retention);
        let recorded = record(&self.ledger, &self.bucket, &mut event, &token, expires_at);
        let recorded = arrival.deadline.leaving(limits::CALL_ATTEMPT, recorded);
        match recorded.await {
            Ok(Ok(Record::New)) => {
                faults::point("receive::recorded");
                self.hand_over(&event, arrival).await;
                Ok(Answer::Accepted { id })
            }
            Ok(Ok(Record::Existing(existing))) => {
                self.repeat(&event, existing, arrival, notes).await
            }
            // Not after the bucket has the payload.
            Ok(Ok(Record::TooLarge)) => Err(stop(Answer::TooLarge, "payload_too_large")),
            Err(Late) => {
                error!("not recorded: {Late}");
                self.keep_in_queue(&mut event, false, arrival).await
            }
            Ok(Err(failure)) => {
                error!(error = %failure, "not recorded");
                let bucket_is_up = matches!(failure, NotRecorded::Ledger(_));
                let refused_by_size = matches!(failure, NotRecorded::Bucket(_));
                if refused_by_size && let Ok(Some(existing)) = self.known(&event).await {
                    return self.repeat(&event, existing, arrival, notes).await;
                }
                self.keep_in_queue(&mut event, bucket_is_up, arrival).await
            }
        }
    }

    /// What the ledger has of an event.
    async fn known(&self, event: &Event<'_>) -> Result<Option<Existing>, LedgerError> {
        let item = self.ledger.find(event.key()).await?;
        Ok(item.map(|item| Existing {
            status: item.status,
            conflict: !item.has_payload_of(event),
        }))
    }

    /// The second place that is durable, while the ledger is not.
    async fn keep_in_queue(
        &self,
        event: &mut Event<'_>,
        bucket_is_up: bool,
        arrival: &Arrival<'_>,
    ) -> Result<Answer, Stop> {
        let id = event.key().id.clone();
        match self.send_whole(event, bucket_is_up, arrival).await {
            Ok(Ok(())) => Ok(Answer::Accepted { id }),
            Err(Late) => {
                error!("the queue does not take the whole event either: {Late}");
                Err(stop(Answer::Unavailable, "nothing_durable"))
            }
            Ok(Err(failure)) => {
                error!(error = %failure, "the queue does not take the whole event either");
                Err(stop(Answer::Unavailable, "nothing_durable"))
            }
        }
    }

    /// The whole event to the queue: by way of the bucket, if ten such messages would be more than
    /// one message may be.
    async fn send_whole(
        &self,
        event: &mut Event<'_>,
        bucket_is_up: bool,
        arrival: &Arrival<'_>,
    ) -> Result<Result<(), QueueError>, Late> {
        let Arrival { deadline, xray, .. } = arrival;
        let mut message = whole_envelope(event);
        if message.len() > limits::MESSAGE_SHARE && bucket_is_up {
            let kept = deadline.leaving(limits::CALL_ATTEMPT, self.bucket.keep(event));
            match kept.await {
                Ok(Ok(())) => message = whole_envelope(event),
                Ok(Err(failure)) => {
                    warn!(error = %failure, "the queue has to take a large message");
                }
                Err(Late) => warn!("the queue has to take a large message: {Late}"),
            }
        }
        let sent = self.queue.send(message, *xray);
        deadline.leaving(Duration::ZERO, sent).await
    }

    /// A delivery of an event that the ledger has: a failed one starts again, everything else is
    /// a duplicate.
    async fn repeat(
        &self,
        event: &Event<'_>,
        existing: Existing,
        arrival: &Arrival<'_>,
        notes: &mut Notes,
    ) -> Result<Answer, Stop> {
        let Arrival { now, deadline, .. } = *arrival;
        let id = event.key().id.clone();
        notes.conflict = existing.conflict;
        if existing.status == Status::Failed && !existing.conflict {
            let token = token();
            let expires_at = now.after(self.settings.retention);
            let reopened = self.ledger.reopen(event.key(), &token, expires_at, now);
            match deadline.leaving(Duration::ZERO, reopened).await {
                Ok(Ok(true)) => {
                    faults::point("receive::reopened");
                    self.hand_over(event, arrival).await;
                    return Ok(Answer::Accepted { id });
                }
                Ok(Ok(false)) => {}
                Err(Late) => {
                    error!("the failed event cannot be started again: {Late}");
                    return Err(stop(Answer::Unavailable, "not_reopened"));
                }
                Ok(Err(failure)) => {
                    error!(error = %failure, "the failed event cannot be started again");
                    return Err(stop(Answer::Unavailable, "not_reopened"));
                }
            }
        }
        let counted = self
            .ledger
            .count_duplicate(event.key(), existing.conflict, now);
        match deadline.leaving(Duration::ZERO, counted).await {
            Ok(Ok(())) => {}
            Ok(Err(failure)) => warn!(error = %failure, "the duplicate is not counted"),
            Err(Late) => warn!("the duplicate is not counted: {Late}"),
        }
        faults::point("receive::counted");
        Ok(Answer::Duplicate { id })
    }

    /// The event is durable already: when the queue does not take it, the relay sends it later.
    async fn hand_over(&self, event: &Event<'_>, arrival: &Arrival<'_>) {
        let sent = self.queue.send(envelope(event), arrival.xray);
        match arrival.deadline.leaving(Duration::ZERO, sent).await {
            Ok(Ok(())) => {}
            Ok(Err(failure)) => warn!(error = %failure, "not sent; the relay will send it"),
            Err(Late) => warn!("not sent: {Late}; the relay will send it"),
        }
        faults::point("receive::sent");
    }
}

/// Which answer to one event of a batch answers the whole, lowest first: what has to be sent again, then
/// what cannot be kept, then what is new.
const fn urgency(answer: &Answer) -> u8 {
    match answer {
        Answer::Unavailable | Answer::Throttled(_) => 0,
        Answer::Malformed
        | Answer::Unauthenticated
        | Answer::MethodNotAllowed
        | Answer::TooLarge => 1,
        Answer::Accepted { .. } => 2,
        Answer::Duplicate { .. } => 3,
        Answer::Ignored { .. } => 4,
    }
}

/// Whether one of the networks holds the address; there has to be one.
fn holds(networks: &[IpNet], address: Option<IpAddr>) -> bool {
    address.is_some_and(|address| source::holds(networks, address))
}

fn unauthenticated(rejection: Rejection) -> Stop {
    stop(Answer::Unauthenticated, rejection.reason())
}

impl Arrival<'_> {
    fn trace(&self) -> Option<String> {
        self.xray.and_then(traceparent)
    }

    /// The URL of a delivery at a source that has a public URL of its own.
    fn urls(&self, settings: &SourceSettings) -> Option<Vec<String>> {
        let base = settings.public_url.as_deref()?;
        Some(vec![public_url_of(base, &self.route_and_query)])
    }
}

impl Notes {
    /// What is known of an event of a batch.
    fn of_element(&self, event: &Event<'_>) -> Self {
        Self {
            source: self.source.clone(),
            event_id: Some(event.key().id.clone()),
            event_kind: event
                .kind()
                .split_once('.')
                .map(|(_, kind)| kind.to_owned()),
            size_bytes: Some(event.payload().bytes.len()),
            secret: self.secret,
            addresses_unavailable: self.addresses_unavailable,
            ..Self::default()
        }
    }

    fn name(&mut self, identity: &Identity) {
        self.event_id = Some(identity.id.clone());
        self.event_kind = Some(identity.kind.clone());
    }
}

impl Receipt {
    fn new(kept: Result<Answer, Stop>, mut notes: Notes) -> Self {
        let answer = kept.unwrap_or_else(|Stop { answer, reason }| {
            notes.reason = Some(reason);
            answer
        });
        Self { answer, notes }
    }

    /// The lines for the log: one, or one for each event of a batch.
    pub fn reports(&self, provider: &str, request_id: Option<&str>, took_ms: u128) -> Vec<Report> {
        if self.notes.elements.is_empty() {
            return vec![self.report(provider, request_id, took_ms)];
        }
        let elements = self.notes.elements.iter();
        elements
            .map(|element| element.report(provider, request_id, took_ms))
            .collect()
    }

    /// The line for the log of a delivery that brings one event.
    pub fn report(&self, provider: &str, request_id: Option<&str>, took_ms: u128) -> Report {
        let Notes {
            reason,
            source,
            event_id,
            event_kind,
            size_bytes,
            secret,
            conflict,
            known_digest,
            first_id,
            addresses_unavailable,
            elements: _,
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
            Answer::Throttled(_) => (Level::Warn, Metric::Throttled),
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
            .with("known_digest", known_digest.then_some(true))
            .with("first.id", first_id.as_ref())
            .with("addresses", addresses_unavailable.then_some("unavailable"))
            .with("request.id", request_id)
            .with("duration_ms", u64::try_from(took_ms).ok())
            .counting(metric);
        let report = if *conflict {
            report.counting(Metric::Conflict)
        } else {
            report
        };
        if *known_digest {
            report.counting(Metric::KnownDigest)
        } else {
            report
        }
    }
}
