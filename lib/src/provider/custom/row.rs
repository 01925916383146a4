//! From a description to a row. What is read lives as long as the process: a description that is read
//! again is the row that it was, and one that changes leaves the old one, about a kilobyte, behind.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use super::fields::{Fields, Problem};
use super::{NAME, PROFILE, SETUP, challenge, naming, scheme};
use crate::provider::advice::NO_ADVICE;
use crate::provider::profile::{Covers, Profile};
use crate::provider::row::Row;
use crate::provider::table::POSTED;
use crate::scheme::{Part, Scheme};

/// The row of a source that describes its provider.
#[derive(Clone, Copy, Debug)]
pub struct Described(pub &'static Row);

/// The same description is the same row.
impl PartialEq for Described {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

type Rows = BTreeMap<String, Result<&'static Row, Problem>>;

static ROWS: Mutex<Rows> = Mutex::new(BTreeMap::new());

/// Reads the setting `scheme`.
///
/// # Errors
/// The first [`Problem`].
pub fn described(value: &Value) -> Result<Described, Problem> {
    let mut rows = ROWS.lock().unwrap_or_else(PoisonError::into_inner);
    let row = rows
        .entry(value.to_string())
        .or_insert_with(|| read(value).map(|row| &*Box::leak(Box::new(row))));
    row.clone().map(Described)
}

fn read(value: &Value) -> Result<Row, Problem> {
    let known = [
        "signature",
        "algorithm",
        "key",
        "key_prefix",
        "signed",
        "body_is_not_signed",
        "time",
        "id",
        "type",
        "challenge",
    ];
    let fields = Fields::of("scheme", value, &known)?;
    let scheme = scheme::read(&fields)?;
    Ok(Row {
        profile: Profile {
            name: NAME,
            title: PROFILE.title,
            methods: PROFILE.methods,
            covers: covers(&scheme),
            ..POSTED
        },
        handshakes: leak(challenge::read(&fields)?),
        naming: naming::read(&fields)?,
        schemes: leak(vec![scheme]),
        setup: SETUP,
        advice: NO_ADVICE,
    })
}

fn covers(scheme: &Scheme) -> Covers {
    let signs = |part| scheme.signed.contains(&part);
    match (signs(Part::Body), signs(Part::Url)) {
        (true, true) => Covers::UrlAndBody,
        (true, false) => Covers::Body,
        (false, true) => Covers::Url,
        (false, false) => Covers::Nothing,
    }
}

/// Lets a list live as long as the process.
pub(super) fn leak<T>(list: Vec<T>) -> &'static [T] {
    Box::leak(list.into_boxed_slice())
}

/// Lets a text live as long as the process.
pub(super) fn leak_text(text: &str) -> &'static str {
    Box::leak(Box::<str>::from(text))
}
