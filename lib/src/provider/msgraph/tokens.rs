//! The tokens of rich notifications: one for each app and tenant that a delivery has elements of, signed by
//! keys that Microsoft publishes.
//!
//! Facts: <https://learn.microsoft.com/graph/change-notifications-with-resource-data> ("Validate the
//! authenticity of change notifications"),
//! <https://learn.microsoft.com/graph/api/resources/changenotificationcollection> and, for the issuer of a key
//! and the leeway of five minutes that Microsoft's libraries have,
//! <https://learn.microsoft.com/entra/identity-platform/access-tokens#validate-tokens>.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, decode_header};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::json;
use crate::provider::jws;
use crate::provider::publication::{Address, KeyAddress, Publication};
use crate::rejection::Rejection;
use crate::scheme::development;
use crate::scheme::signing::NotSignable;
use crate::timestamp::Timestamp;

/// The member of a delivery that has the tokens.
pub(super) const FIELD: &str = "validationTokens";

/// The app by which Microsoft Graph sends change notifications. Anybody can have a token for somebody's app;
/// this says that it is Graph's.
const PUBLISHER: &str = "0bf30f3b-4a52-48df-9a82-234910c4a086";

/// Where Microsoft publishes the keys of its tokens.
const HOST: &str = "https://login.microsoftonline.com";
const KEYS: &str = "/common/discovery/v2.0/keys";

/// The time in seconds for which a token is taken before its begin and after its end, since clocks differ.
const LEEWAY: i64 = 300;

/// The time for which Microsoft's tokens hold, in seconds.
const LIFE: i64 = 29_100;

/// The length of an RSA key's modulus at the end of its `SubjectPublicKeyInfo`, and of what follows it: the
/// type, the length and the three bytes of the exponent.
const MODULUS: usize = 256;
const EXPONENT: usize = 5;

/// A token whose form is good and which nothing is known of yet.
#[derive(Debug)]
pub(super) struct Token {
    text: String,
    key: String,
}

/// The app and the tenant that a token is for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Granted {
    pub(super) app: String,
    pub(super) tenant: String,
}

#[derive(Deserialize)]
struct Claims {
    aud: String,
    iss: String,
    exp: i64,
    nbf: i64,
    /// The app that the token was given to, as version 1 says it, and as version 2 does.
    appid: Option<String>,
    azp: Option<String>,
}

/// What Microsoft publishes.
#[derive(Deserialize)]
struct Published {
    keys: Vec<Key>,
}

#[derive(Deserialize)]
struct Key {
    kty: String,
    kid: String,
    n: Option<String>,
    e: Option<String>,
    /// Who signs with it: one tenant, or all of them.
    issuer: Option<String>,
}

impl Token {
    /// Reads a token's head. The algorithm is not the token's to choose.
    pub(super) fn read(text: String) -> Result<Self, Rejection> {
        let head = decode_header(&text).map_err(|_| malformed("it has what is no token"))?;
        if head.alg != Algorithm::RS256 {
            return Err(malformed("it has a token that is not signed by RS256"));
        }
        let key = jws::key_name(head);
        let key = key.ok_or(malformed("it has a token that names no key"))?;
        Ok(Self { text, key })
    }

    /// The address of the token's key.
    pub(super) fn key(&self) -> KeyAddress {
        KeyAddress {
            at: Address {
                host: HOST.into(),
                path: KEYS.to_owned(),
            },
            id: Some(self.key.clone()),
            mark: "\"keys\"",
            ask: None,
        }
    }

    /// What the token grants by a key of what is published.
    pub(super) fn verify(&self, published: &[u8], now: Timestamp) -> Result<Granted, Rejection> {
        let published: Published = json::read(published).ok_or(Rejection::UnknownKey)?;
        let is_named = |key: &Key| key.kid == self.key && key.kty == "RSA";
        let mut keys = published.keys.into_iter();
        let key = keys.find(is_named).ok_or(Rejection::UnknownKey)?;
        let (Some(n), Some(e)) = (&key.n, &key.e) else {
            return Err(Rejection::UnknownKey);
        };
        let decoding = DecodingKey::from_rsa_components(n, e);
        let decoding = decoding.map_err(|_| Rejection::UnknownKey)?;
        let claims: Option<Claims> = jws::claims(&self.text, &decoding, Algorithm::RS256);
        let claims = claims.ok_or(Rejection::Mismatch)?;
        let tenant = claims.tenant()?;
        // Some of the keys sign for one tenant alone.
        let is_for_all = |issuer: &String| issuer.contains("{tenantid}");
        let is_for_it = |issuer: &String| is_for_all(issuer) || issuer.contains(&tenant);
        if !key.issuer.as_ref().is_none_or(is_for_it) {
            return Err(malformed("it has a token by another tenant's key"));
        }
        claims.check_time(now)?;
        let app = claims.aud;
        Ok(Granted { app, tenant })
    }
}

impl Claims {
    /// The tenant, of a token by which Microsoft Graph speaks.
    fn tenant(&self) -> Result<String, Rejection> {
        let first = self.iss.strip_prefix("https://sts.windows.net/");
        let first = first.and_then(|rest| rest.strip_suffix('/'));
        let second = self.iss.strip_prefix("https://login.microsoftonline.com/");
        let second = second.and_then(|rest| rest.strip_suffix("/v2.0"));
        let (tenant, sender) = match (first, second) {
            (Some(tenant), _) => (tenant, &self.appid),
            (None, Some(tenant)) => (tenant, &self.azp),
            (None, None) => return Err(malformed("it has a token of another issuer")),
        };
        if !is_id(tenant) {
            return Err(malformed("it has a token of another issuer"));
        }
        if sender.as_deref() != Some(PUBLISHER) {
            return Err(malformed("it has a token of another sender"));
        }
        Ok(tenant.to_owned())
    }

    fn check_time(&self, now: Timestamp) -> Result<(), Rejection> {
        let (since_begin, since_end) = (
            now.seconds().saturating_sub(self.nbf),
            now.seconds().saturating_sub(self.exp),
        );
        let off = |skew_seconds| Err(Rejection::TimestampOutOfTolerance { skew_seconds });
        if since_begin < -LEEWAY {
            return off(since_begin);
        }
        if since_end > LEEWAY {
            return off(since_end);
        }
        Ok(())
    }
}

/// True for an id of Microsoft's: 32 hexadecimal digits in five groups.
pub(super) fn is_id(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    let is_hexadecimal = |group: &&str| group.bytes().all(|byte| byte.is_ascii_hexdigit());
    lengths == [8, 4, 4, 4, 12] && groups.iter().all(is_hexadecimal)
}

/// A token of version 1 as Microsoft would give it at `now`, by the key of development.
pub(super) fn sign(granted: &Granted, now: Timestamp) -> Result<String, NotSignable> {
    let Granted { app, tenant } = granted;
    let claims = json!({
        "aud": app, "iss": format!("https://sts.windows.net/{tenant}/"), "iat": now.seconds(),
        "nbf": now.seconds(), "exp": now.seconds() + LIFE, "appid": PUBLISHER, "appidacr": "2",
        "tid": tenant, "ver": "1.0",
    });
    signed(&claims).ok_or(NotSignable)
}

fn signed(claims: &Value) -> Option<String> {
    let head = json!({"typ": "JWT", "alg": "RS256", "kid": development::CERTIFICATE_NAME});
    let encoded = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let text = format!("{}.{}", encoded(&head), encoded(claims));
    let signature = development::sign_by_certificate(text.as_bytes())?;
    Some(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

/// The key of development, as Microsoft would publish it.
pub(super) fn publication() -> Option<Publication> {
    let key = development::certificate_key()?;
    let (rest, exponent) = key.split_at(key.len().checked_sub(EXPONENT)?);
    let modulus = rest.get(rest.len().checked_sub(MODULUS)?..)?;
    let text = json!({"keys": [{
        "kty": "RSA", "use": "sig", "kid": development::CERTIFICATE_NAME,
        "n": URL_SAFE_NO_PAD.encode(modulus), "e": URL_SAFE_NO_PAD.encode(&exponent[2..]),
        "issuer": "https://login.microsoftonline.com/{tenantid}/v2.0",
    }]});
    Some(Publication {
        path: KEYS,
        text: text.to_string().into_bytes(),
    })
}

const fn malformed(problem: &'static str) -> Rejection {
    Rejection::MalformedHeader {
        header: FIELD,
        problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const APP: &str = "8e460676-ae3f-4b1e-8790-ee0fb5d6148f";
    const TENANT: &str = "84bd8158-6d4d-4958-8b9f-9d6445542f95";
    const NOW: i64 = 1_767_225_600;

    fn first() -> Value {
        json!({
            "aud": APP, "iss": format!("https://sts.windows.net/{TENANT}/"),
            "nbf": NOW, "exp": NOW + LIFE, "appid": PUBLISHER,
        })
    }

    fn second() -> Value {
        json!({
            "aud": APP, "iss": format!("https://login.microsoftonline.com/{TENANT}/v2.0"),
            "nbf": NOW, "exp": NOW + LIFE, "azp": PUBLISHER,
        })
    }

    /// The claims with another value for one of them, or without it.
    fn but(mut claims: Value, name: &str, value: impl Into<Option<Value>>) -> Value {
        match value.into() {
            Some(value) => claims[name] = value,
            None => {
                claims.as_object_mut().expect("an object").remove(name);
            }
        }
        claims
    }

    fn keys() -> Value {
        let text = publication().expect("a key").text;
        serde_json::from_slice(&text).expect("JSON")
    }

    fn verify_by(keys: &Value, text: String, seconds: i64) -> Result<Granted, Rejection> {
        let now = Timestamp::from_seconds(seconds);
        Token::read(text)?.verify(keys.to_string().as_bytes(), now)
    }

    fn verify(claims: &Value, seconds: i64) -> Result<Granted, Rejection> {
        verify_by(&keys(), signed(claims).expect("a token"), seconds)
    }

    #[test]
    fn a_token_of_either_version_says_app_and_tenant() {
        for claims in [first(), second()] {
            let granted = verify(&claims, NOW).expect("it holds");
            assert_eq!((&*granted.app, &*granted.tenant), (APP, TENANT));
        }
    }

    #[test]
    fn a_token_holds_from_its_begin_to_its_end_and_five_minutes_around() {
        for (seconds, skew_seconds) in [
            (NOW - LEEWAY, None),
            (NOW - LEEWAY - 1, Some(-LEEWAY - 1)),
            (NOW + LIFE + LEEWAY, None),
            (NOW + LIFE + LEEWAY + 1, Some(LEEWAY + 1)),
        ] {
            let refused = verify(&first(), seconds).err();
            let expected = skew_seconds
                .map(|skew_seconds| Rejection::TimestampOutOfTolerance { skew_seconds });
            assert_eq!(refused, expected, "{seconds}");
        }
        for claims in [
            but(first(), "exp", None),
            but(first(), "nbf", None),
            but(first(), "exp", json!("never")),
            but(first(), "exp", json!(1e300)),
        ] {
            assert_eq!(verify(&claims, NOW), Err(Rejection::Mismatch), "{claims}");
        }
        let ever = but(but(first(), "exp", json!(i64::MAX)), "nbf", json!(i64::MIN));
        assert!(verify(&ever, NOW).is_ok());
    }

    #[test]
    fn a_token_of_anybody_else_is_refused() {
        let issuers = [
            format!("https://sts.windows.net.evil.example/{TENANT}/"),
            format!("https://sts.windows.net/{TENANT}"),
            format!("https://sts.windows.net/{TENANT}/x/"),
            "https://sts.windows.net/evil.example/".to_owned(),
            format!("http://sts.windows.net/{TENANT}/"),
            format!("https://login.microsoftonline.us/{TENANT}/v2.0"),
            format!("https://login.microsoftonline.com/{TENANT}/v1.0"),
            "https://login.microsoftonline.com/common/v2.0".to_owned(),
            String::new(),
        ];
        for issuer in issuers {
            let refused = verify(&but(first(), "iss", json!(issuer)), NOW);
            let expected = malformed("it has a token of another issuer");
            assert_eq!(refused, Err(expected), "{issuer}");
        }
        for claims in [
            but(first(), "appid", json!(APP)),
            but(but(first(), "appid", None), "azp", json!(PUBLISHER)),
            but(second(), "azp", json!(APP)),
            but(but(second(), "azp", None), "appid", json!(PUBLISHER)),
        ] {
            let expected = malformed("it has a token of another sender");
            assert_eq!(verify(&claims, NOW), Err(expected), "{claims}");
        }
    }

    #[test]
    fn the_algorithm_and_the_name_of_the_key_are_not_the_tokens_to_choose() {
        let token = signed(&first()).expect("a token");
        let (_, rest) = token.split_once('.').expect("three parts");
        let with = |head: Value| format!("{}.{rest}", URL_SAFE_NO_PAD.encode(head.to_string()));
        for (head, problem) in [
            (
                json!({"alg": "none", "kid": "a"}),
                "it has what is no token",
            ),
            (
                json!({"alg": "HS256", "kid": "a"}),
                "it has a token that is not signed by RS256",
            ),
            (json!({"alg": "RS256"}), "it has a token that names no key"),
            (
                json!({"alg": "RS256", "kid": "a/../b"}),
                "it has a token that names no key",
            ),
        ] {
            let refused = verify_by(&keys(), with(head), NOW);
            assert_eq!(refused, Err(malformed(problem)));
        }
        // The public key as a shared one.
        let head = json!({"alg": "HS256", "kid": development::CERTIFICATE_NAME});
        assert!(verify_by(&keys(), with(head), NOW).is_err());
        // Of the right form, and signed over another head.
        let head = json!({"alg": "RS256", "kid": development::CERTIFICATE_NAME, "x": 1});
        assert_eq!(
            verify_by(&keys(), with(head), NOW),
            Err(Rejection::Mismatch)
        );
    }

    #[test]
    fn a_key_counts_that_is_published_for_the_tenant() {
        let token = || signed(&first()).expect("a token");
        let with = |name: &str, value: Value| {
            let mut keys = keys();
            keys["keys"][0][name] = value;
            verify_by(&keys, token(), NOW)
        };
        let of = |tenant: &str| json!(format!("https://login.microsoftonline.com/{tenant}/v2.0"));
        assert!(with("issuer", of(TENANT)).is_ok());
        assert!(with("issuer", Value::Null).is_ok());
        assert_eq!(
            with("issuer", of("9188040d-6c67-4c5b-b112-36a304b66dad")),
            Err(malformed("it has a token by another tenant's key"))
        );
        for (name, value) in [
            ("kid", json!("another")),
            ("kty", json!("EC")),
            ("n", Value::Null),
            ("n", json!("!")),
        ] {
            let refused = with(name, value);
            assert_eq!(refused, Err(Rejection::UnknownKey), "{name}");
        }
        assert_eq!(with("n", json!("AQAB")), Err(Rejection::Mismatch));
        for keys in [json!({}), json!({"keys": []}), json!([])] {
            assert_eq!(verify_by(&keys, token(), NOW), Err(Rejection::UnknownKey));
        }
    }
}
