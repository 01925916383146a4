//! The filter language: what is written is read back, and what is wrong is named.

use proptest::prelude::*;
use webhooks::ledger::{Status, Summary};
use webhooks::payload::Payload;
use webhooks::timestamp::Timestamp;
use webhooks_cli::filter::{Filter, FilterError, Term};
use webhooks_cli::issue_key::{issue_key, normalised};
use webhooks_cli::moment::Moment;

fn terms() -> impl Strategy<Value = Term> {
    let name = "[A-Za-z0-9._-]{1,20}";
    prop_oneof![
        name.prop_map(Term::Provider),
        name.prop_map(Term::Source),
        "[!-)+-~]{1,20}[*]?".prop_map(Term::Kind),
        proptest::sample::select(Status::ALL.to_vec()).prop_map(Term::Status),
        any::<String>()
            .prop_filter("a cause", |text| !text.is_empty())
            .prop_map(Term::Cause),
        "[!-~]{1,20}".prop_map(Term::Id),
        "[0-9a-f]{8}".prop_map(Term::Issue),
        ("[a-z_]{1,5}([.][a-z0-9_]{1,5}){0,3}", any::<String>())
            .prop_map(|(path, value)| Term::Data { path, value }),
    ]
}

fn moments() -> impl Strategy<Value = Moment> {
    prop_oneof![
        (0..4_000_000_000_000i64).prop_map(|millis| Moment::At(Timestamp::from_millis(millis))),
        (0..10_000_000u64).prop_map(|age| Moment::Ago(std::time::Duration::from_secs(age))),
    ]
}

proptest! {
    #[test]
    fn a_filter_reads_what_it_writes(
        mut all in proptest::collection::vec(terms(), 0..6),
        since in proptest::option::of(moments()),
        until in proptest::option::of(moments()),
    ) {
        all.extend(since.map(Term::Since));
        all.extend(until.map(Term::Until));
        let filter = Filter::new(all).expect("each time once");
        let text = filter.to_string();
        prop_assert_eq!(text.parse::<Filter>(), Ok(filter), "{}", text);
    }

    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        let _ = text.parse::<Filter>();
        let _ = Filter::of_words(&[text]);
    }

    #[test]
    fn what_is_normal_stays(cause in any::<String>()) {
        let once = normalised(&cause);
        prop_assert_eq!(normalised(&once), once);
    }
}

fn refused(text: &str) -> String {
    let refused: FilterError = text.parse::<Filter>().expect_err(text);
    refused.to_string()
}

#[test]
fn what_is_wrong_is_named_with_the_next_step() {
    for (text, expected) in [
        (
            "failed",
            "failed: a filter is key:value, such as status:failed",
        ),
        (
            "state:failed",
            "state:failed: there is no filter state; choose one of provider, source, type",
        ),
        (
            "provider:github status:broken",
            "status:broken: choose one of received, processing",
        ),
        (
            "since:yesterday",
            "since:yesterday: neither an age (15m, 36h, 7d) nor a time",
        ),
        ("since:1h since:2h", "since: is there twice; leave one out"),
        (
            "type:stripe.*.paid",
            "type:stripe.*.paid: a * may stand at the end of a type alone",
        ),
        ("provider:", "provider:: has no value; write provider:value"),
        ("cause:\"no such", "\"no such: the quote is not closed"),
        (
            "data.object.id",
            "data.object.id: has no value; write data.path=value",
        ),
        ("data..id=1", "data..id=1: is no path"),
    ] {
        let said = refused(text);
        assert!(said.starts_with(expected), "{text}: {said}");
    }
}

#[test]
fn words_of_a_command_line_are_taken_as_they_are() {
    let words = |words: &[&str]| {
        let words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
        Filter::of_words(&words)
    };
    let expected: Result<Filter, _> = "cause:\"no such \\\"x\\\"\" id:a".parse();
    assert_eq!(words(&["cause:no such \"x\"", "id:a"]), expected);
    assert_eq!(words(&["cause:\"no such \\\"x\\\"\"", "id:a"]), expected);
    let two_in_one = words(&["provider:github status:failed"]).expect_err("two words in one");
    assert!(
        two_in_one.to_string().contains("an argument of its own"),
        "{two_in_one}"
    );
}

fn summary(kind: &str, status: Status, cause: Option<&str>) -> Summary {
    Summary {
        key: "stripe/live/evt_12".parse().expect("a key"),
        kind: kind.to_owned(),
        status,
        received_at: Timestamp::from_seconds(1_767_225_600),
        attempts: 1,
        duplicates: 0,
        cause: cause.map(str::to_owned),
    }
}

#[test]
fn different_words_must_all_hold_and_one_of_those_with_one_key() {
    let now = Timestamp::from_seconds(1_767_225_700);
    let event = summary(
        "stripe.charge.failed",
        Status::Failed,
        Some("No such Customer 12"),
    );
    let issue = issue_key("stripe.charge.failed", "No such Customer 99");
    for (text, expected) in [
        ("", true),
        ("provider:stripe source:live", true),
        ("provider:github source:live", false),
        ("provider:github provider:stripe", true),
        ("type:stripe.charge.* type:github.push", true),
        ("type:stripe.charge", false),
        ("status:failed", true),
        ("status:done status:waiting", false),
        ("cause:\"no such\"", true),
        ("cause:timeout", false),
        ("id:evt_1", true),
        ("id:vt_1", false),
        ("since:90s", false),
        ("since:100s until:0s", true),
        ("until:2025-12-31T23:59:59Z", false),
        (&format!("issue:{issue}"), true),
        ("issue:00000000", false),
    ] {
        let filter: Filter = text.parse().expect(text);
        assert_eq!(filter.takes(&event, now), expected, "{text}");
    }
}

#[test]
fn payloads_are_compared_as_they_are_written() {
    let payload = Payload::new(
        "application/json",
        br#"{"object": {"id": "ch_1", "n": 1.50, "live": true, "lines": [{"sku": "a b"}], "id2": null}}"#
            .as_slice(),
    );
    for (text, expected) in [
        ("data.object.id=ch_1", true),
        ("data.object.id=ch_2", false),
        ("data.object.id=ch_2 data.object.id=ch_1", true),
        ("data.object.id=ch_1 data.object.live=false", false),
        ("data.object.n=1.50", true),
        ("data.object.n=1.5", false),
        ("data.object.live=true", true),
        ("data.object.lines.0.sku=\"a b\"", true),
        ("data.object.lines.1.sku=\"a b\"", false),
        ("data.object.id2=null", true),
        ("data.nothing=null", false),
    ] {
        let filter: Filter = text.parse().expect(text);
        assert_eq!(filter.takes_payload(&payload), expected, "{text}");
    }
    let form = Payload::new(
        "application/x-www-form-urlencoded",
        b"MessageSid=SM1&Body=a+b".as_slice(),
    );
    let filter: Filter = "data.MessageSid=SM1 data.Body=\"a b\""
        .parse()
        .expect("a filter");
    assert!(filter.takes_payload(&form));
}

#[test]
fn an_issue_is_the_same_whatever_it_names() {
    let same = [
        "no customer cus_9A1 in order 12345 (at 10:31)",
        "no customer cus_77 in order 9 (at 22:05)",
    ];
    assert_eq!(normalised(same[0]), "no customer # in order # (at #:#)");
    assert_eq!(issue_key("a.b", same[0]), issue_key("a.b", same[1]));
    assert_ne!(issue_key("a.b", same[0]), issue_key("a.c", same[0]));
    assert_ne!(
        issue_key("a.b", "answered 404"),
        issue_key("a.b", "answered 503")
    );
}
