//! One process of a function under Lambda's runtime API
//! (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>), with a clock beside it.

use std::convert::Infallible;
use std::fs::File;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
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

/// The time that a process may take until it asks for an event, and until it answers one, where nobody
/// says otherwise.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// A program that serves Lambda's runtime API, and what it is told.
#[derive(Clone, Debug)]
pub struct Program {
    /// The function's name.
    pub name: String,
    /// The program.
    pub path: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Where it runs, if not here.
    pub folder: Option<PathBuf>,
    /// Environment variables beside Lambda's own; they go before those.
    pub environment: Vec<(String, String)>,
}

/// An act of a process, as its runtime API sees it.
#[derive(Debug)]
pub enum Seen {
    /// It asks for an event.
    Asked(Instant),
    /// It answers the event that it was given, or says what went wrong.
    Answered(Instant, Answer),
    /// It has ended.
    Ended(ExitStatus),
}

/// A function's answer: its payload, or what went wrong.
pub type Answer = Result<Bytes, Bytes>;

/// A process and its runtime API; both end when this goes.
#[derive(Debug)]
pub struct Instance {
    name: String,
    process: Child,
    events: UnboundedSender<Event>,
    seen: UnboundedReceiver<Seen>,
    task: tokio::task::JoinHandle<()>,
}

/// An event for the process.
#[derive(Debug)]
struct Event {
    payload: Bytes,
    timeout: Duration,
}

/// The runtime API of one process.
struct RuntimeApi {
    events: Mutex<UnboundedReceiver<Event>>,
    /// The id of the event at hand.
    current: Mutex<Option<String>>,
    seen: UnboundedSender<Seen>,
}

impl Instance {
    /// Starts a process. What it writes goes to `log`.
    ///
    /// # Errors
    /// [`std::io::Error`] when it does not start.
    pub async fn start(program: &Program, log: &File) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (events, given) = unbounded_channel();
        let (see, seen) = unbounded_channel();
        let api = Arc::new(RuntimeApi {
            events: Mutex::new(given),
            current: Mutex::new(None),
            seen: see,
        });
        let process = command(program, log)?
            .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
            .spawn()?;
        let task = tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(serve(connection, Arc::clone(&api)));
            }
        });
        Ok(Self {
            name: program.name.clone(),
            process,
            events,
            seen,
            task,
        })
    }

    /// Waits for what the process does next. Nothing is missed when this is dropped.
    ///
    /// # Errors
    /// [`std::io::Error`] when the process cannot be waited for.
    pub async fn next(&mut self) -> std::io::Result<Seen> {
        tokio::select! {
            // A process may have answered before it ended.
            biased;
            Some(seen) = self.seen.recv() => Ok(seen),
            ended = self.process.wait() => Ok(Seen::Ended(ended?)),
        }
    }

    /// Gives the process an event, which it takes when it asks; it is told that it has this long.
    pub fn give(&self, payload: Bytes, timeout: Duration) {
        // A process that is gone takes none, and whoever waits for its answer sees that it has ended.
        let _ = self.events.send(Event { payload, timeout });
    }

    /// Waits until the process asks for an event, and says when it did.
    ///
    /// # Errors
    /// [`Failure`] when it does not.
    pub async fn asks(&mut self) -> Result<Instant, Failure> {
        match self.in_time().await? {
            Seen::Asked(at) => Ok(at),
            Seen::Answered(_, answer) => {
                let why = answer.unwrap_or_else(|why| why);
                let why = String::from_utf8_lossy(&why).into_owned();
                Err(self.failure(&format!("does not start: {why}")))
            }
            Seen::Ended(status) => Err(self.failure(&format!("ended: {status}"))),
        }
    }

    /// Gives the process an event and waits for its answer, and until it asks for another; says
    /// how long the answer took.
    ///
    /// # Errors
    /// [`Failure`] when it fails or does not answer.
    pub async fn invoke(&mut self, event: &Bytes) -> Result<(Duration, Bytes), Failure> {
        let given = Instant::now();
        self.give(event.clone(), TIME_LIMIT);
        let (at, body) = match self.in_time().await? {
            Seen::Answered(at, Ok(body)) => (at, body),
            Seen::Answered(_, Err(why)) => {
                let why = String::from_utf8_lossy(&why).into_owned();
                return Err(self.failure(&format!("failed: {why}")));
            }
            Seen::Asked(_) => return Err(self.failure("asks again before it answers")),
            Seen::Ended(status) => return Err(self.failure(&format!("ended: {status}"))),
        };
        self.asks().await?;
        Ok((at - given, body))
    }

    async fn in_time(&mut self) -> Result<Seen, Failure> {
        match tokio::time::timeout(TIME_LIMIT, self.next()).await {
            Ok(seen) => seen.map_err(|error| Failure::new(&self.name, error)),
            Err(_) => Err(self.failure("neither asks for an event nor answers one")),
        }
    }

    fn failure(&self, what: &str) -> Failure {
        Failure::of(format!("{} {what}; its log says more", self.name))
    }

    /// The process's id.
    ///
    /// # Errors
    /// [`Failure`] when it is gone.
    pub fn id(&self) -> Result<u32, Failure> {
        self.process.id().ok_or_else(|| self.failure("ended"))
    }

    /// Ends the process as Lambda does, and waits until it has ended.
    ///
    /// # Errors
    /// [`Failure`] when it is gone already.
    pub async fn end(mut self) -> Result<(), Failure> {
        let id = self.process.id().and_then(|id| i32::try_from(id).ok());
        let ended = match id.and_then(Pid::from_raw) {
            Some(id) => kill_process(id, Signal::TERM).map_err(std::io::Error::from),
            None => Ok(()),
        };
        let ended = match ended {
            Ok(()) => self.process.wait().await.map(drop),
            failed => failed,
        };
        ended.map_err(|error| Failure::new(&self.name, error))
    }

    /// Ends the process at once, as a machine that loses its power does.
    ///
    /// # Errors
    /// [`std::io::Error`] when it cannot be ended.
    pub async fn kill(&mut self) -> std::io::Result<ExitStatus> {
        self.process.kill().await?;
        self.process.wait().await
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn command(program: &Program, log: &File) -> std::io::Result<Command> {
    let mut command = Command::new(&program.path);
    command
        .args(&program.arguments)
        .env("AWS_LAMBDA_FUNCTION_NAME", &program.name)
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
        .env("AWS_LAMBDA_LOG_FORMAT", "JSON")
        .env("AWS_REGION", REGION)
        .envs(program.environment.iter().cloned())
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log.try_clone()?)
        .kill_on_drop(true);
    if let Some(folder) = &program.folder {
        command.current_dir(folder);
    }
    Ok(command)
}

async fn serve(connection: TcpStream, api: Arc<RuntimeApi>) {
    let _ = connection.set_nodelay(true);
    let service = service_fn(move |request| {
        let api = Arc::clone(&api);
        async move { Ok::<_, Infallible>(api.attend(request).await) }
    });
    // It breaks when the process is killed.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(connection), service)
        .await;
}

impl RuntimeApi {
    async fn attend(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let path = request.uri().path().to_owned();
        // `/2018-06-01/runtime/invocation/next`, `.../invocation/ID/response`, `.../init/error`
        let mut segments = path.rsplit('/');
        match (segments.next(), segments.next()) {
            (Some("next"), _) => self.hand_out().await,
            (Some("response"), Some(id)) => self.take(id, request, Ok).await,
            (Some("error"), Some(id)) => self.take(id, request, Err).await,
            _ => plain(StatusCode::NOT_FOUND),
        }
    }

    async fn hand_out(&self) -> Response<Full<Bytes>> {
        let _ = self.seen.send(Seen::Asked(Instant::now()));
        let Some(event) = self.events.lock().await.recv().await else {
            return plain(StatusCode::GONE);
        };
        let id = Uuid::new_v4().to_string();
        *self.current.lock().await = Some(id.clone());
        let response = Response::builder()
            .header("content-type", "application/json")
            .header("lambda-runtime-aws-request-id", id)
            .header(
                "lambda-runtime-deadline-ms",
                Timestamp::now().after(event.timeout).millis(),
            )
            .header(
                "lambda-runtime-invoked-function-arn",
                format!("arn:aws:lambda:{REGION}:000000000000:function:local"),
            )
            .body(Full::new(event.payload));
        response.expect("the headers are ASCII")
    }

    /// Takes an answer to the event at hand, or the error of a start, which has none.
    async fn take(
        &self,
        id: &str,
        request: Request<Incoming>,
        answer: fn(Bytes) -> Answer,
    ) -> Response<Full<Bytes>> {
        let Ok(body) = request.into_body().collect().await else {
            return plain(StatusCode::BAD_REQUEST);
        };
        let at = Instant::now();
        let current = self.current.lock().await.take_if(|current| *current == id);
        if current.is_none() && id != "init" {
            return plain(StatusCode::BAD_REQUEST);
        }
        let _ = self.seen.send(Seen::Answered(at, answer(body.to_bytes())));
        plain(StatusCode::ACCEPTED)
    }
}

fn plain(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::new()));
    *response.status_mut() = status;
    response
}
