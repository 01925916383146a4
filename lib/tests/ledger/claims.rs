//! The claims of a batch in one call.

use webhooks::event::EventKey;
use webhooks::ledger::{Claim, Lease, Ledger, Settled, Settlement, Turn, token};

use crate::support::broken::{Closed, Lossy};
use crate::support::sample::{
    FAR, at, claim, end, event, failed, fresh_key, item, missed, record, retry,
};
use crate::support::{Attributes, World};

/// Claims events at a moment, each under its token.
async fn claim_new(
    ledger: &Ledger,
    claims: &[(EventKey, String)],
    seconds: i64,
) -> Vec<Option<Lease>> {
    let claims: Vec<_> = claims
        .iter()
        .map(|(key, token)| (key, token.as_str()))
        .collect();
    let leases = ledger.claim_new(&claims, at(seconds)).await;
    leases.expect("DynamoDB answers")
}

async fn recorded(ledger: &Ledger) -> (EventKey, String) {
    let key = fresh_key();
    record(ledger, &event(&key)).await;
    (key, token())
}

#[tokio::test]
async fn says_so_when_dynamodb_is_down() {
    let closed = Closed::new();
    let ledger = Ledger::new(aws_sdk_dynamodb::Client::new(&closed.config()), "any");
    let claimed = ledger.claim_new(&[(&fresh_key(), "token")], at(1)).await;
    assert_eq!(
        claimed.expect_err("nobody listens").to_string(),
        "the ledger cannot be reached (no connection)"
    );
}

#[tokio::test]
async fn what_has_a_state_is_left_to_a_claim_of_its_own() {
    let world = World::enter().await;
    let ledger = world.ledger();
    let mut claims = Vec::new();
    for settlement in [Settlement::Ignored, failed("no"), retry(1), retry(43_200)] {
        let (key, token) = recorded(&ledger).await;
        end(&ledger, &key, settlement, at(1)).await;
        claims.push((key, token));
    }
    let (counted, taken, listed) = (
        recorded(&ledger).await,
        recorded(&ledger).await,
        recorded(&ledger).await,
    );
    let count = ledger.count_duplicate(&counted.0, false, at(1)).await;
    count.expect("DynamoDB answers");
    claim(&ledger, &taken.0, at(1)).await;
    missed(&ledger, &listed.0).await;
    claims.extend([counted, taken, listed]);
    let mut before = Vec::new();
    for (key, _) in &claims {
        before.push(item(&ledger, key).await);
    }
    let leases = claim_new(&ledger, &claims, 1000).await;
    assert_eq!(leases, vec![None; claims.len()]);
    for ((key, _), before) in claims.iter().zip(before) {
        assert_eq!(item(&ledger, key).await, before);
    }
}

#[tokio::test]
async fn one_that_is_taken_does_not_keep_the_others_away() {
    let world = World::enter().await;
    let ledger = world.ledger();
    let mut claims = Vec::new();
    for _ in 0..25 {
        claims.push(recorded(&ledger).await);
    }
    claim(&ledger, &claims[7].0, at(1)).await;
    let leases = claim_new(&ledger, &claims, 2).await;
    for (index, lease) in leases.iter().enumerate() {
        assert_eq!(lease.is_some(), index != 7, "{index}");
    }
}

#[tokio::test]
async fn is_the_claim_that_an_event_in_company_makes_for_itself() {
    let world = World::enter().await;
    let ledger = world.ledger();
    let (together, alone) = (recorded(&ledger).await, recorded(&ledger).await);
    let leases = claim_new(&ledger, std::slice::from_ref(&together), 5).await;
    let Some(lease) = &leases[0] else {
        panic!("nobody else has it")
    };
    let own = ledger
        .claim_as(&alone.1, &alone.0, Turn::Together, at(5))
        .await;
    let Ok(Claim::Mine(own)) = own else {
        panic!("{own:?}")
    };
    assert_eq!((lease.attempt(), own.attempt()), (1, 1));
    let raw = async |(key, token): &(EventKey, String)| -> Attributes {
        let state = world.state_item(world.table(), key).await;
        let mut state = state.expect("a state");
        let its_token = state.remove("token").expect("a token");
        assert_eq!(its_token.as_s(), Ok(token));
        state.remove("pk");
        state
    };
    assert_eq!(raw(&together).await, raw(&alone).await);
    for (lease, (key, _)) in [(lease, &together), (&own, &alone)] {
        let settled = ledger.settle(lease, retry(10), FAR, at(6)).await;
        assert_eq!(settled.expect("an answer"), Settled::Written);
        let state = item(&ledger, key).await.state;
        assert_eq!((state.attempts, state.history.len()), (1, 3));
    }
}

#[tokio::test]
async fn a_claim_whose_answer_is_lost_is_known_again() {
    let world = World::enter().await;
    let lossy = Lossy::before(&world.endpoint()).await;
    let client = aws_sdk_dynamodb::Client::new(&lossy.config());
    let ledger = Ledger::new(client, world.table());
    let claims = [recorded(&ledger).await, recorded(&ledger).await];
    lossy.lose(1);
    let leases = claim_new(&ledger, &claims, 5).await;
    assert!(lossy.all_lost());
    assert_eq!(leases, [None, None], "the call was made twice");
    for (key, token) in &claims {
        let again = ledger.claim_as(token, key, Turn::Together, at(6)).await;
        let Ok(Claim::Mine(lease)) = again else {
            panic!("{again:?}")
        };
        let settled = ledger.settle(&lease, Settlement::Ignored, FAR, at(7));
        assert_eq!(settled.await.expect("an answer"), Settled::Written);
        assert_eq!(item(&ledger, key).await.state.history.len(), 3);
        let other = ledger.claim_as("other", key, Turn::Together, at(6)).await;
        assert!(matches!(other, Ok(Claim::Ended(_))), "{other:?}");
    }
}

#[tokio::test]
async fn two_batches_at_once_share_their_events() {
    let world = World::enter().await;
    let ledger = world.ledger();
    let mut keys = Vec::new();
    for _ in 0..10 {
        keys.push(recorded(&ledger).await.0);
    }
    let mine = || keys.iter().map(|key| (key.clone(), token())).collect();
    let (one, other): (Vec<_>, Vec<_>) = (mine(), mine());
    let (one, other) =
        futures::future::join(claim_new(&ledger, &one, 5), claim_new(&ledger, &other, 5)).await;
    for (one, other) in one.iter().zip(&other) {
        assert!(one.is_some() != other.is_some(), "{one:?} {other:?}");
    }
}
