//! Amazon SNS: messages of topics, signed by a certificate that SNS publishes in each region.
//!
//! The signature says that a message is of SNS, and anybody has topics there: which topics count is what a
//! source's secret says. Not everything is signed: of a message's fields neither `MessageAttributes` nor
//! `UnsubscribeURL` are.
//!
//! Facts: <https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html> and
//! <https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.prepare.html>.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::advice::NO_ADVICE;
use super::coded::{Coded, Signature};
use super::handshake::{Guard, Handshake, Mark, Proof};
use super::naming::{Naming, Piece};
use super::profile::Profile;
use super::publication::{Address, KeyAddress, Publication};
use super::row::Row;
use super::setup::Setup;
use super::table::{IN_BODY, POSTED};
use super::{Explained, certificate};
use crate::delivery::{Delivery, Method};
use crate::json;
use crate::keys::Keys;
use crate::rejection::Rejection;
use crate::scheme::development;
use crate::scheme::signing::NotSignable;
use crate::secret::Secret;
use crate::signature::Hash;
use crate::timestamp::Timestamp;

/// Amazon SNS: notifications, and confirmations of subscriptions.
pub static SNS: &dyn Explained = &Coded {
    row: Row {
        profile: Profile {
            name: "sns",
            title: "Amazon SNS",
            answer_within: Duration::from_secs(15),
            ..POSTED
        },
        schemes: &[],
        handshakes: &[Handshake {
            method: Method::Post,
            marks: &[Mark::FieldIs("Type", "SubscriptionConfirmation")],
            guard: Guard::Signature,
            answer: Proof::FetchBack("SubscribeURL", |url| Address::read(url, is_host)),
        }],
        naming: Naming {
            id: &[&[Piece::Field("MessageId")]],
            kind: &[&[Piece::Field("Type")]],
            ..IN_BODY
        },
        setup: Setup {
            paste: "SNS > Topics > the topic > Create subscription > HTTPS; without raw message delivery, which is unsigned",
            secret: "no secret: the topic's ARN, as SNS > Topics shows it",
            retries: "50 times in about an hour, by the topic's delivery policy",
        },
        advice: NO_ADVICE,
    },
    signature: &Sns,
};

/// The path under which certificates are published.
const CERTIFICATES: &str = "/SimpleNotificationService-";

/// The types of messages.
const KINDS: [&str; 3] = [
    "Notification",
    "SubscriptionConfirmation",
    "UnsubscribeConfirmation",
];

#[derive(Debug)]
struct Sns;

/// A message, as far as it is signed, and what says how.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Message {
    #[serde(rename = "Type")]
    kind: String,
    message_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    topic_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    message: String,
    #[serde(rename = "SubscribeURL", skip_serializing_if = "Option::is_none")]
    subscribe_url: Option<String>,
    timestamp: String,
    signature_version: String,
    signature: String,
    #[serde(rename = "SigningCertURL")]
    certificate_url: String,
    #[serde(rename = "UnsubscribeURL", skip_serializing_if = "Option::is_none")]
    unsubscribe_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_attributes: Option<Box<RawValue>>,
}

impl Message {
    fn read(delivery: &Delivery) -> Result<Self, Rejection> {
        let is_json = || json::read::<IgnoredAny>(&delivery.body).is_some();
        let missing = || {
            if is_json() {
                Rejection::MissingHeader("Signature")
            } else {
                Rejection::BodyNotCovered
            }
        };
        json::read(&delivery.body).ok_or_else(missing)
    }

    fn hash(&self) -> Result<Hash, Rejection> {
        match self.signature_version.as_str() {
            "1" => Ok(Hash::Sha1),
            "2" => Ok(Hash::Sha256),
            _ => Err(malformed("SignatureVersion", "it is neither 1 nor 2")),
        }
    }

    fn certificate(&self) -> Result<Address, Rejection> {
        let address = Address::read(&self.certificate_url, is_host);
        let is_certificate = |address: &Address| {
            let name = address.path.strip_prefix(CERTIFICATES);
            let name = name.and_then(|name| name.strip_suffix(".pem"));
            name.is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        };
        address
            .filter(is_certificate)
            .ok_or(malformed("SigningCertURL", "it is none of SNS' own"))
    }

    /// Refuses what could be another message's signed text, cut anew: names and values stand on lines, and
    /// whoever has a topic chooses what his message says. Only `Message` may have several lines, and stands
    /// first; what follows it is held to one line each.
    fn check_lines(&self) -> Result<(), Rejection> {
        let lines = [
            Some(&self.message_id),
            self.subject.as_ref(),
            self.subscribe_url.as_ref(),
            Some(&self.timestamp),
            self.token.as_ref(),
            Some(&self.topic_arn),
        ];
        let mut lines = lines.into_iter().flatten();
        if !KINDS.contains(&self.kind.as_str()) || lines.any(|line| line.contains('\n')) {
            return Err(Rejection::SplitAnew("another message"));
        }
        Ok(())
    }

    /// The index of the secret that names the message's topic.
    fn topic(&self, secrets: &[Secret]) -> Result<usize, Rejection> {
        self.check_lines()?;
        let is_topic = |secret: &Secret| secret.bytes() == self.topic_arn.as_bytes();
        secrets.iter().position(is_topic).ok_or(Rejection::Mismatch)
    }

    /// The signed text: names and values, each on a line.
    fn signed(&self) -> String {
        let fields = [
            ("Message", Some(&self.message)),
            ("MessageId", Some(&self.message_id)),
            ("Subject", self.subject.as_ref()),
            ("SubscribeURL", self.subscribe_url.as_ref()),
            ("Timestamp", Some(&self.timestamp)),
            ("Token", self.token.as_ref()),
            ("TopicArn", Some(&self.topic_arn)),
            ("Type", Some(&self.kind)),
        ];
        // Each kind has its own: what is there beside them is not signed.
        let is_signed = |name: &str| match self.kind.as_str() {
            "Notification" => !matches!(name, "SubscribeURL" | "Token"),
            _ => name != "Subject",
        };
        let lines = fields.into_iter().filter(|(name, _)| is_signed(name));
        lines
            .filter_map(|(name, value)| Some(format!("{name}\n{}\n", value?)))
            .collect()
    }
}

impl Signature for Sns {
    fn verify(
        &self,
        delivery: &Delivery,
        keys: &Keys<'_>,
        now: Timestamp,
    ) -> Result<usize, Rejection> {
        let message = Message::read(delivery)?;
        let hash = message.hash()?;
        message.certificate()?;
        let signature = STANDARD
            .decode(&message.signature)
            .map_err(|_| malformed("Signature", "it is not base64"))?;
        let topic = message.topic(keys.secrets)?;
        let pem = keys.published.as_deref().ok_or(Rejection::UnknownKey)?;
        certificate::verify(pem, hash, message.signed().as_bytes(), &signature, now)?;
        Ok(topic)
    }

    fn published_key(
        &self,
        delivery: &Delivery,
        secrets: &[Secret],
    ) -> Result<Option<KeyAddress>, Rejection> {
        let message = Message::read(delivery)?;
        message.topic(secrets)?;
        Ok(Some(KeyAddress {
            at: message.certificate()?,
            id: None,
            mark: certificate::BEGIN,
            ask: None,
        }))
    }

    fn sign(
        &self,
        delivery: &mut Delivery,
        secret: &Secret,
        _: Timestamp,
    ) -> Result<(), NotSignable> {
        let mut message = Message::read(delivery).map_err(|_| NotSignable)?;
        message.topic_arn = String::from_utf8_lossy(secret.bytes()).into_owned();
        message.signature_version = "2".to_owned();
        let path = development::CERTIFICATE_NAME;
        message.certificate_url =
            format!("https://sns.us-east-1.amazonaws.com{CERTIFICATES}{path}.pem");
        let signature = development::sign_by_certificate(message.signed().as_bytes());
        message.signature = STANDARD.encode(signature.ok_or(NotSignable)?);
        delivery.body = serde_json::to_vec(&message).map_err(|_| NotSignable)?;
        Ok(())
    }

    fn publication(&self, _: &Secret) -> Option<Publication> {
        Some(Publication {
            path: "/SimpleNotificationService-development.pem",
            text: development::CERTIFICATE.as_bytes().to_vec(),
        })
    }

    fn shown_secret(&self, delivery: &Delivery) -> Option<Secret> {
        Secret::new(Message::read(delivery).ok()?.topic_arn).ok()
    }

    fn form(&self) -> String {
        "`Signature` in the body, base64: RSA by the certificate at `SigningCertURL`".to_owned()
    }

    fn secret_of(&self, text: &str) -> Secret {
        let topic = format!("arn:aws:sns:us-east-1:123456789012:{text}");
        Secret::new(topic).expect("it is not blank")
    }
}

const fn malformed(header: &'static str, problem: &'static str) -> Rejection {
    Rejection::MalformedHeader { header, problem }
}

/// True for SNS in some region. The region has to have the form of one: a bucket of S3 may be called `sns`,
/// and is at `sns.s3-us-west-2.amazonaws.com`.
fn is_host(host: &str) -> bool {
    let region = host.strip_prefix("sns.").and_then(|rest| {
        rest.strip_suffix(".amazonaws.com")
            .or_else(|| rest.strip_suffix(".amazonaws.com.cn"))
    });
    let parts: Vec<&str> = region.unwrap_or_default().split('-').collect();
    let letters =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    match parts.as_slice() {
        [area, middle @ .., number] => {
            let is_middle = !middle.is_empty() && middle.iter().all(|part| letters(part));
            area.len() == 2 && letters(area) && is_middle && digits(number)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever has a topic of his own has SNS sign what he likes, and a text that ends with another topic.
    #[test]
    fn a_message_of_another_topic_cannot_be_cut_into_one_of_ours() {
        let (ours, theirs) = (
            "arn:aws:sns:us-east-1:1:ours",
            "arn:aws:sns:us-east-1:2:theirs",
        );
        let now = Timestamp::from_seconds(1_767_225_600);
        let secret = |topic| Secret::new(topic).expect("not blank");
        let text = format!(
            "forged\nMessageId\nFAKE\nTimestamp\n2026-01-01T00:00:00.000Z\nTopicArn\n{ours}\nType\nNotification"
        );
        let genuine = serde_json::json!({
            "Type": "Notification", "MessageId": "id", "TopicArn": theirs, "Message": text,
            "Timestamp": "2026-01-01T00:00:00.000Z", "SignatureVersion": "2", "Signature": "",
            "SigningCertURL": "",
        });
        let mut delivery = Delivery {
            method: Method::Post,
            urls: Vec::new(),
            query: String::new(),
            headers: crate::delivery::Headers::default(),
            body: genuine.to_string().into_bytes(),
        };
        SNS.sign(&mut delivery, &secret(theirs), now)
            .expect("it signs");
        let signed = Message::read(&delivery).expect("a message");
        let rest = format!(
            "Notification\nMessageId\nid\nTimestamp\n2026-01-01T00:00:00.000Z\nTopicArn\n{theirs}\nType\nNotification"
        );
        for kind in [rest.as_str(), "Notification"] {
            let mut forged = Message::read(&delivery).expect("a message");
            forged.kind = kind.to_owned();
            forged.message = "forged".to_owned();
            forged.message_id = "FAKE".to_owned();
            forged.topic_arn = ours.to_owned();
            let same = forged.signed() == signed.signed();
            assert_eq!(same, kind != "Notification");
            delivery.body = serde_json::to_vec(&forged).expect("JSON");
            let secrets = [secret(ours)];
            let keys = development::keys(SNS, &secrets);
            let refused = SNS.verify(&delivery, &keys, now);
            let expected = if same {
                Rejection::SplitAnew("another message")
            } else {
                Rejection::Mismatch
            };
            assert_eq!(refused, Err(expected));
        }
    }

    #[test]
    fn a_host_is_that_of_sns_in_a_region_and_nothing_like_it() {
        for host in [
            "sns.us-east-1.amazonaws.com",
            "sns.us-gov-west-1.amazonaws.com",
            "sns.cn-north-1.amazonaws.com.cn",
            "sns.ap-southeast-12.amazonaws.com",
        ] {
            assert!(is_host(host), "{host}");
        }
        for host in [
            "sns.s3.amazonaws.com",
            "sns.s3-us-west-2.amazonaws.com",
            "sns.s3-website-us-west-2.amazonaws.com",
            "sns.us-east-1.amazonaws.com.evil.example",
            "evil.sns.us-east-1.amazonaws.com",
            "sns.us-east-1.s3.amazonaws.com",
            "sns.amazonaws.com",
            "sns.us-east.amazonaws.com",
            "sns.us-east-.amazonaws.com",
            "sns..amazonaws.com",
            "s3.us-east-1.amazonaws.com",
            "",
        ] {
            assert!(!is_host(host), "{host}");
        }
    }
}
