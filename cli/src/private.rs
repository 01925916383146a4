//! Files and folders of one run, for its user alone; they are gone when it is over.

use std::fs::{DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::failure::Failure;
use crate::watchdog::Watchdog;

/// A folder that goes with everything in it.
#[derive(Debug)]
pub(crate) struct PrivateFolder {
    path: PathBuf,
    _watchdog: Watchdog,
}

impl PrivateFolder {
    /// Makes an empty one where the system keeps what is temporary: the path of a socket must be
    /// short, which a checkout's may not be.
    pub(crate) fn make() -> Result<Self, Failure> {
        let name = format!("webhooks-{}", Uuid::new_v4().as_simple());
        let path = std::env::temp_dir().join(name);
        let watchdog = Watchdog::over_path(&path)?;
        let made = DirBuilder::new().mode(0o700).create(&path);
        made.map_err(|error| Failure::new(path.display(), error))?;
        Ok(Self {
            path,
            _watchdog: watchdog,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for PrivateFolder {
    fn drop(&mut self) {
        // What is left is for the watchdog's sort of end; there is nobody to tell.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// A file that only its user can read.
#[derive(Debug)]
pub(crate) struct PrivateFile {
    path: PathBuf,
    _watchdog: Watchdog,
}

impl PrivateFile {
    /// Writes one, in place of what an earlier run may have left.
    pub(crate) fn write(path: PathBuf, text: &str) -> Result<Self, Failure> {
        let watchdog = Watchdog::over_path(&path)?;
        let _ = std::fs::remove_file(&path);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path);
        file.and_then(|mut file| file.write_all(text.as_bytes()))
            .map_err(|error| Failure::new(path.display(), error))?;
        Ok(Self {
            path,
            _watchdog: watchdog,
        })
    }
}

impl Drop for PrivateFile {
    fn drop(&mut self) {
        // An error means that it is gone already.
        let _ = std::fs::remove_file(&self.path);
    }
}
