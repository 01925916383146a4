//! The challenge of a described provider.

use serde_json::Value;

use super::fields::{Fields, Problem};
use super::row::{leak, leak_text};
use crate::delivery::Method;
use crate::provider::handshake::{Guard, Handshake, Mark, Proof, Value as Echo};

/// Reads the field `challenge`.
pub(super) fn read(fields: &Fields<'_>) -> Result<Vec<Handshake>, Problem> {
    let Some(value) = fields.get("challenge") else {
        return Ok(Vec::new());
    };
    let path = fields.path("challenge");
    let known = [
        "method", "query", "header", "field", "when", "answer", "name", "signed",
    ];
    let own = Fields::of(&path, value, &known)?;
    let methods = [
        ("GET", Method::Get),
        ("POST", Method::Post),
        ("HEAD", Method::Head),
    ];
    let method = own.word("method", &methods, "must be GET, POST or HEAD")?;
    if method == Method::Head {
        Fields::of(&path, value, &["method"])?;
        return Ok(vec![alive()]);
    }
    let is_signed = match own.get("signed") {
        None => method == Method::Post,
        Some(Value::Bool(signed)) => *signed,
        Some(_) => return Err(own.problem("signed", "must be true or false")),
    };
    if is_signed && method == Method::Get {
        return Err(own.problem("signed", "is for a POST: nothing signs a GET's question"));
    }
    let (place, name) = own.one_of(&["query", "header", "field"])?;
    if place == "header" {
        own.header("header", name)?;
    }
    let name = leak_text(name);
    let (echo, mark) = match place {
        "query" => (Echo::Parameter(name), Mark::Parameter(name)),
        "header" => (Echo::Header(name), Mark::Header(name)),
        // Nobody has signed it: an event that has such a field as well is none.
        _ if !is_signed => (Echo::Field(name), Mark::OnlyMember(name)),
        _ => (Echo::Field(name), Mark::Has(name)),
    };
    let mut marks = vec![mark];
    marks.extend(when(&own)?);
    Ok(vec![Handshake {
        method,
        marks: leak(marks),
        guard: if is_signed {
            Guard::Signature
        } else {
            Guard::Nothing
        },
        answer: answer(&own, place, name, echo)?,
    }])
}

/// A look whether anybody is there.
fn alive() -> Handshake {
    Handshake {
        method: Method::Head,
        marks: &[],
        guard: Guard::Nothing,
        answer: Proof::Empty,
    }
}

fn when(own: &Fields<'_>) -> Result<Option<Mark>, Problem> {
    let Some(value) = own.get("when") else {
        return Ok(None);
    };
    let path = own.path("when");
    let when = Fields::of(&path, value, &["query", "header", "field", "is"])?;
    let (place, name) = when.one_of(&["query", "header", "field"])?;
    if place == "header" {
        when.header("header", name)?;
    }
    let Some(is) = when.text("is")?.map(leak_text) else {
        return Err(when.problem("is", "is missing"));
    };
    let name = leak_text(name);
    Ok(Some(match place {
        "query" => Mark::ParameterIs(name, is),
        "header" => Mark::HeaderIs(name, is),
        _ => Mark::FieldIs(name, is),
    }))
}

fn answer(own: &Fields<'_>, place: &str, name: &'static str, echo: Echo) -> Result<Proof, Problem> {
    let words = [("text", 0), ("json", 1), ("header", 2)];
    let form = own.word("answer", &words, "must be text, json or header")?;
    let member = own.text("name")?.map(leak_text);
    let plain = |name: &&str| !name.contains(['"', '\\']) && !name.contains(char::is_control);
    if form == 1 && !member.or(Some(name)).is_some_and(|name| plain(&name)) {
        return Err(own.problem("name", "is no plain name of a member"));
    }
    match (form, member) {
        (0, None) => Ok(Proof::Text(echo)),
        (1, member) => Ok(Proof::Json(leak(vec![(member.unwrap_or(name), echo)]))),
        (2, None) if place == "header" => Ok(Proof::Header(name)),
        (2, _) => Err(own.problem("answer", "a header is sent back under its own name")),
        (_, _) => Err(own.problem("name", "is that of a member of a json answer")),
    }
}
