//! The signature header: missing, written in another way, or cut off.

use webhooks::provider::{ALL, Provider};
use webhooks::secret::Secret;
use webhooks::signature::{Hash, from_hex, sign};
use webhooks::timestamp::Timestamp;
use webhooks::verify::{Rejection, check_shape};

use super::digest::{self, elements};
use super::{Examined, Finding};

/// GitHub's SHA-1 header. Whether it is there and right tells what happened; it is never a reason
/// to accept anything.
const LEGACY: &str = "X-Hub-Signature";
/// Names the hash that a Twilio SharedKey signs with.
const SETTINGS: &str = "X-Twilio-Webhooks-Signature-Settings";
/// A shorter piece of text is not taken for the beginning of a digest.
const RECOGNISABLE: usize = 8;

/// The signature holds once the header is written as the provider writes it.
pub(super) fn repaired(examined: &Examined<'_>) -> Option<Finding> {
    let name = examined.signature_header()?;
    renamed(examined, &name)
        .or_else(|| respelled(examined, &name))
        .or_else(|| truncated(examined, &name))
        .or_else(|| with_settings(examined))
}

/// The header is not there, and nothing in its place makes the signature hold.
pub(super) fn missing(examined: &Examined<'_>, name: &str) -> Finding {
    let why = format!("the header {name} is missing");
    let headers = &examined.delivery().headers;
    if examined.provider.name() == "github" && headers.get(LEGACY).is_some() {
        return Finding::new(
            format!("{why}: only the legacy SHA-1 header {LEGACY} is there, which does not count"),
            "A proxy drops the newer header, or the sender is not GitHub or is a very old \
             Enterprise Server. Let both headers through.",
        );
    }
    match ALL
        .iter()
        .find(|other| carries_signature(examined, **other))
    {
        Some(other) => Finding::new(
            format!(
                "{why}, but the header that {} signs in is there",
                other.name()
            ),
            format!(
                "Check it as such: webhooks verify {} --request FILE",
                other.name()
            ),
        ),
        None => Finding::new(why, unsigned_step(examined.provider)),
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
    let downgraded = examined.provider.name() == "stripe" && elements(value).any(|e| e.0 == "v0=");
    let note = match downgraded {
        true => " Its v0= is a test scheme without security and never counts.",
        false => "",
    };
    let step = format!(
        "{}{note} It was also tried trimmed, with its prefix, and decoded from hexadecimal, base64 \
         and percent-encoding, without a match: secret or body may be wrong, too.",
        form_step(examined.provider)
    );
    Finding::new(why, step)
}

/// The SHA-1 header that GitHub sends beside the one that counts is right, and that one is not.
pub(super) fn only_legacy_holds(examined: &Examined<'_>) -> Option<Finding> {
    if examined.provider.name() != "github" {
        return None;
    }
    let text = examined
        .delivery()
        .headers
        .get(LEGACY)?
        .strip_prefix("sha1=")?;
    let digest = from_hex(Hash::Sha1, text)?;
    let signs =
        |secret: &Secret| sign(Hash::Sha1, secret.bytes(), &[&examined.delivery().body]) == digest;
    examined.captured.secrets.iter().any(signs).then(|| {
        Finding::new(
            "no secret gives this signature, but the legacy SHA-1 one is right, so that secret and \
             body are: X-Hub-Signature-256 was changed on its way",
            "Find what changes that header. The SHA-1 one never counts.",
        )
    })
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

/// What there is of the digest is right, but it is not all there.
fn truncated(examined: &Examined<'_>, name: &str) -> Option<Finding> {
    let value = examined.delivery().headers.get(name)?;
    let time = digest::signed_time(value).and_then(|time| time.parse().ok());
    let now = time.map_or(examined.now, Timestamp::from_seconds);
    let (there, whole) = examined.captured.secrets.iter().find_map(|secret| {
        let mut signed = examined.delivery().clone();
        examined.provider.sign(&mut signed, secret, now);
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

/// The digest is one of a Twilio SharedKey, and the header that says which was lost or changed.
fn with_settings(examined: &Examined<'_>) -> Option<Finding> {
    if examined.provider.name() != "twilio" {
        return None;
    }
    let holds = |hash: &&str| {
        let settings = format!("algorithm={hash}");
        examined.holds_with(|delivery| delivery.headers.set(SETTINGS, settings))
    };
    let hash = ["HMAC_SHA256", "HMAC_SHA1"]
        .into_iter()
        .find(|hash| holds(hash))?;
    let problem = match examined.delivery().headers.get(SETTINGS) {
        Some(_) => "names another algorithm",
        None => "is missing",
    };
    Some(Finding::new(
        format!("the signature is right as {hash}, but the header {SETTINGS} {problem}"),
        "Pass that header on as Twilio sends it: a SharedKey's signature comes with it.",
    ))
}

fn unsigned_step(provider: &dyn Provider) -> &'static str {
    match provider.name() {
        "github" => {
            "GitHub signs only when the webhook has a secret: enter one in its settings. If it has \
             one, a proxy dropped the header, or the request is not from GitHub."
        }
        _ => {
            "Every request of this provider is signed: the capture or a proxy dropped the header, \
             or the request is from somebody else."
        }
    }
}

/// How the header should look.
fn form_step(provider: &dyn Provider) -> &'static str {
    match provider.name() {
        "github" => "It should be sha256= and 64 hexadecimal digits.",
        "stripe" => "It should be t=, Unix seconds, and ,v1= with 64 hexadecimal digits.",
        "twilio" => "It should be base64 with padding: 28 characters, or 44 with HMAC_SHA256.",
        _ => "It should be as the provider's documentation describes it.",
    }
}
