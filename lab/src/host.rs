//! Runs function binaries as Lambda does: each process takes one invocation at a time from a
//! runtime API (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>), an invocation
//! whose process ends or runs out of time fails, and another process takes its place.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::sync::{Mutex, mpsc, oneshot, watch};
use uuid::Uuid;
use webhooks::timestamp::Timestamp;
use webhooks_cli::failure::Failure;
use webhooks_cli::functions::Invoker;
use webhooks_cli::keys::{Keys, REGION};

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
    /// How long an invocation may take.
    pub timeout: Duration,
}

/// How a process lives.
#[derive(Clone, Debug, Default)]
pub struct Life {
    /// Environment variables of its own.
    pub environment: Vec<(String, String)>,
    /// When it is killed, if it is.
    pub ends_after: Option<Duration>,
}

/// What decides over the life of processes.
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

/// What a function answers: its payload, or what went wrong.
type Answer = Result<Bytes, Bytes>;

struct Job {
    payload: Bytes,
    reply: oneshot::Sender<Answer>,
}

/// One place for a process.
struct Slot {
    jobs: Arc<Mutex<mpsc::Receiver<Job>>>,
    running: Mutex<Option<(String, oneshot::Sender<Answer>)>>,
    /// When the invocation at hand runs out of time.
    deadline: watch::Sender<Option<Instant>>,
    timeout: Duration,
}

struct Shared {
    slots: HashMap<String, Slot>,
    queues: HashMap<String, mpsc::Sender<Job>>,
}

impl Host {
    /// Starts the functions. What they write goes to `log`.
    ///
    /// # Errors
    /// [`Failure`] when the runtime API cannot listen.
    pub async fn start(
        functions: &[Hosted],
        fate: Arc<dyn Fate>,
        log: &std::fs::File,
    ) -> Result<Self, Failure> {
        let failure = |error| Failure::new("the runtime API", error);
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(failure)?;
        let address = listener.local_addr().map_err(failure)?;
        let (mut slots, mut queues, mut places) = (HashMap::new(), HashMap::new(), Vec::new());
        for function in functions {
            let (sender, receiver) = mpsc::channel(1);
            let jobs = Arc::new(Mutex::new(receiver));
            for number in 0..function.processes {
                let slot = format!("{}-{number}", function.name);
                slots.insert(slot.clone(), Slot::new(&jobs, function.timeout));
                places.push((slot, function.clone()));
            }
            queues.insert(function.name.clone(), sender);
        }
        let shared = Arc::new(Shared { slots, queues });
        let router = Router::new()
            .route("/{slot}/2018-06-01/runtime/invocation/next", get(next))
            .route(
                "/{slot}/2018-06-01/runtime/invocation/{id}/response",
                post(respond),
            )
            .route(
                "/{slot}/2018-06-01/runtime/invocation/{id}/error",
                post(fail),
            )
            .route(
                "/{slot}/2018-06-01/runtime/init/error",
                post(|| async { "{}" }),
            )
            .route("/2015-03-31/functions/{name}/invocations", post(invoke))
            .layer(DefaultBodyLimit::disable())
            .with_state(Arc::clone(&shared));
        let mut tasks = vec![tokio::spawn(async move {
            // It serves until it is aborted.
            let _ = axum::serve(listener, router).await;
        })];
        for (slot, function) in places {
            let log = log.try_clone().map_err(failure)?;
            let keeper = Keeper {
                shared: Arc::clone(&shared),
                fate: Arc::clone(&fate),
                api: format!("http://{address}/{slot}"),
                slot,
                function,
                log,
            };
            tasks.push(tokio::spawn(keeper.keep()));
        }
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

impl Slot {
    fn new(jobs: &Arc<Mutex<mpsc::Receiver<Job>>>, timeout: Duration) -> Self {
        Self {
            jobs: Arc::clone(jobs),
            running: Mutex::new(None),
            deadline: watch::Sender::new(None),
            timeout,
        }
    }

    /// Answers the invocation at hand, if it is still that one.
    async fn answer(&self, id: &str, answer: Answer) -> StatusCode {
        let mut running = self.running.lock().await;
        match running.take_if(|(current, _)| current == id) {
            Some((_, reply)) => {
                self.deadline.send_replace(None);
                // Whoever asked may have given up.
                let _ = reply.send(answer);
                StatusCode::ACCEPTED
            }
            None => StatusCode::BAD_REQUEST,
        }
    }

    /// The process is gone, and the invocation at hand with it.
    async fn bury(&self) {
        self.deadline.send_replace(None);
        if let Some((_, reply)) = self.running.lock().await.take() {
            let _ = reply.send(Err(Bytes::from_static(b"the process ended")));
        }
    }

    /// Waits until the invocation at hand has run out of time.
    async fn out_of_time(&self) {
        let mut deadline = self.deadline.subscribe();
        loop {
            let until = *deadline.borrow_and_update();
            let passed = async {
                match until {
                    Some(until) => tokio::time::sleep_until(until.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = passed => return,
                // The sender lives as long as the slot.
                _ = deadline.changed() => {}
            }
        }
    }
}

/// Keeps one place filled.
struct Keeper {
    shared: Arc<Shared>,
    fate: Arc<dyn Fate>,
    slot: String,
    api: String,
    function: Hosted,
    log: std::fs::File,
}

impl Keeper {
    async fn keep(self) {
        loop {
            let process = Uuid::new_v4();
            let status = self.run(process).await;
            self.shared.slots[&self.slot].bury().await;
            match status {
                Ok(status) => self.fate.end(&self.function.name, process, status),
                Err(error) => {
                    eprintln!("{}: {error}", self.function.program.display());
                    return;
                }
            }
        }
    }

    async fn run(&self, process: Uuid) -> std::io::Result<ExitStatus> {
        let life = self.fate.begin(&self.function.name, process);
        let mut command = Command::new(&self.function.program);
        command
            .envs(self.function.environment.iter().cloned())
            .envs(life.environment)
            .env("AWS_LAMBDA_RUNTIME_API", &self.api)
            .env("AWS_LAMBDA_FUNCTION_NAME", &self.function.name)
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
            .env("AWS_LAMBDA_LOG_FORMAT", "JSON")
            .env("AWS_REGION", REGION)
            .envs(Keys::ours().environment())
            .stdin(Stdio::null())
            .stdout(self.log.try_clone()?)
            .stderr(self.log.try_clone()?)
            .kill_on_drop(true);
        let mut child = command.spawn()?;
        tokio::select! {
            status = child.wait() => status,
            () = self.over(life.ends_after) => {
                child.kill().await?;
                child.wait().await
            }
        }
    }
}

impl Keeper {
    /// Waits until the process has to end.
    async fn over(&self, ends_after: Option<Duration>) {
        let out_of_time = self.shared.slots[&self.slot].out_of_time();
        match ends_after {
            None => out_of_time.await,
            Some(life) => tokio::select! {
                () = out_of_time => {}
                () = tokio::time::sleep(life) => {}
            },
        }
    }
}

async fn next(State(shared): State<Arc<Shared>>, Path(slot): Path<String>) -> Response {
    let Some(slot) = shared.slots.get(&slot) else {
        return plain(StatusCode::NOT_FOUND);
    };
    let Some(job) = slot.jobs.lock().await.recv().await else {
        return plain(StatusCode::GONE);
    };
    let id = Uuid::new_v4().to_string();
    slot.deadline
        .send_replace(Some(Instant::now() + slot.timeout));
    *slot.running.lock().await = Some((id.clone(), job.reply));
    let deadline = i64::try_from(slot.timeout.as_millis())
        .unwrap_or(i64::MAX)
        .saturating_add(Timestamp::now().millis());
    let response = Response::builder()
        .header("content-type", "application/json")
        .header("lambda-runtime-aws-request-id", id)
        .header("lambda-runtime-deadline-ms", deadline)
        .header(
            "lambda-runtime-invoked-function-arn",
            format!("arn:aws:lambda:{REGION}:000000000000:function:local"),
        )
        .body(Body::from(job.payload));
    response.unwrap_or_else(|_| plain(StatusCode::INTERNAL_SERVER_ERROR))
}

async fn respond(
    State(shared): State<Arc<Shared>>,
    Path((slot, id)): Path<(String, String)>,
    body: Bytes,
) -> StatusCode {
    settle(&shared, &slot, &id, Ok(body)).await
}

async fn fail(
    State(shared): State<Arc<Shared>>,
    Path((slot, id)): Path<(String, String)>,
    body: Bytes,
) -> StatusCode {
    settle(&shared, &slot, &id, Err(body)).await
}

async fn settle(shared: &Shared, slot: &str, id: &str, answer: Answer) -> StatusCode {
    match shared.slots.get(slot) {
        Some(slot) => slot.answer(id, answer).await,
        None => StatusCode::NOT_FOUND,
    }
}

async fn invoke(
    State(shared): State<Arc<Shared>>,
    Path(name): Path<String>,
    payload: Bytes,
) -> Response {
    let Some(queue) = shared.queues.get(&name) else {
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
