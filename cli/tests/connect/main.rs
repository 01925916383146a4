//! `webhooks connect` and `webhooks rotate`, against the emulator and APIs of the official descriptions, against which the
//! official SDKs work as well.

mod documented;
mod github;
mod gitlab;
mod linear;
mod place;
mod receiver;
mod reconcile;
mod rotate;
mod stripe;
mod telegram;
mod twilio;
