//! The signatures that a request carries, decoded.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::parts::{header, pairs, query};
use super::{Algorithm, Encoding, Form, Place, Required, Scheme};
use crate::delivery::Delivery;
use crate::rejection::Rejection;

/// Most signatures that are tried: a provider sends one for each key, and an unsigned request must
/// not cost more than a genuine one.
const MOST: usize = 8;

impl Scheme {
    /// True if a request claims to be signed by this scheme.
    pub(super) fn is_present(&self, delivery: &Delivery) -> bool {
        self.check_required(delivery).is_ok()
            && self
                .texts(delivery)
                .is_ok_and(|texts| texts.iter().any(|text| self.names(text)))
    }

    /// Refuses a request of another media type, or without a header that the provider always sends.
    pub(crate) fn check_required(&self, delivery: &Delivery) -> Result<(), Rejection> {
        let is_other = |wanted: &str| delivery.media_type() != wanted;
        if self.media_type.is_some_and(is_other) {
            return Err(Rejection::MalformedHeader {
                header: "content-type",
                problem: "the provider signs no body of that type",
            });
        }
        for Required(name, wanted) in self.required {
            let value = header(delivery, name)?;
            if value.is_empty() || wanted.is_some_and(|wanted| value != wanted) {
                return Err(Rejection::MalformedHeader {
                    header: name,
                    problem: "it has not the value that the provider sends",
                });
            }
        }
        Ok(())
    }

    /// The decoded signatures, at least one.
    pub(super) fn signatures(&self, delivery: &Delivery) -> Result<Vec<Vec<u8>>, Rejection> {
        let texts = self.texts(delivery)?;
        let decoded: Vec<_> = texts
            .iter()
            .flat_map(|text| self.elements(text))
            .filter_map(|element| self.decode(element))
            .take(MOST)
            .collect();
        if decoded.is_empty() {
            return Err(Rejection::MalformedHeader {
                header: self.place.name(),
                problem: self.problem(),
            });
        }
        Ok(decoded)
    }

    /// The values at the scheme's place, before they are taken apart.
    fn texts(&self, delivery: &Delivery) -> Result<Vec<String>, Rejection> {
        let owned = |text: &str| text.to_owned();
        let several = |names: Vec<String>| {
            let values = names.iter().filter_map(|name| delivery.headers.get(name));
            let values: Vec<_> = values.map(owned).collect();
            if values.is_empty() {
                return Err(Rejection::MissingHeader(self.place.name()));
            }
            Ok(values)
        };
        match self.place {
            Place::Header(name) => header(delivery, name).map(|value| vec![owned(value)]),
            Place::Headers(names) => several(names.iter().copied().map(owned).collect()),
            Place::NumberedHeaders(name) => {
                several((1..=MOST).map(|number| format!("{name}{number}")).collect())
            }
            Place::Query(name) => query(delivery, name).map(|value| vec![value]),
            Place::Field(path) => self.field(delivery, path).map(|value| vec![value]),
        }
    }

    /// True if a value has an element of this scheme's form, readable or not.
    fn names(&self, text: &str) -> bool {
        match self.form {
            Form::Whole | Form::Prefixed(_) => true,
            Form::List { .. } | Form::Pairs { .. } => self.elements(text).next().is_some(),
        }
    }

    /// The encoded signatures of a value.
    fn elements<'a>(&self, text: &'a str) -> Box<dyn Iterator<Item = &'a str> + 'a> {
        match self.form {
            Form::Whole => Box::new(std::iter::once(text)),
            Form::Prefixed(prefix) => Box::new(text.strip_prefix(prefix).into_iter()),
            Form::List { separator, prefix } => Box::new(
                text.split(separator)
                    .filter_map(move |element| element.strip_prefix(prefix)),
            ),
            Form::Pairs { separator, name } => Box::new(
                pairs(text, separator)
                    .filter(move |(key, _)| *key == name)
                    .map(|(_, value)| value),
            ),
        }
    }

    /// The bytes of one signature; `None` where they are anything but a whole one.
    fn decode(&self, text: &str) -> Option<Vec<u8>> {
        let bytes = match self.encoding {
            Encoding::Hex => hex::decode(text).ok()?,
            Encoding::Base64 => STANDARD.decode(text).ok()?,
            Encoding::Base64Url => URL_SAFE_NO_PAD.decode(text).ok()?,
            Encoding::Text => text.as_bytes().to_vec(),
        };
        let length_fits = match self.algorithm {
            Algorithm::Hmac(hash) => bytes.len() == hash.length(),
            Algorithm::Ed25519 => bytes.len() == 64,
            Algorithm::EcdsaP256 | Algorithm::Rsa | Algorithm::Token => !bytes.is_empty(),
        };
        length_fits.then_some(bytes)
    }

    const fn problem(&self) -> &'static str {
        match self.encoding {
            Encoding::Hex => "it has no signature in whole hexadecimal digits where one should be",
            Encoding::Base64 => "it has no signature in padded base64 where one should be",
            Encoding::Base64Url => "it has no signature in URL-safe base64 where one should be",
            Encoding::Text => "it has no token where one should be",
        }
    }
}

impl Place {
    /// The name of the header, parameter or field.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Header(name)
            | Self::NumberedHeaders(name)
            | Self::Query(name)
            | Self::Field(name) => name,
            Self::Headers(names) => names[0],
        }
    }
}
