//! The way from a verified delivery to the name of its event, as data.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::identity::{Identity, Malformed};
use super::meaning::{Element, Meaning};
use super::split::{self, Split};
use crate::delivery::Delivery;
use crate::json;
use crate::payload::{FORM, Payload};
use crate::signature::sha256;
use crate::timestamp::Timestamp;
use crate::verified::Verified;

/// The way to the name of an event.
#[derive(Debug)]
pub struct Naming {
    /// The body in which fields are looked for.
    pub body: Body,
    /// The arrays whose elements are an event each; none where a delivery brings one.
    pub split: &'static [Split],
    /// Ways to write the id, best first. The first whose parts are all there counts; a field that is
    /// there and is no text is refused, so that no other id is taken in its place.
    pub id: &'static [&'static [Piece]],
    /// Ways to write the type, best first. A field that is no text is as good as none.
    pub kind: &'static [&'static [Piece]],
    /// The type by which the provider tries the endpoint.
    pub ping: Option<&'static str>,
}

/// The body in which fields are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// A JSON object, perhaps in the field `payload` of a form.
    Json,
    /// The same, or the fields of a form.
    JsonOrForm,
    /// Anything: of what is neither there are no fields.
    Any,
    /// A JSON object, or the fields of a form, by the media type alone: the bytes of a form can be JSON too.
    ByMediaType,
    /// JSON in this field of a form.
    FormField(&'static str),
}

/// A part of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// A fixed text.
    Text(&'static str),
    /// A header's value.
    Header(&'static str),
    /// The value of one of two headers; refused where both are there and differ, since only one of them is
    /// signed.
    EitherHeader(&'static str, &'static str),
    /// A field of the body that is a text, members joined by dots.
    Field(&'static str),
    /// A field of the body that is a text or a number, as it is written.
    Value(&'static str),
    /// The first of these members that the body has, by its name.
    Member(&'static [&'static str]),
    /// Nothing, if this field of the body has that value; else the way is not this one.
    When(&'static str, &'static str),
    /// Nothing, if the body has this field; else the way is not this one.
    Has(&'static str),
    /// Nothing, if the fields are those of a form; else the way is not this one.
    Form,
    /// The digest of the payload, where the provider gives no id and repeats the same bytes.
    Digest,
    /// The millisecond of receipt, where it says the same of different events.
    Received,
}

/// The type of a batch without events, which some providers send as a sign of life.
const EMPTY: &str = "empty";

impl Naming {
    /// The meaning of a delivery whose signature holds.
    pub(super) fn identify(&self, verified: &Verified<'_>) -> Result<Meaning, Malformed> {
        let payload = Payload::of(verified.delivery());
        let text = match self.body {
            Body::FormField(name) => payload.field(name).map(Cow::Owned),
            _ if self.split.is_empty() => None,
            _ => payload.text(),
        };
        let parts = text.map(|text| split::parts(&text, self.split));
        let parts = parts
            .map(|parts| parts.ok_or(Malformed::Body("JSON")))
            .transpose()?;
        match parts {
            None => self.one(verified, &payload),
            Some(parts) if parts.is_empty() => {
                let (id, kind) = (digest(&payload), EMPTY.to_owned());
                Ok(Meaning::Ping(Identity { id, kind }))
            }
            Some(parts) => match <[String; 1]>::try_from(parts) {
                Ok([part]) if part.as_bytes() == &*payload.bytes => self.one(verified, &payload),
                Ok([part]) => Meaning::batch(vec![self.element(verified, part)]),
                Err(parts) => {
                    let element = |part| self.element(verified, part);
                    Meaning::batch(parts.into_iter().map(element).collect())
                }
            },
        }
    }

    fn one(&self, verified: &Verified<'_>, payload: &Payload<'_>) -> Result<Meaning, Malformed> {
        let identity = self.identity(verified, payload)?;
        Ok(if self.ping == Some(&*identity.kind) {
            Meaning::Ping(identity)
        } else {
            Meaning::Event(identity)
        })
    }

    fn element(&self, verified: &Verified<'_>, json: String) -> Result<Element, Malformed> {
        let payload = Payload::new(verified.delivery().media_type(), json.as_bytes());
        let identity = self.identity(verified, &payload)?;
        Ok(Element { identity, json })
    }

    fn identity(
        &self,
        verified: &Verified<'_>,
        payload: &Payload<'_>,
    ) -> Result<Identity, Malformed> {
        let facts = Facts {
            delivery: verified.delivery(),
            received_at: verified.at(),
            fields: Fields::read(self, payload)?,
            payload,
        };
        let kind = facts.first(self.kind, |found| Ok(found.ok().flatten()))?;
        let id = facts.first(self.id, |found| found)?;
        Identity::checked(id, kind, missing(self.id))
    }

    /// The ways to id and type, in words.
    pub(super) fn description(&self) -> (String, String) {
        let words = |ways: &[&[Piece]]| {
            let way = |way: &&[Piece]| way.iter().map(Piece::words).collect::<String>();
            let mut written: Vec<_> = ways.iter().map(way).collect();
            written.dedup();
            written.join(", else ")
        };
        (words(self.id), words(self.kind))
    }

    /// The fields that the parts of a name are taken from.
    fn wanted(&self) -> Vec<&'static str> {
        let ways = self.id.iter().chain(self.kind);
        let named = ways.flat_map(|way| way.iter()).flat_map(Piece::fields);
        let mut wanted: Vec<_> = named.map(|path| top(path).0).collect();
        wanted.sort_unstable();
        wanted.dedup();
        wanted
    }
}

impl Piece {
    fn words(&self) -> String {
        match self {
            Self::Text(text) => (*text).to_owned(),
            Self::Header(name) | Self::EitherHeader(name, _) => format!("`{name}`"),
            Self::Field(path) | Self::Value(path) => format!("`{path}`"),
            Self::Member(_) => "the member's name".to_owned(),
            Self::When(..) | Self::Has(_) | Self::Form => String::new(),
            Self::Digest => "digest".to_owned(),
            Self::Received => "time of receipt".to_owned(),
        }
    }

    fn fields(&self) -> &[&'static str] {
        match self {
            Self::Field(path) | Self::Value(path) | Self::When(path, _) | Self::Has(path) => {
                std::slice::from_ref(path)
            }
            Self::Member(names) => names,
            Self::Text(_)
            | Self::Header(_)
            | Self::EitherHeader(..)
            | Self::Form
            | Self::Digest
            | Self::Received => &[],
        }
    }
}

/// The id of what has none: a part of its digest.
fn digest(payload: &Payload<'_>) -> String {
    format!("sha256:{}", hex::encode(&sha256(&payload.bytes)[..16]))
}

/// A path's first member, and the rest.
fn top(path: &'static str) -> (&'static str, Option<&'static str>) {
    match path.split_once('.') {
        Some((top, rest)) => (top, Some(rest)),
        None => (path, None),
    }
}

/// The part of the plainest way that can be missing, for the log.
fn missing(ways: &[&[Piece]]) -> Malformed {
    let plainest = ways.last().into_iter().flat_map(|way| way.iter());
    let mut named = plainest.filter_map(|piece| match piece {
        Piece::Header(name) | Piece::EitherHeader(name, _) => Some(Malformed::Header(name)),
        Piece::Field(path) | Piece::Value(path) => Some(Malformed::Field(path)),
        Piece::Text(_)
        | Piece::Member(_)
        | Piece::When(..)
        | Piece::Has(_)
        | Piece::Form
        | Piece::Digest
        | Piece::Received => None,
    });
    named
        .next()
        .unwrap_or(Malformed::Body("what its type says"))
}

/// A part of a name, if it is there.
type Found = Result<Option<String>, Malformed>;

/// A delivery, and what names are made of.
struct Facts<'a> {
    delivery: &'a Delivery,
    received_at: Timestamp,
    fields: Fields,
    payload: &'a Payload<'a>,
}

impl Facts<'_> {
    /// The first way whose parts are all there, written out.
    fn first(&self, ways: &[&[Piece]], read: fn(Found) -> Found) -> Result<String, Malformed> {
        for way in ways {
            let pieces = way.iter().map(|piece| read(self.piece(piece)));
            if let Some(text) = pieces.collect::<Result<Option<String>, _>>()? {
                return Ok(text);
            }
        }
        Err(missing(ways))
    }

    fn piece(&self, piece: &Piece) -> Found {
        match piece {
            Piece::Text(text) => Ok(Some((*text).to_owned())),
            Piece::Header(name) => {
                let value = self.delivery.headers.get(name);
                Ok(value.filter(|value| !value.is_empty()).map(str::to_owned))
            }
            Piece::EitherHeader(one, other) => {
                let value = |name| self.delivery.headers.get(name).filter(|it| !it.is_empty());
                match (value(one), value(other)) {
                    (Some(one_value), Some(other_value)) if one_value != other_value => {
                        Err(Malformed::Header(other))
                    }
                    (one, other) => Ok(one.or(other).map(str::to_owned)),
                }
            }
            Piece::Field(path) => Ok(self.fields.text(path)?.filter(|text| !text.is_empty())),
            Piece::Value(path) => Ok(self.fields.scalar(path)?.filter(|text| !text.is_empty())),
            Piece::Member(names) => {
                let mut present = names.iter().filter(|path| self.fields.has(path));
                let name = |path: &&'static str| path.rsplit('.').next().map(str::to_owned);
                Ok(present.next().and_then(name))
            }
            Piece::When(path, value) => {
                let found = self.fields.scalar(path)?;
                Ok((found.as_deref() == Some(value)).then(String::new))
            }
            Piece::Has(path) => Ok(self.fields.has(path).then(String::new)),
            Piece::Form => Ok(matches!(self.fields, Fields::Form(_)).then(String::new)),
            Piece::Digest => Ok(Some(digest(self.payload))),
            Piece::Received => Ok(Some(self.received_at.millis().to_string())),
        }
    }
}

/// A member of a JSON object by its name, unread.
type Member = (&'static str, Option<Box<RawValue>>);

/// The fields of a body that names are made of.
enum Fields {
    Json(Vec<Member>),
    Form(Vec<(String, String)>),
}

impl Fields {
    fn read(naming: &Naming, payload: &Payload<'_>) -> Result<Self, Malformed> {
        if naming.body == Body::ByMediaType && payload.media_type == FORM {
            return Ok(Self::Form(payload.fields()));
        }
        let wanted = naming.wanted();
        if let Some(found) = payload.members(&wanted) {
            return Ok(Self::Json(wanted.into_iter().zip(found).collect()));
        }
        let is_form = payload.media_type == FORM && !payload.wraps_json();
        if is_form && matches!(naming.body, Body::JsonOrForm | Body::Any) {
            return Ok(Self::Form(payload.fields()));
        }
        if naming.body == Body::Any {
            return Ok(Self::Json(Vec::new()));
        }
        Err(Malformed::Body("a JSON object"))
    }

    /// A field that is a text; none where it is missing or null.
    fn text(&self, path: &'static str) -> Found {
        self.field(path, |value| json::read(value.get().as_bytes()))
    }

    /// A field that is a text or a number; none where it is missing or null.
    fn scalar(&self, path: &'static str) -> Found {
        self.field(path, json::scalar)
    }

    fn field(&self, path: &'static str, read: fn(&RawValue) -> Option<String>) -> Found {
        match self {
            Self::Json(members) => match value(members, path).as_deref() {
                None => Ok(None),
                Some(value) if value.get() == "null" => Ok(None),
                Some(value) => read(value).map(Some).ok_or(Malformed::Field(path)),
            },
            Self::Form(fields) => {
                let mut values = fields.iter().filter(|(name, _)| name == path);
                match (values.next(), values.next()) {
                    (Some((_, value)), None) => Ok(Some(value.clone())),
                    (None, _) => Ok(None),
                    (Some(_), Some(_)) => Err(Malformed::Field(path)),
                }
            }
        }
    }

    fn has(&self, name: &'static str) -> bool {
        match self {
            Self::Json(members) => value(members, name).is_some(),
            Self::Form(fields) => fields.iter().any(|(field, _)| field == name),
        }
    }
}

fn value(members: &[Member], path: &'static str) -> Option<Box<RawValue>> {
    let (name, rest) = top(path);
    let (_, value) = members.iter().find(|(member, _)| *member == name)?;
    let value = value.clone()?;
    match rest {
        Some(rest) => json::member(value.get().as_bytes(), rest),
        None => Some(value),
    }
}
