//! The obvious first try: `cargo lambda watch` and `cargo lambda invoke`, without the local stack.

use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::Command;
use webhooks_cli::emulator::any_port;

use crate::dev::project;

const START: Duration = Duration::from_secs(60);

fn cargo_lambda(arguments: &[&str]) -> Command {
    let project = project();
    let program = project.tool("sam/bin/cargo-lambda").expect("the tools");
    let mut command = Command::new(program);
    command
        .args(["lambda"])
        .args(arguments)
        .env("PATH", project.path())
        .current_dir(project.root());
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_without_settings_names_them_and_the_next_step() {
    let port = any_port().expect("a port").to_string();
    let at = ["-A", "127.0.0.1", "-P", &port];
    let watch = [&["watch", "--ignore-changes", "--disable-cors"][..], &at].concat();
    let mut watch = cargo_lambda(&watch)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .expect("it starts");
    let deadline = Instant::now() + START;
    while tokio::net::TcpStream::connect(format!("127.0.0.1:{port}"))
        .await
        .is_err()
    {
        assert!(Instant::now() < deadline, "it does not listen");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for (function, event, names) in [
        (
            "receiver",
            "github-push",
            &["PROVIDER (one of ", "TABLE_NAME", "SECRETS_PATH"][..],
        ),
        ("processor", "sqs-github-push", &["QUEUE_URL", "BUS_NAME"]),
        ("relay", "schedule", &["TABLE_NAME", "QUEUE_URL"]),
        ("reconciler", "schedule", &["CREDENTIALS_PATH"]),
    ] {
        let file = format!("events/{event}.json");
        let invoke = [&["invoke"][..], &at, &[function, "--data-file", &file]].concat();
        let invoked = cargo_lambda(&invoke).output();
        let invoked = tokio::time::timeout(Duration::from_secs(180), invoked).await;
        let invoked = invoked.expect("an answer").expect("it starts");
        let said = String::from_utf8_lossy(&[invoked.stdout, invoked.stderr].concat()).into_owned();
        assert!(!invoked.status.success(), "{said}");
        for name in names.iter().chain(&["make dev"]) {
            // It is shown in lines.
            let words = said.split_whitespace().filter(|word| *word != "│");
            let said = words.collect::<Vec<_>>().join(" ");
            assert!(said.contains(name), "{function}: {name}: {said}");
        }
    }
    let group = watch
        .id()
        .and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    kill_process_group(group.expect("it runs"), Signal::TERM).expect("it is there");
    watch.wait().await.expect("it ends");
}
