//! The deliveries of a measurement: of the size asked for, from the event files, with other names,
//! ids, numbers, hashes and texts, so that no compression knows them.

use axum::body::Bytes;
use serde_json::{Value, json};
use uuid::Uuid;
use webhooks::secret::Secret;
use webhooks::timestamp::Timestamp;
use webhooks_cli::failure::Failure;
use webhooks_cli::fixture::{Fixture, like};
use webhooks_cli::project::Project;
use webhooks_cli::send::find_provider;
use webhooks_cli::stack::development_secret;

/// A delivery as a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sample {
    /// A push to GitHub of about that many bytes.
    GitHub(usize),
    /// A charge, as long as Stripe's are.
    Stripe,
    /// A text message.
    Twilio,
}

impl Sample {
    /// Whose delivery it is.
    pub const fn provider(self) -> &'static str {
        match self {
            Self::GitHub(_) => "github",
            Self::Stripe => "stripe",
            Self::Twilio => "twilio",
        }
    }

    /// A new event, signed now.
    ///
    /// # Errors
    /// [`Failure`] when the event file is not there or not a delivery of the provider.
    pub fn fixture(self, project: &Project) -> Result<Fixture, Failure> {
        let provider = find_provider(self.provider())?;
        let file = match self {
            Self::GitHub(_) => "push",
            Self::Stripe => "charge.succeeded",
            Self::Twilio => "message",
        };
        let mut fixture = Fixture::read(project, self.provider(), file)?;
        let body = strange(&String::from_utf8_lossy(&fixture.delivery.body));
        fixture.delivery.body = match self {
            Self::GitHub(size) => grown(&body, size).into_bytes(),
            Self::Stripe | Self::Twilio => body.into_bytes(),
        };
        let secret = Secret::new(development_secret(self.provider()));
        let secret = secret.map_err(|error| Failure::new("the secret", error))?;
        fixture.renew(provider, &secret, Timestamp::now())?;
        Ok(fixture)
    }

    /// The gateway's event for it.
    ///
    /// # Errors
    /// As [`Self::fixture`].
    pub fn event(self, project: &Project) -> Result<Bytes, Failure> {
        let event = self.fixture(project)?.gateway_event();
        Ok(Bytes::from(event.to_string()))
    }
}

/// Messages as SQS hands a batch to its function.
pub fn batch(messages: &[String]) -> Bytes {
    let records: Vec<Value> = messages.iter().map(|body| record(body)).collect();
    Bytes::from(json!({"Records": records}).to_string())
}

fn record(body: &str) -> Value {
    let id = Uuid::new_v4().to_string();
    json!({
        "messageId": id,
        "receiptHandle": "handle",
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "1767225600000",
            "SenderId": "bench",
            "ApproximateFirstReceiveTimestamp": "1767225600000",
        },
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:bench",
        "awsRegion": "us-east-1",
    })
}

/// The text with every name, hash and number of its own: the same one everywhere it stands.
fn strange(text: &str) -> String {
    let mut words: Vec<&str> = text
        .split(|character: char| !character.is_ascii_alphanumeric() && character != '-')
        .filter(|word| is_own(word))
        .collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    words.dedup();
    let mut strange = text.to_owned();
    for word in words {
        // A number must not begin with 0 in JSON, and the first two letters of a SID say of what it is.
        let is_sid = word.len() == 34 && word.bytes().take(2).all(|byte| byte.is_ascii_uppercase());
        let (first, rest) = word.split_at(if is_sid { 2 } else { 1 });
        strange = strange.replace(word, &format!("{first}{}", like(rest)));
    }
    strange
}

/// A name of the sample's own, a hash, an encoded id or a long number, and no word of the API's.
fn is_own(word: &str) -> bool {
    let number = word.len() >= 4 && word.bytes().all(|byte| byte.is_ascii_digit());
    let hash = word.len() == 40 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let encoded = word.len() >= 12 && word.bytes().any(|byte| byte.is_ascii_digit());
    number || hash || encoded || OWN.contains(&word)
}

/// Names and texts of the event files.
const OWN: [&str; 18] = [
    "example-dev",
    "Hello-World",
    "Exampleville",
    "EXAMPLEVILLE",
    "Example",
    "EXAMPLE",
    "zoe",
    "Street",
    "Order",
    "Hello",
    "Please",
    "confirm",
    "table",
    "January",
    "desserts",
    "Call",
    "Thank",
    "ExampleRequest",
];

/// A push with so many more commits that it is about that long.
fn grown(push: &str, size: usize) -> String {
    const COMMITS: &str = "\"commits\":[";
    let Some((before, after)) = push.split_once(COMMITS) else {
        return push.to_owned();
    };
    let mut commits = String::new();
    while before.len() + commits.len() + after.len() + COMMITS.len() < size {
        let comma = if after.starts_with(']') && commits.is_empty() {
            ""
        } else {
            ","
        };
        commits = format!("{}{comma}{commits}", commit());
    }
    format!("{before}{COMMITS}{commits}{after}")
}

/// A commit as GitHub describes it, some 700 bytes
/// (<https://docs.github.com/en/webhooks/webhook-events-and-payloads#push>).
fn commit() -> String {
    let sha = || like("0123456789abcdef0123456789abcdef01234567");
    let word = |form: &str| like(form);
    let (owner, name) = (word("nnnnnnnn"), word("rrrrrr-ssssss"));
    let id = sha();
    let message = ["ttt", "hhhhhh", "nn", "rrrrrrrr", "mm", "vvvvv", "ssssss"].map(word);
    let message = message.join(" ");
    let person = json!({
        "name": format!("{} {}", word("nnnnnn"), word("mmmmmmmm")),
        "email": format!("{owner}@example.com"),
        "username": owner,
    });
    json!({
        "id": id,
        "tree_id": sha(),
        "distinct": true,
        "message": message,
        "timestamp": format!("20{}-05-15T15:20:{}Z", word("22"), word("33")),
        "url": format!("https://github.com/{owner}/{name}/commit/{id}"),
        "author": person,
        "committer": person,
        "added": [format!("{}/{}.rs", word("sssss"), word("rrrrrrr"))],
        "removed": [],
        "modified": [format!("{}/{}.rs", word("sssss"), word("rrrrrrr")), "README.md"],
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_as_long_as_asked_and_like_no_other() {
        let project = Project::around(std::path::Path::new(env!("CARGO_MANIFEST_DIR")));
        let project = project.expect("the checkout");
        for size in [10_000, 100_000] {
            let sample = || Sample::GitHub(size).fixture(&project).expect("a push");
            let (one, other) = (sample().delivery.body, sample().delivery.body);
            assert!((size..size + 2_000).contains(&one.len()), "{}", one.len());
            assert_ne!(one, other);
            let push: Value = serde_json::from_slice(&one).expect("JSON");
            assert_ne!(push["repository"]["full_name"], "example-dev/Hello-World");
        }
    }

    #[test]
    fn a_batch_is_one_that_the_function_reads() {
        let batch = batch(&["one".to_owned(), "two".to_owned()]);
        let batch: Value = serde_json::from_slice(&batch).expect("JSON");
        assert_eq!(batch["Records"][1]["body"], "two");
        assert_ne!(
            batch["Records"][0]["messageId"],
            batch["Records"][1]["messageId"]
        );
    }
}
