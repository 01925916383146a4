//! Telegram: the webhook of a bot, of which there is one.
//!
//! The bot's token is a part of every path. Facts: <https://core.telegram.org/bots/api#setwebhook>,
//! <https://core.telegram.org/bots/api#getwebhookinfo>, <https://core.telegram.org/bots/api#making-requests>.

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use webhooks::provider_api::{ApiError, ProviderApi};
use webhooks::provider_hosts::{ProviderHosts, Reply};
use webhooks::timestamp::Timestamp;

use super::call::Call;
use super::connector::{Choice, Connector, Endpoint, Listed, Made, Problem, Proof, Wish};
use super::given::Given;
use super::providers::{Entry, Opened};
use crate::failure::Failure;

/// Telegram's line in the table.
pub(super) const ENTRY: Entry = Entry {
    provider: "telegram",
    options: &[],
    form: r#"the bot's token, or {"token": "123456:..."}"#,
    right: "the token of the bot, from BotFather",
    open,
};

const API: &str = "https://api.telegram.org";

/// The only endpoint's id.
const WEBHOOK: &str = "webhook";

/// The time for which a failed delivery counts.
const RECENT: Duration = Duration::from_secs(3600);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credential {
    token: String,
}

struct Bot {
    path: String,
}

fn open(given: &Given<'_>, hosts: ProviderHosts) -> Result<Opened, Failure> {
    let Credential { token } = given.read("token")?;
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b":-_".contains(&byte);
    if !token.bytes().all(is_part) {
        return Err(given.bad());
    }
    Ok(Opened {
        connector: Box::new(Bot {
            path: format!("/bot{token}"),
        }),
        api: ProviderApi::new(hosts, API, []),
        base: API.to_owned(),
        hidden: vec![token],
        own: None,
    })
}

#[derive(Deserialize)]
struct Answer {
    result: Info,
}

#[derive(Deserialize)]
struct Info {
    url: String,
    allowed_updates: Option<Vec<String>>,
    last_error_date: Option<i64>,
    last_error_message: Option<String>,
}

#[derive(Deserialize)]
struct Set {
    ok: bool,
    description: Option<String>,
}

impl Connector for Bot {
    fn choice(&self) -> Choice {
        Choice::Ours
    }

    fn is_single(&self) -> bool {
        true
    }

    fn list(&self) -> Call {
        Call::get(format!("{}/getWebhookInfo", self.path))
    }

    fn listed(&self, reply: &Reply) -> Result<Listed, ApiError> {
        let Answer { result: info } = reply.json("a webhook")?;
        let now = Timestamp::now();
        let is_recent = |at: i64| Timestamp::from_seconds(at).age(now) < RECENT;
        let failed = info
            .last_error_message
            .filter(|_| info.last_error_date.is_some_and(is_recent));
        let problem = failed.map(|message| {
            Problem::by_hand(
                format!("a delivery failed within the last hour: {message}"),
                "look into the receiver's log for the reason; of 401, set the secret anew with webhooks connect",
            )
        });
        let endpoint = Endpoint {
            id: WEBHOOK.to_owned(),
            url: info.url,
            events: info.allowed_updates.unwrap_or_default(),
            created: None,
            settings: Vec::new(),
            secret: None,
            problems: problem.into_iter().collect(),
        };
        Ok(Listed {
            endpoints: vec![endpoint],
            next: None,
        })
    }

    fn create(&self, wish: &Wish<'_>) -> Call {
        let mut body = json!({"url": wish.url, "secret_token": wish.secret});
        if let Some(events) = wish.events {
            body["allowed_updates"] = json!(events);
        }
        Call::json("POST", format!("{}/setWebhook", self.path), body)
    }

    fn update(&self, _: &Endpoint, wish: &Wish<'_>) -> Call {
        self.create(wish)
    }

    fn made(&self, reply: &Reply) -> Result<Made, ApiError> {
        let Set { ok, description } = reply.json("the result of setWebhook")?;
        if !ok {
            return Err(ApiError::Refused {
                status: reply.status,
                said: description.unwrap_or_default(),
            });
        }
        Ok(Made {
            id: WEBHOOK.to_owned(),
            secret: None,
        })
    }

    fn remove(&self, _: &str) -> Option<Call> {
        Some(Call::bare("POST", format!("{}/deleteWebhook", self.path)))
    }

    fn proof(&self, _: &str, _: &[String]) -> Proof {
        Proof::ByHand(
            "Telegram has no test: send the bot a message, and look with webhooks events --provider telegram",
        )
    }

    fn answered(&self, _: &Reply, _: Timestamp) -> Result<Option<u16>, ApiError> {
        Ok(None)
    }

    fn left(&self) -> Option<&'static str> {
        None
    }
}
