//! The cost of the ledger's writes: an event is taken through its life in the emulator, and each item
//! before and after a write is read back.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use webhooks::bucket::Bucket;
use webhooks::event::{Event, EventKey};
use webhooks::ledger::{Claim, Lease, Ledger, Record, Settlement, Turn, Writes, transition};
use webhooks::limits;
use webhooks::record::record;
use webhooks::timestamp::Timestamp;
use webhooks_cli::failure::Failure;
use webhooks_cli::stack::Stack;

use super::capacity::{Indexes, Item, Units};

/// The time for which an event is kept.
const RETENTION: Duration = Duration::from_secs(30 * 86_400);

/// Write units of each step of an event's life, and what it leaves behind.
#[derive(Clone, Copy, Debug, Default)]
pub struct Life {
    /// The receipt.
    pub record: Units,
    /// The beginning of an attempt.
    pub claim: Units,
    /// Its good end. In a transaction a write of the table counts twice.
    pub settle: Units,
    /// The end of an attempt that is to be made again.
    pub retry: Units,
    /// A further delivery: the put that finds the item, and the count.
    pub duplicate: Units,
    /// Receipt, state and their index entries once the event has ended, in bytes.
    pub kept: usize,
}

/// A ledger, and its table as DynamoDB shows it.
struct Observed<'a> {
    ledger: Ledger,
    client: aws_sdk_dynamodb::Client,
    table: &'a str,
    bucket: Bucket,
    key: EventKey,
}

/// Takes an event through its life.
///
/// # Errors
/// [`Failure`] when the emulator does not answer, or a step does not happen.
pub async fn live(stack: &Stack, indexes: &Indexes, mut event: Event<'_>) -> Result<Life, Failure> {
    let observed = Observed {
        ledger: stack.ledger()?,
        client: aws_sdk_dynamodb::Client::new(&stack.config),
        table: stack.output("TableName")?,
        bucket: stack.bucket()?,
        key: event.key().clone(),
    };
    let event = &mut event;
    let start = event.received_at();
    let mut life = Life::default();
    let receipt = observed.record(event).await?;
    life.record = indexes.units(None, &receipt);
    let (lease, claimed) = observed.claim(start).await?;
    life.claim = indexes.units(None, &claimed);
    let cause = "the service behind it answers 503".to_owned();
    let pause = limits::RETRY_FIRST;
    let waiting = Settlement::Retry { cause, pause };
    let waiting = observed.settle(&lease, waiting, start).await?;
    life.retry = indexes.units(Some(&claimed), &waiting);
    // The next attempt's history is longer than that of a good path, so the event is begun anew.
    observed.forget().await?;
    observed.record(event).await?;
    let (lease, claimed) = observed.claim(start).await?;
    let done = Settlement::Done(Writes::none());
    let done = observed.settle(&lease, done, start).await?;
    life.settle = indexes.units(Some(&claimed), &done);
    life.kept = indexes.kept(&receipt) + indexes.kept(&done);
    let later = start.after(Duration::from_secs(60));
    let counted = observed.ledger.count_duplicate(event.key(), false, later);
    counted
        .await
        .map_err(|error| Failure::new("the ledger", error))?;
    let counted = observed.state().await?;
    life.duplicate = indexes.units(Some(&done), &counted);
    // The refused put, by the size of the receipt that it finds.
    life.duplicate.table += indexes.units(Some(&receipt), &receipt).table;
    Ok(life)
}

impl Observed<'_> {
    async fn record(&self, event: &mut Event<'_>) -> Result<Item, Failure> {
        let expires_at = event.received_at().after(RETENTION);
        let token = "BqJrbnZGaW5l";
        let recorded = record(&self.ledger, &self.bucket, event, token, expires_at).await;
        match recorded.map_err(|error| Failure::new("the ledger", error))? {
            Record::New => self.receipt().await,
            other => Err(Failure::of(format!("the event is not recorded: {other:?}"))),
        }
    }

    async fn claim(&self, now: Timestamp) -> Result<(Lease, Item), Failure> {
        let claim = self.ledger.claim(&self.key, Turn::Together, now).await;
        match claim.map_err(|error| Failure::new("the ledger", error))? {
            Claim::Mine(lease) => Ok((lease, self.state().await?)),
            other => Err(Failure::of(format!("the event is not claimed: {other:?}"))),
        }
    }

    async fn settle(
        &self,
        lease: &Lease,
        how: Settlement,
        now: Timestamp,
    ) -> Result<Item, Failure> {
        let expires_at = now.after(RETENTION);
        let settled = self.ledger.settle(lease, how, expires_at, now).await;
        settled.map_err(|error| Failure::new("the ledger", error))?;
        self.state().await
    }

    async fn receipt(&self) -> Result<Item, Failure> {
        self.item(self.key.to_string()).await
    }

    async fn state(&self) -> Result<Item, Failure> {
        self.item(self.state_key()).await
    }

    fn state_key(&self) -> String {
        let update = transition::count_duplicate(self.table, &self.key, false, Timestamp::now());
        update.key["pk"].as_s().cloned().unwrap_or_default()
    }

    async fn item(&self, pk: String) -> Result<Item, Failure> {
        let get = self
            .client
            .get_item()
            .table_name(self.table)
            .consistent_read(true);
        let got = get.key("pk", AttributeValue::S(pk)).send().await;
        let got = got.map_err(|error| Failure::new("the table", error))?;
        got.item.ok_or_else(|| Failure::of("the event has no item"))
    }

    async fn forget(&self) -> Result<(), Failure> {
        for pk in [self.key.to_string(), self.state_key()] {
            let delete = self.client.delete_item().table_name(self.table);
            let deleted = delete.key("pk", AttributeValue::S(pk)).send().await;
            deleted.map_err(|error| Failure::new("the table", error))?;
        }
        Ok(())
    }
}
