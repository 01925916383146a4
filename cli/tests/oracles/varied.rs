//! GitHub, Stripe and Twilio: bodies and forms of every kind, and signatures damaged in every character.

use webhooks::delivery::{Delivery, Headers, Method};
use webhooks::provider::catalog;
use webhooks::secret::Secret;

use crate::oracle::Oracle;
use crate::{Case, NOW};

const SECRET: &str = "an-oracle-secret";
const URL: &str = "https://hooks.example.com/webhooks";

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
        urls: vec![url],
        query: query.to_owned(),
        headers: Headers::from_iter([("content-type", media_type)]),
        body: body.as_bytes().to_vec(),
    };
    Case {
        provider: signer,
        secret: Secret::new(SECRET).expect("not blank"),
        delivery,
    }
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

#[test]
fn accepts_what_the_official_sdks_sign() {
    let mut oracle = Oracle::start();
    for case in cases() {
        let signature = oracle.sign(&case.request());
        let signed = case.with_signature(&signature);
        assert!(signed.we_accept(), "{}", signed.request());
    }
}

#[test]
fn signs_what_the_official_sdks_accept() {
    let mut oracle = Oracle::start();
    for case in cases() {
        let signed = case.signed(NOW);
        assert!(oracle.verify(&signed.request()), "{}", signed.request());
    }
}

#[test]
fn agrees_with_the_official_sdks_on_damaged_signatures() {
    let mut oracle = Oracle::start();
    for case in cases() {
        let signature = case.signed(NOW).signature().expect("it signs in a header");
        for at in 0..signature.len() {
            let mut damaged = signature.clone().into_bytes();
            damaged[at] = if damaged[at] == b'0' { b'1' } else { b'0' };
            let damaged = String::from_utf8(damaged).expect("ASCII");
            let damaged = case.with_signature(&damaged);
            let theirs = oracle.verify(&damaged.request());
            assert_eq!(damaged.we_accept(), theirs, "{}", damaged.request());
        }
        let truncated = case.with_signature(&signature[..signature.len() - 2]);
        assert!(!truncated.we_accept(), "truncated");
    }
}
