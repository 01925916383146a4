//! The names of a described provider's events: templates of what they are made from.

use serde_json::Value;

use super::fields::{Fields, Problem};
use super::row::{leak, leak_text};
use super::template::{Token, tokens};
use crate::provider::naming::{Body, Naming, Piece};

const PROBLEM: &str = "must be of texts and {field:PATH}, {header:NAME}, {digest}, {received}; or a list of such texts, best first";

/// The type of events that have none.
const EVENT: &[Piece] = &[Piece::Text("event")];

/// Reads the fields `id` and `type`.
pub(super) fn read(fields: &Fields<'_>) -> Result<Naming, Problem> {
    let mut id = ways(fields, "id")?;
    if id.is_empty() {
        id.push(&[Piece::Digest]);
    }
    let mut kind = ways(fields, "type")?;
    kind.push(EVENT);
    Ok(Naming {
        body: Body::Any,
        split: &[],
        id: leak(id),
        kind: leak(kind),
        ping: None,
    })
}

fn ways(fields: &Fields<'_>, name: &str) -> Result<Vec<&'static [Piece]>, Problem> {
    let wrong = || fields.problem(name, PROBLEM);
    let templates = match fields.get(name) {
        None => return Ok(Vec::new()),
        Some(Value::String(template)) => vec![template.as_str()],
        Some(Value::Array(templates)) => {
            let texts: Option<Vec<_>> = templates.iter().map(Value::as_str).collect();
            texts.filter(|texts| !texts.is_empty()).ok_or_else(wrong)?
        }
        Some(_) => return Err(wrong()),
    };
    let way = |template| {
        let pieces = pieces(template).ok_or_else(wrong)?;
        for piece in pieces {
            if let Piece::Header(header) = piece {
                fields.header(name, header)?;
            }
        }
        Ok(pieces)
    };
    templates.into_iter().map(way).collect()
}

fn pieces(template: &str) -> Option<&'static [Piece]> {
    let piece = |token| match token {
        Token::Literal(text) => Some(Piece::Text(leak_text(text))),
        Token::Name("digest") => Some(Piece::Digest),
        Token::Name("received") => Some(Piece::Received),
        // A number is a name as good as a text.
        Token::Call("field", path) => Some(Piece::Value(leak_text(path))),
        Token::Call("header", name) => Some(Piece::Header(leak_text(name))),
        Token::Name(_) | Token::Call(..) => None,
    };
    let pieces: Option<Vec<_>> = tokens(template)?.into_iter().map(piece).collect();
    let says_something =
        |pieces: &Vec<Piece>| pieces.iter().any(|piece| !matches!(piece, Piece::Text(_)));
    let pieces = pieces.filter(says_something)?;
    Some(leak(pieces))
}
