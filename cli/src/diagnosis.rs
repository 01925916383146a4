//! Finds why a signature does not hold: one thing about the request is changed at a time, until it does.
//!
//! No finding has a secret, a signature or a value of the request in it, but for the names of
//! hosts and path segments. Nothing here reads a clock.

mod body;
mod digest;
mod form;
mod header;
mod json;
mod part;
mod percent;
mod query;
mod secret;
mod url;

use webhooks::delivery::{Delivery, Headers};
use webhooks::provider::Explained;
use webhooks::rejection::Rejection;
use webhooks::scheme::Scheme;
use webhooks::secret::Secret;
use webhooks::timestamp::Timestamp;
use webhooks::verify::verify;

use crate::captured_request::CapturedRequest;

/// A reason why a signature does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The reason, in words.
    pub why: String,
    /// The next step to take.
    pub step: String,
}

impl Finding {
    pub(crate) fn new(why: impl Into<String>, step: impl Into<String>) -> Self {
        let (why, step) = (why.into(), step.into());
        Self { why, step }
    }
}

/// Past this many seconds (in the year 5138) a Unix time is one in milliseconds.
const SURELY_MILLISECONDS: i64 = 100_000_000_000;

/// The reason for a rejection: the first change that makes the signature hold, or, where none
/// does, what the rejection says and what was tried.
pub fn diagnose(
    provider: &dyn Explained,
    captured: &CapturedRequest,
    now: Timestamp,
    rejection: Rejection,
) -> Finding {
    let examined = |now| Examined {
        provider,
        captured,
        now,
    };
    let Rejection::TimestampOutOfTolerance { skew_seconds } = rejection else {
        return examined(now).explain(&rejection);
    };
    let signed_at = Timestamp::from_seconds(now.seconds().saturating_sub(skew_seconds));
    let examined = examined(signed_at);
    let keys = captured.keys(provider, &captured.delivery, &captured.secrets);
    match verify(provider, &captured.delivery, keys, signed_at) {
        Ok(_) => Finding::new(
            format!("the signature is right, but {}", off_by(skew_seconds)),
            clock_step(captured, now, signed_at),
        ),
        Err(rejection) => {
            let Finding { why, step } = examined.explain(&rejection);
            Finding::new(format!("{why}; besides, {}", off_by(skew_seconds)), step)
        }
    }
}

fn off_by(skew_seconds: i64) -> String {
    let seconds = skew_seconds.unsigned_abs();
    let direction = if skew_seconds > 0 { "before" } else { "after" };
    format!(
        "the clock is off by {seconds} s: the request was signed that long {direction} the time of \
         the check"
    )
}

fn clock_step(captured: &CapturedRequest, now: Timestamp, signed_at: Timestamp) -> &'static str {
    let milliseconds = |moment: Timestamp| moment.seconds() >= SURELY_MILLISECONDS;
    match captured.now {
        _ if milliseconds(signed_at) => "The signed timestamp is in milliseconds; sign seconds.",
        Some(_) if milliseconds(now) => "The field now is in milliseconds; write Unix seconds.",
        None => {
            "The file has no field now, so this machine's clock counted: add now, the Unix seconds \
             at which the request arrived. If that is this moment, set this machine's clock."
        }
        Some(_) => {
            "If now is when the request arrived, set the receiver's clock (NTP), or find what holds \
             requests back on their way. A stored request must be checked with the time of its \
             arrival; one sent again by hand must be signed again."
        }
    }
}

/// A request and the means to check changed forms of it.
#[derive(Clone, Copy)]
struct Examined<'a> {
    provider: &'a dyn Explained,
    captured: &'a CapturedRequest,
    now: Timestamp,
}

impl<'a> Examined<'a> {
    fn delivery(&self) -> &'a Delivery {
        &self.captured.delivery
    }

    fn holds(&self, delivery: &Delivery, secrets: &[Secret]) -> bool {
        let keys = self.captured.keys(self.provider, delivery, secrets);
        verify(self.provider, delivery, keys, self.now).is_ok()
    }

    /// True if the signature holds once the request is changed.
    fn holds_with(&self, change: impl FnOnce(&mut Delivery)) -> bool {
        let mut delivery = self.delivery().clone();
        change(&mut delivery);
        self.holds(&delivery, &self.captured.secrets)
    }

    fn holds_with_body(&self, body: &[u8]) -> bool {
        self.holds_with(|delivery| delivery.body = body.to_vec())
    }

    /// The name of the header in which the provider signs: the one that is there, where it may be one
    /// of several.
    fn signature_header(&self) -> Option<String> {
        let schemes = self.provider.schemes();
        let is_there =
            |scheme: &&Scheme| self.delivery().headers.get(scheme.place.name()).is_some();
        let scheme = schemes.iter().find(is_there).or(schemes.first());
        if let Some(scheme) = scheme {
            return Some(scheme.place.name().to_owned());
        }
        let mut delivery = self.delivery().clone();
        delivery.headers = Headers::default();
        let secret = self.captured.secrets.first()?;
        self.provider.sign(&mut delivery, secret, self.now).ok()?;
        let (name, _) = delivery.headers.iter().next()?;
        Some(name.to_owned())
    }

    fn explain(&self, rejection: &Rejection) -> Finding {
        header::repaired(self)
            .or_else(|| secret::mishandled(self))
            .or_else(|| body::rewritten(self))
            .or_else(|| url::other(self))
            .unwrap_or_else(|| self.unexplained(rejection))
    }

    fn unexplained(&self, rejection: &Rejection) -> Finding {
        match rejection {
            Rejection::MissingHeader(name) => header::missing(self, name),
            Rejection::MalformedHeader { header, problem } => {
                header::malformed(self, header, problem)
            }
            Rejection::BodyNotCovered => Finding::new(
                "nothing that is signed covers the body: it is not what this provider signs, or the URL \
                 has no hash of it",
                "Give the body, the URL with its whole query, and the Content-Type as they were sent.",
            ),
            Rejection::TooManyParameters => Finding::new(
                "the form has more parameters than the provider ever sends",
                "Whoever sent it is not the provider.",
            ),
            Rejection::BodyHashMismatch => Finding::new(
                "the signed URL is right, but the body is not the one whose hash is in it",
                format!("{}{}", self.hints(), body::RAW),
            ),
            Rejection::SplitAnew(other) => Finding::new(
                format!("the signature is right, but for {other} whose text was cut anew"),
                "Whoever sent it is not the provider; or the method, the Content-Type or the query \
                 is not as it was sent.",
            ),
            Rejection::UnknownKey => Finding::new(
                "the key that it names is not one that the provider publishes now",
                "Give the text that is published there under fetch. If that has ended meanwhile, set now \
                 to the Unix seconds at which the request arrived.",
            ),
            Rejection::TimestampOutOfTolerance { .. } | Rejection::Mismatch => self.mismatch(),
        }
    }

    fn mismatch(&self) -> Finding {
        if let Some(finding) = header::only_legacy_holds(self) {
            return finding;
        }
        let why = if body::looks_rewritten(self) {
            "no secret gives this signature, and the body looks re-serialised: the provider indents \
                 its events, and this one has no line break"
        } else {
            "no secret gives this signature"
        };
        let url = if self.provider.profile().covers.has_url() {
            ", and the URL with other schemes, hosts, stages, slashes and queries"
        } else {
            ""
        };
        let step = format!(
            "{}Tried as well, without a match: the secrets trimmed, unquoted and decoded; the body \
             with other line ends, white space, escapes and encodings{url}. Likeliest: the secret \
             is another endpoint's{}, or the body was changed after it was signed. {}",
            self.hints(),
            self.provider.advice().confusions,
            body::RAW
        );
        Finding::new(why, step)
    }

    /// Hints at what is odd about the request, though it proves nothing.
    fn hints(&self) -> String {
        let hints = body::hints(self).chain(secret::hints(self));
        hints.map(|hint| format!("{hint} ")).collect()
    }
}
