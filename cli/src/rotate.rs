//! `webhooks rotate`: gives a source another secret, with overlap and by evidence.
//!
//! The new secret comes before the old one in the stack, and only then to the provider, so that nothing is
//! refused whichever of the two has signed it. The old one goes when the ledger shows that for some time nothing
//! was signed by another than the new one. A provider that chooses the secret and shows it once gets a second
//! endpoint; the old one goes with the old secret.

use std::cmp::Reverse;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use webhooks::provider_api::ApiError;
use webhooks::secret::Secret;
use webhooks::timestamp::Timestamp;

use crate::connect::{Choice, Endpoint, Plan, Registration, RegistrationArgs, with_first};
use crate::failure::Failure;
use crate::terminal::{say, warn};

mod abandon;
mod evidence;

use self::evidence::Verdict;

/// Options of `webhooks rotate`.
#[derive(Args, Clone, Debug)]
pub struct RotateArgs {
    /// The provider, and the source after a slash where it is not the default one
    name: String,
    /// Drop the old secret, if nothing is signed with it any more
    #[arg(long)]
    finish: bool,
    /// Discard a rotation that was begun: the old secret signs again
    #[arg(long, conflicts_with_all = ["finish", "wait"])]
    abandon: bool,
    /// Rotate, wait until nothing is signed with the old secret any more, and drop it
    #[arg(long, conflicts_with_all = ["finish", "dry_run"])]
    wait: bool,
    /// The time for which the new secret has to be the only one that signs
    #[arg(long, default_value = "24h", value_parser = humantime::parse_duration)]
    quiet: Duration,
    /// The time between the stack's learning of a new secret and the provider's: functions that have just looked for
    /// secrets look again only after it
    #[arg(long, default_value = "30s", value_parser = humantime::parse_duration)]
    settle: Duration,
    /// Show the calls that would be made, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// The time in which the provider's test has to arrive
    #[arg(long, default_value = "60s", value_parser = humantime::parse_duration)]
    within: Duration,
    #[command(flatten)]
    registration: RegistrationArgs,
}

/// The longest pause between two looks at the ledger.
const PAUSE: Duration = Duration::from_secs(60);

/// Runs the command.
///
/// # Errors
/// [`Failure`] when the provider's API or the stack does not answer, the source is not connected, or the old
/// secret is still needed.
pub async fn run(args: &RotateArgs) -> Result<ExitCode, Failure> {
    let stack = args.registration.place.stack().await?;
    let open = Registration::open(&args.name, stack, &args.registration, args.dry_run);
    let mut registration = open.await?;
    if !args.finish {
        let hold = registration.hold().await?;
        let begun = if args.abandon {
            registration.abandon(args).await
        } else {
            registration.rotate(args).await
        };
        let free = registration.let_go(hold).await;
        let code = begun?;
        free?;
        if !args.wait {
            return Ok(code);
        }
    }
    if args.wait {
        registration.wait(args.quiet).await?;
    }
    let hold = registration.hold().await?;
    let finished = registration.finish(args.quiet).await;
    let free = registration.let_go(hold).await;
    let code = finished?;
    free.map(|()| code)
}

impl Registration {
    /// Begins a rotation, or goes on with one that was begun.
    async fn rotate(&mut self, args: &RotateArgs) -> Result<ExitCode, Failure> {
        let before = self.secrets().await?;
        let ours = self.ours().await?;
        let endpoint = ours.first().ok_or_else(|| self.not_connected())?;
        let choice = self.connector.choice();
        if choice == Choice::Provider {
            self.is_told_apart(&ours, &before)?;
        }
        let id = match choice {
            Choice::Account(what) => {
                return Err(Failure::usage(format!(
                    "{} signs with {what}: change that in its console, then webhooks connect {} --secret WHERE \
                     puts it before the old one",
                    self.provider,
                    self.word()
                )));
            }
            Choice::Ours if before.is_empty() => {
                return Err(Failure::of(format!(
                    "{}: the stack has no secret of it; webhooks connect {} sets one",
                    self.name(),
                    self.word()
                )));
            }
            Choice::Ours => self.renew(endpoint, &before, args.settle).await?,
            Choice::Provider if ours.len() > 1 => {
                say(format!("{}: a rotation is under way already", self.name()));
                endpoint.id.clone()
            }
            Choice::Provider => self.double(endpoint, &before).await?,
        };
        if self.access.dry_run {
            say("nothing was changed");
            return Ok(ExitCode::SUCCESS);
        }
        say(format!(
            "{}: the old secret is accepted until webhooks rotate {} --finish drops it",
            self.name(),
            self.word()
        ));
        let arrives = self.prove(&id, &endpoint.events, args.within).await?;
        Ok(if arrives {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }

    /// Makes sure that the stack has the secret of each endpoint, so that each can be told from the others.
    fn is_told_apart(&self, ours: &[Endpoint], secrets: &[Secret]) -> Result<(), Failure> {
        let newest = ours.first().map_or("", |endpoint| &endpoint.id);
        match (ours, secrets) {
            (_, []) => Err(Failure::of(format!(
                "{}: the stack has no secret of its endpoint {newest}; webhooks connect {} --secret WHERE stores it",
                self.name(),
                self.word()
            ))),
            // The answer to the call that made the newer one was lost, and its secret with it.
            ([_, _, ..], [_]) => Err(Failure::of(format!(
                "{}: {} endpoints post to {}, and the stack has one secret; remove the one that this is not of, \
                 and run this again; the newest is {newest}: {}",
                self.name(),
                ours.len(),
                self.url,
                self.removal_of(newest)
            ))),
            _ => Ok(()),
        }
    }

    /// Sets a secret that we choose, of which the stack knows before the provider does.
    async fn renew(
        &mut self,
        endpoint: &Endpoint,
        before: &[Secret],
        settle: Duration,
    ) -> Result<String, Failure> {
        // One that was begun and perhaps never told is told again.
        let is_begun = before.len() > 1;
        let secret = match before.first() {
            Some(current) if is_begun => current.clone(),
            _ => Secret::random(),
        };
        self.hide(Some(&secret));
        if is_begun {
            say(format!(
                "{}: goes on with the secret that was begun with",
                self.name()
            ));
        } else {
            self.store(&with_first(Some(&secret), before)).await?;
            if !self.access.dry_run {
                tokio::time::sleep(settle).await;
            }
        }
        let plan = Plan::Update(endpoint.clone());
        match self.register(&plan, Some(&secret), None).await {
            Ok(made) => Ok(made.id),
            Err(error) => {
                // What is not known may have been done.
                if error.is_refusal() && !is_begun {
                    self.store(before).await?;
                }
                Err(self.access.refused(&error))
            }
        }
    }

    /// Makes a second endpoint, whose secret the provider chooses.
    async fn double(&mut self, endpoint: &Endpoint, before: &[Secret]) -> Result<String, Failure> {
        let events = Some(endpoint.events.as_slice()).filter(|events| !events.is_empty());
        let plan = Plan::Beside(endpoint.clone());
        let made = self.register(&plan, None, events).await;
        let made = made.map_err(|error| self.access.refused(&error))?;
        if self.access.dry_run {
            return Ok(made.id);
        }
        let secret = made.secret.and_then(|text| Secret::new(text).ok());
        let secret = secret.ok_or_else(|| {
            Failure::of(format!(
                "{}: the provider made {} without showing its secret; remove it there",
                self.name(),
                made.id
            ))
        })?;
        self.hide(Some(&secret));
        self.store(&with_first(Some(&secret), before)).await?;
        say(format!(
            "{}: its endpoint {} is made beside {}, and both post until the old one is removed",
            self.name(),
            made.id,
            endpoint.id
        ));
        Ok(made.id)
    }

    /// Drops the old secrets, and the endpoints that sign with them, if the new one alone is needed.
    async fn finish(&self, quiet: Duration) -> Result<ExitCode, Failure> {
        let secrets = self.secrets().await?;
        if secrets.len() < 2 {
            say(format!("{}: there is no old secret", self.name()));
            return Ok(ExitCode::SUCCESS);
        }
        if let Verdict::NotYet(reason) = self.verdict(quiet).await? {
            warn(format!("{}: the old secret stays: {reason}", self.name()));
            return Ok(ExitCode::FAILURE);
        }
        if self.access.dry_run {
            say(format!(
                "{}: the old secret is not needed; nothing was changed",
                self.name()
            ));
            return Ok(ExitCode::SUCCESS);
        }
        if self.connector.choice() == Choice::Provider {
            self.remove_old().await?;
        }
        self.store(&secrets[..1]).await?;
        say(format!("{}: the old secret is dropped", self.name()));
        Ok(ExitCode::SUCCESS)
    }

    /// Removes the endpoints at our URL but the newest.
    async fn remove_old(&self) -> Result<(), Failure> {
        let ours = self.ours().await?;
        let [newest, older @ ..] = ours.as_slice() else {
            return Err(self.not_connected());
        };
        for endpoint in older {
            // First, so that a reconciler never asks for one that is gone.
            self.rename(&endpoint.id, &newest.id).await?;
            self.remove(endpoint).await?;
        }
        Ok(())
    }

    /// Removes an endpoint at the provider.
    async fn remove(&self, endpoint: &Endpoint) -> Result<(), Failure> {
        let Some(call) = self.connector.remove(&endpoint.id) else {
            return Ok(());
        };
        match self.access.change(&call.idempotent()).await {
            // Where the answer to the first call was lost.
            Ok(Some(_)) | Err(ApiError::NotFound { .. }) => {
                say(format!(
                    "{}: its endpoint {} is removed",
                    self.name(),
                    endpoint.id
                ));
                Ok(())
            }
            Ok(None) => Ok(()),
            Err(error) => Err(self.access.refused(&error)),
        }
    }

    fn not_connected(&self) -> Failure {
        Failure::of(format!(
            "nothing posts to {}; begin with webhooks connect {}",
            self.url,
            self.word()
        ))
    }

    /// Lets the reconciler's credential name the new endpoint.
    async fn rename(&self, old: &str, new: &str) -> Result<(), Failure> {
        let Some(credential) = self.stack.credential(self.provider, &self.source).await? else {
            return Ok(());
        };
        let named = format!("\"{old}\"");
        if !credential.contains(&named) {
            return Ok(());
        }
        let credential = credential.replace(&named, &format!("\"{new}\""));
        self.stack
            .put_credential(self.provider, &self.source, &credential)
            .await
    }

    /// The endpoints that post to our URL, the newest first.
    async fn ours(&self) -> Result<Vec<Endpoint>, Failure> {
        let mut ours = self.endpoints().await?;
        ours.retain(|endpoint| endpoint.is_at(&self.url));
        ours.sort_by_key(|endpoint| Reverse(endpoint.created));
        Ok(ours)
    }

    /// Waits until the old secrets are not needed any more.
    async fn wait(&self, quiet: Duration) -> Result<(), Failure> {
        while let Verdict::NotYet(reason) = self.verdict(quiet).await? {
            say(format!("{}: {reason}", self.name()));
            tokio::time::sleep(PAUSE.min(quiet / 4)).await;
        }
        Ok(())
    }

    /// What the ledger says of the secrets.
    async fn verdict(&self, quiet: Duration) -> Result<Verdict, Failure> {
        let versions = self
            .stack
            .secret_versions(self.provider, &self.source)
            .await?;
        // An old endpoint that is gone sends nothing that the other one has to send as well.
        let doubled = self.connector.choice() == Choice::Provider && self.ours().await?.len() > 1;
        let signers = |since, limit| self.signers(since, limit);
        evidence::judge(&versions, quiet, doubled, Timestamp::now(), signers).await
    }
}
