//! The command `webhooks dev` as a person runs it, on ports of its own.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use webhooks_cli::emulator::any_port;
use webhooks_cli::project::Project;

pub(crate) fn project() -> Project {
    Project::around(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("the checkout")
}

/// A call of the command.
pub(crate) fn webhooks(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_webhooks"));
    command
        .args(arguments)
        .current_dir(project().root())
        .stdin(Stdio::null());
    command
}

pub(crate) struct Dev {
    pub(crate) process: Child,
    pub(crate) port: u16,
    pub(crate) emulator_port: u16,
    /// Where Lambda's invoke and runtime APIs are.
    pub(crate) functions: String,
    /// What it wrote until it was ready.
    pub(crate) said: String,
    pub(crate) lines: Lines<BufReader<ChildStdout>>,
    /// Where it keeps what is temporary.
    pub(crate) temporary: TempDir,
}

impl Dev {
    pub(crate) async fn start(arguments: &[&str]) -> Self {
        Self::with(arguments, &[], Stdio::null()).await
    }

    /// Starts in a process group of its own, as a shell or make does, and waits until it is ready.
    pub(crate) async fn with(
        arguments: &[&str],
        variables: &[(&str, &str)],
        input: impl Into<Stdio>,
    ) -> Self {
        let (port, emulator_port) = (any_port().expect("a port"), any_port().expect("a port"));
        let temporary = tempfile::tempdir().expect("a folder");
        let mut command = webhooks(&["dev"]);
        command
            .args(["--port", &port.to_string()])
            .args(["--emulator-port", &emulator_port.to_string()])
            .args(arguments)
            .envs(variables.iter().copied())
            .env("TMPDIR", temporary.path())
            .stdin(input)
            .stdout(Stdio::piped())
            .process_group(0);
        let mut process = command.spawn().expect("it starts");
        let stdout = process.stdout.take().expect("stdout is piped");
        let mut lines = BufReader::new(stdout).lines();
        let mut said = String::new();
        let functions = loop {
            let line = lines.next_line().await.expect("it writes");
            let line = line.expect("it becomes ready");
            said.push_str(&line);
            said.push('\n');
            // The last line before it waits.
            if let Some(invoke) = line.trim().strip_prefix("cargo lambda invoke -A ") {
                let mut words = invoke.split(' ');
                let address = words.next().expect("an address");
                break format!("{address}:{}", words.nth(1).expect("a port"));
            }
        };
        Self {
            process,
            port,
            emulator_port,
            functions,
            said,
            lines,
            temporary,
        }
    }

    /// Reads what it writes up to a line with that text.
    pub(crate) async fn until(&mut self, text: &str) -> String {
        loop {
            let line = self.lines.next_line().await.expect("it writes");
            let line = line.expect("it goes on");
            if line.contains(text) {
                return line;
            }
        }
    }

    pub(crate) fn keys_file(&self) -> PathBuf {
        let name = format!("target/local/keys-{}", self.emulator_port);
        project().root().join(name)
    }

    pub(crate) fn group(&self) -> Pid {
        let id = i32::try_from(self.process.id().expect("it runs")).expect("a process id");
        Pid::from_raw(id).expect("a process id")
    }

    /// Signals it and all that a terminal would signal with it.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process_group(self.group(), signal).expect("it is there");
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        // A test that failed leaves it running; its watchdogs do the rest.
        if self.process.id().is_some() {
            let _ = kill_process_group(self.group(), Signal::KILL);
        }
    }
}
