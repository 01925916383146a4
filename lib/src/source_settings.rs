//! The settings of a source: what its operator asks of a delivery beside a good signature.
//!
//! They stand in the parameter `{source}/settings`, a JSON object. It is read strictly: a
//! setting that is misspelt would else protect nothing, so whatever is not understood closes the
//! source.

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::{Map, Value};

use crate::delivery::Method;
use crate::provider::custom::{self, Described};
use crate::provider::handshake::Terms;
use crate::provider::profile::{AddressList, Profile};
use crate::provider::{Provider, catalog};
use crate::secret::Secret;
use crate::timestamp::Timestamp;

/// The setting in which a source describes its provider.
const SCHEME: &str = "scheme";

/// The settings of a source. Whatever is not set is as open as a good signature makes it.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceSettings {
    /// `methods`: the request methods that carry deliveries, by default the provider's first.
    pub methods: Vec<Method>,
    /// `replays`: what becomes of a known body under a new id.
    pub replays: Replays,
    /// `addresses`: whence deliveries may come; by default from everywhere.
    pub addresses: Option<Addresses>,
    /// `addresses_unavailable`: what happens while a published list cannot be had.
    pub addresses_unavailable: AddressesUnavailable,
    /// `rate`: deliveries a second that one instance takes.
    pub rate: Option<f64>,
    /// `verify_token`: the text by which the provider asks whose the endpoint is, where it has no
    /// signature for that.
    pub verify_token: Option<Secret>,
    /// `pairing_until`: the time until which the provider may bring its secret.
    pub pairing_until: Option<Timestamp>,
    /// `scheme`: the provider as its source describes it; where each source does, and nowhere else.
    pub described: Option<Described>,
    /// `public_url`: what stands before `/webhooks/...` in this source's URL, in place of the
    /// function's own setting.
    pub public_url: Option<String>,
}

/// The treatment of a body that the source has had under another id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replays {
    /// It is an event of its own, and counted.
    Accept,
    /// It is refused.
    Refuse,
}

/// Addresses from which deliveries may come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Addresses {
    /// These networks.
    Networks(Vec<IpNet>),
    /// The networks that a provider publishes.
    Published(AddressList),
}

/// The treatment of deliveries while a published list cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressesUnavailable {
    /// The signature alone decides. The default: the list is a second lock, and a provider that
    /// does not send again would lose events to an outage of its own web site.
    Accept,
    /// The delivery is answered "later".
    Refuse,
}

/// The settings cannot be used. It never has a value of theirs, since a secret may have been put
/// there by mistake.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSettings {
    /// Not JSON, or not an object.
    #[error("not a JSON object")]
    NotAnObject,
    /// A field that is not known, or has a value that it cannot have.
    #[error("{field}: {problem} (line {line})")]
    Field {
        /// The field's path, members joined by dots.
        field: String,
        /// The problem with it, in words.
        problem: &'static str,
        /// The line on which it stands, or that of the object in which it is missing.
        line: usize,
    },
    /// The parameter cannot be decrypted; it need not be encrypted at all.
    #[error("the parameter cannot be decrypted; settings belong in a String parameter")]
    Undecryptable,
    /// There is a parameter under the source's path that has no meaning.
    #[error("another parameter stands under the source than its settings")]
    Misplaced,
}

impl SourceSettings {
    /// The settings of a source that has no parameter for them.
    ///
    /// # Errors
    /// [`InvalidSettings`] where the provider is nothing without its description.
    pub fn absent(profile: &Profile) -> Result<Self, InvalidSettings> {
        Self::parse("{}", profile)
    }

    /// The settings of a source that sets none.
    pub fn default_for(profile: &Profile) -> Self {
        Self {
            methods: profile.methods.iter().take(1).copied().collect(),
            replays: Replays::Accept,
            addresses: None,
            addresses_unavailable: AddressesUnavailable::Accept,
            rate: None,
            verify_token: None,
            pairing_until: None,
            described: None,
            public_url: None,
        }
    }

    /// What the operator has set about handshakes, at this time.
    pub fn terms(&self, now: Timestamp) -> Terms<'_> {
        Terms {
            verify_token: self.verify_token.as_ref(),
            pairing: self.pairing_until.is_some_and(|until| now < until),
        }
    }

    /// The provider as its source describes it, else the one that it is.
    pub fn provider(&self, known: &'static dyn Provider) -> &'static dyn Provider {
        self.described.map_or(known, |described| described.0)
    }

    /// Reads the settings of a source.
    ///
    /// # Errors
    /// [`InvalidSettings`] for the first thing that is not understood.
    pub fn parse(text: &str, profile: &Profile) -> Result<Self, InvalidSettings> {
        let fields: Map<String, Value> =
            serde_json::from_str(text).map_err(|_| InvalidSettings::NotAnObject)?;
        let wrong = |field: &str, problem| InvalidSettings::Field {
            field: printable(field),
            problem,
            line: line(text, field),
        };
        let mut settings = Self::default_for(profile);
        for (field, value) in &fields {
            if field == SCHEME && profile.is_described {
                let described = custom::described(value);
                let described = described.map_err(|bad| wrong(&bad.field, bad.problem))?;
                settings.described = Some(described);
            } else {
                settings
                    .set(field, value, profile.methods)
                    .map_err(|problem| wrong(field, problem))?;
            }
        }
        match settings.described {
            None if profile.is_described => Err(wrong(
                SCHEME,
                "is missing: it says how deliveries are signed",
            )),
            // A GET has its event in the URL, and the signature of no body is one for every event.
            Some(Described(row))
                if settings.methods.contains(&Method::Get)
                    && row.profile.covers.has_body()
                    && !row.profile.covers.has_url() =>
            {
                Err(wrong(
                    "methods",
                    "a GET has its event in the URL: the scheme has to sign {url}",
                ))
            }
            _ => Ok(settings),
        }
    }

    fn set(&mut self, field: &str, value: &Value, methods: &[Method]) -> Result<(), &'static str> {
        match field {
            "methods" => self.methods = allowed_methods(value, methods)?,
            "replays" => self.replays = replays(value)?,
            "addresses" => self.addresses = Some(addresses(value)?),
            "addresses_unavailable" => self.addresses_unavailable = unavailable(value)?,
            "rate" => self.rate = Some(rate(value)?),
            "verify_token" => self.verify_token = Some(verify_token(value)?),
            "pairing_until" => self.pairing_until = Some(time(value)?),
            "public_url" => self.public_url = Some(public_url(value)?),
            _ => return Err("not a known setting"),
        }
        Ok(())
    }
}

/// True if a network holds an address. An IPv4 address may come in the form of IPv6.
pub fn holds(networks: &[IpNet], address: IpAddr) -> bool {
    let address = address.to_canonical();
    networks.iter().any(|network| network.contains(&address))
}

/// A network as lists write it: `192.0.2.0/24`, or one address.
pub fn network(text: &str) -> Option<IpNet> {
    let one = || text.parse::<IpAddr>().ok().map(IpNet::from);
    text.parse().ok().or_else(one)
}

/// The line of the last member of a path that is in a text, counted from 1.
fn line(text: &str, path: &str) -> usize {
    let mut at = 0;
    for name in path.split('.') {
        let quoted = format!("\"{name}\"");
        let is_member = |start: &usize| {
            let after = &text[start + quoted.len()..];
            after.trim_start().starts_with(':')
        };
        let mut found = text[at..]
            .match_indices(&quoted)
            .map(|(start, _)| at + start);
        let Some(start) = found.find(is_member) else {
            break;
        };
        at = start;
    }
    1 + text[..at].matches('\n').count()
}

/// A name fit for a log, of a length that a name has.
fn printable(name: &str) -> String {
    let printable = name.chars().map(|character| {
        if character.is_ascii_graphic() {
            character
        } else {
            '?'
        }
    });
    printable.take(64).collect()
}

fn allowed_methods(value: &Value, methods: &[Method]) -> Result<Vec<Method>, &'static str> {
    const PROBLEM: &str = "must be a list of methods that the provider sends";
    let names = value.as_array().filter(|names| !names.is_empty());
    let method = |name: &Value| {
        let method = Method::parse(name.as_str().unwrap_or_default());
        methods.contains(&method).then_some(method).ok_or(PROBLEM)
    };
    names.ok_or(PROBLEM)?.iter().map(method).collect()
}

fn replays(value: &Value) -> Result<Replays, &'static str> {
    match value.as_str() {
        Some("accept") => Ok(Replays::Accept),
        Some("refuse") => Ok(Replays::Refuse),
        _ => Err("must be \"accept\" or \"refuse\""),
    }
}

fn unavailable(value: &Value) -> Result<AddressesUnavailable, &'static str> {
    match value.as_str() {
        Some("accept") => Ok(AddressesUnavailable::Accept),
        Some("refuse") => Ok(AddressesUnavailable::Refuse),
        _ => Err("must be \"accept\" or \"refuse\""),
    }
}

fn addresses(value: &Value) -> Result<Addresses, &'static str> {
    const PROBLEM: &str = "must be a list of networks (CIDR) or a provider's name";
    match value {
        Value::String(name) => {
            let provider = catalog::by_name(name).ok_or(PROBLEM)?;
            let list = provider.profile().addresses;
            let list = list.ok_or("this provider publishes no list of addresses")?;
            Ok(Addresses::Published(list))
        }
        Value::Array(entries) if !entries.is_empty() => {
            let networks = entries.iter().map(|entry| network(entry.as_str()?));
            let networks = networks.collect::<Option<_>>().ok_or(PROBLEM)?;
            Ok(Addresses::Networks(networks))
        }
        _ => Err(PROBLEM),
    }
}

fn rate(value: &Value) -> Result<f64, &'static str> {
    let rate = value.as_f64().filter(|rate| *rate > 0.0);
    rate.ok_or("must be a number above 0")
}

fn time(value: &Value) -> Result<Timestamp, &'static str> {
    let text = value.as_str().unwrap_or_default();
    text.parse()
        .map_err(|_| "must be a time: 2026-01-01T00:00:00Z")
}

fn verify_token(value: &Value) -> Result<Secret, &'static str> {
    let token = Secret::new(value.as_str().unwrap_or_default());
    token.map_err(|_| "must be a text that is not blank")
}

/// As the stack's parameter `PublicUrl`: a scheme, a host, perhaps credentials and a base path.
fn public_url(value: &Value) -> Result<String, &'static str> {
    let url = value.as_str().unwrap_or_default();
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"));
    let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#');
    let usable =
        |rest: &&str| !rest.is_empty() && !rest.starts_with('/') && rest.bytes().all(plain);
    match rest.filter(usable) {
        Some(_) => Ok(url.to_owned()),
        None => Err("must be an http or https URL without query"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::table::POSTED;

    const PROFILE: Profile = Profile {
        methods: &[Method::Post, Method::Get],
        ..POSTED
    };

    fn parse(text: &str) -> Result<SourceSettings, InvalidSettings> {
        SourceSettings::parse(text, &PROFILE)
    }

    #[test]
    fn what_is_not_set_is_the_default() {
        let settings = SourceSettings::default_for(&PROFILE);
        assert_eq!(parse("{}"), Ok(settings.clone()));
        assert_eq!(settings.methods, [Method::Post]);
        let every = r#"{"methods": ["GET", "POST"], "replays": "refuse", "rate": 2.5,
            "addresses": ["192.0.2.0/24", "2001:db8::/32", "198.51.100.7"],
            "addresses_unavailable": "refuse", "public_url": "https://user:pass@example.com/base"}"#;
        let settings = parse(every).expect("settings");
        assert_eq!(settings.methods, [Method::Get, Method::Post]);
        assert_eq!(settings.replays, Replays::Refuse);
        assert_eq!(settings.rate, Some(2.5));
        assert_eq!(settings.addresses_unavailable, AddressesUnavailable::Refuse);
    }

    #[test]
    fn names_the_field_and_never_the_value() {
        for (field, values) in [
            (
                "methods",
                ["[]", r#""GET""#, r#"["PUT"]"#, "[1]"].as_slice(),
            ),
            ("replays", &["true", "null", r#""Refuse""#]),
            (
                "addresses",
                &[
                    "[]",
                    "null",
                    r#"["whsec_canary"]"#,
                    r#"["10.0.0.0/33"]"#,
                    r#""nobody""#,
                    "[1]",
                ],
            ),
            ("addresses_unavailable", &["false", r#""canary""#]),
            ("rate", &["0", "-1", "null", r#""1""#]),
            (
                "public_url",
                &[
                    r#""""#,
                    r#""example.com""#,
                    r#""https://""#,
                    r#""https:///a""#,
                    r#""https://a/?b""#,
                    r#""https://a b""#,
                ],
            ),
            (
                "verify_token",
                &[r#""""#, r#"" ""#, "null", r#"["canary"]"#],
            ),
            ("pairing_until", &["1767225600", r#""""#, r#""canary""#]),
            ("replay", &[r#""canary""#]),
        ] {
            for value in values {
                let error = parse(&format!(r#"{{"{field}": {value}}}"#)).expect_err(value);
                let text = error.to_string();
                assert!(text.starts_with(&format!("{field}: ")), "{text}");
                assert!(!format!("{error:?}").contains("canary"), "{error:?}");
            }
        }
        for text in ["", "canary", "[]", "\u{feff}{}", "{} {}", r#""canary""#] {
            assert_eq!(parse(text), Err(InvalidSettings::NotAnObject), "{text}");
        }
    }

    #[test]
    fn a_source_is_open_until_its_time_and_no_longer() {
        let open = r#"{"pairing_until": "2026-01-01T00:00:00Z", "verify_token": "canary"}"#;
        let settings = parse(open).expect("settings");
        let is_open = |seconds| settings.terms(Timestamp::from_seconds(seconds)).pairing;
        assert!(is_open(1_767_225_599) && !is_open(1_767_225_600));
        assert!(!format!("{settings:?}").contains("canary"));
        let closed = parse("{}").expect("settings");
        assert!(!closed.terms(Timestamp::from_seconds(0)).pairing);
    }

    #[test]
    fn a_provider_that_publishes_no_list_is_refused_by_that_name() {
        let error = parse(r#"{"addresses": "twilio"}"#).expect_err("no list");
        let expected = "addresses: this provider publishes no list of addresses (line 1)";
        assert_eq!(error.to_string(), expected);
        assert!(parse(r#"{"addresses": "github"}"#).is_ok());
        assert!(parse(r#"{"addresses": "stripe"}"#).is_ok());
    }

    #[test]
    fn a_method_that_the_provider_does_not_send_cannot_be_asked_for() {
        let get = r#"{"methods": ["GET"]}"#;
        assert!(SourceSettings::parse(get, &POSTED).is_err());
    }

    #[test]
    fn networks_hold_what_lies_in_them_in_either_form() {
        let networks = ["192.0.2.0/24", "2001:db8::/32", "198.51.100.7"]
            .map(|text| network(text).expect("a network"));
        for (address, inside) in [
            ("192.0.2.255", true),
            ("::ffff:192.0.2.1", true),
            ("192.0.3.0", false),
            ("198.51.100.7", true),
            ("198.51.100.8", false),
            ("2001:db8:1::1", true),
            ("2001:db9::1", false),
        ] {
            let parsed = address.parse().expect("an address");
            assert_eq!(holds(&networks, parsed), inside, "{address}");
        }
    }
}
