//! The model's reading of DynamoDB's expressions, against the emulator: every transition, on items
//! that it fits and on items that it does not.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use webhooks::ledger::{Overdue, Settlement, Turn, transition};
use webhooks::limits;

use crate::both::{Both, pk_of, released};
use crate::support::World;
use crate::support::sample::{START, at, failed, retry};

#[tokio::test]
async fn every_transition_does_what_the_model_reads_in_it() {
    let world = World::enter().await;
    // The last turn differs in its condition alone, which is tried on everything here.
    for turn in [Turn::Together, Turn::Alone] {
        let mut both = Both::enter(&world);
        both.try_all("mine", at(0)).await;
        both.record("mine").await;
        both.record("another's").await;
        both.try_all("mine", at(60)).await;
        both.claim("mine", turn, at(0)).await;
        let lease_ended = at(0).after(limits::LEASE);
        for now in [
            at(1),
            lease_ended,
            lease_ended.after(Duration::from_millis(1)),
        ] {
            both.try_all("mine", now).await;
            both.try_all("another's", now).await;
        }
        both.settle("mine", &failed("no"), at(2)).await;
        both.try_all("mine", at(3)).await;
        both.record("mine").await;
        let again = transition::reopen(&both.table, &both.key, "again", true, at(4));
        both.update(again).await;
        both.try_all("again", at(5)).await;
        both.claim("last", turn, at(6)).await;
        both.settle("last", &Settlement::Ignored, at(7)).await;
        both.try_all("last", at(8)).await;
        both.record("last").await;
    }
}

#[tokio::test]
async fn a_transition_from_a_pause_does_what_the_model_reads_in_it() {
    let world = World::enter().await;
    for end in [retry(10), released()] {
        let mut both = Both::enter(&world);
        both.claim("mine", Turn::Together, at(0)).await;
        let watch = transition::watch(&both.table, &both.key);
        both.update(watch).await;
        both.settle("mine", &end, at(1)).await;
        for now in [at(2), at(100)] {
            both.try_all("next", now).await;
        }
    }
}

#[tokio::test]
async fn a_transition_of_what_was_only_counted_does_what_the_model_reads_in_it() {
    let world = World::enter().await;
    let mut both = Both::enter(&world);
    let count = transition::count_duplicate(&both.table, &both.key, true, at(1));
    both.update(count).await;
    both.try_all("mine", at(2)).await;
}

#[tokio::test]
async fn a_postponement_that_is_taken_back_does_what_the_model_reads_in_it() {
    let world = World::enter().await;
    let mut both = Both::enter(&world);
    let (table, pk) = (both.table.clone(), both.state_pk());
    let miss = transition::miss(&table, &both.key, START, at(5));
    both.update(miss).await;
    let before = both.read[&pk].clone();
    let row = Overdue::try_from(before.clone()).expect("a row of the index");
    let (now, next) = (at(60), at(180));
    both.update(transition::postpone(&table, &row, true, now))
        .await;
    both.try_all("mine", next).await;
    both.update(transition::restore(&table, &row, now)).await;
    both.update(transition::restore(&table, &row, next)).await;
    let after = &both.read[&pk];
    assert_eq!(after["overdue_at"], before["overdue_at"]);
    assert_eq!(after["resends"], AttributeValue::N("0".to_owned()));
    both.try_all("mine", now).await;
}

/// What the model's mutants come down to: no condition, and attributes that are not there.
#[tokio::test]
async fn a_spoiled_transition_does_what_the_model_reads_in_it() {
    let world = World::enter().await;
    let mut both = Both::enter(&world);
    for mut update in both.updates("mine", at(0)) {
        update.condition_expression = None;
        // DynamoDB takes none that nothing mentions.
        let mentioned = update.update_expression.clone();
        let is_mentioned = |name: &String| mentioned.contains(name.as_str());
        if let Some(values) = &mut update.expression_attribute_values {
            values.retain(|name, _| is_mentioned(name));
        }
        if let Some(names) = &mut update.expression_attribute_names {
            names.retain(|name, _| is_mentioned(name));
        }
        let names = update.expression_attribute_names.take();
        update.expression_attribute_names = names.filter(|names| !names.is_empty());
        let pk = pk_of(&update);
        both.update(update).await;
        both.restore(pk, None).await;
    }
}
