//! Signature schemes as data: where a signature stands, how it is written, what it covers, and
//! which key and algorithm make it.
//!
//! One engine reads every [`Scheme`]: [`verification`] holds a delivery against it, [`signing`] makes a
//! delivery as the provider would. A scheme that cannot be said in these terms is code of its
//! provider.

use std::time::Duration;

use crate::signature::Hash;

mod clock;
mod description;
pub mod development;
mod key;
mod parts;
mod signatures;
pub mod signing;
pub mod verification;

/// The way in which a delivery is signed.
#[derive(Debug)]
pub struct Scheme {
    /// Where the signature stands.
    pub place: Place,
    /// The form in which one or several signatures are written there.
    pub form: Form,
    /// The encoding of a signature's bytes.
    pub encoding: Encoding,
    /// The algorithm that makes a signature.
    pub algorithm: Algorithm,
    /// The ways from a secret's text to the key; the first that fits a secret counts.
    pub keys: &'static [Key],
    /// The parts that are signed, one after the other without anything between.
    pub signed: &'static [Part],
    /// Where the time of signing stands, and how old it may be.
    pub clock: Option<Clock>,
    /// Headers without which the provider sends nothing by this scheme.
    pub required: &'static [Required],
    /// The media type of its bodies, where another has another scheme. The fields of a form are the form's,
    /// all others are of JSON.
    pub media_type: Option<&'static str>,
}

/// A header that has to be there, with that value where one is named.
#[derive(Clone, Copy, Debug)]
pub struct Required(pub &'static str, pub Option<&'static str>);

/// The place of a signature in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A header.
    Header(&'static str),
    /// Several headers, each with a signature under a key of its own.
    Headers(&'static [&'static str]),
    /// Headers of this name followed by `1`, `2`, ..., one for each key.
    NumberedHeaders(&'static str),
    /// A parameter of the query.
    Query(&'static str),
    /// A field of the body, of JSON members joined by dots. The body is read before it is believed.
    Field(&'static str),
}

/// The form in which signatures are written.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// One signature and nothing else.
    Whole,
    /// One signature after a fixed text: `sha256=...`.
    Prefixed(&'static str),
    /// Several signatures, those with the prefix counting: `v1=...,v1=...`.
    List {
        /// The text between two elements.
        separator: &'static str,
        /// The text before each signature that counts.
        prefix: &'static str,
    },
    /// Names and values, of which every one of that name is a signature: `t=...,v1=...`.
    Pairs {
        /// The text between two pairs.
        separator: &'static str,
        /// The name of the signatures that count.
        name: &'static str,
    },
}

/// The encoding of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Hexadecimal digits of either case.
    Hex,
    /// Standard base64 with padding.
    Base64,
    /// URL-safe base64 without padding.
    Base64Url,
    /// The text itself, for tokens.
    Text,
}

/// The algorithm of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// An HMAC over the signed parts.
    Hmac(Hash),
    /// Ed25519 over the signed parts; the secret is the public key.
    Ed25519,
    /// ECDSA on P-256 with SHA-256, the signature in ASN.1 DER; the secret is the public key as
    /// `SubjectPublicKeyInfo`.
    EcdsaP256,
    /// RSA, PKCS #1 v1.5 with SHA-256; the secret is the public key as `SubjectPublicKeyInfo`.
    Rsa,
    /// No signature: the secret itself is sent.
    Token,
}

/// The way from a secret's text to the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// The bytes of the text.
    Text,
    /// Hexadecimal digits.
    Hex,
    /// Standard base64, padded or not, after a prefix.
    Base64 {
        /// The text before the base64; secrets without it do not fit.
        prefix: &'static str,
    },
    /// A PEM block.
    Pem,
}

/// A part of what is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A fixed text.
    Literal(&'static str),
    /// The body's bytes.
    Body,
    /// The time as the request writes it, where the [`Clock`] says.
    Time,
    /// The public URL with its query, as the sender knows it.
    Url,
    /// The request method.
    Method,
    /// A header's value.
    Header(&'static str),
    /// A field of the body, of JSON members joined by dots.
    Field(&'static str),
}

/// The time of signing.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// Where it stands.
    pub at: At,
    /// The unit in which it is written.
    pub unit: Unit,
    /// The largest age; none where the provider's own libraries check none.
    pub past: Option<Duration>,
    /// The longest time that it may be ahead.
    pub future: Option<Duration>,
}

/// The place of a time in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// A header.
    Header(&'static str),
    /// The pair of that name beside the signature ([`Form::Pairs`]).
    Pair(&'static str),
    /// A field of the body, which is read once the signature holds, or before where it is
    /// itself a signed [`Part::Time`].
    Field(&'static str),
}

/// The form of a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Seconds since the Unix epoch.
    Seconds,
    /// Milliseconds since the Unix epoch.
    Milliseconds,
    /// RFC 3339, with any offset.
    Rfc3339,
    /// The date of RFC 9110, `Sun, 06 Nov 1994 08:49:37 GMT`.
    HttpDate,
}

/// The tolerance that most providers' libraries have, both ways.
pub const FIVE_MINUTES: Option<Duration> = Some(Duration::from_secs(300));
