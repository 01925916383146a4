//! The checkout: where the template, the events and the pinned tools are.

use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// The project that the command runs in.
#[derive(Clone, Debug)]
pub struct Project {
    root: PathBuf,
}

impl Project {
    /// The project around a folder: the nearest one above that has a `template.yaml`.
    ///
    /// # Errors
    /// [`Failure`] when there is none.
    pub fn around(folder: &Path) -> Result<Self, Failure> {
        let root = folder
            .ancestors()
            .find(|folder| folder.join("template.yaml").is_file());
        match root {
            Some(root) => Ok(Self {
                root: root.to_owned(),
            }),
            None => Err(Failure::usage(format!(
                "no template.yaml in {} or above; run the command inside the project",
                folder.display()
            ))),
        }
    }

    /// The project around the working directory.
    ///
    /// # Errors
    /// [`Failure`] when there is none.
    pub fn here() -> Result<Self, Failure> {
        let folder = std::env::current_dir()
            .map_err(|error| Failure::new("the working directory", error))?;
        Self::around(&folder)
    }

    /// The top folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A folder for what the local stack writes: logs and configuration.
    ///
    /// # Errors
    /// [`Failure`] when it cannot be made.
    pub fn scratch(&self) -> Result<PathBuf, Failure> {
        let folder = self.root.join("target").join("local");
        std::fs::create_dir_all(&folder).map_err(|error| Failure::new(folder.display(), error))?;
        Ok(folder)
    }

    /// One of the tools that `make setup` installs, such as `sam/bin/cargo-lambda`.
    ///
    /// # Errors
    /// [`Failure`] when it is not installed.
    pub fn tool(&self, path: &str) -> Result<PathBuf, Failure> {
        let tool = self.root.join(".tools").join(path);
        if tool.is_file() {
            Ok(tool)
        } else {
            Err(Failure::usage(format!(
                "{} is not installed; run: make setup",
                tool.display()
            )))
        }
    }

    /// `PATH` with the pinned tools first.
    pub fn path(&self) -> String {
        let tools = self.root.join(".tools").join("sam").join("bin");
        format!(
            "{}:{}",
            tools.display(),
            std::env::var("PATH").unwrap_or_default()
        )
    }
}
