//! Mailgun, as a row.

use super::{A_DAY, HMAC_OF_BODY, IN_BODY, POSTED};
use crate::payload::FORM;
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Body, Naming, Piece};
use crate::provider::profile::{Acknowledgement, Covers, Profile};
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{At, Clock, FIVE_MINUTES, Part, Place, Scheme, Unit};

/// Mailgun, which signs a time and a token and nothing that happened. So the token names the event: no second one
/// can come under it. Where it stands is said by the media type alone, to the signature as to the name; a body
/// that can be read both ways must not be signed by one token and named by another.
///
/// A route posts a message that came in as a form. Everything else in the form is by whoever sent that message,
/// its headers too. So the type is always the same, and a header with the name of a signed field makes two of that
/// field, which is refused. A message with attachments comes as `multipart/form-data`, which is not read.
///
/// Facts: <https://documentation.mailgun.com/docs/mailgun/user-manual/receive-forward-store/receive-http>,
/// <https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/webhook-payloads>,
/// <https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks>,
/// <https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/webhook-retries>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "mailgun",
        title: "Mailgun",
        acknowledgement: Acknowledgement::Empty,
        covers: Covers::Nothing,
        ..POSTED
    },
    schemes: &[
        Scheme {
            place: Place::Field("signature.signature"),
            signed: &[
                Part::Field("signature.timestamp"),
                Part::Field("signature.token"),
            ],
            clock: clock("signature.timestamp"),
            media_type: Some("application/json"),
            ..HMAC_OF_BODY
        },
        Scheme {
            place: Place::Field("signature"),
            signed: &[Part::Field("timestamp"), Part::Field("token")],
            clock: clock("timestamp"),
            media_type: Some(FORM),
            ..HMAC_OF_BODY
        },
    ],
    handshakes: &[],
    naming: Naming {
        body: Body::ByMediaType,
        id: &[
            &[Piece::Form, Piece::Field("token")],
            &[Piece::Field("signature.token")],
        ],
        kind: &[
            &[Piece::Form, Piece::Text("inbound")],
            &[Piece::Field("event-data.event")],
        ],
        ..IN_BODY
    },
    setup: Setup {
        paste: "Send > Sending > Webhooks > Add webhook; inbound: Receiving > Routes > Create route > Forward (messages with attachments come as multipart/form-data, and are refused)",
        secret: "HTTP webhook signing key (Send > Sending > Webhooks, or API security)",
        retries: "after 5, 10, 15 min, 1, 2, 4 h",
    },
    advice: NO_ADVICE,
};

/// A time in a field of the body.
const fn clock(field: &'static str) -> Option<Clock> {
    Some(Clock {
        at: At::Field(field),
        unit: Unit::Seconds,
        past: A_DAY,
        future: FIVE_MINUTES,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::{Delivery, Headers, Method};
    use crate::provider::meaning::Meaning;
    use crate::rejection::Rejection;
    use crate::secret::Secret;
    use crate::timestamp::Timestamp;
    use crate::verify::verify;

    const JSON: &str = "application/json";
    const NOW: Timestamp = Timestamp::from_seconds(1_767_225_600);
    /// A time, a token and their signature, as whoever has seen a delivery knows them.
    const SEEN: [&str; 3] = ["timestamp", "token", "signature"];

    fn secrets() -> [Secret; 1] {
        [Secret::new("key").expect("not blank")]
    }

    fn delivery(media_type: &str, body: &str) -> Delivery {
        Delivery {
            method: Method::Post,
            urls: Vec::new(),
            query: String::new(),
            headers: Headers::from_iter([("Content-Type", media_type)]),
            body: body.as_bytes().to_vec(),
        }
    }

    /// What one who has seen a delivery can put into another one.
    fn seen() -> [String; 3] {
        let mut delivery = delivery(FORM, "timestamp=0&token=seen");
        let signed = ROW.sign(&mut delivery, &secrets()[0], NOW);
        signed.expect("it signs");
        let fields = crate::payload::form_fields(&delivery.body);
        let value = |name| fields.iter().find(|(field, _)| field == name);
        SEEN.map(|name| value(name).expect("a field").1.clone())
    }

    /// The id and the type of an event, where it is taken.
    fn named(delivery: &Delivery) -> Result<(String, String), Option<Rejection>> {
        let secrets = secrets();
        let verified = verify(ROW, delivery, &secrets, NOW).map_err(Some)?;
        match ROW.identify(&verified) {
            Ok(Meaning::Event(identity)) => Ok((identity.id, identity.kind)),
            other => {
                assert!(other.is_err(), "{other:?}");
                Err(None)
            }
        }
    }

    #[test]
    fn a_message_that_came_in_goes_by_its_token_whatever_its_sender_writes() {
        let [time, token, signature] = seen();
        let form = format!("timestamp={time}&token={token}&signature={signature}");
        let inbound = Ok(("seen".to_owned(), "inbound".to_owned()));
        for headers in ["", "&event=delivered", "&event-data.event=x&payload=%7B%7D"] {
            for media_type in [FORM, "Application/x-www-form-urlencoded; charset=utf-8"] {
                let delivery = delivery(media_type, &format!("{form}{headers}"));
                assert_eq!(named(&delivery), inbound, "{headers}");
            }
        }
        for twice in SEEN {
            let delivery = delivery(FORM, &format!("{form}&{twice}=x"));
            let missing = Err(Some(Rejection::MissingHeader(twice)));
            assert_eq!(named(&delivery), missing);
        }
    }

    #[test]
    fn what_can_be_read_both_ways_is_not_named_by_a_token_that_signs_nothing() {
        let [time, token, signature] = seen();
        let form = format!("&timestamp={time}&token={token}&signature={signature}&");
        let json = |token: &str, name: &str, rest: &str| {
            format!(
                r#"{{"signature": {{"timestamp": "{time}", "token": "{token}", "signature": "{signature}"}},
                    "event-data": {{"event": "x"}}, "{name}": "{rest}"}}"#
            )
        };
        // A form by its type: the token that is signed counts.
        let both = delivery(FORM, &json("another", "a", &form));
        assert_eq!(named(&both).map(|(id, _)| id), Ok("seen".to_owned()));
        // A good JSON body that says that it is a form, or nothing.
        for media_type in [FORM, "text/plain", "", "multipart/form-data; boundary=x"] {
            let both = delivery(media_type, &json(&token, "a", "&token=another&"));
            assert!(matches!(named(&both), Err(Some(_))), "{media_type}");
        }
        // A form that says that it is JSON.
        let both = delivery(JSON, &json("another", "a", &form));
        assert_eq!(named(&both), Err(Some(Rejection::Mismatch)));
        let good = delivery(JSON, &json(&token, "token", "another"));
        let expected = ("seen".to_owned(), "x".to_owned());
        assert_eq!(named(&good), Ok(expected));
    }
}
