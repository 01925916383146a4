//! What `webhooks dev` opens on a person's machine, and what it leaves there.

mod dev;
mod doors;
mod pages;
mod remains;
mod secrets;
