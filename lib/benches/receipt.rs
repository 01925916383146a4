//! The steps of a receipt by themselves: read the gateway's event, verify, identify, make the item
//! (which compresses the payload), make the message. `cargo bench -p webhooks`.

use std::hint::black_box;
use std::path::Path;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use serde_json::Value;
use webhooks::delivery::Delivery;
use webhooks::envelope::envelope;
use webhooks::event::Event;
use webhooks::gateway::{Origin, Request};
use webhooks::ledger::transition;
use webhooks::limits;
use webhooks::provider::Explained;
use webhooks::provider::catalog;
use webhooks::provider::meaning::Meaning;
use webhooks::secret::Secret;
use webhooks::timestamp::Timestamp;
use webhooks::verify::verify;

/// A delivery and what is known of it.
struct Sample {
    name: &'static str,
    provider: &'static dyn Explained,
    secret: Secret,
    gateway: String,
    delivery: Delivery,
    now: Timestamp,
}

fn samples() -> Vec<Sample> {
    vec![
        sample("twilio 0.7 kB", "twilio-message", 0),
        sample("stripe 3 kB", "stripe-charge.succeeded", 0),
        sample("github 10 kB", "github-push", 10_000),
        sample("github 300 kB", "github-push", 300_000),
        sample("github 1 MB", "github-push", 1_000_000),
    ]
}

/// An event of `events/`, signed anew, with commits added until it is about that long.
fn sample(name: &'static str, file: &str, size: usize) -> Sample {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../events");
    let text = std::fs::read_to_string(folder.join(format!("{file}.json"))).expect("a file");
    let mut event: Value = serde_json::from_str(&text).expect("JSON");
    let provider = catalog::by_name(name.split(' ').next().unwrap_or_default());
    let provider = provider.expect("a provider");
    let now = Timestamp::now();
    let secret =
        Secret::new(format!("{}-development-secret", provider.profile().name)).expect("a secret");
    if size > 0 {
        let body = event["body"].as_str().expect("text").to_owned();
        event["body"] = Value::String(grown(&body, size));
    }
    let request: Request = serde_json::from_value(event.clone()).expect("an event");
    let mut delivery = request.delivery(Origin::Domain).expect("a body");
    let signed = provider.sign(&mut delivery, &secret, now);
    signed.expect("it signs");
    Sample {
        name,
        provider,
        secret,
        gateway: event.to_string(),
        delivery,
        now,
    }
}

fn grown(push: &str, size: usize) -> String {
    let (before, after) = push.split_once("\"commits\":[").expect("a push");
    let mut commits = String::new();
    let mut number = 0_u64;
    while push.len() + commits.len() < size {
        number = number
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        commits.push_str(&format!(
            "{{\"id\":\"{number:016x}{number:016x}\",\"message\":\"fix {number}\",\"url\":\
             \"https://github.com/example-dev/Hello-World/commit/{number:032x}\",\"added\":[\"src/{number}.rs\"]}},"
        ));
    }
    format!("{before}\"commits\":[{commits}{after}")
}

impl Sample {
    fn event(&self) -> Event<'_> {
        let secrets = std::slice::from_ref(&self.secret);
        let verified = verify(self.provider, &self.delivery, secrets, self.now).expect("signed");
        let Ok(Meaning::Event(identity)) = self.provider.identify(&verified) else {
            panic!("{} is no event", self.name);
        };
        Event::new(
            self.provider,
            "default",
            identity,
            &verified,
            self.now,
            None,
        )
    }
}

fn steps(criterion: &mut Criterion) {
    let samples = samples();
    let mut step = |name: &str, run: &dyn Fn(&Sample)| {
        let mut group = criterion.benchmark_group(name);
        for sample in &samples {
            group.throughput(Throughput::Bytes(sample.delivery.body.len() as u64));
            let id = BenchmarkId::from_parameter(sample.name);
            group.bench_with_input(id, sample, |bencher, sample| bencher.iter(|| run(sample)));
        }
        group.finish();
    };
    step("read", &|sample| {
        let request: Request = serde_json::from_str(&sample.gateway).expect("an event");
        black_box(request.delivery(Origin::Domain).expect("a body"));
    });
    step("verify", &|sample| {
        let secrets = std::slice::from_ref(&sample.secret);
        let verified = verify(sample.provider, &sample.delivery, secrets, sample.now);
        black_box(verified.expect("signed").secret());
    });
    step("identify", &|sample| {
        let secrets = std::slice::from_ref(&sample.secret);
        let verified = verify(sample.provider, &sample.delivery, secrets, sample.now);
        let meaning = sample.provider.identify(&verified.expect("signed"));
        black_box(meaning.expect("an event"));
    });
    step("item", &|sample| {
        // That a payload is too large for an item is found out by the same work.
        let _ = black_box(transition::record(
            "t",
            &sample.event(),
            "token",
            sample.now,
            limits::ITEM_PAYLOAD,
        ));
    });
    step("envelope", &|sample| {
        black_box(envelope(&sample.event()));
    });
}

criterion_group!(benches, steps);
criterion_main!(benches);
