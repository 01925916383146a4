//! A line on the screen that says how far a trial is.

use std::io::{IsTerminal, Write, stdout};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// The pause between two lines where nothing can be overwritten.
const PAUSE: Duration = Duration::from_secs(10);

/// The line.
#[derive(Debug)]
pub struct Progress {
    terminal: bool,
    printed: Mutex<Option<Instant>>,
}

impl Progress {
    /// A line on standard output.
    pub fn on_screen() -> Self {
        Self {
            terminal: stdout().is_terminal(),
            printed: Mutex::new(None),
        }
    }

    /// Shows how far it is: at once on a terminal, now and then in a log.
    pub fn show(&self, line: &str) {
        if self.terminal {
            print!("\r\x1b[2K  {line}");
            // Nothing depends on it.
            let _ = stdout().flush();
            return;
        }
        let mut printed = self
            .printed
            .lock()
            .unwrap_or_else(|error| error.into_inner());
        if printed.is_none_or(|at| at.elapsed() > PAUSE) {
            println!("  {line}");
            *printed = Some(Instant::now());
        }
    }

    /// Leaves the line.
    pub fn end(&self) {
        if self.terminal {
            println!();
        }
    }
}
