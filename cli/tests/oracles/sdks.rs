//! Every provider with an SDK that verifies: each of its deliveries under `events/`, signed by us, as it is and
//! damaged; and by us, what those SDKs sign that can.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::json;
use webhooks::provider::{catalog, unsigned_handshake};
use webhooks::secret::Secret;
use webhooks::timestamp::Timestamp;
use webhooks_cli::fixture::Fixture;
use webhooks_cli::project::Project;
use webhooks_cli::stack::development_secret;

use crate::oracle::Oracle;
use crate::{Case, NOW};

/// A provider's SDK, as `oracle/sdks.mjs` asks it.
struct Sdk {
    provider: &'static str,
    signs: bool,
    /// The damage that is not refused, by whom, and why.
    passes: &'static [(Damage, By, &'static str)],
    /// The damage of which it allows nothing at all, and why we do.
    stricter: Option<(Damage, &'static str)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Damage {
    /// Every 1 of the body is a 2.
    Body,
    /// Another secret.
    Secret,
    /// Another character in the middle of the signature.
    Signature,
    /// Signed two days ago.
    Stale,
    /// Signed two days ahead.
    Early,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Both,
    Sdk,
    Us,
}

const DAMAGES: [Damage; 5] = [
    Damage::Body,
    Damage::Secret,
    Damage::Signature,
    Damage::Stale,
    Damage::Early,
];

/// Two days in seconds: we allow one at most.
const AWAY: i64 = 2 * 86_400;

const UNSIGNED_BODY: (Damage, By, &str) = (Damage::Body, By::Both, "the body is not signed");

/// SDKs that read no clock, while we remember an event only for so long.
const NO_CLOCK: &[(Damage, By, &str)] = &[
    (Damage::Stale, By::Sdk, "it checks no time"),
    (Damage::Early, By::Sdk, "it checks no time"),
];

const ONLY_AGE: &[(Damage, By, &str)] = &[(Damage::Early, By::Sdk, "it checks the age alone")];

const ONLY_AGE_AS_WE: &[(Damage, By, &str)] =
    &[(Damage::Early, By::Both, "its SDK checks the age alone")];

const SDKS: &[Sdk] = &[
    signs("adyen"),
    verifies("anthropic"),
    verifies("box").stricter_on(
        Damage::Early,
        "clocks differ, and earlier ones check the age alone",
    ),
    verifies("chargebee").passing(&[UNSIGNED_BODY]),
    verifies("clerk"),
    signs("coinbase"),
    verifies("discord").passing(NO_CLOCK),
    verifies("elevenlabs").passing(ONLY_AGE_AS_WE),
    signs("github"),
    verifies("gocardless"),
    signs("hubspot").passing(ONLY_AGE),
    verifies("linear"),
    verifies("monday").passing(&[
        UNSIGNED_BODY,
        (Damage::Early, By::Both, "its token has an end alone"),
    ]),
    verifies("mux").passing(ONLY_AGE_AS_WE),
    signs("notion"),
    verifies("openai"),
    verifies("paddle").passing(ONLY_AGE_AS_WE),
    verifies("polar"),
    verifies("razorpay"),
    signs("render"),
    verifies("replicate").passing(NO_CLOCK),
    verifies("resend"),
    signs("sanity").passing(NO_CLOCK),
    verifies("sendgrid").passing(NO_CLOCK),
    verifies("shopify"),
    verifies("slack").passing(ONLY_AGE),
    verifies("square"),
    signs("standardwebhooks"),
    signs("stripe").passing(ONLY_AGE),
    signs("supabase"),
    signs("svix"),
    verifies("telegram").passing(&[UNSIGNED_BODY]),
    verifies("telnyx"),
    signs("twilio"),
    verifies("webflow").passing(NO_CLOCK),
    signs("workos").passing(ONLY_AGE),
    verifies("zoom").passing(NO_CLOCK),
];

/// How many there were when this was last written: there may only be more.
const LEAST: usize = 37;

const fn verifies(provider: &'static str) -> Sdk {
    Sdk {
        provider,
        signs: false,
        passes: &[],
        stricter: None,
    }
}

const fn signs(provider: &'static str) -> Sdk {
    Sdk {
        signs: true,
        ..verifies(provider)
    }
}

impl Sdk {
    const fn passing(self, passes: &'static [(Damage, By, &'static str)]) -> Self {
        Self { passes, ..self }
    }

    const fn stricter_on(self, damage: Damage, why: &'static str) -> Self {
        Self {
            stricter: Some((damage, why)),
            ..self
        }
    }

    fn is_stricter_on(&self, damage: Damage) -> bool {
        self.stricter.is_some_and(|(strict, _)| strict == damage)
    }

    fn passes(&self, damage: Damage, by: By) -> bool {
        let mut passes = self.passes.iter();
        passes.any(|(other, whom, _)| *other == damage && (*whom == by || *whom == By::Both))
    }

    /// The provider's deliveries under `events/`, by the files' names, without the handshakes that nobody signs.
    fn cases(&self) -> Vec<(String, Case)> {
        let project = Project::around(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("the checkout");
        let provider = catalog::by_name(self.provider).expect("a provider of the catalog");
        let secret = Secret::new(development_secret(self.provider)).expect("not blank");
        let names = Fixture::every(&project, provider).expect("the deliveries");
        let read = |name: String| {
            let fixture = Fixture::read(&project, self.provider, &name).expect("a delivery");
            let case = Case {
                provider,
                secret: secret.clone(),
                delivery: fixture.delivery,
            };
            (format!("{}-{name}", self.provider), case)
        };
        let mut cases: Vec<_> = names.into_iter().map(|(name, _)| read(name)).collect();
        cases.retain(|(_, case)| unsigned_handshake(provider, &case.delivery).is_none());
        assert!(!cases.is_empty(), "{} has no deliveries", self.provider);
        cases
    }
}

/// The signed delivery with that damage, if it has what is damaged.
fn damaged(case: &Case, damage: Damage) -> Option<Case> {
    let mut other = case.signed(NOW);
    match damage {
        Damage::Body => {
            let body = String::from_utf8_lossy(&other.delivery.body).into_owned();
            other.delivery.body = body.replace('1', "2").into_bytes();
        }
        Damage::Secret => other.secret = case.provider.secret_of("another secret"),
        Damage::Signature => {
            let mut signature = other.signature()?.into_bytes();
            let middle = signature.len() / 2;
            signature[middle] = if signature[middle] == b'0' {
                b'1'
            } else {
                b'0'
            };
            other = other.with_signature(&String::from_utf8(signature).expect("ASCII"));
        }
        Damage::Stale => other = case.signed(Timestamp::from_seconds(NOW.seconds() - AWAY)),
        Damage::Early => other = case.signed(Timestamp::from_seconds(NOW.seconds() + AWAY)),
    }
    (other.request() != case.signed(NOW).request()).then_some(other)
}

#[test]
fn has_every_sdk_that_there_was() {
    let listed: BTreeMap<_, _> = SDKS
        .iter()
        .map(|sdk| (sdk.provider.to_owned(), sdk.signs))
        .collect();
    assert_eq!(listed, Oracle::start().sdks());
    assert!(listed.len() >= LEAST, "only {}", listed.len());
}

#[test]
fn agrees_with_every_sdk_on_deliveries_that_we_sign() {
    let mut oracle = Oracle::start();
    for sdk in SDKS {
        for (name, case) in sdk.cases() {
            let signed = case.signed(NOW);
            assert!(signed.we_accept(), "{name}");
            assert!(oracle.verify(&signed.request()), "{name}");
        }
    }
}

#[test]
fn refuses_what_every_sdk_refuses() {
    let mut oracle = Oracle::start();
    let mut tried = Vec::new();
    for sdk in SDKS {
        for (name, case) in sdk.cases() {
            for damage in DAMAGES {
                let Some(damaged) = damaged(&case, damage) else {
                    continue;
                };
                let verdicts = (damaged.we_accept(), oracle.verify(&damaged.request()));
                let expected = (sdk.passes(damage, By::Us), sdk.passes(damage, By::Sdk));
                assert_eq!(verdicts, expected, "{name}, {damage:?}: we, its SDK");
                tried.push((sdk.provider, damage));
            }
        }
        let named = sdk.passes.iter().map(|(damage, ..)| *damage);
        for damage in named.chain([Damage::Body, Damage::Secret]) {
            let was_tried = tried.contains(&(sdk.provider, damage));
            assert!(was_tried, "{}: {damage:?} was not tried", sdk.provider);
        }
    }
}

#[test]
fn allows_the_ages_that_every_sdk_allows() {
    let mut oracle = Oracle::start();
    let mut compared = 0;
    for sdk in SDKS {
        for (name, case) in sdk.cases() {
            let mut clocks = case.provider.schemes().iter();
            let Some(clock) = clocks.find_map(|scheme| scheme.clock) else {
                continue;
            };
            let limits = [
                (Damage::Stale, clock.past, -1),
                (Damage::Early, clock.future, 1),
            ];
            let limits = limits.into_iter().filter(|(damage, ..)| {
                !sdk.passes(*damage, By::Sdk) && !sdk.passes(*damage, By::Us)
            });
            for (damage, limit, direction) in limits {
                let limit = limit.expect("a limit, since it is refused").as_secs();
                let limit = i64::try_from(limit).expect("some days");
                let theirs = if sdk.is_stricter_on(damage) { 0 } else { limit };
                for away in [theirs, theirs + 1, limit, limit + 1] {
                    let at = NOW.seconds() + direction * away;
                    let signed = case.signed(Timestamp::from_seconds(at));
                    let verdicts = (signed.we_accept(), oracle.verify(&signed.request()));
                    let expected = (away <= limit, away <= theirs);
                    assert_eq!(verdicts, expected, "{name}, {damage:?}, {away} s");
                }
                compared += 1;
            }
        }
    }
    assert!(compared > 0);
}

#[test]
fn wants_the_headers_that_every_sdk_wants() {
    let mut oracle = Oracle::start();
    for sdk in SDKS {
        for (name, case) in sdk.cases() {
            agree_without_any_header(&mut oracle, &name, &case.signed(NOW));
        }
    }
}

fn agree_without_any_header(oracle: &mut Oracle, name: &str, signed: &Case) {
    let headers = signed.delivery.headers.iter().map(|(header, _)| header);
    // No SDK reads it. By it one chooses between Twilio's functions.
    for header in headers.filter(|header| *header != "content-type") {
        let without = signed.without(header);
        let theirs = oracle.verify(&without.request());
        assert_eq!(without.we_accept(), theirs, "{name} without {header}");
    }
}

#[test]
fn accepts_what_every_sdk_signs() {
    let mut oracle = Oracle::start();
    for sdk in SDKS.iter().filter(|sdk| sdk.signs) {
        let mut signed = 0;
        for (name, case) in sdk.cases() {
            // What else the signer sets, as an id and the time, is the SDK's to sign.
            let ours = case.signed(NOW);
            let Some(header) = ours.signature_header() else {
                continue;
            };
            let theirs = oracle.sign(&ours.without(&header).request());
            assert!(ours.with_signature(&theirs).we_accept(), "{name}");
            signed += 1;
        }
        assert!(signed > 0, "{} signs in no header", sdk.provider);
    }
}

#[test]
fn takes_a_secret_of_polars_by_its_text_and_by_its_base64() {
    let mut oracle = Oracle::start();
    let standard = catalog::by_name("standardwebhooks").expect("a provider of the catalog");
    for (name, mut case) in verifies("polar").cases() {
        case.secret = standard.secret_of("as Polar makes them");
        let by_text = case.signed(NOW);
        let mut request = by_text.request();
        request["provider"] = json!("standardwebhooks");
        let by_base64 = by_text.with_signature(&oracle.sign(&request));
        assert_ne!(by_text.signature(), by_base64.signature());
        for signed in [by_text, by_base64] {
            assert!(signed.we_accept(), "{name}");
            assert!(oracle.verify(&signed.request()), "{name}");
        }
    }
}

#[test]
fn wants_the_headers_of_shopifys_events_that_its_sdk_wants() {
    let mut oracle = Oracle::start();
    for (name, mut case) in verifies("shopify").cases() {
        // Webhooks have the same by longer names.
        let headers = case.delivery.headers.iter();
        case.delivery.headers = headers
            .map(|(name, value)| (name.replace("x-shopify-", "shopify-"), value))
            .collect();
        let signed = case.signed(NOW);
        assert_eq!(
            signed.signature_header().as_deref(),
            Some("shopify-hmac-sha256")
        );
        assert!(oracle.verify(&signed.request()), "{name}");
        assert!(signed.we_accept(), "{name}");
        agree_without_any_header(&mut oracle, &name, &signed);
    }
}
