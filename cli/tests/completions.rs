//! `webhooks completions`: what the shells are given is a script of theirs that knows the commands.

use std::process::Command;

#[test]
fn each_shell_gets_a_script_with_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let output = Command::new(env!("CARGO_BIN_EXE_webhooks"))
            .args(["completions", shell])
            .output()
            .expect("it runs");
        assert!(output.status.success());
        let script = String::from_utf8(output.stdout).expect("text");
        for word in ["dead-letters", "issues", "replay", "completions"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
        if shell == "bash" {
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("completions");
            std::fs::write(&path, script).expect("written");
            let check = Command::new("bash").arg("-n").arg(&path).status();
            assert!(check.expect("bash is there").success());
        }
    }
    let wrong = Command::new(env!("CARGO_BIN_EXE_webhooks"))
        .args(["completions", "cmd"])
        .output()
        .expect("it runs");
    assert_eq!(wrong.status.code(), Some(2));
}
