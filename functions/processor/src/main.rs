//! Processes events: which handler gets which.

mod bus;
mod effect;
mod gathered;
mod github;
mod refusal;
mod resources;
#[cfg(test)]
mod sample;
mod stripe;
mod twilio;

use webhooks::router::Router;

use crate::resources::Resources;

/// A thread for each event of a batch and more: a handler that blocks its thread stops no other, and no
/// clock.
#[tokio::main(flavor = "multi_thread", worker_threads = 12)]
async fn main() -> Result<(), lambda_http::Error> {
    let router = Router::new()
        .on("github.push", github::on_push)
        .on("stripe.charge.*", stripe::on_charge)
        .on("twilio.message.received", twilio::on_message)
        .otherwise(bus::forward);
    webhooks::lambda::process(env!("CARGO_CRATE_NAME"), router, Resources::new).await
}
