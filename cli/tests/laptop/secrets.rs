//! Secrets: never on a command line, and none that everybody knows where strangers come by.

use std::io::Write;
use std::process::Stdio;

use webhooks::provider::catalog;
use webhooks_cli::emulator::config;
use webhooks_cli::keys::Keys;
use webhooks_cli::stack::{NAME, Stack};

use crate::dev::{Dev, webhooks};

const SECRET: &str = "whsec_a-real-secret";

/// The registered sources.
async fn sources(dev: &Dev) -> Vec<(String, String)> {
    let keys = Keys::read(&dev.keys_file()).expect("the keys");
    let endpoint = format!("http://127.0.0.1:{}", dev.emulator_port);
    let stack = Stack::find(keys.config(&endpoint), NAME)
        .await
        .expect("a stack");
    let sources = stack.sources().await.expect("an answer");
    // Another key finds nothing.
    assert!(Stack::find(config(&endpoint), NAME).await.is_err());
    sources
}

fn named(names: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(provider, source): &(&str, &str)| ((*provider).to_owned(), (*source).to_owned());
    names.iter().map(owned).collect()
}

async fn answer(dev: &Dev, arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let base = format!("http://127.0.0.1:{}", dev.port);
    let mut command = webhooks(&["send", "--base", &base]);
    command.args(arguments).envs(variables.iter().copied());
    let sent = command.output().await.expect("send starts");
    let text = [sent.stdout, sent.stderr].concat();
    String::from_utf8_lossy(&text).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn development_secrets_are_there_without_others_and_without_a_tunnel_alone() {
    let dev = Dev::start(&[]).await;
    let mut all: Vec<_> = catalog::names()
        .into_iter()
        .map(|name| (name, "default"))
        .collect();
    all.sort_unstable();
    let mut found = sources(&dev).await;
    found.sort_unstable();
    assert_eq!(found, named(&all));
    assert!(
        answer(&dev, &["github", "push"], &[])
            .await
            .starts_with("202 accepted")
    );
    drop(dev);

    let dev = Dev::start(&["--public-url", "https://abc.example.com"]).await;
    assert_eq!(sources(&dev).await, []);
    assert!(
        answer(&dev, &["github", "push"], &[])
            .await
            .starts_with("401 ")
    );
    drop(dev);

    let arguments = ["--secret", "github/mine=env:REAL"];
    let dev = Dev::with(&arguments, &[("REAL", SECRET)], Stdio::null()).await;
    assert_eq!(sources(&dev).await, named(&[("github", "mine")]));
    let mine = ["github", "push", "--source", "mine", "--secret", "env:REAL"];
    assert!(
        answer(&dev, &mine, &[("REAL", SECRET)])
            .await
            .starts_with("202 accepted")
    );
    assert!(answer(&dev, &mine[..4], &[]).await.starts_with("401 "));
    assert!(
        answer(&dev, &["github", "push"], &[])
            .await
            .starts_with("401 ")
    );
    assert!(!dev.said.contains(SECRET));
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_come_from_standard_input_and_from_files() {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    writeln!(file, "{SECRET}").expect("it is written");
    let place = format!("file:{}", file.path().display());
    let input = std::fs::File::open(file.path()).expect("a file");
    let in_file = format!("stripe/cli={place}");
    let arguments = ["--secret", "github/mine=-", "--secret", &in_file];
    let dev = Dev::with(&arguments, &[], input).await;
    assert_eq!(
        sources(&dev).await,
        named(&[("github", "mine"), ("stripe", "cli")])
    );
    for (event, source) in [
        (["github", "push"], "mine"),
        (["stripe", "charge.succeeded"], "cli"),
    ] {
        let options = ["--source", source, "--secret", &place];
        let arguments = [&event[..], &options].concat();
        let answer = answer(&dev, &arguments, &[]).await;
        assert!(answer.starts_with("202 accepted"), "{event:?}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_on_a_command_line_is_refused_and_not_repeated() {
    let literal = format!("github/mine={SECRET}");
    let file = format!("github/mine=file:{SECRET}");
    for arguments in [
        vec!["dev", "--secret", &literal],
        vec!["dev", "--secret", SECRET],
        vec!["send", "github", "push", "--secret", SECRET],
    ] {
        let output = webhooks(&arguments).output().await.expect("it starts");
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(!said.contains(SECRET), "{said}");
        assert!(said.contains("file:PATH"), "{said}");
    }
    // A path that is not there is named: without it nobody would find the mistake.
    let output = webhooks(&["dev", "--secret", &file])
        .output()
        .await
        .expect("it starts");
    assert_eq!(output.status.code(), Some(2));
    for (blank, variable) in [("env:BLANK", " \n"), ("env:UNSET", "")] {
        let arguments = ["send", "github", "push", "--secret", blank];
        let output = webhooks(&arguments).env("BLANK", variable).output().await;
        assert_eq!(output.expect("it starts").status.code(), Some(2), "{blank}");
    }
}
