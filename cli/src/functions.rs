//! The functions under `cargo lambda watch`, on the routes that the template gives them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::process::Command;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::emulator::{free, hidden_address};
use crate::failure::Failure;
use crate::front;
use crate::keys::{Keys, REGION};
use crate::listener::Listener;
use crate::private::PrivateFolder;
use crate::project::Project;
use crate::template::{Function, by_program};
use crate::watch::{Listening, Watch};

/// The running functions; they end when this goes.
#[derive(Debug)]
pub struct Functions {
    // In this order: nobody may come any more when they end.
    front: Listener,
    watch: Watch,
    address: SocketAddr,
    _folder: PrivateFolder,
}

/// The plan of what to run, and how.
#[derive(Debug)]
pub struct Plan<'a> {
    /// The template's functions.
    pub functions: &'a [Function],
    /// Their environment variables; the host of `PUBLIC_URL` is welcome at the routes.
    pub environment: &'a BTreeMap<String, String>,
    /// Where AWS is.
    pub endpoint: &'a str,
    /// The port of the routes.
    pub port: u16,
    /// Who builds and starts the functions.
    pub run: Run,
    /// Processes of each function, each with one invocation at a time.
    pub processes: u8,
}

/// Who builds and starts the functions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Run {
    /// `cargo lambda watch`, at the first request.
    #[default]
    Once,
    /// The same, and again whenever the code changes.
    Reload,
    /// Nobody here: only Lambda's runtime API is served.
    Elsewhere,
}

/// The answer of a function to an invocation.
#[derive(Debug)]
pub enum Invoked {
    /// The payload that it returned.
    Returned(Vec<u8>),
    /// It failed: an error, a panic, a time-out, or no function at all.
    Failed(String),
}

impl Functions {
    /// Starts `cargo lambda watch`. Each line that it or a function writes comes out of the
    /// receiver.
    ///
    /// # Errors
    /// [`Failure`] when it is not installed, the port is taken, or it does not listen.
    pub async fn start(
        project: &Project,
        plan: &Plan<'_>,
    ) -> Result<(Self, UnboundedReceiver<String>), Failure> {
        let program = project.tool("sam/bin/cargo-lambda")?;
        // It runs one process for each program, whatever the number of its functions.
        let functions = by_program(plan.functions.to_vec());
        let mut environment = plan.environment.clone();
        environment.extend(functions.iter().flat_map(Function::own_environment));
        free(plan.port)?;
        let folder = PrivateFolder::make()?;
        let settings = folder.path().join("watch.toml");
        std::fs::write(&settings, router(&functions))
            .map_err(|error| Failure::new(settings.display(), error))?;
        let variables = folder.path().join("watch.env");
        std::fs::write(&variables, lines(&environment))
            .map_err(|error| Failure::new(variables.display(), error))?;
        let address = hidden_address()?;
        let mut command = Command::new(program);
        command
            .args(["lambda", "watch", "--disable-cors"])
            .args(["--invoke-address", &address.ip().to_string()])
            .args(["--invoke-port", &address.port().to_string()])
            .args(["--concurrency", &plan.processes.to_string()])
            .arg("--global")
            .arg(&settings)
            // For the functions alone: at their log level cargo-lambda would write what it passes on.
            .arg("--env-file")
            .arg(&variables)
            .args(match plan.run {
                Run::Once => Some("--ignore-changes"),
                Run::Reload => None,
                Run::Elsewhere => Some("--only-lambda-apis"),
            })
            .env("PATH", project.path())
            .env("AWS_ENDPOINT_URL", plan.endpoint)
            .env("AWS_REGION", REGION)
            .envs(Keys::ours().environment())
            .env("AWS_LAMBDA_LOG_FORMAT", "JSON")
            .env("RUST_LOG", "info")
            .env("CARGO_TERM_COLOR", "never")
            .current_dir(project.root())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let (sender, lines) = unbounded_channel();
        let log = sender.downgrade();
        let watch = Watch::start(command, address, sender).await?;
        let public_url = plan.environment.get("PUBLIC_URL").map(String::as_str);
        let front = front::open(front::Plan {
            port: plan.port,
            functions: &functions,
            upstream: format!("http://{address}"),
            public_url: public_url.filter(|url| !url.is_empty()),
            listening: watch.listening(),
            log,
        })?;
        let functions = Self {
            front,
            watch,
            address,
            _folder: folder,
        };
        Ok((functions, lines))
    }

    /// Where the routes are.
    pub fn url(&self) -> String {
        self.front.url()
    }

    /// Where Lambda's invoke and runtime APIs are. They take what anybody sends.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The runtime API of a function that runs elsewhere, for `AWS_LAMBDA_RUNTIME_API`.
    pub fn runtime_api(&self, binary: &str) -> String {
        format!("http://{}/.rt/{binary}", self.address)
    }

    /// A handle that can invoke the functions from elsewhere.
    pub fn invoker(&self) -> Invoker {
        Invoker {
            listening: Some(self.watch.listening()),
            ..Invoker::new(format!("http://{}", self.address))
        }
    }
}

/// Invokes functions as Lambda's API does.
#[derive(Clone, Debug)]
pub struct Invoker {
    client: reqwest::Client,
    url: String,
    listening: Option<Listening>,
}

impl Invoker {
    /// For the functions behind that URL.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            client: reqwest::Client::new(),
            url: url.into(),
            listening: None,
        }
    }

    /// Invokes a function and waits for what it returns.
    pub async fn invoke(&self, function: &Function, payload: &Value) -> Invoked {
        let url = format!(
            "{}/2015-03-31/functions/{}/invocations",
            self.url, function.name
        );
        if let Some(mut listening) = self.listening.clone() {
            listening.wait().await;
        }
        let request = self
            .client
            .post(url)
            .timeout(Duration::from_secs(function.timeout));
        let answer = match request.body(payload.to_string()).send().await {
            Ok(answer) => answer,
            Err(error) => return Invoked::Failed(error.to_string()),
        };
        let failed =
            !answer.status().is_success() || answer.headers().contains_key("x-amz-function-error");
        match answer.bytes().await {
            Ok(body) if failed => Invoked::Failed(String::from_utf8_lossy(&body).into_owned()),
            Ok(body) => Invoked::Returned(body.to_vec()),
            Err(error) => Invoked::Failed(error.to_string()),
        }
    }
}

fn lines(environment: &BTreeMap<String, String>) -> String {
    let line = |(name, value): (&String, &String)| format!("{name}={value}\n");
    environment.iter().map(line).collect()
}

/// cargo-lambda's settings: the template's routes. A path of every method has a function alone, and JSON
/// strings and objects of strings are TOML's.
fn router(functions: &[Function]) -> String {
    let mut routes: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut lines = String::new();
    for function in functions {
        for (method, path) in &function.routes {
            let name = json!(function.name);
            if method == "ANY" {
                lines.push_str(&format!("{} = {name}\n", json!(path)));
            } else {
                let target = format!("{{ function = {name}, method = {} }}", json!(method));
                routes.entry(path).or_default().push(target);
            }
        }
    }
    for (path, targets) in routes {
        lines.push_str(&format!("{} = [{}]\n", json!(path), targets.join(", ")));
    }
    format!("[watch.router]\n{lines}")
}
