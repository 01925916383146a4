//! `cargo lambda watch`, started again when a function's process has ended by itself. It notices such an end
//! and never puts another process in its place: once all are gone, every request waits for ever.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::Instant;

use crate::child::Child;
use crate::failure::Failure;

/// The time that it may take until it listens.
const START: Duration = Duration::from_secs(60);

/// The least time between two starts: a function that ends at once would keep the machine busy.
const PAUSE: Duration = Duration::from_secs(1);

/// The beginnings of the lines that tell of a process that has ended by itself.
const ENDS: [&str; 3] = [
    "ERROR command exited",
    "ERROR command killed",
    "ERROR command ended by exception",
];

/// A running `cargo lambda watch`; it ends when this goes.
#[derive(Debug)]
pub(crate) struct Watch {
    process: Process,
    listening: Listening,
}

/// True while it listens, false while it is started again.
#[derive(Clone, Debug)]
pub(crate) struct Listening(watch::Receiver<bool>);

impl Listening {
    /// Waits until it listens, unless it has ended for good: whoever calls it finds that out.
    pub(crate) async fn wait(&mut self) {
        let _ = self.0.wait_for(|listens| *listens).await;
    }
}

impl Watch {
    /// Starts it, and waits until it listens at the address. Each line that it or a function writes goes to
    /// `log`, which is closed once it has ended for good.
    ///
    /// # Errors
    /// [`Failure`] when it does not start or does not listen.
    pub(crate) async fn start(
        command: Command,
        address: SocketAddr,
        log: UnboundedSender<String>,
    ) -> Result<Self, Failure> {
        let (listens, listening) = watch::channel(false);
        let mut supervisor = Supervisor {
            command,
            address,
            process: Process::default(),
            listens,
            log,
        };
        let watch = Self {
            process: supervisor.process.clone(),
            listening: Listening(listening),
        };
        // From here on an early return ends the process.
        let lines = supervisor.start().await?;
        tokio::spawn(supervisor.run(lines));
        Ok(watch)
    }

    /// A handle that tells when it listens.
    pub(crate) fn listening(&self) -> Listening {
        self.listening.clone()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.process.end();
    }
}

/// The process of now.
#[derive(Clone, Debug, Default)]
struct Process(Arc<Mutex<Slot>>);

#[derive(Debug, Default)]
struct Slot {
    child: Option<Child>,
    /// No other may be started.
    is_over: bool,
}

impl Process {
    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts one and gives what it writes, unless everything ends.
    fn start(&self, command: &mut Command) -> Result<Option<UnboundedReceiver<String>>, Failure> {
        let mut slot = self.slot();
        if slot.is_over {
            return Ok(None);
        }
        let mut child = Child::start("cargo lambda watch", command)?;
        let (sender, lines) = unbounded_channel();
        read(child.process().stdout.take(), sender.clone());
        read(child.process().stderr.take(), sender);
        slot.child = Some(child);
        Ok(Some(lines))
    }

    fn check(&self) -> Result<(), Failure> {
        self.slot().child.as_mut().map_or(Ok(()), Child::check)
    }

    /// Ends it; another may be started.
    async fn stop(&self) {
        let child = self.slot().child.take();
        // It may take seconds. A panic there would be one here.
        let _ = spawn_blocking(move || drop(child)).await;
    }

    /// Ends it for good.
    fn end(&self) {
        let mut slot = self.slot();
        slot.is_over = true;
        slot.child = None;
    }
}

/// Everything that a start takes.
struct Supervisor {
    command: Command,
    address: SocketAddr,
    process: Process,
    listens: watch::Sender<bool>,
    log: UnboundedSender<String>,
}

impl Supervisor {
    /// Starts a process and waits until it listens.
    async fn start(&mut self) -> Result<UnboundedReceiver<String>, Failure> {
        let lines = self.process.start(&mut self.command)?;
        let lines = lines.ok_or_else(|| Failure::of("cargo lambda watch has been ended"))?;
        let deadline = Instant::now() + START;
        while TcpStream::connect(self.address).await.is_err() {
            self.process.check()?;
            if Instant::now() > deadline {
                return Err(Failure::of("cargo lambda watch does not listen"));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        self.listens.send_replace(true);
        Ok(lines)
    }

    /// Passes on what is written, and starts another process when a function's has ended.
    async fn run(mut self, mut lines: UnboundedReceiver<String>) {
        let mut may_start = Instant::now() + PAUSE;
        while let Some(line) = lines.recv().await {
            let end = end_of_function(&line).map(str::to_owned);
            // Nobody listens while everything ends, here and below.
            let _ = self.log.send(line);
            let Some(end) = end else {
                continue;
            };
            self.tell(&format!(
                "a function's process has ended ({end}); all functions are started again"
            ));
            self.listens.send_replace(false);
            self.process.stop().await;
            tokio::time::sleep_until(may_start).await;
            may_start = Instant::now() + PAUSE;
            while let Ok(rest) = lines.try_recv() {
                let _ = self.log.send(rest);
            }
            match self.start().await {
                Ok(fresh) => lines = fresh,
                Err(failure) => return self.tell(&failure.to_string()),
            }
        }
    }

    /// Says something in the form of the functions' lines.
    fn tell(&self, message: &str) {
        let line = json!({"level": "WARN", "message": message});
        let _ = self.log.send(line.to_string());
    }
}

/// The words of a line that tells of the end of a function's process.
fn end_of_function(line: &str) -> Option<&str> {
    let line = line.trim();
    let ends = ENDS.iter().any(|end| line.starts_with(end));
    ends.then(|| line.trim_start_matches("ERROR "))
}

fn read(output: Option<impl AsyncRead + Unpin + Send + 'static>, sender: UnboundedSender<String>) {
    let Some(output) = output else {
        return;
    };
    tokio::spawn(async move {
        let mut lines = BufReader::new(output).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            // Read on when nobody listens any more: a process whose output is not read stops.
            let _ = sender.send(line);
        }
    });
}
