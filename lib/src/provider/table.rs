//! The table of providers: a row for each that needs no code.

use std::time::Duration;

use super::Explained;
use super::advice::{Advice, Indented, Legacy, Lookalike, NO_ADVICE};
use super::naming::{Body, Challenge, Naming, Piece};
use super::profile::{Acknowledgement, AddressList, Covers, Later, Profile};
use super::row::Row;
use crate::delivery::Method;
use crate::dictionary::Dictionary;
use crate::scheme::{
    Algorithm, At, Clock, Encoding, FIVE_MINUTES, Form, Key, Part, Place, Required, Scheme, Unit,
};
use crate::signature::Hash;

/// Every row, in the order of the alphabet.
pub static ROWS: &[&dyn Explained] = &[GITHUB, SHOPIFY, SLACK, STRIPE];

/// The commonest profile: one JSON event posted, of which the signature covers the body.
const POSTED: Profile = Profile {
    name: "",
    methods: &[Method::Post],
    answer_within: Duration::from_secs(10),
    acknowledgement: Acknowledgement::Json,
    later: Later::ServiceUnavailable,
    covers: Covers::Body,
    tolerance: None,
    addresses: None,
    dictionaries: &[],
};

/// The commonest scheme: a header with an HMAC-SHA256 of the body, the secret's text its key.
const HMAC_OF_BODY: Scheme = Scheme {
    place: Place::Header(""),
    form: Form::Whole,
    encoding: Encoding::Hex,
    algorithm: Algorithm::Hmac(Hash::Sha256),
    keys: &[Key::Text],
    signed: &[Part::Body],
    clock: None,
    required: &[],
};

/// Names that stand in a JSON body.
const IN_BODY: Naming = Naming {
    body: Body::Json,
    id: &[],
    kind: &[],
    ping: None,
    challenge: None,
};

/// GitHub, and GitHub Enterprise Server.
///
/// `X-Hub-Signature` (SHA-1) is sent beside the signature for old receivers and must never become a
/// fallback: a forger would choose it. The id is the hook's id and the delivery's GUID: the GUID
/// names the event and is shared by all hooks that hear of it, and a redelivery repeats it.
///
/// Facts: <https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries>,
/// <https://docs.github.com/en/webhooks/webhook-events-and-payloads> and
/// <https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-githubs-ip-addresses>.
pub static GITHUB: &dyn Explained = &Row {
    profile: Profile {
        name: "github",
        addresses: Some(AddressList {
            host: "https://api.github.com",
            path: "/meta",
            field: "hooks",
        }),
        dictionaries: &[Dictionary {
            name: "github-1",
            text: include_bytes!("../../dictionaries/github-1"),
        }],
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("X-Hub-Signature-256"),
        form: Form::Prefixed("sha256="),
        ..HMAC_OF_BODY
    }],
    naming: Naming {
        id: &[
            &[
                Piece::Header("X-GitHub-Hook-ID"),
                Piece::Text(":"),
                Piece::Header("X-GitHub-Delivery"),
            ],
            &[Piece::Header("X-GitHub-Delivery")],
        ],
        kind: &[
            &[
                Piece::Header("X-GitHub-Event"),
                Piece::Text("."),
                Piece::Field("action"),
            ],
            &[Piece::Header("X-GitHub-Event")],
        ],
        ping: Some("ping"),
        ..IN_BODY
    },
    advice: Advice {
        unsigned: "GitHub signs only when the webhook has a secret: enter one in its settings. If it has \
                   one, a proxy dropped the header, or the request is not from GitHub.",
        confusions: " (each webhook and each GitHub App has its own)",
        lookalikes: &[
            lookalike("ghp_", "looks like an access token"),
            lookalike("gho_", "looks like an access token"),
            lookalike("ghu_", "looks like an access token"),
            lookalike("ghs_", "looks like an access token"),
            lookalike("github_pat_", "looks like an access token"),
            lookalike("-----BEGIN", "looks like a private key"),
        ],
        legacy: Some(Legacy {
            name: "SHA-1",
            scheme: Scheme {
                place: Place::Header("X-Hub-Signature"),
                form: Form::Prefixed("sha1="),
                algorithm: Algorithm::Hmac(Hash::Sha1),
                ..HMAC_OF_BODY
            },
        }),
        ..NO_ADVICE
    },
};

/// Shopify: webhooks, and Events (with headers of their own, which count where they are there).
///
/// Id and type stand in headers that are not signed; the id is the same on retries. After the client
/// secret was rotated, the old one may sign for an hour.
///
/// Facts: <https://shopify.dev/docs/apps/build/webhooks/verify-deliveries> and
/// <https://shopify.dev/docs/apps/build/events/verify-deliveries>.
pub static SHOPIFY: &dyn Explained = &Row {
    profile: Profile {
        name: "shopify",
        answer_within: Duration::from_secs(5),
        ..POSTED
    },
    schemes: &[
        Scheme {
            place: Place::Header("shopify-hmac-sha256"),
            encoding: Encoding::Base64,
            required: &[
                Required("shopify-topic", None),
                Required("shopify-shop-domain", None),
                Required("shopify-api-version", None),
                Required("shopify-webhook-id", None),
                Required("shopify-event-id", None),
            ],
            ..HMAC_OF_BODY
        },
        Scheme {
            place: Place::Header("X-Shopify-Hmac-Sha256"),
            encoding: Encoding::Base64,
            required: &[
                Required("X-Shopify-Topic", None),
                Required("X-Shopify-Shop-Domain", None),
                Required("X-Shopify-API-Version", None),
                Required("X-Shopify-Webhook-Id", None),
            ],
            ..HMAC_OF_BODY
        },
    ],
    naming: Naming {
        id: &[
            &[Piece::Header("shopify-webhook-id")],
            &[Piece::Header("X-Shopify-Webhook-Id")],
        ],
        kind: &[
            &[
                Piece::Header("shopify-topic"),
                Piece::Text("."),
                Piece::Header("shopify-action"),
            ],
            &[Piece::Header("shopify-topic")],
            &[Piece::Header("X-Shopify-Topic")],
        ],
        ..IN_BODY
    },
    advice: Advice {
        confusions: " (each app has its own client secret; the test notification of the admin is signed \
                     with another)",
        ..NO_ADVICE
    },
};

/// Slack: the Events API, commands and interactivity.
///
/// Forms are signed as raw bytes, like JSON. An option list (`block_suggestion`) has no id of its own, so
/// that it goes by its digest. People see what a command is answered, so the answer is empty.
///
/// Facts: <https://docs.slack.dev/authentication/verifying-requests-from-slack/> and
/// <https://docs.slack.dev/apis/events-api/>.
pub static SLACK: &dyn Explained = &Row {
    profile: Profile {
        name: "slack",
        answer_within: Duration::from_secs(3),
        acknowledgement: Acknowledgement::Empty,
        tolerance: FIVE_MINUTES,
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("X-Slack-Signature"),
        form: Form::Prefixed("v0="),
        signed: &[
            Part::Literal("v0:"),
            Part::Time,
            Part::Literal(":"),
            Part::Body,
        ],
        clock: Some(Clock {
            at: At::Header("X-Slack-Request-Timestamp"),
            unit: Unit::Seconds,
            past: FIVE_MINUTES,
            future: FIVE_MINUTES,
        }),
        ..HMAC_OF_BODY
    }],
    naming: Naming {
        body: Body::JsonOrForm,
        id: &[
            &[Piece::Field("event_id")],
            &[Piece::Field("trigger_id")],
            &[Piece::Digest],
        ],
        kind: &[
            &[Piece::Field("event.type")],
            &[Piece::Field("type")],
            &[Piece::Field("command")],
        ],
        challenge: Some(Challenge {
            marked_by: ("type", "url_verification"),
            echoes: "challenge",
        }),
        ..IN_BODY
    },
    advice: Advice {
        confusions: " (each app has its own signing secret, which is none of its tokens)",
        lookalikes: &[
            lookalike("xoxb-", "looks like a bot token"),
            lookalike("xoxp-", "looks like a user token"),
            lookalike("xapp-", "looks like an app token"),
        ],
        ..NO_ADVICE
    },
};

/// Stripe: snapshot events, thin (v2) events and events of connected accounts.
///
/// `v0` is a signature for test mode without security: to accept it would be a downgrade. The whole
/// secret is the key, its `whsec_` included. The id is the event's own, after its account where it
/// has one: two connected accounts are two tenants. The ping is sent when somebody presses "send test
/// ping" on an event destination.
///
/// Facts: <https://docs.stripe.com/webhooks/signature>, <https://docs.stripe.com/events/how-events-work>,
/// <https://docs.stripe.com/event-destinations#thin-events> and <https://docs.stripe.com/ips>.
pub static STRIPE: &dyn Explained = &Row {
    profile: Profile {
        name: "stripe",
        tolerance: FIVE_MINUTES,
        addresses: Some(AddressList {
            host: "https://stripe.com",
            path: "/files/ips/ips_webhooks.json",
            field: "WEBHOOKS",
        }),
        dictionaries: &[Dictionary {
            name: "stripe-1",
            text: include_bytes!("../../dictionaries/stripe-1"),
        }],
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("Stripe-Signature"),
        form: Form::Pairs {
            separator: ",",
            name: "v1",
        },
        signed: &[Part::Time, Part::Literal("."), Part::Body],
        clock: Some(Clock {
            at: At::Pair("t"),
            unit: Unit::Seconds,
            past: FIVE_MINUTES,
            future: FIVE_MINUTES,
        }),
        ..HMAC_OF_BODY
    }],
    naming: Naming {
        id: &[
            &[
                Piece::Field("account"),
                Piece::Text(":"),
                Piece::Field("id"),
            ],
            &[
                Piece::Field("context"),
                Piece::Text(":"),
                Piece::Field("id"),
            ],
            &[Piece::Field("id")],
        ],
        kind: &[&[Piece::Field("type")]],
        ping: Some("v2.core.event_destination.ping"),
        ..IN_BODY
    },
    advice: Advice {
        confusions: " (each endpoint, test mode and the Stripe CLI have their own)",
        lookalikes: &[
            lookalike("sk_", "looks like an API key"),
            lookalike("rk_", "looks like an API key"),
            lookalike("pk_", "looks like an API key"),
            lookalike("we_", "looks like an endpoint's id"),
        ],
        prefix: Some("whsec_"),
        void: Some(("v0=", "a test scheme without security")),
        // Thin events come in one line.
        indented: Some(Indented {
            with: "\"evt_",
            without: "v2.core.event",
        }),
        ..NO_ADVICE
    },
};

const fn lookalike(prefix: &'static str, what: &'static str) -> Lookalike {
    Lookalike {
        prefix,
        length: None,
        what,
    }
}
