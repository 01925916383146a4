//! The part of AWS between the table and the relay: an event source mapping of the table's stream with
//! a batching window
//! (<https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html>). A batch that fails comes again until
//! it does not, and what is behind it waits.

use std::time::Duration;

use aws_sdk_dynamodbstreams::Client;
use aws_sdk_dynamodbstreams::types::{AttributeValue, Record, ShardIteratorType};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::failure::Failure;
use crate::functions::{Invoked, Invoker};
use crate::keys::REGION;
use crate::stack::Stack;
use crate::template::Function;

/// The pause between two looks at the stream while there is nothing new.
const PAUSE: Duration = Duration::from_millis(250);

/// The pause after a batch that failed.
const FAILED: Duration = Duration::from_secs(1);

/// A table's stream, and the function that hears of it.
#[derive(Clone, Debug)]
pub struct StreamSource {
    client: Client,
    arn: String,
    invoker: Invoker,
    function: Function,
    /// The time for which records are gathered.
    window: Duration,
}

impl StreamSource {
    /// The stream of the ledger's table.
    ///
    /// # Errors
    /// [`Failure`] when the table has none.
    pub async fn of_ledger(
        stack: &Stack,
        invoker: Invoker,
        function: Function,
        window: Duration,
    ) -> Result<Self, Failure> {
        let table = stack.output("TableName")?;
        let client = Client::new(&stack.config);
        let listed = client.list_streams().table_name(table).send().await;
        let listed = listed.map_err(|error| Failure::new("the streams", error))?;
        let arn = listed
            .streams()
            .first()
            .and_then(|stream| stream.stream_arn());
        let arn = arn.ok_or_else(|| Failure::of("the ledger's table has no stream"))?;
        Ok(Self {
            client,
            arn: arn.to_owned(),
            invoker,
            function,
            window,
        })
    }

    /// Takes records to the function until it is dropped. `told` makes of a record's time, in seconds
    /// since the Unix epoch, the one that the function is told.
    ///
    /// # Errors
    /// [`Failure`] when the stream cannot be read.
    pub async fn feed(self, told: impl Fn(f64) -> f64) -> Result<(), Failure> {
        let mut iterator = self.beginning().await?;
        loop {
            let (records, next) = self.gather(iterator).await?;
            iterator = next;
            let inserts = records.iter().filter(|record| is_insert(record));
            let inserts: Vec<Value> = inserts.map(|record| event(record, &told)).collect();
            if inserts.is_empty() {
                continue;
            }
            let batch = json!({"Records": inserts});
            while let Invoked::Failed(_) = self.invoker.invoke(&self.function, &batch).await {
                tokio::time::sleep(FAILED).await;
            }
        }
    }

    /// The oldest place in the stream. The emulator has one shard, which never closes.
    async fn beginning(&self) -> Result<String, Failure> {
        let failure = |error| Failure::new("the stream", error);
        let described = self.client.describe_stream().stream_arn(&self.arn).send();
        let described = described
            .await
            .map_err(|error| Failure::new("the stream", error))?;
        let shards = described.stream_description().map(|stream| stream.shards());
        let shard = shards.and_then(|shards| shards.first()?.shard_id());
        let shard = shard.ok_or_else(|| Failure::of("the stream has no shard"))?;
        let iterator = self
            .client
            .get_shard_iterator()
            .stream_arn(&self.arn)
            .shard_id(shard)
            .shard_iterator_type(ShardIteratorType::TrimHorizon);
        let iterator = iterator.send().await.map_err(failure)?.shard_iterator;
        iterator.ok_or_else(|| Failure::of("the stream gives no iterator"))
    }

    /// The records of a window, which begins with the first one, and the place behind them.
    async fn gather(&self, mut iterator: String) -> Result<(Vec<Record>, String), Failure> {
        let mut gathered = Vec::new();
        let mut end = None;
        loop {
            let read = self
                .client
                .get_records()
                .shard_iterator(&iterator)
                .send()
                .await;
            let read = read.map_err(|error| Failure::new("the stream", error))?;
            let next = read.next_shard_iterator;
            iterator = next.ok_or_else(|| Failure::of("the stream has ended"))?;
            gathered.extend(read.records.unwrap_or_default());
            if end.is_none() && gathered.iter().any(is_insert) {
                end = Some(Instant::now() + self.window);
            }
            if end.is_some_and(|end| Instant::now() >= end) {
                return Ok((gathered, iterator));
            }
            tokio::time::sleep(PAUSE.min(self.window)).await;
        }
    }
}

fn is_insert(record: &Record) -> bool {
    record
        .event_name()
        .is_some_and(|name| name.as_str() == "INSERT")
}

/// The record as Lambda hands it over.
fn event(record: &Record, told: impl Fn(f64) -> f64) -> Value {
    let change = record.dynamodb();
    let key = change.and_then(|change| change.keys()?.get("pk"));
    let key = match key {
        Some(AttributeValue::S(key)) => key.as_str(),
        _ => "",
    };
    let time = change.and_then(|change| change.approximate_creation_date_time());
    json!({
        "eventID": record.event_id(),
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": REGION,
        "dynamodb": {
            "ApproximateCreationDateTime": time.map(|time| told(time.as_secs_f64())),
            "Keys": {"pk": {"S": key}},
            "SequenceNumber": change.and_then(|change| change.sequence_number()),
            "SizeBytes": key.len(),
            "StreamViewType": "KEYS_ONLY",
        },
    })
}
