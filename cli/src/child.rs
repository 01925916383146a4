//! Processes that end with us.

use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::Command;

use crate::failure::Failure;
use crate::watchdog::Watchdog;

/// The time that a process may take to end by itself.
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// A process in a group of its own. When this goes, the whole group ends: asked first, then made.
#[derive(Debug)]
pub struct Child {
    name: &'static str,
    process: tokio::process::Child,
    group: Option<Pid>,
    // For when we do not get to drop this.
    _watchdog: Option<Watchdog>,
}

impl Child {
    /// Starts a process. `name` is for messages.
    ///
    /// # Errors
    /// [`Failure`] when it does not start.
    pub fn start(name: &'static str, command: &mut Command) -> Result<Self, Failure> {
        let process = command
            .stdin(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(|error| Failure::new(name, error))?;
        let group = process
            .id()
            .and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        let mut child = Self {
            name,
            process,
            group,
            _watchdog: None,
        };
        child._watchdog = group.map(Watchdog::over_group).transpose()?;
        Ok(child)
    }

    /// The process itself, for its output.
    pub fn process(&mut self) -> &mut tokio::process::Child {
        &mut self.process
    }

    /// Says so if the process has ended.
    ///
    /// # Errors
    /// [`Failure`] when it has.
    pub fn check(&mut self) -> Result<(), Failure> {
        match self.process.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(Failure::of(format!("{} ended: {status}", self.name))),
            Err(error) => Err(Failure::new(self.name, error)),
        }
    }

    fn signal(&self, signal: Signal) -> bool {
        self.group
            .is_some_and(|group| kill_process_group(group, signal).is_ok())
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.signal(Signal::TERM);
        let deadline = Instant::now() + TIME_LIMIT;
        while matches!(self.process.try_wait(), Ok(None)) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(20));
        }
        // Whatever the process left behind in its group, and itself if it did not listen.
        self.signal(Signal::KILL);
        while matches!(self.process.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}
