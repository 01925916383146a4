//! The judgement of roles: IAM's own, over the policies of the template.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use webhooks_cli::template::Template;

use crate::oracle::{Decision, Oracle};
use crate::policies::{Grant, Role, resource_policies, roles};
use crate::rendering::{ACCOUNT, Rendering};
use crate::request::Request;
use crate::{SECRETS_KEY, project};

/// The policies of a rendered template, and IAM's judgement.
pub(crate) struct Court {
    pub(crate) oracle: Oracle,
    pub(crate) roles: Vec<Role>,
    /// The providers in the template's list.
    pub(crate) providers: Vec<String>,
    pub(crate) resources: BTreeMap<String, Value>,
}

impl Court {
    pub(crate) fn of(names: BTreeMap<String, String>, given: &[(&str, &str)]) -> (Self, Rendering) {
        let path = project().root().join("template.yaml");
        let text = std::fs::read_to_string(&path).expect("the template is there");
        let template = Template::read(&path).expect("a template");
        let given = [given, &[("Samples", "true")]].concat();
        let rendering = Rendering::new(&template, names, &given);
        let providers = template.functions().into_iter();
        let providers = providers.flat_map(|function| function.providers).collect();
        let mut resources = resource_policies(&rendering);
        // What a key's policy says as it comes: IAM decides.
        let key = json!({"Version": "2012-10-17", "Statement": [{
            "Sid": "Account", "Effect": "Allow", "Action": "kms:*", "Resource": "*",
            "Principal": {"AWS": format!("arn:aws:iam::{ACCOUNT}:root")},
        }]});
        resources.insert(SECRETS_KEY.to_owned(), key);
        let court = Self {
            oracle: Oracle::start(),
            roles: roles(&rendering, &text),
            providers,
            resources,
        };
        (court, rendering)
    }

    /// Decides requests of one principal under one policy and the policies of the resources.
    pub(crate) fn decide<'a>(
        &mut self,
        principal: &str,
        policy: Value,
        requests: impl IntoIterator<Item = &'a Request>,
        secure: bool,
    ) -> Vec<Decision> {
        let mut policies = vec![policy];
        policies.extend(self.resources.values().cloned());
        let asked = requests.into_iter().map(|request| {
            let bucket = request.resource.split('/').next().unwrap_or_default();
            let of = |arn: &String| *arn == request.resource || arn == bucket;
            let at = self.resources.keys().position(of).map(|at| at + 1);
            let mut keys = request.keys.clone();
            keys.insert("aws:SecureTransport".to_owned(), vec![secure.to_string()]);
            keys.insert("aws:PrincipalArn".to_owned(), vec![principal.to_owned()]);
            keys.insert(
                "aws:PrincipalIsAWSService".to_owned(),
                vec!["false".to_owned()],
            );
            let keys: BTreeMap<_, _> = keys
                .into_iter()
                .map(|(key, values)| (key.clone(), one_or_all(&key, values)))
                .collect();
            json!({
                "principal": principal, "action": request.action, "resource": request.resource,
                "keys": keys, "identity": 0, "resourcePolicy": at,
            })
        });
        let asked: Vec<Value> = asked.collect();
        self.oracle.authorize(&policies, &asked)
    }

    /// What is denied to a role, and which of its grants nothing used.
    pub(crate) fn judge(
        &mut self,
        role: &Role,
        needs: &BTreeSet<Request>,
        without: Option<&str>,
    ) -> Verdict {
        let decisions = self.decide(&role.arn, role.policy_without(without), needs, true);
        assert_eq!(decisions.len(), needs.len());
        let mut verdict = Verdict::default();
        let mut used = BTreeSet::new();
        for (request, decision) in needs.iter().zip(decisions) {
            if !decision.allowed {
                verdict
                    .denied
                    .push(format!("{} may not {request:?}: {decision:?}", role.id));
            }
            used.extend(decision.by);
        }
        let unused = |grant: &&Grant| Some(&*grant.sid) != without && !used.contains(&grant.sid);
        verdict.unused = role.grants.iter().filter(unused).cloned().collect();
        verdict
    }
}

/// Keys of one value are text, lists are lists.
fn one_or_all(key: &str, mut values: Vec<String>) -> Value {
    if key == "dynamodb:LeadingKeys" {
        json!(values)
    } else {
        json!(values.pop())
    }
}

/// What is wrong with a role.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) denied: Vec<String>,
    pub(crate) unused: Vec<Grant>,
}

pub(crate) fn place(role: &Role, grant: &Grant) -> String {
    format!("template.yaml:{}: {} of {}", grant.line, grant.sid, role.id)
}
