//! Requests that say something else with the same signed text.
//!
//! Twilio signs the URL and, after it, the names and values of a form's parameters, sorted, with
//! nothing between them; method and media type are not signed. So whoever has one delivery with its
//! signature can cut the text at other places. Refused is every cut that makes a request which no
//! product of Twilio's sends:
//!
//! - A form as a GET, or as JSON: where the URL has a query, the parameters can become its end, with
//!   what somebody typed into a message among them. The text of a form has `AccountSidAC...`.
//! - A GET as a form: the end of the query becomes parameters. The text of a GET has
//!   `AccountSid=AC...`.
//! - JSON as a form or as a GET: the text of JSON has `bodySHA256=...`, and the body is gone.
//! - A form at a longer query, or at the source whose name begins with this one's: what is left over
//!   of the URL, such as `/sms` or `-2`, becomes a parameter, and has a name that none has.
//! - A form whose parameters are cut elsewhere, so that a SID is no longer the value of its name. With
//!   it all that names an event stays where it was, see `identity`.
//!
//! Two cuts are left, since such requests do exist: the end of one free text (`Body`, `FromCity`) and the
//! name after it can be taken for a longer text, or a shorter one where somebody typed a name. It stays
//! the same event, so that it counts only if it arrives before the original does. And where one source
//! has the name of another and capitals after it (`sms`, `smsA`), both with one secret, the
//! deliveries of the longer can be sent to the shorter.

use std::collections::BTreeSet;

use super::request::{BODY_HASH, body, body_hash, is_form};
use crate::delivery::{Delivery, Method};
use crate::payload::form_fields;
use crate::rejection::Rejection;
use crate::signature::sha256;

/// Names whose value is a SID in every form that has them.
const SIDS: [&str; 7] = [
    "AccountSid",
    "MessageSid",
    "SmsMessageSid",
    "SmsSid",
    "CallSid",
    "RecordingSid",
    "TranscriptionSid",
];

/// Longer names that come where the shorter one in them may not.
const COMPOUNDS: [&str; 3] = ["SmsMessageSid", "ParentCallSid", "DialCallSid"];

/// Length of a SID: two letters and 32 hexadecimal digits.
const SID: usize = 34;

/// A form's distinct parameters in the order in which they are signed.
pub(super) type Parameters = BTreeSet<(String, String)>;

/// Refuses a delivery whose signature holds, and was made for another request.
pub(super) fn check(delivery: &Delivery, parameters: &Parameters) -> Result<(), Rejection> {
    if !is_form(delivery) || delivery.method == Method::Get {
        if SIDS
            .iter()
            .any(|name| sids_after(&delivery.query, name).next().is_some())
        {
            return Err(Rejection::SplitAnew("a form"));
        }
    } else {
        check_form(delivery, parameters)?;
    }
    check_body_hash(delivery)
}

fn check_form(delivery: &Delivery, parameters: &Parameters) -> Result<(), Rejection> {
    let fields = parameters.iter().flat_map(|(name, value)| [&**name, value]);
    let text: String = [&*delivery.query].into_iter().chain(fields).collect();
    if sids_after(&text, "AccountSid=").next().is_some() {
        return Err(Rejection::SplitAnew("a GET"));
    }
    if body_hash(delivery).is_none() && text.contains(&format!("{BODY_HASH}=")) {
        return Err(Rejection::SplitAnew("JSON"));
    }
    let whole = |name: &str, sid: &str| {
        let has = |(key, value): &(String, String)| {
            let is_compound = COMPOUNDS.contains(&&**key) && key.ends_with(name) && value == sid;
            is_compound || key == name && is_sid(value)
        };
        parameters.iter().any(has)
    };
    let cut = |name: &str| sids_after(&text, name).any(|sid| !whole(name, sid));
    if SIDS.iter().any(|name| cut(name)) || !parameters.iter().all(|(name, _)| is_name(name)) {
        return Err(Rejection::SplitAnew("another form"));
    }
    Ok(())
}

/// A hash in the signed URL counts whatever method and media type are claimed, since nothing signs
/// those two. A GET carries all it has in the URL, and some come with a hash all the same (changes of
/// a regulatory bundle, with the hash twice): there it says nothing. With the hash alone, or beside
/// what a URL is given by its owner, it is JSON without its body.
fn check_body_hash(delivery: &Delivery) -> Result<(), Rejection> {
    let Some(hash) = body_hash(delivery) else {
        return Ok(());
    };
    let names_something = || {
        let fields = form_fields(delivery.query.as_bytes());
        fields.iter().any(|(name, _)| name.ends_with("Sid"))
    };
    let holds = match delivery.method {
        Method::Get => names_something(),
        Method::Post | Method::Head | Method::Other => {
            hash.eq_ignore_ascii_case(&hex::encode(sha256(body(delivery))))
        }
    };
    if holds {
        Ok(())
    } else {
        Err(Rejection::BodyHashMismatch)
    }
}

/// The SIDs that follow a name at once, wherever it stands in a text.
fn sids_after<'a>(text: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    text.match_indices(name).filter_map(move |(at, name)| {
        let start = at + name.len();
        text.get(start..start + SID).filter(|sid| is_sid(sid))
    })
}

pub(super) fn is_sid(text: &str) -> bool {
    let bytes = text.as_bytes().split_at_checked(2);
    bytes.is_some_and(|(kind, number)| {
        text.len() == SID
            && kind.iter().all(u8::is_ascii_uppercase)
            && number.iter().all(u8::is_ascii_hexdigit)
    })
}

/// True for a name as a form of Twilio's has it. Nothing that can be left over of a URL is one: that is
/// ASCII, and begins with a separator or a digit, or has one in it.
fn is_name(name: &str) -> bool {
    let first = |character: char| character.is_alphabetic() || character == '_';
    name.starts_with(first) && !name.contains(['/', '?', '&', '=', '#'])
}
