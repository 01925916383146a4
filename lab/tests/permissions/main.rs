//! Permissions: every call that the functions make is allowed by their roles in the template, every
//! grant is used, and nobody else gets at the data.

mod court;
mod drive;
#[path = "../../../cli/tests/github_api/mod.rs"]
mod github_api;
mod lost;
#[path = "../../../cli/tests/oracle/mod.rs"]
mod oracle;
mod policies;
mod rendering;
mod request;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::json;
use webhooks_cli::project::Project;
use webhooks_cli::stack::Stack;

use court::{Court, place};
use drive::drive;
use policies::{Grant, Role};
use rendering::{ACCOUNT, Rendering};
use request::{Request, by_lambda, requests};

/// A key for the secrets, where the stack is given one.
const SECRETS_KEY: &str =
    "arn:aws:kms:us-east-1:000000000000:key/11111111-2222-3333-4444-555555555555";

/// What each function asks AWS for.
type Needs = BTreeMap<String, BTreeSet<Request>>;

fn project() -> Project {
    Project::around(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("the checkout")
}

/// Where CloudFormation put the stack's resources.
async fn physical_names(stack: &Stack) -> BTreeMap<String, String> {
    let client = aws_sdk_cloudformation::Client::new(&stack.config);
    let described = client
        .describe_stack_resources()
        .stack_name(webhooks_cli::stack::NAME);
    let described = described.send().await.expect("the stack is there");
    let pair = |resource: &aws_sdk_cloudformation::types::StackResource| {
        Some((
            resource.logical_resource_id()?.to_owned(),
            resource.physical_resource_id()?.to_owned(),
        ))
    };
    described
        .stack_resources()
        .iter()
        .filter_map(pair)
        .collect()
}

/// What the functions need, by the calls that they made and by what Lambda does for them.
fn needs(calls: &drive::Seen, rendering: &Rendering, key: &str) -> Needs {
    let mut needs = Needs::new();
    let mut kinds = BTreeSet::new();
    let made = calls.iter().flat_map(|(function, call)| {
        requests(call, key)
            .into_iter()
            .map(|request| (function.clone(), request))
    });
    let globals = rendering.globals();
    for (function, request) in made.chain(by_lambda(rendering, &globals)) {
        if kinds.insert((function.clone(), request.kind())) {
            needs.entry(function).or_default().insert(request);
        }
    }
    // A payload was gone: S3 says so only to who may list the bucket.
    let bucket = Request::new("s3:ListBucket", rendering.arn("Payloads"));
    needs
        .entry("processor".to_owned())
        .or_default()
        .insert(bucket);
    needs
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_is_allowed_and_every_grant_is_used() {
    let (stage, calls) = drive(project()).await;
    let names = physical_names(&stage.stack).await;
    for key in ["", SECRETS_KEY] {
        let (mut court, rendering) = Court::of(names.clone(), &[("SecretsKeyArn", key)]);
        let needs = needs(&calls, &rendering, key);
        // What the receivers may do is written once for all of them: one that has no batches makes no use
        // of what another needs.
        let roles = court.roles.clone();
        let of_others = used_lines(&mut court, &needs);
        println!(
            "| function | calls | kinds of request | grants | unused |\n| --- | --- | --- | --- | --- |"
        );
        for role in roles {
            let made = calls
                .iter()
                .filter(|(function, _)| *function == role.function)
                .count();
            let needs = &needs[&role.function];
            let verdict = court.judge(&role, needs, None);
            println!(
                "| {} | {made} | {} | {} | {} |",
                role.function,
                needs.len(),
                role.grants.len(),
                verdict.unused.len()
            );
            assert_eq!(verdict.denied, Vec::<String>::new());
            let mut unused = verdict.unused.iter();
            let superfluous = unused.find(|grant| !of_others.contains(&grant.line));
            assert_eq!(superfluous.map(|grant| place(&role, grant)), None);
            miss_each_grant(&mut court, &role, needs, &verdict.unused);
            find_a_grant_too_many(&mut court, &role, needs);
        }
    }
}

/// The lines of the grants that some function makes use of.
fn used_lines(court: &mut Court, needs: &BTreeMap<String, BTreeSet<Request>>) -> BTreeSet<usize> {
    let mut lines = BTreeSet::new();
    for role in court.roles.clone() {
        let unused = court.judge(&role, &needs[&role.function], None).unused;
        let used = role.grants.iter().filter(|grant| !unused.contains(grant));
        lines.extend(used.map(|grant| grant.line));
    }
    lines
}

/// Without any one of the grants that it uses, a role is denied something.
fn miss_each_grant(court: &mut Court, role: &Role, needs: &BTreeSet<Request>, unused: &[Grant]) {
    for grant in role.grants.iter().filter(|grant| !unused.contains(grant)) {
        let verdict = court.judge(role, needs, Some(&grant.sid));
        assert!(
            !verdict.denied.is_empty(),
            "not needed: {}",
            place(role, grant)
        );
    }
}

/// A grant that nothing uses is found, with its line.
fn find_a_grant_too_many(court: &mut Court, role: &Role, needs: &BTreeSet<Request>) {
    let mut wider = role.clone();
    let mut grant = role.grants[0].clone();
    grant.sid = "TooMuch".to_owned();
    grant.statement = json!({
        "Sid": "TooMuch", "Effect": "Allow", "Action": "sqs:PurgeQueue", "Resource": "*",
    });
    wider.grants.push(grant.clone());
    assert!(court.judge(&wider, needs, None).unused.contains(&grant));
}

fn role_of(court: &Court, function: &str) -> Role {
    let mut roles = court.roles.iter();
    let role = roles.find(|role| role.function == function);
    role.expect("a role").clone()
}

#[test]
fn a_receivers_role_does_not_reach_another_providers_events() {
    let (mut court, rendering) = Court::of(BTreeMap::new(), &[("SecretsKeyArn", SECRETS_KEY)]);
    let ledger = rendering.arn("Ledger");
    let bucket = rendering.arn("Payloads");
    let providers = court.providers.clone();
    for function in &providers {
        let role = role_of(&court, function);
        for provider in &providers {
            let key = format!("{provider}/default/1");
            let secret = format!(
                "arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/webhooks/webhooks/{provider}/default"
            );
            let state = format!("{provider}/default#state/1");
            let item = |action: &str, key: &str| {
                Request::new(action, &ledger).with("dynamodb:LeadingKeys", [key.to_owned()])
            };
            let asked = [
                item("dynamodb:PutItem", &key),
                item("dynamodb:UpdateItem", &key),
                item("dynamodb:GetItem", &key),
                item("dynamodb:UpdateItem", &state),
                item("dynamodb:GetItem", &state),
                Request::new("s3:PutObject", format!("{bucket}/{key}")),
                Request::new("ssm:GetParameters", &secret),
                Request::new("kms:Decrypt", SECRETS_KEY)
                    .with("kms:ViaService", ["ssm.us-east-1.amazonaws.com".to_owned()])
                    .with("kms:EncryptionContext:PARAMETER_ARN", [secret]),
            ];
            let decisions = court.decide(&role.arn, role.policy_without(None), &asked, true);
            for (request, decision) in asked.iter().zip(decisions) {
                assert_eq!(
                    decision.allowed,
                    provider == function,
                    "{function}: {request:?}, {decision:?}"
                );
            }
        }
    }
}

/// What a role that may do everything wants with the stack's data.
fn wishes(rendering: &Rendering) -> Vec<(Request, &'static [&'static str])> {
    let object = format!("{}/github/default/1", rendering.arn("Payloads"));
    let of = |action, resource: &str| Request::new(action, resource);
    vec![
        (
            of("sqs:SendMessage", &rendering.arn("Queue")),
            &["receiver", "processor", "relay", "reconciler", "person"],
        ),
        (
            of("sqs:ReceiveMessage", &rendering.arn("Queue")),
            &["processor", "person"],
        ),
        (
            of("sqs:ReceiveMessage", &rendering.arn("DeadLetterQueue")),
            &["person"],
        ),
        (
            of("s3:PutObject", &object),
            &["receiver", "processor", "reconciler", "person"],
        ),
        (of("s3:GetObject", &object), &["processor", "person"]),
        (
            of("sns:Publish", &rendering.arn("Notifications")),
            &["processor"],
        ),
        (
            of("events:PutEvents", &rendering.arn("Bus")),
            &["processor"],
        ),
    ]
}

#[test]
fn whoever_is_granted_everything_gets_at_the_data_only_if_the_resources_policy_names_him() {
    let operators = format!("arn:aws:iam::{ACCOUNT}:role/operators/*");
    let (mut court, rendering) = Court::of(BTreeMap::new(), &[("OperatorRoleArn", &operators)]);
    let everything = json!({
        "Version": "2012-10-17",
        "Statement": [{"Sid": "All", "Effect": "Allow", "Action": "*", "Resource": "*"}],
    });
    let iam = |what: &str| format!("arn:aws:iam::{ACCOUNT}:{what}");
    let mut principals: Vec<(String, String)> = court
        .roles
        .iter()
        .map(|role| {
            let receives = court.providers.contains(&role.function);
            let who = if receives { "receiver" } else { &role.function };
            (who.to_owned(), role.arn.clone())
        })
        .collect();
    let people = [
        "user/jane",
        "role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Admin_1",
        "role/operators/on-call",
    ];
    principals.extend(people.map(|what| ("person".to_owned(), iam(what))));
    let strangers = [
        "role/another-app",
        "role/webhooks",
        "role/webhooks-dev/receivers/x",
        "role/x/operators/y",
    ];
    principals.extend(strangers.map(|what| ("stranger".to_owned(), iam(what))));
    let (asked, admitted): (Vec<_>, Vec<_>) = wishes(&rendering).into_iter().unzip();
    for (who, arn) in principals {
        let decisions = court.decide(&arn, everything.clone(), &asked, true);
        for ((request, admitted), decision) in asked.iter().zip(&admitted).zip(decisions) {
            let expected = admitted.contains(&&*who);
            assert_eq!(
                decision.allowed, expected,
                "{arn}: {request:?}, {decision:?}"
            );
        }
        // Whoever it is, not without TLS. EventBridge has no endpoint without.
        let decisions = court.decide(&arn, everything.clone(), &asked, false);
        for (request, decision) in asked.iter().zip(decisions) {
            let bus = request.action == "events:PutEvents" && who == "processor";
            assert_eq!(decision.allowed, bus, "{arn} without TLS: {request:?}");
        }
    }
}

#[test]
fn an_administrator_can_remove_and_mend_everything() {
    let (mut court, rendering) = Court::of(BTreeMap::new(), &[]);
    let everything = json!({
        "Version": "2012-10-17",
        "Statement": [{"Sid": "All", "Effect": "Allow", "Action": "*", "Resource": "*"}],
    });
    let asked = [
        ("sqs:DeleteQueue", "Queue"),
        ("sqs:SetQueueAttributes", "Queue"),
        ("sqs:DeleteQueue", "DeadLetterQueue"),
        ("sqs:PurgeQueue", "DeadLetterQueue"),
        ("s3:DeleteBucket", "Payloads"),
        ("s3:PutBucketPolicy", "Payloads"),
        ("sns:DeleteTopic", "Notifications"),
        ("sns:Subscribe", "Notifications"),
        ("sns:Publish", "AlarmTopic"),
        ("events:DeleteEventBus", "Bus"),
    ];
    let asked = asked.map(|(action, id)| Request::new(action, rendering.arn(id)));
    let administrator = format!("arn:aws:iam::{ACCOUNT}:role/deployer");
    let decisions = court.decide(&administrator, everything, &asked, true);
    for (request, decision) in asked.iter().zip(decisions) {
        assert!(decision.allowed, "{request:?}, {decision:?}");
    }
}
