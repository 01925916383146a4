//! Our signatures by the official SDKs, and theirs by us.

mod oracle;

use std::path::Path;

use futures::stream::{self, StreamExt};
use oracle::Oracle;
use serde_json::{Value, json};
use webhooks::delivery::{Delivery, Headers, Method};
use webhooks::event::EventKey;
use webhooks::payload::form_fields;
use webhooks::provider::Explained;
use webhooks::provider::catalog;
use webhooks::secret::Secret;
use webhooks::timestamp::Timestamp;
use webhooks::verify::verify;
use webhooks_cli::fixture::signature_header;
use webhooks_cli::local::{Local, Options};
use webhooks_cli::project::Project;
use webhooks_cli::send::{local_url, post_copies};
use webhooks_cli::stack::development_secret;

const SECRET: &str = "an-oracle-secret";
const NOW: i64 = 1_767_225_600;
const URL: &str = "https://hooks.example.com/webhooks";

/// One delivery, and the same in the oracle's words.
struct Case {
    provider: &'static dyn Explained,
    delivery: Delivery,
    request: Value,
}

fn case(provider: &'static str, media_type: &str, query: &str, body: &str) -> Case {
    let base = format!("{URL}/{provider}");
    let url = if query.is_empty() {
        base
    } else {
        format!("{base}?{query}")
    };
    let signer = catalog::by_name(provider).expect("a provider");
    let takes_get = signer.profile().methods.contains(&Method::Get);
    let method = if body.is_empty() && takes_get {
        Method::Get
    } else {
        Method::Post
    };
    let delivery = Delivery {
        method,
        urls: vec![url.clone()],
        query: query.to_owned(),
        headers: Headers::from_iter([("content-type", media_type)]),
        body: body.as_bytes().to_vec(),
    };
    let request = json!({
        "provider": provider,
        "secret": SECRET,
        "body": body,
        "timestamp": NOW,
        "now": NOW,
        "url": url,
        "params": parameters(body),
        "json": media_type == "application/json",
    });
    let provider = catalog::by_name(provider).expect("a provider");
    Case {
        provider,
        delivery,
        request,
    }
}

fn parameters(body: &str) -> Value {
    let mut parameters = json!({});
    for (key, value) in form_fields(body.as_bytes()) {
        match &mut parameters[&key] {
            Value::Array(values) => values.push(json!(value)),
            absent => *absent = json!([value]),
        }
    }
    parameters
}

fn cases() -> Vec<Case> {
    let bodies = [
        "{}",
        r#"{"action":"opened","n":12345678901234567890,"u":"\u00e9 é 🚀"}"#,
        "{\r\n  \"a\": 1\r\n}\n",
        "payload=%7B%22action%22%3A%22opened%22%7D",
    ];
    let forms = [
        "From=%2B15005550006&To=%2B15005550001&Body=H%C3%A9llo+w%C3%B6rld+%F0%9F%91%8B&FromCity=",
        "b=2&a=1&a=3&a=1&A=9&a_=0&MediaUrl10=x&MediaUrl2=y",
        "Body=1%2B1%3D2+%26+more%20%25&Empty=&%C3%BC=%C3%9F",
    ];
    const FORM: &str = "application/x-www-form-urlencoded";
    let json_query =
        "foo=1&bodySHA256=44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    let mut cases = vec![
        case("twilio", "", "From=%2B15005550006&Body=hi+there", ""),
        case("twilio", "application/json", json_query, "{}"),
    ];
    for body in bodies {
        cases.push(case("github", "application/json", "", body));
        cases.push(case("stripe", "application/json", "", body));
    }
    for form in forms {
        cases.push(case("twilio", FORM, "", form));
        cases.push(case("twilio", FORM, "foo=1&bar=%2f&baz", form));
    }
    cases
}

fn header(case: &Case) -> String {
    signature_header(case.provider, &case.delivery).expect("it signs in a header")
}

fn we_accept(case: &Case, signature: &str) -> bool {
    let mut delivery = case.delivery.clone();
    delivery.headers.set(&header(case), signature);
    let secrets = [Secret::new(SECRET).expect("not blank")];
    verify(
        case.provider,
        &delivery,
        &secrets,
        Timestamp::from_seconds(NOW),
    )
    .is_ok()
}

fn our_signature(case: &Case) -> String {
    let mut delivery = case.delivery.clone();
    let secret = Secret::new(SECRET).expect("not blank");
    case.provider
        .sign(&mut delivery, &secret, Timestamp::from_seconds(NOW))
        .expect("an HMAC");
    delivery
        .headers
        .get(&header(case))
        .expect("signed")
        .to_owned()
}

#[test]
fn accepts_what_the_official_sdks_sign() {
    let mut oracle = Oracle::start();
    for case in cases() {
        let signature = oracle.sign(&case.request);
        assert!(we_accept(&case, &signature), "{}", case.request);
    }
}

#[test]
fn signs_what_the_official_sdks_accept() {
    let mut oracle = Oracle::start();
    for case in cases() {
        assert!(
            oracle.verify(&case.request, &our_signature(&case)),
            "{}",
            case.request
        );
    }
}

#[test]
fn agrees_with_the_official_sdks_on_damaged_signatures() {
    let mut oracle = Oracle::start();
    for case in cases() {
        let signature = our_signature(&case);
        for at in 0..signature.len() {
            let mut damaged = signature.clone().into_bytes();
            damaged[at] = if damaged[at] == b'0' { b'1' } else { b'0' };
            let damaged = String::from_utf8(damaged).expect("ASCII");
            let theirs = oracle.verify(&case.request, &damaged);
            assert_eq!(
                we_accept(&case, &damaged),
                theirs,
                "{damaged} for {}",
                case.request
            );
        }
        assert!(
            !we_accept(&case, &signature[..signature.len() - 2]),
            "truncated"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn takes_every_example_payload_of_octokit_once() {
    let project = Project::around(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("the checkout");
    let options = Options::anywhere().expect("two ports");
    let (local, _) = Local::start(&project, &options)
        .await
        .expect("the stack starts");
    let examples = Oracle::start().examples();
    assert!(examples.len() > 300, "only {} examples", examples.len());
    let url = local_url(&local.url(), "github", "default");
    let mut oracle = Oracle::start();
    let signed: Vec<_> = examples
        .iter()
        .enumerate()
        .map(|(index, (event, payload))| {
            signed_by_octokit(&mut oracle, &url, index, event, payload)
        })
        .collect();

    let outcomes: Vec<_> = stream::iter(signed)
        .map(|(delivery, id, kind)| async move {
            let first = post_copies(&delivery, 1)
                .await
                .expect("an answer")
                .remove(0);
            let second = post_copies(&delivery, 1)
                .await
                .expect("an answer")
                .remove(0);
            (id, kind, first, second)
        })
        .buffer_unordered(8)
        .collect()
        .await;

    let ledger = local.stack.ledger().expect("a ledger");
    for (id, kind, first, second) in outcomes {
        let key = EventKey {
            provider: "github".to_owned(),
            source: "default".to_owned(),
            id,
        };
        let item = ledger.find(&key).await.expect("an answer");
        if kind == "github.ping" {
            assert_eq!((first.status, second.status), (200, 200), "{kind}");
            assert!(item.is_none(), "a ping is not recorded");
            continue;
        }
        assert_eq!((first.status, second.status), (202, 200), "{kind}");
        assert_eq!(second.outcome, "duplicate");
        assert_eq!(item.expect("recorded").receipt.event.kind(), kind);
    }
}

/// An example as GitHub would deliver it, signed by GitHub's own library.
fn signed_by_octokit(
    oracle: &mut Oracle,
    url: &str,
    index: usize,
    event: &str,
    payload: &Value,
) -> (Delivery, String, String) {
    let body = payload.to_string();
    let secret = development_secret("github");
    let signature = oracle.sign(&json!({"provider": "github", "secret": secret, "body": body}));
    let guid = format!("00000000-0000-4000-8000-{index:012}");
    let delivery = Delivery {
        method: Method::Post,
        urls: vec![url.to_owned()],
        query: String::new(),
        headers: Headers::from_iter([
            ("content-type", "application/json"),
            ("x-github-event", event),
            ("x-github-delivery", &guid),
            ("x-github-hook-id", "1"),
            ("x-hub-signature-256", &signature),
        ]),
        body: body.into_bytes(),
    };
    let kind = match payload["action"].as_str() {
        Some(action) => format!("github.{event}.{action}"),
        None => format!("github.{event}"),
    };
    (delivery, format!("1:{guid}"), kind)
}
