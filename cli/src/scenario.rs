//! A scenario: deliveries as providers and forgers send them, and what is promised of each.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::json;
use webhooks::delivery::Delivery;
use webhooks::event::EventKey;
use webhooks::ledger::Status;
use webhooks::provider::Provider;
use webhooks::secret::Secret;
use webhooks::timestamp::Timestamp;

use crate::failure::Failure;
use crate::fixture::Fixture;
use crate::local::Local;
use crate::probe::Probe;
use crate::project::Project;
use crate::send::{Answered, find_provider, local_url, post_copies, tamper};
use crate::stack::development_secret;

/// How a delivery is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Signed, once.
    Genuine,
    /// The same delivery as the step before, once more.
    Again,
    /// So many copies at the same moment.
    AtOnce(u16),
    /// Changed after it was signed.
    Forged,
    /// Signed ten minutes ago.
    Stale,
    /// Signed, to a source that is not registered.
    UnknownSource,
}

/// One step: what is sent, and what is promised.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    pub(crate) provider: &'static str,
    pub(crate) event: &'static str,
    pub(crate) how: How,
    /// Each answer's status, and how often it comes.
    answers: &'static [(u16, usize)],
    /// How the event ends, if it is recorded.
    ends: Option<Status>,
    /// The effect's name and the times it happens.
    pub(crate) effect: (&'static str, usize),
}

const fn step(
    (provider, event, how): (&'static str, &'static str, How),
    answers: &'static [(u16, usize)],
    ends: Option<Status>,
    effect: (&'static str, usize),
) -> Step {
    Step {
        provider,
        event,
        how,
        answers,
        ends,
        effect,
    }
}

const DONE: Option<Status> = Some(Status::Done);
const NOTHING: (&str, usize) = ("none", 0);

/// The demonstration.
pub const STEPS: [Step; 15] = [
    step(
        ("github", "push", How::Genuine),
        &[(202, 1)],
        DONE,
        ("on the bus", 1),
    ),
    step(
        ("github", "push", How::Again),
        &[(200, 1)],
        DONE,
        ("on the bus", 1),
    ),
    step(
        ("github", "push", How::AtOnce(10)),
        &[(202, 1), (200, 9)],
        DONE,
        ("on the bus", 1),
    ),
    step(("github", "push", How::Forged), &[(401, 1)], None, NOTHING),
    step(
        ("github", "push-form", How::Genuine),
        &[(202, 1)],
        DONE,
        ("on the bus", 1),
    ),
    step(
        ("github", "pull_request", How::Genuine),
        &[(202, 1)],
        DONE,
        ("on the bus", 1),
    ),
    step(("github", "ping", How::Genuine), &[(200, 1)], None, NOTHING),
    step(
        ("stripe", "charge.succeeded", How::Genuine),
        &[(202, 1)],
        DONE,
        ("payment", 1),
    ),
    step(
        ("stripe", "charge.succeeded", How::Stale),
        &[(401, 1)],
        None,
        NOTHING,
    ),
    step(
        ("stripe", "thin", How::AtOnce(10)),
        &[(202, 1), (200, 9)],
        DONE,
        ("on the bus", 1),
    ),
    step(
        ("stripe", "connect", How::UnknownSource),
        &[(401, 1)],
        None,
        NOTHING,
    ),
    step(
        ("twilio", "message", How::Genuine),
        &[(200, 1)],
        DONE,
        ("notification", 1),
    ),
    step(
        ("twilio", "message", How::Again),
        &[(200, 1)],
        DONE,
        ("notification", 1),
    ),
    step(
        ("twilio", "message-get", How::Genuine),
        &[(200, 1)],
        DONE,
        ("notification", 1),
    ),
    step(("twilio", "json", How::Forged), &[(401, 1)], None, NOTHING),
];

/// What became of a step.
#[derive(Clone, Debug)]
pub struct Report {
    pub(crate) step: Step,
    key: EventKey,
    pub(crate) answered: Vec<Answered>,
    pub(crate) status: Option<Status>,
    pub(crate) effects: usize,
}

/// Sends every step, then waits until all events have ended and had their effects.
///
/// # Errors
/// [`Failure`] when something does not answer.
pub async fn play(
    project: &Project,
    local: &Local,
    time_limit: Duration,
) -> Result<Vec<Report>, Failure> {
    let mut probe = Probe::place(&local.stack).await?;
    let both = json!({"methods": ["POST", "GET"]}).to_string();
    local.stack.put_settings("twilio", "default", &both).await?;
    let mut reports: Vec<Report> = Vec::new();
    let mut last: BTreeMap<&str, (Delivery, EventKey)> = BTreeMap::new();
    for step in STEPS {
        let provider = find_provider(step.provider)?;
        let prepared = match (step.how, last.get(step.provider)) {
            (How::Again, Some(before)) => before.clone(),
            _ => prepare(project, local, provider, step)?,
        };
        let copies = if let How::AtOnce(copies) = step.how {
            copies
        } else {
            1
        };
        let answered = post_copies(&prepared.0, copies).await?;
        let key = prepared.1.clone();
        last.insert(step.provider, prepared);
        reports.push(Report {
            step,
            key,
            answered,
            status: None,
            effects: 0,
        });
    }
    let deadline = Instant::now() + time_limit;
    loop {
        for report in &mut reports {
            report.look(local, &mut probe).await?;
        }
        if reports.iter().all(Report::is_as_promised) {
            // Once more when nothing is under way: what is promised once must not come twice.
            local.quiet(deadline).await?;
            for report in &mut reports {
                report.look(local, &mut probe).await?;
            }
            return Ok(reports);
        }
        if Instant::now() > deadline {
            return Ok(reports);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The delivery of a step, and the key under which the ledger would have it.
fn prepare(
    project: &Project,
    local: &Local,
    provider: &dyn Provider,
    step: Step,
) -> Result<(Delivery, EventKey), Failure> {
    let secret = development_secret(provider.name());
    let secret = Secret::new(secret).map_err(|error| Failure::new("the secret", error))?;
    let source = if step.how == How::UnknownSource {
        "unregistered"
    } else {
        "default"
    };
    let age = if step.how == How::Stale { 600 } else { 0 };
    let now = Timestamp::from_seconds(Timestamp::now().seconds() - age);
    let mut fixture = Fixture::read(project, provider.name(), step.event)?;
    fixture.address(&local_url(&local.url(), provider.name(), source));
    let id = fixture.renew(provider, &secret, now)?;
    let mut delivery = fixture.delivery;
    let key = EventKey {
        provider: provider.name().to_owned(),
        source: source.to_owned(),
        id,
    };
    if step.how == How::Forged {
        tamper(&mut delivery);
    }
    Ok((delivery, key))
}

impl Report {
    async fn look(&mut self, local: &Local, probe: &mut Probe) -> Result<(), Failure> {
        let found = local.stack.ledger()?.find(&self.key).await;
        let item = found.map_err(|error| Failure::new("the ledger", error))?;
        self.status = item.map(|item| item.status);
        self.effects = probe.effects(&self.key.to_string()).await?;
        Ok(())
    }

    fn answers(&self) -> BTreeMap<u16, usize> {
        let mut answers = BTreeMap::new();
        for answered in &self.answered {
            *answers.entry(answered.status).or_default() += 1;
        }
        answers
    }

    /// Whether answers, status and effects are the promised ones.
    pub fn is_as_promised(&self) -> bool {
        self.answers() == self.step.answers.iter().copied().collect()
            && self.status == self.step.ends
            && self.effects == self.step.effect.1
    }
}
