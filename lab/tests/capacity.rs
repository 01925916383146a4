//! The write units that `lab cost` computes are those that a DynamoDB counts.

mod counting;

use std::path::Path;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    ConsumedCapacity, ReturnConsumedCapacity, TransactWriteItem, Update,
};
use lab::bench::sample::Sample;
use lab::cost::capacity::{Indexes, Item, Units};
use webhooks::envelope::Message;
use webhooks::event::Event;
use webhooks::ledger::{Held, Ledger, Settlement, Turn, Writes, transition};
use webhooks::limits::ITEM_PAYLOAD_AT_MOST;
use webhooks::provider::meaning::Meaning;
use webhooks::provider::table::GITHUB;
use webhooks::secret::Secret;
use webhooks::timestamp::Timestamp;
use webhooks::verify::verify;
use webhooks_cli::project::Project;
use webhooks_cli::template::Template;

use counting::{TABLE, client, start};

const NOW: Timestamp = Timestamp::from_seconds(1_767_225_600);

struct Table {
    client: Client,
    indexes: Indexes,
}

impl Table {
    async fn item(&self, key: &Item) -> Option<Item> {
        let get = self
            .client
            .get_item()
            .table_name(TABLE)
            .consistent_read(true);
        let got = get.set_key(Some(key.clone())).send().await;
        got.expect("DynamoDB answers").item
    }

    /// Makes an update; what it was charged has to be what is computed.
    async fn update(&self, what: &str, update: Update) -> Units {
        let before = self.item(&update.key).await;
        let request = self
            .client
            .update_item()
            .table_name(TABLE)
            .set_key(Some(update.key.clone()))
            .update_expression(update.update_expression)
            .set_condition_expression(update.condition_expression)
            .set_expression_attribute_names(update.expression_attribute_names)
            .set_expression_attribute_values(update.expression_attribute_values)
            .return_consumed_capacity(ReturnConsumedCapacity::Indexes);
        let output = request.send().await.expect("the condition holds");
        let after = self.item(&update.key).await.expect("the item");
        let computed = self.indexes.units(before.as_ref(), &after);
        assert_eq!(counted(output.consumed_capacity), computed, "{what}");
        computed
    }

    /// Records an event; what it was charged has to be what is computed.
    async fn record(&self, event: &Event<'_>) -> Units {
        let put = transition::record(TABLE, event, "one", NOW, ITEM_PAYLOAD_AT_MOST);
        let put = put.expect("it fits");
        let request = self
            .client
            .put_item()
            .table_name(TABLE)
            .set_item(Some(put.item.clone()))
            .set_condition_expression(put.condition_expression)
            .return_consumed_capacity(ReturnConsumedCapacity::Indexes);
        let output = request.send().await.expect("it is new");
        let computed = self.indexes.units(None, &put.item);
        assert_eq!(counted(output.consumed_capacity), computed, "record");
        computed
    }
}

fn counted(capacity: Option<ConsumedCapacity>) -> Units {
    let capacity = capacity.expect("it was asked for");
    let units = |units: Option<f64>| {
        let units = units.unwrap_or_default();
        assert!(units.fract() == 0.0 && units >= 0.0, "{units}");
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked"
        )]
        let units = units as u32;
        units
    };
    let indexes = capacity.global_secondary_indexes.unwrap_or_default();
    Units {
        table: units(capacity.table.and_then(|table| table.capacity_units)),
        indexes: indexes
            .values()
            .map(|index| units(index.capacity_units))
            .sum(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_write_costs_what_is_computed() {
    let project = Project::around(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("the checkout");
    let template = Template::read(&project.root().join("template.yaml")).expect("a template");
    let endpoint = start(&template).await;
    for size in [8_000, 10_000, 40_000, 200_000] {
        let delivery = Sample::GitHub(size)
            .fixture(&project)
            .expect("a push")
            .delivery;
        let secret = [Secret::new("github-development-secret").expect("a secret")];
        let verified = verify(GITHUB, &delivery, &secret, NOW).expect("signed");
        let Ok(Meaning::Event(identity)) = GITHUB.identify(&verified) else {
            panic!("a push is an event");
        };
        let event = Event::new(GITHUB, "default", identity, &verified, NOW, None);
        let table = Table {
            client: client(&endpoint),
            indexes: Indexes::of(&template, "Ledger"),
        };
        life(&table, &event).await;
    }
}

async fn life(table: &Table, event: &Event<'_>) {
    let (key, later) = (event.key(), NOW.after(Duration::from_secs(1)));
    table.record(event).await;
    let claim = |token, turn| transition::claim(TABLE, key, token, turn, later);
    let settle = |token, how: &Settlement| {
        let held = Held::default();
        transition::settle(TABLE, key, token, &held, how, later, later)
    };
    let cause = "not now".to_owned();
    let pause = Duration::ZERO;
    let retry = Settlement::Retry { cause, pause };
    let failed = Settlement::Failed {
        cause: "never".to_owned(),
    };
    for (what, update) in [
        ("claim", claim("two", Turn::Together)),
        ("watch", transition::watch(TABLE, key)),
        ("retry", settle("two", &retry)),
        ("claim again", claim("three", Turn::Alone)),
        ("failed", settle("three", &failed)),
        ("kept", transition::extend(TABLE, key, later)),
        (
            "reopened",
            transition::reopen(TABLE, key, "four", true, later),
        ),
        ("claim", claim("five", Turn::Last)),
    ] {
        table.update(what, update).await;
    }
    let done = Settlement::Done(Writes::none());
    done_in_a_transaction(table, settle("five", &done)).await;
    let count = transition::count_duplicate(TABLE, key, true, later);
    table.update("duplicate", count).await;
}

/// The table's units count twice in a transaction.
async fn done_in_a_transaction(table: &Table, update: Update) {
    let before = table.item(&update.key).await;
    let key = update.key.clone();
    let request = table
        .client
        .transact_write_items()
        .transact_items(TransactWriteItem::builder().update(update).build())
        .return_consumed_capacity(ReturnConsumedCapacity::Indexes);
    let output = request.send().await.expect("the condition holds");
    let after = table.item(&key).await.expect("the item");
    let computed = table.indexes.units(before.as_ref(), &after);
    let counted = counted(
        output
            .consumed_capacity
            .and_then(|all| all.into_iter().next()),
    );
    assert_eq!(counted.table, 2 * computed.table);
}

/// The receipt and its entry in `listing`, the claim, the settlement.
#[tokio::test]
async fn an_event_that_ends_well_at_once_costs_four_write_units() {
    let project = Project::around(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("the checkout");
    let template = Template::read(&project.root().join("template.yaml")).expect("a template");
    let table = Table {
        client: client(&start(&template).await),
        indexes: Indexes::of(&template, "Ledger"),
    };
    let message = r#"{"specversion": "1.0", "id": "evt_1", "source": "/webhooks/stripe/default",
        "type": "stripe.charge.succeeded", "time": "2026-01-01T00:00:00Z", "data": {}}"#;
    let event = Message::read(message).expect("an envelope").whole;
    let event = event.expect("its payload");
    let key = event.key();
    let recorded = table.record(&event).await;
    let claim = transition::claim(TABLE, key, "two", Turn::Together, NOW);
    let claimed = table.update("claim", claim).await;
    let (held, done) = (Held::default(), Settlement::Done(Writes::none()));
    let settle = transition::settle(TABLE, key, "two", &held, &done, NOW, NOW);
    let settled = table.update("done", settle).await;
    let units = [recorded, claimed, settled].map(|units| (units.table, units.indexes));
    assert_eq!(units, [(1, 1), (1, 0), (1, 0)]);
}

#[tokio::test]
async fn the_ledger_works_on_it() {
    let project = Project::around(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("the checkout");
    let template = Template::read(&project.root().join("template.yaml")).expect("a template");
    let ledger = Ledger::new(client(&start(&template).await), TABLE);
    assert!(ledger.warm().await.is_ok());
}
