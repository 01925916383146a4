//! The lock files: every tool and library that is installed for work on this project is pinned with
//! the digest of what may come in, down to the last one that another one needs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use webhooks_cli::project::Project;

fn root() -> PathBuf {
    let project = Project::around(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("the checkout");
    project.root().to_owned()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Files of the checkout that git knows, by the end of their names.
fn tracked(end: &str) -> Vec<PathBuf> {
    let root = root();
    let output = std::process::Command::new("git")
        .args(["ls-files", "-z", "--", &format!("*{end}")])
        .current_dir(&root)
        .output()
        .expect("git starts");
    assert!(output.status.success(), "git ls-files");
    let names = String::from_utf8(output.stdout).expect("UTF-8");
    let paths = names.split_terminator('\0').map(|name| root.join(name));
    paths.collect()
}

/// Requirements of one of pip's files, each with its options on one line.
fn requirements(path: &Path) -> Vec<String> {
    let text = read(path).replace("\\\n", " ");
    let lines = text.lines().map(str::trim);
    lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_python_package_is_locked_with_its_digests() {
    let wanted = tracked(".in");
    assert!(wanted.len() >= 5, "{wanted:?}");
    for wanted in wanted {
        let path = wanted.with_extension("txt");
        let lock = requirements(&path);
        for requirement in &lock {
            assert!(
                requirement.contains("==") && requirement.contains("--hash=sha256:"),
                "{}: {requirement}",
                path.display()
            );
        }
        for name in requirements(&wanted) {
            let locked = |line: &String| line.split([' ', ';']).next() == Some(name.as_str());
            assert!(
                lock.iter().any(locked),
                "{}: {name}; run `make locks`",
                path.display()
            );
        }
    }
}

#[test]
fn pip_installs_nothing_without_a_digest() {
    let makefile = read(&root().join("Makefile")).replace("\\\n", " ");
    let options = makefile
        .lines()
        .find_map(|line| line.strip_prefix("locked := "))
        .expect("the options of every installation");
    let makefile = makefile.replace("$(locked)", options);
    let installs: Vec<&str> = makefile
        .lines()
        .filter(|line| line.contains("pip install"))
        .collect();
    assert!(!installs.is_empty());
    for line in installs {
        assert!(
            line.contains("--require-hashes") && line.contains("--only-binary :all:"),
            "{line}"
        );
    }
}

#[test]
fn every_npm_package_is_locked_with_its_digest_and_names_no_host() {
    let locks = tracked("package-lock.json");
    assert!(!locks.is_empty());
    for path in locks {
        let lock: Value = serde_json::from_str(&read(&path)).expect("JSON");
        let packages = lock["packages"].as_object().expect("packages");
        let installed: BTreeMap<_, _> = packages
            .iter()
            .filter(|(name, _)| !name.is_empty())
            .collect();
        assert!(!installed.is_empty(), "{}", path.display());
        for (name, package) in installed {
            let integrity = package["integrity"].as_str().unwrap_or_default();
            assert!(integrity.starts_with("sha512-"), "{name}: {package}");
            assert_eq!(package["resolved"], Value::Null, "{name}");
        }
    }
}

#[test]
fn no_lock_names_a_mirror() {
    for path in tracked(".txt").into_iter().chain(tracked(".in")) {
        let text = read(&path);
        assert!(
            !text.contains("://")
                && !text.contains("--index-url")
                && !text.contains("--find-links"),
            "{}",
            path.display()
        );
    }
}
