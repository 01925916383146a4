//! HubSpot: version 3 is a scheme; versions 1 and 2 are plain hashes, which some of its webhooks still have.
//!
//! A request with the header of version 3 is judged by it alone.
//!
//! Facts: <https://developers.hubspot.com/docs/api/webhooks/validating-requests> and
//! <https://developers.hubspot.com/docs/api-reference/webhooks-webhooks-v3/guide>.

use std::time::Duration;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use sha2::{Digest, Sha256};

use super::Explained;
use super::advice::NO_ADVICE;
use super::coded::{Coded, Signature};
use super::naming::{Naming, Piece};
use super::profile::{Covers, Profile};
use super::row::Row;
use super::setup::Setup;
use super::table::{EACH, HMAC_OF_BODY, IN_BODY, POSTED};
use crate::delivery::Delivery;
use crate::keys::Keys;
use crate::rejection::Rejection;
use crate::scheme::signing::{NotSignable, sign};
use crate::scheme::verification::verify;
use crate::scheme::{At, Clock, Encoding, FIVE_MINUTES, Part, Place, Scheme, Unit};
use crate::secret::Secret;
use crate::timestamp::Timestamp;

const SIGNATURE: &str = "X-HubSpot-Signature";
const VERSION: &str = "X-HubSpot-Signature-Version";

static V3: [Scheme; 1] = [Scheme {
    place: Place::Header("X-HubSpot-Signature-v3"),
    encoding: Encoding::Base64,
    signed: &[Part::Method, Part::Url, Part::Body, Part::Time],
    clock: Some(Clock {
        at: At::Header("X-HubSpot-Request-Timestamp"),
        unit: Unit::Milliseconds,
        past: FIVE_MINUTES,
        future: FIVE_MINUTES,
    }),
    ..HMAC_OF_BODY
}];

/// HubSpot: batches of up to a hundred events.
pub static HUBSPOT: &dyn Explained = &Coded {
    row: Row {
        profile: Profile {
            name: "hubspot",
            title: "HubSpot",
            answer_within: Duration::from_secs(5),
            covers: Covers::UrlAndBody,
            ..POSTED
        },
        schemes: &V3,
        handshakes: &[],
        naming: Naming {
            split: EACH,
            // An event's id is not promised to be its own.
            id: &[
                &[
                    Piece::Value("eventId"),
                    Piece::Text(":"),
                    Piece::Value("subscriptionId"),
                    Piece::Text(":"),
                    Piece::Value("occurredAt"),
                    Piece::Text(":"),
                    Piece::Value("objectId"),
                ],
                &[
                    Piece::Value("eventId"),
                    Piece::Text(":"),
                    Piece::Value("subscriptionId"),
                    Piece::Text(":"),
                    Piece::Value("occurredAt"),
                ],
                // A workflow posts an object.
                &[Piece::Digest, Piece::Text(":"), Piece::Received],
            ],
            kind: &[
                &[Piece::Field("subscriptionType")],
                &[Piece::Text("workflow")],
            ],
            ..IN_BODY
        },
        setup: Setup {
            paste: "developer account > the app > Webhooks > Target URL",
            secret: "client secret of the app, on the app's Auth page",
            retries: "up to 10 times over 24 h with back-off; attemptNumber in the body changes",
        },
        advice: NO_ADVICE,
    },
    signature: &HubSpot,
};

#[derive(Debug)]
struct HubSpot;

impl Signature for HubSpot {
    fn verify(
        &self,
        delivery: &Delivery,
        keys: &Keys<'_>,
        now: Timestamp,
    ) -> Result<usize, Rejection> {
        let old = delivery.headers.get(SIGNATURE);
        match old.filter(|_| delivery.headers.get(V3[0].place.name()).is_none()) {
            None => verify(&V3[0], &with_decoded_urls(delivery), keys.secrets, now),
            Some(signature) => verify_old(delivery, signature, keys.secrets),
        }
    }

    fn sign(
        &self,
        delivery: &mut Delivery,
        secret: &Secret,
        now: Timestamp,
    ) -> Result<(), NotSignable> {
        sign(&V3[0], delivery, secret, now)
    }

    fn form(&self) -> String {
        V3[0].description()
    }
}

/// The index of the secret whose hash, with what the version covers after it, is the signature.
fn verify_old(
    delivery: &Delivery,
    signature: &str,
    secrets: &[Secret],
) -> Result<usize, Rejection> {
    let malformed = |header, problem| Rejection::MalformedHeader { header, problem };
    let digest = hex::decode(signature)
        .ok()
        .filter(|digest| digest.len() == 32);
    let digest = digest.ok_or(malformed(SIGNATURE, "it is not 64 hexadecimal digits"))?;
    let version = delivery.headers.get(VERSION);
    let delivery = with_decoded_urls(delivery);
    let heads: Vec<String> = match version.ok_or(Rejection::MissingHeader(VERSION))? {
        "v1" => vec![String::new()],
        "v2" => {
            let urls = delivery.urls.iter();
            urls.map(|url| format!("{}{url}", delivery.method.as_str()))
                .collect()
        }
        _ => return Err(malformed(VERSION, "it is no version that HubSpot sends")),
    };
    let signed = |secret: &Secret| {
        heads.iter().any(|head| {
            let hash = Sha256::new().chain_update(secret.bytes());
            let hash = hash.chain_update(head).chain_update(&delivery.body);
            verify_slices_are_equal(&hash.finalize(), &digest).is_ok()
        })
    };
    secrets.iter().position(signed).ok_or(Rejection::Mismatch)
}

/// The delivery with each of its URLs also in the form that HubSpot signs, with some escapes decoded.
fn with_decoded_urls(delivery: &Delivery) -> Delivery {
    const ESCAPES: [(&str, &str); 12] = [
        ("%3A", ":"),
        ("%2F", "/"),
        ("%3F", "?"),
        ("%40", "@"),
        ("%21", "!"),
        ("%24", "$"),
        ("%27", "'"),
        ("%28", "("),
        ("%29", ")"),
        ("%2A", "*"),
        ("%2C", ","),
        ("%3B", ";"),
    ];
    let decoded = |url: &String| {
        ESCAPES
            .iter()
            .fold(url.clone(), |url, (escape, character)| {
                let lower = escape.to_ascii_lowercase();
                url.replace(escape, character).replace(&lower, character)
            })
    };
    let mut delivery = delivery.clone();
    let others: Vec<_> = delivery.urls.iter().map(decoded).collect();
    delivery.urls.extend(others);
    delivery.urls.dedup();
    delivery
}
