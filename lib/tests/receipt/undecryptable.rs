//! A secret that cannot be decrypted closes its own source, and what it costs the others.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use lab::proxy::{Call, Fault, Judge, Proxy};
use serde_json::Value;
use webhooks::deadline::Deadline;
use webhooks::limits;
use webhooks::provider::table::GITHUB;
use webhooks::receive::Receiver;
use webhooks::timestamp::Timestamp;
use webhooks_cli::emulator;

use crate::endpoint::{Endpoint, SECRET, answer, deliver, delivery, line};
use crate::settings::event_at;
use crate::support::sample::{START, at};

/// SSM as it is when KMS refuses the keys of some sources' secrets: any call fails that has to
/// decrypt one of them.
struct Ssm {
    proxy: Proxy,
    calls: Arc<AtomicUsize>,
    refused: Arc<Mutex<Vec<String>>>,
}

impl Ssm {
    async fn refusing(endpoint: &Endpoint, sources: &[&str]) -> Self {
        let path = format!("{}/github", endpoint.secrets_path);
        let name = |source: &&str| format!("{path}/{source}");
        let refused = Arc::new(Mutex::new(sources.iter().map(name).collect::<Vec<_>>()));
        let calls = Arc::new(AtomicUsize::new(0));
        let (seen, names) = (Arc::clone(&calls), Arc::clone(&refused));
        let judge: Judge = Arc::new(move |call: &Call| {
            seen.fetch_add(1, Ordering::SeqCst);
            let request: Value = serde_json::from_slice(&call.body).expect("JSON");
            let refused = names.lock().expect("the names");
            let asked = |name: &String| match request["Names"].as_array() {
                Some(names) => names.iter().any(|asked| asked == name.as_str()),
                None => true,
            };
            let decrypts = request["WithDecryption"] == true;
            (decrypts && refused.iter().any(asked))
                .then_some(Fault::Refused("AccessDeniedException"))
        });
        let proxy = Proxy::start(endpoint.world.endpoint(), 1, judge).await;
        Self {
            proxy: proxy.expect("a proxy"),
            calls,
            refused,
        }
    }

    fn receiver(&self, endpoint: &Endpoint) -> Receiver {
        let config = endpoint.world.config();
        let ssm = emulator::config(&self.proxy.url());
        endpoint.receiver_at(GITHUB, config, config, &ssm)
    }

    /// Calls since this was asked last.
    fn calls(&self) -> usize {
        self.calls.swap(0, Ordering::SeqCst)
    }

    fn allow(&self) {
        self.refused.lock().expect("the names").clear();
    }
}

async fn keep_fresh(receiver: &Receiver, now: Timestamp) {
    let deadline = Deadline::new(
        None,
        limits::answer(std::time::Duration::from_secs(10)),
        now,
    );
    receiver.secrets.keep_fresh(now, deadline).await;
}

const AGE: i64 = limits::SECRETS_AGE.as_secs() as i64;

#[tokio::test]
async fn closes_its_source_and_no_other() {
    let endpoint = Endpoint::open().await;
    for source in ["broken", "other"] {
        endpoint.put_secret("github", source, SECRET).await;
    }
    endpoint.put_settings("github", "other", "{}").await;
    let ssm = Ssm::refusing(&endpoint, &["broken"]).await;
    let receiver = ssm.receiver(&endpoint);
    for (source, status) in [("default", 202), ("broken", 503), ("other", 202)] {
        let fixture = delivery(GITHUB, "push");
        let receipt = deliver(&receiver, event_at(GITHUB, &fixture, source), START).await;
        assert_eq!(receipt.answer.status(), status, "{source}");
        let reason = (status == 503).then_some("secret_undecryptable");
        assert_eq!(line(&receipt)["reason"].as_str(), reason);
    }
}

#[tokio::test]
async fn is_served_when_it_can_be_decrypted_after_all() {
    let endpoint = Endpoint::open().await;
    let ssm = Ssm::refusing(&endpoint, &["default"]).await;
    let receiver = ssm.receiver(&endpoint);
    let fixture = delivery(GITHUB, "push");
    let unavailable = (503, "unavailable");
    assert_eq!(answer(&receiver, &fixture, START).await, unavailable);
    ssm.allow();
    let later = at(limits::SECRETS_PAUSE.as_secs() as i64);
    assert_eq!(answer(&receiver, &fixture, later).await, (202, "accepted"));
}

#[tokio::test]
async fn costs_three_calls_for_ten_sources_once_it_is_known() {
    let endpoint = Endpoint::open().await;
    for number in 1..9 {
        let source = format!("source-{number}");
        endpoint.put_secret("github", &source, SECRET).await;
    }
    endpoint.put_secret("github", "broken", SECRET).await;
    let ssm = Ssm::refusing(&endpoint, &["broken"]).await;
    let receiver = ssm.receiver(&endpoint);
    let fixture = delivery(GITHUB, "push");
    assert_eq!(answer(&receiver, &fixture, START).await, (202, "accepted"));
    // One that fails, the list, and groups of 10, 5, 2, 1, 1, 3 and 5.
    assert_eq!(ssm.calls(), 2 + 7);
    keep_fresh(&receiver, at(AGE)).await;
    assert_eq!(ssm.calls(), 3);
    endpoint.put_secret("github", "source-3", "rotated").await;
    keep_fresh(&receiver, at(2 * AGE)).await;
    assert_eq!(ssm.calls(), 4);
}

#[tokio::test]
async fn many_of_them_cost_a_bounded_number_of_calls_and_no_source_that_is_at_hand() {
    let endpoint = Endpoint::open().await;
    let names: Vec<_> = (0..60)
        .map(|number| format!("broken-{number:02}"))
        .collect();
    for source in &names {
        endpoint.put_secret("github", source, SECRET).await;
    }
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let ssm = Ssm::refusing(&endpoint, &names).await;
    let receiver = ssm.receiver(&endpoint);
    for round in 0..4 {
        keep_fresh(&receiver, at(round * AGE)).await;
        let pages = 7;
        assert!(ssm.calls() <= 1 + pages + limits::DECRYPTIONS);
    }
    let fixture = delivery(GITHUB, "push");
    assert_eq!(
        answer(&receiver, &fixture, at(4 * AGE)).await,
        (202, "accepted")
    );
}
