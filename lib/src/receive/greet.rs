//! Handshakes that come without a signature: those whose answer is not for everybody.

use tracing::error;

use super::receipt::{Notes, Stop, stop};
use super::{Arrival, Receiver};
use crate::answer::Answer;
use crate::delivery::Delivery;
use crate::limits;
use crate::provider::handshake::{Guard, Handshake, Value};
use crate::provider::meaning::Reply;
use crate::provider::publication::Address;
use crate::secret::Secret;

impl Receiver {
    /// Answers a handshake that comes without a signature, if its source is there.
    pub(super) async fn greet(
        &self,
        handshake: &Handshake,
        delivery: &Delivery,
        arrival: &Arrival<'_>,
        notes: &mut Notes,
    ) -> Result<Answer, Stop> {
        let (mut source, mut settings) = self.admit(arrival, Some(handshake), notes).await?;
        // The operator may have opened the source a moment ago.
        if !handshake.is_allowed(delivery, settings.terms(arrival.now))
            && self.look_again(arrival).await
        {
            (source, settings) = self.admit(arrival, Some(handshake), notes).await?;
        }
        if !handshake.is_allowed(delivery, settings.terms(arrival.now)) {
            return Err(stop(Answer::Unauthenticated, "handshake_refused"));
        }
        if let Guard::Pairing(value) = handshake.guard {
            self.take_secret(value, delivery, arrival).await?;
        }
        let key = match (&source.secrets, handshake.guard) {
            (Ok(secrets), _) => secrets.first().map(Secret::bytes).unwrap_or_default(),
            (Err(_), Guard::Pairing(_)) => &[],
            (Err(problem), _) => return Err(stop(Answer::Unavailable, problem.reason())),
        };
        let reply = handshake.reply(delivery, key);
        let reply = reply.ok_or(stop(Answer::Malformed, "handshake_unreadable"))?;
        Ok(Answer::Challenged(reply))
    }

    /// Reads the address by which the provider sees that its message has arrived, and answers.
    pub(super) async fn fetch_back(
        &self,
        address: &Address,
        reply: Reply,
        arrival: &Arrival<'_>,
    ) -> Result<Answer, Stop> {
        let Address { host, path } = address;
        let read = self.hosts.read(host, path, None, limits::FETCH_BACK_TEXT);
        let read = arrival.deadline.leaving(limits::LAST_STEPS, read).await;
        match read {
            Ok(Ok(_)) => Ok(Answer::Challenged(reply)),
            Ok(Err(problem)) => {
                error!(%host, %problem, "the provider's address cannot be read");
                Err(stop(Answer::Unavailable, "not_fetched_back"))
            }
            Err(_) => Err(stop(Answer::Unavailable, "not_fetched_back")),
        }
    }

    /// Keeps the secret that a provider brings, for the operator to take. The first one is kept.
    async fn take_secret(
        &self,
        value: Value,
        delivery: &Delivery,
        arrival: &Arrival<'_>,
    ) -> Result<(), Stop> {
        let unreadable = stop(Answer::Malformed, "handshake_unreadable");
        let (secret, _) = value.read(delivery, &[]).ok_or(unreadable)?;
        let name = self.provider.profile().name;
        let expires_at = arrival.now.after(limits::PAIRING);
        let offer = self
            .ledger
            .offer(name, &arrival.source, &secret, expires_at);
        let kept = arrival.deadline.leaving(limits::LAST_STEPS, offer).await;
        match kept {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err(stop(Answer::Unauthenticated, "paired_already")),
            Ok(Err(failure)) => {
                error!(error = %failure, "a secret that the provider brought is not kept");
                Err(stop(Answer::Unavailable, "secret_not_kept"))
            }
            Err(_) => Err(stop(Answer::Unavailable, "secret_not_kept")),
        }
    }
}
