//! What is left of a run: nothing, however it ends.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Signal, kill_process};
use webhooks_cli::emulator::free;

use crate::dev::{Dev, project, webhooks};

/// Until what a killed process left is cleaned up.
const CLEANED: Duration = Duration::from_secs(20);

fn files(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let name = |entry: std::io::Result<std::fs::DirEntry>| entry.expect("an entry").file_name();
    entries
        .map(|entry| name(entry).to_string_lossy().into_owned())
        .collect()
}

/// Every process that has the run's folder for temporary files in its environment: all that the
/// run has started, and what those have started, whatever group they are in.
fn processes(dev: &Dev) -> Vec<String> {
    let marker = format!("TMPDIR={}", dev.temporary.path().display());
    let all = std::fs::read_dir("/proc").expect("Linux").flatten();
    let command = |entry: std::fs::DirEntry| {
        let environment = std::fs::read(entry.path().join("environ")).ok()?;
        let environment = String::from_utf8_lossy(&environment).into_owned();
        let ours = environment
            .split('\0')
            .any(|variable| variable.starts_with(&marker));
        let command = std::fs::read(entry.path().join("cmdline")).ok()?;
        // A process that has ended and was not waited for has no command.
        (ours && !command.is_empty()).then(|| String::from_utf8_lossy(&command).replace('\0', " "))
    };
    all.filter_map(command).collect()
}

/// What is left of a run.
fn remains(dev: &Dev) -> Vec<String> {
    let mut left = processes(dev);
    left.extend(files(dev.temporary.path()));
    let keys = dev.keys_file();
    left.extend(keys.exists().then(|| keys.display().to_string()));
    let ports = [dev.port, dev.emulator_port];
    left.extend(
        ports
            .iter()
            .filter(|port| free(**port).is_err())
            .map(u16::to_string),
    );
    left
}

/// Sends a delivery and waits until it is processed, so that all processes and logs are there.
async fn use_it(dev: &Dev) {
    let base = format!("http://127.0.0.1:{}", dev.port);
    let sent = webhooks(&["send", "github", "push", "--base", &base]).output();
    let sent = sent.await.expect("send starts");
    let answer = String::from_utf8_lossy(&sent.stdout).into_owned();
    assert!(answer.starts_with("202 accepted"), "{answer}");
    let port = dev.emulator_port.to_string();
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        let events = webhooks(&["events", "--emulator-port", &port]).output();
        let events = events.await.expect("events starts").stdout;
        if String::from_utf8_lossy(&events).contains(" done ") {
            return;
        }
        assert!(Instant::now() < deadline, "the event does not end");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_by_any_signal_leaves_no_process_file_or_port() {
    let before = files(&project().root().join("target/local"));
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let mut dev = Dev::start(&[]).await;
        use_it(&dev).await;
        // All of this is what must be gone afterwards.
        assert!(processes(&dev).len() > 4, "{:?}", processes(&dev));
        assert!(!files(dev.temporary.path()).is_empty());
        dev.signal(signal);
        let status = dev.process.wait().await.expect("it ends");
        assert!(status.success(), "{signal:?}: {status}");
        assert_eq!(remains(&dev), [""; 0], "{signal:?}");
        let new = &files(&project().root().join("target/local")) - &before;
        let ours = |name: &&String| name.contains(&dev.emulator_port.to_string());
        assert_eq!(new.iter().filter(ours).count(), 0, "{new:?}");
    }
}

/// The emulator closes connections that nobody uses, perhaps while a request is written to one.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_closed_at_the_other_end_does_not_end_the_run() {
    let dev = Dev::start(&[]).await;
    kill_process(dev.group(), Signal::PIPE).expect("it is there");
    use_it(&dev).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_run_is_cleaned_up_by_others() {
    let mut dev = Dev::start(&[]).await;
    use_it(&dev).await;
    dev.signal(Signal::KILL);
    dev.process.wait().await.expect("it ends");
    let deadline = Instant::now() + CLEANED;
    while !remains(&dev).is_empty() {
        assert!(Instant::now() < deadline, "{:?}", remains(&dev));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_during_the_start_leaves_nothing_either() {
    for wait in [0, 300, 900] {
        let port = webhooks_cli::emulator::any_port()
            .expect("a port")
            .to_string();
        let emulator = webhooks_cli::emulator::any_port()
            .expect("a port")
            .to_string();
        let temporary = tempfile::tempdir().expect("a folder");
        let mut command = webhooks(&["dev", "--port", &port, "--emulator-port", &emulator]);
        let mut process = command
            .env("TMPDIR", temporary.path())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut lines = tokio::io::AsyncBufReadExt::lines(tokio::io::BufReader::new(
            process.stdout.take().expect("stdout is piped"),
        ));
        // It listens for signals before it says this.
        lines.next_line().await.expect("it writes").expect("a line");
        // A moment of the start, not a condition: each falls into another step.
        tokio::time::sleep(Duration::from_millis(wait)).await;
        let id = i32::try_from(process.id().expect("it runs")).expect("a process id");
        let id = rustix::process::Pid::from_raw(id).expect("a process id");
        rustix::process::kill_process(id, Signal::INT).expect("it is there");
        process.wait().await.expect("it ends");
        assert!(files(temporary.path()).is_empty(), "after {wait} ms");
        for port in [&port, &emulator] {
            free(port.parse().expect("a port")).expect("nobody listens");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keys_are_for_their_user_alone() {
    let dev = Dev::start(&[]).await;
    let mode = |path: &Path| path.metadata().expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode(&dev.keys_file()), 0o600);
    for folder in files(dev.temporary.path()) {
        assert_eq!(mode(&dev.temporary.path().join(&folder)), 0o700, "{folder}");
    }
}
