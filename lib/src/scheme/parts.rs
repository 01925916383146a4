//! The parts that are signed, and the texts of a request that a scheme reads.

use std::borrow::Cow;

use super::{At, Form, Part, Place, Scheme};
use crate::delivery::Delivery;
use crate::json;
use crate::payload::{FORM, form_field, form_fields};
use crate::rejection::Rejection;

impl Scheme {
    /// The signed parts of a delivery that was sent to `url`.
    pub(super) fn parts<'a>(
        &'a self,
        delivery: &'a Delivery,
        url: &'a str,
        time: Option<&'a str>,
    ) -> Result<Vec<Cow<'a, [u8]>>, Rejection> {
        let part = |part: &'a Part| -> Result<Cow<'a, [u8]>, Rejection> {
            Ok(match part {
                Part::Literal(text) => text.as_bytes().into(),
                Part::Body => delivery.body.as_slice().into(),
                Part::Time => time.unwrap_or_default().as_bytes().into(),
                Part::Url => url.as_bytes().into(),
                Part::Method => delivery.method.as_str().as_bytes().into(),
                Part::Header(name) => header(delivery, name)?.as_bytes().into(),
                Part::Field(path) => self.field(delivery, path)?.into_bytes().into(),
            })
        };
        self.signed.iter().map(part).collect()
    }

    /// The time of signing, in the request's own characters: these are what is signed.
    pub(super) fn time<'a>(
        &self,
        delivery: &'a Delivery,
    ) -> Result<Option<Cow<'a, str>>, Rejection> {
        let Some(clock) = &self.clock else {
            return Ok(None);
        };
        Ok(Some(match clock.at {
            At::Header(name) => header(delivery, name)?.into(),
            At::Pair(name) => self.pair(delivery, name)?.into(),
            At::Field(path) => self.field(delivery, path)?.into(),
        }))
    }

    /// True if the time stands in the body and signs nothing by itself, so that it is read only
    /// from a body that can be believed.
    pub(super) fn time_is_in_signed_body(&self) -> bool {
        let in_body = self
            .clock
            .is_some_and(|clock| matches!(clock.at, At::Field(_)));
        in_body && !self.signed.contains(&Part::Time)
    }

    pub(super) fn signs_url(&self) -> bool {
        self.signed.contains(&Part::Url)
    }

    /// True if the fields of a body are those of a form.
    pub(super) fn reads_form(&self) -> bool {
        self.media_type == Some(FORM)
    }

    /// A field of the body: of a form one that comes once, of JSON a text or number as it is written there.
    pub(super) fn field(
        &self,
        delivery: &Delivery,
        path: &'static str,
    ) -> Result<String, Rejection> {
        let found = if self.reads_form() {
            form_field(form_fields(&delivery.body), path)
        } else {
            json::member(&delivery.body, path).and_then(|value| json::scalar(&value))
        };
        found.ok_or(Rejection::MissingHeader(path))
    }

    /// The one value of that name beside the signature.
    fn pair<'a>(&self, delivery: &'a Delivery, name: &'static str) -> Result<&'a str, Rejection> {
        let (Place::Header(at), Form::Pairs { separator, .. }) = (self.place, self.form) else {
            return Err(Rejection::MissingHeader(name));
        };
        let mut values = pairs(header(delivery, at)?, separator)
            .filter(|(key, _)| *key == name)
            .map(|(_, value)| value);
        let malformed = |problem| Rejection::MalformedHeader {
            header: at,
            problem,
        };
        match (values.next(), values.next()) {
            (Some(value), None) if !value.is_empty() => Ok(value),
            // The providers' own libraries disagree on which of two counts.
            (Some(_), Some(_)) => Err(malformed("it has two times")),
            (Some(_) | None, _) => Err(malformed("it has no time")),
        }
    }
}

/// Names and values: split at the separator, then at the first `=`, nothing trimmed.
pub(super) fn pairs<'a>(
    text: &'a str,
    separator: &'static str,
) -> impl Iterator<Item = (&'a str, &'a str)> {
    text.split(separator)
        .filter_map(|pair| pair.split_once('='))
}

pub(super) fn header<'a>(delivery: &'a Delivery, name: &'static str) -> Result<&'a str, Rejection> {
    delivery
        .headers
        .get(name)
        .ok_or(Rejection::MissingHeader(name))
}

/// A parameter of the query, decoded once.
pub(super) fn query(delivery: &Delivery, name: &'static str) -> Result<String, Rejection> {
    let fields = form_fields(delivery.query.as_bytes());
    let found = fields.into_iter().find(|(key, _)| key == name);
    found
        .map(|(_, value)| value)
        .ok_or(Rejection::MissingHeader(name))
}
