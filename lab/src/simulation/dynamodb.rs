//! DynamoDB in memory: the operations that the functions use, with the expressions that they send.

use std::collections::{BTreeMap, HashMap, HashSet};

use aws_sdk_dynamodb::types::{Put, Update};
use serde_json::{Value, json};

use super::attribute::{read, value_of, written};
use super::network::Answer;
use crate::expression::{self, Attributes, Condition, Scope, Written};

/// Tables, by name and key.
#[derive(Debug, Default)]
pub(super) struct DynamoDb {
    tables: BTreeMap<String, BTreeMap<String, Attributes>>,
    /// Tokens of transactions that were made: one that is asked for again has been made.
    transactions: HashSet<String>,
    /// What was inserted into the ledger, oldest first, and when.
    pub(super) stream: Vec<(String, f64)>,
}

/// The ledger's table.
pub(super) const LEDGER: &str = "ledger";

impl DynamoDb {
    pub(super) fn answer(&mut self, operation: &str, request: &Value, seconds: f64) -> Answer {
        match operation {
            "PutItem" => self.put(request, seconds),
            "UpdateItem" => self.update(request, seconds),
            "GetItem" => self.get(request),
            "BatchGetItem" => self.get_batch(request),
            "Query" => self.query(request),
            "TransactWriteItems" => self.transact(request, seconds),
            "BatchExecuteStatement" => self.insert_all(request, seconds),
            other => panic!("no function calls {other}"),
        }
    }

    /// The items of a table.
    pub(super) fn items(&self, table: &str) -> impl Iterator<Item = &Attributes> {
        self.tables
            .get(table)
            .into_iter()
            .flat_map(BTreeMap::values)
    }

    fn there(&self, table: &str, key: &str) -> Option<&Attributes> {
        self.tables.get(table)?.get(key)
    }

    fn write(&mut self, table: &str, key: &str, item: Attributes, seconds: f64) {
        let rows = self.tables.entry(table.to_owned()).or_default();
        let is_new = rows.insert(key.to_owned(), item).is_none();
        if is_new && table == LEDGER {
            self.stream.push((key.to_owned(), seconds));
        }
    }

    fn put(&mut self, request: &Value, seconds: f64) -> Answer {
        let (table, put) = (text(request, "TableName"), put_of(request));
        let key = key_of(&put.item);
        match expression::put(&put, self.there(&table, &key)) {
            Written::Item(item) => {
                self.write(&table, &key, item, seconds);
                Answer::Good(json!({}))
            }
            Written::Refused => self.refused(&table, &key),
            Written::Invalid => Answer::Bad(json!({"__type": "ValidationException"})),
        }
    }

    fn update(&mut self, request: &Value, seconds: f64) -> Answer {
        let (table, update) = (text(request, "TableName"), update_of(request));
        let key = key_of(&update.key);
        match expression::update(&update, self.there(&table, &key)) {
            Written::Item(item) => {
                let all = request["ReturnValues"] == "ALL_NEW";
                let answer = if all {
                    json!({"Attributes": written(&item)})
                } else {
                    json!({})
                };
                self.write(&table, &key, item, seconds);
                Answer::Good(answer)
            }
            Written::Refused => self.refused(&table, &key),
            Written::Invalid => Answer::Bad(json!({"__type": "ValidationException"})),
        }
    }

    fn refused(&self, table: &str, key: &str) -> Answer {
        let mut refusal = json!({"__type": "ConditionalCheckFailedException"});
        if let Some(item) = self.there(table, key) {
            refusal["Item"] = written(item);
        }
        Answer::Bad(refusal)
    }

    fn get(&self, request: &Value) -> Answer {
        let key = key_of(&read(&request["Key"]));
        Answer::Good(match self.there(&text(request, "TableName"), &key) {
            Some(item) => json!({"Item": written(item)}),
            None => json!({}),
        })
    }

    fn get_batch(&self, request: &Value) -> Answer {
        let tables = request["RequestItems"].as_object().into_iter().flatten();
        let found = tables.map(|(table, wanted)| {
            let keys = wanted["Keys"].as_array().into_iter().flatten();
            let rows = keys.filter_map(|key| self.there(table, &key_of(&read(key))));
            (table.clone(), rows.map(written).collect::<Value>())
        });
        let found: serde_json::Map<String, Value> = found.collect();
        Answer::Good(json!({"Responses": found, "UnprocessedKeys": {}}))
    }

    /// The index `overdue` alone is asked.
    fn query(&self, request: &Value) -> Answer {
        let values = read(&request["ExpressionAttributeValues"]);
        let condition = Condition::parse(&text(request, "KeyConditionExpression"));
        let holds = |item: &&Attributes| {
            condition.holds(&Scope {
                item: Some(item),
                names: None,
                values: Some(&values),
            })
        };
        let mut rows: Vec<&Attributes> = self.items(LEDGER).filter(holds).collect();
        rows.sort_by_key(|row| number(row, "overdue_at"));
        let limit = request["Limit"].as_u64().unwrap_or(u64::MAX);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let rows: Vec<Value> = rows.into_iter().take(limit).map(written).collect();
        Answer::Good(json!({"Items": rows}))
    }

    fn transact(&mut self, request: &Value, seconds: f64) -> Answer {
        let token = text(request, "ClientRequestToken");
        if self.transactions.contains(&token) {
            return Answer::Good(json!({}));
        }
        let updates: Vec<(String, Update)> = request["TransactItems"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|item| {
                (
                    text(&item["Update"], "TableName"),
                    update_of(&item["Update"]),
                )
            })
            .collect();
        let results: Vec<Written> = updates
            .iter()
            .map(|(table, update)| {
                expression::update(update, self.there(table, &key_of(&update.key)))
            })
            .collect();
        let all = results
            .iter()
            .all(|result| matches!(result, Written::Item(_)));
        if !all {
            let reasons = results
                .iter()
                .zip(&updates)
                .map(|(result, (table, update))| {
                    let mut reason = match result {
                        Written::Item(_) => json!({"Code": "None"}),
                        Written::Refused | Written::Invalid => {
                            json!({"Code": "ConditionalCheckFailed"})
                        }
                    };
                    if let Some(item) = self.there(table, &key_of(&update.key)) {
                        reason["Item"] = written(item);
                    }
                    reason
                });
            let reasons: Vec<Value> = reasons.collect();
            let refusal =
                json!({"__type": "TransactionCanceledException", "CancellationReasons": reasons});
            return Answer::Bad(refusal);
        }
        self.transactions.insert(token);
        for (result, (table, update)) in results.into_iter().zip(updates) {
            if let Written::Item(item) = result {
                self.write(&table, &key_of(&update.key), item, seconds);
            }
        }
        Answer::Good(json!({}))
    }

    /// `INSERT INTO "table" VALUE {'name': ?, ...}`, each for itself.
    fn insert_all(&mut self, request: &Value, seconds: f64) -> Answer {
        let statements = request["Statements"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let answers = statements.iter().map(|statement| {
            let (table, item) = inserted(statement);
            let key = key_of(&item);
            if self.there(&table, &key).is_some() {
                return json!({"Error": {"Code": "DuplicateItem", "Message": "it is there"}});
            }
            self.write(&table, &key, item, seconds);
            json!({"TableName": table})
        });
        let answers: Vec<Value> = answers.collect();
        Answer::Good(json!({"Responses": answers}))
    }
}

fn inserted(statement: &Value) -> (String, Attributes) {
    let told = text(statement, "Statement");
    let table = told.split('"').nth(1).expect("a table").to_owned();
    let names = told.split('\'').skip(1).step_by(2).map(str::to_owned);
    let values = statement["Parameters"].as_array().into_iter().flatten();
    (table, names.zip(values.map(value_of)).collect())
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

/// Every table here has one key, whose name is one of two.
fn key_of(item: &Attributes) -> String {
    let key = item.get("pk").or_else(|| item.get("payment_id"));
    let key = key.expect("a key").as_s().expect("a text");
    key.clone()
}

/// A number of an item; 0 where there is none.
pub(super) fn number(item: &Attributes, name: &str) -> i64 {
    let number = item.get(name).and_then(|value| value.as_n().ok());
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

fn names_of(request: &Value) -> Option<HashMap<String, String>> {
    let names = request["ExpressionAttributeNames"].as_object()?;
    let named = names.iter();
    let named = named.map(|(name, value)| (name.clone(), value.as_str().unwrap_or("").to_owned()));
    Some(named.collect())
}

fn put_of(request: &Value) -> Put {
    let condition = request["ConditionExpression"].as_str().map(str::to_owned);
    let put = Put::builder()
        .table_name(text(request, "TableName"))
        .set_item(Some(read(&request["Item"])))
        .set_condition_expression(condition)
        .set_expression_attribute_names(names_of(request))
        .set_expression_attribute_values(Some(read(&request["ExpressionAttributeValues"])));
    put.build().expect("table and item are set")
}

fn update_of(request: &Value) -> Update {
    let condition = request["ConditionExpression"].as_str().map(str::to_owned);
    let update = Update::builder()
        .table_name(text(request, "TableName"))
        .set_key(Some(read(&request["Key"])))
        .update_expression(text(request, "UpdateExpression"))
        .set_condition_expression(condition)
        .set_expression_attribute_names(names_of(request))
        .set_expression_attribute_values(Some(read(&request["ExpressionAttributeValues"])));
    update.build().expect("table, key and expression are set")
}
