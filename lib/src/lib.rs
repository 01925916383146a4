//! Webhook receivers on AWS Lambda: everything the functions share.
//!
//! Data flows one way. A provider's function takes a request ([`gateway`]), makes a [`delivery`] of
//! it, checks the signature ([`mod@verify`], [`provider`], [`scheme`]), records the [`event`] in the [`ledger`]
//! and hands it over to the [`queue`] as an [`envelope`]; [`receive`] is that pipeline. The item's
//! payload is packed once ([`packing`]), and a large one goes to the [`bucket`] first. The processor
//! claims an event, runs the handler that the [`router`] names, and settles it ([`mod@process`]). The
//! [`relay`] sends again what got stuck, and the [`mod@reconcile`]r asks the providers for what never arrived. [`types`] has what some providers send, for handlers. [`lambda`] is
//! the functions' main loops, nothing more.
//!
//! Rules that hold everywhere, stated as what is absent:
//!
//! - Provider files read no clock, no environment, no network, and know nothing of AWS.
//! - No event comes from a request but through [`verified::Verified`], which only [`verify::verify`]
//!   makes; and none from a provider's API but through the [`mod@reconcile`]r.
//! - Nothing before the signature holds parses a body or calls DynamoDB or SQS.
//! - Only [`gateway`] builds HTTP responses, and only [`answer`] knows status codes.
//! - Only [`ledger`] writes to the table, and each transition is one conditional write.
//! - No log line, error or answer has a secret, a signature, a header map or a body.
//! - No JSON from outside is read into a value that holds more than the fields that count.
//! - No time or size limit stands anywhere but in [`limits`].

pub mod address_lists;
pub mod answer;
pub mod aws;
pub mod bucket;
pub mod compression;
pub mod connection;
pub mod deadline;
pub mod delivery;
pub mod dictionary;
pub mod envelope;
pub mod event;
pub mod faults;
pub mod gateway;
pub mod github_app;
mod host;
mod json;
pub mod keys;
pub mod lambda;
pub mod ledger;
pub mod limits;
mod log;
mod name;
pub mod object;
pub mod origin;
pub mod packing;
pub mod payload;
pub mod process;
pub mod provider;
pub mod provider_api;
pub mod provider_hosts;
pub mod published_keys;
pub mod queue;
pub mod rate;
pub mod receive;
pub mod recent_digests;
pub mod reconcile;
pub mod record;
pub mod rejection;
pub mod relay;
pub mod report;
pub mod router;
pub mod scheme;
pub mod secret;
pub mod secret_line;
pub mod secret_store;
pub mod settings;
pub mod signature;
pub mod source;
pub mod source_settings;
pub mod timestamp;
pub mod trace;
pub mod types;
pub mod verified;
pub mod verify;
