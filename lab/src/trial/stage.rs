//! A stage: everything a trial runs on, on this machine.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::json;
use tokio::task::JoinHandle;
use webhooks::limits;
use webhooks_cli::emulator::{self, Emulator};
use webhooks_cli::event_source;
use webhooks_cli::failure::Failure;
use webhooks_cli::functions::Invoker;
use webhooks_cli::project::Project;
use webhooks_cli::stack::Stack;
use webhooks_cli::stream_source::StreamSource;
use webhooks_cli::template::{Function, Template};

use super::clock::{Clock, HASTE, hastened};
use super::programs::programs;
use crate::host::{Fate, Host, Hosted};
use crate::proxy::{Call, Fault, Proxy};

/// Processes of each function that takes deliveries or messages.
const PROCESSES: u16 = 4;

/// Says what happens to a function's call.
pub type FaultPlan = Arc<dyn Fn(&str, &Call) -> Option<Fault> + Send + Sync>;

/// A running stage; everything ends when it goes.
pub struct Stage {
    /// The trial's time.
    pub clock: Clock,
    /// Where the table, the queues and the effects are, without proxies in between.
    pub stack: Stack,
    /// Invokes the functions.
    pub invoker: Invoker,
    plan: Vec<Function>,
    tasks: Vec<JoinHandle<()>>,
    // In this order: functions end before what they call.
    _host: Host,
    _proxies: Vec<Proxy>,
    _emulator: Emulator,
}

impl Stage {
    /// Starts everything but the event sources.
    ///
    /// # Errors
    /// [`Failure`] when a part does not start; the others end again.
    pub async fn set(
        project: &Project,
        clock: Clock,
        fate: Arc<dyn Fate>,
        faults: FaultPlan,
    ) -> Result<Self, Failure> {
        let template = Template::read(&project.root().join("template.yaml"))?;
        let emulator = Emulator::start(project, emulator::any_port()?).await?;
        let upstream = emulator.endpoint();
        let (stack, environment) = Stack::create(emulator::config(&upstream), &template).await?;
        hide_for_less(&stack).await?;
        let plan = template.functions();
        let programs = programs(project, &plan).await?;
        let (mut proxies, mut hosted) = (Vec::new(), Vec::new());
        for function in &plan {
            let (name, faults) = (function.name.clone(), Arc::clone(&faults));
            let judge = Arc::new(move |call: &Call| faults(&name, call));
            let proxy = Proxy::start(upstream.clone(), u64::from(HASTE), judge).await?;
            hosted.push(host(&programs, function, &environment, &proxy.url()));
            proxies.push(proxy);
        }
        let log = project.scratch()?.join("trial.log");
        let file = File::create(&log).map_err(|error| Failure::new(log.display(), error))?;
        let host = Host::start(&hosted, fate, &file).await?;
        Ok(Self {
            clock,
            stack,
            invoker: host.invoker(),
            plan,
            tasks: Vec::new(),
            _host: host,
            _proxies: proxies,
            _emulator: emulator,
        })
    }

    /// The function of that name.
    ///
    /// # Errors
    /// [`Failure`] when the template has none.
    pub fn function(&self, name: &str) -> Result<&Function, Failure> {
        let found = self.plan.iter().find(|function| function.name == name);
        found.ok_or_else(|| Failure::of(format!("template.yaml has no function {name}")))
    }

    /// The providers whose deliveries its functions take.
    pub fn providers(&self) -> impl Iterator<Item = &str> {
        let providers = self.plan.iter().flat_map(|function| &function.providers);
        providers.map(String::as_str)
    }

    /// Waits until no message is in the queue, visible or not.
    ///
    /// # Errors
    /// [`Failure`] when the queue does not answer, or still has messages after so long.
    pub async fn quiet(&self, time_limit: Duration) -> Result<(), Failure> {
        self.stack.quiet(Instant::now() + time_limit).await
    }

    /// Begins to carry messages to the processor and the table's records to the relay, and to run the
    /// relay once in `every`.
    ///
    /// # Errors
    /// [`Failure`] when the stack does not name its queue, or its table has no stream.
    pub async fn start_event_sources(&mut self, every: Duration) -> Result<(), Failure> {
        let queue_url = self.stack.output("QueueUrl")?.to_owned();
        for function in self.plan.clone() {
            if let Some(seconds) = function.stream_window {
                let (invoker, function) = (self.invoker.clone(), function.clone());
                let window = hastened(Duration::from_secs(seconds));
                let source = StreamSource::of_ledger(&self.stack, invoker, function, window);
                let clock = self.clock;
                let feed = source.await?.feed(move |seconds| clock.bent(seconds));
                self.tasks.push(tokio::spawn(async move {
                    if let Err(failure) = feed.await {
                        eprintln!("the stream's source has stopped: {failure}");
                    }
                }));
            }
            if function.batch_size.is_some() {
                for _ in 0..PROCESSES {
                    let sqs = aws_sdk_sqs::Client::new(&self.stack.config);
                    let feed = event_source::feed(
                        sqs,
                        queue_url.clone(),
                        self.invoker.clone(),
                        function.clone(),
                    );
                    self.tasks.push(tokio::spawn(async move {
                        if let Err(failure) = feed.await {
                            eprintln!("the event source has stopped: {failure}");
                        }
                    }));
                }
            } else if function.scheduled {
                let invoker = self.invoker.clone();
                self.tasks.push(tokio::spawn(async move {
                    let mut ticks = tokio::time::interval(every);
                    loop {
                        ticks.tick().await;
                        invoker.invoke(&function, &json!({})).await;
                    }
                }));
            }
        }
        Ok(())
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// The queue hides a message for six minutes of the trial's time.
async fn hide_for_less(stack: &Stack) -> Result<(), Failure> {
    let seconds = hastened(limits::VISIBILITY).as_secs().to_string();
    aws_sdk_sqs::Client::new(&stack.config)
        .set_queue_attributes()
        .queue_url(stack.output("QueueUrl")?)
        .attributes(QueueAttributeName::VisibilityTimeout, seconds)
        .send()
        .await
        .map_err(|error| Failure::new("the queue", error))?;
    Ok(())
}

fn host(
    programs: &Path,
    function: &Function,
    environment: &BTreeMap<String, String>,
    endpoint: &str,
) -> Hosted {
    let mut environment: Vec<(String, String)> = environment.clone().into_iter().collect();
    environment.extend(function.own_environment());
    environment.push(("AWS_ENDPOINT_URL".to_owned(), endpoint.to_owned()));
    let limit = Duration::from_secs(function.timeout);
    Hosted {
        name: function.name.clone(),
        program: programs.join(&function.binary),
        environment,
        processes: if function.scheduled { 1 } else { PROCESSES },
        // A lease passes faster here, and must still outlast the invocation that holds it.
        timeout: match function.batch_size {
            Some(_) => hastened(limit),
            None => limit,
        },
    }
}
