//! Functions that start together, while SSM takes 40 calls a second.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use futures::future::join_all;
use lab::proxy::{Call, Fault, Judge, Proxy};
use webhooks::provider::table::{GITHUB, STRIPE};
use webhooks::timestamp::Timestamp;
use webhooks_cli::emulator;

use crate::endpoint::{Endpoint, SECRET, deliver_late, delivery, sign};
use crate::support::sample::at;

/// Three times as many as SSM takes in a second: what more of them prove is simulated (`lib/tests/cold_starts.rs`).
const FUNCTIONS: usize = 120;

/// Calls that SSM takes in a second from an account.
/// <https://docs.aws.amazon.com/general/latest/gr/ssm.html>
const QUOTA: f64 = 40.0;

/// Takes what a second brings and refuses what is more.
fn quota() -> Judge {
    let bucket = Mutex::new((QUOTA, Instant::now()));
    Arc::new(move |_: &Call| {
        let mut bucket = bucket.lock().expect("no panic");
        let brought = bucket.1.elapsed().as_secs_f64() * QUOTA;
        let tokens = (bucket.0 + brought).min(QUOTA);
        let taken = tokens >= 1.0;
        *bucket = (if taken { tokens - 1.0 } else { tokens }, Instant::now());
        (!taken).then_some(Fault::Throttling)
    })
}

/// One delivery for each function that is started for it.
async fn start(endpoint: &Endpoint, ssm: &Proxy) -> u16 {
    let config = endpoint.world.config();
    let receiver = endpoint.receiver_at(GITHUB, config, config, &emulator::config(&ssm.url()));
    let now = Timestamp::now();
    let mut fixture = delivery(GITHUB, "push");
    sign(&mut fixture, GITHUB, SECRET, now);
    receiver.secrets.start(now).await;
    let receipt = deliver_late(&receiver, fixture.gateway_event(), now, Timestamp::now());
    receipt.await.answer.status()
}

/// A signed time is held against that of arrival, which a function that had to start first comes after. An
/// event that somebody has kept is judged by the clock.
#[tokio::test]
async fn a_delivery_is_as_old_as_it_was_when_it_arrived() {
    let endpoint = Endpoint::open().await;
    let receiver = endpoint.receiver(STRIPE);
    for (arrived, now, status) in [
        (299, 310, 202),
        (301, 310, 401),
        (290, 321, 401),
        // The gateway's clock is ahead of ours.
        (400, 300, 202),
    ] {
        let event = delivery(STRIPE, "charge.succeeded").gateway_event();
        let receipt = deliver_late(&receiver, event, at(arrived), at(now)).await;
        assert_eq!(receipt.answer.status(), status, "{arrived} {now}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_of_cold_starts_loses_no_delivery() {
    let endpoint = Endpoint::open().await;
    let ssm = Proxy::start(endpoint.world.endpoint(), 1, quota()).await;
    let ssm = ssm.expect("a proxy");
    let answers = join_all((0..FUNCTIONS).map(|_| start(&endpoint, &ssm))).await;
    let refused = answers.iter().filter(|status| **status != 202).count();
    assert_eq!(refused, 0, "of {FUNCTIONS}");
}
