//! What tests against the emulator share, here and in `cli/tests`: one emulator per test binary, and
//! a world of its own inside it for every test.

#![allow(
    dead_code,
    reason = "every test binary compiles this module and uses a part of it"
)]

pub(crate) mod broken;
pub(crate) mod effect;
pub(crate) mod own_queue;
pub(crate) mod sample;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Weak};

use aws_config::SdkConfig;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use uuid::Uuid;
use webhooks::bucket::Bucket;
use webhooks::event::EventKey;
use webhooks::ledger::Ledger;
use webhooks::timestamp::Timestamp;
use webhooks_cli::emulator::{self, Emulator};
use webhooks_cli::project::Project;
use webhooks_cli::stack::Stack;
use webhooks_cli::template::Template;

use own_queue::OwnQueue;

/// The emulator of this test binary. It ends with the last test that holds it: statics are not
/// dropped, so this one must not own it.
static RUNNING: Mutex<Weak<Running>> = Mutex::const_new(Weak::new());

/// An item as DynamoDB gives it.
pub(crate) type Attributes = HashMap<String, AttributeValue>;

struct Running {
    emulator: Emulator,
    stack: Stack,
}

/// What one test sees: the shared emulator through connections of its own, because a connection
/// ends with the runtime of the test that opened it.
pub(crate) struct World {
    running: Arc<Running>,
    pub(crate) stack: Stack,
}

pub(crate) fn project() -> Project {
    Project::around(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("the checkout")
}

impl Running {
    async fn start() -> Self {
        let port = emulator::any_port().expect("a free port");
        let emulator = Emulator::start(&project(), port).await.expect("it starts");
        let config = emulator::config(&emulator.endpoint());
        let (stack, _) = Stack::create(config, &template()).await.expect("a stack");
        Self { emulator, stack }
    }
}

impl World {
    pub(crate) async fn enter() -> Self {
        let mut shared = RUNNING.lock().await;
        let running = match shared.upgrade() {
            Some(running) => running,
            None => {
                let running = Arc::new(Running::start().await);
                *shared = Arc::downgrade(&running);
                running
            }
        };
        let mut stack = running.stack.clone();
        stack.config = emulator::config(&running.emulator.endpoint());
        Self { running, stack }
    }

    pub(crate) fn config(&self) -> &SdkConfig {
        &self.stack.config
    }

    pub(crate) fn endpoint(&self) -> String {
        self.running.emulator.endpoint()
    }

    pub(crate) fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(self.config())
    }

    pub(crate) fn table(&self) -> &str {
        self.stack.output("TableName").expect("the ledger's table")
    }

    pub(crate) fn payments(&self) -> &str {
        self.stack
            .output("PaymentsTable")
            .expect("a table for effects")
    }

    /// The stack's ledger, in which a test finds its own events by their ids.
    pub(crate) fn ledger(&self) -> Ledger {
        self.stack.ledger().expect("the ledger")
    }

    pub(crate) fn bucket_name(&self) -> &str {
        self.stack.output("PayloadsBucket").expect("the bucket")
    }

    pub(crate) fn bucket(&self) -> Bucket {
        Bucket::new(self.config(), self.bucket_name())
    }

    /// The item in which a table has the state of an event, as DynamoDB gives it.
    pub(crate) async fn state_item(&self, table: &str, key: &EventKey) -> Option<Attributes> {
        let get = self.dynamodb().get_item().table_name(table);
        let get = get.key("pk", AttributeValue::S(state_pk(key)));
        let get = get.consistent_read(true);
        get.send().await.expect("DynamoDB answers").item
    }

    /// Gives a receipt another encoding, such as one that this version does not know; says which it had.
    pub(crate) async fn set_encoding(&self, table: &str, key: &EventKey, encoding: &str) -> String {
        let update = self.dynamodb().update_item().table_name(table);
        let update = update
            .key("pk", AttributeValue::S(key.to_string()))
            .condition_expression("attribute_exists(encoding)")
            .update_expression("SET encoding = :encoding")
            .expression_attribute_values(":encoding", AttributeValue::S(encoding.to_owned()))
            .return_values(ReturnValue::UpdatedOld);
        let updated = update.send().await.expect("its payload is in the item");
        let mut before = updated.attributes.expect("what was updated");
        match before.remove("encoding") {
            Some(AttributeValue::S(encoding)) => encoding,
            other => panic!("no encoding: {other:?}"),
        }
    }

    /// Ends the pause of an event that waits, as if it had been over for an hour.
    pub(crate) async fn make_due(&self, table: &str, key: &EventKey) {
        let due = Timestamp::now().millis() - 3_600_000;
        let update = self.dynamodb().update_item().table_name(table);
        let update = update
            .key("pk", AttributeValue::S(state_pk(key)))
            .condition_expression("#status = :waiting")
            .update_expression("SET due_at = :due")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":waiting", AttributeValue::S("waiting".to_owned()))
            .expression_attribute_values(":due", AttributeValue::N(due.to_string()));
        update.send().await.expect("it waits");
    }

    pub(crate) async fn own_queue(&self) -> OwnQueue {
        OwnQueue::make(self.config()).await
    }

    /// A table like the ledger's that no other test writes to, for what looks through all events.
    pub(crate) async fn own_table(&self) -> String {
        let body = template().data_stack().expect("data resources").body;
        let data: Value = serde_json::from_str(&body).expect("a template");
        let body = json!({
            "Parameters": data["Parameters"],
            "Resources": {"Ledger": data["Resources"]["Ledger"]},
            "Outputs": {"TableName": data["Outputs"]["TableName"]},
        });
        let name = unique("ledger");
        let create = aws_sdk_cloudformation::Client::new(self.config()).create_stack();
        let create = create.stack_name(&name).template_body(body.to_string());
        create.send().await.expect("a stack with the ledger alone");
        let stack = Stack::find(self.config().clone(), &name)
            .await
            .expect("the stack");
        stack.output("TableName").expect("its table").to_owned()
    }
}

fn state_pk(key: &EventKey) -> String {
    format!("{}/{}#state/{}", key.provider, key.source, key.id)
}

fn template() -> Template {
    Template::read(&project().root().join("template.yaml")).expect("the template")
}

/// A name that nothing had before.
pub(crate) fn unique(what: &str) -> String {
    format!("{what}-{}", Uuid::new_v4())
}
