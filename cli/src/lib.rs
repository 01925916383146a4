//! The command `webhooks`: the local stack, signed test deliveries, the ledger at a glance.
//!
//! [`dev`] and [`demo`] run a [`local`] stack: an [`emulator`] with the data resources of the
//! [`template`], the [`functions`] under `cargo lambda watch`, and the [`pump`] that does what AWS
//! does between queue and processor. [`send`] posts a [`fixture`]; [`events`] reads the ledger of
//! a [`stack`], local or deployed, and [`replay`] starts its failed events again; [`mod@verify`]
//! judges a captured request. [`mod@bench`], [`cost`] and [`scale`] say what an event takes, in time, in
//! money and of AWS's limits. A [`trial`] runs the binaries in a [`host`] behind a [`proxy`], to
//! prove that what is promised holds when they die and their calls break.

pub mod account;
pub mod activity;
pub mod bench;
pub mod case;
pub mod child;
pub mod cost;
pub mod demo;
pub mod dev;
pub mod diagnosis;
pub mod emulator;
pub mod events;
pub mod failure;
pub mod fixture;
mod front;
pub mod functions;
mod guard;
pub mod host;
pub mod keys;
mod listener;
pub mod local;
mod private;
pub mod probe;
pub mod project;
pub mod proxy;
pub mod pump;
pub mod replay;
pub mod scale;
pub mod scenario;
pub mod secret_file;
pub mod send;
mod signature;
pub mod stack;
pub mod template;
pub mod terminal;
pub mod trial;
pub mod verify;
mod watchdog;
