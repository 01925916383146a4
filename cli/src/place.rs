//! The stack that a command is about, and who calls it.

use clap::Args;

use crate::account;
use crate::caller;
use crate::emulator;
use crate::failure::Failure;
use crate::keys::Keys;
use crate::project::Project;
use crate::stack::{NAME, Stack};

/// Which stack.
#[derive(Args, Clone, Debug)]
pub struct Place {
    /// A deployed stack, reached with the AWS credentials at hand; left out: the local stack
    #[arg(long, global = true)]
    stack: Option<String>,
    /// The profile of the AWS configuration; left out: AWS_PROFILE, else the default
    #[arg(long, global = true, requires = "stack")]
    profile: Option<String>,
    /// The port of the local stack's emulator
    #[arg(long, global = true, default_value_t = 4566)]
    emulator_port: u16,
}

impl Place {
    /// Finds the stack.
    ///
    /// # Errors
    /// [`Failure`] when it is not there.
    pub async fn stack(&self) -> Result<Stack, Failure> {
        match &self.stack {
            Some(name) => {
                let config = account::config(self.profile.as_deref()).await?;
                Stack::find(config, name).await
            }
            None => {
                let endpoint = emulator::endpoint(self.emulator_port);
                let keys = emulator::keys_file(&Project::here()?, self.emulator_port)?;
                let none = |_| {
                    Failure::of(
                        "no local stack runs; start it with make dev, or name a deployed one with --stack",
                    )
                };
                let config = Keys::read(&keys).map_err(none)?.config(&endpoint);
                Stack::find(config, NAME).await.map_err(none)
            }
        }
    }

    /// Who calls the command, for the history: of a deployed stack the principal that AWS names, of the local
    /// one the user of this machine.
    ///
    /// # Errors
    /// [`Failure`] when AWS does not say.
    pub async fn caller(&self, stack: &Stack) -> Result<String, Failure> {
        match self.stack {
            Some(_) => caller::principal(&stack.config).await,
            None => Ok(caller::user()),
        }
    }

    /// True if it is a deployed stack, and not the local one.
    pub fn is_deployed(&self) -> bool {
        self.stack.is_some()
    }

    /// The options that name the same stack, for a command that is shown.
    pub fn options(&self) -> String {
        let mut options = String::new();
        if let Some(stack) = &self.stack {
            options.push_str(&format!(" --stack {stack}"));
        }
        if let Some(profile) = &self.profile {
            options.push_str(&format!(" --profile {profile}"));
        }
        options
    }
}
