//! The function binaries of a trial: debug builds with fault points.
//!
//! `cargo lambda watch` builds the same functions without them and leaves its binaries at the same
//! place, under `target/debug`. So they are built before a trial, which takes a second where nothing
//! has changed, and linked to a place where nothing takes theirs.

use std::path::{Path, PathBuf};

use tokio::process::Command;
use tokio::sync::OnceCell;
use uuid::Uuid;
use webhooks_cli::failure::Failure;
use webhooks_cli::project::Project;
use webhooks_cli::template::Function;

/// The selection of `make test`: any other one has features of its own, and builds the AWS SDK again.
const BUILD: [&str; 7] = [
    "build",
    "--workspace",
    "--bins",
    "--tests",
    "--examples",
    "--locked",
    "--quiet",
];

/// Set once they are built and linked by this process.
static BUILT: OnceCell<PathBuf> = OnceCell::const_new();

/// The folder with the functions' binaries.
///
/// # Errors
/// [`Failure`] when they cannot be built.
pub async fn programs(project: &Project, functions: &[Function]) -> Result<PathBuf, Failure> {
    let folder = BUILT.get_or_try_init(|| build(project, functions)).await?;
    Ok(folder.clone())
}

async fn build(project: &Project, functions: &[Function]) -> Result<PathBuf, Failure> {
    let built = Command::new("cargo")
        .args(BUILD)
        .current_dir(project.root())
        .status()
        .await
        .map_err(|error| Failure::new("cargo", error))?;
    if !built.success() {
        return Err(Failure::of("cargo build has failed"));
    }
    let folder = project.scratch()?.join("programs");
    std::fs::create_dir_all(&folder).map_err(|error| Failure::new(folder.display(), error))?;
    let debug = project.root().join("target/debug");
    for function in functions {
        let (program, linked) = (debug.join(&function.binary), folder.join(&function.binary));
        link(&program, &linked).map_err(|error| Failure::new(program.display(), error))?;
    }
    Ok(folder)
}

/// Links a file in place of another one, which is there all the time: a trial of another process may
/// be starting it.
fn link(file: &Path, place: &Path) -> std::io::Result<()> {
    let fresh = place.with_extension(Uuid::new_v4().to_string());
    std::fs::hard_link(file, &fresh)?;
    std::fs::rename(&fresh, place)?;
    // Two names of one file are left as they are, both of them.
    std::fs::remove_file(&fresh).or(Ok(()))
}
