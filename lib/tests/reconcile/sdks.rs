//! The official SDKs read the servers that the other tests ask.

use crate::case::CASES;
use crate::oracle::Oracle;

/// The providers for which npm has an official SDK that has these calls.
const SDKS: [&str; 7] = [
    "paddle", "polar", "resend", "square", "telnyx", "twilio", "workos",
];

#[tokio::test(flavor = "multi_thread")]
async fn reads_the_same_lists() {
    let mut oracle = Oracle::start();
    for case in CASES.iter().filter(|case| SDKS.contains(&case.provider)) {
        let sent = case.sent();
        let api = case.api(sent.clone()).await;
        let listed = tokio::task::block_in_place(|| oracle.listed(case.provider, &api.url));
        let sent: Vec<_> = sent.into_iter().map(|sent| sent.id).collect();
        assert_eq!(listed, sent, "{}", case.provider);
    }
}
