//! `webhooks dev`: the local stack until Ctrl-C.

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use webhooks::provider::meaning::Meaning;
use webhooks::provider::{Explained, catalog};

use crate::activity::readable;
use crate::failure::Failure;
use crate::fixture::Fixture;
use crate::functions::Run;
use crate::local::{Local, Options};
use crate::project::Project;
use crate::scenario::SHOWN;
use crate::secret_file::{FORMS, SecretFile};
use crate::send::{find_provider, local_url};
use crate::stack::development_secret;
use crate::terminal::say;

const PORT: u16 = 9000;
const EMULATOR_PORT: u16 = 4566;

/// Options of `webhooks dev`.
#[derive(Args, Clone, Debug)]
pub struct DevArgs {
    /// The port of the routes
    #[arg(long, default_value_t = PORT)]
    port: u16,
    /// The port of the AWS emulator
    #[arg(long, default_value_t = EMULATOR_PORT)]
    emulator_port: u16,
    /// The public base URL of a tunnel that stands in front
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Secrets of further sources, in place of the development secrets: where each one is, as
    /// - (standard input), file:PATH or env:NAME
    #[arg(long = "secret", value_name = "PROVIDER/SOURCE=WHERE")]
    secrets: Vec<String>,
}

/// A source, and where its secret is.
#[derive(Debug)]
struct Registration {
    provider: &'static dyn Explained,
    source: String,
    secret: SecretFile,
}

impl Registration {
    /// Reads one, and never repeats it: a person may have put the secret itself there.
    fn parse(text: &str) -> Result<Self, Failure> {
        let parts = text.split_once('=').and_then(|(name, secret)| {
            let (provider, source) = name.split_once('/')?;
            Some((provider, source, secret))
        });
        let Some((provider, source, secret)) = parts else {
            return Err(Failure::usage(format!(
                "--secret: expected provider/source=WHERE, where is one of {FORMS}"
            )));
        };
        Ok(Self {
            provider: find_provider(provider)?,
            source: source.to_owned(),
            secret: SecretFile::parse(secret)?,
        })
    }

    fn name(&self) -> &'static str {
        self.provider.profile().name
    }

    /// A delivery that the source accepts, as `webhooks send` takes it.
    fn send_options(&self) -> Option<String> {
        let project = Project::here().ok()?;
        let every = Fixture::every(&project, self.provider).ok()?;
        let is_event = |(_, meaning): &(String, Meaning)| matches!(meaning, Meaning::Event(_));
        let (event, _) = every.into_iter().find(is_event)?;
        let (name, source, secret) = (self.name(), &self.source, &self.secret);
        Some(format!(
            "{name} {event} --source {source} --secret {secret}"
        ))
    }
}

/// Runs the command.
///
/// # Errors
/// [`Failure`] when the stack does not start or a part of it ends.
pub async fn run(args: &DevArgs) -> Result<ExitCode, Failure> {
    let mut interrupt = interruption()?;
    let registrations = args.secrets.iter().map(|text| Registration::parse(text));
    let registrations: Vec<Registration> = registrations.collect::<Result<_, _>>()?;
    // Before anything starts: it may take a person's typing.
    let secrets = registrations
        .iter()
        .map(|registration| registration.secret.read());
    let secrets: Vec<String> = secrets.collect::<Result<_, _>>()?;
    let options = Options {
        port: args.port,
        emulator_port: args.emulator_port,
        // They are no secret. With a tunnel, whoever knows them could send events as a provider;
        // so could a page or a program here, beside events that are real.
        development_secrets: args.public_url.is_none() && registrations.is_empty(),
        public_url: args.public_url.clone(),
        run: Run::Reload,
        ..Options::default()
    };
    println!("starting the emulator and cargo lambda watch ...");
    let project = Project::here()?;
    let (local, mut lines) = tokio::select! {
        started = Local::start(&project, &options) => started?,
        () = interrupt.wait() => return Err(Failure::of("interrupted")),
    };
    for (registration, secret) in registrations.iter().zip(&secrets) {
        let name = registration.name();
        local
            .stack
            .put_secret(name, &registration.source, secret)
            .await?;
    }
    announce(&local, args, &registrations);
    let event_sources = local.event_sources().await?;
    tokio::pin!(event_sources);
    loop {
        tokio::select! {
            line = lines.recv() => match line {
                Some(line) => readable(&line).iter().for_each(say),
                None => return Err(Failure::of("cargo lambda watch has ended")),
            },
            ended = &mut event_sources => ended?,
            () = interrupt.wait() => break,
        }
    }
    println!("\nending ...");
    drop(local);
    Ok(ExitCode::SUCCESS)
}

fn announce(local: &Local, args: &DevArgs, registrations: &[Registration]) {
    let base = args.public_url.clone().unwrap_or_else(|| local.url());
    println!("\nready; Ctrl-C ends everything\n");
    for registration in registrations {
        let (name, source) = (registration.name(), &registration.source);
        println!("{name:8} {}", local_url(&base, name, source));
    }
    if args.public_url.is_some() && registrations.is_empty() {
        println!("no source is registered: give the providers' secrets with --secret");
    } else if registrations.is_empty() {
        for provider in SHOWN {
            println!("{:8} {}", provider, local_url(&base, provider, "default"));
            println!("         secret {}", development_secret(provider));
        }
        let others = catalog::names().len() - SHOWN.len();
        println!("{others} others have URLs of that form: target/debug/webhooks providers");
    }
    println!("\nin another terminal:");
    let address = local.address();
    for command in commands(args, registrations, address) {
        println!("  {command}");
    }
    println!();
}

/// Commands that fit this run as they are.
fn commands(args: &DevArgs, registrations: &[Registration], address: SocketAddr) -> Vec<String> {
    let mut commands = Vec::new();
    let mut invocation = "relay --data-file events/schedule.json";
    if let Some(send) = send_options(args, registrations) {
        let base = base_option(args);
        commands.push(format!("{WEBHOOKS} send {send}{base}"));
        // A file that was signed long ago would be refused.
        commands.push(format!(
            "{WEBHOOKS} send {send} --print > target/event.json"
        ));
        invocation = "receiver --data-file target/event.json";
    }
    commands.push(format!("{WEBHOOKS} events{}", emulator_option(args)));
    commands.push(format!(
        "cargo lambda invoke -A {} -P {} {invocation}",
        address.ip(),
        address.port()
    ));
    commands
}

/// The program as `make dev` has built it.
const WEBHOOKS: &str = "target/debug/webhooks";

/// A delivery that this run accepts, if it knows a secret.
fn send_options(args: &DevArgs, registrations: &[Registration]) -> Option<String> {
    let mut options = match registrations.first() {
        None if args.public_url.is_some() => return None,
        None => "stripe charge.succeeded".to_owned(),
        Some(registration) => registration.send_options()?,
    };
    if let Some(url) = &args.public_url {
        options.push_str(&format!(" --public-url {url}"));
    }
    Some(options)
}

fn base_option(args: &DevArgs) -> String {
    match args.port {
        PORT => String::new(),
        port => format!(" --base http://127.0.0.1:{port}"),
    }
}

fn emulator_option(args: &DevArgs) -> String {
    match args.emulator_port {
        EMULATOR_PORT => String::new(),
        port => format!(" --emulator-port {port}"),
    }
}

/// Ctrl-C, a request to end, or a terminal that is gone.
#[derive(Debug)]
pub struct Interruption {
    ctrl_c: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    hangup: tokio::signal::unix::Signal,
}

/// Listens for Ctrl-C, SIGTERM and SIGHUP from here on.
///
/// # Errors
/// [`Failure`] when the system does not let it.
pub fn interruption() -> Result<Interruption, Failure> {
    let listen = |kind| signal(kind).map_err(|error| Failure::new("signals", error));
    Ok(Interruption {
        ctrl_c: listen(SignalKind::interrupt())?,
        terminate: listen(SignalKind::terminate())?,
        hangup: listen(SignalKind::hangup())?,
    })
}

impl Interruption {
    /// Waits for any of them.
    pub async fn wait(&mut self) {
        tokio::select! {
            _ = self.ctrl_c.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hangup.recv() => {}
        }
    }
}
