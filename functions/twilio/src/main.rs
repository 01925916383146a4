//! Receives Twilio webhooks.

use webhooks::provider::twilio::Twilio;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    webhooks::lambda::receive(Twilio).await
}
