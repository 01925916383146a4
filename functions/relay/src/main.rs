//! Sends again what is recorded and overdue; runs once a minute.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    webhooks::lambda::relay().await
}
