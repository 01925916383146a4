//! `webhooks connect`: makes or updates the endpoint at a provider that posts to the stack.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use webhooks::provider_api::ApiError;
use webhooks::secret::Secret;

use crate::failure::Failure;
use crate::secret_file::SecretFile;
use crate::terminal::say;

mod access;
mod call;
mod check;
mod connector;
mod github;
mod gitlab;
mod given;
mod linear;
mod providers;
mod registration;
mod stripe;
mod telegram;
mod twilio;
mod wait;

pub(crate) use self::connector::{Choice, Endpoint, Made, Wish};
pub(crate) use self::registration::{Registration, RegistrationArgs};

/// Options of `webhooks connect`.
#[derive(Args, Clone, Debug)]
pub struct ConnectArgs {
    /// The provider, and the source after a slash where it is not the default one
    #[arg(required_unless_present = "check")]
    name: Option<String>,
    /// The events to ask for, by the provider's own names; left out: as they are, or the provider's default
    #[arg(long, value_delimiter = ',')]
    events: Option<Vec<String>>,
    /// The secret of the account or app, where the provider signs with that: - (standard input), file:PATH or
    /// env:NAME
    #[arg(long, value_name = "WHERE", conflicts_with = "check")]
    secret: Option<String>,
    /// Take over an endpoint that posts elsewhere
    #[arg(long, conflicts_with = "check")]
    replace: bool,
    /// Leave an endpoint that posts elsewhere to another stack, and make one beside it
    #[arg(long, conflicts_with_all = ["check", "replace"])]
    beside: bool,
    /// Show the calls that would be made, and change nothing
    #[arg(long, conflicts_with = "check")]
    dry_run: bool,
    /// Compare what is registered with what the stack verifies, of one source or of all that have a credential
    #[arg(long)]
    check: bool,
    /// The time in which the provider's test has to arrive
    #[arg(long, default_value = "60s", value_parser = humantime::parse_duration)]
    within: Duration,
    #[command(flatten)]
    registration: RegistrationArgs,
}

/// Runs the command.
///
/// # Errors
/// [`Failure`] when the provider's API cannot be asked or refuses, the stack does not answer, or the endpoint
/// that is there belongs to somebody else.
pub async fn run(args: &ConnectArgs) -> Result<ExitCode, Failure> {
    let stack = args.registration.place.stack().await?;
    let events = args.events.as_deref();
    if args.check {
        return check::run(args.name.as_deref(), stack, &args.registration, events).await;
    }
    let name = args.name.as_deref().unwrap_or_default();
    let mut registration =
        Registration::open(name, stack, &args.registration, args.dry_run).await?;
    let hold = registration.hold().await?;
    let connected = registration.connect(args).await;
    let free = registration.let_go(hold).await;
    let code = connected?;
    free.map(|()| code)
}

/// What there is to do with the endpoints that are registered.
pub(crate) enum Plan {
    /// None is the stack's.
    Create,
    /// This one is, or is to become the stack's.
    Update(Endpoint),
    /// This one is, and another is to be made beside it.
    Beside(Endpoint),
}

impl Registration {
    async fn connect(&mut self, args: &ConnectArgs) -> Result<ExitCode, Failure> {
        let before = self.secrets().await?;
        let endpoints = self.endpoints().await?;
        let plan = self.plan(endpoints, args)?;
        let secret = self.secret(&plan, &before, args.secret.as_deref())?;
        let after = with_first(secret.as_ref(), &before);
        // Before the provider is told, so that nothing that it signs is refused.
        if after != before {
            self.store(&after).await?;
        }
        let made = match self
            .register(&plan, secret.as_ref(), args.events.as_deref())
            .await
        {
            Ok(made) => made,
            Err(error) => {
                // What is not known may have been done.
                if error.is_refusal() && after != before {
                    self.store(&before).await?;
                }
                return Err(self.access.refused(&error));
            }
        };
        if let Some(brought) = made
            .secret
            .as_deref()
            .and_then(|text| Secret::new(text).ok())
        {
            self.access
                .hidden
                .push(made.secret.clone().unwrap_or_default());
            let with_it = with_first(Some(&brought), &before);
            if with_it != before {
                self.store(&with_it).await?;
            }
        }
        self.tell(&plan, &made);
        let events = args.events.clone().unwrap_or_default();
        let arrives = self.prove(&made.id, &events, args.within).await?;
        Ok(if arrives {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }

    /// Finds the endpoint that is the stack's. Never makes a second one.
    fn plan(&self, endpoints: Vec<Endpoint>, args: &ConnectArgs) -> Result<Plan, Failure> {
        let is_ours = |endpoint: &Endpoint| endpoint.is_at(&self.url);
        if let Some(ours) = endpoints.iter().find(|endpoint| is_ours(endpoint)) {
            return Ok(Plan::Update(ours.clone()));
        }
        let is_in_the_way = |endpoint: &&Endpoint| {
            let is_only = self.connector.is_single() && !endpoint.url.is_empty();
            is_only || (endpoint.is_elsewhere(&self.url) && !args.beside)
        };
        match endpoints.iter().find(is_in_the_way) {
            Some(other) if args.replace => Ok(Plan::Update(other.clone())),
            Some(other) => {
                let beside = if self.connector.is_single() {
                    ""
                } else {
                    ", and with --beside there is one more"
                };
                Err(Failure::of(format!(
                    "{}: its endpoint {} posts to {}; with --replace it posts to {} from now on{beside}",
                    self.name(),
                    other.id,
                    other.url,
                    self.url
                )))
            }
            None if self.connector.is_single() => match endpoints.into_iter().next() {
                Some(empty) => Ok(Plan::Update(empty)),
                None => Ok(Plan::Create),
            },
            None => Ok(Plan::Create),
        }
    }

    /// The secret that the provider is told, or that the account has.
    fn secret(
        &mut self,
        plan: &Plan,
        before: &[Secret],
        given: Option<&str>,
    ) -> Result<Option<Secret>, Failure> {
        let choice = self.connector.choice();
        if given.is_some() && choice == Choice::Ours {
            return Err(Failure::usage(
                "a secret for this endpoint is made, and is not to be given",
            ));
        }
        let given = given
            .map(|place| SecretFile::parse(place)?.read())
            .transpose()?
            .or_else(|| self.own.clone());
        if given
            .as_ref()
            .is_some_and(|given| given.lines().count() > 1)
        {
            return Err(Failure::usage(
                "a secret is one line, and this one has more",
            ));
        }
        let given = given.map(Secret::new).transpose();
        let given = given.map_err(|error| Failure::usage(error.to_string()))?;
        let secret = match (choice, given) {
            (_, Some(given)) => Some(given),
            (Choice::Ours, None) => Some(match (plan, before.first()) {
                // The same as before, so that to run this again changes nothing.
                (Plan::Update(endpoint), Some(current)) if endpoint.is_at(&self.url) => {
                    current.clone()
                }
                _ => Secret::random(),
            }),
            (Choice::Account(what), None) if before.is_empty() => {
                return Err(Failure::usage(format!(
                    "{} signs with {what}: say where it is with --secret",
                    self.provider
                )));
            }
            (Choice::Provider, None) if before.is_empty() => match plan {
                Plan::Update(Endpoint {
                    id, secret: None, ..
                }) => {
                    return Err(Failure::of(format!(
                        "{}: its endpoint {id} is there, and the stack has no secret of it, which the API shows only \
                         once: give it with --secret, if the provider's console shows it, or remove the endpoint and \
                         run this again: {}",
                        self.name(),
                        self.removal_of(id)
                    )));
                }
                Plan::Update(Endpoint { secret, .. }) => {
                    secret.as_deref().and_then(|text| Secret::new(text).ok())
                }
                Plan::Create | Plan::Beside(_) => None,
            },
            (Choice::Account(_) | Choice::Provider, None) => None,
        };
        self.hide(secret.as_ref());
        Ok(secret)
    }

    /// Makes or updates the endpoint. In a dry run the call is shown, and its answer made up.
    pub(crate) async fn register(
        &self,
        plan: &Plan,
        secret: Option<&Secret>,
        events: Option<&[String]>,
    ) -> Result<Made, ApiError> {
        let text = secret.map(|secret| String::from_utf8_lossy(secret.bytes()).into_owned());
        let wish = Wish {
            url: &self.url,
            events,
            secret: text.as_deref(),
            beside: match plan {
                Plan::Beside(endpoint) => Some(endpoint),
                Plan::Create | Plan::Update(_) => None,
            },
        };
        let (call, id) = match plan {
            Plan::Create | Plan::Beside(_) => (self.connector.create(&wish), "ID"),
            Plan::Update(endpoint) => (self.connector.update(endpoint, &wish), &*endpoint.id),
        };
        match self.access.change(&call).await? {
            Some(reply) => self.connector.made(&reply),
            None => Ok(Made {
                id: id.to_owned(),
                secret: None,
            }),
        }
    }

    /// Keeps a secret from being shown.
    pub(crate) fn hide(&mut self, secret: Option<&Secret>) {
        let text = secret.map(|secret| String::from_utf8_lossy(secret.bytes()).into_owned());
        self.access.hidden.extend(text);
    }

    fn tell(&self, plan: &Plan, made: &Made) {
        if self.access.dry_run {
            say("nothing was changed");
            return;
        }
        let done = match plan {
            Plan::Create | Plan::Beside(_) => "is made",
            Plan::Update(_) => "is set",
        };
        say(format!(
            "{}: its endpoint {} {done}, and posts to {}",
            self.name(),
            made.id,
            self.url
        ));
        if let Some(step) = self.connector.left() {
            say(format!("{}: {step}", self.name()));
        }
    }
}

/// The secrets with one of them first, each once.
pub(crate) fn with_first(secret: Option<&Secret>, others: &[Secret]) -> Vec<Secret> {
    let rest = others.iter().filter(|other| Some(*other) != secret);
    secret.into_iter().chain(rest).cloned().collect()
}
