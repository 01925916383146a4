//! Telnyx, as a row.

use std::time::Duration;

use super::{HMAC_OF_BODY, IN_BODY, POSTED};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::Profile;
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{Algorithm, At, Clock, Encoding, FIVE_MINUTES, Key, Part, Place, Scheme, Unit};

/// Telnyx. It waits for two seconds.
///
/// Facts: <https://developers.telnyx.com/docs/messaging/messages/receiving-webhooks>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "telnyx",
        title: "Telnyx",
        answer_within: Duration::from_secs(2),
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("telnyx-signature-ed25519"),
        encoding: Encoding::Base64,
        algorithm: Algorithm::Ed25519,
        keys: &[Key::Base64 { prefix: "" }],
        signed: &[Part::Time, Part::Literal("|"), Part::Body],
        clock: Some(Clock {
            at: At::Header("telnyx-timestamp"),
            unit: Unit::Seconds,
            past: FIVE_MINUTES,
            future: FIVE_MINUTES,
        }),
        ..HMAC_OF_BODY
    }],
    handshakes: &[],
    naming: Naming {
        id: &[&[Piece::Field("data.id")]],
        kind: &[&[Piece::Field("data.event_type")]],
        ..IN_BODY
    },
    setup: Setup {
        paste: "Portal > Messaging profile > Inbound webhook URL; Voice: Call Control application > Webhook URL",
        secret: "public key: Portal > Keys & Credentials > Public key (base64, 32 bytes)",
        retries: "up to 3 attempts per URL, then up to 3 at the failover URL",
    },
    advice: NO_ADVICE,
};
