//! The evidence that an old secret is not needed any more: what has signed the events of a source.

use std::future::Future;
use std::time::Duration;

use webhooks::ledger::{Listing, Signer};
use webhooks::origin::Origin;
use webhooks::secret_line::SecretLine;
use webhooks::timestamp::Timestamp;

use crate::connect::Registration;
use crate::failure::Failure;
use crate::stack::SecretVersion;

/// The result of a look at the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing but the new secret has signed for long enough.
    Proven,
    /// This speaks against it.
    NotYet(String),
}

/// Most events that are looked through for one that the new secret has signed.
const LOOKED_THROUGH: usize = 1000;

/// Judges by what the secrets of a source have signed. Where the old secret is that of another endpoint, each
/// event is also sent by the new one: then it does not matter that the old one signs.
pub(super) async fn judge<F>(
    versions: &[SecretVersion],
    quiet: Duration,
    doubled: bool,
    now: Timestamp,
    signers: impl Fn(Timestamp, usize) -> F,
) -> Result<Verdict, Failure>
where
    F: Future<Output = Result<Vec<Signer>, Failure>>,
{
    let Some(begun) = begun(versions) else {
        return Ok(Verdict::NotYet(
            "SSM has no history of the secret".to_owned(),
        ));
    };
    if begun.age(now) < quiet {
        return Ok(Verdict::NotYet(format!(
            "the new secret is there since {begun}, and not for {} yet",
            humantime::format_duration(quiet)
        )));
    }
    let recent = signers(earlier(now, quiet), usize::MAX).await?;
    let is_old = |signer: &&Signer| {
        signer.origin == Origin::Delivered && !signer.by.is_some_and(|by| is_new(versions, by))
    };
    let last_old = recent
        .iter()
        .filter(is_old)
        .max_by_key(|signer| signer.received_at);
    if let Some(old) = last_old.filter(|_| !doubled) {
        let who = if old.by.is_some() {
            "the old secret has signed"
        } else {
            "it is not known which secret has signed"
        };
        return Ok(Verdict::NotYet(format!(
            "{who} what was received at {}",
            old.received_at
        )));
    }
    let by_new = |signers: &[Signer]| {
        let mut by = signers.iter().filter_map(|signer| signer.by);
        by.any(|by| is_new(versions, by))
    };
    if by_new(&recent) || by_new(&signers(begun, LOOKED_THROUGH).await?) {
        return Ok(Verdict::Proven);
    }
    Ok(Verdict::NotYet(
        "nothing has arrived that the new secret has signed".to_owned(),
    ))
}

/// The time since when the current secret is the first.
fn begun(versions: &[SecretVersion]) -> Option<Timestamp> {
    let current = versions.last()?.secrets.first()?;
    let since = versions
        .iter()
        .rev()
        .take_while(|version| version.secrets.first() == Some(current));
    since.last().map(|version| version.at)
}

/// True if the secret at a place is the current one.
fn is_new(versions: &[SecretVersion], place: SecretLine) -> bool {
    let current = versions.last().and_then(|version| version.secrets.first());
    let version = versions
        .iter()
        .find(|version| version.number == place.version);
    let line = place.line.checked_sub(1);
    let found = version
        .zip(line)
        .and_then(|(version, line)| version.secrets.get(line));
    found.is_some() && found == current
}

fn earlier(now: Timestamp, duration: Duration) -> Timestamp {
    let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_millis(now.millis().saturating_sub(millis))
}

impl Registration {
    /// The signers of what was received since then.
    pub(super) async fn signers(
        &self,
        since: Timestamp,
        limit: usize,
    ) -> Result<Vec<Signer>, Failure> {
        let listing = Listing {
            provider: self.provider.to_owned(),
            source: self.source.clone(),
            kind: None,
            status: None,
            since,
            until: Timestamp::now(),
            limit,
        };
        let signers = self.ledger.signers(&listing).await;
        signers.map_err(|error| Failure::new("the ledger", error))
    }
}

#[cfg(test)]
mod tests {
    use webhooks::secret::Secret;

    use super::*;

    const QUIET: Duration = Duration::from_secs(86_400);
    const HOUR: i64 = 3600;
    const NOW: Timestamp = Timestamp::from_seconds(1_767_225_600);

    fn ago(hours: i64) -> Timestamp {
        Timestamp::from_seconds(NOW.seconds() - hours * HOUR)
    }

    fn version(number: i64, hours: i64, secrets: &str) -> SecretVersion {
        SecretVersion {
            number,
            at: ago(hours),
            secrets: Secret::lines(secrets),
        }
    }

    fn signer(hours: i64, by: &str) -> Signer {
        Signer {
            received_at: ago(hours),
            by: by.parse().ok(),
            origin: Origin::Delivered,
        }
    }

    /// Judges 30 hours after the rotation.
    async fn judged(signed: &[Signer], doubled: bool) -> Verdict {
        let versions = [
            version(1, 900, "old"),
            version(2, 30, "new\nold"),
            // Somebody has tidied up by hand.
            version(3, 26, "new\n\nold"),
        ];
        let signers = |since: Timestamp, _: usize| {
            let found = signed.iter().filter(|signer| signer.received_at >= since);
            let found = found.copied().collect();
            async { Ok(found) }
        };
        let judged = judge(&versions, QUIET, doubled, NOW, signers).await;
        judged.expect("it answers")
    }

    #[tokio::test]
    async fn drops_the_old_secret_only_by_evidence() {
        for (signed, doubled, proven) in [
            // Each place by its own version: line 1 was the old one's at first.
            (vec![signer(1, "3.1"), signer(25, "2.2")], false, true),
            (vec![signer(1, "3.1"), signer(2, "2.1")], false, true),
            (vec![signer(1, "3.1"), signer(2, "1.1")], false, false),
            (vec![signer(1, "3.1"), signer(23, "3.2")], false, false),
            (vec![signer(1, "3.2")], true, false),
            (vec![signer(1, "3.2"), signer(2, "3.1")], true, true),
            // Nothing today, and something since the rotation.
            (vec![signer(28, "2.1")], false, true),
            (vec![signer(28, "2.2")], false, false),
            (vec![], false, false),
            // What does not say it speaks against it.
            (vec![signer(1, "3.1"), signer(2, "")], false, false),
            (vec![signer(1, "3.1"), signer(2, "9.1")], false, false),
        ] {
            let verdict = judged(&signed, doubled).await;
            assert_eq!(
                verdict == Verdict::Proven,
                proven,
                "{signed:?}: {verdict:?}"
            );
        }
        let mut fetched = signer(2, "");
        fetched.origin = Origin::Reconciled { as_sent: true };
        let verdict = judged(&[signer(1, "3.1"), fetched], false).await;
        assert_eq!(verdict, Verdict::Proven);
    }

    #[tokio::test]
    async fn waits_for_the_time_since_the_rotation() {
        let versions = [version(1, 900, "old"), version(2, 23, "new\nold")];
        let nothing = |_: Timestamp, _: usize| async { Ok(Vec::new()) };
        let verdict = judge(&versions, QUIET, false, NOW, nothing).await;
        assert!(matches!(verdict, Ok(Verdict::NotYet(_))));
    }
}
