//! Deliveries to send: the gateway events in `events/`, signed anew.

use std::path::Path;

use serde_json::{Value, json};
use uuid::Uuid;
use webhooks::delivery::{Delivery, Headers, Method};
use webhooks::gateway::{Origin, Request};
use webhooks::payload::{FORM, form_fields};
use webhooks::provider::meaning::Meaning;
use webhooks::provider::{Signer, unsigned_handshake};
use webhooks::scheme::development;
use webhooks::secret::Secret;
use webhooks::timestamp::Timestamp;
use webhooks::verify::verify;

use crate::failure::Failure;
use crate::project::Project;
use crate::stack::development_secret;

/// Headers that belong to a connection and not to a delivery.
const HOP: [&str; 7] = [
    "content-length",
    "host",
    "x-amzn-trace-id",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
];

/// A delivery that can be signed and sent.
#[derive(Clone, Debug)]
pub struct Fixture {
    /// The delivery that is sent.
    pub delivery: Delivery,
    /// The gateway event that it comes from.
    event: Value,
}

impl Fixture {
    /// The delivery of a gateway event: `events/{provider}-{event}.json`, or any file.
    ///
    /// # Errors
    /// [`Failure`] when there is no such event or it is not a gateway event.
    pub fn read(project: &Project, provider: &str, event: &str) -> Result<Self, Failure> {
        let folder = project.root().join("events");
        let named = folder.join(format!("{provider}-{event}.json"));
        let path = if named.is_file() {
            named
        } else {
            Path::new(event).to_owned()
        };
        let text = std::fs::read_to_string(&path).map_err(|_| {
            let known = known_events(&folder, provider).join(", ");
            Failure::usage(format!(
                "no event {event} of {provider}: choose a file, or one of {known}"
            ))
        })?;
        let event: Value =
            serde_json::from_str(&text).map_err(|error| Failure::new(path.display(), error))?;
        let request: Request = serde_json::from_value(event.clone())
            .map_err(|error| Failure::new(path.display(), error))?;
        let mut delivery = request
            .delivery(Origin::Domain)
            .map_err(|error| Failure::new(path.display(), error))?;
        let kept = |name: &str| !HOP.iter().any(|hop| name.eq_ignore_ascii_case(hop));
        delivery.headers = delivery
            .headers
            .iter()
            .filter(|(name, _)| kept(name))
            .collect::<Headers>();
        Ok(Self { delivery, event })
    }

    /// The first of a provider's deliveries under `events/` that is one event.
    ///
    /// # Errors
    /// [`Failure`] when there is none.
    pub fn first(project: &Project, provider: &dyn Signer) -> Result<Self, Failure> {
        let name = provider.profile().name;
        let mut all = Self::all(project, provider)?.into_iter();
        let none = || Failure::of(format!("events/ has no event of {name}"));
        all.next().ok_or_else(none)
    }

    /// Those of a provider's deliveries under `events/` that are one event each.
    ///
    /// # Errors
    /// [`Failure`] when one of them cannot be read.
    pub fn all(project: &Project, provider: &dyn Signer) -> Result<Vec<Self>, Failure> {
        let name = provider.profile().name;
        let every = Self::every(project, provider)?.into_iter();
        let events = every.filter(|(_, meaning)| matches!(meaning, Meaning::Event(_)));
        events
            .map(|(event, _)| Self::read(project, name, &event))
            .collect()
    }

    /// The names of a provider's deliveries under `events/`, and what each means.
    ///
    /// # Errors
    /// [`Failure`] when one of them cannot be read, or is no delivery of the provider's.
    pub fn every(
        project: &Project,
        provider: &dyn Signer,
    ) -> Result<Vec<(String, Meaning)>, Failure> {
        let name = provider.profile().name;
        let secret = Secret::new(development_secret(name))
            .map_err(|error| Failure::new("the secret", error))?;
        let known = known_events(&project.root().join("events"), name);
        let meaning = |event: String| {
            let mut fixture = Self::read(project, name, &event)?;
            let meaning = fixture.meaning(provider, &secret, Timestamp::now())?;
            Ok((event, meaning))
        };
        known.into_iter().map(meaning).collect()
    }

    /// Addresses the delivery to a URL, which the provider may sign.
    pub fn address(&mut self, url: &str) {
        let query = match self.delivery.query.as_str() {
            "" => String::new(),
            query => format!("?{query}"),
        };
        self.delivery.urls = vec![format!("{url}{query}")];
    }

    /// Sends the gateway event to another path of the same domain, which the provider may sign.
    ///
    /// # Errors
    /// [`Failure`] when the file is not a gateway event.
    pub fn route(&mut self, path: &str) -> Result<(), Failure> {
        self.event["rawPath"] = json!(path);
        self.event["requestContext"]["http"]["path"] = json!(path);
        let request: Request = serde_json::from_value(self.event.clone())
            .map_err(|error| Failure::new("the event", error))?;
        let delivery = request.delivery(Origin::Domain);
        self.delivery.urls = delivery
            .map_err(|error| Failure::new("the event", error))?
            .urls;
        Ok(())
    }

    /// Gives the event an id that no delivery had before, of the same form, signs it, and says
    /// which id that is: an empty one where the delivery names no event, as a challenge.
    ///
    /// # Errors
    /// [`Failure`] when the file is not a delivery of that provider.
    pub fn renew(
        &mut self,
        provider: &dyn Signer,
        secret: &Secret,
        now: Timestamp,
    ) -> Result<String, Failure> {
        let id = self.sign(provider, secret, now)?;
        // The longest part is the unique one: of `{hook}:{guid}` the GUID.
        let longest = id.split(':').max_by_key(|part| part.len());
        let named = longest.filter(|part| self.says(part)).map(str::to_owned);
        // What has no id goes by its digest: any of its texts makes another of it.
        let Some(unique) = named
            .or_else(|| self.some_text())
            .filter(|_| !id.is_empty())
        else {
            return Ok(id);
        };
        let unique = unique.as_str();
        let mut fresh = like(unique);
        // A number does not begin with it.
        if fresh.starts_with('0') {
            fresh.replace_range(..1, "1");
        }
        let delivery = &mut self.delivery;
        delivery.headers = delivery
            .headers
            .iter()
            .map(|(name, value)| (name, value.replace(unique, &fresh)))
            .collect();
        delivery.query = delivery.query.replace(unique, &fresh);
        for url in &mut delivery.urls {
            *url = url.replace(unique, &fresh);
        }
        if let Ok(body) = std::str::from_utf8(&delivery.body) {
            delivery.body = body.replace(unique, &fresh).into_bytes();
        }
        self.sign(provider, secret, now)
    }

    /// True if the delivery has this text somewhere.
    fn says(&self, text: &str) -> bool {
        let delivery = &self.delivery;
        let mut headers = delivery.headers.iter();
        headers.any(|(_, value)| value.contains(text))
            || delivery.query.contains(text)
            || String::from_utf8_lossy(&delivery.body).contains(text)
    }

    /// The longest text of the body that looks like a name that a program has given: of letters and digits,
    /// else of digits.
    fn some_text(&self) -> Option<String> {
        let body = String::from_utf8_lossy(&self.delivery.body).into_owned();
        // Of a form the digits of its escapes are no part of a name.
        let is_form = self.delivery.media_type() == FORM;
        let decoded = form_fields(body.as_bytes()).into_iter();
        let body = if is_form {
            decoded
                .flat_map(|(name, value)| [name, " ".to_owned(), value, " ".to_owned()])
                .collect()
        } else {
            body
        };
        // With the backslash of an escape, which leaves its word out.
        let words =
            body.split(|character: char| !character.is_ascii_alphanumeric() && character != '\\');
        let digits = |word: &str| word.bytes().filter(u8::is_ascii_digit).count();
        let named = words.filter(|word| !word.contains('\\') && word.len() > 3 && digits(word) > 0);
        let is_mixed = |word: &str| digits(word) < word.len();
        let longest = named.max_by_key(|word| (is_mixed(word), word.len()));
        longest.map(str::to_owned)
    }

    /// Signs the delivery as it is, and says which id its event has, if it has one.
    ///
    /// # Errors
    /// [`Failure`] when the file is not a delivery of that provider.
    pub fn sign(
        &mut self,
        provider: &dyn Signer,
        secret: &Secret,
        now: Timestamp,
    ) -> Result<String, Failure> {
        let meaning = self.meaning(provider, secret, now)?;
        let first = meaning.identities().first().map(|first| first.id.clone());
        Ok(first.unwrap_or_default())
    }

    /// Signs the delivery as it is, and says what it means.
    fn meaning(
        &mut self,
        provider: &dyn Signer,
        secret: &Secret,
        now: Timestamp,
    ) -> Result<Meaning, Failure> {
        if let Some(handshake) = unsigned_handshake(provider, &self.delivery) {
            let reply = handshake.reply(&self.delivery, secret.bytes());
            return reply
                .map(Meaning::Challenge)
                .ok_or_else(|| Failure::of("the event: a handshake without its value"));
        }
        provider
            .sign(&mut self.delivery, secret, now)
            .map_err(|error| Failure::new("the event", error))?;
        let keys = development::keys(provider, std::slice::from_ref(secret));
        let verified = verify(provider, &self.delivery, keys, now)
            .map_err(|error| Failure::new("signing the event", error))?;
        let meaning = provider.identify(&verified);
        meaning.map_err(|error| Failure::new("the event", error))
    }

    /// True if the delivery as it is would be believed.
    pub fn is_signed_well(&self, provider: &dyn Signer, secret: &Secret, now: Timestamp) -> bool {
        let keys = development::keys(provider, std::slice::from_ref(secret));
        unsigned_handshake(provider, &self.delivery).is_some()
            || verify(provider, &self.delivery, keys, now).is_ok()
    }

    /// Takes away when the gateway took the request: it arrives when somebody invokes a function with it.
    pub fn forget_arrival(&mut self) {
        if let Some(context) = self.event["requestContext"].as_object_mut() {
            context.remove("time");
            context.remove("timeEpoch");
        }
    }

    /// The gateway event with the delivery's present content, for `cargo lambda invoke`.
    pub fn gateway_event(&self) -> Value {
        let mut event = self.event.clone();
        let lower = |(name, value): (&str, &str)| (name.to_ascii_lowercase(), json!(value));
        let mut headers = event["headers"].as_object().cloned().unwrap_or_default();
        headers.extend(self.delivery.headers.iter().map(lower));
        event["headers"] = Value::Object(headers);
        event["rawQueryString"] = json!(self.delivery.query);
        event["isBase64Encoded"] = json!(false);
        event["body"] = match (
            self.delivery.method,
            std::str::from_utf8(&self.delivery.body),
        ) {
            (Method::Get, _) => Value::Null,
            (_, Ok(body)) => json!(body),
            (_, Err(_)) => {
                use base64::Engine;
                event["isBase64Encoded"] = json!(true);
                json!(base64::engine::general_purpose::STANDARD.encode(&self.delivery.body))
            }
        };
        event
    }
}

/// The name of the header that carries the signature: the one that depends on the secret.
pub fn signature_header(provider: &dyn Signer, delivery: &Delivery) -> Option<String> {
    let signed = |text: &str| {
        let mut delivery = delivery.clone();
        let secret = Secret::new(text).ok()?;
        provider
            .sign(&mut delivery, &secret, Timestamp::from_seconds(0))
            .ok()?;
        Some(delivery.headers)
    };
    let (one, other) = (signed("one")?, signed("other")?);
    let mut differing = one
        .iter()
        .filter(|(name, value)| other.get(name) != Some(value));
    differing.next().map(|(name, _)| name.to_ascii_lowercase())
}

fn known_events(folder: &Path, provider: &str) -> Vec<String> {
    let prefix = format!("{provider}-");
    let name = |entry: std::fs::DirEntry| {
        let name = entry.file_name().into_string().ok()?;
        Some(
            name.strip_prefix(&prefix)?
                .strip_suffix(".json")?
                .to_owned(),
        )
    };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.filter_map(name).collect();
    names.sort();
    names
}

/// A random text of the same form: letters for letters and digits for digits, hexadecimal stays
/// so; the prefix that says what it names is kept, as in `evt_...` and in Twilio's `SM...`.
pub fn like(text: &str) -> String {
    let (prefix, unique) = text.split_at(prefix_length(text));
    let mut random = std::iter::repeat_with(|| *Uuid::new_v4().as_bytes()).flatten();
    let mut letter =
        |first: u8, count: u8| char::from(first + random.next().unwrap_or_default() % count);
    let replaced = unique.chars().map(|character| match character {
        '0'..='9' => letter(b'0', 10),
        'a'..='f' => letter(b'a', 6),
        'g'..='z' => letter(b'g', 20),
        'A'..='F' => letter(b'A', 6),
        'G'..='Z' => letter(b'G', 20),
        other => other,
    });
    format!("{prefix}{}", replaced.collect::<String>())
}

fn prefix_length(text: &str) -> usize {
    let hexadecimal = |byte: &u8| byte.is_ascii_hexdigit();
    match (text.rfind('_'), text.as_bytes().split_at_checked(2)) {
        (Some(at), _) => at + 1,
        (None, Some((kind, number)))
            if kind.iter().all(u8::is_ascii_uppercase)
                && number.len() == 32
                && number.iter().all(hexadecimal) =>
        {
            kind.len()
        }
        (None, _) => 0,
    }
}
