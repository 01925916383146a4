//! The local stack: the emulator with the template's data resources, the functions on their
//! routes, and what carries messages from the queue to the processor.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use futures::future::{BoxFuture, select_all};
use tokio::sync::mpsc::UnboundedReceiver;
use webhooks::provider::catalog;

use crate::emulator::{self, Emulator};
use crate::event_source;
use crate::failure::Failure;
use crate::functions::{Functions, Invoker, Plan, Run};
use crate::github_api::GitHubApi;
use crate::listener::Listener;
use crate::project::Project;
use crate::provider_hosts;
use crate::stack::Stack;
use crate::stream_source::StreamSource;
use crate::template::{Function, Template, by_program};

/// A running local stack; everything ends when it goes.
#[derive(Debug)]
pub struct Local {
    // In this order: functions end before what they call.
    functions: Functions,
    _emulator: Emulator,
    _provider_hosts: Option<Listener>,
    /// Where its table, queues and secrets are.
    pub stack: Stack,
    /// The template's functions, one for each program.
    pub plan: Vec<Function>,
    /// The deliveries that a provider's API knows of, where it is stood in for.
    pub github_api: GitHubApi,
}

/// Processes of each function: more than one, so that what may happen at once does.
const PROCESSES: u8 = 4;

/// Ports and habits of a local stack.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The port of the routes.
    pub port: u16,
    /// The port of the emulator.
    pub emulator_port: u16,
    /// Registers a source for each provider whose secret is in these files for all to read. Not
    /// where strangers may come by.
    pub development_secrets: bool,
    /// The text before `/webhooks/...` in the URLs that providers are given.
    pub public_url: Option<String>,
    /// Who builds and starts the functions.
    pub run: Run,
    /// Environment variables of the functions, beside the template's.
    pub environment: BTreeMap<String, String>,
}

impl Options {
    /// Ports that nothing listens at.
    ///
    /// # Errors
    /// [`Failure`] when the machine has none.
    pub fn anywhere() -> Result<Self, Failure> {
        Ok(Self {
            port: emulator::any_port()?,
            emulator_port: emulator::any_port()?,
            development_secrets: true,
            ..Self::default()
        })
    }
}

impl Local {
    /// Starts everything. Each line that a function writes comes out of the receiver.
    ///
    /// # Errors
    /// [`Failure`] when a part does not start; the others end again.
    pub async fn start(
        project: &Project,
        options: &Options,
    ) -> Result<(Self, UnboundedReceiver<String>), Failure> {
        // One process serves all: whoever tries a provider here need not deploy it.
        let path = project.root().join("template.yaml");
        let template = Template::read_for(&path, &catalog::names())?;
        let emulator = Emulator::start(project, options.emulator_port).await?;
        let endpoint = emulator.endpoint();
        let config = emulator::config(&endpoint);
        let (stack, mut environment) = if options.development_secrets {
            Stack::create(config, &template).await?
        } else {
            Stack::create_without_secrets(config, &template).await?
        };
        // Tunnels, and `cargo lambda watch` itself, say in headers alone which URL was called.
        environment.insert("FORWARDED_HOST".to_owned(), "trust".to_owned());
        let github_api = GitHubApi::default();
        // Keys of development are published nowhere else.
        let provider_hosts = options
            .development_secrets
            .then(|| provider_hosts::open(github_api.routes()))
            .transpose()?;
        if let Some(hosts) = &provider_hosts {
            environment.insert("PROVIDER_HOSTS_URL".to_owned(), hosts.url());
        }
        environment.extend(options.environment.clone());
        if let Some(url) = &options.public_url {
            environment.insert("PUBLIC_URL".to_owned(), url.clone());
        }
        let plan = by_program(template.functions());
        let watch = Plan {
            functions: &plan,
            environment: &environment,
            endpoint: &endpoint,
            port: options.port,
            run: options.run,
            processes: PROCESSES,
        };
        let (functions, lines) = Functions::start(project, &watch).await?;
        Ok((
            Self {
                functions,
                _emulator: emulator,
                _provider_hosts: provider_hosts,
                stack,
                plan,
                github_api,
            },
            lines,
        ))
    }

    /// Where the routes are.
    pub fn url(&self) -> String {
        self.functions.url()
    }

    /// Where Lambda's invoke and runtime APIs are.
    pub fn address(&self) -> SocketAddr {
        self.functions.address()
    }

    /// Invokes functions directly.
    pub fn invoker(&self) -> Invoker {
        self.functions.invoker()
    }

    /// Carries messages and the table's records to the functions that take them, and runs what is
    /// scheduled; ends only when something goes wrong.
    ///
    /// # Errors
    /// [`Failure`] when the queue or the stream cannot be read.
    pub async fn event_sources(
        &self,
    ) -> Result<impl Future<Output = Result<(), Failure>> + use<>, Failure> {
        let mut event_sources: Vec<BoxFuture<'static, Result<(), Failure>>> = Vec::new();
        for function in &self.plan {
            if let Some(seconds) = function.stream_window {
                let (invoker, function) = (self.invoker(), function.clone());
                let window = Duration::from_secs(seconds);
                let source =
                    StreamSource::of_ledger(&self.stack, invoker, function, window).await?;
                event_sources.push(Box::pin(source.feed(|time| time)));
            }
            let (invoker, function) = (self.invoker(), function.clone());
            if function.batch_size.is_some() {
                let sqs = aws_sdk_sqs::Client::new(&self.stack.config);
                let queue_url = self.stack.output("QueueUrl")?.to_owned();
                event_sources.push(Box::pin(event_source::feed(
                    sqs, queue_url, invoker, function,
                )));
            } else if function.scheduled {
                event_sources.push(Box::pin(async move {
                    event_source::schedule(invoker, function).await;
                    Ok(())
                }));
            }
        }
        Ok(async move { select_all(event_sources).await.0 })
    }
}
