//! Runs the command `webhooks` against the emulator, and holds what it prints against the schemas.

#![allow(
    dead_code,
    reason = "every test binary compiles this module and uses a part of it"
)]

use std::path::Path;
use std::process::{Output, Stdio};

use aws_sdk_dynamodb::config::ProvideCredentials;
use boon::{Compiler, Schemas};
use serde_json::Value;
use tokio::process::Command;

use crate::support::{World, project};

/// The command with these arguments and the stack of the tests.
pub(crate) async fn webhooks(world: &World, arguments: &[&str]) -> Command {
    let provider = world.config().credentials_provider().expect("keys");
    let keys = provider.provide_credentials().await.expect("keys");
    let mut command = Command::new(env!("CARGO_BIN_EXE_webhooks"));
    command
        .args(arguments)
        .args(["--stack", "webhooks"])
        .env("AWS_ENDPOINT_URL", world.endpoint())
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", keys.access_key_id())
        .env("AWS_SECRET_ACCESS_KEY", keys.secret_access_key())
        .current_dir(project().root())
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

/// Runs it to its end.
pub(crate) async fn run(world: &World, arguments: &[&str]) -> Output {
    let mut command = webhooks(world, arguments).await;
    command.output().await.expect("it runs")
}

/// Runs it with `--json`, expects that it succeeds, and holds what it prints against a schema.
pub(crate) async fn json(world: &World, schema: &str, arguments: &[&str]) -> Value {
    let output = run(world, &[arguments, &["--json"]].concat()).await;
    assert!(output.status.success(), "{arguments:?}: {}", said(&output));
    let value = serde_json::from_slice(&output.stdout).expect("JSON");
    hold(schema, &value);
    value
}

/// Holds a value against one of the schemas in `docs/schemas`.
pub(crate) fn hold(schema: &str, value: &Value) {
    let path = project().root().join("docs/schemas").join(schema);
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    let path = Path::new(&path).to_str().expect("text");
    let index = compiler.compile(path, &mut schemas).expect("a schema");
    if let Err(error) = schemas.validate(value, index) {
        panic!("{error:#}\n{value:#}");
    }
}

/// What it said to standard error.
pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What it printed.
pub(crate) fn printed(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

/// True if a terminal obeys nothing of it.
pub(crate) fn is_plain(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    !text.contains(|character: char| {
        (character.is_control() && !matches!(character, '\n' | '\t'))
            || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    })
}
