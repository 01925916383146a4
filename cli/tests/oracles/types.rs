//! GitHub's own example payloads, read as the types that handlers get.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use webhooks::types::github;

use crate::oracle::Oracle;

#[test]
fn every_example_payload_of_octokit_is_read_as_its_type() {
    let mut read = BTreeMap::new();
    for (event, payload) in Oracle::start().examples() {
        let text = payload.to_string();
        let error = match &*event {
            "issue_comment" => misread::<github::IssueCommentEvent>(&text),
            "issues" => misread::<github::IssuesEvent>(&text),
            "pull_request" => misread::<github::PullRequestEvent>(&text),
            "pull_request_review" => misread::<github::PullRequestReviewEvent>(&text),
            "push" => misread::<github::PushEvent>(&text),
            "release" => misread::<github::ReleaseEvent>(&text),
            "workflow_run" => misread::<github::WorkflowRunEvent>(&text),
            _ => continue,
        };
        assert!(error.is_none(), "{event}: {error:?}: {text}");
        *read.entry(event).or_insert(0) += 1;
    }
    assert_eq!(read.len(), 7, "{read:?}");
    assert!(read.values().sum::<u32>() >= 90, "{read:?}");
}

fn misread<T: DeserializeOwned>(text: &str) -> Option<serde_json::Error> {
    serde_json::from_str::<T>(text).err()
}
