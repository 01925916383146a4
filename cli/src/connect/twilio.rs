//! Twilio: the URLs of a phone number.
//!
//! Twilio signs with the account's auth token, whichever key its API was called with. The number has one URL for
//! each of its uses.
//!
//! Facts: <https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource>,
//! <https://www.twilio.com/docs/usage/security>.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use webhooks::provider_api::{ApiError, ProviderApi, query};
use webhooks::provider_hosts::{ProviderHosts, Reply};
use webhooks::timestamp::Timestamp;

use super::call::Call;
use super::connector::{Choice, Connector, Endpoint, Listed, Made, Problem, Proof, Wish};
use super::given::{Given, is_path};
use super::providers::{Entry, Opened};
use crate::failure::Failure;

/// Twilio's line in the table.
pub(super) const ENTRY: Entry = Entry {
    provider: "twilio",
    options: &["number"],
    form: r#"{"account": "AC...", "token": "..."} or {"account": "AC...", "key": "SK...", "secret": "..."}, with --number"#,
    right: "the account's auth token, or a key that may update phone numbers",
    open,
};

const API: &str = "https://api.twilio.com";

/// The uses of a number: the event, the field of its URL, that of the method.
const USES: [(&str, &str, &str); 3] = [
    ("message", "SmsUrl", "SmsMethod"),
    ("call", "VoiceUrl", "VoiceMethod"),
    ("call_status", "StatusCallback", "StatusCallbackMethod"),
];

/// The beginning of the URLs that a new number has.
const DEMO: &str = "https://demo.twilio.com/";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credential {
    account: String,
    token: Option<String>,
    key: Option<String>,
    secret: Option<String>,
    // The reconciler's credential names the URL.
    #[serde(rename = "url")]
    _url: Option<String>,
}

struct Number {
    path: String,
    number: String,
}

fn open(given: &Given<'_>, hosts: ProviderHosts) -> Result<Opened, Failure> {
    let credential: Credential = given.read("token")?;
    let number = given.target.get("number").ok_or_else(|| given.bad())?;
    let digits = number.strip_prefix('+').unwrap_or_default();
    if digits.is_empty()
        || !digits.bytes().all(|byte| byte.is_ascii_digit())
        || !is_path(&credential.account, 1)
    {
        return Err(given.bad());
    }
    let (user, secret) = match (credential.key, credential.secret, &credential.token) {
        (None, None, Some(token)) => (credential.account.clone(), token.clone()),
        (Some(key), Some(secret), None) => (key, secret),
        _ => return Err(given.bad()),
    };
    let pair = STANDARD.encode(format!("{user}:{secret}"));
    Ok(Opened {
        connector: Box::new(Number {
            path: format!(
                "/2010-04-01/Accounts/{}/IncomingPhoneNumbers",
                credential.account
            ),
            number: number.to_owned(),
        }),
        api: ProviderApi::new(hosts, API, [("authorization", format!("Basic {pair}"))]),
        base: API.to_owned(),
        hidden: vec![secret],
        own: credential.token,
    })
}

#[derive(Deserialize)]
struct List {
    incoming_phone_numbers: Vec<PhoneNumber>,
}

#[derive(Deserialize)]
struct PhoneNumber {
    sid: String,
    sms_url: Option<String>,
    voice_url: Option<String>,
    status_callback: Option<String>,
    sms_application_sid: Option<String>,
}

impl PhoneNumber {
    fn endpoint(self) -> Endpoint {
        let given = |url: &Option<String>| {
            let url = url.clone().unwrap_or_default();
            if url.starts_with(DEMO) {
                String::new()
            } else {
                url
            }
        };
        let url = given(&self.sms_url);
        let urls = [&self.sms_url, &self.voice_url, &self.status_callback];
        let uses = USES.iter().zip(urls);
        let same = uses.filter(|(_, other)| !url.is_empty() && given(other) == url);
        let mut problems = Vec::new();
        if self.sms_application_sid.is_some_and(|sid| !sid.is_empty()) {
            problems.push(Problem::by_hand(
                "the URLs of a TwiML App go before its own",
                "take the App off the number, in Twilio's console",
            ));
        }
        Endpoint {
            id: self.sid,
            events: same.map(|((event, ..), _)| (*event).to_owned()).collect(),
            url,
            created: None,
            settings: Vec::new(),
            secret: None,
            problems,
        }
    }
}

impl Connector for Number {
    fn choice(&self) -> Choice {
        Choice::Account("the account's auth token")
    }

    fn is_single(&self) -> bool {
        true
    }

    fn list(&self) -> Call {
        let number = query(&[("PhoneNumber", &self.number)]);
        Call::get(format!("{}.json?{number}", self.path))
    }

    fn listed(&self, reply: &Reply) -> Result<Listed, ApiError> {
        let list: List = reply.json("a list of phone numbers")?;
        let endpoints: Vec<_> = list
            .incoming_phone_numbers
            .into_iter()
            .map(PhoneNumber::endpoint)
            .collect();
        if endpoints.is_empty() {
            return Err(ApiError::NotFound { needs: None });
        }
        Ok(Listed {
            endpoints,
            next: None,
        })
    }

    fn create(&self, wish: &Wish<'_>) -> Call {
        let message = ["message".to_owned()];
        let events = wish.events.unwrap_or(&message);
        let asked = USES
            .iter()
            .filter(|(event, ..)| events.iter().any(|asked| asked == event));
        let fields = asked.flat_map(|(_, url, method)| {
            [(*url, wish.url.to_owned()), (*method, "POST".to_owned())]
        });
        Call::form(format!("{}.json", self.path), fields.collect())
    }

    fn update(&self, endpoint: &Endpoint, wish: &Wish<'_>) -> Call {
        Call {
            path: format!("{}/{}.json", self.path, endpoint.id),
            ..self.create(wish)
        }
    }

    fn made(&self, reply: &Reply) -> Result<Made, ApiError> {
        let number: PhoneNumber = reply.json("a phone number")?;
        Ok(Made {
            id: number.sid,
            secret: None,
        })
    }

    fn remove(&self, _: &str) -> Option<Call> {
        None
    }

    fn proof(&self, _: &str, _: &[String]) -> Proof {
        Proof::ByHand(
            "Twilio has no test: send the number a message, and look with webhooks events --provider twilio",
        )
    }

    fn answered(&self, _: &Reply, _: Timestamp) -> Result<Option<u16>, ApiError> {
        Ok(None)
    }

    fn left(&self) -> Option<&'static str> {
        None
    }
}
