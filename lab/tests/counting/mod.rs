//! A DynamoDB that counts capacity as AWS does, with the ledger's table of the template.

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType,
};
use dynoxide::Database;
use serde_json::Value;
use tokio::net::TcpListener;
use webhooks_cli::emulator;
use webhooks_cli::template::Template;

pub(crate) const TABLE: &str = "ledger";

/// Starts one in memory; it ends with the runtime. Says where it is.
pub(crate) async fn start(template: &Template) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let database = Database::memory().expect("memory");
    tokio::spawn(dynoxide::server::serve_on(listener, database));
    let endpoint = format!("http://{address}");
    create(&client(&endpoint), template.properties("Ledger")).await;
    endpoint
}

pub(crate) fn config(endpoint: &str) -> SdkConfig {
    emulator::config(endpoint)
}

pub(crate) fn client(endpoint: &str) -> Client {
    Client::new(&config(endpoint))
}

async fn create(client: &Client, properties: &Value) {
    let mut create = client
        .create_table()
        .table_name(TABLE)
        .billing_mode(BillingMode::PayPerRequest)
        .set_key_schema(Some(keys(&properties["KeySchema"])));
    for attribute in list(&properties["AttributeDefinitions"]) {
        let kind = ScalarAttributeType::from(text(&attribute["AttributeType"]));
        let definition = AttributeDefinition::builder()
            .attribute_name(text(&attribute["AttributeName"]))
            .attribute_type(kind);
        create = create.attribute_definitions(definition.build().expect("name and type"));
    }
    for index in list(&properties["GlobalSecondaryIndexes"]) {
        let kind = ProjectionType::from(text(&index["Projection"]["ProjectionType"]));
        let others = list(&index["Projection"]["NonKeyAttributes"]);
        let projection = Projection::builder()
            .projection_type(kind)
            .set_non_key_attributes(Some(
                others.iter().map(|name| text(name).to_owned()).collect(),
            ));
        let index = GlobalSecondaryIndex::builder()
            .index_name(text(&index["IndexName"]))
            .set_key_schema(Some(keys(&index["KeySchema"])))
            .projection(projection.build());
        create = create.global_secondary_indexes(index.build().expect("name and keys"));
    }
    create.send().await.expect("the table");
}

fn keys(schema: &Value) -> Vec<KeySchemaElement> {
    let key = |key: &Value| {
        let key = KeySchemaElement::builder()
            .attribute_name(text(&key["AttributeName"]))
            .key_type(KeyType::from(text(&key["KeyType"])));
        key.build().expect("name and type")
    };
    list(schema).iter().map(key).collect()
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
