//! Linear: <https://linear.app/developers/webhooks>. Times are ISO 8601.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::shape::or_default;

/// `linear.Issue.create`, `linear.Comment.update`, ...: an object was made, changed or removed. `T` is
/// the object's type.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event<T = Box<RawValue>> {
    /// `create`, `update` or `remove`.
    pub action: String,
    /// The type of the object: `Issue`, `Comment`, ...
    #[serde(rename = "type")]
    pub kind: String,
    /// The object.
    pub data: T,
    /// The person, integration or automation that did it.
    pub actor: Option<Actor>,
    /// The time of the action.
    pub created_at: Option<String>,
    /// The page of the object.
    pub url: Option<String>,
    /// The fields that an update changed, with the values before.
    pub updated_from: Option<Box<RawValue>>,
    /// The workspace.
    pub organization_id: Option<String>,
    /// The webhook.
    pub webhook_id: Option<String>,
    /// The time of the delivery, in milliseconds since the Unix epoch.
    pub webhook_timestamp: Option<i64>,
}

/// A person, integration or automation.
#[derive(Clone, Debug, Deserialize)]
pub struct Actor {
    /// Its id.
    pub id: Option<String>,
    /// `user`, `integration` or `oauthClient`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// The name.
    pub name: Option<String>,
    /// The address.
    pub email: Option<String>,
}

/// An issue.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Issue {
    /// Its id.
    pub id: String,
    /// The name that people see: `ENG-42`.
    pub identifier: Option<String>,
    /// The title.
    pub title: Option<String>,
    /// The text, in Markdown.
    pub description: Option<String>,
    /// From 1, urgent, to 4, low; 0 is none.
    pub priority: Option<i64>,
    /// The state in the team's workflow.
    pub state: Option<State>,
    /// The team.
    pub team: Option<Team>,
    /// The person who is to do it.
    pub assignee: Option<User>,
    /// Labels.
    #[serde(default, deserialize_with = "or_default")]
    pub labels: Vec<Label>,
    /// The page.
    pub url: Option<String>,
}

/// A comment.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Comment {
    /// Its id.
    pub id: String,
    /// The text, in Markdown.
    pub body: Option<String>,
    /// The issue's id.
    pub issue_id: Option<String>,
    /// The issue.
    pub issue: Option<Issue>,
    /// The author; none of a bot's.
    pub user: Option<User>,
}

/// A state in a workflow.
#[derive(Clone, Debug, Deserialize)]
pub struct State {
    /// Its id.
    pub id: Option<String>,
    /// The name.
    pub name: Option<String>,
    /// `unstarted`, `started`, `completed`, `canceled`, ...
    #[serde(rename = "type")]
    pub kind: Option<String>,
}

/// A team.
#[derive(Clone, Debug, Deserialize)]
pub struct Team {
    /// Its id.
    pub id: Option<String>,
    /// The letters before its issues' numbers: `ENG`.
    pub key: Option<String>,
    /// The name.
    pub name: Option<String>,
}

/// A person.
#[derive(Clone, Debug, Deserialize)]
pub struct User {
    /// Its id.
    pub id: Option<String>,
    /// The name.
    pub name: Option<String>,
    /// The address.
    pub email: Option<String>,
}

/// A label.
#[derive(Clone, Debug, Deserialize)]
pub struct Label {
    /// Its id.
    pub id: Option<String>,
    /// The name.
    pub name: Option<String>,
}
