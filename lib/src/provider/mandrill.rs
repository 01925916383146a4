//! Mandrill: an HMAC-SHA1 over the URL and its form's one field.
//!
//! Name and value are signed with nothing between them and the URL, so a form with any other field is
//! refused: it could be cut from another signed text.
//!
//! Facts: <https://mailchimp.com/developer/transactional/guides/track-respond-activity-webhooks/>.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Explained;
use super::advice::NO_ADVICE;
use super::coded::{Coded, Signature};
use super::naming::{Body, Naming, Piece};
use super::profile::{Acknowledgement, Covers, Profile};
use super::row::Row;
use super::setup::Setup;
use super::table::{ALIVE, EACH, IN_BODY, POSTED};
use crate::delivery::Delivery;
use crate::keys::Keys;
use crate::payload::form_fields;
use crate::rejection::Rejection;
use crate::scheme::signing::NotSignable;
use crate::secret::Secret;
use crate::signature::{Hash, from_base64, matching_secret, sign};
use crate::timestamp::Timestamp;

const SIGNATURE: &str = "X-Mandrill-Signature";
const EVENTS: &str = "mandrill_events";

/// Mandrill: batches of events in a field of a form.
pub static MANDRILL: &dyn Explained = &Coded {
    row: Row {
        profile: Profile {
            name: "mandrill",
            title: "Mandrill",
            acknowledgement: Acknowledgement::Empty,
            covers: Covers::UrlAndBody,
            ..POSTED
        },
        schemes: &[],
        handshakes: &[ALIVE],
        naming: Naming {
            body: Body::FormField(EVENTS),
            split: EACH,
            id: &[
                // A message can be clicked and opened several times in a second.
                &[
                    Piece::Field("_id"),
                    Piece::Text(":"),
                    Piece::When("event", "click"),
                    Piece::Digest,
                ],
                &[
                    Piece::Field("_id"),
                    Piece::Text(":"),
                    Piece::When("event", "open"),
                    Piece::Digest,
                ],
                &[
                    Piece::Field("_id"),
                    Piece::Text(":"),
                    Piece::Field("event"),
                    Piece::Text(":"),
                    Piece::Value("ts"),
                ],
                &[Piece::Digest],
            ],
            kind: &[
                &[Piece::Field("event")],
                &[
                    Piece::Text("sync."),
                    Piece::Field("type"),
                    Piece::Text("."),
                    Piece::Field("action"),
                ],
            ],
            ..IN_BODY
        },
        setup: Setup {
            paste: "mandrillapp.com > Settings > Webhooks > Add a Webhook; inbound: Inbound > Routes",
            secret: "Key in the list of webhooks (View key)",
            retries: "with back-off; disabled after long failure",
        },
        advice: NO_ADVICE,
    },
    signature: &Mandrill,
};

#[derive(Debug)]
struct Mandrill;

impl Signature for Mandrill {
    fn verify(
        &self,
        delivery: &Delivery,
        keys: &Keys<'_>,
        _: Timestamp,
    ) -> Result<usize, Rejection> {
        let value = delivery.headers.get(SIGNATURE);
        let value = value.ok_or(Rejection::MissingHeader(SIGNATURE))?;
        let signature = from_base64(Hash::Sha1, value);
        let signatures = [signature.ok_or(Rejection::MalformedHeader {
            header: SIGNATURE,
            problem: "it is not the padded base64 of a whole digest",
        })?];
        let field = field(delivery).ok_or(Rejection::BodyNotCovered)?;
        let signed = |url: &String| {
            let parts = [url.as_bytes(), field.as_bytes()];
            matching_secret(Hash::Sha1, keys.secrets, &parts, &signatures)
        };
        let secret = delivery.urls.iter().find_map(signed);
        secret.ok_or(Rejection::Mismatch)
    }

    fn sign(
        &self,
        delivery: &mut Delivery,
        secret: &Secret,
        _: Timestamp,
    ) -> Result<(), NotSignable> {
        let field = field(delivery).ok_or(NotSignable)?;
        let url = delivery.urls.first().cloned().unwrap_or_default();
        let digest = sign(Hash::Sha1, secret.bytes(), &[url, field]);
        delivery.headers.set(SIGNATURE, STANDARD.encode(digest));
        Ok(())
    }

    fn form(&self) -> String {
        "28 characters of base64 with padding: HMAC-SHA1 of the URL, `mandrill_events` and its value".to_owned()
    }
}

/// The field's name and value, if it is the only one.
fn field(delivery: &Delivery) -> Option<String> {
    // A form of millions of parameters, which anybody can post, is not taken apart.
    if delivery.body.contains(&b'&') {
        return None;
    }
    match form_fields(&delivery.body).as_slice() {
        [(name, value)] if name == EVENTS => Some(format!("{name}{value}")),
        _ => None,
    }
}
