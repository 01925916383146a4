//! The commands that `webhooks dev` prints: they work as they stand, whatever it was started with.

use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::process::Command;

use crate::dev::{Dev, project, webhooks};

const SECRET: (&str, &str) = ("REAL", "whsec_a-real-secret");

/// Runs a command line in the project's folder.
async fn shell(line: &str) -> std::process::Output {
    let project = project();
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", line])
        .current_dir(project.root())
        .env("PATH", project.path())
        .env(SECRET.0, SECRET.1);
    command.output().await.expect("a shell")
}

fn printed(dev: &Dev) -> Vec<String> {
    let after = dev.said.split("in another terminal:").nth(1);
    let lines = after.expect("commands").lines().map(str::trim);
    lines
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

async fn count_done(dev: &Dev) -> usize {
    let port = dev.emulator_port.to_string();
    let events = webhooks(&["events", "--emulator-port", &port])
        .output()
        .await;
    let events = events.expect("events starts").stdout;
    String::from_utf8_lossy(&events).matches(" done ").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_printed_command_works() {
    let real = "twilio/mine=env:REAL";
    let tunnel = ["--public-url", "https://abc.example.com"];
    for (arguments, sends) in [
        (vec![], true),
        (vec!["--secret", real], true),
        ([&tunnel[..], &["--secret", real]].concat(), true),
        (tunnel.to_vec(), false),
    ] {
        let dev = Dev::with(&arguments, &[SECRET], Stdio::null()).await;
        let commands = printed(&dev);
        assert_eq!(commands.len(), if sends { 4 } else { 2 }, "{commands:?}");
        for command in &commands {
            let ran = shell(command).await;
            let said = String::from_utf8_lossy(&[ran.stdout, ran.stderr].concat()).into_owned();
            assert!(ran.status.success(), "{arguments:?}: {command}: {said}");
            if command.contains(" receiver ") {
                assert!(
                    said.contains("accepted"),
                    "{arguments:?}: {commands:?}: {said}"
                );
            }
        }
        // That of send, and that of invoke.
        let expected = if sends { 2 } else { 0 };
        let deadline = Instant::now() + Duration::from_secs(120);
        while count_done(&dev).await < expected {
            assert!(Instant::now() < deadline, "{arguments:?}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

/// A sample that lies in a file was received long ago.
#[tokio::test(flavor = "multi_thread")]
async fn a_printed_message_is_processed_and_listed() {
    let dev = Dev::start(&[]).await;
    let (host, port) = dev.functions.split_once(':').expect("an address");
    let file = dev.temporary.path().join("message.json");
    let file = file.display();
    let binary = env!("CARGO_BIN_EXE_webhooks");
    let printed = shell(&format!(
        "{binary} send stripe charge.succeeded --print-message > {file}"
    ))
    .await;
    assert!(printed.status.success());
    let invoke = format!("cargo lambda invoke -A {host} -P {port} processor --data-file {file}");
    let invoked = shell(&invoke).await;
    let said = String::from_utf8_lossy(&invoked.stdout).into_owned();
    assert!(said.contains(r#""batchItemFailures":[]"#), "{said}");
    assert_eq!(count_done(&dev).await, 1);
    let ping = webhooks(&["send", "github", "ping", "--print-message"])
        .output()
        .await;
    assert_eq!(ping.expect("send starts").status.code(), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn send_fails_on_an_answer_that_was_not_expected() {
    let dev = Dev::start(&[]).await;
    let base = format!("http://127.0.0.1:{}", dev.port);
    for (arguments, code) in [
        (&["github", "push"][..], 0),
        (&["github", "push", "--duplicate", "--copies", "3"], 0),
        (&["github", "push", "--expect", "duplicate"], 1),
        (&["github", "push", "--same-id", "--expect", "202"], 0),
        (
            &[
                "github",
                "push",
                "--same-id",
                "--expect",
                "duplicate,ignored",
            ],
            0,
        ),
        // Broken on purpose: a refusal is as it should be.
        (&["github", "push", "--tamper"], 0),
        (&["stripe", "charge.succeeded", "--stale", "3600"], 0),
        (&["stripe", "charge.succeeded", "--stale", "10"], 0),
        (&["github", "push", "--tamper", "--expect", "202"], 1),
        (&["github", "push", "--source", "nobody"], 1),
        (
            &["github", "push", "--source", "nobody", "--expect", "401"],
            0,
        ),
        (&["slack", "url_verification"], 0),
    ] {
        let mut command = webhooks(&["send", "--base", &base]);
        let sent = command.args(arguments).output().await.expect("send starts");
        let said = String::from_utf8_lossy(&[sent.stdout, sent.stderr].concat()).into_owned();
        assert_eq!(sent.status.code(), Some(code), "{arguments:?}: {said}");
        if code == 1 {
            assert!(said.contains("expected "), "{said}");
        }
    }
}
