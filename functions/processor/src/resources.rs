//! Clients and names that the handlers share.

use aws_config::SdkConfig;
use webhooks::settings::{BadSettings, Lookup, required};

use crate::gathered::Gathered;

/// Clients and the names of what they write to.
#[derive(Debug)]
pub(crate) struct Resources {
    pub(crate) event_bridge: Gathered,
    pub(crate) sns: aws_sdk_sns::Client,
    /// `BUS_NAME`: the EventBridge bus.
    pub(crate) bus: String,
    /// The targets of the sample handlers; none where the stack has no samples.
    pub(crate) samples: Option<Samples>,
}

/// The names of what the sample handlers write to.
#[derive(Debug)]
pub(crate) struct Samples {
    /// `TOPIC_ARN`: the SNS topic for notifications.
    pub(crate) topic: String,
    /// `PAYMENTS_TABLE`: the DynamoDB table of payments.
    pub(crate) payments: String,
}

impl Resources {
    pub(crate) fn new(config: &SdkConfig, lookup: Lookup<'_>) -> Result<Self, BadSettings> {
        let bus = required(lookup, ["BUS_NAME"]);
        let ([bus], samples) = BadSettings::both(bus, Samples::read(lookup))?;
        Ok(Self {
            event_bridge: Gathered::new(aws_sdk_eventbridge::Client::new(config)),
            sns: aws_sdk_sns::Client::new(config),
            bus,
            samples,
        })
    }
}

impl Samples {
    /// The samples of the environment. One name without the other is a mistake.
    fn read(lookup: Lookup<'_>) -> Result<Option<Self>, BadSettings> {
        let names = ["TOPIC_ARN", "PAYMENTS_TABLE"];
        let is_set = |name: &&str| lookup(name).is_some_and(|value| !value.is_empty());
        if !names.iter().any(is_set) {
            return Ok(None);
        }
        let [topic, payments] = required(lookup, names)?;
        Ok(Some(Self { topic, payments }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_all_there_or_none() {
        let read = |topic: &'static str, payments: &'static str| {
            Samples::read(&move |name| {
                let value = if name == "TOPIC_ARN" { topic } else { payments };
                Some(value.to_owned())
            })
        };
        assert!(read("", "").expect("none").is_none());
        assert!(read("topic", "table").expect("both").is_some());
        for (topic, payments, missing) in
            [("topic", "", "PAYMENTS_TABLE"), ("", "table", "TOPIC_ARN")]
        {
            let refused = read(topic, payments).expect_err("one alone").to_string();
            let named = format!("variables {missing};");
            assert!(refused.contains(&named), "{refused}");
        }
    }
}
