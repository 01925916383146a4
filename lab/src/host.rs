//! Runs function binaries as Lambda does: each process is an [`Instance`] that takes one invocation
//! at a time, an invocation whose process ends or runs out of time fails, and another process takes
//! its place.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use axum::routing::post;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc, oneshot};
use uuid::Uuid;
use webhooks_cli::failure::Failure;
use webhooks_cli::functions::Invoker;
use webhooks_cli::keys::Keys;

use crate::instance::{Answer, Instance, Program, Seen};

/// A function: a binary, and how many processes of it run at one time.
#[derive(Clone, Debug)]
pub struct Hosted {
    /// Its name, which is its binary's.
    pub name: String,
    /// The binary.
    pub program: PathBuf,
    /// Its environment variables.
    pub environment: Vec<(String, String)>,
    /// Processes at one time.
    pub processes: u16,
    /// The time that an invocation may take.
    pub timeout: Duration,
}

/// The life of a process.
#[derive(Clone, Debug, Default)]
pub struct Life {
    /// Environment variables of its own.
    pub environment: Vec<(String, String)>,
    /// When it is killed, if it is.
    pub ends_after: Option<Duration>,
}

/// Decides over the life of processes.
pub trait Fate: Send + Sync + 'static {
    /// For a process that is about to start.
    fn begin(&self, function: &str, process: Uuid) -> Life;
    /// A process of a function has ended.
    fn end(&self, function: &str, process: Uuid, status: ExitStatus);
}

/// Running functions; they end when this goes.
#[derive(Debug)]
pub struct Host {
    address: SocketAddr,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

struct Job {
    payload: Bytes,
    reply: oneshot::Sender<Answer>,
}

/// The jobs of a function, for the process that is free first.
type Jobs = Arc<Mutex<mpsc::Receiver<Job>>>;

type Queues = Arc<HashMap<String, mpsc::Sender<Job>>>;

impl Host {
    /// Starts the functions. What they write goes to `log`.
    ///
    /// # Errors
    /// [`Failure`] when it cannot listen.
    pub async fn start(
        functions: &[Hosted],
        fate: Arc<dyn Fate>,
        log: &std::fs::File,
    ) -> Result<Self, Failure> {
        let failure = |error| Failure::new("the host", error);
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(failure)?;
        let address = listener.local_addr().map_err(failure)?;
        let (mut queues, mut tasks) = (HashMap::new(), Vec::new());
        for function in functions {
            let (sender, receiver) = mpsc::channel(1);
            let jobs = Arc::new(Mutex::new(receiver));
            for _ in 0..function.processes {
                let place = Place {
                    jobs: Arc::clone(&jobs),
                    fate: Arc::clone(&fate),
                    function: function.clone(),
                    log: log.try_clone().map_err(failure)?,
                };
                tasks.push(tokio::spawn(place.keep()));
            }
            queues.insert(function.name.clone(), sender);
        }
        let router = Router::new()
            .route("/2015-03-31/functions/{name}/invocations", post(invoke))
            .layer(DefaultBodyLimit::disable())
            .with_state(Arc::new(queues));
        tasks.push(tokio::spawn(async move {
            // It serves until it is aborted.
            let _ = axum::serve(listener, router).await;
        }));
        Ok(Self { address, tasks })
    }

    /// Invokes functions.
    pub fn invoker(&self) -> Invoker {
        Invoker::new(format!("http://{}", self.address))
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// One place for a process, which is always filled.
struct Place {
    jobs: Jobs,
    fate: Arc<dyn Fate>,
    function: Hosted,
    log: std::fs::File,
}

/// The invocation at hand.
struct Running {
    reply: oneshot::Sender<Answer>,
    until: Instant,
}

impl Place {
    async fn keep(self) {
        loop {
            let process = Uuid::new_v4();
            match self.run(process).await {
                Ok(status) => self.fate.end(&self.function.name, process, status),
                Err(error) => {
                    eprintln!("{}: {error}", self.function.program.display());
                    return;
                }
            }
        }
    }

    /// The whole life of a process.
    async fn run(&self, process: Uuid) -> std::io::Result<ExitStatus> {
        let life = self.fate.begin(&self.function.name, process);
        let mut instance = Instance::start(&self.program(life.environment), &self.log).await?;
        let over = passed(life.ends_after.map(|life| Instant::now() + life));
        tokio::pin!(over);
        let (mut asks, mut running) = (false, None::<Running>);
        let status = loop {
            let until = running.as_ref().map(|running| running.until);
            tokio::select! {
                biased;
                seen = instance.next() => match seen? {
                    Seen::Asked(_) => asks = true,
                    Seen::Answered(_, answer) => reply(&mut running, answer),
                    Seen::Ended(status) => break status,
                },
                () = &mut over => break instance.kill().await?,
                () = passed(until) => break instance.kill().await?,
                Some(job) = self.job(), if asks => {
                    asks = false;
                    instance.give(job.payload, self.function.timeout);
                    let until = Instant::now() + self.function.timeout;
                    running = Some(Running { reply: job.reply, until });
                }
            }
        };
        reply(&mut running, Err(Bytes::from_static(b"the process ended")));
        Ok(status)
    }

    async fn job(&self) -> Option<Job> {
        self.jobs.lock().await.recv().await
    }

    fn program(&self, environment: Vec<(String, String)>) -> Program {
        let keys = Keys::ours().environment();
        let keys = keys.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let of_function = self.function.environment.iter().cloned();
        Program {
            name: self.function.name.clone(),
            path: self.function.program.clone(),
            arguments: Vec::new(),
            folder: None,
            environment: of_function.chain(environment).chain(keys).collect(),
        }
    }
}

/// Answers the invocation at hand, if there is one: the start of a process may fail without.
fn reply(running: &mut Option<Running>, answer: Answer) {
    if let Some(running) = running.take() {
        // Whoever asked may have given up.
        let _ = running.reply.send(answer);
    }
}

/// Waits for a moment; for ever where there is none.
async fn passed(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment.into()).await,
        None => std::future::pending().await,
    }
}

async fn invoke(
    State(queues): State<Queues>,
    Path(name): Path<String>,
    payload: Bytes,
) -> Response {
    let Some(queue) = queues.get(&name) else {
        return plain(StatusCode::NOT_FOUND);
    };
    let (reply, answer) = oneshot::channel();
    if queue.send(Job { payload, reply }).await.is_err() {
        return plain(StatusCode::SERVICE_UNAVAILABLE);
    }
    match answer.await {
        Ok(Ok(body)) => Response::new(Body::from(body)),
        Ok(Err(body)) => {
            let mut response = Response::new(Body::from(body));
            let unhandled = HeaderValue::from_static("Unhandled");
            response
                .headers_mut()
                .insert("x-amz-function-error", unhandled);
            response
        }
        Err(_) => plain(StatusCode::SERVICE_UNAVAILABLE),
    }
}

fn plain(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
