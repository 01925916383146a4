//! AWS's signature of a request (Signature Version 4), made anew and compared.

use std::time::SystemTime;

use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use sha2::{Digest, Sha256};

use crate::keys::Keys;

/// The largest difference between the clocks, in seconds: as AWS has it.
const TOLERANCE: u64 = 300;

const DATE: &str = "x-amz-date";
const DIGEST: &str = "x-amz-content-sha256";

/// The content of the header `Authorization`.
#[derive(Debug)]
struct Claim<'a> {
    id: &'a str,
    region: &'a str,
    service: &'a str,
    headers: &'a str,
    signature: &'a str,
}

/// True if a request says that it is signed with these keys.
pub(crate) fn names_key(keys: &Keys, headers: &HeaderMap) -> bool {
    Claim::of(headers).is_some_and(|claim| equal(claim.id, keys.id()))
}

/// The service that a request says it is signed for: `dynamodb`, `sqs`.
pub fn claimed_service(headers: &HeaderMap) -> Option<&str> {
    Claim::of(headers).map(|claim| claim.service)
}

/// The service that a request was signed for with these keys; `None` when it was not.
pub(crate) fn signed_service<'a>(keys: &Keys, parts: &'a Parts, body: &[u8]) -> Option<&'a str> {
    let claim = Claim::of(&parts.headers)?;
    let made = claim.made(parts)?;
    let fresh = apart(made, SystemTime::now()) <= TOLERANCE;
    let signature = claim.signature(keys, parts, body, made)?;
    (fresh && equal(&signature, claim.signature)).then_some(claim.service)
}

/// Signs a request whose body was changed on its way: the same header with another signature.
pub fn sign_again(keys: &Keys, parts: &Parts, body: &[u8]) -> Option<String> {
    let claim = Claim::of(&parts.headers)?;
    let signature = claim.signature(keys, parts, body, claim.made(parts)?)?;
    let header = text(&parts.headers, "authorization")?;
    Some(header.replace(claim.signature, &signature))
}

impl<'a> Claim<'a> {
    fn of(headers: &'a HeaderMap) -> Option<Self> {
        let header = text(headers, "authorization")?.strip_prefix("AWS4-HMAC-SHA256")?;
        let member = |name: &str| {
            let mut members = header
                .split(',')
                .filter_map(|part| part.trim().split_once('='));
            members
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value)
        };
        let mut scope = member("Credential")?.split('/');
        let (id, _day) = (scope.next()?, scope.next()?);
        Some(Self {
            id,
            region: scope.next()?,
            service: scope.next()?,
            headers: member("SignedHeaders")?,
            signature: member("Signature")?,
        })
    }

    fn names(&self, header: &str) -> bool {
        self.headers.split(';').any(|name| name == header)
    }

    fn made(&self, parts: &Parts) -> Option<SystemTime> {
        let date = text(&parts.headers, DATE).filter(|_| self.names(DATE) && self.names("host"))?;
        // 20260131T235959Z
        let part = |from: usize, to: usize| date.get(from..to);
        let (year, month, day) = (part(0, 4)?, part(4, 6)?, part(6, 8)?);
        let (hour, minute, second) = (part(9, 11)?, part(11, 13)?, part(13, 15)?);
        let standard = format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z");
        humantime::parse_rfc3339(&standard).ok()
    }

    /// The signature that the request should have.
    fn signature(
        &self,
        keys: &Keys,
        parts: &Parts,
        body: &[u8],
        made: SystemTime,
    ) -> Option<String> {
        let identity = keys.credentials().into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(self.region)
            .name(self.service)
            .time(made)
            .settings(self.settings())
            .build()
            .ok()?;
        let digest = hex::encode(Sha256::digest(body));
        let said = text(&parts.headers, DIGEST).filter(|_| self.names(DIGEST));
        // A body that is not signed as a whole says so in place of its digest.
        let digest = match said {
            Some(said) if said.starts_with("STREAMING-") || said == "UNSIGNED-PAYLOAD" => said,
            _ => &digest,
        };
        let headers = parts
            .headers
            .iter()
            .filter(|(name, _)| self.names(name.as_str()));
        let headers: Option<Vec<(&str, &str)>> = headers
            .map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
            .collect();
        let url = format!("http://{}{}", text(&parts.headers, "host")?, parts.uri);
        let request = SignableRequest::new(
            parts.method.as_str(),
            url,
            headers?.into_iter(),
            SignableBody::Precomputed(digest.to_owned()),
        );
        let (_, signature) = sign(request.ok()?, &params.into()).ok()?.into_parts();
        Some(signature)
    }

    fn settings(&self) -> SigningSettings {
        let mut settings = SigningSettings::default();
        // The headers that were signed are given, and no others.
        settings.excluded_headers = None;
        if self.names(DIGEST) {
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        }
        if self.service == "s3" {
            settings.percent_encoding_mode = PercentEncodingMode::Single;
            settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        }
        settings
    }
}

fn apart(one: SystemTime, other: SystemTime) -> u64 {
    let distance = one
        .duration_since(other)
        .or_else(|_| other.duration_since(one));
    distance.map_or(u64::MAX, |distance| distance.as_secs())
}

/// Compares digests, so that the time it takes says nothing about what is compared.
fn equal(one: &str, other: &str) -> bool {
    Sha256::digest(one) == Sha256::digest(other)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
