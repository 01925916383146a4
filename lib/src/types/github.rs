//! GitHub: <https://docs.github.com/en/webhooks/webhook-events-and-payloads>.

use serde::Deserialize;

use super::shape::or_default;

/// `github.push`: commits on a branch, or a tag
/// (<https://docs.github.com/en/webhooks/webhook-events-and-payloads#push>).
#[derive(Clone, Debug, Deserialize)]
pub struct PushEvent {
    /// The branch or tag in full: `refs/heads/main`.
    #[serde(rename = "ref")]
    pub git_ref: String,
    /// The commit before; zeros where it is new.
    pub before: String,
    /// The commit after; zeros where it is deleted.
    pub after: String,
    /// The repository.
    pub repository: Repository,
    /// The branch or tag is new.
    #[serde(default, deserialize_with = "or_default")]
    pub created: bool,
    /// The branch or tag is gone.
    #[serde(default, deserialize_with = "or_default")]
    pub deleted: bool,
    /// The old commit is no ancestor of the new one.
    #[serde(default, deserialize_with = "or_default")]
    pub forced: bool,
    /// The page that shows the difference.
    pub compare: Option<String>,
    /// At most 2048 of the commits, the oldest first.
    #[serde(default, deserialize_with = "or_default")]
    pub commits: Vec<Commit>,
    /// The newest commit.
    pub head_commit: Option<Commit>,
    /// The person who pushed, as git knows them.
    pub pusher: Option<Person>,
    /// The account that pushed.
    pub sender: Option<Account>,
    /// The app's installation.
    pub installation: Option<Installation>,
}

/// `github.pull_request.*`
/// (<https://docs.github.com/en/webhooks/webhook-events-and-payloads#pull_request>).
#[derive(Clone, Debug, Deserialize)]
pub struct PullRequestEvent {
    /// `opened`, `closed`, `synchronize`, `labeled`, ...
    pub action: String,
    /// The pull request.
    pub pull_request: PullRequest,
    /// The repository.
    pub repository: Repository,
    /// The label that was added or removed.
    pub label: Option<Label>,
    /// The account that did it.
    pub sender: Option<Account>,
    /// The app's installation.
    pub installation: Option<Installation>,
}

/// `github.pull_request_review.*`
/// (<https://docs.github.com/en/webhooks/webhook-events-and-payloads#pull_request_review>).
#[derive(Clone, Debug, Deserialize)]
pub struct PullRequestReviewEvent {
    /// `submitted`, `edited` or `dismissed`.
    pub action: String,
    /// The review.
    pub review: Review,
    /// The pull request.
    pub pull_request: PullRequest,
    /// The repository.
    pub repository: Repository,
    /// The account that did it.
    pub sender: Option<Account>,
    /// The app's installation.
    pub installation: Option<Installation>,
}

/// `github.issues.*` (<https://docs.github.com/en/webhooks/webhook-events-and-payloads#issues>).
#[derive(Clone, Debug, Deserialize)]
pub struct IssuesEvent {
    /// `opened`, `closed`, `labeled`, `assigned`, ...
    pub action: String,
    /// The issue.
    pub issue: Issue,
    /// The repository.
    pub repository: Repository,
    /// The label that was added or removed.
    pub label: Option<Label>,
    /// The account that did it.
    pub sender: Option<Account>,
    /// The app's installation.
    pub installation: Option<Installation>,
}

/// `github.issue_comment.*`, of issues and of pull requests
/// (<https://docs.github.com/en/webhooks/webhook-events-and-payloads#issue_comment>).
#[derive(Clone, Debug, Deserialize)]
pub struct IssueCommentEvent {
    /// `created`, `edited` or `deleted`.
    pub action: String,
    /// The comment.
    pub comment: Comment,
    /// The issue or pull request.
    pub issue: Issue,
    /// The repository.
    pub repository: Repository,
    /// The account that did it.
    pub sender: Option<Account>,
    /// The app's installation.
    pub installation: Option<Installation>,
}

/// `github.release.*` (<https://docs.github.com/en/webhooks/webhook-events-and-payloads#release>).
#[derive(Clone, Debug, Deserialize)]
pub struct ReleaseEvent {
    /// `published`, `released`, `edited`, ...
    pub action: String,
    /// The release.
    pub release: Release,
    /// The repository.
    pub repository: Repository,
    /// The account that did it.
    pub sender: Option<Account>,
    /// The app's installation.
    pub installation: Option<Installation>,
}

/// `github.workflow_run.*`
/// (<https://docs.github.com/en/webhooks/webhook-events-and-payloads#workflow_run>).
#[derive(Clone, Debug, Deserialize)]
pub struct WorkflowRunEvent {
    /// `requested`, `in_progress` or `completed`.
    pub action: String,
    /// The run.
    pub workflow_run: WorkflowRun,
    /// The repository.
    pub repository: Repository,
    /// The account that did it.
    pub sender: Option<Account>,
    /// The app's installation.
    pub installation: Option<Installation>,
}

/// A repository.
#[derive(Clone, Debug, Deserialize)]
pub struct Repository {
    /// Owner and name: `octocat/Hello-World`.
    pub full_name: String,
    /// Its id, which a new name does not change.
    pub id: Option<u64>,
    /// The name alone.
    pub name: Option<String>,
    /// The owner.
    pub owner: Option<Account>,
    /// Not public.
    #[serde(default, deserialize_with = "or_default")]
    pub private: bool,
    /// Its page.
    pub html_url: Option<String>,
    /// The URL to clone it from.
    pub clone_url: Option<String>,
    /// The default branch.
    pub default_branch: Option<String>,
}

/// A user, bot or organisation.
#[derive(Clone, Debug, Deserialize)]
pub struct Account {
    /// Its id, which a new name does not change.
    pub id: Option<u64>,
    /// Its name.
    pub login: Option<String>,
    /// `User`, `Bot` or `Organization`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
}

/// An author, committer or pusher, as git knows them.
#[derive(Clone, Debug, Deserialize)]
pub struct Person {
    /// The name.
    pub name: Option<String>,
    /// The address.
    pub email: Option<String>,
    /// The account on GitHub.
    pub username: Option<String>,
}

/// An app's installation.
#[derive(Clone, Debug, Deserialize)]
pub struct Installation {
    /// Its id, for which an app gets its tokens.
    pub id: u64,
}

/// A commit of a push.
#[derive(Clone, Debug, Deserialize)]
pub struct Commit {
    /// Its hash.
    pub id: String,
    /// The message.
    pub message: Option<String>,
    /// The committer's time, ISO 8601.
    pub timestamp: Option<String>,
    /// Its page.
    pub url: Option<String>,
    /// The author.
    pub author: Option<Person>,
    /// The committer.
    pub committer: Option<Person>,
    /// New files.
    #[serde(default, deserialize_with = "or_default")]
    pub added: Vec<String>,
    /// Changed files.
    #[serde(default, deserialize_with = "or_default")]
    pub modified: Vec<String>,
    /// Removed files.
    #[serde(default, deserialize_with = "or_default")]
    pub removed: Vec<String>,
}

/// A pull request.
#[derive(Clone, Debug, Deserialize)]
pub struct PullRequest {
    /// Its number in the repository.
    pub number: u64,
    /// `open` or `closed`.
    pub state: String,
    /// The title.
    pub title: Option<String>,
    /// The text.
    pub body: Option<String>,
    /// The author.
    pub user: Option<Account>,
    /// Not ready yet.
    #[serde(default, deserialize_with = "or_default")]
    pub draft: bool,
    /// Merged. The events of reviews do not say so.
    #[serde(default, deserialize_with = "or_default")]
    pub merged: bool,
    /// The commit that it was merged as, or would be.
    pub merge_commit_sha: Option<String>,
    /// The branch with the changes.
    pub head: Option<Branch>,
    /// The branch that is to take them.
    pub base: Option<Branch>,
    /// Labels.
    #[serde(default, deserialize_with = "or_default")]
    pub labels: Vec<Label>,
    /// Its page.
    pub html_url: Option<String>,
}

/// One side of a pull request.
#[derive(Clone, Debug, Deserialize)]
pub struct Branch {
    /// The branch.
    #[serde(rename = "ref")]
    pub git_ref: String,
    /// Its newest commit.
    pub sha: String,
    /// Its repository; none where a fork is gone.
    pub repo: Option<Repository>,
}

/// A review of a pull request.
#[derive(Clone, Debug, Deserialize)]
pub struct Review {
    /// Its id.
    pub id: u64,
    /// `approved`, `changes_requested`, `commented` or `dismissed`.
    pub state: String,
    /// The text.
    pub body: Option<String>,
    /// The reviewer.
    pub user: Option<Account>,
    /// Its page.
    pub html_url: Option<String>,
}

/// An issue, or a pull request as an issue.
#[derive(Clone, Debug, Deserialize)]
pub struct Issue {
    /// Its number in the repository.
    pub number: u64,
    /// The title.
    pub title: Option<String>,
    /// The text.
    pub body: Option<String>,
    /// `open` or `closed`.
    pub state: Option<String>,
    /// The author.
    pub user: Option<Account>,
    /// The people who are to do it.
    #[serde(default, deserialize_with = "or_default")]
    pub assignees: Vec<Account>,
    /// Labels.
    #[serde(default, deserialize_with = "or_default")]
    pub labels: Vec<Label>,
    /// Its page.
    pub html_url: Option<String>,
}

/// A comment.
#[derive(Clone, Debug, Deserialize)]
pub struct Comment {
    /// Its id.
    pub id: u64,
    /// The text.
    pub body: Option<String>,
    /// The author.
    pub user: Option<Account>,
    /// Its page.
    pub html_url: Option<String>,
}

/// A label.
#[derive(Clone, Debug, Deserialize)]
pub struct Label {
    /// The name.
    pub name: String,
}

/// A release.
#[derive(Clone, Debug, Deserialize)]
pub struct Release {
    /// Its id.
    pub id: u64,
    /// The tag.
    pub tag_name: String,
    /// The title.
    pub name: Option<String>,
    /// The notes.
    pub body: Option<String>,
    /// Not published yet.
    #[serde(default, deserialize_with = "or_default")]
    pub draft: bool,
    /// Not for production.
    #[serde(default, deserialize_with = "or_default")]
    pub prerelease: bool,
    /// Its page.
    pub html_url: Option<String>,
}

/// A run of a workflow.
#[derive(Clone, Debug, Deserialize)]
pub struct WorkflowRun {
    /// Its id.
    pub id: u64,
    /// The workflow's name.
    pub name: Option<String>,
    /// `queued`, `in_progress`, `completed`, ...
    pub status: Option<String>,
    /// `success`, `failure`, `cancelled`, ...; none before it has ended.
    pub conclusion: Option<String>,
    /// The event that started it.
    pub event: Option<String>,
    /// The branch.
    pub head_branch: Option<String>,
    /// The commit.
    pub head_sha: Option<String>,
    /// The number of this attempt, from 1.
    pub run_attempt: Option<u64>,
    /// Its page.
    pub html_url: Option<String>,
}
