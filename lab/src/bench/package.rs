//! The size of a deployment package.

use std::path::PathBuf;

use tokio::process::Command;
use webhooks_cli::failure::Failure;
use webhooks_cli::project::Project;

/// The size of files and folders in one zip file, in bytes. Python's own packer, which every
/// machine has that this project builds on.
///
/// # Errors
/// [`Failure`] when something is not there.
pub async fn zipped(project: &Project, files: &[PathBuf]) -> Result<u64, Failure> {
    let archive = project.scratch()?.join("package.zip");
    let packer = Command::new("python3")
        .args(["-m", "zipfile", "-c"])
        .arg(&archive)
        .args(files)
        .output()
        .await
        .map_err(|error| Failure::new("python3", error))?;
    if !packer.status.success() {
        let why = String::from_utf8_lossy(&packer.stderr).into_owned();
        return Err(Failure::of(format!("python3 -m zipfile: {why}")));
    }
    let size = std::fs::metadata(&archive).map(|file| file.len());
    size.map_err(|error| Failure::new(archive.display(), error))
}
