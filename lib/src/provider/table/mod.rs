//! The table of providers: a file with a row for each that needs no code, and what rows have in
//! common.

use std::time::Duration;

use super::Explained;
use super::advice::Lookalike;
use super::handshake::{Guard, Handshake, Proof};
use super::naming::{Body, Naming};
use super::profile::{Acknowledgement, Covers, Later, Profile};
use super::split::Split;
use crate::delivery::Method;
use crate::scheme::{
    Algorithm, At, Clock, Encoding, FIVE_MINUTES, Form, Key, Part, Place, Required, Scheme, Unit,
};
use crate::signature::Hash;

mod airtable;
mod anthropic;
mod asana;
mod auth0;
mod bitbucket;
mod r#box;
mod brevo;
mod brex;
mod buildkite;
mod calcom;
mod calendly;
mod chargebee;
mod circleci;
mod clerk;
mod coinbase;
mod customerio;
mod discord;
mod docusign;
mod dropbox;
mod elevenlabs;
mod front;
mod github;
mod gitlab;
mod gocardless;
mod heroku;
mod incidentio;
mod intercom;
pub(super) mod jira;
mod klaviyo;
mod lemonsqueezy;
mod linear;
mod mailchimp;
mod mailgun;
mod meta;
mod mux;
mod notion;
mod okta;
mod openai;
mod paddle;
mod pagerduty;
mod paystack;
mod polar;
mod postmark;
mod quickbooks;
mod razorpay;
mod render;
mod replicate;
mod resend;
mod sanity;
mod sendgrid;
mod sentry;
mod shopify;
mod slack;
mod square;
mod standardwebhooks;
mod stripe;
mod supabase;
mod svix;
mod teams;
mod telegram;
mod telnyx;
mod trello;
mod twitch;
mod typeform;
mod vercel;
mod webflow;
mod wise;
mod woocommerce;
mod workos;
mod x;
mod xero;
mod zendesk;
mod zoom;

/// Every row, in the order of the alphabet.
pub(super) static ROWS: &[&dyn Explained] = &[
    airtable::ROW,
    anthropic::ROW,
    asana::ROW,
    auth0::ROW,
    bitbucket::ROW,
    r#box::ROW,
    brevo::ROW,
    brex::ROW,
    buildkite::ROW,
    calcom::ROW,
    calendly::ROW,
    chargebee::ROW,
    circleci::ROW,
    clerk::ROW,
    coinbase::ROW,
    customerio::ROW,
    discord::ROW,
    docusign::ROW,
    dropbox::ROW,
    elevenlabs::ROW,
    front::ROW,
    github::ROW,
    gitlab::ROW,
    gocardless::ROW,
    heroku::ROW,
    incidentio::ROW,
    intercom::ROW,
    jira::ROW,
    klaviyo::ROW,
    lemonsqueezy::ROW,
    linear::ROW,
    mailchimp::ROW,
    mailgun::ROW,
    meta::ROW,
    mux::ROW,
    notion::ROW,
    okta::ROW,
    openai::ROW,
    paddle::ROW,
    pagerduty::ROW,
    paystack::ROW,
    polar::ROW,
    postmark::ROW,
    quickbooks::ROW,
    razorpay::ROW,
    render::ROW,
    replicate::ROW,
    resend::ROW,
    sanity::ROW,
    sendgrid::ROW,
    sentry::ROW,
    shopify::ROW,
    slack::ROW,
    square::ROW,
    standardwebhooks::ROW,
    stripe::ROW,
    supabase::ROW,
    svix::ROW,
    teams::ROW,
    telegram::ROW,
    telnyx::ROW,
    trello::ROW,
    twitch::ROW,
    typeform::ROW,
    vercel::ROW,
    webflow::ROW,
    wise::ROW,
    woocommerce::ROW,
    workos::ROW,
    x::ROW,
    xero::ROW,
    zendesk::ROW,
    zoom::ROW,
];

/// GitHub, which examples and measurements start from.
pub static GITHUB: &dyn Explained = github::ROW;

/// Stripe, likewise.
pub static STRIPE: &dyn Explained = stripe::ROW;

/// The commonest profile: one JSON event posted, of which the signature covers the body.
pub(crate) const POSTED: Profile = Profile {
    name: "",
    title: "",
    methods: &[Method::Post],
    answer_within: Duration::from_secs(10),
    acknowledgement: Acknowledgement::Json,
    acknowledgements: &[],
    later: Later::ServiceUnavailable,
    refusal: 401,
    covers: Covers::Body,
    addresses: None,
    is_described: false,
    dictionaries: &[],
};

/// The commonest scheme: a header with an HMAC-SHA256 of the body in hexadecimal, the secret's text its
/// key.
pub(super) const HMAC_OF_BODY: Scheme = Scheme {
    place: Place::Header(""),
    form: Form::Whole,
    encoding: Encoding::Hex,
    algorithm: Algorithm::Hmac(Hash::Sha256),
    keys: &[Key::Text],
    signed: &[Part::Body],
    clock: None,
    required: &[],
    media_type: None,
};

/// The secret itself in a header.
pub(super) const TOKEN: Scheme = Scheme {
    encoding: Encoding::Text,
    algorithm: Algorithm::Token,
    signed: &[],
    ..HMAC_OF_BODY
};

/// The largest age where a provider's own libraries check none: its retries end before, and a delivery that
/// somebody has captured counts no longer than its event is remembered.
const A_DAY: Option<Duration> = Some(Duration::from_secs(86_400));

/// A user and a password.
const BASIC: Scheme = Scheme {
    place: Place::Header("Authorization"),
    form: Form::Prefixed("Basic "),
    encoding: Encoding::Base64,
    ..TOKEN
};

/// The parts that providers of one form sign, whatever the header's name.
pub(super) const TIME_BODY: &[Part] = &[Part::Time, Part::Body];
pub(super) const BODY_TIME: &[Part] = &[Part::Body, Part::Time];
const TIME_DOT_BODY: &[Part] = &[Part::Time, Part::Literal("."), Part::Body];
const TIME_COLON_BODY: &[Part] = &[Part::Time, Part::Literal(":"), Part::Body];
const V0: &[Part] = &[
    Part::Literal("v0:"),
    Part::Time,
    Part::Literal(":"),
    Part::Body,
];

/// Standard Webhooks: id, time and body under a shared key.
///
/// Facts: <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>.
const WEBHOOK: Scheme = Scheme {
    place: Place::Header("webhook-signature"),
    form: Form::List {
        separator: " ",
        prefix: "v1,",
    },
    encoding: Encoding::Base64,
    keys: &[Key::Base64 { prefix: "whsec_" }, Key::Base64 { prefix: "" }],
    signed: &[
        Part::Header("webhook-id"),
        Part::Literal("."),
        Part::Time,
        Part::Literal("."),
        Part::Body,
    ],
    clock: Some(Clock {
        at: At::Header("webhook-timestamp"),
        unit: Unit::Seconds,
        past: FIVE_MINUTES,
        future: FIVE_MINUTES,
    }),
    required: &[Required("webhook-id", None)],
    ..HMAC_OF_BODY
};

/// The same with Svix's headers.
const SVIX: Scheme = Scheme {
    place: Place::Header("svix-signature"),
    signed: &[
        Part::Header("svix-id"),
        Part::Literal("."),
        Part::Time,
        Part::Literal("."),
        Part::Body,
    ],
    clock: Some(Clock {
        at: At::Header("svix-timestamp"),
        unit: Unit::Seconds,
        past: FIVE_MINUTES,
        future: FIVE_MINUTES,
    }),
    required: &[Required("svix-id", None)],
    ..WEBHOOK
};

/// Every scheme of Standard Webhooks: with either headers, under a shared or a public key.
const STANDARD: &[Scheme] = &[
    WEBHOOK,
    Scheme {
        form: PUBLIC_FORM,
        algorithm: Algorithm::Ed25519,
        keys: PUBLIC_KEY,
        ..WEBHOOK
    },
    SVIX,
    Scheme {
        form: PUBLIC_FORM,
        algorithm: Algorithm::Ed25519,
        keys: PUBLIC_KEY,
        ..SVIX
    },
];

const PUBLIC_FORM: Form = Form::List {
    separator: " ",
    prefix: "v1a,",
};
const PUBLIC_KEY: &[Key] = &[Key::Base64 { prefix: "whpk_" }];

/// Names that stand in a JSON body.
pub(super) const IN_BODY: Naming = Naming {
    body: Body::Json,
    split: &[],
    id: &[],
    kind: &[],
    ping: None,
};

/// A body that is an array of events, or one event.
pub(super) const EACH: &[Split] = &[Split { at: "", then: &[] }];

/// A look whether anybody is there.
pub(super) const ALIVE: Handshake = Handshake {
    method: Method::Head,
    marks: &[],
    guard: Guard::Nothing,
    answer: Proof::Empty,
};

const fn lookalike(prefix: &'static str, what: &'static str) -> Lookalike {
    Lookalike {
        prefix,
        length: None,
        what,
    }
}
