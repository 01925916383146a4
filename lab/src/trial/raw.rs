//! The raw logs of a trial, for the second audit: `lab/tools/audit.py`, which shares no code with the
//! first.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Map, Value, json};
use tokio::process::Command;
use webhooks_cli::failure::Failure;
use webhooks_cli::probe::Probe;
use webhooks_cli::project::Project;
use webhooks_cli::stack::Stack;

use super::load::Sent;
use super::traffic::Heard;

/// Writes what was sent and heard, the ledger's items, and the effects; gives the folder.
///
/// # Errors
/// [`Failure`] when the emulator does not answer, or a file cannot be written.
pub async fn write(
    project: &Project,
    stack: &Stack,
    sent: &Sent,
    probe: &mut Probe,
) -> Result<PathBuf, Failure> {
    let folder = project.scratch()?.join("raw");
    let failure = |error| Failure::new(folder.display(), error);
    std::fs::create_dir_all(&folder).map_err(failure)?;
    let deliveries = sent.events.iter().map(|(parcel, delivered)| {
        let heard = delivered.heard.iter().map(|heard| match heard {
            Heard::Status(status) => json!(status),
            Heard::Nothing => Value::Null,
        });
        json!({
            "key": parcel.key.to_string(),
            "kind": format!("{:?}", parcel.kind),
            "heard": heard.collect::<Vec<_>>(),
        })
    });
    put(&folder, "deliveries.jsonl", deliveries)?;
    put(&folder, "items.jsonl", items(stack).await?)?;
    let effects = probe.tally().await?.into_iter();
    let effects = effects.map(|(key, times)| json!({"key": key, "times": times}));
    put(&folder, "effects.jsonl", effects)?;
    Ok(folder)
}

/// Lets the second audit look at the logs; says what it counted.
///
/// # Errors
/// [`Failure`] when Python is not there, or with what the audit found broken.
pub async fn audit(project: &Project, folder: &Path) -> Result<Value, Failure> {
    let script = project.root().join("lab/tools/audit.py");
    let mut command = Command::new("python3");
    let ran = command.arg(&script).arg(folder).output().await;
    let ran = ran.map_err(|error| Failure::new("python3", error))?;
    if !ran.status.success() {
        let told = String::from_utf8_lossy(&ran.stderr);
        return Err(Failure::of(format!("the second audit: {told}")));
    }
    serde_json::from_slice(&ran.stdout).map_err(|error| Failure::new("the second audit", error))
}

fn put(folder: &Path, name: &str, lines: impl IntoIterator<Item = Value>) -> Result<(), Failure> {
    let path = folder.join(name);
    let failure = |error| Failure::new(path.display(), error);
    let mut file = BufWriter::new(File::create(&path).map_err(failure)?);
    for line in lines {
        writeln!(file, "{line}").map_err(failure)?;
    }
    file.flush().map_err(failure)
}

async fn items(stack: &Stack) -> Result<Vec<Value>, Failure> {
    let scan = aws_sdk_dynamodb::Client::new(&stack.config).scan();
    let scan = scan.table_name(stack.output("TableName")?);
    let mut rows = scan.into_paginator().items().send();
    let mut items = Vec::new();
    while let Some(row) = rows.next().await {
        let row = row.map_err(|error| Failure::new("the ledger", error))?;
        let plain = row.iter().map(|(name, value)| (name.clone(), plain(value)));
        items.push(Value::Object(plain.collect::<Map<_, _>>()));
    }
    Ok(items)
}

fn plain(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) | AttributeValue::N(text) => json!(text),
        AttributeValue::L(values) => values.iter().map(plain).collect(),
        AttributeValue::B(bytes) => json!(bytes.as_ref().len()),
        _ => Value::Null,
    }
}
