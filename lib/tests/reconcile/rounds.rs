//! Rounds: all sources that have a credential, each whatever the others are like.

use std::time::{Duration, Instant};

use aws_sdk_ssm::types::ParameterType;
use webhooks::reconcile::credential_store::CredentialStore;
use webhooks::reconcile::round::{Round, Rounds};

use crate::hook::{Attempt, Hook};
use crate::sent::ago;
use crate::support::{World, unique};
use crate::walk::Source;

/// Rounds over sources of GitHub with these credentials.
async fn rounds(source: Source, hook: &Hook, credentials: &[(&str, &str)]) -> (World, Rounds) {
    let path = format!("/{}", unique("credentials"));
    let ssm = aws_sdk_ssm::Client::new(source.world.config());
    for (name, credential) in credentials {
        let put = ssm
            .put_parameter()
            .name(format!("{path}/github/{name}"))
            .value(*credential)
            .r#type(ParameterType::SecureString);
        put.send().await.expect("SSM takes it");
    }
    let rounds = Rounds {
        credentials: CredentialStore::new(source.world.config(), path),
        hosts: hook.api.hosts(),
        stack: "rounds".to_owned(),
        reconciler: source.reconciler,
    };
    (source.world, rounds)
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

const GOOD: &str = r#"{"token": "t", "repository": "octo/hello", "hook": 1}"#;

#[tokio::test]
async fn a_source_whose_credential_is_of_no_use_keeps_no_other_away() {
    let hook = Hook::with(vec![Attempt::new(1, 600)]).await;
    let source = Source::enter().await;
    let name = unique("source");
    let ledger = &source.reconciler.ledger;
    let mark = ledger.watermark("github", &name).await;
    let mut mark = mark.expect("DynamoDB answers");
    mark.reached = Some(ago(60));
    let moved = ledger.move_watermark("github", &name, &mut mark).await;
    assert!(moved.expect("DynamoDB answers"));
    let broken = unique("source");
    let credentials = [(&*name, GOOD), (&*broken, "no JSON")];
    let (_world, rounds) = rounds(source, &hook, &credentials).await;
    let round = rounds.go(soon()).await.expect("SSM answers");
    let expected = Round {
        sources: 1,
        recovered: 1,
        behind: 1,
    };
    assert_eq!(round, expected);
}

#[tokio::test]
async fn without_credentials_nobody_is_asked() {
    let hook = Hook::with(Vec::new()).await;
    let (_world, rounds) = rounds(Source::enter().await, &hook, &[]).await;
    let round = rounds.go(soon()).await.expect("SSM answers");
    assert_eq!(round, Round::default());
    assert!(hook.api.calls().is_empty());
}

/// A hook that is not there, or that a token does not see: nobody but a person can mend it.
#[tokio::test]
async fn a_source_whose_api_refuses_for_good_is_behind_from_the_first_run_on() {
    let hook = Hook::with(Vec::new()).await;
    let name = unique("source");
    let another = GOOD.replace("\"hook\": 1", "\"hook\": 2");
    let (_world, rounds) = rounds(Source::enter().await, &hook, &[(&name, &another)]).await;
    let round = rounds.go(soon()).await.expect("SSM answers");
    assert_eq!((round.sources, round.behind), (1, 1));
}
