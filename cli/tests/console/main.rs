//! `webhooks console`: what a stranger gets of it, what its pages show, and a real browser that walks them.

#[path = "../command/mod.rs"]
mod command;
mod console;
#[path = "../../../lib/tests/support/mod.rs"]
mod support;

mod browser;
mod pages;
mod replays;
mod safety;
