//! Deliveries as providers make them: signed, of mixed size, sent again as each provider does.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use uuid::Uuid;
use webhooks::event::EventKey;
use webhooks::secret::Secret;
use webhooks_cli::failure::Failure;
use webhooks_cli::fixture::Fixture;
use webhooks_cli::functions::{Invoked, Invoker};
use webhooks_cli::project::Project;
use webhooks_cli::send::{find_provider, tamper};
use webhooks_cli::stack::development_secret;
use webhooks_cli::template::Function;

use super::clock::Clock;
use super::killer::DEADLY;
use super::stage::Stage;

/// The number of times that a provider tries before it gives up. GitHub tries once.
const TRIES: u32 = 30;

/// The pause between two tries.
const PAUSE: Duration = Duration::from_millis(300);

/// The kind of an event, by what becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// GitHub: an entry on the bus, at least once.
    Push,
    /// The same with a handler that ends its process, whenever it runs.
    DeadlyPush,
    /// The same with a body that fits no item, and that no compression makes smaller.
    LargePush,
    /// Stripe: a row in the table of payments, exactly once.
    Charge,
    /// Stripe: a charge that the handler cannot read, and so fails.
    BrokenCharge,
    /// Twilio: a notification, at least once.
    Message,
}

/// One event, ready to be delivered any number of times.
#[derive(Clone, Debug)]
pub struct Parcel {
    /// Its kind.
    pub kind: Kind,
    /// Under which key the ledger has it.
    pub key: EventKey,
    fixture: Fixture,
}

/// The answer that a provider heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Heard {
    /// An HTTP status.
    Status(u16),
    /// Nothing: the function ended before it answered.
    Nothing,
}

/// The result of the deliveries of one event.
#[derive(Clone, Debug)]
pub struct Delivered {
    /// Every answer, in order.
    pub heard: Vec<Heard>,
    /// The time that the last one took.
    pub took: Duration,
}

/// Makes and sends deliveries.
#[derive(Clone, Debug)]
pub struct Traffic {
    clock: Clock,
    invoker: Invoker,
    push: Fixture,
    charge: Fixture,
    message: Fixture,
    functions: Vec<Function>,
}

impl Kind {
    /// The provider whose event it is.
    pub const fn provider(self) -> &'static str {
        match self {
            Self::Push | Self::DeadlyPush | Self::LargePush => "github",
            Self::Charge | Self::BrokenCharge => "stripe",
            Self::Message => "twilio",
        }
    }

    /// Deliveries of one event, at most: GitHub sends nothing again by itself.
    const fn tries(self) -> u32 {
        match self {
            Self::Push | Self::DeadlyPush | Self::LargePush => 1,
            Self::Charge | Self::BrokenCharge | Self::Message => TRIES,
        }
    }
}

#[cfg(test)]
impl Parcel {
    /// One that is never sent.
    pub(super) fn sample(kind: Kind) -> Self {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let project = Project::around(folder).expect("the checkout");
        Self {
            kind,
            key: "github/default/1".parse().expect("a key"),
            fixture: Fixture::read(&project, "github", "push").expect("a fixture"),
        }
    }
}

impl Delivered {
    /// True if the provider was told that the event is taken.
    pub fn acknowledged(&self) -> bool {
        matches!(self.heard.last(), Some(Heard::Status(200..=299)))
    }
}

impl Delivered {
    /// Two that were under way at once: the provider is content when one of them was taken.
    pub fn and(mut self, mut other: Self) -> Self {
        if self.acknowledged() {
            std::mem::swap(&mut self, &mut other);
        }
        self.heard.append(&mut other.heard);
        self
    }
}

impl Traffic {
    /// Traffic to the functions of a stage.
    ///
    /// # Errors
    /// [`Failure`] when an event file is missing.
    pub fn to(project: &Project, stage: &Stage) -> Result<Self, Failure> {
        let functions = ["github", "stripe", "twilio"].map(|name| stage.function(name).cloned());
        Ok(Self {
            clock: stage.clock,
            invoker: stage.invoker.clone(),
            push: Fixture::read(project, "github", "push")?,
            charge: Fixture::read(project, "stripe", "charge.succeeded")?,
            message: Fixture::read(project, "twilio", "message")?,
            functions: functions.into_iter().collect::<Result<_, _>>()?,
        })
    }

    /// A new event of a source, with `padding` bytes more than in the event file.
    ///
    /// # Errors
    /// [`Failure`] when the event file is not a delivery of its provider.
    pub fn parcel(&self, kind: Kind, source: &str, padding: usize) -> Result<Parcel, Failure> {
        let provider = find_provider(kind.provider())?;
        let mut fixture = match kind {
            Kind::Push | Kind::DeadlyPush | Kind::LargePush => self.push.clone(),
            Kind::Charge | Kind::BrokenCharge => self.charge.clone(),
            Kind::Message => self.message.clone(),
        };
        if source != "default" {
            fixture.route(&format!("/webhooks/{}/{source}", kind.provider()))?;
        }
        let body = &mut fixture.delivery.body;
        match kind {
            Kind::Push => pad(body, &"a line of a commit message, ".repeat(padding / 28)),
            Kind::LargePush => pad(body, &noise(padding)),
            Kind::Charge => *body = replaced(body, "ch_3SkExample", &unique("ch_3Sk")),
            Kind::BrokenCharge => *body = replaced(body, "\"amount\"", "\"amount_unknown\""),
            Kind::DeadlyPush | Kind::Message => {}
        }
        let mut id = fixture.renew(provider, &secret(kind)?, self.clock.now())?;
        if kind == Kind::DeadlyPush {
            id = deadly(&mut fixture, &id);
        }
        let key = EventKey {
            provider: kind.provider().to_owned(),
            source: source.to_owned(),
            id,
        };
        Ok(Parcel { kind, key, fixture })
    }

    /// Delivers an event until its provider is content or gives up.
    ///
    /// # Errors
    /// [`Failure`] when it cannot be signed.
    pub async fn deliver(&self, parcel: &Parcel) -> Result<Delivered, Failure> {
        self.deliver_up_to(parcel.kind.tries(), parcel).await
    }

    /// Delivers an event until its provider is content, so many times at most.
    ///
    /// # Errors
    /// [`Failure`] when it cannot be signed.
    pub async fn deliver_up_to(&self, tries: u32, parcel: &Parcel) -> Result<Delivered, Failure> {
        let mut heard = Vec::new();
        loop {
            let started = Instant::now();
            let request = self.signed(parcel)?;
            heard.push(self.invoke(parcel.kind, &request).await);
            let delivered = Delivered {
                heard,
                took: started.elapsed(),
            };
            let again = match delivered.heard.last() {
                Some(Heard::Status(status)) => *status >= 500,
                Some(Heard::Nothing) | None => true,
            };
            if !again || delivered.heard.len() >= tries as usize {
                return Ok(delivered);
            }
            heard = delivered.heard;
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Delivers an event changed after it was signed, under a key of its own.
    ///
    /// # Errors
    /// [`Failure`] when it cannot be signed.
    pub async fn forge(&self, parcel: &Parcel) -> Result<Heard, Failure> {
        let mut fixture = parcel.fixture.clone();
        let provider = find_provider(parcel.kind.provider())?;
        fixture.sign(provider, &secret(parcel.kind)?, self.clock.now())?;
        tamper(&mut fixture.delivery);
        Ok(self.invoke(parcel.kind, &fixture.gateway_event()).await)
    }

    fn signed(&self, parcel: &Parcel) -> Result<Value, Failure> {
        let provider = find_provider(parcel.kind.provider())?;
        let mut fixture = parcel.fixture.clone();
        fixture.sign(provider, &secret(parcel.kind)?, self.clock.now())?;
        Ok(fixture.gateway_event())
    }

    async fn invoke(&self, kind: Kind, request: &Value) -> Heard {
        let name = kind.provider();
        let function = self.functions.iter().find(|function| function.name == name);
        let Some(function) = function else {
            return Heard::Nothing;
        };
        match self.invoker.invoke(function, request).await {
            Invoked::Returned(body) => status(&body),
            Invoked::Failed(_) => Heard::Nothing,
        }
    }
}

/// The status in a function's answer.
pub fn status(body: &[u8]) -> Heard {
    let answer: Value = serde_json::from_slice(body).unwrap_or_default();
    let status = answer["statusCode"].as_u64();
    match status.and_then(|status| u16::try_from(status).ok()) {
        Some(status) => Heard::Status(status),
        None => Heard::Nothing,
    }
}

/// Makes the event's handler end its process. The delivery's name is not signed.
fn deadly(fixture: &mut Fixture, id: &str) -> String {
    let (hook, guid) = id.split_once(':').unwrap_or_default();
    let deadly = format!("{DEADLY}{}", guid.get(DEADLY.len()..).unwrap_or_default());
    fixture.delivery.headers.set("x-github-delivery", &deadly);
    format!("{hook}:{deadly}")
}

fn secret(kind: Kind) -> Result<Secret, Failure> {
    Secret::new(development_secret(kind.provider()))
        .map_err(|error| Failure::new("the secret", error))
}

fn unique(prefix: &str) -> String {
    format!("{prefix}{}", Uuid::new_v4().simple())
}

fn replaced(body: &[u8], from: &str, to: &str) -> Vec<u8> {
    String::from_utf8_lossy(body).replace(from, to).into_bytes()
}

/// Puts a text into a JSON object.
fn pad(body: &mut Vec<u8>, text: &str) {
    let padding = format!("{{\"padding\":\"{text}\",");
    body.splice(..1, padding.into_bytes());
}

/// Letters that no compression makes much shorter.
fn noise(length: usize) -> String {
    let bytes = std::iter::repeat_with(Uuid::new_v4).flat_map(Uuid::into_bytes);
    let bytes: Vec<u8> = bytes.take(length / 4 * 3).collect();
    STANDARD.encode(bytes)
}
