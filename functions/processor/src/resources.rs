//! What the handlers share.

use aws_config::SdkConfig;
use webhooks::settings::{BadSettings, Lookup, required};

/// Clients and the names of what they write to.
#[derive(Debug)]
pub(crate) struct Resources {
    pub(crate) event_bridge: aws_sdk_eventbridge::Client,
    pub(crate) sns: aws_sdk_sns::Client,
    /// `BUS_NAME`: the EventBridge bus.
    pub(crate) bus: String,
    /// `TOPIC_ARN`: the SNS topic for notifications.
    pub(crate) topic: String,
    /// `PAYMENTS_TABLE`: the DynamoDB table of payments.
    pub(crate) payments: String,
}

impl Resources {
    pub(crate) fn new(config: &SdkConfig, lookup: Lookup<'_>) -> Result<Self, BadSettings> {
        let names = ["BUS_NAME", "TOPIC_ARN", "PAYMENTS_TABLE"];
        let [bus, topic, payments] = required(lookup, names)?;
        Ok(Self {
            event_bridge: aws_sdk_eventbridge::Client::new(config),
            sns: aws_sdk_sns::Client::new(config),
            bus,
            topic,
            payments,
        })
    }
}
