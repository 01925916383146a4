//! The ledger's table: what protects what lies in it.

use aws_sdk_dynamodb::types::{PointInTimeRecoveryStatus, TableDescription, TimeToLiveStatus};
use futures::future::BoxFuture;

use super::examined::Examined;
use super::finding::{Fault, Unread};

/// The attribute by which DynamoDB forgets.
const EXPIRES: &str = "expires_at";

/// The indexes without which nothing is listed or sent again.
const INDEXES: [&str; 2] = ["listing", "overdue"];

pub(super) fn check(examined: &Examined) -> BoxFuture<'_, Result<Vec<Fault>, Unread>> {
    Box::pin(async move {
        let Some(table) = examined.physical("Ledger") else {
            return Ok(Vec::new());
        };
        let client = aws_sdk_dynamodb::Client::new(&examined.stack.config);
        let described = client.describe_table().table_name(table).send().await;
        let described = described.map_err(|error| Unread::sdk("dynamodb:DescribeTable", &error))?;
        let mut faults: Vec<Fault> = described
            .table()
            .map(|description| table_faults(table, description))
            .unwrap_or_default();
        faults.extend(time_to_live(&client, table).await?);
        faults.extend(recovery(&client, table).await?);
        Ok(faults)
    })
}

fn table_faults(table: &str, description: &TableDescription) -> Vec<Fault> {
    let mut faults = Vec::new();
    if description.deletion_protection_enabled() != Some(true) {
        faults.push(Fault::new(
            table,
            "DynamoDB would delete the table",
            "one wrong call removes every event",
            format!("aws dynamodb update-table --table-name {table} --deletion-protection-enabled"),
        ));
    }
    let stream = description.stream_specification();
    if !stream.is_some_and(|stream| stream.stream_enabled()) {
        faults.push(Fault::new(
            table,
            "the table has no stream",
            "the relay does not hear of what was recorded and never reached the queue",
            "sam build && sam deploy",
        ));
    }
    let indexes = description.global_secondary_indexes();
    for wanted in INDEXES {
        if !indexes
            .iter()
            .any(|index| index.index_name() == Some(wanted))
        {
            faults.push(Fault::new(
                table,
                format!("the table has no index {wanted}"),
                "events are neither listed nor sent again without it",
                "sam build && sam deploy",
            ));
        }
    }
    faults
}

async fn time_to_live(
    client: &aws_sdk_dynamodb::Client,
    table: &str,
) -> Result<Option<Fault>, Unread> {
    let described = client
        .describe_time_to_live()
        .table_name(table)
        .send()
        .await;
    let described =
        described.map_err(|error| Unread::sdk("dynamodb:DescribeTimeToLive", &error))?;
    let ours = described.time_to_live_description().filter(|ttl| {
        let enabled = [TimeToLiveStatus::Enabled, TimeToLiveStatus::Enabling];
        let status = ttl.time_to_live_status();
        status.is_some_and(|status| enabled.contains(status))
            && ttl.attribute_name() == Some(EXPIRES)
    });
    Ok(ours.is_none().then(|| {
        Fault::new(
            table,
            format!("DynamoDB does not forget events by {EXPIRES}"),
            "the table grows for ever, and keeps personal data for longer than RetentionDays",
            format!(
                "aws dynamodb update-time-to-live --table-name {table} --time-to-live-specification \
                 Enabled=true,AttributeName={EXPIRES}"
            ),
        )
    }))
}

async fn recovery(client: &aws_sdk_dynamodb::Client, table: &str) -> Result<Option<Fault>, Unread> {
    let described = client
        .describe_continuous_backups()
        .table_name(table)
        .send()
        .await;
    let described =
        described.map_err(|error| Unread::sdk("dynamodb:DescribeContinuousBackups", &error))?;
    let recovery = described
        .continuous_backups_description()
        .and_then(|backups| backups.point_in_time_recovery_description())
        .and_then(|recovery| recovery.point_in_time_recovery_status());
    Ok(
        (recovery != Some(&PointInTimeRecoveryStatus::Enabled)).then(|| {
            Fault::new(
                table,
                "point-in-time recovery is off",
                "what a mistake overwrites or deletes cannot be had back",
                format!(
                    "aws dynamodb update-continuous-backups --table-name {table} \
                 --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true"
                ),
            )
        }),
    )
}
