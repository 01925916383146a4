//! The AWS emulator: one process on this machine that answers for DynamoDB, SQS, S3, SSM, SNS,
//! EventBridge and CloudFormation, behind a `guard`.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use aws_config::SdkConfig;
use tokio::process::Command;
use uuid::Uuid;

use crate::child::Child;
use crate::failure::Failure;
use crate::guard::{self, IN_USE, Reach};
use crate::keys::Keys;
use crate::listener::Listener;
use crate::private::{PrivateFile, PrivateFolder};
use crate::project::Project;

/// The time that the emulator may take until it answers.
const START: Duration = Duration::from_secs(60);

/// A running emulator; it ends when this goes.
#[derive(Debug)]
pub struct Emulator {
    // In this order: nobody may come any more when it ends.
    guard: Listener,
    child: Child,
    folder: PrivateFolder,
    _keys: PrivateFile,
}

impl Emulator {
    /// Starts the emulator with the services that the stack uses, and waits until it answers.
    ///
    /// # Errors
    /// [`Failure`] when it is not installed, the port is taken, or it does not answer.
    pub async fn start(project: &Project, port: u16) -> Result<Self, Failure> {
        Self::with(project, port, Reach::InUse).await
    }

    /// Starts the emulator with every service, to deploy to.
    ///
    /// # Errors
    /// As [`Emulator::start`].
    pub async fn start_whole(project: &Project, port: u16) -> Result<Self, Failure> {
        Self::with(project, port, Reach::Everything).await
    }

    async fn with(project: &Project, port: u16, reach: Reach) -> Result<Self, Failure> {
        let program = project.tool("emulator/bin/hypercorn")?;
        free(port)?;
        let folder = PrivateFolder::make()?;
        let (log, socket) = (folder.path().join("log"), folder.path().join("socket"));
        let log = File::create(&log).map_err(|error| Failure::new(log.display(), error))?;
        let errors = log
            .try_clone()
            .map_err(|error| Failure::new("the emulator's log", error))?;
        let mut command = Command::new(program);
        command
            .args([
                "ministack.app:app",
                "--workers",
                "0",
                "--graceful-timeout",
                "0",
            ])
            .arg("--bind")
            .arg(format!("unix:{}", socket.display()))
            .envs(Keys::ours().environment())
            .env("GATEWAY_PORT", port.to_string())
            .env("MINISTACK_HOST", "localhost")
            .env("AWS_ENDPOINT_URL", endpoint(port))
            // Listeners of services that nobody here uses.
            .env("IOT_MTLS_ENABLED", "0")
            .env("SFTP_ENABLED", "0")
            .env("TMPDIR", folder.path())
            .current_dir(folder.path())
            .stdout(Stdio::from(log))
            .stderr(Stdio::from(errors));
        if reach == Reach::InUse {
            command.env("SERVICES", IN_USE.join(","));
        }
        let child = Child::start("the emulator", &mut command)?;
        let keys = PrivateFile::write(keys_file(project, port)?, &Keys::ours().text())?;
        let guard = guard::stand(port, &socket, reach)?;
        let mut emulator = Self {
            guard,
            child,
            folder,
            _keys: keys,
        };
        emulator.answers().await?;
        Ok(emulator)
    }

    /// Where it listens.
    pub fn endpoint(&self) -> String {
        self.guard.url()
    }

    async fn answers(&mut self) -> Result<(), Failure> {
        let client = guard::behind(&self.folder.path().join("socket"))?;
        let deadline = Instant::now() + START;
        loop {
            self.child
                .check()
                .map_err(|failure| self.explained(&failure))?;
            let answer = client.get("http://emulator/_ministack/health").send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(self.explained(&Failure::of("the emulator does not answer")));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// A failure at the start, with what the emulator wrote: its log goes with it.
    fn explained(&self, failure: &Failure) -> Failure {
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        Failure::of(format!("{failure}\n{}", log.trim_end()))
    }
}

/// Where the keys are while an emulator at that port runs.
///
/// # Errors
/// [`Failure`] when the folder cannot be made.
pub fn keys_file(project: &Project, port: u16) -> Result<PathBuf, Failure> {
    Ok(project.scratch()?.join(format!("keys-{port}")))
}

/// The URL of an emulator at that port of this machine.
pub fn endpoint(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

/// The SDK's configuration for an emulator that this process has started.
pub fn config(endpoint: &str) -> SdkConfig {
    Keys::ours().config(endpoint)
}

/// Says so if something listens at a port already.
///
/// # Errors
/// [`Failure`] when it is taken.
pub fn free(port: u16) -> Result<(), Failure> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(_) => Ok(()),
        Err(_) => Err(Failure::usage(format!(
            "port {port} of 127.0.0.1 is taken; end what uses it, or choose another (--port, --emulator-port)"
        ))),
    }
}

/// A port that nothing listens at.
///
/// # Errors
/// [`Failure`] when the machine has none.
pub fn any_port() -> Result<u16, Failure> {
    let port =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    port.map(|address| address.port())
        .map_err(|error| Failure::new("a free port", error))
}

/// An address of this machine that a page cannot find by trying: on Linux a random one out of 16
/// million, each with its own ports. Elsewhere only 127.0.0.1 is there, with a random port.
///
/// # Errors
/// [`Failure`] when the machine has none.
pub fn hidden_address() -> Result<SocketAddr, Failure> {
    let [first, second, third, ..] = *Uuid::new_v4().as_bytes();
    // The last part is neither a network's nor a broadcast's.
    let hidden = Ipv4Addr::new(127, first, second, third.clamp(2, 254));
    TcpListener::bind((hidden, 0))
        .or_else(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
        .and_then(|listener| listener.local_addr())
        .map_err(|error| Failure::new("a free address", error))
}
