//! Receipt: refuse cheaply, verify, record, send, answer.
//!
//! The order is the promise. Nothing that costs is done before the signature holds, and nothing
//! positive is said before the event is durable.

use std::net::IpAddr;

use futures::future::join;
use tracing::{error, warn};

use crate::address_lists::AddressLists;
use crate::answer::Answer;
use crate::bucket::Bucket;
use crate::deadline::Deadline;
use crate::delivery::{Delivery, Method};
use crate::event::Event;
use crate::gateway::{Request, Target};
use crate::ledger::{Ledger, token};
use crate::provider::handshake::Handshake;
use crate::provider::identity::Malformed;
use crate::provider::meaning::{Element, Meaning};
use crate::provider::{Provider, unsigned_handshake};
use crate::provider_hosts::ProviderHosts;
use crate::published_keys::PublishedKeys;
use crate::queue::Queue;
use crate::rate::Rates;
use crate::recent_digests::RecentDigests;
use crate::rejection::Rejection;
use crate::secret_store::{Lookup, SecretStore};
use crate::settings::ReceiverSettings;
use crate::source_settings::SourceSettings;
use crate::timestamp::Timestamp;
use crate::trace::traceparent;
use crate::verified::Verified;
use crate::verify::check_shape;
use crate::{faults, limits};

mod admit;
mod batch;
mod greet;
mod keep;
mod receipt;

pub use self::receipt::Receipt;
use self::receipt::{Notes, Stop, stop};

/// A receiver with all that it needs.
#[derive(Debug)]
pub struct Receiver {
    /// Whose deliveries it takes.
    pub provider: &'static dyn Provider,
    /// Its settings.
    pub settings: ReceiverSettings,
    /// The provider's secrets.
    pub secrets: SecretStore,
    /// The keys that the provider publishes.
    pub keys: PublishedKeys,
    /// The provider's own web hosts.
    pub hosts: ProviderHosts,
    /// The lists of addresses that sources refer to.
    pub addresses: AddressLists,
    /// The part of its rate that each source has left.
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

/// Who asks for what, and how long there is time for it.
struct Arrival<'a> {
    source: String,
    method: Method,
    address: Option<IpAddr>,
    target: Target,
    xray: Option<&'a str>,
    now: Timestamp,
    arrived_at: Timestamp,
    deadline: Deadline,
}

impl Receiver {
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
        let limit = limits::answer(self.provider.profile().answer_within);
        let limit = self.secrets.answer_within(limit);
        let deadline = Deadline::new(request.arrived_at(), limit, now);
        if request.is_of_another_format() {
            error!("the event is not of payload format 2.0; set PayloadFormatVersion to 2.0");
            return Err(stop(Answer::Unavailable, "payload_format"));
        }
        let source = request
            .source(self.provider.profile().name)
            .map(str::to_owned);
        let (address, target) = (request.source_ip(), request.target());
        // A signed time is held against that of arrival: a function may just have started. The gateway gives it
        // no longer than that; an event of another time is one that somebody has kept.
        let is_recent = |at: &Timestamp| *at <= now && at.age(now) <= limits::GATEWAY;
        let arrived_at = request.arrived_at().filter(is_recent).unwrap_or(now);
        let delivery = request
            .delivery(self.settings.origin())
            .map_err(|_| stop(Answer::Malformed, "body_not_base64"))?;
        notes.size_bytes = Some(delivery.body.len());
        let handshake = unsigned_handshake(self.provider, &delivery);
        if let Some(handshake) = handshake.filter(|handshake| handshake.is_free()) {
            // Whoever asks learns nothing, not even whether there is such a source.
            let reply = handshake.reply(&delivery, &[]);
            let reply = reply.ok_or(stop(Answer::Malformed, "handshake_unreadable"))?;
            return Ok(Answer::Challenged(reply));
        }
        if handshake.is_none() {
            self.refuse_cheaply(&delivery, arrived_at)?;
        }
        let source = source.ok_or(stop(Answer::Unauthenticated, "no_such_path"))?;
        notes.source = Some(source.clone());
        let arrival = Arrival {
            source,
            method: delivery.method,
            address,
            target,
            xray,
            now,
            arrived_at,
            deadline,
        };
        self.secrets.keep_fresh(now, deadline).await;
        match handshake.or_else(|| self.described_handshake(&delivery, &arrival)) {
            Some(handshake) => self.greet(handshake, &delivery, &arrival, notes).await,
            None => self.take(delivery, &arrival, notes).await,
        }
    }

    /// The handshake that a request is by its source's own description.
    fn described_handshake(
        &self,
        delivery: &Delivery,
        arrival: &Arrival<'_>,
    ) -> Option<&'static Handshake> {
        let Lookup::Known(source) = self.secrets.source(&arrival.source) else {
            return None;
        };
        let described = source.settings.as_ref().ok()?.described?;
        unsigned_handshake(described.0, delivery)
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
            let admitted = self.admit(arrival, None, notes).await;
            if let Ok((_, settings)) = &admitted {
                delivery.urls = arrival.urls(settings).unwrap_or(urls.clone());
            }
            let checked = match admitted {
                Ok((source, settings)) => self
                    .check(
                        settings.provider(self.provider),
                        &delivery,
                        &source,
                        arrival,
                    )
                    .await
                    .map(|verified| (verified, settings)),
                Err(stop) => Err(stop),
            };
            match checked {
                Ok(checked) => break checked,
                Err(_) if !last && self.look_again(arrival).await => last = true,
                Err(stop) => return Err(stop),
            }
        };
        let room = |rate| self.rates.take(&arrival.source, rate, now);
        if !settings.rate.is_none_or(room) {
            return Err(throttled());
        }
        notes.secret = verified.secret();
        let provider = settings.provider(self.provider);
        match identify(provider, &verified)? {
            Meaning::Ping(identity) => {
                notes.name(&identity);
                Ok(Answer::Ignored { id: identity.id })
            }
            Meaning::Challenge(reply) => Ok(Answer::Challenged(reply)),
            Meaning::FetchBack(address, reply) => self.fetch_back(&address, reply, arrival).await,
            Meaning::Event(identity) => {
                notes.name(&identity);
                faults::point("receive::verified");
                let (source, trace) = (&arrival.source, arrival.trace());
                let event = Event::new(provider, source, identity, &verified, now, trace);
                let token = token();
                self.keep_once(event, &token, settings.replays, arrival, notes)
                    .await
            }
            Meaning::Batch(elements) => {
                faults::point("receive::verified");
                let event = |element: Result<Element, Malformed>| {
                    let (source, trace) = (&arrival.source, arrival.trace());
                    let event = |element| {
                        Event::of_element(provider, source, element, &verified, now, trace)
                    };
                    element.map(event)
                };
                let events = elements.into_iter().map(event).collect();
                self.keep_all(events, settings.replays, arrival, notes)
                    .await
            }
        }
    }

    async fn look_again(&self, arrival: &Arrival<'_>) -> bool {
        let look = self.secrets.look_again(arrival.now);
        let looked = arrival.deadline.leaving(limits::LAST_STEPS, look).await;
        looked.unwrap_or(false)
    }

    /// Method, size and header shape: what can be refused without knowing anything.
    fn refuse_cheaply(&self, delivery: &Delivery, now: Timestamp) -> Result<(), Stop> {
        let profile = self.provider.profile();
        // A source's own description may have a look whether anybody is there.
        let is_look = profile.is_described && delivery.method == Method::Head;
        if !profile.methods.contains(&delivery.method) && !is_look {
            return Err(stop(Answer::MethodNotAllowed, "method"));
        }
        if delivery.body.len() > limits::BODY {
            return Err(stop(Answer::TooLarge, "body_too_large"));
        }
        if profile.is_described {
            // Its source knows.
            return Ok(());
        }
        check_shape(self.provider, delivery, now).map_err(unauthenticated)
    }
}

/// Names what a delivery brings whose signature holds.
fn identify(provider: &dyn Provider, verified: &Verified<'_>) -> Result<Meaning, Stop> {
    let identified = provider.identify(verified);
    identified.map_err(|malformed| unreadable(&malformed))
}

const fn throttled() -> Stop {
    stop(Answer::Throttled, "rate_exceeded")
}

/// What holds its signature and is no event.
fn unreadable(malformed: &Malformed) -> Stop {
    warn!(error = %malformed, "what has a good signature cannot be read");
    stop(Answer::Malformed, "not_an_event")
}

fn unauthenticated(rejection: Rejection) -> Stop {
    stop(Answer::Unauthenticated, rejection.reason())
}

impl Arrival<'_> {
    fn trace(&self) -> Option<String> {
        self.xray.and_then(traceparent)
    }

    /// The URLs of a delivery at a source that has a public URL of its own.
    fn urls(&self, settings: &SourceSettings) -> Option<Vec<String>> {
        let base = settings.public_url.as_deref()?;
        Some(self.target.under(base))
    }
}
