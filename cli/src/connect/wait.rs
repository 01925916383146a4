//! Waiting until a delivery is seen to arrive.

use std::time::{Duration, Instant};

use webhooks::ledger::Listing;
use webhooks::provider_hosts::Reply;
use webhooks::timestamp::Timestamp;

use super::call::Call;
use super::connector::Proof;
use super::registration::Registration;
use crate::failure::Failure;
use crate::terminal::{say, warn};

/// The pause between two looks.
const PAUSE: Duration = Duration::from_secs(1);

/// The time by which a provider's clock, which has whole seconds, may be late.
const LATE: Duration = Duration::from_secs(2);

impl Registration {
    /// Sends the provider's test and waits until it has arrived; says whether nothing is wrong.
    ///
    /// # Errors
    /// [`Failure`] when the provider's API or the ledger does not answer.
    pub(crate) async fn prove(
        &self,
        id: &str,
        events: &[String],
        limit: Duration,
    ) -> Result<bool, Failure> {
        let until = Instant::now() + limit;
        match self.connector.proof(id, events) {
            Proof::ByHand(step) => {
                say(format!("{}: {step}", self.name()));
                Ok(true)
            }
            Proof::Listed { test, list } => {
                let Some(reply) = self.test(&test).await? else {
                    return Ok(true);
                };
                let since = earlier(reply.date().unwrap_or_else(Timestamp::now));
                self.listed(&list, since, until).await
            }
            Proof::Recorded(test) => {
                let since = earlier(Timestamp::now());
                match self.test(&test).await? {
                    Some(_) => self.recorded(since, until).await,
                    None => Ok(true),
                }
            }
        }
    }

    /// Sends a test. There is no reply in a dry run, or if the provider cannot send one now.
    async fn test(&self, call: &Call) -> Result<Option<Reply>, Failure> {
        match self.access.change(call).await {
            Ok(reply) => Ok(reply),
            Err(error) if error.is_lasting() => {
                warn(format!(
                    "{}: no test was sent; the next event shows whether it arrives: {}",
                    self.name(),
                    self.access.refused(&error)
                ));
                Ok(None)
            }
            Err(error) => Err(self.access.refused(&error)),
        }
    }

    /// Waits for the answer to a ping in the provider's own list.
    async fn listed(&self, list: &Call, since: Timestamp, until: Instant) -> Result<bool, Failure> {
        loop {
            let reply = self.access.ask(list).await?;
            let answered = self.connector.answered(&reply, since);
            match answered.map_err(|error| self.access.refused(&error))? {
                Some(status @ 200..300) => {
                    say(format!("{}: its ping has arrived ({status})", self.name()));
                    return Ok(true);
                }
                Some(status) => {
                    warn(format!(
                        "{}: its ping was answered with {status}; {}",
                        self.name(),
                        advice(status)
                    ));
                    return Ok(false);
                }
                None if Instant::now() >= until => return Ok(self.over()),
                None => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    /// Waits for an event in the ledger.
    async fn recorded(&self, since: Timestamp, until: Instant) -> Result<bool, Failure> {
        loop {
            let listing = Listing {
                provider: self.provider.to_owned(),
                source: self.source.clone(),
                kind: None,
                status: None,
                since,
                until: Timestamp::now().after(LATE),
                limit: 1,
            };
            let found = self.ledger.list(&listing).await;
            let found = found.map_err(|error| Failure::new("the ledger", error))?;
            if let Some(event) = found.first() {
                say(format!(
                    "{}: its test is in the ledger, {}",
                    self.name(),
                    event.key
                ));
                return Ok(true);
            }
            if Instant::now() >= until {
                return Ok(self.over());
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn over(&self) -> bool {
        warn(format!(
            "{}: the test has not arrived in time; is {} this stack's URL? The provider's list of deliveries and \
             the receiver's log say more",
            self.name(),
            self.url
        ));
        false
    }
}

/// The next step after a status.
fn advice(status: u16) -> &'static str {
    match status {
        401 => "the stack has another secret: is it the stack that the URL leads to?",
        404 => "the URL leads to no receiver: does this stack have one for the provider?",
        0 => "nobody answers there",
        _ => "look into the receiver's log",
    }
}

fn earlier(at: Timestamp) -> Timestamp {
    let late = i64::try_from(LATE.as_millis()).unwrap_or(0);
    Timestamp::from_millis(at.millis().saturating_sub(late))
}
