//! What `webhooks dev` opens on a person's machine, and what it leaves there.

mod alone;
mod deaths;
mod dev;
mod doors;
mod pages;
mod printed;
mod remains;
mod secrets;
