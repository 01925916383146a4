//! `webhooks --stack` with the ways in which people sign in to AWS, and what it says when they are
//! not.

#[path = "../../lib/tests/support/mod.rs"]
mod support;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;

use aws_sdk_dynamodb::config::ProvideCredentials;
use tempfile::TempDir;
use tokio::process::Command;

use support::World;

/// A home with an AWS configuration, and nothing of this machine's.
struct Home(TempDir);

impl Home {
    fn with(config: &str) -> Self {
        let home = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(home.path().join(".aws")).expect("a folder");
        std::fs::write(home.path().join(".aws/config"), config).expect("written");
        Self(home)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Runs `webhooks events` with these arguments and variables.
    async fn events(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_webhooks"))
            .arg("events")
            .args(arguments)
            .env_clear()
            .env("HOME", self.path())
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .envs(variables.iter().copied())
            .output()
            .await
            .expect("it runs")
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A program that prints keys as `credential_process` wants them.
fn script(home: &Home, keys: &str) -> String {
    let path = home.path().join("keys");
    std::fs::write(&path, format!("#!/bin/sh\n{keys}\n")).expect("written");
    let mode = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(&path, mode).expect("it may run");
    path.display().to_string()
}

#[tokio::test]
async fn a_profile_with_a_credential_process_and_a_region_is_enough() {
    let world = World::enter().await;
    let endpoint = world.endpoint();
    let provider = world.config().credentials_provider().expect("keys");
    let credentials = provider.provide_credentials().await.expect("keys");
    let (key, secret) = (credentials.access_key_id(), credentials.secret_access_key());
    let home = Home::with("");
    let keys = format!(
        "echo '{{\"Version\": 1, \"AccessKeyId\": \"{key}\", \"SecretAccessKey\": \"{secret}\"}}'"
    );
    let program = script(&home, &keys);
    let config = format!("[profile ops]\nregion = us-east-1\ncredential_process = {program}\n");
    std::fs::write(home.path().join(".aws/config"), config).expect("written");

    let at = [("AWS_ENDPOINT_URL", endpoint.as_str())];
    let named = home
        .events(&["--stack", "webhooks", "--profile", "ops"], &at)
        .await;
    assert!(named.status.success(), "{}", said(&named));
    let from_environment = [at[0], ("AWS_PROFILE", "ops")];
    let chosen = home
        .events(&["--stack", "webhooks"], &from_environment)
        .await;
    assert!(chosen.status.success(), "{}", said(&chosen));

    let missing = home
        .events(&["--stack", "nobody", "--profile", "ops"], &at)
        .await;
    assert_eq!(missing.status.code(), Some(1));
    assert!(
        said(&missing).contains("no stack nobody"),
        "{}",
        said(&missing)
    );
}

#[tokio::test]
async fn what_is_missing_is_named_with_the_next_step() {
    let keys = "aws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = not-a-secret\n";
    let sso = "sso_session = corp\nsso_account_id = 111122223333\nsso_role_name = ops\n\
               [sso-session corp]\nsso_region = us-east-1\n\
               sso_start_url = https://example.awsapps.com/start\n";
    for (profile, lines, expected) in [
        ("nokeys", "region = us-east-1\n", "no AWS credentials"),
        (
            "noregion",
            keys,
            "no AWS region; set AWS_REGION, or region in the profile noregion",
        ),
        ("corp", sso, "aws sso login --profile corp"),
        (
            "broken",
            "credential_process = /nonexistent/keys\n",
            "credential_process of the profile broken",
        ),
        (
            "login",
            "login_session = arn:aws:iam::111122223333:user/ops\nregion = us-east-1\n",
            "aws login --profile login",
        ),
    ] {
        let home = Home::with(&format!("[profile {profile}]\n{lines}"));
        let output = home
            .events(&["--stack", "webhooks", "--profile", profile], &[])
            .await;
        assert_eq!(
            output.status.code(),
            Some(1),
            "{profile}: {}",
            said(&output)
        );
        assert!(
            said(&output).contains(expected),
            "{profile}: {}",
            said(&output)
        );
        assert!(!said(&output).contains("not-a-secret"), "{}", said(&output));
    }
    let nothing = Home::with("").events(&["--stack", "webhooks"], &[]).await;
    assert!(
        said(&nothing).contains("aws sso login or aws login"),
        "{}",
        said(&nothing)
    );
}

#[test]
fn the_functions_are_built_without_the_commands_credentials() {
    let features = |selection: &[&str]| {
        let output = std::process::Command::new(env!("CARGO"))
            .args(["tree", "--locked", "--edges", "no-dev", "--prefix", "none"])
            .args(["--format", "{p} {f}"])
            .args(selection)
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
            .output()
            .expect("cargo is there");
        assert!(output.status.success(), "{}", said(&output));
        let text = String::from_utf8(output.stdout).expect("text");
        let line = text.lines().find(|line| line.starts_with("aws-config "));
        line.expect("the SDK is used").to_owned()
    };
    for feature in ["sso", "credentials-process", "credentials-login"] {
        assert!(
            features(&["--package", "webhooks-cli"]).contains(feature),
            "{feature}"
        );
        // What `cargo build` and `sam build` choose at the root.
        assert!(!features(&[]).contains(feature), "{feature}");
    }
}
