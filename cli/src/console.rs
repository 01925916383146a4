//! `webhooks console`: the stack in a browser. Pages are made here, for the user of this machine alone, and nothing
//! is deployed.
//!
//! Nothing here changes anything by a GET. A page takes at most 49 requests to DynamoDB. Text that
//! came with an event is text in a page, and nothing of it is obeyed.

mod activity;
mod assets;
mod attempts;
mod dead_letters;
mod event;
mod events;
mod failed;
mod issues;
mod json_view;
mod layout;
mod meter;
mod now;
mod plot;
mod query;
mod replay;
mod server;
mod session;
mod shell;
mod sources;

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use clap::Args;

use crate::failure::Failure;
use crate::place::Place;
use crate::terminal::{say, warn};

use server::Console;

/// Options of `webhooks console`.
#[derive(Args, Clone, Debug)]
pub struct ConsoleArgs {
    /// Let it start failed events again; without this it changes nothing
    #[arg(long)]
    allow_replay: bool,
    /// The port on 127.0.0.1; left out: any that is free
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Do not open the browser
    #[arg(long)]
    no_open: bool,
    #[command(flatten)]
    place: Place,
}

/// Runs the command until Ctrl-C.
///
/// # Errors
/// [`Failure`] when the stack is not there, or the port is taken.
pub async fn run(args: &ConsoleArgs) -> Result<ExitCode, Failure> {
    let stack = args.place.stack().await?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, args.port));
    let failure = |error| Failure::new(address, error);
    let listener = tokio::net::TcpListener::bind(address)
        .await
        .map_err(failure)?;
    let port = listener.local_addr().map_err(failure)?.port();
    let console = Console::new(stack, args.place.clone(), args.allow_replay, port);
    let url = console.session.first_url();
    let router = server::router(console);
    say(format!("console  {url}"));
    say("the address works once; Ctrl-C ends the console");
    if !args.no_open {
        open(&url);
    }
    let served = async { axum::serve(listener, router).await };
    tokio::select! {
        served = served => served.map_err(failure)?,
        _ = tokio::signal::ctrl_c() => {}
    }
    Ok(ExitCode::SUCCESS)
}

/// Opens the browser. Others on this machine may see its arguments; the address is of no use a moment later.
fn open(url: &str) {
    let program = if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    let opened = std::process::Command::new(program)
        .arg(url)
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn();
    if opened.is_err() {
        warn("no browser could be opened; open the address yourself");
    }
}
