//! The providers' own SDKs and an evaluator of IAM policies, asked over a pipe.

#![allow(
    dead_code,
    reason = "every test binary compiles this module and uses a part of it"
)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde::Deserialize;
use serde_json::{Value, json};

/// A Node process that answers with what others say.
pub(crate) struct Oracle {
    process: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// What IAM decides about a request.
#[derive(Debug, Deserialize)]
pub(crate) struct Decision {
    pub(crate) allowed: bool,
    /// The role's statements that allow it.
    pub(crate) by: Vec<String>,
    /// Statements that refuse it.
    pub(crate) against: Vec<String>,
    /// Why it could not be evaluated.
    pub(crate) error: Option<String>,
}

impl Oracle {
    pub(crate) fn start() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let node = root.join(".tools/sam/bin/node");
        let script = root.join("cli/tests/oracle/oracle.mjs");
        assert!(
            node.is_file() && script.with_file_name("node_modules").is_dir(),
            "the oracle is not installed; run the tests with: make test"
        );
        let mut process = Command::new(node)
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node starts");
        let requests = process.stdin.take().expect("stdin is piped");
        let answers = BufReader::new(process.stdout.take().expect("stdout is piped"));
        Self {
            process,
            requests,
            answers,
        }
    }

    fn ask(&mut self, request: &Value) -> Value {
        writeln!(self.requests, "{request}").expect("the oracle listens");
        let mut answer = String::new();
        self.answers
            .read_line(&mut answer)
            .expect("the oracle answers");
        serde_json::from_str(&answer).expect("the oracle answers JSON")
    }

    /// The signature that the official SDK makes.
    pub(crate) fn sign(&mut self, request: &Value) -> String {
        let answer = self.ask(&with(request, &json!({"op": "sign"})));
        answer["signature"]
            .as_str()
            .unwrap_or_else(|| panic!("no signature: {answer}"))
            .to_owned()
    }

    /// Whether the official SDK accepts a request; throwing counts as no.
    pub(crate) fn verify(&mut self, request: &Value) -> bool {
        let answer = self.ask(&with(request, &json!({"op": "verify"})));
        answer["valid"].as_bool().unwrap_or(false)
    }

    /// The providers whose SDKs can be asked, and whether they sign.
    pub(crate) fn sdks(&mut self) -> BTreeMap<String, bool> {
        let mut answer = self.ask(&json!({"op": "sdks"}));
        let sdks = serde_json::from_value(answer["sdks"].take());
        sdks.unwrap_or_else(|_| panic!("no SDKs: {answer}"))
    }

    /// The ids of what the official SDK lists that is pointed at a provider's API.
    pub(crate) fn listed(&mut self, provider: &str, url: &str) -> Vec<String> {
        let question = json!({"op": "list", "provider": provider, "url": url});
        let mut answer = self.ask(&question);
        let ids = serde_json::from_value(answer["ids"].take());
        ids.unwrap_or_else(|_| panic!("no list: {answer}"))
    }

    /// What IAM decides about requests; policies are named by their place in the list.
    pub(crate) fn authorize(&mut self, policies: &[Value], requests: &[Value]) -> Vec<Decision> {
        let question = json!({"op": "authorize", "policies": policies, "requests": requests});
        let mut answer = self.ask(&question);
        let decisions = serde_json::from_value(answer["decisions"].take());
        decisions.unwrap_or_else(|_| panic!("no decisions: {answer}"))
    }

    /// GitHub's own example payloads, each with its event name.
    pub(crate) fn examples(&mut self) -> Vec<(String, Value)> {
        let mut answer = self.ask(&json!({"op": "examples"}));
        let examples = answer["examples"]
            .as_array_mut()
            .map(std::mem::take)
            .unwrap_or_default();
        let named = |mut example: Value| {
            (
                example["event"].as_str().unwrap_or_default().to_owned(),
                example["payload"].take(),
            )
        };
        examples.into_iter().map(named).collect()
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        // A failure here means that it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn with(request: &Value, more: &Value) -> Value {
    let members = [request, more]
        .into_iter()
        .filter_map(Value::as_object)
        .flatten();
    members
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}
