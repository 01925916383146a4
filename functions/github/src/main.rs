//! Receives GitHub webhooks.

use webhooks::provider::github::GitHub;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    webhooks::lambda::receive(GitHub).await
}
