//! PayPal: a certificate that PayPal publishes signs the CRC-32 of the body, and the id of the webhook.
//!
//! A CRC-32 is no digest: whoever has seen one delivery can make another body that has the same. Before
//! money moves, read the resource from PayPal.
//!
//! Facts: <https://developer.paypal.com/api/rest/webhooks/rest/> and
//! <https://developer.paypal.com/docs/api/webhooks/v1/#verify-webhook-signature_post>.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::advice::NO_ADVICE;
use super::coded::{Coded, Signature};
use super::naming::{Naming, Piece};
use super::profile::Profile;
use super::publication::{Address, KeyAddress, Publication};
use super::row::Row;
use super::setup::Setup;
use super::table::{IN_BODY, POSTED};
use super::{Explained, certificate};
use crate::delivery::Delivery;
use crate::keys::Keys;
use crate::rejection::Rejection;
use crate::scheme::development;
use crate::scheme::signing::NotSignable;
use crate::secret::Secret;
use crate::signature::Hash;
use crate::timestamp::Timestamp;

const ID: &str = "PAYPAL-TRANSMISSION-ID";
const TIME: &str = "PAYPAL-TRANSMISSION-TIME";
const SIGNATURE: &str = "PAYPAL-TRANSMISSION-SIG";
const ALGORITHM: &str = "PAYPAL-AUTH-ALGO";
const CERTIFICATE: &str = "PAYPAL-CERT-URL";

/// The path under which certificates are published.
const CERTIFICATES: &str = "/v1/notifications/certs/";

/// The hosts of the API, live and sandbox.
const HOSTS: [&str; 4] = [
    "api.paypal.com",
    "api-m.paypal.com",
    "api.sandbox.paypal.com",
    "api-m.sandbox.paypal.com",
];

/// PayPal: webhooks of REST apps.
pub static PAYPAL: &dyn Explained = &Coded {
    row: Row {
        profile: Profile {
            name: "paypal",
            title: "PayPal",
            answer_within: Duration::from_secs(20),
            ..POSTED
        },
        schemes: &[],
        handshakes: &[],
        naming: Naming {
            id: &[&[Piece::Field("id")]],
            kind: &[&[Piece::Field("event_type")]],
            ..IN_BODY
        },
        setup: Setup {
            paste: "Developer Dashboard > Apps & Credentials > the app > Webhooks > Add Webhook",
            secret: "no secret: the Webhook ID that the same list shows",
            retries: "up to 25 times in 3 days",
        },
        advice: NO_ADVICE,
    },
    signature: &PayPal,
};

#[derive(Debug)]
struct PayPal;

fn header<'a>(delivery: &'a Delivery, name: &'static str) -> Result<&'a str, Rejection> {
    let value = delivery.headers.get(name);
    value.ok_or(Rejection::MissingHeader(name))
}

fn certificate_address(delivery: &Delivery) -> Result<Address, Rejection> {
    let address = Address::read(header(delivery, CERTIFICATE)?, |host| HOSTS.contains(&host));
    let is_certificate = |address: &Address| {
        let name = address.path.strip_prefix(CERTIFICATES);
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        name.is_some_and(|name| (1..=64).contains(&name.len()) && name.bytes().all(plain))
    };
    let malformed = Rejection::MalformedHeader {
        header: CERTIFICATE,
        problem: "it is none of PayPal's own",
    };
    address.filter(is_certificate).ok_or(malformed)
}

/// The signed text, for a webhook of that id.
fn signed(delivery: &Delivery, webhook: &Secret) -> Result<Vec<u8>, Rejection> {
    let (id, time) = (header(delivery, ID)?, header(delivery, TIME)?);
    let crc = crc32fast::hash(&delivery.body).to_string();
    let parts = [
        id.as_bytes(),
        time.as_bytes(),
        webhook.bytes(),
        crc.as_bytes(),
    ];
    Ok(parts.join(&b'|'))
}

impl Signature for PayPal {
    fn verify(
        &self,
        delivery: &Delivery,
        keys: &Keys<'_>,
        now: Timestamp,
    ) -> Result<usize, Rejection> {
        let malformed = |header, problem| Rejection::MalformedHeader { header, problem };
        let signature = STANDARD.decode(header(delivery, SIGNATURE)?).ok();
        let signature = signature
            .filter(|signature| !signature.is_empty())
            .ok_or(malformed(SIGNATURE, "it is not base64"))?;
        if header(delivery, ALGORITHM)? != "SHA256withRSA" {
            return Err(malformed(ALGORITHM, "it is not SHA256withRSA"));
        }
        certificate_address(delivery)?;
        for name in [ID, TIME] {
            header(delivery, name)?;
        }
        let mut refused = Rejection::Mismatch;
        for (index, webhook) in keys.secrets.iter().enumerate() {
            let pem = keys.published.as_deref().ok_or(Rejection::UnknownKey)?;
            let message = signed(delivery, webhook)?;
            match certificate::verify(pem, Hash::Sha256, &message, &signature, now) {
                Ok(()) => return Ok(index),
                Err(rejection) => refused = rejection,
            }
        }
        Err(refused)
    }

    fn published_key(
        &self,
        delivery: &Delivery,
        _: &[Secret],
    ) -> Result<Option<KeyAddress>, Rejection> {
        Ok(Some(KeyAddress {
            at: certificate_address(delivery)?,
            id: None,
            mark: certificate::BEGIN,
            ask: None,
        }))
    }

    fn sign(
        &self,
        delivery: &mut Delivery,
        secret: &Secret,
        now: Timestamp,
    ) -> Result<(), NotSignable> {
        let id = header(delivery, ID).map_err(|_| NotSignable)?.to_owned();
        let name = development::CERTIFICATE_NAME;
        let url = format!("https://{}{CERTIFICATES}{name}", HOSTS[0]);
        let headers = &mut delivery.headers;
        headers.set(ID, id);
        headers.set(TIME, now.to_string());
        headers.set(ALGORITHM, "SHA256withRSA");
        headers.set(CERTIFICATE, url);
        let message = signed(delivery, secret).map_err(|_| NotSignable)?;
        let signature = development::sign_by_certificate(&message).ok_or(NotSignable)?;
        delivery.headers.set(SIGNATURE, STANDARD.encode(signature));
        Ok(())
    }

    fn publication(&self, _: &Secret) -> Option<Publication> {
        Some(Publication {
            path: "/v1/notifications/certs/development",
            text: development::CERTIFICATE.as_bytes().to_vec(),
        })
    }

    fn form(&self) -> String {
        format!(
            "`{SIGNATURE}`, base64: RSA-SHA256 by the certificate at `{CERTIFICATE}`, of id | time | Webhook ID | CRC-32 of the body"
        )
    }
}
