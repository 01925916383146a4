//! The handler that the pages show is the one that is compiled and tested here.

use std::fs;

use crate::deliveries::path;

const HANDLER: &str = include_str!("invoices.rs");

fn page(name: &str) -> String {
    fs::read_to_string(path(name)).expect("the page is there")
}

#[test]
fn the_page_on_handlers_shows_this_file() {
    let shown = format!("```rust\n{HANDLER}```\n");
    assert!(page("docs/handlers.md").contains(&shown));
}

#[test]
fn the_first_page_shows_its_handler() {
    let (_, handler) = HANDLER.split_once("pub(crate)").expect("a handler");
    let (handler, _) = handler.split_once("#[cfg(test)]").expect("tests");
    let lines = format!("pub(crate){handler}");
    let indented = lines.trim_end().lines().map(|line| format!("    {line}"));
    let shown: Vec<String> = indented.collect();
    assert!(page("README.md").contains(&shown.join("\n")));
}
