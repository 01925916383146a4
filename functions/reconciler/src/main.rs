//! Asks the providers what they have sent, and records what never arrived; runs every 15 minutes.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    webhooks::lambda::reconcile().await
}
