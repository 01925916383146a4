//! `webhooks rotate --abandon`: the way back from a rotation that was begun.
//!
//! A secret that we choose is set at the provider once more, the old one; the discarded one is accepted until
//! `--finish`, for what it has signed meanwhile. Of two endpoints the newer one is removed, and its secret goes at
//! once: all that it has sent, the old one has sent as well.

use std::process::ExitCode;

use webhooks::secret::Secret;

use super::RotateArgs;
use crate::connect::{Choice, Plan, Registration, with_first};
use crate::failure::Failure;
use crate::terminal::say;

impl Registration {
    /// Discards a rotation that was begun.
    pub(super) async fn abandon(&mut self, args: &RotateArgs) -> Result<ExitCode, Failure> {
        let secrets = self.secrets().await?;
        if let Choice::Account(what) = self.connector.choice() {
            return Err(Failure::usage(format!(
                "{} signs with {what}: change that back in its console, then webhooks connect {} --secret WHERE \
                 puts it first again",
                self.provider,
                self.word()
            )));
        }
        if self.connector.choice() == Choice::Provider {
            self.is_told_apart(&self.ours().await?, &secrets)?;
        }
        let [_, old, ..] = secrets.as_slice() else {
            say(format!("{}: no rotation was begun", self.name()));
            return Ok(ExitCode::SUCCESS);
        };
        if self.connector.choice() == Choice::Provider {
            self.remove_newest(&secrets).await
        } else {
            self.set_back(old, &secrets, args).await
        }
    }

    /// Sets the old secret at the provider once more.
    async fn set_back(
        &mut self,
        old: &Secret,
        secrets: &[Secret],
        args: &RotateArgs,
    ) -> Result<ExitCode, Failure> {
        self.hide(Some(old));
        let ours = self.ours().await?;
        let Some(endpoint) = ours.first() else {
            return Err(self.not_connected());
        };
        // Both are accepted, so that the functions need not look for secrets first.
        self.store(&with_first(Some(old), secrets)).await?;
        let plan = Plan::Update(endpoint.clone());
        if let Err(error) = self.register(&plan, Some(old), None).await {
            if error.is_refusal() {
                self.store(secrets).await?;
            }
            return Err(self.access.refused(&error));
        }
        if self.access.dry_run {
            say("nothing was changed");
            return Ok(ExitCode::SUCCESS);
        }
        say(format!(
            "{}: the old secret signs again; the discarded one is accepted until webhooks rotate {} --finish drops it",
            self.name(),
            self.word()
        ));
        let arrives = self
            .prove(&endpoint.id, &endpoint.events, args.within)
            .await?;
        Ok(if arrives {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }

    /// Removes the newest endpoint, and drops its secret.
    async fn remove_newest(&self, secrets: &[Secret]) -> Result<ExitCode, Failure> {
        let ours = self.ours().await?;
        let [newest, _, ..] = ours.as_slice() else {
            return Err(Failure::of(format!(
                "{}: one endpoint posts to {}, so that there is none to go back to; webhooks rotate {} --finish \
                 drops the secret that signs nothing any more",
                self.name(),
                self.url,
                self.word()
            )));
        };
        self.remove(newest).await?;
        if self.access.dry_run {
            say("nothing was changed");
            return Ok(ExitCode::SUCCESS);
        }
        self.store(&secrets[1..]).await?;
        say(format!("{}: its secret is dropped", self.name()));
        Ok(ExitCode::SUCCESS)
    }
}
