//! The floor of a processor: one conditional update for each record of a batch, side by side.

use aws_config::BehaviorVersion;
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use aws_sdk_dynamodb::types::AttributeValue;
use futures::future::try_join_all;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let dynamodb = aws_sdk_dynamodb::Client::new(&config);
    let table = std::env::var("TABLE_NAME")?;
    run(service_fn(|batch: LambdaEvent<SqsEvent>| {
        let updates = batch.payload.records.into_iter().map(|record| {
            let update = dynamodb.update_item().table_name(&table);
            async move {
                let message: Value = serde_json::from_str(record.body.as_deref().unwrap_or(""))?;
                let id = message["id"].as_str().ok_or("no id")?.to_owned();
                update
                    .key("pk", AttributeValue::S(id))
                    .update_expression("SET done = :done")
                    .condition_expression("attribute_not_exists(done)")
                    .expression_attribute_values(":done", AttributeValue::Bool(true))
                    .send()
                    .await?;
                Ok::<_, Error>(())
            }
        });
        let updates = try_join_all(updates);
        async {
            updates.await?;
            Ok::<_, Error>(SqsBatchResponse::default())
        }
    }))
    .await
}
