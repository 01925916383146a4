//! A scenario: deliveries as providers and forgers send them, and what is promised of each.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::json;
use webhooks::delivery::Delivery;
use webhooks::event::EventKey;
use webhooks::ledger::Status;
use webhooks::payload::form_fields;
use webhooks::provider::handshake::Guard;
use webhooks::provider::meaning::Meaning;
use webhooks::provider::{Explained, unsigned_handshake};
use webhooks::scheme::Scheme;
use webhooks::secret::Secret;
use webhooks::timestamp::Timestamp;

use crate::failure::Failure;
use crate::fixture::Fixture;
use crate::local::Local;
use crate::probe::Probe;
use crate::project::Project;
use crate::send::{Answered, FIRST_ANSWER, local_url, post_copies, tamper};
use crate::stack::development_secret;

mod lost;

pub use self::lost::lost;

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
    /// Signed an hour ago.
    Stale,
    /// Signed, to a source that is not registered.
    UnknownSource,
    /// Signed, and lost on its way.
    Lost,
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

/// The providers that a demonstration shows unless it is told others.
pub const SHOWN: [&str; 5] = ["github", "shopify", "slack", "stripe", "twilio"];

impl Step {
    /// True if it is sent once, as the provider would.
    pub fn is_genuine(&self) -> bool {
        self.how == How::Genuine
    }
}

/// The demonstration: every delivery of these providers, and the first event of each sent in every way.
///
/// # Errors
/// [`Failure`] when a file in `events/` cannot be read.
pub fn steps(
    project: &Project,
    providers: &[&'static dyn Explained],
) -> Result<Vec<Step>, Failure> {
    let mut steps = Vec::new();
    for provider in providers.iter().copied() {
        let profile = provider.profile();
        let mut is_first = true;
        for (event, meaning) in Fixture::every(project, provider)? {
            let recorded = matches!(meaning, Meaning::Event(_) | Meaning::Batch(_));
            let kind = meaning.identities().first().map(|identity| &*identity.kind);
            let accepted = profile.acknowledgement_of(kind).status();
            // Only the form with a body says whether it knew the event.
            let known = if accepted == 202 { 200 } else { accepted };
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
            let status = match &meaning {
                _ if recorded => accepted,
                Meaning::Challenge(_) if asks_for_pairing(project, provider, &event)? => {
                    profile.refusal
                }
                Meaning::Challenge(_) => 200,
                _ => known,
            };
            // Nobody knows beforehand under which id the function records what goes by its time.
            let followed = recorded && !is_named_by_time(project, provider, &event)?;
            if !recorded || !std::mem::take(&mut is_first) {
                steps.push(step(How::Genuine, &[(status, 1)], followed));
                continue;
            }
            if followed && meaning.identities().len() == 1 {
                steps.push(step(How::AtOnce(10), &[(accepted, 1), (known, 9)], true));
                steps.push(step(How::Again, &[(known, 1)], true));
            } else {
                // Of the copies of a batch each may be the first with another event.
                steps.push(step(How::Genuine, &[(accepted, 1)], followed));
            }
            if profile.covers.has_body() {
                steps.push(step(How::Forged, &[(profile.refusal, 1)], false));
            }
            steps.push(step(How::UnknownSource, &[(profile.refusal, 1)], false));
            if provider.schemes().iter().any(Scheme::checks_age) {
                steps.push(step(How::Stale, &[(profile.refusal, 1)], false));
            }
        }
    }
    Ok(steps)
}

/// True for an event whose every delivery is another one: its provider says nothing that tells it from the
/// next.
fn is_named_by_time(
    project: &Project,
    provider: &dyn Explained,
    event: &str,
) -> Result<bool, Failure> {
    let name = provider.profile().name;
    let secret = development_secret(name);
    let secret = Secret::new(secret).map_err(|error| Failure::new("the secret", error))?;
    let now = Timestamp::now();
    let id = |at| Fixture::read(project, name, event)?.sign(provider, &secret, at);
    Ok(id(now)? != id(now.after(Duration::from_secs(1)))?)
}

/// True for a handshake that brings a secret, which nobody has opened its source for.
fn asks_for_pairing(
    project: &Project,
    provider: &dyn Explained,
    event: &str,
) -> Result<bool, Failure> {
    let fixture = Fixture::read(project, provider.profile().name, event)?;
    let handshake = unsigned_handshake(provider, &fixture.delivery);
    Ok(handshake.is_some_and(|handshake| matches!(handshake.guard, Guard::Pairing(_))))
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
    for step in &steps {
        set_up(project, local, step).await?;
    }
    let mut reports: Vec<Report> = Vec::new();
    let mut last: Option<(Delivery, EventKey)> = None;
    for step in steps {
        let prepared = match (step.how, last) {
            (How::Again, Some(before)) => before,
            _ => prepare(project, local, &step)?,
        };
        lost::note(local, &step, &prepared.0);
        let copies = match step.how {
            How::AtOnce(copies) => copies,
            How::Lost => 0,
            _ => 1,
        };
        let answered = post_copies(&prepared.0, copies, FIRST_ANSWER).await?;
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
    if reports.iter().any(|report| report.step.how == How::Lost) {
        lost::reconcile(local).await?;
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

/// Lets a provider's source take every method that the provider sends, and know its `verify_token`.
async fn set_up(project: &Project, local: &Local, step: &Step) -> Result<(), Failure> {
    let profile = step.provider.profile();
    let mut settings = serde_json::Map::new();
    if profile.methods.len() > 1 {
        let methods = profile.methods.iter().map(|method| method.as_str());
        settings.insert("methods".to_owned(), methods.collect());
    }
    let delivery = Fixture::read(project, profile.name, &step.event)?.delivery;
    let handshake = unsigned_handshake(step.provider, &delivery);
    if let Some(Guard::VerifyToken(name)) = handshake.map(|handshake| handshake.guard) {
        let fields = form_fields(delivery.query.as_bytes());
        let token = fields.into_iter().find(|(field, _)| field == name);
        settings.insert(
            "verify_token".to_owned(),
            token.map(|(_, token)| token).into(),
        );
    }
    if settings.is_empty() {
        return Ok(());
    }
    let settings = json!(settings).to_string();
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
    let age = if step.how == How::Stale { 3600 } else { 0 };
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

    /// The key under which the ledger has the event.
    pub fn key(&self) -> &EventKey {
        &self.key
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
