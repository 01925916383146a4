//! The way from a verified delivery to the name of its event, as data.

use serde_json::value::RawValue;

use super::identity::{Identity, Malformed};
use super::meaning::{Meaning, Reply};
use crate::delivery::Delivery;
use crate::json;
use crate::payload::{FORM, Payload};
use crate::signature::sha256;

/// The way to the name of an event.
#[derive(Debug)]
pub struct Naming {
    /// The body in which fields are looked for.
    pub body: Body,
    /// Ways to write the id, best first. The first whose parts are all there counts; a field that is
    /// there and is no text is refused, so that no other id is taken in its place.
    pub id: &'static [&'static [Piece]],
    /// Ways to write the type, best first. A field that is no text is as good as none.
    pub kind: &'static [&'static [Piece]],
    /// The type by which the provider tries the endpoint.
    pub ping: Option<&'static str>,
    /// The body by which the provider asks whose the endpoint is.
    pub challenge: Option<Challenge>,
}

/// The body in which fields are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// A JSON object, perhaps in the field `payload` of a form.
    Json,
    /// The same, or the fields of a form.
    JsonOrForm,
}

/// A part of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// A fixed text.
    Text(&'static str),
    /// A header's value.
    Header(&'static str),
    /// A field of the body that is a text, members joined by dots.
    Field(&'static str),
    /// The digest of the payload, where the provider gives no id and repeats the same bytes.
    Digest,
}

/// A body that asks whose the endpoint is: it is answered with one of its fields, as plain text.
#[derive(Clone, Copy, Debug)]
pub struct Challenge {
    /// The field that marks it, and that field's value.
    pub marked_by: (&'static str, &'static str),
    /// The field that is sent back.
    pub echoes: &'static str,
}

/// Longest text that is sent back, in bytes.
const LONGEST_ECHO: usize = 512;

impl Naming {
    /// The meaning of a delivery whose signature holds.
    pub(super) fn identify(&self, delivery: &Delivery) -> Result<Meaning, Malformed> {
        let payload = Payload::of(delivery);
        let facts = Facts {
            delivery,
            fields: Fields::read(self, &payload)?,
            payload: &payload,
        };
        if let Some(reply) = self.reply(&facts) {
            return Ok(Meaning::Challenge(reply));
        }
        let kind = facts.first(self.kind, |found| Ok(found.ok().flatten()))?;
        let id = facts.first(self.id, |found| found)?;
        let named_by = missing(self.id);
        let identity = Identity::checked(id, kind, named_by)?;
        Ok(if self.ping == Some(&*identity.kind) {
            Meaning::Ping(identity)
        } else {
            Meaning::Event(identity)
        })
    }

    fn reply(&self, facts: &Facts<'_>) -> Option<Reply> {
        let challenge = self.challenge?;
        let text = |field| facts.fields.text(field).ok().flatten();
        let (field, value) = challenge.marked_by;
        let echo = text(challenge.echoes).filter(|echo| echo.len() <= LONGEST_ECHO)?;
        (text(field)? == value).then_some(Reply {
            media_type: "text/plain",
            text: echo,
        })
    }

    /// The fields that the parts of a name are taken from.
    fn wanted(&self) -> Vec<&'static str> {
        let ways = self.id.iter().chain(self.kind);
        let named = ways.flat_map(|way| way.iter()).filter_map(Piece::field);
        let challenge = self.challenge.iter();
        let asked = challenge.flat_map(|challenge| [challenge.marked_by.0, challenge.echoes]);
        let mut wanted: Vec<_> = named.chain(asked).map(|path| top(path).0).collect();
        wanted.sort_unstable();
        wanted.dedup();
        wanted
    }
}

impl Piece {
    fn field(&self) -> Option<&'static str> {
        match self {
            Self::Field(path) => Some(path),
            Self::Text(_) | Self::Header(_) | Self::Digest => None,
        }
    }
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
        Piece::Header(name) => Some(Malformed::Header(name)),
        Piece::Field(path) => Some(Malformed::Field(path)),
        Piece::Text(_) | Piece::Digest => None,
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
            Piece::Field(path) => self.fields.text(path),
            Piece::Digest => {
                let digest = sha256(&self.payload.bytes);
                Ok(Some(format!("sha256:{}", hex::encode(&digest[..16]))))
            }
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
        let wanted = naming.wanted();
        if let Some(found) = payload.members(&wanted) {
            return Ok(Self::Json(wanted.into_iter().zip(found).collect()));
        }
        let is_form = payload.media_type == FORM && !payload.wraps_json();
        if is_form && naming.body == Body::JsonOrForm {
            return Ok(Self::Form(payload.fields()));
        }
        Err(Malformed::Body("a JSON object"))
    }

    /// A field that is a text; none where it is missing or null.
    fn text(&self, path: &'static str) -> Found {
        match self {
            Self::Json(members) => json_text(members, path),
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
}

fn json_text(members: &[Member], path: &'static str) -> Found {
    let (name, rest) = top(path);
    let found = members.iter().find(|(member, _)| *member == name);
    let value = found.and_then(|(_, value)| value.clone());
    let value = match rest {
        Some(rest) => value.and_then(|object| json::member(object.get().as_bytes(), rest)),
        None => value,
    };
    match value.as_deref().map(RawValue::get) {
        None | Some("null") => Ok(None),
        Some(text) => match json::read(text.as_bytes()) {
            Some(text) => Ok(Some(text)),
            None => Err(Malformed::Field(path)),
        },
    }
}
