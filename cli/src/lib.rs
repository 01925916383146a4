//! The command `webhooks`: the local stack, signed test deliveries, the ledger at a glance.
//!
//! [`dev`] and [`demo`] run a [`local`] stack: an [`emulator`] with the data resources of the
//! [`template`], the [`functions`] under `cargo lambda watch`, and the [`event_source`] that does
//! what AWS does between queue and processor. [`send`] posts a [`fixture`]; [`events`] reads the
//! ledger of a [`stack`], local or deployed, [`issues`] groups its failures, and [`replay`] starts its failed events
//! again; [`doctor`] holds a stack against what it must be; [`dead_letters`] looks at what could not be recorded;
//! [`console`] shows all of it in a browser;
//! [`urls`] says what the providers' consoles
//! are given, and [`mod@verify`] judges a [`captured_request`].

pub mod account;
pub mod activity;
pub mod audit;
pub mod aws_json;
pub mod caller;
pub mod captured_request;
pub mod child;
pub mod connect;
pub mod console;
pub mod dead_letters;
pub mod demo;
pub mod dev;
pub mod diagnosis;
pub mod doctor;
pub mod emulator;
pub mod event_source;
pub mod events;
pub mod export;
pub mod failure;
pub mod filter;
pub mod fixture;
mod front;
pub mod functions;
mod gateway_event;
pub mod github_api;
mod guard;
pub mod issue_key;
pub mod issues;
pub mod keys;
mod listener;
pub mod local;
pub mod migrate;
pub mod moment;
pub mod pair;
mod parameters;
pub mod pause;
pub mod place;
mod private;
pub mod probe;
pub mod project;
mod provider_hosts;
pub mod providers;
pub mod reconcile;
pub mod related;
pub mod replay;
pub mod rotate;
pub mod round_trip;
mod sample_message;
pub mod scenario;
pub mod scheme;
pub mod search;
pub mod secret_file;
pub mod send;
pub mod signature;
pub mod stack;
pub mod stream_source;
pub mod template;
pub mod terminal;
pub mod urls;
pub mod verify;
mod watch;
mod watchdog;
