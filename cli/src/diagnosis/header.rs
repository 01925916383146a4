//! The signature header: missing, written in another way, or cut off.

use webhooks::provider::{Explained, Provider, catalog};
use webhooks::rejection::Rejection;
use webhooks::scheme::verification;
use webhooks::timestamp::Timestamp;
use webhooks::verify::check_shape;

use super::digest::{self, elements};
use super::{Examined, Finding};

/// A shorter piece of text is not taken for the beginning of a digest.
const RECOGNISABLE: usize = 8;

/// The signature holds once the header is written as the provider writes it.
pub(super) fn repaired(examined: &Examined<'_>) -> Option<Finding> {
    let name = examined.signature_header()?;
    renamed(examined, &name)
        .or_else(|| respelled(examined, &name))
        .or_else(|| truncated(examined, &name))
        .or_else(|| with_another_algorithm(examined))
}

/// The header is not there, and nothing in its place makes the signature hold.
pub(super) fn missing(examined: &Examined<'_>, name: &str) -> Finding {
    let why = format!("the header {name} is missing");
    if let Some(legacy) = &examined.provider.advice().legacy
        && let header = legacy.scheme.place.name()
        && examined.delivery().headers.get(header).is_some()
    {
        let name = legacy.name;
        return Finding::new(
            format!("{why}: only the legacy {name} header {header} is there, which does not count"),
            "A proxy drops the newer header, or the sender is not the provider or is a very old \
             version of it. Let both headers through.",
        );
    }
    match catalog::all().find(|other| carries_signature(examined, *other)) {
        Some(other) => {
            let other = other.profile().name;
            Finding::new(
                format!("{why}, but the header that {other} signs in is there"),
                format!("Check it as such: webhooks verify {other} --request FILE"),
            )
        }
        None => Finding::new(why, examined.provider.advice().unsigned),
    }
}

/// The header is there, and no other spelling of it makes the signature hold.
pub(super) fn malformed(examined: &Examined<'_>, name: &str, problem: &str) -> Finding {
    let value = examined.delivery().headers.get(name).unwrap_or_default();
    let why = match value.trim() {
        "" => format!("the header {name} is empty"),
        _ => format!(
            "the header {name} is malformed: {problem}{}",
            digest::note(value)
        ),
    };
    let void = examined.provider.advice().void;
    let void = void.filter(|(name, _)| elements(value).any(|element| element.0 == *name));
    let note = void.map(|(name, what)| format!(" Its {name} is {what} and never counts."));
    let note = note.unwrap_or_default();
    let step = format!(
        "{}{note} It was also tried trimmed, with its prefix, and decoded from hexadecimal, base64 \
         and percent-encoding, without a match: secret or body may be wrong, too.",
        form_step(examined.provider)
    );
    Finding::new(why, step)
}

/// The weaker signature that is sent beside the one that counts is right, and that one is not.
pub(super) fn only_legacy_holds(examined: &Examined<'_>) -> Option<Finding> {
    let legacy = examined.provider.advice().legacy.as_ref()?;
    let (delivery, secrets) = (examined.delivery(), &examined.captured.secrets);
    verification::verify(&legacy.scheme, delivery, secrets, examined.now).ok()?;
    let name = legacy.name;
    let header = examined.signature_header()?;
    Some(Finding::new(
        format!(
            "no secret gives this signature, but the legacy {name} one is right, so that secret and \
             body are: {header} was changed on its way"
        ),
        format!("Find what changes that header. The {name} one never counts."),
    ))
}

fn carries_signature(examined: &Examined<'_>, provider: &dyn Provider) -> bool {
    let shape = check_shape(provider, examined.delivery(), examined.now);
    !matches!(shape, Err(Rejection::MissingHeader(_)))
}

/// The header is there, under the name that CGI, WSGI and the like give it.
fn renamed(examined: &Examined<'_>, name: &str) -> Option<Finding> {
    let plain = |name: &str| {
        let name = name.to_ascii_lowercase().replace('_', "-");
        name.strip_prefix("http-")
            .map(str::to_owned)
            .unwrap_or(name)
    };
    let headers = &examined.delivery().headers;
    if headers.get(name).is_some() {
        return None;
    }
    let (found, _) = headers
        .iter()
        .find(|(found, _)| plain(found) == plain(name))?;
    let holds = examined.holds_with(|delivery| {
        delivery.headers = headers
            .iter()
            .map(|(name, value)| (plain(name), value))
            .collect();
    });
    holds.then(|| {
        Finding::new(
            format!("the header {name} is missing, but it is right under the name {found}"),
            "Write every header under the name that it had in the request.",
        )
    })
}

fn respelled(examined: &Examined<'_>, name: &str) -> Option<Finding> {
    let value = examined.delivery().headers.get(name)?;
    let (what, _) = digest::spellings(value).into_iter().find(|(_, spelling)| {
        spelling != value && examined.holds_with(|delivery| delivery.headers.set(name, spelling))
    })?;
    Some(Finding::new(
        format!("the signature is right, but the header {name} {what}"),
        format!("{} Pass it on as it came.", form_step(examined.provider)),
    ))
}

/// The digest is right as far as it goes, but it is not all there.
fn truncated(examined: &Examined<'_>, name: &str) -> Option<Finding> {
    let value = examined.delivery().headers.get(name)?;
    let time = digest::signed_time(value).and_then(|time| time.parse().ok());
    let now = time.map_or(examined.now, Timestamp::from_seconds);
    let (there, whole) = examined.captured.secrets.iter().find_map(|secret| {
        let mut signed = examined.delivery().clone();
        examined.provider.sign(&mut signed, secret, now).ok()?;
        let (_, whole) = elements(signed.headers.get(name)?).last()?;
        let mut digests = elements(value).map(|(_, digest)| digest);
        let begins = |digest: &&str| {
            (RECOGNISABLE..whole.len()).contains(&digest.len()) && whole.starts_with(*digest)
        };
        digests
            .find(begins)
            .map(|digest| (digest.len(), whole.len()))
    })?;
    Some(Finding::new(
        format!("the header {name} is cut off: {there} characters of {whole}, and they are right"),
        "Find what shortens it: a column, a log line or a header limit on its way.",
    ))
}

/// The digest is of another algorithm, and the header that says of which was lost or changed.
fn with_another_algorithm(examined: &Examined<'_>) -> Option<Finding> {
    let chooser = examined.provider.advice().chooser.as_ref()?;
    let header = chooser.header;
    let holds =
        |value: &'static str| examined.holds_with(|delivery| delivery.headers.set(header, value));
    let (_, algorithm) = chooser.values.iter().find(|(value, _)| holds(value))?;
    let problem = if examined.delivery().headers.get(header).is_some() {
        "names another algorithm"
    } else {
        "is missing"
    };
    Some(Finding::new(
        format!("the signature is right as {algorithm}, but the header {header} {problem}"),
        chooser.step,
    ))
}

/// A sentence that says how the header should look.
fn form_step(provider: &dyn Explained) -> String {
    format!("It should be {}.", provider.form())
}
