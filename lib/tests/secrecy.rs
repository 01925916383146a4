//! What a function is told in confidence does not come out of it again: not in its log at the
//! lowest level, not in its answers, not in what the ledger notes about an event.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::timeout;
use webhooks::delivery::Delivery;
use webhooks::event::EventKey;
use webhooks::ledger::{Item, Status};
use webhooks::provider::Explained;
use webhooks::provider::catalog;
use webhooks::secret::Secret;
use webhooks::timestamp::Timestamp;
use webhooks_cli::fixture::Fixture;
use webhooks_cli::local::{Local, Options};
use webhooks_cli::project::Project;
use webhooks_cli::send::{FIRST_ANSWER, find_provider, local_url, post_copies, tamper};

const TIME_LIMIT: Duration = Duration::from_secs(120);

const IN_SECRET: &str = "canary-in-the-secret";
const IN_HEADER: &str = "canary-in-a-header";
const IN_QUERY: &str = "canary-in-the-query";
const IN_BODY: &str = "canary-in-the-body";
const IN_INVOCATION: &str = "canary-in-the-invocation";

/// An event of each provider that a handler of its own takes.
const EVENTS: [(&str, &str); 3] = [
    ("github", "push"),
    ("stripe", "charge.succeeded"),
    ("twilio", "message"),
];

/// A local stack whose functions are asked to log everything there is.
async fn talkative(project: &Project) -> (Local, UnboundedReceiver<String>) {
    let mut options = Options::anywhere().expect("two ports");
    options.environment = [("AWS_LAMBDA_LOG_LEVEL", "TRACE"), ("RUST_LOG", "trace")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    let (local, lines) = Local::start(project, &options)
        .await
        .expect("the stack starts");
    for provider in catalog::all() {
        let set = local
            .stack
            .put_secret(provider.profile().name, "default", IN_SECRET);
        set.await.expect("the secret is set");
    }
    (local, lines)
}

/// What was sent, what was answered, and which events came of it.
struct Correspondence<'a> {
    project: &'a Project,
    local: &'a Local,
    secret: Secret,
    signatures: Vec<String>,
    answers: String,
    events: BTreeSet<String>,
}

impl Correspondence<'_> {
    /// A new event with a canary in every place.
    fn fixture(&self, provider: &dyn Explained, event: &str) -> Fixture {
        let fixture = Fixture::read(self.project, provider.profile().name, event);
        let mut fixture = fixture.expect("a gateway event");
        let url = local_url(&self.local.url(), provider.profile().name, "default");
        fixture.address(&format!("{url}?canary={IN_QUERY}"));
        for name in ["user-agent", "x-canary"] {
            fixture.delivery.headers.set(name, IN_HEADER);
        }
        put(&mut fixture.delivery, "canary", IN_BODY);
        let now = Timestamp::now();
        fixture.renew(provider, &self.secret, now).expect("signed");
        fixture
    }

    async fn deliver(&mut self, delivery: &Delivery) -> u16 {
        self.signatures.push(signature(delivery));
        let answered = post_copies(delivery, 1, FIRST_ANSWER)
            .await
            .expect("an answer");
        self.answers.push_str(&format!("{answered:?}\n"));
        answered[0].status
    }

    /// Signs the delivery as it is now and delivers it; its event is one to wait for.
    async fn deliver_event(&mut self, provider: &dyn Explained, fixture: &mut Fixture) -> u16 {
        let id = fixture.sign(provider, &self.secret, Timestamp::now());
        let key = EventKey {
            provider: provider.profile().name.to_owned(),
            source: "default".to_owned(),
            id: id.expect("signed"),
        };
        self.events.insert(key.to_string());
        self.deliver(&fixture.delivery).await
    }

    /// New, once more, with another body, forged, and signed nonsense.
    async fn deliver_in_every_way(&mut self, provider: &dyn Explained, event: &str) {
        let mut fixture = self.fixture(provider, event);
        let mut statuses = vec![self.deliver_event(provider, &mut fixture).await];
        statuses.push(self.deliver(&fixture.delivery).await);
        put(&mut fixture.delivery, "another", IN_BODY);
        statuses.push(self.deliver_event(provider, &mut fixture).await);
        tamper(&mut fixture.delivery);
        statuses.push(self.deliver(&fixture.delivery).await);
        assert!(
            matches!(statuses[..], [200 | 202, 200, 200, 401]),
            "{statuses:?}"
        );
        let mut nonsense = self.fixture(provider, event).delivery;
        nonsense.body = IN_BODY.into();
        let signed = provider.sign(&mut nonsense, &self.secret, Timestamp::now());
        signed.expect("it signs");
        self.deliver(&nonsense).await;
    }

    /// An event that its handler fails, so that the ledger has a cause to tell.
    async fn deliver_failing(&mut self) {
        let stripe = find_provider("stripe").expect("a provider");
        let mut fixture = self.fixture(stripe, "charge.succeeded");
        put(&mut fixture.delivery, "data", IN_BODY);
        assert_eq!(self.deliver_event(stripe, &mut fixture).await, 202);
    }

    /// What neither API Gateway nor SQS would send.
    async fn invoke_with_nonsense(&mut self) {
        for function in &self.local.plan {
            for event in [
                json!(IN_INVOCATION),
                json!({"rawPath": {"a": IN_INVOCATION}, "Records": IN_INVOCATION}),
                json!({"Records": [{"body": IN_INVOCATION}]}),
                json!({"Records": [{"messageId": "1", "body": IN_INVOCATION}]}),
            ] {
                let invoked = self.local.invoker().invoke(function, &event).await;
                self.answers.push_str(&format!("{invoked:?}\n"));
            }
        }
    }

    /// Reads lines until every event has ended.
    async fn ends(&self, lines: &mut UnboundedReceiver<String>) -> String {
        let mut log = String::new();
        let mut open = self.events.clone();
        while !open.is_empty() {
            let line = timeout(TIME_LIMIT, lines.recv()).await;
            let line = line.expect("the events end").expect("functions log");
            if let Some(key) = ended(&line) {
                open.remove(&key);
            }
            log.push_str(&line);
            log.push('\n');
        }
        log
    }

    async fn items(&self) -> Vec<Item> {
        let ledger = self.local.stack.ledger().expect("a ledger");
        let mut items = Vec::new();
        for key in &self.events {
            let found = ledger.find(&key.parse().expect("a key")).await;
            items.push(found.expect("an answer").expect("an item"));
        }
        items
    }
}

/// Adds a field to the body, or sets it.
fn put(delivery: &mut Delivery, name: &str, value: &str) {
    match serde_json::from_slice::<Value>(&delivery.body) {
        Ok(mut body) => {
            body[name] = json!(value);
            delivery.body = body.to_string().into_bytes();
        }
        Err(_) => delivery
            .body
            .extend_from_slice(format!("&{name}={value}").as_bytes()),
    }
}

/// The digest alone, without what is the same in every signature.
fn signature(delivery: &Delivery) -> String {
    let names = [
        "x-hub-signature-256",
        "stripe-signature",
        "x-twilio-signature",
    ];
    let value = names.iter().find_map(|name| delivery.headers.get(name));
    let value = value.expect("the delivery is signed");
    let digest = value.split("v1=").last().unwrap_or(value);
    digest.trim_start_matches("sha256=").to_owned()
}

/// The event that a line of the processor's says to have ended.
fn ended(line: &str) -> Option<String> {
    let report: Value = serde_json::from_str(&line[line.find('{')?..]).ok()?;
    let text = |name: &str| report[name].as_str();
    match text("outcome")? {
        "done" | "failed" => Some(format!(
            "{}/{}/{}",
            text("Provider")?,
            text("source")?,
            text("event.id")?
        )),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_confidential_comes_out_whatever_is_asked_for() {
    let project = Project::around(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("the checkout");
    let (local, mut lines) = talkative(&project).await;
    let event_sources = tokio::spawn(local.event_sources().await.expect("the queue is there"));
    let mut correspondence = Correspondence {
        project: &project,
        local: &local,
        secret: Secret::new(IN_SECRET).expect("not blank"),
        signatures: Vec::new(),
        answers: String::new(),
        events: BTreeSet::new(),
    };
    for (provider, event) in EVENTS {
        let provider = find_provider(provider).expect("a provider");
        correspondence.deliver_in_every_way(provider, event).await;
    }
    correspondence.deliver_failing().await;
    correspondence.invoke_with_nonsense().await;
    let mut log = correspondence.ends(&mut lines).await;
    let items = correspondence.items().await;
    let failed = items
        .iter()
        .filter(|item| item.state.status == Status::Failed);
    assert_eq!((items.len(), failed.count()), (4, 1));
    let told: Vec<_> = items
        .iter()
        .map(|item| (&item.state.cause, &item.state.history))
        .collect();
    let told = format!("{told:?}");
    let (signatures, answers) = (correspondence.signatures, correspondence.answers);
    event_sources.abort();
    drop(local);
    while let Some(line) = lines.recv().await {
        log.push_str(&line);
        log.push('\n');
    }
    for said in ["signature_mismatch", "done", "not an event", "unreadable"] {
        assert!(log.contains(said), "{said} is not in the log");
    }
    let canaries = [IN_SECRET, IN_HEADER, IN_QUERY, IN_BODY, IN_INVOCATION];
    let signatures = signatures.iter().map(String::as_str);
    let found: BTreeSet<&str> = canaries
        .into_iter()
        .chain(signatures)
        .flat_map(|canary| {
            let all = log.lines().chain(answers.lines()).chain(told.lines());
            all.filter(move |line| line.contains(canary))
        })
        .collect();
    let some: Vec<_> = found.iter().take(5).collect();
    assert!(found.is_empty(), "{} lines, such as {some:#?}", found.len());
}
