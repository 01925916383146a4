//! Functions whose processes end: somebody says so, and the next request finds another.

use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::dev::{Dev, webhooks};

/// Until the functions are there again.
const AGAIN: Duration = Duration::from_secs(120);

/// Ends every process of the run that runs that program; says how many.
fn kill(dev: &Dev, program: &str) -> usize {
    let marker = format!("TMPDIR={}", dev.temporary.path().display());
    let is_its = |process: &std::fs::DirEntry| {
        let executable = std::fs::read_link(process.path().join("exe"));
        let environment = std::fs::read(process.path().join("environ")).unwrap_or_default();
        executable.is_ok_and(|path| path.ends_with(program))
            && String::from_utf8_lossy(&environment).contains(&marker)
    };
    let all = std::fs::read_dir("/proc").expect("Linux").flatten();
    let ids = all.filter(is_its).filter_map(|process| {
        let id = process.file_name().into_string().ok()?.parse().ok()?;
        Pid::from_raw(id)
    });
    ids.map(|id| kill_process(id, Signal::KILL).expect("it is there"))
        .count()
}

async fn send(dev: &Dev, arguments: &[&str]) -> String {
    let base = format!("http://127.0.0.1:{}", dev.port);
    let mut command = webhooks(&["send", "github", "push", "--base", &base]);
    let sent = command.args(arguments).output().await.expect("send starts");
    String::from_utf8_lossy(&[sent.stdout, sent.stderr].concat()).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_whose_processes_are_gone_is_started_again() {
    let mut dev = Dev::start(&[]).await;
    // More copies than processes, so that all of them are there.
    let first = send(&dev, &["--copies", "20"]).await;
    assert!(first.contains("202 accepted"), "{first}");
    for _ in 0..2 {
        assert!(kill(&dev, "receiver") > 0);
        let deadline = Instant::now() + AGAIN;
        loop {
            let answer = send(&dev, &["--time-limit", "60"]).await;
            if answer.starts_with("202 accepted") {
                break;
            }
            // What was under way when it ended is told so; nothing waits for ever.
            assert!(
                answer.contains("502 ") && answer.contains("ended before it answered"),
                "{answer}"
            );
            assert!(Instant::now() < deadline, "{answer}");
        }
        let told = dev.until("a function's process has ended").await;
        assert!(told.contains("are started again"), "{told}");
    }
    // The others are there as well.
    let listed = async || {
        let port = dev.emulator_port.to_string();
        let events = webhooks(&["events", "--emulator-port", &port])
            .output()
            .await;
        String::from_utf8_lossy(&events.expect("events starts").stdout).into_owned()
    };
    let deadline = Instant::now() + AGAIN;
    while listed().await.matches(" done ").count() < 3 {
        assert!(Instant::now() < deadline, "{}", listed().await);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_listens_send_says_what_to_start() {
    let port = webhooks_cli::emulator::any_port().expect("a port");
    let base = format!("http://127.0.0.1:{port}");
    let sent = webhooks(&["send", "github", "push", "--base", &base])
        .output()
        .await;
    let sent = sent.expect("send starts");
    let error = String::from_utf8_lossy(&sent.stderr).into_owned();
    assert_eq!(sent.status.code(), Some(1));
    assert!(
        error.contains("make dev") && error.contains(&base),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_never_answers_is_not_waited_for() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let base = format!("http://{}", silent.local_addr().expect("an address"));
    let arguments = [
        "send",
        "github",
        "push",
        "--time-limit",
        "1",
        "--base",
        &base,
    ];
    let sent = webhooks(&arguments).output().await.expect("send starts");
    let error = String::from_utf8_lossy(&sent.stderr).into_owned();
    assert_eq!(sent.status.code(), Some(1));
    assert!(
        error.contains("no answer in time") && error.contains("--time-limit"),
        "{error}"
    );
}
