//! A scenario: deliveries as providers and forgers send them, and what is promised of each.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::json;
use webhooks::delivery::Delivery;
use webhooks::event::EventKey;
use webhooks::ledger::Status;
use webhooks::provider::meaning::Meaning;
use webhooks::provider::profile::{Acknowledgement, Profile};
use webhooks::provider::{Explained, catalog};
use webhooks::secret::Secret;
use webhooks::timestamp::Timestamp;

use crate::failure::Failure;
use crate::fixture::Fixture;
use crate::local::Local;
use crate::probe::Probe;
use crate::project::Project;
use crate::send::{Answered, local_url, post_copies, tamper};
use crate::stack::development_secret;

/// The way in which a delivery is sent.
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
#[derive(Clone, Debug)]
pub struct Step {
    /// Whose delivery is sent.
    pub(crate) provider: &'static dyn Explained,
    /// The name of its file in `events/`, without the provider's.
    pub(crate) event: String,
    /// The way in which it is sent.
    pub(crate) how: How,
    /// Each answer's status, and how often it comes.
    answers: BTreeMap<u16, usize>,
    /// The status in which the event ends, with one effect, if it is recorded.
    ends: Option<Status>,
}

/// The demonstration: every delivery of every provider, and the first event of each sent in every way.
///
/// # Errors
/// [`Failure`] when a file in `events/` cannot be read.
pub fn steps(project: &Project) -> Result<Vec<Step>, Failure> {
    let mut steps = Vec::new();
    for provider in catalog::all() {
        let profile = provider.profile();
        let accepted = match profile.acknowledgement {
            Acknowledgement::Json => 202,
            Acknowledgement::Empty | Acknowledgement::Twiml => 200,
        };
        let mut is_first = true;
        for (event, meaning) in Fixture::every(project, provider)? {
            let recorded = matches!(meaning, Meaning::Event(_) | Meaning::Batch(_));
            let step = |how, answers: &[(u16, usize)], recorded: bool| {
                let mut counted = BTreeMap::new();
                for (status, times) in answers {
                    *counted.entry(*status).or_default() += times;
                }
                Step {
                    provider,
                    event: event.clone(),
                    how,
                    answers: counted,
                    ends: recorded.then_some(Status::Done),
                }
            };
            let status = if recorded { accepted } else { 200 };
            if !recorded || !std::mem::take(&mut is_first) {
                steps.push(step(How::Genuine, &[(status, 1)], recorded));
                continue;
            }
            steps.push(step(How::AtOnce(10), &[(accepted, 1), (200, 9)], true));
            steps.push(step(How::Again, &[(200, 1)], true));
            steps.push(step(How::Forged, &[(401, 1)], false));
            steps.push(step(How::UnknownSource, &[(401, 1)], false));
            if profile.tolerance.is_some() {
                steps.push(step(How::Stale, &[(401, 1)], false));
            }
        }
    }
    Ok(steps)
}

/// The result of a step.
#[derive(Clone, Debug)]
pub struct Report {
    pub(crate) step: Step,
    key: EventKey,
    pub(crate) answered: Vec<Answered>,
    pub(crate) status: Option<Status>,
    /// Where it had its effect, and how often.
    pub(crate) effects: BTreeMap<&'static str, usize>,
}

/// Sends every step, then waits until all events have ended and had their effects.
///
/// # Errors
/// [`Failure`] when something does not answer.
pub async fn play(
    project: &Project,
    local: &Local,
    steps: Vec<Step>,
    time_limit: Duration,
) -> Result<Vec<Report>, Failure> {
    let mut probe = Probe::place(&local.stack).await?;
    for provider in catalog::all() {
        take_every_method(local, provider.profile()).await?;
    }
    let mut reports: Vec<Report> = Vec::new();
    let mut last: Option<(Delivery, EventKey)> = None;
    for step in steps {
        let prepared = match (step.how, last) {
            (How::Again, Some(before)) => before,
            _ => prepare(project, local, &step)?,
        };
        let copies = if let How::AtOnce(copies) = step.how {
            copies
        } else {
            1
        };
        let answered = post_copies(&prepared.0, copies).await?;
        let key = prepared.1.clone();
        last = Some(prepared);
        reports.push(Report {
            step,
            key,
            answered,
            status: None,
            effects: BTreeMap::new(),
        });
    }
    let deadline = Instant::now() + time_limit;
    loop {
        for report in &mut reports {
            report.look(local, &mut probe).await?;
        }
        if reports.iter().all(Report::is_as_promised) {
            // Once more when nothing is under way: what is promised once must not come twice.
            local.stack.quiet(deadline).await?;
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

/// Lets the provider's source take deliveries by all its methods, and not the first alone.
async fn take_every_method(local: &Local, profile: &Profile) -> Result<(), Failure> {
    let methods: Vec<_> = profile
        .methods
        .iter()
        .map(|method| method.as_str())
        .collect();
    if methods.len() < 2 {
        return Ok(());
    }
    let settings = json!({ "methods": methods }).to_string();
    let put = local.stack.put_settings(profile.name, "default", &settings);
    put.await
}

/// The delivery of a step, and the key under which the ledger would have it.
fn prepare(project: &Project, local: &Local, step: &Step) -> Result<(Delivery, EventKey), Failure> {
    let name = step.provider.profile().name;
    let secret = development_secret(name);
    let secret = Secret::new(secret).map_err(|error| Failure::new("the secret", error))?;
    let source = if step.how == How::UnknownSource {
        "unregistered"
    } else {
        "default"
    };
    let age = if step.how == How::Stale { 600 } else { 0 };
    let now = Timestamp::from_seconds(Timestamp::now().seconds() - age);
    let mut fixture = Fixture::read(project, name, &step.event)?;
    fixture.address(&local_url(&local.url(), name, source));
    let id = fixture.renew(step.provider, &secret, now)?;
    let mut delivery = fixture.delivery;
    let key = EventKey {
        provider: name.to_owned(),
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
        self.status = item.map(|item| item.state.status);
        self.effects = probe.places(&self.key.to_string()).await?;
        Ok(())
    }

    fn answers(&self) -> BTreeMap<u16, usize> {
        let mut answers = BTreeMap::new();
        for answered in &self.answered {
            *answers.entry(answered.status).or_default() += 1;
        }
        answers
    }

    /// True if answers, status and effects are the promised ones.
    pub fn is_as_promised(&self) -> bool {
        let effects = usize::from(self.step.ends.is_some());
        self.answers() == self.step.answers
            && self.status == self.step.ends
            && self.effects.values().sum::<usize>() == effects
    }
}
