//! The functions are built without the types, and the types need nothing.

use std::process::Command;

use crate::deliveries::path;

/// What cargo would build, with the features.
fn tree(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--prefix", "none"])
        .args(arguments)
        .current_dir(path(""))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn no_function_is_built_with_the_types() {
    let built = tree(&["--edges", "normal,features"]);
    assert!(built.contains("webhooks feature \"default\""), "{built}");
    assert!(!built.contains("feature \"types"), "{built}");
}

#[test]
fn the_types_need_no_crate_that_the_library_does_not() {
    let library = ["--package", "webhooks", "--edges", "normal,build"];
    let with = [&library[..], &["--features", "types"]].concat();
    assert_eq!(tree(&library), tree(&with));
}
