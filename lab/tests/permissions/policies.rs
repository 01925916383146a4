//! Who may do what, as the rendered template says: the functions' roles and the resources' policies.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::rendering::Rendering;

/// The role of a function.
#[derive(Clone)]
pub(crate) struct Role {
    /// The function's name without the stack's.
    pub(crate) function: String,
    pub(crate) id: String,
    pub(crate) arn: String,
    pub(crate) grants: Vec<Grant>,
}

/// A statement of a role, and the line of the template that it stands in.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Grant {
    pub(crate) sid: String,
    pub(crate) line: usize,
    pub(crate) statement: Value,
}

impl Role {
    /// The role's policy without one of its statements, if one is named.
    pub(crate) fn policy_without(&self, sid: Option<&str>) -> Value {
        let kept = self.grants.iter().filter(|grant| Some(&*grant.sid) != sid);
        let statements: Vec<&Value> = kept.map(|grant| &grant.statement).collect();
        json!({"Version": "2012-10-17", "Statement": statements})
    }
}

/// The roles of all functions.
pub(crate) fn roles(rendering: &Rendering, text: &str) -> Vec<Role> {
    let roles = rendering.resources("AWS::IAM::Role");
    let functions = rendering.resources("AWS::Serverless::Function");
    let role_of = |(_, function): (&String, &Value)| {
        let arn = function["Role"].as_str().expect("a role").to_owned();
        let (id, role) = roles
            .iter()
            .find(|(id, _)| rendering.arn(id) == arn)
            .expect("a role of the template");
        let policies = role["Policies"].as_array().expect("policies");
        let statements = policies
            .iter()
            .flat_map(|policy| policy["PolicyDocument"]["Statement"].as_array())
            .flatten();
        let grants = statements.map(|statement| {
            let sid = statement["Sid"].as_str().expect("a name").to_owned();
            Grant {
                line: line(text, id, &sid),
                sid,
                statement: statement.clone(),
            }
        });
        Role {
            function: name(function),
            grants: grants.collect(),
            id: id.clone(),
            arn,
        }
    };
    functions.iter().map(role_of).collect()
}

/// A function's name without the stack's.
pub(crate) fn name(function: &Value) -> String {
    let whole = function["FunctionName"].as_str().expect("a name");
    whole.rsplit('-').next().expect("a word").to_owned()
}

/// The line of a statement of a role, which may stand in the loop over the providers.
fn line(text: &str, role: &str, sid: &str) -> usize {
    let alone = format!("{role}:");
    let found = |line: &str| line.trim() == alone;
    let heading = if text.lines().any(found) {
        alone.as_str()
    } else {
        "${Provider}Role:"
    };
    let mut lines = text.lines().enumerate();
    lines
        .by_ref()
        .find(|(_, line)| line.trim() == heading)
        .expect("the role");
    let named = format!("Sid: {sid}");
    let at = lines
        .find(|(_, line)| line.trim_end().ends_with(&named) || line.contains(&format!("{named},")));
    at.expect("the statement").0 + 1
}

/// The policies of resources, by the ARNs that they hold for.
pub(crate) fn resource_policies(rendering: &Rendering) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    for policy in rendering.resources("AWS::SQS::QueuePolicy").into_values() {
        for url in policy["Queues"].as_array().expect("queues") {
            let name = url.as_str().and_then(|url| url.rsplit('/').next());
            let queues = rendering.resources("AWS::SQS::Queue");
            let mut arns = queues.keys().map(|id| rendering.arn(id));
            let arn = arns.find(|arn| arn.rsplit(':').next() == name);
            found.insert(arn.expect("the queue"), policy["PolicyDocument"].clone());
        }
    }
    for policy in rendering.resources("AWS::SNS::TopicPolicy").into_values() {
        for topic in policy["Topics"].as_array().expect("topics") {
            let arn = topic.as_str().expect("an ARN").to_owned();
            found.insert(arn, policy["PolicyDocument"].clone());
        }
    }
    for policy in rendering.resources("AWS::S3::BucketPolicy").into_values() {
        let bucket = policy["Bucket"].as_str().expect("a bucket");
        let document = policy["PolicyDocument"].clone();
        found.insert(format!("arn:aws:s3:::{bucket}"), document);
    }
    for (id, bus) in rendering.resources("AWS::Events::EventBus") {
        found.insert(rendering.arn(&id), bus["Policy"].clone());
    }
    found
}
