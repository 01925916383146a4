//! The command `webhooks`.

pub mod failure;
pub mod project;
pub mod verify;
