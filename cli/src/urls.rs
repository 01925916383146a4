//! `webhooks urls`: what to paste into the providers' consoles.

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::Args;
use comfy_table::{Table, presets};
use webhooks::gateway::DEFAULT_SOURCE;
use webhooks::provider::catalog;

use crate::account;
use crate::failure::Failure;
use crate::stack::{NAME, Stack};
use crate::terminal::{on_one_line, say};

/// Options of `webhooks urls`.
#[derive(Args, Clone, Debug)]
pub struct UrlsArgs {
    /// A deployed stack, reached with the AWS credentials at hand
    #[arg(long, default_value = NAME)]
    stack: String,
    /// The profile of the AWS configuration; left out: AWS_PROFILE, else the default
    #[arg(long)]
    profile: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// [`Failure`] when the stack is not there or does not answer.
pub async fn run(args: &UrlsArgs) -> Result<ExitCode, Failure> {
    let config = account::config(args.profile.as_deref()).await?;
    let stack = Stack::find(config, &args.stack).await?;
    let form = stack.output("WebhookUrl")?;
    let sources = sources(&stack).await?;
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    for provider in stack.providers(&catalog::names()).await? {
        let url = form.replace("{provider}", provider);
        let known = sources.get(provider).map(Vec::as_slice).unwrap_or_default();
        if known.is_empty() {
            let path = stack.output("SecretsPath")?;
            let next = format!("no secret yet: put it at {path}/{provider}/{DEFAULT_SOURCE}");
            table.add_row([provider.to_owned(), url.clone(), next]);
        }
        for source in known {
            let source = on_one_line(source);
            let (name, url) = if source == DEFAULT_SOURCE {
                (provider.to_owned(), url.clone())
            } else {
                (format!("{provider}/{source}"), format!("{url}/{source}"))
            };
            table.add_row([name, url, String::new()]);
        }
    }
    for line in table.lines() {
        say(line.trim_end());
    }
    Ok(ExitCode::SUCCESS)
}

/// The registered sources of each provider.
async fn sources(stack: &Stack) -> Result<BTreeMap<String, Vec<String>>, Failure> {
    let mut sources: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (provider, source) in stack.sources().await? {
        sources.entry(provider).or_default().push(source);
    }
    sources.values_mut().for_each(|names| names.sort());
    Ok(sources)
}
