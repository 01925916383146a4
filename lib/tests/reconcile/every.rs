//! What holds for every provider.

use webhooks::provider_api::ApiError;
use webhooks::provider_hosts::ProviderHosts;
use webhooks::reconcile;
use webhooks::reconcile::{Found, Stopped};
use webhooks::timestamp::Timestamp;

use crate::api::{Answer, Api};
use crate::case::{CASES, MARKER};
use crate::sent::{HUGE, ago};
use crate::walk::Source;

#[test]
fn tries_every_provider_that_can_be_asked() {
    let mut tried: Vec<_> = CASES.iter().map(|case| case.provider).collect();
    let mut known: Vec<_> = reconcile::providers().collect();
    tried.sort_unstable();
    known.sort_unstable();
    assert_eq!(tried, known);
}

#[tokio::test]
async fn recovers_what_never_arrived_under_the_name_of_its_delivery() {
    let source = Source::enter().await;
    for case in CASES {
        let sent = case.sent();
        let api = case.api(sent.clone()).await;
        let archive = case.archive(&api);
        let walked = source.walk(case.provider(), &*archive).await;
        assert_eq!(walked.stopped, None, "{}", case.provider);
        let found = walked.findings.iter();
        let found: Vec<_> = found.map(|f| (&*f.key.id, f.at, f.found)).collect();
        let as_sent = case.as_sent;
        let expected: Vec<_> = sent
            .iter()
            .map(|sent| (&*sent.id, sent.at, Found::Recovered { as_sent }))
            .collect();
        assert_eq!(found, expected, "{}", case.provider);
        let pages = api
            .calls()
            .iter()
            .filter(|call| **call == case.list)
            .count();
        assert!(pages >= 2, "{}: {:?}", case.provider, api.calls());

        let again = source.walk(case.provider(), &*archive).await;
        assert_eq!(again.stopped, None, "{}", case.provider);
        assert_eq!(
            (again.checked, again.findings.len()),
            (2, 0),
            "{}",
            case.provider
        );
    }
    assert_eq!(source.queue.bodies().await.len(), 2 * CASES.len());
}

#[tokio::test]
async fn keeps_numbers_of_any_size() {
    let source = Source::enter().await;
    for case in CASES {
        let sent = case.sent();
        let api = case.api(sent.clone()).await;
        let archive = case.archive(&api);
        source.walk(case.provider(), &*archive).await;
        for sent in &sent {
            let payload = source.payload(case.provider, &sent.id).await;
            let payload = String::from_utf8(payload).expect("payloads are UTF-8");
            // A form has no numbers.
            if sent.body.starts_with('{') {
                assert!(payload.contains(HUGE), "{}: {payload}", case.provider);
            }
            if case.as_sent {
                assert_eq!(payload, sent.body, "{}", case.provider);
            }
        }
    }
}

#[tokio::test]
async fn tells_denials_limits_and_outages_apart() {
    for case in CASES {
        let refuse = |status: u16| {
            let answer = move |_: &_| Answer::json(status, r#"{"message": "no"}"#);
            async move {
                let api = Api::start(answer).await;
                let archive = case.archive(&api);
                let page = archive.page(None, ago(60)).await;
                page.expect_err("a page is refused")
            }
        };
        for status in [401, 403] {
            let error = refuse(status).await;
            let is_denied = matches!(&error, ApiError::Denied { status: s, .. } if *s == status);
            assert!(is_denied, "{}: {error:?}", case.provider);
        }
        let limited = refuse(429).await;
        assert!(
            matches!(limited, ApiError::Limited { until } if until > Timestamp::now()),
            "{}: {limited:?}",
            case.provider
        );
        let missing = refuse(404).await;
        assert!(matches!(missing, ApiError::NotFound { .. }), "{missing:?}");
        let down = refuse(503).await;
        assert!(matches!(down, ApiError::Unavailable(_)), "{down:?}");
    }
}

#[tokio::test]
async fn names_a_credential_that_the_api_refuses_and_does_not_show_it() {
    for case in CASES {
        let api = case.api(case.sent()).await;
        let credential = case.credential.replace(MARKER, "marker-of-another");
        let archive = crate::case::open(case.provider, &credential, &api);
        let error = archive.page(None, ago(60)).await.expect_err("refused");
        let is_denied = matches!(error, ApiError::Denied { status: 401, .. });
        assert!(is_denied, "{}: {error:?}", case.provider);
        let shown = format!(
            "{error} {error:?} {archive:?} {}",
            Stopped::from(error.clone())
        );
        assert!(!shown.contains("no reason"), "{}: {shown}", case.provider);
        assert!(!shown.contains("marker-of"), "{}: {shown}", case.provider);
    }
}

#[test]
fn refuses_credentials_of_another_form_and_does_not_show_them() {
    let open = |provider: &str, credential: &str| {
        let archive = reconcile::archive(provider, credential, ProviderHosts::default());
        archive.expect("its API can be asked").map(|_| ())
    };
    for case in CASES {
        open(case.provider, case.credential).expect("a good one");
        let misspelt = case.credential.replacen('{', r#"{"misspelt": 1, "#, 1);
        for bad in ["", "{}", MARKER, &misspelt] {
            let error = open(case.provider, bad).expect_err("a bad one").to_string();
            let form = reconcile::form(case.provider).expect("it has a form");
            assert!(error.contains(form), "{error}");
            assert!(!error.contains(MARKER), "{error}");
        }
    }
}
