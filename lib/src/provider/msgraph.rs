//! Microsoft Graph: a text of the subscriber's own in every element, and no signature.
//!
//! Facts: <https://learn.microsoft.com/graph/change-notifications-delivery-webhooks> and
//! <https://learn.microsoft.com/graph/api/resources/changenotification>.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::Explained;
use super::advice::NO_ADVICE;
use super::coded::{Coded, Signature};
use super::handshake::{Guard, Handshake, Mark, Proof, Value};
use super::naming::{Naming, Piece};
use super::profile::{Covers, Profile};
use super::row::Row;
use super::setup::Setup;
use super::split::Split;
use super::table::{IN_BODY, POSTED};
use crate::delivery::{Delivery, Method};
use crate::json;
use crate::keys::Keys;
use crate::rejection::Rejection;
use crate::scheme::signing::NotSignable;
use crate::secret::Secret;
use crate::timestamp::Timestamp;

const FIELD: &str = "clientState";

/// Microsoft Graph: change and lifecycle notifications.
pub static MSGRAPH: &dyn Explained = &Coded {
    row: Row {
        profile: Profile {
            name: "msgraph",
            title: "Microsoft Graph",
            covers: Covers::Nothing,
            ..POSTED
        },
        schemes: &[],
        handshakes: &[Handshake {
            method: Method::Post,
            marks: &[Mark::Parameter("validationToken")],
            guard: Guard::Nothing,
            answer: Proof::Text(Value::Parameter("validationToken")),
        }],
        naming: Naming {
            split: &[Split {
                at: "value",
                then: &[],
            }],
            id: &[
                &[
                    Piece::Field("value.0.subscriptionId"),
                    Piece::Text(":"),
                    Piece::Field("value.0.id"),
                ],
                // Some say the same of different changes.
                &[Piece::Digest, Piece::Text(":"), Piece::Received],
            ],
            kind: &[
                &[
                    Piece::Text("lifecycle."),
                    Piece::Field("value.0.lifecycleEvent"),
                ],
                &[Piece::Field("value.0.changeType")],
            ],
            ..IN_BODY
        },
        setup: Setup {
            paste: "by API only: notificationUrl and lifecycleNotificationUrl of POST /v1.0/subscriptions",
            secret: "clientState of the same call: you choose it, up to 128 characters",
            retries: "with back-off for up to 4 h; what answers slowly is throttled, then events are dropped",
        },
        advice: NO_ADVICE,
    },
    signature: &MicrosoftGraph,
};

#[derive(Debug)]
struct MicrosoftGraph;

#[derive(Deserialize)]
struct Notifications {
    value: Vec<Notification>,
    /// Rich notifications: a token for each application, whose keys Microsoft publishes.
    #[serde(rename = "validationTokens")]
    tokens: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Notification {
    #[serde(rename = "clientState")]
    client_state: Option<String>,
}

impl Signature for MicrosoftGraph {
    /// Every element has to have the text: what one element says proves nothing for another. Rich
    /// notifications are refused, since nothing here reads their tokens.
    fn verify(
        &self,
        delivery: &Delivery,
        keys: &Keys<'_>,
        _: Timestamp,
    ) -> Result<usize, Rejection> {
        let missing = Rejection::MissingHeader(FIELD);
        let notifications: Notifications = json::read(&delivery.body).ok_or(missing.clone())?;
        if notifications.tokens.is_some() {
            return Err(Rejection::BodyNotCovered);
        }
        let states = notifications
            .value
            .into_iter()
            .map(|element| element.client_state);
        let states: Vec<String> = states.collect::<Option<_>>().ok_or(missing.clone())?;
        let mut last = None;
        for state in states {
            let is_same =
                |secret: &Secret| verify_slices_are_equal(secret.bytes(), state.as_bytes()).is_ok();
            let secret = keys
                .secrets
                .iter()
                .position(is_same)
                .ok_or(Rejection::Mismatch)?;
            last = last.max(Some(secret));
        }
        last.ok_or(missing)
    }

    fn sign(
        &self,
        delivery: &mut Delivery,
        secret: &Secret,
        _: Timestamp,
    ) -> Result<(), NotSignable> {
        let body = std::str::from_utf8(&delivery.body).map_err(|_| NotSignable)?;
        let found = json::member(&delivery.body, "value.0.clientState").ok_or(NotSignable)?;
        let own = serde_json::to_string(&String::from_utf8_lossy(secret.bytes()));
        delivery.body = body
            .replace(found.get(), &own.map_err(|_| NotSignable)?)
            .into_bytes();
        Ok(())
    }

    fn form(&self) -> String {
        "the secret itself, as `clientState` of every element".to_owned()
    }
}
