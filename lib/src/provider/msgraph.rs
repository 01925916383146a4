//! Microsoft Graph: a text of the subscriber's own in every element, and no signature. Notifications with the data
//! of a resource, rich ones, bring `tokens` of Microsoft's as well. Neither signs the body; the data is
//! encrypted for the subscriber, and handlers decrypt it.
//!
//! Facts: <https://learn.microsoft.com/graph/change-notifications-delivery-webhooks>,
//! <https://learn.microsoft.com/graph/change-notifications-with-resource-data> and
//! <https://learn.microsoft.com/graph/api/resources/changenotification>.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use serde::Deserialize;
use serde::de::IgnoredAny;

use self::line::Line;
use self::tokens::{Granted, Token};
use super::Explained;
use super::advice::NO_ADVICE;
use super::coded::{Coded, Signature};
use super::handshake::{Guard, Handshake, Mark, Proof, Value};
use super::naming::{Naming, Piece};
use super::profile::{Covers, Profile};
use super::publication::{KeyAddress, Publication};
use super::row::Row;
use super::setup::Setup;
use super::split::Split;
use super::table::{IN_BODY, POSTED};
use crate::delivery::{Delivery, Method};
use crate::json;
use crate::keys::Keys;
use crate::rejection::Rejection;
use crate::scheme::signing::{NotSignable, set_field};
use crate::secret::Secret;
use crate::timestamp::Timestamp;

mod line;
mod tokens;

const FIELD: &str = "clientState";

/// Microsoft Graph: change and lifecycle notifications.
pub static MSGRAPH: &dyn Explained = &Coded {
    row: Row {
        profile: Profile {
            name: "msgraph",
            title: "Microsoft Graph",
            covers: Covers::Nothing,
            ..POSTED
        },
        schemes: &[],
        handshakes: &[Handshake {
            method: Method::Post,
            marks: &[Mark::Parameter("validationToken")],
            guard: Guard::Nothing,
            answer: Proof::Text(Value::Parameter("validationToken")),
        }],
        naming: Naming {
            split: &[Split {
                at: "value",
                then: &[],
            }],
            id: &[
                &[
                    Piece::Field("value.0.subscriptionId"),
                    Piece::Text(":"),
                    Piece::Field("value.0.id"),
                ],
                // Some say the same of different changes.
                &[Piece::Digest, Piece::Text(":"), Piece::Received],
            ],
            kind: &[
                &[
                    Piece::Text("lifecycle."),
                    Piece::Field("value.0.lifecycleEvent"),
                ],
                &[Piece::Field("value.0.changeType")],
            ],
            ..IN_BODY
        },
        setup: Setup {
            paste: "by API only: notificationUrl and lifecycleNotificationUrl of POST /v1.0/subscriptions",
            secret: "clientState of the same call: you choose it, up to 128 characters; `app-id:APP_ID:` before it, with the id of the app that subscribes, where notifications include resource data",
            retries: "with back-off for up to 4 h; what answers slowly is throttled, then events are dropped",
        },
        advice: NO_ADVICE,
    },
    signature: &MicrosoftGraph,
};

#[derive(Debug)]
struct MicrosoftGraph;

#[derive(Deserialize)]
struct Notifications {
    value: Vec<Notification>,
    /// A token for each app and tenant, of rich notifications.
    #[serde(rename = "validationTokens")]
    tokens: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Notification {
    client_state: Option<String>,
    tenant_id: Option<String>,
    encrypted_content: Option<IgnoredAny>,
}

impl Notifications {
    fn read(delivery: &Delivery) -> Result<Self, Rejection> {
        let notifications: Option<Self> = json::read(&delivery.body);
        let complete = |all: &Self| {
            let has_state = |element: &Notification| element.client_state.is_some();
            !all.value.is_empty() && all.value.iter().all(has_state)
        };
        notifications
            .filter(complete)
            .ok_or(Rejection::MissingHeader(FIELD))
    }

    /// The tokens; none where the notifications are plain. What has the data of a resource is not: it cannot
    /// leave its tokens out.
    fn tokens(&self) -> Result<Option<Vec<Token>>, Rejection> {
        let read = |texts: &Vec<String>| {
            let tokens = texts.iter().cloned().map(Token::read);
            tokens.collect::<Result<Vec<_>, _>>()
        };
        let has_data = |element: &Notification| element.encrypted_content.is_some();
        let is_missing = match &self.tokens {
            Some(tokens) => tokens.is_empty(),
            None => self.value.iter().any(has_data),
        };
        if is_missing {
            return Err(Rejection::MissingHeader(tokens::FIELD));
        }
        self.tokens.as_ref().map(read).transpose()
    }

    /// The secret of every element, by its index, and what it says: what one element says proves nothing
    /// for another. Of rich notifications each has to have a secret that names an app.
    fn lines<'a>(&self, secrets: &'a [Secret]) -> Result<Vec<(usize, Line<'a>)>, Rejection> {
        let lines: Vec<_> = secrets.iter().map(Line::read).enumerate().collect();
        let is_rich = self.tokens.is_some();
        let line = |element: &Notification| {
            let state = element.client_state.as_deref().unwrap_or_default();
            let is_same =
                |line: &Line<'_>| verify_slices_are_equal(line.state, state.as_bytes()).is_ok();
            let same = || lines.iter().filter(|(_, line)| is_same(line));
            let (index, line) = same()
                .find(|(_, line)| !is_rich || line.app.is_some())
                .ok_or(match same().next() {
                    Some(_) => Rejection::BodyNotCovered,
                    None => Rejection::Mismatch,
                })?;
            Ok((*index, *line))
        };
        self.value.iter().map(line).collect()
    }
}

/// Refuses rich notifications unless each token is for an app of theirs, and each element has a token for its
/// app and tenant.
fn check_granted(
    notifications: &Notifications,
    lines: &[(usize, Line<'_>)],
    granted: &[Granted],
) -> Result<(), Rejection> {
    let is_app = |granted: &Granted, app: &Option<&str>| {
        app.is_some_and(|app| app.eq_ignore_ascii_case(&granted.app))
    };
    let has_element = |granted: &Granted| lines.iter().any(|(_, line)| is_app(granted, &line.app));
    let has_token = |(element, (_, line)): (&Notification, &(usize, Line<'_>))| {
        let is_for = |granted: &Granted| {
            let tenant = element.tenant_id.as_deref();
            let is_tenant = tenant.is_none_or(|it| it.eq_ignore_ascii_case(&granted.tenant));
            is_tenant && is_app(granted, &line.app)
        };
        granted.iter().any(is_for)
    };
    let mut elements = notifications.value.iter().zip(lines);
    if granted.iter().all(has_element) && elements.all(has_token) {
        Ok(())
    } else {
        Err(Rejection::Mismatch)
    }
}

impl Signature for MicrosoftGraph {
    fn verify(
        &self,
        delivery: &Delivery,
        keys: &Keys<'_>,
        now: Timestamp,
    ) -> Result<usize, Rejection> {
        let notifications = Notifications::read(delivery)?;
        let tokens = notifications.tokens()?;
        let lines = notifications.lines(keys.secrets)?;
        if let Some(tokens) = tokens {
            let text = keys.published.as_deref().ok_or(Rejection::UnknownKey)?;
            let granted = tokens.iter().map(|token| token.verify(text, now));
            let granted: Vec<_> = granted.collect::<Result<_, _>>()?;
            check_granted(&notifications, &lines, &granted)?;
        }
        let last = lines.iter().map(|(index, _)| *index).max();
        last.ok_or(Rejection::Mismatch)
    }

    /// Nobody has a key read who does not know the clientState.
    fn published_key(
        &self,
        delivery: &Delivery,
        secrets: &[Secret],
    ) -> Result<Option<KeyAddress>, Rejection> {
        let notifications = Notifications::read(delivery)?;
        let Some(tokens) = notifications.tokens()? else {
            return Ok(None);
        };
        notifications.lines(secrets)?;
        Ok(tokens.first().map(Token::key))
    }

    fn sign(
        &self,
        delivery: &mut Delivery,
        secret: &Secret,
        now: Timestamp,
    ) -> Result<(), NotSignable> {
        let Line { app, state } = Line::read(secret);
        let body = std::str::from_utf8(&delivery.body).map_err(|_| NotSignable)?;
        let found = json::member(&delivery.body, "value.0.clientState").ok_or(NotSignable)?;
        let own = serde_json::to_string(&String::from_utf8_lossy(state));
        delivery.body = body
            .replace(found.get(), &own.map_err(|_| NotSignable)?)
            .into_bytes();
        let notifications = Notifications::read(delivery).map_err(|_| NotSignable)?;
        if notifications.tokens.is_none() {
            return Ok(());
        }
        let app = app.ok_or(NotSignable)?;
        let elements = notifications.value.into_iter();
        let mut tenants: Vec<String> = elements.filter_map(|element| element.tenant_id).collect();
        tenants.sort_unstable();
        tenants.dedup();
        let token = |tenant| {
            let app = app.to_owned();
            tokens::sign(&Granted { app, tenant }, now)
        };
        let tokens: Vec<String> = tenants.into_iter().map(token).collect::<Result<_, _>>()?;
        let tokens = serde_json::to_string(&tokens).map_err(|_| NotSignable)?;
        set_field(delivery, tokens::FIELD, &tokens)
    }

    fn publication(&self, _: &Secret) -> Option<Publication> {
        tokens::publication()
    }

    fn form(&self) -> String {
        "the secret itself, as `clientState` of every element; with resource data also `validationTokens` of Microsoft's (JWS, RS256)".to_owned()
    }

    fn secret_of(&self, text: &str) -> Secret {
        line::development(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::Headers;
    use crate::verify::check_shape;
    use serde_json::json;

    const APP: &str = "8e460676-ae3f-4b1e-8790-ee0fb5d6148f";
    const OTHER_APP: &str = "11111111-ae3f-4b1e-8790-ee0fb5d6148f";
    const TENANT: &str = "84bd8158-6d4d-4958-8b9f-9d6445542f95";
    const OTHER_TENANT: &str = "22222222-6d4d-4958-8b9f-9d6445542f95";
    const NOW: Timestamp = Timestamp::from_seconds(1_767_225_600);

    fn secrets<const COUNT: usize>(lines: [&str; COUNT]) -> Vec<Secret> {
        lines
            .map(|line| Secret::new(line).expect("not blank"))
            .into()
    }

    fn line(app: &str, state: &str) -> String {
        format!("app-id:{app}:{state}")
    }

    fn token(app: &str, tenant: &str) -> String {
        let [app, tenant] = [app, tenant].map(str::to_owned);
        tokens::sign(&Granted { app, tenant }, NOW).expect("a token")
    }

    /// Rich notifications, of that clientState and tenant each.
    fn rich(elements: &[(&str, &str)], tokens: &[String]) -> Delivery {
        let element =
            |(state, tenant): &(&str, &str)| json!({"clientState": state, "tenantId": tenant});
        let value: Vec<_> = elements.iter().map(element).collect();
        let body = json!({"value": value, "validationTokens": tokens});
        Delivery {
            method: Method::Post,
            urls: vec!["https://hooks.example.com/webhooks/msgraph".to_owned()],
            query: String::new(),
            headers: Headers::default(),
            body: body.to_string().into_bytes(),
        }
    }

    fn verify(delivery: &Delivery, secrets: &[Secret]) -> Result<usize, Rejection> {
        let published = tokens::publication().map(|publication| publication.text.into());
        MSGRAPH.verify(delivery, &Keys { secrets, published }, NOW)
    }

    #[test]
    fn every_element_has_a_token_for_its_app_and_tenant() {
        let lines = [line(APP, "one"), line(OTHER_APP, "two")];
        let lines = secrets([&lines[0], &lines[1]]);
        let both = [token(APP, TENANT), token(OTHER_APP, OTHER_TENANT)];
        let elements = [("one", TENANT), ("two", OTHER_TENANT)];
        assert_eq!(verify(&rich(&elements, &both), &lines), Ok(1));
        assert_eq!(verify(&rich(&elements[..1], &both[..1]), &lines), Ok(0));
        let upper = [token(&APP.to_ascii_uppercase(), TENANT)];
        assert_eq!(verify(&rich(&elements[..1], &upper), &lines), Ok(0));
        for (elements, tokens) in [
            // A token is missing, for an app or for a tenant.
            (&elements[..], vec![token(APP, TENANT)]),
            (
                &elements[..],
                vec![token(APP, TENANT), token(APP, OTHER_TENANT)],
            ),
            (&elements[..1], vec![token(APP, OTHER_TENANT)]),
            // One is for an app that none of the elements is for.
            (&elements[..1], both.to_vec()),
            (&elements[..1], vec![token("another", TENANT)]),
        ] {
            let result = verify(&rich(elements, &tokens), &lines);
            assert_eq!(result, Err(Rejection::Mismatch), "{tokens:?}");
        }
    }

    #[test]
    fn one_bad_token_of_two_refuses_all() {
        let line = secrets([&line(APP, "one")]);
        let good = token(APP, TENANT);
        let (signed, _) = good.rsplit_once('.').expect("three parts");
        let forged = format!("{signed}.{}", "A".repeat(342));
        for bad in [forged, String::new(), "a.b.c".to_owned()] {
            for tokens in [[good.clone(), bad.clone()], [bad.clone(), good.clone()]] {
                let delivery = rich(&[("one", TENANT)], &tokens);
                assert!(verify(&delivery, &line).is_err(), "{bad}");
            }
        }
        let twice = rich(&[("one", TENANT)], &[good.clone(), good]);
        assert_eq!(verify(&twice, &line), Ok(0));
    }

    #[test]
    fn a_source_that_names_no_app_takes_no_rich_notification() {
        let delivery = rich(&[("one", TENANT)], &[token(APP, TENANT)]);
        let named = line(APP, "one");
        let other = line(APP, "two");
        for (lines, expected) in [
            (secrets(["one"]), Err(Rejection::BodyNotCovered)),
            (secrets(["one", &other]), Err(Rejection::BodyNotCovered)),
            (secrets([&other]), Err(Rejection::Mismatch)),
            (secrets(["one", &named]), Ok(1)),
        ] {
            assert_eq!(verify(&delivery, &lines), expected);
        }
        // And a line that names one is good for plain notifications.
        let mut plain = delivery;
        plain.body = br#"{"value": [{"clientState": "one"}]}"#.to_vec();
        assert_eq!(verify(&plain, &secrets([&named])), Ok(0));
        plain.body = json!({"value": [{"clientState": named}]})
            .to_string()
            .into_bytes();
        assert_eq!(verify(&plain, &secrets([&named])), Err(Rejection::Mismatch));
    }

    #[test]
    fn a_key_is_read_for_whoever_knows_the_client_state_alone() {
        let lines = secrets([&line(APP, "one")]);
        let good = [token(APP, TENANT)];
        let delivery = rich(&[("one", TENANT)], &good);
        let address = MSGRAPH.published_key(&delivery, &lines).expect("a key");
        let address = address.expect("a key");
        assert_eq!(address.at.host, "https://login.microsoftonline.com");
        assert_eq!(address.at.path, "/common/discovery/v2.0/keys");
        assert_eq!(address.id.as_deref(), Some("development"));
        let asked = |delivery: &Delivery, lines: &[Secret]| MSGRAPH.published_key(delivery, lines);
        let mismatch = Err(Rejection::Mismatch);
        assert_eq!(asked(&rich(&[("two", TENANT)], &good), &lines), mismatch);
        let mixed = rich(&[("one", TENANT), ("two", TENANT)], &good);
        assert_eq!(asked(&mixed, &lines), mismatch);
        assert_eq!(asked(&delivery, &[]), mismatch);
        let plain = secrets(["one"]);
        assert_eq!(asked(&delivery, &plain), Err(Rejection::BodyNotCovered));
        let none = Delivery {
            body: br#"{"value": [{"clientState": "two"}]}"#.to_vec(),
            ..delivery
        };
        assert_eq!(asked(&none, &lines), Ok(None));
    }

    #[test]
    fn the_shape_is_judged_without_a_secret() {
        let good = [token(APP, TENANT)];
        let shape = |delivery: &Delivery| check_shape(MSGRAPH, delivery, NOW);
        assert_eq!(shape(&rich(&[("one", TENANT)], &good)), Ok(()));
        let missing = |name| Err(Rejection::MissingHeader(name));
        assert_eq!(shape(&rich(&[], &good)), missing(FIELD));
        assert_eq!(
            shape(&rich(&[("one", TENANT)], &[])),
            missing(tokens::FIELD)
        );
        let mut without = rich(&[("one", TENANT)], &good);
        without.body = json!({"value": [{"tenantId": TENANT}], "validationTokens": good})
            .to_string()
            .into_bytes();
        assert_eq!(shape(&without), missing(FIELD));
        let malformed = shape(&rich(&[("one", TENANT)], &["no token".to_owned()]));
        assert!(matches!(malformed, Err(Rejection::MalformedHeader { .. })));
    }
    #[test]
    fn data_of_a_resource_cannot_come_without_its_tokens() {
        let mut delivery = rich(&[], &[]);
        let body = json!({"value": [
            {"clientState": "one"},
            {"clientState": "one", "encryptedContent": {"data": "AAAA"}},
        ]});
        delivery.body = body.to_string().into_bytes();
        for line in ["one", &line(APP, "one")] {
            let refused = verify(&delivery, &secrets([line]));
            assert_eq!(refused, Err(Rejection::MissingHeader(tokens::FIELD)));
        }
    }
}
