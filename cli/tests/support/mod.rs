//! What the tests of the library share: one emulator per test binary, and a world of its own
//! inside it for every test.

#![allow(
    dead_code,
    reason = "every test binary compiles this module and uses a part of it"
)]

pub(crate) mod broken;
pub(crate) mod effect;
pub(crate) mod own_queue;
pub(crate) mod sample;

use std::path::Path;
use std::sync::{Arc, Weak};

use aws_config::SdkConfig;
use aws_sdk_dynamodb::types::{BillingMode, GlobalSecondaryIndex};
use tokio::sync::Mutex;
use uuid::Uuid;
use webhooks::ledger::Ledger;
use webhooks_cli::emulator::{self, Emulator};
use webhooks_cli::project::Project;
use webhooks_cli::stack::Stack;
use webhooks_cli::template::Template;

use own_queue::OwnQueue;

/// The emulator of this test binary. It ends with the last test that holds it: statics are not
/// dropped, so this one must not own it.
static RUNNING: Mutex<Weak<Running>> = Mutex::const_new(Weak::new());

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
        let project = project();
        let template = Template::read(&project.root().join("template.yaml")).expect("a template");
        let port = emulator::any_port().expect("a free port");
        let emulator = Emulator::start(&project, port).await.expect("it starts");
        let config = emulator::config(&emulator.endpoint());
        let (stack, _) = Stack::create(config, &template).await.expect("a stack");
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

    pub(crate) async fn own_queue(&self) -> OwnQueue {
        OwnQueue::make(self.config()).await
    }

    /// A ledger in a table like the stack's that no other test writes to, for what looks through
    /// all events.
    pub(crate) async fn own_ledger(&self) -> Ledger {
        let (client, name) = (self.dynamodb(), unique("ledger"));
        let described = client
            .describe_table()
            .table_name(self.table())
            .send()
            .await;
        let table = described
            .expect("the ledger's table")
            .table
            .expect("its description");
        let indexes = table.global_secondary_indexes().iter().map(|index| {
            GlobalSecondaryIndex::builder()
                .index_name(index.index_name().unwrap_or_default())
                .set_key_schema(index.key_schema.clone())
                .set_projection(index.projection.clone())
                .build()
                .expect("an index of the ledger")
        });
        let create = client
            .create_table()
            .table_name(&name)
            .billing_mode(BillingMode::PayPerRequest);
        let create = create
            .set_global_secondary_indexes(Some(indexes.collect()))
            .set_attribute_definitions(table.attribute_definitions)
            .set_key_schema(table.key_schema);
        create.send().await.expect("a table like the ledger's");
        Ledger::new(client, name)
    }
}

/// A name that nothing had before.
pub(crate) fn unique(what: &str) -> String {
    format!("{what}-{}", Uuid::new_v4())
}
