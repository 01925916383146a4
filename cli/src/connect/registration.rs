//! A source of the stack, and what its provider has registered of it.

use std::time::Duration;

use clap::Args;
use webhooks::gateway::DEFAULT_SOURCE;
use webhooks::ledger::{Ledger, token};
use webhooks::provider_hosts::ProviderHosts;
use webhooks::secret::Secret;
use webhooks::timestamp::Timestamp;

use super::access::Access;
use super::connector::{Connector, Endpoint};
use super::given::Target;
use super::providers;
use crate::failure::Failure;
use crate::place::Place;
use crate::secret_file::SecretFile;
use crate::send::find_provider;
use crate::stack::Stack;

/// The place at the provider and in the stack, and the credential for the way there.
#[derive(Args, Clone, Debug)]
pub(crate) struct RegistrationArgs {
    /// The credential for the provider's API: - (standard input), file:PATH or env:NAME; left out: the one that
    /// webhooks reconcile has stored
    #[arg(long, value_name = "WHERE")]
    credential: Option<String>,
    /// The text before /webhooks/... in the URL, in place of the stack's: a tunnel's, or a host name of your own
    #[arg(long, value_name = "BASE")]
    url: Option<String>,
    #[command(flatten)]
    target: Target,
    /// Scheme and host in place of every provider's API
    #[arg(long, hide = true, env = "PROVIDER_HOSTS_URL")]
    provider_hosts_url: Option<String>,
    #[command(flatten)]
    pub(crate) place: Place,
}

/// A source of the stack, and the way to where it is registered.
pub(crate) struct Registration {
    pub(crate) stack: Stack,
    pub(crate) ledger: Ledger,
    pub(crate) provider: &'static str,
    pub(crate) source: String,
    /// The URL that the provider is to post to.
    pub(crate) url: String,
    pub(crate) connector: Box<dyn Connector>,
    pub(crate) access: Access,
    /// The account's secret, where it is a part of the credential.
    pub(crate) own: Option<String>,
}

/// The right to change a registration, for as long as one command runs.
pub(crate) struct Hold {
    token: String,
}

/// The time after which the right of a command that has ended without a word is free again.
const HELD: Duration = Duration::from_secs(300);

/// Provider and source of a name.
pub(crate) fn split(name: &str) -> (&str, &str) {
    name.split_once('/').unwrap_or((name, DEFAULT_SOURCE))
}

impl Registration {
    /// Opens the provider's API for a source.
    ///
    /// # Errors
    /// [`Failure`] when the provider has none, the stack has no URL, or there is no credential.
    pub(crate) async fn open(
        name: &str,
        stack: Stack,
        args: &RegistrationArgs,
        dry_run: bool,
    ) -> Result<Self, Failure> {
        let (provider, source) = split(name);
        find_provider(provider)?;
        let entry = providers::entry(provider)?;
        let url = url(&stack, provider, source, args.url.as_deref())?;
        let credential = match &args.credential {
            Some(place) => Some(SecretFile::parse(place)?.read()?),
            None => stack.credential(provider, source).await?,
        };
        let credential = credential.ok_or_else(|| {
            Failure::usage(format!(
                "{name} has no credential for the provider's API; give it with --credential, as {}; it needs {}",
                entry.form, entry.right
            ))
        })?;
        let hosts = ProviderHosts::new(args.provider_hosts_url.clone());
        let way = entry.open(&credential, &args.target, hosts, dry_run)?;
        Ok(Self {
            ledger: stack.ledger()?,
            stack,
            provider: entry.provider,
            source: source.to_owned(),
            url,
            connector: way.connector,
            access: way.access,
            own: way.own,
        })
    }

    /// Provider and source.
    pub(crate) fn name(&self) -> String {
        format!("{}/{}", self.provider, self.source)
    }

    /// The source as a command names it.
    pub(crate) fn word(&self) -> String {
        match self.source.as_str() {
            DEFAULT_SOURCE => self.provider.to_owned(),
            source => format!("{}/{source}", self.provider),
        }
    }

    /// The registered endpoints.
    pub(crate) async fn endpoints(&self) -> Result<Vec<Endpoint>, Failure> {
        self.access.endpoints(&*self.connector).await
    }

    /// The secrets that the stack accepts, the current one first.
    pub(crate) async fn secrets(&self) -> Result<Vec<Secret>, Failure> {
        self.stack.secrets(self.provider, &self.source).await
    }

    /// Stores the secrets that the stack accepts; nothing in a dry run.
    pub(crate) async fn store(&self, secrets: &[Secret]) -> Result<(), Failure> {
        if self.access.dry_run {
            return Ok(());
        }
        if secrets.is_empty() {
            return self.stack.remove_secret(self.provider, &self.source).await;
        }
        let lines: Vec<_> = secrets
            .iter()
            .map(|secret| String::from_utf8_lossy(secret.bytes()))
            .collect();
        let lines = lines.join("\n");
        self.stack
            .put_secret(self.provider, &self.source, &lines)
            .await
    }

    /// Takes the right to change the registration.
    ///
    /// # Errors
    /// [`Failure`] when another command has it.
    pub(crate) async fn hold(&self) -> Result<Hold, Failure> {
        let token = token();
        if self.access.dry_run {
            return Ok(Hold { token });
        }
        let now = Timestamp::now();
        let held = self
            .ledger
            .hold(self.provider, &self.source, &token, now.after(HELD), now)
            .await;
        if held.map_err(|error| Failure::new("the ledger", error))? {
            return Ok(Hold { token });
        }
        Err(Failure::of(format!(
            "another webhooks connect or rotate is at work at {}; run this again when it has ended, or in {} \
             minutes if it was killed",
            self.name(),
            HELD.as_secs() / 60
        )))
    }

    /// Gives the right back.
    pub(crate) async fn let_go(&self, hold: Hold) -> Result<(), Failure> {
        if self.access.dry_run {
            return Ok(());
        }
        let gone = self
            .ledger
            .let_go(self.provider, &self.source, &hold.token)
            .await;
        gone.map_err(|error| Failure::new("the ledger", error))
    }
}

/// The URL that a provider posts to.
fn url(stack: &Stack, provider: &str, source: &str, base: Option<&str>) -> Result<String, Failure> {
    let form = match base {
        Some(base) => format!("{}/webhooks/{{provider}}", base.trim_end_matches('/')),
        None => match stack.output("WebhookUrl") {
            Ok(form) => form.to_owned(),
            Err(_) => {
                return Err(Failure::of(
                    "this stack has no URL that a provider reaches: name a deployed one with --stack, or give \
                     that of a tunnel with --url https://HOST",
                ));
            }
        },
    };
    if !form.starts_with("https://") {
        return Err(Failure::usage(
            "the URL does not begin with https://, and providers post to no other",
        ));
    }
    let url = form.replace("{provider}", provider);
    Ok(match source {
        DEFAULT_SOURCE => url,
        source => format!("{url}/{source}"),
    })
}
