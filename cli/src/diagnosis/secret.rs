//! The secret: stored with something around it, or decoded where it should not be.

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use webhooks::provider::Provider;
use webhooks::secret::Secret;
use webhooks::signature::sha256;

use super::{Finding, Trial, header};

const PREFIX: &str = "whsec_";
/// How GitHub's access tokens begin.
const TOKENS: &[&str] = &["ghp_", "gho_", "ghu_", "ghs_", "github_pat_"];
/// The length of Twilio's identifiers.
const SID_LENGTH: usize = 34;
/// HMAC's block, for SHA-256.
const BLOCK: usize = 64;
const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(DecodePaddingMode::Indifferent);

/// Another reading of a configured secret.
struct Reading {
    /// How the sender's key differs from the secret as it is configured.
    what: &'static str,
    step: &'static str,
    key: Vec<u8>,
}

/// The signature holds with another reading of a configured secret.
pub(super) fn mishandled(trial: &Trial<'_>) -> Option<Finding> {
    let numbered = trial.case.secrets.iter().zip(1..);
    numbered
        .flat_map(|(secret, number)| {
            readings(secret)
                .into_iter()
                .map(move |reading| (number, reading))
        })
        .find(|(_, reading)| signs(trial, &reading.key))
        .map(|(number, Reading { what, step, .. })| {
            Finding::new(
                format!("the signature is right for secret {number} {what}"),
                step,
            )
        })
}

const STORE_BARE: &str = "Store the secret alone, without anything around it: no newline (printf, \
    not echo), no blank, no quotes.";
const STORE_WHOLE: &str = "Store the secret as the provider shows it, whole and not encoded in any \
    way.";
const SIGN_WHOLE: &str = "The key is the whole text of the secret, as it is shown: it is never \
    decoded, and whsec_ is part of it. Let the sender (a test script?) sign with that.";
const SENDER_BARE: &str = "Enter the secret at the sender anew, without a newline or blank at its \
    end.";

fn readings(secret: &Secret) -> Vec<Reading> {
    let text = String::from_utf8_lossy(secret.bytes());
    let text = text.as_ref();
    let bare = text.trim();
    let unquoted = bare.trim_matches(['"', '\'', '`']);
    let value = bare.split_once('=').map_or("", |(_, value)| value.trim());
    let tail = bare.strip_prefix(PREFIX);
    let mut readings = Vec::new();
    let mut add = |what, step, key: &[u8]| {
        if key != text.as_bytes() && !key.trim_ascii().is_empty() {
            readings.push(Reading {
                what,
                step,
                key: key.to_vec(),
            });
        }
    };
    add(
        "without the newline at its end",
        STORE_BARE,
        text.trim_end_matches(['\r', '\n']).as_bytes(),
    );
    add(
        "without the white space around it",
        STORE_BARE,
        bare.as_bytes(),
    );
    for line in text.lines().filter(|_| bare.contains('\n')) {
        let step = "Several lines are several secrets: give each as one.";
        add(
            "when only one of its lines is taken",
            step,
            line.trim().as_bytes(),
        );
    }
    add(
        "without the quotes around it",
        STORE_BARE,
        unquoted.as_bytes(),
    );
    add(
        "without the name and = before it",
        STORE_BARE,
        value.trim_matches(['"', '\'']).as_bytes(),
    );
    for end in ["\n", "\r\n", " "] {
        add(
            "with white space after it",
            SENDER_BARE,
            format!("{bare}{end}").as_bytes(),
        );
    }
    match tail {
        Some(tail) => add("without its whsec_", SIGN_WHOLE, tail.as_bytes()),
        None => add(
            "with whsec_ before it",
            STORE_WHOLE,
            format!("{PREFIX}{bare}").as_bytes(),
        ),
    }
    for decoded in decoded(bare) {
        add("when it is base64-decoded", STORE_WHOLE, &decoded);
        add(
            "when it is base64-decoded",
            STORE_WHOLE,
            decoded.trim_ascii(),
        );
    }
    for decoded in tail.map(decoded).unwrap_or_default() {
        add(
            "when it is base64-decoded after its whsec_",
            SIGN_WHOLE,
            &decoded,
        );
    }
    add(
        "when it is base64-encoded",
        SENDER_ENCODED,
        STANDARD.encode(text).as_bytes(),
    );
    readings
}

const SENDER_ENCODED: &str = "The sender was given the secret in base64, or encodes it; enter the \
    same text on both sides.";

/// What a text is in base64, standard or URL-safe, with padding or without.
fn decoded(text: &str) -> Vec<Vec<u8>> {
    [alphabet::STANDARD, alphabet::URL_SAFE]
        .iter()
        .filter_map(|alphabet| GeneralPurpose::new(alphabet, LENIENT).decode(text).ok())
        .collect()
}

fn signs(trial: &Trial<'_>, key: &[u8]) -> bool {
    match std::str::from_utf8(key).map(Secret::new) {
        Ok(Ok(secret)) => trial.holds(trial.delivery(), &[secret]),
        Ok(Err(_)) => false,
        Err(_) => signs_binary(trial, key).unwrap_or(false),
    }
}

/// A key that is not text is no secret of the library's, so that its HMAC is made here, for the
/// providers whose signed bytes are plain.
fn signs_binary(trial: &Trial<'_>, key: &[u8]) -> Option<bool> {
    let name = trial.signature_header()?;
    let value = trial.delivery().headers.get(&name)?;
    let body = trial.delivery().body.as_slice();
    let message = match trial.provider.name() {
        "github" => body.to_vec(),
        "stripe" => [header::signed_time(value)?.as_bytes(), b".", body].concat(),
        _ => return None,
    };
    let digest = header::hexadecimal(&hmac_sha256(key, &message));
    Some(
        value
            .split([',', '='])
            .any(|text| text.eq_ignore_ascii_case(&digest)),
    )
}

fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    let hashed;
    let key = match key.len() > BLOCK {
        true => {
            hashed = sha256(key);
            hashed.as_slice()
        }
        false => key,
    };
    let pad = |mask: u8| {
        let mut block = [mask; BLOCK];
        for (byte, key) in block.iter_mut().zip(key) {
            *byte ^= key;
        }
        block
    };
    let inner = sha256(&[pad(0x36).as_slice(), message].concat());
    sha256(&[pad(0x5c).as_slice(), inner.as_slice()].concat())
}

/// Which other secrets of the provider are easily taken for this one.
pub(super) fn confusions(provider: &dyn Provider) -> &'static str {
    match provider.name() {
        "stripe" => " (each endpoint, test mode and the Stripe CLI have their own)",
        "github" => " (each webhook and each GitHub App has its own)",
        "twilio" => " (each account and subaccount has its own Auth Token)",
        _ => "",
    }
}

/// Secrets that look like something else. Says what they look like, and nothing of what they are.
pub(super) fn hints(trial: &Trial<'_>) -> impl Iterator<Item = String> {
    let provider = trial.provider.name();
    let numbered = trial.case.secrets.iter().zip(1..);
    numbered.filter_map(move |(secret, number)| {
        let looks_like = |prefixes: &[&str]| {
            prefixes
                .iter()
                .any(|prefix| secret.bytes().starts_with(prefix.as_bytes()))
        };
        let sid = secret.bytes().len() == SID_LENGTH;
        let what = match provider {
            "stripe" if looks_like(&["sk_", "rk_", "pk_"]) => "looks like an API key",
            "stripe" if looks_like(&["we_"]) => "looks like an endpoint's id",
            "stripe" if !looks_like(&[PREFIX]) => "does not begin with whsec_, as Stripe's do",
            "github" if looks_like(TOKENS) => "looks like an access token",
            "github" if looks_like(&["-----BEGIN"]) => "looks like a private key",
            "twilio" if sid && looks_like(&["AC"]) => "looks like an account SID",
            "twilio" if sid && looks_like(&["SK"]) => "looks like an API key's SID",
            _ => return None,
        };
        Some(format!("Secret {number} {what}."))
    })
}
