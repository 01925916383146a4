//! The laboratory: for those who work on this project, and for nobody who runs a stack.
//!
//! A [`trial`] runs the function binaries in a [`host`] behind a [`proxy`], kills them and breaks
//! their calls, and counts what was promised and what came of it. [`mod@bench`], [`cost`] and
//! [`scale`] say what an event takes: in time, in money, and of AWS's limits; [`paste`] puts what they
//! print into the documentation. The emulator, the
//! template and the signed deliveries are the command's own ([`webhooks_cli`]), so that what is
//! tried here is what its users run.
//!
//! A [`simulation`] runs the functions' code itself, with time and network simulated, from a seed.

pub mod bench;
pub mod cost;
pub mod expression;
pub mod host;
pub mod instance;
pub mod paste;
pub mod proxy;
pub mod scale;
pub mod simulation;
pub mod trial;
