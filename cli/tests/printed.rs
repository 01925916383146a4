//! What `webhooks send --print` prints is a gateway event that its function accepts.

use std::path::Path;
use std::process::Command;

use webhooks::gateway::{Origin, Request};
use webhooks::provider::catalog;
use webhooks::scheme::development;
use webhooks::secret::Secret;
use webhooks::timestamp::Timestamp;
use webhooks::verify::verify;
use webhooks_cli::stack::development_secret;

#[test]
fn a_printed_event_verifies_at_the_address_that_it_names() {
    for (name, event) in [
        ("github", "push"),
        ("github", "push-form"),
        ("stripe", "charge.succeeded"),
        ("twilio", "message"),
        ("twilio", "message-get"),
        ("twilio", "json"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_webhooks"))
            .args(["send", name, event, "--print"])
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
            .output()
            .expect("it runs");
        let request: Request = serde_json::from_slice(&output.stdout).expect("a gateway event");
        let delivery = request
            .delivery(Origin::Domain)
            .expect("its body is readable");
        let secret = Secret::new(development_secret(name)).expect("not blank");
        let provider = catalog::by_name(name).expect("a provider");
        let verified = verify(
            provider,
            &delivery,
            development::keys(provider, &[secret]),
            Timestamp::now(),
        );
        assert!(verified.is_ok(), "{name} {event}: {verified:?}");
    }
}
