//! Signing as a provider does, for tests and the local tools.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::{Algorithm, At, Clock, Encoding, Form, Place, Required, Scheme, development};
use crate::delivery::Delivery;
use crate::json;
use crate::payload::form_fields;
use crate::secret::Secret;
use crate::signature;
use crate::timestamp::Timestamp;

/// The secret cannot sign: it is a public key, or not of the scheme's form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this secret cannot sign")]
pub struct NotSignable;

/// The value of a header that the provider always sends, where the delivery lacks it.
const FILLER: &str = "none";

/// Signs a delivery at `now`: sets the headers or the parameter that the scheme reads.
///
/// # Errors
/// [`NotSignable`].
pub fn sign(
    scheme: &Scheme,
    delivery: &mut Delivery,
    secret: &Secret,
    now: Timestamp,
) -> Result<(), NotSignable> {
    for Required(name, value) in scheme.required {
        match value {
            Some(value) => delivery.headers.set(name, *value),
            None if delivery.headers.get(name).is_none() => delivery.headers.set(name, FILLER),
            None => {}
        }
    }
    let time = scheme.clock.map(|clock| clock.unit.write(now));
    if let (Some(clock), Some(time)) = (scheme.clock, &time) {
        stamp(scheme, delivery, clock, time)?;
    }
    let key = scheme
        .keys
        .iter()
        .find_map(|form| form.bytes(secret))
        .ok_or(NotSignable)?;
    let url = delivery.urls.first().cloned().unwrap_or_default();
    let signature = match scheme.algorithm {
        Algorithm::Hmac(hash) => {
            let parts = scheme
                .parts(delivery, &url, time.as_deref())
                .map_err(|_| NotSignable)?;
            signature::sign(hash, &key, &parts)
        }
        Algorithm::Token => key,
        Algorithm::Ed25519 | Algorithm::EcdsaP256 | Algorithm::Rsa => {
            let parts = scheme
                .parts(delivery, &url, time.as_deref())
                .map_err(|_| NotSignable)?;
            let message = parts.concat();
            development::sign(scheme.algorithm, &key, &message).ok_or(NotSignable)?
        }
    };
    let text = scheme.write(&signature, time.as_deref());
    match scheme.place {
        Place::Header(name) => delivery.headers.set(name, text),
        Place::Headers(names) => delivery.headers.set(names[0], text),
        Place::NumberedHeaders(name) => delivery.headers.set(&format!("{name}1"), text),
        Place::Query(name) => set_parameter(delivery, name, &text),
        Place::Field(path) if scheme.reads_form() => set_form_field(delivery, path, &text),
        Place::Field(path) => set_field(delivery, path, &quoted(&text))?,
    }
    Ok(())
}

/// Puts the time of signing where the scheme has it; beside the signature it comes with that.
fn stamp(
    scheme: &Scheme,
    delivery: &mut Delivery,
    clock: Clock,
    time: &str,
) -> Result<(), NotSignable> {
    match clock.at {
        At::Header(name) => delivery.headers.set(name, time),
        At::Pair(_) => {}
        At::Field(path) if scheme.reads_form() => set_form_field(delivery, path, time),
        At::Field(path) => {
            // A number or a text, as the delivery has it.
            let before = json::member(&delivery.body, path).ok_or(NotSignable)?;
            let is_text = before.get().starts_with('"');
            let written = if is_text {
                quoted(time)
            } else {
                time.to_owned()
            };
            set_field(delivery, path, &written)?;
        }
    }
    Ok(())
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

/// Puts a parameter into the query, in place of one that is there.
fn set_parameter(delivery: &mut Delivery, name: &str, value: &str) {
    let query = form_with(delivery.query.as_bytes(), name, value);
    for url in &mut delivery.urls {
        let path = url.split('?').next().unwrap_or_default();
        *url = format!("{path}?{query}");
    }
    delivery.query = query;
}

/// Puts a field into a form, in place of one that is there.
fn set_form_field(delivery: &mut Delivery, name: &str, value: &str) {
    delivery.body = form_with(&delivery.body, name, value).into_bytes();
}

/// A form with that value as the only one of its name.
fn form_with(form: &[u8], name: &str, value: &str) -> String {
    let others = form_fields(form).into_iter();
    let others = others.filter(|(key, _)| key != name);
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(others).append_pair(name, value);
    form.finish()
}

/// Puts a value in place of another in the JSON body.
pub(crate) fn set_field(
    delivery: &mut Delivery,
    path: &str,
    value: &str,
) -> Result<(), NotSignable> {
    let text = std::str::from_utf8(&delivery.body).map_err(|_| NotSignable)?;
    let found = json::within(text, path).ok_or(NotSignable)?;
    let start = found.as_ptr() as usize - text.as_ptr() as usize;
    let (before, after) = (&text[..start], &text[start + found.len()..]);
    delivery.body = [before, value, after].concat().into_bytes();
    Ok(())
}

impl Scheme {
    /// A signature as the place has it.
    fn write(&self, signature: &[u8], time: Option<&str>) -> String {
        let encoded = match self.encoding {
            Encoding::Hex => hex::encode(signature),
            Encoding::Base64 => STANDARD.encode(signature),
            Encoding::Base64Url => URL_SAFE_NO_PAD.encode(signature),
            Encoding::Text => String::from_utf8_lossy(signature).into_owned(),
        };
        match self.form {
            Form::Whole => encoded,
            Form::Prefixed(prefix) | Form::List { prefix, .. } => format!("{prefix}{encoded}"),
            Form::Pairs { separator, name } => match (self.clock.map(|clock| clock.at), time) {
                (Some(At::Pair(clock)), Some(time)) => {
                    format!("{clock}={time}{separator}{name}={encoded}")
                }
                _ => format!("{name}={encoded}"),
            },
        }
    }
}
