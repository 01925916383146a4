//! Requests that no provider sends, made of its genuine delivery.

use crate::trial::clock::Clock;
use crate::trial::stage::Stage;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use webhooks::delivery::Headers;
use webhooks::provider::Explained;
use webhooks::scheme::development;
use webhooks::scheme::signing::sign;
use webhooks::scheme::{At, Clock as Signed, Form, Scheme};
use webhooks::secret::Secret;
use webhooks::timestamp::Timestamp;
use webhooks::verify::verify;
use webhooks_cli::failure::Failure;
use webhooks_cli::fixture::{Fixture, signature_header};
use webhooks_cli::project::Project;
use webhooks_cli::send::find_provider;
use webhooks_cli::stack::development_secret;

/// A provider, what is wrong, and the gateway's event.
pub(super) type Request = (String, String, Value);

/// A provider's genuine delivery, to start from.
struct Genuine {
    provider: &'static dyn Explained,
    /// The name of the header that carries the signature.
    header: String,
    fixture: Fixture,
    other: Fixture,
    secret: Secret,
    clock: Clock,
}

impl Genuine {
    fn read(project: &Project, name: &str, clock: Clock) -> Result<Self, Failure> {
        let provider = find_provider(name)?;
        let secret = Secret::new(development_secret(name))
            .map_err(|error| Failure::new("the secret", error))?;
        let mut fixture = Fixture::first(project, provider)?;
        let mut other = fixture.clone();
        fixture.renew(provider, &secret, clock.now())?;
        other.delivery.body.push(b' ');
        other.renew(provider, &secret, clock.now())?;
        let header = signature_header(provider, &fixture.delivery);
        Ok(Self {
            provider,
            header: header.ok_or_else(|| Failure::of(format!("{name} signs in no header")))?,
            fixture,
            other,
            secret,
            clock,
        })
    }

    fn event(&self) -> Value {
        self.fixture.gateway_event()
    }

    /// The event with one field changed.
    fn with(&self, change: impl FnOnce(&mut Value)) -> Value {
        let mut event = self.event();
        change(&mut event);
        event
    }

    /// The event with a header set.
    fn header(&self, name: &str, value: &str) -> Value {
        self.with(|event| event["headers"][name] = json!(value))
    }

    /// The delivery, correctly signed, if its signature holds and it has no name.
    fn unnamed(&self, mut fixture: Fixture) -> Option<Value> {
        let now = self.clock.now();
        let secrets = std::slice::from_ref(&self.secret);
        let signed = self.provider.sign(&mut fixture.delivery, &self.secret, now);
        signed.ok()?;
        let verified = verify(
            self.provider,
            &fixture.delivery,
            development::keys(self.provider, secrets),
            now,
        )
        .ok()?;
        let nameless = self.provider.identify(&verified).is_err();
        nameless.then(|| {
            let mut event = fixture.gateway_event();
            let (before, now) = (&self.fixture.delivery.headers, &fixture.delivery.headers);
            let left_out = |name: &str| before.get(name).is_some() && now.get(name).is_none();
            if let Some(headers) = event["headers"].as_object_mut() {
                headers.retain(|name, _| !left_out(name));
            }
            event
        })
    }

    fn signature_of(&self, fixture: &Fixture) -> String {
        let headers: &Headers = &fixture.delivery.headers;
        headers.get(&self.header).unwrap_or_default().to_owned()
    }
}

/// All of them, for every provider of a stage.
///
/// # Errors
/// [`Failure`] when an event file is not there or not a delivery of its provider.
pub(super) fn requests(project: &Project, stage: &Stage) -> Result<Vec<Request>, Failure> {
    let mut requests = Vec::new();
    for name in stage.providers() {
        let genuine = Genuine::read(project, name, stage.clock)?;
        let all = [
            methods(&genuine),
            paths(&genuine),
            headers(&genuine),
            bodies(&genuine),
            nameless(&genuine),
            forms(&genuine),
            times(&genuine),
        ];
        let all = all.into_iter().flatten();
        requests.extend(all.map(|(what, request)| (name.to_owned(), what.to_owned(), request)));
    }
    Ok(requests)
}

type Named = Vec<(&'static str, Value)>;

fn methods(genuine: &Genuine) -> Named {
    let method =
        |name: &str| genuine.with(|event| event["requestContext"]["http"]["method"] = json!(name));
    vec![
        ("method PUT", method("PUT")),
        ("method DELETE", method("DELETE")),
        ("method HEAD", method("HEAD")),
        ("method of no name", method("")),
        ("method of 10 kB", method(&"M".repeat(10_000))),
    ]
}

fn paths(genuine: &Genuine) -> Named {
    let name = genuine.provider.profile().name;
    let path = |path: String| genuine.with(|event| event["rawPath"] = json!(path));
    vec![
        (
            "an unknown source",
            path(format!("/webhooks/{name}/unknown")),
        ),
        (
            "a source that climbs",
            path(format!("/webhooks/{name}/../default")),
        ),
        (
            "a source with a line break",
            path(format!("/webhooks/{name}/a%0Ab")),
        ),
        ("an empty path", path(String::new())),
        (
            "another provider's path",
            path("/webhooks/other".to_owned()),
        ),
        (
            "a path of 100 kB",
            path(format!("/webhooks/{name}/{}", "a".repeat(100_000))),
        ),
    ]
}

fn headers(genuine: &Genuine) -> Named {
    let name = genuine.header.as_str();
    let signature = genuine.signature_of(&genuine.fixture);
    let other = genuine.signature_of(&genuine.other);
    let twice = format!("{other}, {other}");
    vec![
        (
            "no headers",
            genuine.with(|event| event["headers"] = json!({})),
        ),
        (
            "headers of null",
            genuine.with(|event| event["headers"] = Value::Null),
        ),
        (
            "no signature",
            genuine.with(|event| {
                event["headers"]
                    .as_object_mut()
                    .map(|headers| headers.remove(name));
            }),
        ),
        ("an empty signature", genuine.header(name, "")),
        (
            "a signature that is not ASCII",
            genuine.header(name, "sha256=ünï\u{fffd}cödé"),
        ),
        (
            "a signature of 1 MB",
            genuine.header(name, &"0".repeat(1_000_000)),
        ),
        (
            "a signature cut in half",
            genuine.header(name, &signature[..signature.len() / 2]),
        ),
        (
            "the signature of another delivery",
            genuine.header(name, &other),
        ),
        (
            "another delivery's signature twice",
            genuine.header(name, &twice),
        ),
        (
            "a signature with NUL",
            genuine.header(name, &format!("{}\0", &signature[..signature.len() - 1])),
        ),
    ]
}

fn bodies(genuine: &Genuine) -> Named {
    let body = |body: Value, base64: bool| {
        genuine.with(|event| {
            event["body"] = body;
            event["isBase64Encoded"] = json!(base64);
        })
    };
    let text = String::from_utf8_lossy(&genuine.fixture.delivery.body).into_owned();
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    vec![
        ("no body", body(Value::Null, false)),
        ("an empty body", body(json!(""), false)),
        (
            "a body cut in half",
            body(json!(text[..text.len() / 2]), false),
        ),
        (
            "a body with one more byte",
            body(json!(format!("{text} ")), false),
        ),
        (
            "a body that is not the base64 it says",
            body(json!("%%%"), true),
        ),
        ("base64 cut short", body(json!("YWJ"), true)),
        (
            "the body in UTF-16",
            body(json!(STANDARD.encode(utf16)), true),
        ),
        ("100,000 nested arrays", body(json!(deep), false)),
        (
            "6 MB of other bytes",
            body(json!("a".repeat(6 * 1024 * 1024)), false),
        ),
        (
            "more than 6 MB",
            body(json!("a".repeat(6 * 1024 * 1024 + 1)), false),
        ),
        (
            "4.5 MB of binary",
            body(json!(STANDARD.encode(vec![0xff; 4_500_000])), true),
        ),
    ]
}

/// Correctly signed bodies that name no event.
fn nameless(genuine: &Genuine) -> Named {
    let bodies: [(&str, &[u8]); 5] = [
        ("signed, JSON cut short", b"{\"id\": "),
        ("signed, empty", b""),
        ("signed, bytes that are no UTF-8", &[0xff, 0xfe, 0x00]),
        ("signed, an array", b"[]"),
        ("signed, JSON without a name", b"{}"),
    ];
    let bodies = bodies.into_iter().filter_map(|(what, body)| {
        let mut fixture = genuine.fixture.clone();
        fixture.delivery.body = body.to_vec();
        genuine.unnamed(fixture).map(|event| (what, event))
    });
    let headers = genuine.fixture.delivery.headers.iter();
    let without = headers.filter_map(|(left_out, _)| {
        let mut fixture = genuine.fixture.clone();
        let kept = fixture.delivery.headers.iter();
        let kept = kept.filter(|(name, _)| *name != left_out);
        fixture.delivery.headers = kept.collect();
        genuine.unnamed(fixture)
    });
    let without = without.zip([
        "signed, no header that names it",
        "signed, no other such header",
    ]);
    let without = without.map(|(event, what)| (what, event));
    bodies.chain(without).collect()
}

/// Signatures of another form than the provider's.
fn forms(genuine: &Genuine) -> Named {
    let signature = genuine.signature_of(&genuine.fixture);
    let mut named = Vec::new();
    match genuine
        .provider
        .schemes()
        .first()
        .map(|scheme| (scheme.form, scheme.clock))
    {
        Some((Form::Prefixed(prefix), _)) => named.push((
            "the digest without its prefix",
            genuine.header(&genuine.header, signature.trim_start_matches(prefix)),
        )),
        Some((
            Form::Pairs { separator, name },
            Some(Signed {
                at: At::Pair(time), ..
            }),
        )) => {
            named.extend(pairs(genuine, separator, name, time));
        }
        Some(_) | None => {}
    }
    if let Some(legacy) = &genuine.provider.advice().legacy {
        let mut fixture = genuine.fixture.clone();
        let now = genuine.clock.now();
        // Whatever it says: the header that counts is not there.
        let signed = sign(&legacy.scheme, &mut fixture.delivery, &genuine.secret, now);
        named.extend(signed.ok().map(|()| {
            let mut event = fixture.gateway_event();
            let headers = event["headers"].as_object_mut();
            headers.map(|headers| headers.remove(&genuine.header));
            ("the weaker signature alone", event)
        }));
    }
    named
}

/// Pairs in another order, or not all of them.
fn pairs(genuine: &Genuine, separator: &str, name: &str, clock: &str) -> Named {
    let signature = genuine.signature_of(&genuine.fixture);
    let (time, digest) = signature.split_once(separator).unwrap_or_default();
    let others = genuine.signature_of(&genuine.other);
    let (_, other) = others.split_once(separator).unwrap_or_default();
    let header = |value: &str| genuine.header(&genuine.header, value);
    let joined = |parts: &[&str]| header(&parts.join(separator));
    let mut named = vec![
        ("no time", header(digest)),
        ("no signature beside the time", header(time)),
        (
            "reordered, another's signature first and last",
            joined(&[other, time, other]),
        ),
        (
            "two times, the second the right one",
            joined(&[&format!("{clock}=1"), time, digest]),
        ),
        (
            "a time of 30 digits",
            joined(&[&format!("{clock}={}", "9".repeat(30)), digest]),
        ),
    ];
    if let Some((void, _)) = genuine.provider.advice().void {
        let value = signature.replace(&format!("{name}="), void);
        named.push(("an element that never counts", header(&value)));
    }
    named
}

/// Genuine deliveries, far from their time.
fn times(genuine: &Genuine) -> Named {
    if !genuine.provider.schemes().iter().any(Scheme::checks_age) {
        return Vec::new();
    }
    let at = |offset: i64| {
        let mut fixture = genuine.fixture.clone();
        let then = Timestamp::from_seconds(genuine.clock.now().seconds() + offset);
        let signed = genuine
            .provider
            .sign(&mut fixture.delivery, &genuine.secret, then);
        signed.ok().map(|()| fixture.gateway_event())
    };
    let named = [
        ("replayed an hour later", at(-3600)),
        ("signed ten hours ahead", at(36_000)),
    ];
    named
        .into_iter()
        .filter_map(|(what, event)| Some((what, event?)))
        .collect()
}
