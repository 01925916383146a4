//! The signature of a description: place, form, algorithm, key, signed parts and clock.

use std::time::Duration;

use serde_json::Value;

use super::fields::{Fields, Problem, problem};
use super::row::{leak, leak_text};
use super::template::{Token, tokens};
use crate::scheme::{Algorithm, At, Clock, Encoding, Form, Key, Part, Place, Scheme, Unit};
use crate::signature::Hash;

/// The word by which a description takes bodies that nobody has signed.
pub(super) const FORGEABLE: &str = "whoever-sees-one-delivery-can-forge-others";

/// The longest tolerance, in seconds.
const LONGEST: u64 = 3600;

const ALGORITHMS: [(&str, Algorithm); 7] = [
    ("hmac-sha256", Algorithm::Hmac(Hash::Sha256)),
    ("hmac-sha512", Algorithm::Hmac(Hash::Sha512)),
    ("hmac-sha1", Algorithm::Hmac(Hash::Sha1)),
    ("ed25519", Algorithm::Ed25519),
    ("ecdsa-p256", Algorithm::EcdsaP256),
    ("rsa-sha256", Algorithm::Rsa),
    ("token", Algorithm::Token),
];

const ENCODINGS: [(&str, Encoding); 3] = [
    ("hex", Encoding::Hex),
    ("base64", Encoding::Base64),
    ("base64url", Encoding::Base64Url),
];

/// Of a token: as it is, or as HTTP's basic authentication writes it.
const OF_TOKENS: [(&str, Encoding); 2] = [("text", Encoding::Text), ("base64", Encoding::Base64)];

const UNITS: [(&str, Unit); 4] = [
    ("seconds", Unit::Seconds),
    ("milliseconds", Unit::Milliseconds),
    ("rfc3339", Unit::Rfc3339),
    ("http-date", Unit::HttpDate),
];

/// Reads the scheme of a description.
pub(super) fn read(fields: &Fields<'_>) -> Result<Scheme, Problem> {
    let algorithm = fields.word(
        "algorithm",
        &ALGORITHMS,
        "must be hmac-sha256, hmac-sha512, hmac-sha1, ed25519, ecdsa-p256, rsa-sha256 or token; \
         weaker ones, as MD5, are not taken",
    )?;
    let (place, form, encoding) = signature(fields, algorithm)?;
    let signed = signed(fields, algorithm)?;
    let scheme = Scheme {
        place,
        form,
        encoding,
        algorithm,
        keys: leak(key(fields, algorithm)?),
        signed: leak(signed),
        clock: clock(fields)?,
        required: &[],
        media_type: None,
    };
    check_clock(fields, &scheme)?;
    Ok(scheme)
}

fn signature(
    fields: &Fields<'_>,
    algorithm: Algorithm,
) -> Result<(Place, Form, Encoding), Problem> {
    let path = fields.path("signature");
    let Some(value) = fields.get("signature") else {
        return Err(problem(&path, "is missing: {\"header\": \"...\"}"));
    };
    let known = [
        "header",
        "query",
        "field",
        "prefix",
        "separator",
        "name",
        "encoding",
    ];
    let own = Fields::of(&path, value, &known)?;
    let place = match own.one_of(&["header", "query", "field"])? {
        ("header", name) => {
            own.header("header", name)?;
            Place::Header(leak_text(name))
        }
        ("query", name) => Place::Query(leak_text(name)),
        (_, path) => Place::Field(leak_text(path)),
    };
    let (prefix, name) = (own.text("prefix")?, own.text("name")?);
    let form = match (own.text("separator")?, prefix, name) {
        (None, None, None) => Form::Whole,
        (None, Some(prefix), None) => Form::Prefixed(leak_text(prefix)),
        (Some(separator), prefix, None) => Form::List {
            separator: leak_text(separator),
            prefix: leak_text(prefix.unwrap_or_default()),
        },
        (Some(separator), None, Some(name)) => Form::Pairs {
            separator: leak_text(separator),
            name: leak_text(name),
        },
        (_, _, Some(_)) => {
            return Err(own.problem("name", "needs a separator beside it, and no prefix"));
        }
    };
    let encoding = if algorithm == Algorithm::Token {
        own.word("encoding", &OF_TOKENS, "of a token must be text or base64")?
    } else {
        own.word("encoding", &ENCODINGS, "must be hex, base64 or base64url")?
    };
    Ok((place, form, encoding))
}

fn key(fields: &Fields<'_>, algorithm: Algorithm) -> Result<Vec<Key>, Problem> {
    let prefix = leak_text(fields.text("key_prefix")?.unwrap_or_default());
    let keys = [
        ("text", Key::Text),
        ("hex", Key::Hex),
        ("base64", Key::Base64 { prefix }),
        ("pem", Key::Pem),
    ];
    let key = fields.word("key", &keys, "must be text, hex, base64 or pem")?;
    let is_public = matches!(
        algorithm,
        Algorithm::Ed25519 | Algorithm::EcdsaP256 | Algorithm::Rsa
    );
    match key {
        Key::Text if is_public => {
            Err(fields.problem("key", "of a public key is hex, base64 or pem"))
        }
        Key::Pem if !is_public => Err(fields.problem("key", "is pem for public keys alone")),
        Key::Text | Key::Hex | Key::Pem if !prefix.is_empty() => {
            Err(fields.problem("key_prefix", "stands before a key in base64"))
        }
        _ => Ok(vec![key]),
    }
}

/// The parts that are signed. The body has to be one of them, unless the description says in a word that
/// everybody sees that it is not.
fn signed(fields: &Fields<'_>, algorithm: Algorithm) -> Result<Vec<Part>, Problem> {
    let forgeable = match fields.text("body_is_not_signed")? {
        None => false,
        Some(FORGEABLE) => true,
        Some(_) => {
            return Err(fields.problem(
                "body_is_not_signed",
                "must be \"whoever-sees-one-delivery-can-forge-others\"",
            ));
        }
    };
    let template = fields.text("signed")?;
    let parts = match (template, algorithm) {
        (Some(_), Algorithm::Token) => {
            return Err(fields.problem("signed", "a token signs nothing: leave it out"));
        }
        (None, Algorithm::Token) => Vec::new(),
        (template, _) => parts(fields, template.unwrap_or("{body}"))?,
    };
    match (parts.contains(&Part::Body), forgeable) {
        (true, true) => Err(fields.problem("body_is_not_signed", "but it is: leave this out")),
        (true, false) | (false, true) => Ok(parts),
        (false, false) => Err(fields.problem(
            "signed",
            "has no {body}; a source that takes such deliveries says \"body_is_not_signed\": \
             \"whoever-sees-one-delivery-can-forge-others\"",
        )),
    }
}

fn parts(fields: &Fields<'_>, template: &str) -> Result<Vec<Part>, Problem> {
    let unknown = || {
        fields.problem(
            "signed",
            "must be of texts and {body}, {time}, {url}, {method}, {header:NAME}, {field:PATH}",
        )
    };
    let part = |token| match token {
        Token::Literal(text) => Some(Part::Literal(leak_text(text))),
        Token::Name("body") => Some(Part::Body),
        Token::Name("time") => Some(Part::Time),
        Token::Name("url") => Some(Part::Url),
        Token::Name("method") => Some(Part::Method),
        Token::Call("header", name) => Some(Part::Header(leak_text(name))),
        Token::Call("field", path) => Some(Part::Field(leak_text(path))),
        Token::Name(_) | Token::Call(..) => None,
    };
    let tokens = tokens(template).ok_or_else(unknown)?;
    for token in &tokens {
        if let Token::Call("header", name) = token {
            fields.header("signed", name)?;
        }
    }
    let parts: Option<Vec<_>> = tokens.into_iter().map(part).collect();
    parts.ok_or_else(unknown)
}

fn clock(fields: &Fields<'_>) -> Result<Option<Clock>, Problem> {
    let Some(value) = fields.get("time") else {
        return Ok(None);
    };
    let path = fields.path("time");
    let own = Fields::of(
        &path,
        value,
        &["header", "pair", "field", "unit", "tolerance"],
    )?;
    let at = match own.one_of(&["header", "pair", "field"])? {
        ("header", name) => {
            own.header("header", name)?;
            At::Header(leak_text(name))
        }
        ("pair", name) => At::Pair(leak_text(name)),
        (_, path) => At::Field(leak_text(path)),
    };
    let unit = own.word(
        "unit",
        &UNITS,
        "must be seconds, milliseconds, rfc3339 or http-date",
    )?;
    let tolerance = own.get("tolerance").and_then(Value::as_u64);
    let tolerance = tolerance.filter(|seconds| (1..=LONGEST).contains(seconds));
    let Some(tolerance) = tolerance.map(Duration::from_secs) else {
        return Err(own.problem("tolerance", "must be a number of seconds, 1 to 3600"));
    };
    Ok(Some(Clock {
        at,
        unit,
        past: Some(tolerance),
        future: Some(tolerance),
    }))
}

fn is_in_pairs(scheme: &Scheme) -> bool {
    matches!(
        (scheme.place, scheme.form),
        (Place::Header(_), Form::Pairs { .. })
    )
}

/// A time that is not signed protects from nothing, and one that is signed has to be somewhere.
fn check_clock(fields: &Fields<'_>, scheme: &Scheme) -> Result<(), Problem> {
    let signs_time = scheme.signed.contains(&Part::Time);
    let signs_body = scheme.signed.contains(&Part::Body);
    match scheme.clock.map(|clock| clock.at) {
        None if signs_time => Err(fields.problem("time", "is missing: {time} is signed")),
        None => Ok(()),
        Some(At::Pair(_)) if !is_in_pairs(scheme) => Err(fields.problem(
            "time",
            "stands in a pair, and the signature does not: give it a header, a separator and a name",
        )),
        Some(At::Field(_)) if signs_body => Ok(()),
        Some(At::Header(name)) if signs_time || scheme.signed.contains(&Part::Header(name)) => {
            Ok(())
        }
        Some(_) if signs_time => Ok(()),
        Some(_) => Err(fields.problem("time", "is not signed: anybody can write it")),
    }
}
