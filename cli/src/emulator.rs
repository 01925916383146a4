//! The AWS emulator: one process on this machine that answers for DynamoDB, SQS, S3, SSM, SNS,
//! EventBridge and CloudFormation.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::process::Stdio;
use std::time::{Duration, Instant};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use tokio::process::Command;

use crate::child::Child;
use crate::failure::Failure;
use crate::project::Project;

/// The region that the emulator plays.
pub const REGION: &str = "us-east-1";

/// How long the emulator may take until it answers.
const START: Duration = Duration::from_secs(60);

/// A running emulator; it ends when this goes.
#[derive(Debug)]
pub struct Emulator {
    child: Child,
    port: u16,
}

impl Emulator {
    /// Starts the emulator and waits until it answers.
    ///
    /// # Errors
    /// [`Failure`] when it is not installed, the port is taken, or it does not answer.
    pub async fn start(project: &Project, port: u16) -> Result<Self, Failure> {
        let program = project.tool("emulator/bin/ministack")?;
        free(port)?;
        let log = project.scratch()?.join(format!("emulator-{port}.log"));
        let log = File::create(&log).map_err(|error| Failure::new(log.display(), error))?;
        let errors = log
            .try_clone()
            .map_err(|error| Failure::new("the emulator's log", error))?;
        let mut command = Command::new(program);
        command
            .env("GATEWAY_PORT", port.to_string())
            .env("BIND_HOST", "127.0.0.1")
            .env("MINISTACK_HOST", "localhost")
            .env("AWS_ENDPOINT_URL", endpoint(port))
            .current_dir(project.scratch()?)
            .stdout(Stdio::from(log))
            .stderr(Stdio::from(errors));
        let child = Child::start("the emulator", &mut command)?;
        let mut emulator = Self { child, port };
        emulator.answers().await?;
        Ok(emulator)
    }

    /// Where it listens.
    pub fn endpoint(&self) -> String {
        endpoint(self.port)
    }

    async fn answers(&mut self) -> Result<(), Failure> {
        let health = format!("{}/_ministack/health", self.endpoint());
        let deadline = Instant::now() + START;
        loop {
            self.child.check()?;
            let answer = reqwest::get(&health).await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(Failure::of(
                    "the emulator does not answer; see target/local",
                ));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// The URL of an emulator at that port of this machine.
pub fn endpoint(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

/// The SDK's configuration for an emulator.
pub fn config(endpoint: &str) -> SdkConfig {
    let credentials = Credentials::new("test", "test", None, None, "local");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .endpoint_url(endpoint)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build()
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
