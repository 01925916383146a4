//! A process that cleans up when we cannot: after `kill -9`, or when the terminal is gone.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::Pid;

use crate::failure::Failure;

/// Waits for the end of its input, which comes when we end, however that happens.
const SCRIPT: &str = r#"trap '' HUP INT TERM
read -r _
[ "$1" = - ] || kill -s KILL -- "-$1"
shift
rm -rf -- "$@""#;

/// A process that ends a process group and removes files when we are gone without having done it.
#[derive(Debug)]
pub(crate) struct Watchdog(Child);

impl Watchdog {
    /// Over a process group.
    pub(crate) fn over_group(group: Pid) -> Result<Self, Failure> {
        Self::start(&group.as_raw_nonzero().to_string(), None)
    }

    /// Over a file or a folder.
    pub(crate) fn over_path(path: &Path) -> Result<Self, Failure> {
        Self::start("-", Some(path))
    }

    fn start(group: &str, path: Option<&Path>) -> Result<Self, Failure> {
        Command::new("/bin/sh")
            .args(["-c", SCRIPT, "webhooks-watchdog", group])
            .args(path)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .map(Self)
            .map_err(|error| Failure::new("the watchdog", error))
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        // Nothing is left for it to do. An error means that it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
