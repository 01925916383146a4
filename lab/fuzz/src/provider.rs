//! Deliveries: none is believed that the secret did not sign, and what the secret did sign goes all
//! the way into the queue and comes out as it went in.

use webhooks::delivery::{Delivery, Method};
use webhooks::event::Event;
use webhooks::limits;
use webhooks::payload::{Payload, form_fields};
use webhooks::provider::Explained;
use webhooks::provider::catalog;
use webhooks::provider::meaning::Meaning;
use webhooks::provider::profile::Covers;
use webhooks::rejection::Rejection;
use webhooks::scheme::{Part, Scheme, development};
use webhooks::timestamp::Timestamp;
use webhooks::verified::Verified;
use webhooks::verify::{check_shape, verify};

use super::{envelope, text};

const NOW: Timestamp = Timestamp::from_seconds(1_767_225_600);
const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// A delivery, to every provider. One that signs the body alone takes whatever it has signed, if its
/// other headers are there. One that signs the URL too cannot sign everything so that it is accepted, and says why.
pub fn delivery(data: &[u8]) {
    for provider in catalog::all() {
        let mut delivery = text::read(data);
        if let Err(rejection) = deliver(provider, &mut delivery, data) {
            let profile = provider.profile();
            let odd = matches!(rejection, Rejection::MissingHeader(_));
            let fine = odd || profile.covers == Covers::UrlAndBody;
            assert!(fine, "{}: {rejection}", profile.name);
            check_refusal(&rejection, &delivery, data);
        }
    }
}

/// The reason lies in the delivery.
fn check_refusal(rejection: &Rejection, delivery: &Delivery, data: &[u8]) {
    match rejection {
        // One that the provider sends beside the signature.
        Rejection::MissingHeader(header) => {
            assert!(delivery.headers.get(header).is_none(), "{delivery:?}");
        }
        Rejection::Mismatch => assert!(!has_url(delivery), "{delivery:?}"),
        // Not the signature's own header, which the provider has just written.
        Rejection::MalformedHeader { header, .. } => {
            let came = text::read(data).headers;
            assert!(came.get(header).is_some(), "{header}: {delivery:?}");
        }
        Rejection::BodyHashMismatch => assert!(names_a_hash(delivery), "{delivery:?}"),
        // A name that no form of the provider's has, or marks of another kind of request.
        Rejection::SplitAnew(_) => {}
        Rejection::TooManyParameters => assert!(delivery.body.len() >= 1000, "{delivery:?}"),
        rejection => panic!("{rejection}: {delivery:?}"),
    }
}

fn has_url(delivery: &Delivery) -> bool {
    let url = delivery.urls.first();
    url.is_some_and(|url| url.contains("://"))
}

fn names_a_hash(delivery: &Delivery) -> bool {
    let fields = form_fields(delivery.query.as_bytes());
    fields.iter().any(|(name, _)| name == "bodySHA256")
}

/// Delivers as a forger and as the provider.
fn deliver(
    provider: &dyn Explained,
    delivery: &mut Delivery,
    data: &[u8],
) -> Result<(), Rejection> {
    // Of the input itself, so that no input can hold its own signature.
    let digest = hex::encode(Payload::new("", data).digest());
    let secrets = ["another", &development::text(&digest)].map(|text| provider.secret_of(text));
    let refused = verify(
        provider,
        delivery,
        development::keys(provider, &secrets),
        NOW,
    )
    .expect_err("nobody has signed it");
    let shape = check_shape(provider, delivery, NOW);
    assert!(shape.is_ok() || shape == Err(refused));
    if provider.sign(delivery, &secrets[1], NOW).is_err() {
        // It lacks a header or a field that is signed.
        return Ok(());
    }
    let verified = verify(
        provider,
        delivery,
        development::keys(provider, &secrets),
        NOW,
    )?;
    // Credentials that a key is asked for with sign nothing.
    let key = provider.published_key(delivery, &secrets).ok().flatten();
    let is_asked = key.is_some_and(|key| key.ask.is_some());
    assert_eq!(verified.secret(), Some(usize::from(!is_asked)));
    let covers = |scheme: &Scheme| scheme.signed.contains(&Part::Body);
    if provider.profile().covers.has_body() && provider.schemes().iter().all(covers) {
        let altered = alter(provider, delivery, &digest);
        verify(
            provider,
            &altered,
            development::keys(provider, &secrets),
            NOW,
        )
        .expect_err("it was changed after it was signed");
    }
    hand_over(provider, &verified);
    Ok(())
}

/// The delivery with something more, where the provider's scheme signs it.
fn alter(provider: &dyn Explained, delivery: &Delivery, addition: &str) -> Delivery {
    let mut altered = delivery.clone();
    // One of several URLs could be the altered form of another.
    altered.urls.truncate(1);
    match delivery.method {
        Method::Get if provider.profile().methods.contains(&Method::Get) => {
            altered
                .urls
                .iter_mut()
                .for_each(|url| url.push_str(addition));
        }
        _ => altered
            .body
            .extend_from_slice(format!("&{addition}=1").as_bytes()),
    }
    altered
}

/// Goes on as the pipeline does when the signature holds.
fn hand_over(provider: &dyn Explained, verified: &Verified<'_>) {
    let meaning = provider.identify(verified);
    assert_eq!(meaning, provider.identify(verified));
    let Ok(meaning) = meaning else {
        return;
    };
    for identity in meaning.identities() {
        for part in [&identity.id, &identity.kind] {
            assert!((1..=limits::ID).contains(&part.len()), "{part}");
            assert!(part.bytes().all(|byte| byte.is_ascii_graphic()), "{part}");
        }
    }
    let trace = || Some(TRACE.to_owned());
    match meaning {
        // Nothing is recorded.
        Meaning::Challenge(_) | Meaning::FetchBack(..) => {}
        Meaning::Event(identity) | Meaning::Ping(identity) => {
            let event = Event::new(provider, "default", identity, verified, NOW, trace());
            envelope::survives(&event);
        }
        Meaning::Batch(elements) => {
            for element in elements.into_iter().flatten() {
                let event = Event::of_element(provider, "default", element, verified, NOW, trace());
                envelope::survives(&event);
            }
        }
    }
}
