//! `webhooks dev`: the local stack until Ctrl-C.

use std::process::ExitCode;

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use crate::activity::readable;
use crate::failure::Failure;
use crate::functions::Run;
use crate::local::{Local, Options};
use crate::project::Project;
use crate::send::local_url;
use crate::stack::development_secret;
use crate::terminal::say;

/// Options of `webhooks dev`.
#[derive(Args, Clone, Debug)]
pub struct DevArgs {
    /// The port of the routes
    #[arg(long, default_value_t = 9000)]
    port: u16,
    /// The port of the AWS emulator
    #[arg(long, default_value_t = 4566)]
    emulator_port: u16,
    /// The public base URL of a tunnel that stands in front
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Further secrets: provider/source=secret, such as what `stripe listen --print-secret` prints
    #[arg(long = "secret", value_name = "PROVIDER/SOURCE=SECRET", value_parser = parse_secret)]
    secrets: Vec<SourceSecret>,
}

/// A secret for a source.
#[derive(Clone)]
struct SourceSecret {
    provider: String,
    source: String,
    secret: String,
}

impl std::fmt::Debug for SourceSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}=...", self.provider, self.source)
    }
}

fn parse_secret(text: &str) -> Result<SourceSecret, String> {
    let parts = text.split_once('=').and_then(|(name, secret)| {
        let (provider, source) = name.split_once('/')?;
        Some((provider, source, secret))
    });
    match parts {
        Some((provider, source, secret)) if !secret.trim().is_empty() => Ok(SourceSecret {
            provider: provider.to_owned(),
            source: source.to_owned(),
            secret: secret.to_owned(),
        }),
        _ => Err("expected provider/source=secret".to_owned()),
    }
}

/// Runs the command.
///
/// # Errors
/// [`Failure`] when the stack does not start or a part of it ends.
pub async fn run(args: &DevArgs) -> Result<ExitCode, Failure> {
    let mut interrupt = interruption()?;
    let options = Options {
        port: args.port,
        emulator_port: args.emulator_port,
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
    for SourceSecret {
        provider,
        source,
        secret,
    } in &args.secrets
    {
        local.stack.put_secret(provider, source, secret).await?;
    }
    announce(&local, args);
    let pumps = local.pumps()?;
    tokio::pin!(pumps);
    loop {
        tokio::select! {
            line = lines.recv() => match line {
                Some(line) => readable(&line).iter().for_each(say),
                None => return Err(Failure::of("cargo lambda watch has ended")),
            },
            ended = &mut pumps => ended?,
            () = interrupt.wait() => break,
        }
    }
    println!("\nending ...");
    drop(local);
    Ok(ExitCode::SUCCESS)
}

fn announce(local: &Local, args: &DevArgs) {
    let base = args.public_url.clone().unwrap_or_else(|| local.url());
    println!("\nready; Ctrl-C ends everything\n");
    for function in local.plan.iter().filter(|function| function.receives()) {
        let provider = &function.binary;
        println!("{:8} {}", provider, local_url(&base, provider, "default"));
        println!("         secret {}", development_secret(provider));
    }
    for SourceSecret {
        provider, source, ..
    } in &args.secrets
    {
        println!("{:8} {}", provider, local_url(&base, provider, source));
    }
    println!("\nin another terminal:");
    println!("  target/debug/webhooks send github push");
    println!("  target/debug/webhooks events\n");
}

/// Ctrl-C, or a request to end.
#[derive(Debug)]
pub struct Interruption {
    ctrl_c: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

/// Listens for Ctrl-C and SIGTERM from here on.
///
/// # Errors
/// [`Failure`] when the system does not let it.
pub fn interruption() -> Result<Interruption, Failure> {
    let listen = |kind| signal(kind).map_err(|error| Failure::new("signals", error));
    Ok(Interruption {
        ctrl_c: listen(SignalKind::interrupt())?,
        terminate: listen(SignalKind::terminate())?,
    })
}

impl Interruption {
    /// Waits for either.
    pub async fn wait(&mut self) {
        tokio::select! {
            _ = self.ctrl_c.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
