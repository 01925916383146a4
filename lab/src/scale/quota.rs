//! The limits: AWS's defaults for one account in one region, and the stack's own.

use super::heat::PARTITION;
use super::load::{Load, RELAY_RATE};

/// One limit.
pub(super) struct Quota {
    /// The name of what is limited.
    pub(super) name: &'static str,
    pub(super) limit: f64,
    pub(super) unit: &'static str,
    /// The page of AWS that says so, or the place in this repository.
    pub(super) source: &'static str,
    /// The amount of it that a load takes.
    pub(super) load: fn(&Load) -> f64,
    /// The fate of what is above it.
    pub(super) at_limit: &'static str,
    pub(super) moved_by: &'static str,
}

/// `PutEvents` calls a second, by region
/// (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html>).
pub(super) const PUT_EVENTS: [(f64, &str); 5] = [
    (10_000.0, "us-east-1, us-west-2, eu-west-1"),
    (2400.0, "us-east-2, eu-central-1, eu-south-2"),
    (
        1200.0,
        "us-west-1, ap-northeast-1, ap-southeast-1, ap-southeast-2, eu-west-2",
    ),
    (
        600.0,
        "ap-east-1, ap-northeast-2, ap-south-1, ca-central-1, eu-north-1, eu-west-3, sa-east-1",
    ),
    (400.0, "all others"),
];

/// In the order in which an event meets them.
pub(super) const QUOTAS: &[Quota] = &[
    // The gateway. GitHub does not send again what was answered 429 or 503; a person can.
    Quota {
        name: "one route, ThrottleRate",
        limit: 500.0,
        unit: "a second",
        source: "template.yaml",
        load: |load| load.events,
        at_limit: "429 and an alarm; nothing is recorded, and GitHub does not retry by itself",
        moved_by: "ThrottleRate and ThrottleBurst, up to the account's",
    },
    Quota {
        name: "HTTP API, requests",
        limit: 10_000.0,
        unit: "a second",
        source: "https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html",
        load: |load| load.events,
        at_limit: "429 for every API of the account, past a bucket of 5,000",
        moved_by: "quota L-8A5B8E43; AWS sets the bucket; 2,500 in the newer regions",
    },
    // Functions.
    Quota {
        name: "Lambda, at work at one time",
        limit: 1000.0,
        unit: "",
        source: "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html",
        load: Load::concurrency,
        at_limit: "receivers: 503 from the gateway and an alarm; processor: messages wait",
        moved_by: "quota of concurrent executions; ReservedConcurrentExecutions to part them",
    },
    Quota {
        name: "Lambda, requests: 10 x concurrency",
        limit: 10_000.0,
        unit: "a second",
        source: "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html",
        load: Load::invocations,
        at_limit: "the same, long before a function of 15 ms fills its concurrency",
        moved_by: "the same quota, a tenth of the requests a second",
    },
    Quota {
        name: "Lambda, growth of a receiver in 10 s",
        limit: 10_000.0,
        unit: "requests a second",
        source: "https://docs.aws.amazon.com/lambda/latest/dg/scaling-behavior.html",
        load: Load::growth,
        at_limit: "503 while it grows: so many times 10 s",
        moved_by: "no quota; provisioned concurrency before a known peak; a function a provider",
    },
    // The ledger.
    Quota {
        name: "ledger, table",
        limit: 40_000.0,
        unit: "write units a second",
        source: "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Limits.html",
        load: Load::table_units,
        at_limit: "puts: the event goes to the queue whole, 202; claims: in flight for 6 min, \
                   50 times, then the dead-letter queue",
        moved_by: "quota of table-level write throughput; smaller payloads",
    },
    Quota {
        name: "ledger, index listing",
        limit: 40_000.0,
        unit: "write units a second",
        source: "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Limits.html",
        load: Load::listing_units,
        at_limit: "the table's writes are refused, as above",
        moved_by: "the same quota: it holds for each index alone",
    },
    Quota {
        name: "ledger, index overdue",
        limit: 40_000.0,
        unit: "write units a second",
        source: "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Limits.html",
        load: Load::overdue_units,
        at_limit: "the table's writes are refused, as above",
        moved_by: "the same quota",
    },
    Quota {
        name: "ledger, table not yet warm",
        limit: 4000.0,
        unit: "write units a second",
        source: "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/warm-throughput.html",
        load: Load::table_units,
        at_limit: "as above, until DynamoDB has split the table",
        moved_by: "WarmThroughput of the table and of both indexes",
    },
    Quota {
        name: "hottest partition of the table",
        limit: PARTITION,
        unit: "write units a second",
        source: "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/warm-throughput-scenarios.html",
        load: |load| load.heat.table,
        at_limit: "that partition refuses for a second; the calls are tried three times",
        moved_by: "WarmThroughput: more partitions; keys are hashed",
    },
    Quota {
        name: "hottest partition of listing",
        limit: PARTITION,
        unit: "write units a second",
        source: "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/gsi-throttling.html",
        load: |load| load.heat.listing,
        at_limit: "puts of that source above it are refused: its events go through the queue whole",
        moved_by: "LISTING_SHARDS; more sources",
    },
    Quota {
        name: "hottest partition of overdue",
        limit: PARTITION,
        unit: "write units a second",
        source: "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/gsi-throttling.html",
        load: |load| load.heat.overdue,
        at_limit: "puts and settlements of every source are refused, those above it",
        moved_by: "OVERDUE_SHARDS",
    },
    // The queue and the processor.
    Quota {
        name: "processors, ProcessorConcurrency",
        limit: 5.0,
        unit: "at one time",
        source: "template.yaml",
        load: Load::processors,
        at_limit: "messages wait; after a minute the relay sends them again as well; alarm after 15 min",
        moved_by: "ProcessorConcurrency",
    },
    Quota {
        name: "processors, one event source",
        limit: 1000.0,
        unit: "at one time",
        source: "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html",
        load: Load::processors,
        at_limit: "messages wait",
        moved_by: "provisioned mode in place of MaximumConcurrency (20,000), or a second queue",
    },
    Quota {
        name: "processors, growth in a minute",
        limit: 300.0,
        unit: "at one time",
        source: "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html",
        load: Load::more_processors,
        at_limit: "messages wait: so many minutes",
        moved_by: "provisioned mode: 1,000 in a minute",
    },
    Quota {
        name: "SQS in flight, all well",
        limit: 120_000.0,
        unit: "messages",
        source: "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html",
        load: Load::in_flight,
        at_limit: "SQS hands out nothing more until messages are deleted or visible again; none is lost",
        moved_by: "a support request, a second queue",
    },
    Quota {
        name: "SQS in flight, 1 % not claimed",
        limit: 120_000.0,
        unit: "messages",
        source: "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html",
        load: Load::undecided,
        at_limit: "the same, although nearly all is well",
        moved_by: "the same; the ledger's limits; VISIBILITY, not below 6 x PROCESSOR_TIMEOUT",
    },
    Quota {
        name: "relay, sending again",
        limit: RELAY_RATE,
        unit: "a second",
        source: "lib/src/relay.rs",
        load: |load| load.events,
        at_limit: "after a minute without the queue, so many minutes to catch up",
        moved_by: "CONCURRENCY of the relay",
    },
    // What handlers and operators use.
    Quota {
        name: "EventBridge, PutEvents",
        limit: PUT_EVENTS[0].0,
        unit: "a second",
        source: "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html",
        load: |load| load.events,
        at_limit: "tried again after 10 s, 30 s, ...; failed after MaxAttempts, 50 min; events replay",
        moved_by: "quota L-9B653E91, a region with a higher one; handlers that put nothing on the bus",
    },
    Quota {
        name: "SSM, secrets kept fresh",
        limit: 40.0,
        unit: "a second",
        source: "https://docs.aws.amazon.com/general/latest/gr/ssm.html",
        load: Load::secret_calls,
        at_limit: "the secrets at hand stay in use; a rotation takes longer",
        moved_by: "Parameter Store's higher throughput (100), then support; fewer sources a provider",
    },
    Quota {
        name: "SSM, receivers start",
        limit: 40.0,
        unit: "a second",
        source: "https://docs.aws.amazon.com/general/latest/gr/ssm.html",
        load: Load::first_secret_calls,
        at_limit: "a new receiver tries until its first request has waited 25 s, then answers 503",
        moved_by: "the same; provisioned concurrency before a known peak",
    },
    Quota {
        name: "S3, large payloads of one prefix",
        limit: 3500.0,
        unit: "a second",
        source: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html",
        load: Load::large,
        at_limit: "503 from S3, tried again for 2 s; then the payload goes into the item, or with the event to the queue if it fits no item",
        moved_by: "S3 splits prefixes by itself; more sources",
    },
    Quota {
        name: "CloudWatch Logs, PutLogEvents",
        limit: 5000.0,
        unit: "a second",
        source: "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html",
        load: Load::log_calls,
        at_limit: "lines, and the metrics in them, come late or not at all",
        moved_by: "quota L-7E1FAE88",
    },
    Quota {
        name: "X-Ray, segments",
        limit: 2600.0,
        unit: "a second",
        source: "https://docs.aws.amazon.com/general/latest/gr/xray.html",
        load: Load::segments,
        at_limit: "traces are missing; nothing else",
        moved_by: "Tracing: PassThrough in the template's Globals; support",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The default of a parameter of the template.
    fn default_of(parameter: &str) -> f64 {
        let template = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../template.yaml"));
        let (_, block) = template
            .split_once(&format!("\n  {parameter}:\n"))
            .expect("the parameter");
        let (_, value) = block.split_once("Default: ").expect("its default");
        let value = value.lines().next().expect("a line");
        value.parse().expect("a number")
    }

    fn limit_of(name: &str) -> f64 {
        let quota = QUOTAS.iter().find(|quota| quota.name == name);
        quota.expect("a quota of that name").limit
    }

    #[test]
    fn the_stack_s_own_limits_are_the_template_s() {
        assert_eq!(
            limit_of("one route, ThrottleRate"),
            default_of("ThrottleRate")
        );
        assert_eq!(
            limit_of("processors, ProcessorConcurrency"),
            default_of("ProcessorConcurrency")
        );
    }

    #[test]
    fn every_limit_has_a_source_and_a_name_of_its_own() {
        for (at, quota) in QUOTAS.iter().enumerate() {
            let known = ["template.yaml", "lib/src/relay.rs"].contains(&quota.source);
            assert!(
                known || quota.source.starts_with("https://docs.aws.amazon.com/"),
                "{}",
                quota.name
            );
            assert!(
                QUOTAS[..at].iter().all(|other| other.name != quota.name),
                "{}",
                quota.name
            );
        }
    }
}
