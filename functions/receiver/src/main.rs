//! Receives the webhooks of the provider that its environment names.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    webhooks::lambda::receive().await
}
