//! One process of a function under Lambda's runtime API
//! (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>), with a clock beside it.

use std::convert::Infallible;
use std::fs::File;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustix::process::{Pid, Signal, kill_process};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use uuid::Uuid;
use webhooks::timestamp::Timestamp;
use webhooks_cli::failure::Failure;
use webhooks_cli::keys::REGION;

use super::contestant::Contestant;
use super::meter::Usage;

/// Longer than anything that is measured here.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// A process and its runtime API; both end when this goes.
#[derive(Debug)]
pub struct Instance {
    name: String,
    process: Child,
    jobs: UnboundedSender<Bytes>,
    asked: UnboundedReceiver<Instant>,
    answered: UnboundedReceiver<Answered>,
    task: tokio::task::JoinHandle<()>,
}

#[derive(Debug)]
struct Answered {
    at: Instant,
    body: Bytes,
    failed: bool,
}

/// What the process meets.
struct Desk {
    jobs: Mutex<UnboundedReceiver<Bytes>>,
    asked: UnboundedSender<Instant>,
    answered: UnboundedSender<Answered>,
}

impl Instance {
    /// Starts a process and waits until it asks for its first event; says how long that took.
    ///
    /// # Errors
    /// [`Failure`] when it does not start or does not ask.
    pub async fn start(
        contestant: &Contestant,
        aws: &str,
        log: &File,
    ) -> Result<(Self, Duration), Failure> {
        let failure = |error| Failure::new(&contestant.name, error);
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(failure)?;
        let address = listener.local_addr().map_err(failure)?;
        let (jobs, waiting) = unbounded_channel();
        let (ask, asked) = unbounded_channel();
        let (answer, answered) = unbounded_channel();
        let desk = Arc::new(Desk {
            jobs: Mutex::new(waiting),
            asked: ask,
            answered: answer,
        });
        let task = tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(serve(connection, Arc::clone(&desk)));
            }
        });
        let mut command = Command::new(&contestant.program);
        command
            .args(&contestant.arguments)
            .current_dir(&contestant.folder)
            .envs(contestant.environment.iter().cloned())
            .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "bench")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_LOG_FORMAT", "JSON")
            .env("AWS_ENDPOINT_URL", aws)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            // Some clients take the queue's address from its URL.
            .env("QUEUE_URL", format!("{aws}/000000000000/bench"))
            .env("AWS_REGION", REGION)
            .env("AWS_DEFAULT_REGION", REGION)
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .stdin(Stdio::null())
            .stdout(log.try_clone().map_err(failure)?)
            .stderr(log.try_clone().map_err(failure)?)
            .kill_on_drop(true);
        let started = Instant::now();
        let process = command.spawn().map_err(failure)?;
        let mut instance = Self {
            name: contestant.name.clone(),
            process,
            jobs,
            asked,
            answered,
            task,
        };
        let asked = instance.asks().await?;
        Ok((instance, asked - started))
    }

    /// Gives the process an event and waits for its answer, and until it asks for another; says
    /// how long the answer took.
    ///
    /// # Errors
    /// [`Failure`] when it fails or does not answer.
    pub async fn invoke(&mut self, event: &Bytes) -> Result<(Duration, Bytes), Failure> {
        let given = Instant::now();
        let ended = || Failure::of(format!("{} ended", self.name));
        self.jobs.send(event.clone()).map_err(|_| ended())?;
        let answered = tokio::time::timeout(TIME_LIMIT, self.answered.recv()).await;
        let answered = answered.ok().flatten().ok_or_else(ended)?;
        if answered.failed {
            let why = String::from_utf8_lossy(&answered.body).into_owned();
            return Err(Failure::of(format!("{} failed: {why}", self.name)));
        }
        self.asks().await?;
        Ok((answered.at - given, answered.body))
    }

    /// What the process has used so far.
    ///
    /// # Errors
    /// [`Failure`] when it is gone.
    pub fn usage(&self) -> Result<Usage, Failure> {
        let process = self.process.id();
        let process = process.ok_or_else(|| Failure::of(format!("{} ended", self.name)))?;
        Usage::of(process)
    }

    /// Ends the process as Lambda does, and waits until it has ended.
    ///
    /// # Errors
    /// [`Failure`] when it is gone already.
    pub async fn end(mut self) -> Result<(), Failure> {
        let failure = |error| Failure::new(&self.name, error);
        let id = self.process.id().and_then(|id| i32::try_from(id).ok());
        if let Some(id) = id.and_then(Pid::from_raw) {
            kill_process(id, Signal::TERM).map_err(|error| failure(error.into()))?;
        }
        self.process.wait().await.map_err(failure)?;
        Ok(())
    }

    async fn asks(&mut self) -> Result<Instant, Failure> {
        let asked = tokio::select! {
            asked = self.asked.recv() => asked,
            answered = self.answered.recv() => {
                let why = answered.map(|answered| answered.body).unwrap_or_default();
                let why = String::from_utf8_lossy(&why).into_owned();
                return Err(Failure::of(format!("{} does not start: {why}", self.name)));
            }
            _ = self.process.wait() => None,
            () = tokio::time::sleep(TIME_LIMIT) => None,
        };
        asked.ok_or_else(|| {
            Failure::of(format!(
                "{} does not ask for an event; target/local/bench.log says more",
                self.name
            ))
        })
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(connection: TcpStream, desk: Arc<Desk>) {
    let _ = connection.set_nodelay(true);
    let service = service_fn(move |request| attend(Arc::clone(&desk), request));
    // It breaks when the process is killed.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(connection), service)
        .await;
}

async fn attend(
    desk: Arc<Desk>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path().to_owned();
    if path.ends_with("/invocation/next") {
        let _ = desk.asked.send(Instant::now());
        let job = desk.jobs.lock().await.recv().await.unwrap_or_default();
        return Ok(handed(job));
    }
    let body = request.into_body().collect().await;
    let answered = Answered {
        at: Instant::now(),
        body: body.map(|body| body.to_bytes()).unwrap_or_default(),
        failed: path.ends_with("/error"),
    };
    let _ = desk.answered.send(answered);
    let mut response = Response::new(Full::new(Bytes::new()));
    *response.status_mut() = hyper::StatusCode::ACCEPTED;
    Ok(response)
}

fn handed(job: Bytes) -> Response<Full<Bytes>> {
    let deadline = Timestamp::now().after(TIME_LIMIT).millis();
    let response = Response::builder()
        .header("content-type", "application/json")
        .header("lambda-runtime-aws-request-id", Uuid::new_v4().to_string())
        .header("lambda-runtime-deadline-ms", deadline)
        .header(
            "lambda-runtime-invoked-function-arn",
            format!("arn:aws:lambda:{REGION}:000000000000:function:bench"),
        )
        .body(Full::new(job));
    response.expect("the headers are ASCII")
}
