//! Receives Stripe webhooks.

use webhooks::provider::stripe::Stripe;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    webhooks::lambda::receive(Stripe).await
}
