//! Adyen: payments are signed item by item, in the body and over eight of their fields; everything else
//! by a header over the body.
//!
//! Facts: <https://docs.adyen.com/development-resources/webhooks/verify-hmac-signatures> and
//! <https://docs.adyen.com/development-resources/webhooks/troubleshoot>.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Explained;
use super::advice::NO_ADVICE;
use super::coded::{Coded, Signature};
use super::naming::{Naming, Piece};
use super::profile::{Acknowledgement, Covers, Profile};
use super::row::Row;
use super::setup::Setup;
use super::split::Split;
use super::table::{HMAC_OF_BODY, IN_BODY, POSTED};
use crate::delivery::Delivery;
use crate::json;
use crate::keys::Keys;
use crate::rejection::Rejection;
use crate::scheme::signing::{NotSignable, sign};
use crate::scheme::verification::verify;
use crate::scheme::{Encoding, Key, Place, Scheme, development};
use crate::secret::Secret;
use crate::signature::{Hash, from_base64, verify_mac};
use crate::timestamp::Timestamp;

const HEADER: &str = "HmacSignature";
const FIELD: &str = "hmacSignature";

static PLATFORM: Scheme = Scheme {
    place: Place::Header(HEADER),
    encoding: Encoding::Base64,
    keys: &[Key::Hex],
    ..HMAC_OF_BODY
};

/// Adyen: payments and platforms. What stands in a payment beside the eight fields is not signed.
pub static ADYEN: &dyn Explained = &Coded {
    row: Row {
        profile: Profile {
            name: "adyen",
            title: "Adyen",
            acknowledgement: Acknowledgement::Fixed {
                media_type: "text/plain",
                text: "[accepted]",
            },
            covers: Covers::Nothing,
            ..POSTED
        },
        schemes: &[],
        handshakes: &[],
        naming: Naming {
            split: &[Split {
                at: "notificationItems",
                then: &[],
            }],
            id: &[
                &[
                    Piece::Field("notificationItems.0.NotificationRequestItem.eventCode"),
                    Piece::Text(":"),
                    Piece::Field("notificationItems.0.NotificationRequestItem.pspReference"),
                    Piece::Text(":"),
                    Piece::Field("notificationItems.0.NotificationRequestItem.success"),
                ],
                &[
                    Piece::Field("type"),
                    Piece::Text(":"),
                    Piece::Field("data.id"),
                    Piece::Text(":"),
                    Piece::Value("data.sequenceNumber"),
                ],
                &[Piece::Digest],
            ],
            kind: &[
                &[Piece::Field(
                    "notificationItems.0.NotificationRequestItem.eventCode",
                )],
                &[Piece::Field("type")],
                &[Piece::Field("eventType")],
            ],
            ..IN_BODY
        },
        setup: Setup {
            paste: "Customer Area > Developers > Webhooks > + Webhook > Standard webhook (platforms: Balance Platform > Webhooks)",
            secret: "Generate under HMAC key on the webhook's page: hexadecimal, shown once",
            retries: "3 times after 9, 18, 27 s; then from a queue: 2, 5, 10, 15, 30 min, 1, 2, 4, 8 h, for up to 30 days",
        },
        advice: NO_ADVICE,
    },
    signature: &Adyen,
};

#[derive(Debug)]
struct Adyen;

impl Signature for Adyen {
    fn verify(
        &self,
        delivery: &Delivery,
        keys: &Keys<'_>,
        now: Timestamp,
    ) -> Result<usize, Rejection> {
        if delivery.headers.get(HEADER).is_some() {
            return verify(&PLATFORM, delivery, keys.secrets, now);
        }
        let items = items(delivery).ok_or(Rejection::MissingHeader(HEADER))?;
        let signed = items.iter().map(|item| item.signed());
        let signed: Vec<_> = signed.collect::<Result<_, _>>()?;
        let mut last = None;
        for (signature, text) in signed {
            let signs = |secret: &Secret| {
                let key = Key::Hex.bytes(secret);
                key.is_some_and(|key| {
                    verify_mac(
                        Hash::Sha256,
                        &key,
                        &[&text],
                        std::slice::from_ref(&signature),
                    )
                })
            };
            let secret = keys
                .secrets
                .iter()
                .position(signs)
                .ok_or(Rejection::Mismatch)?;
            last = last.max(Some(secret));
        }
        last.ok_or(Rejection::MissingHeader(FIELD))
    }

    fn sign(
        &self,
        delivery: &mut Delivery,
        secret: &Secret,
        now: Timestamp,
    ) -> Result<(), NotSignable> {
        let Some(items) = items(delivery).filter(|items| !items.is_empty()) else {
            return sign(&PLATFORM, delivery, secret, now);
        };
        let key = Key::Hex.bytes(secret).ok_or(NotSignable)?;
        let mut body = String::from_utf8(delivery.body.clone()).map_err(|_| NotSignable)?;
        for item in items {
            let mac = crate::signature::sign(Hash::Sha256, &key, &[item.text()]);
            let found = item
                .extra
                .and_then(|extra| extra.signature)
                .ok_or(NotSignable)?;
            // As it is written; no other item has the same.
            body = body.replacen(&json_text(&found), &json_text(&STANDARD.encode(mac)), 1);
        }
        delivery.body = body.into_bytes();
        Ok(())
    }

    fn form(&self) -> String {
        format!("44 characters of base64, in the header {HEADER} or in each item's {FIELD}")
    }

    fn secret_of(&self, text: &str) -> Secret {
        development::secret(&PLATFORM, text)
    }
}

fn json_text(text: &str) -> String {
    format!("\"{text}\"")
}

fn items(delivery: &Delivery) -> Option<Vec<Item>> {
    let payments: Payments = json::read(&delivery.body)?;
    Some(payments.items.into_iter().map(|entry| entry.item).collect())
}

#[derive(Deserialize)]
struct Payments {
    #[serde(rename = "notificationItems")]
    items: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "NotificationRequestItem")]
    item: Item,
}

/// The fields of a payment that are signed. One that is missing counts as empty.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    psp_reference: Option<String>,
    original_reference: Option<String>,
    merchant_account_code: Option<String>,
    merchant_reference: Option<String>,
    amount: Amount,
    event_code: Option<String>,
    success: Option<String>,
    #[serde(rename = "additionalData")]
    extra: Option<Extra>,
}

#[derive(Deserialize)]
struct Amount {
    value: Box<RawValue>,
    currency: String,
}

#[derive(Deserialize)]
struct Extra {
    #[serde(rename = "hmacSignature")]
    signature: Option<String>,
}

impl Item {
    /// The signature, and the text that it is over.
    fn signed(&self) -> Result<(Vec<u8>, String), Rejection> {
        let signature = self
            .extra
            .as_ref()
            .and_then(|extra| extra.signature.as_ref());
        let signature = signature.ok_or(Rejection::MissingHeader(FIELD))?;
        let signature = from_base64(Hash::Sha256, signature);
        let signature = signature.ok_or(Rejection::MalformedHeader {
            header: FIELD,
            problem: "it is not the padded base64 of a whole digest",
        })?;
        if self.could_be_cut_anew() {
            return Err(Rejection::SplitAnew("another payment"));
        }
        Ok((signature, self.text()))
    }

    /// The fields are signed with a colon between them and not escaped: only the merchant's own reference
    /// may have one.
    fn could_be_cut_anew(&self) -> bool {
        let mut digits = self.amount.value.get().bytes();
        let mut others = self
            .fields()
            .into_iter()
            .enumerate()
            .filter(|(place, _)| *place != 3);
        others.any(|(_, field)| field.contains(':'))
            || !digits.all(|byte| byte.is_ascii_digit() || byte == b'-')
    }

    fn fields(&self) -> [&str; 8] {
        [
            self.psp_reference.as_deref().unwrap_or_default(),
            self.original_reference.as_deref().unwrap_or_default(),
            self.merchant_account_code.as_deref().unwrap_or_default(),
            self.merchant_reference.as_deref().unwrap_or_default(),
            self.amount.value.get(),
            &self.amount.currency,
            self.event_code.as_deref().unwrap_or_default(),
            self.success.as_deref().unwrap_or_default(),
        ]
    }

    fn text(&self) -> String {
        self.fields().join(":")
    }
}
