//! A processor whose handlers give every answer there is.
//!
//! `cargo lambda build --release --bin handlers` makes a function of it.

use std::time::Duration;

use webhooks::event::Event;
use webhooks::router::{Context, Outcome, Router};

async fn welcome(_: Context<()>, _: Event<'static>) -> Outcome {
    Outcome::done()
}

async fn not_for_us(_: Context<()>, _: Event<'static>) -> Outcome {
    Outcome::Ignored
}

async fn give_up(_: Context<()>, _: Event<'static>) -> Outcome {
    Outcome::failed("no later attempt could succeed")
}

async fn come_back(context: Context<()>, _: Event<'static>) -> Outcome {
    match context.attempt {
        1 => Outcome::Retry {
            reason: "not ready yet".to_owned(),
            pause: Some(Duration::from_secs(1)),
        },
        _ => Outcome::done(),
    }
}

/// A mistake in a handler fails its own record, and no other in the batch.
async fn mistaken(_: Context<()>, event: Event<'static>) -> Outcome {
    let commits: Vec<String> = event.data().unwrap_or_default();
    match commits[0].is_empty() {
        true => Outcome::Ignored,
        false => Outcome::done(),
    }
}

/// A thread for each event of a batch and more: a handler that blocks its thread stops no other, and no
/// clock.
#[tokio::main(flavor = "multi_thread", worker_threads = 12)]
async fn main() -> Result<(), lambda_http::Error> {
    let router = Router::new()
        .on("github.star.created", welcome)
        .on("github.star.*", not_for_us)
        .on("github.delete", give_up)
        .on("github.status", come_back)
        .on("github.push", mistaken);
    webhooks::lambda::process(env!("CARGO_CRATE_NAME"), router, |_, _| Ok(())).await
}
