//! The stack that is examined: its resources by their names in the template, and how to ask AWS about them.

use std::collections::BTreeMap;

use crate::aws_json::AwsJson;
use crate::stack::Stack;

use super::finding::Unread;

/// A resource of the stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Resource {
    /// Its name in the template.
    pub(super) logical: String,
    /// Its name or ARN in AWS.
    pub(super) physical: String,
    kind: String,
}

/// The stack that is examined.
#[derive(Debug)]
pub(super) struct Examined {
    pub(super) stack: Stack,
    pub(super) json: AwsJson,
    pub(super) options: String,
    resources: Vec<Resource>,
}

impl Examined {
    /// Lists the stack's resources.
    pub(super) async fn list(stack: Stack, options: String) -> Result<Self, Unread> {
        const RIGHT: &str = "cloudformation:ListStackResources";
        let client = aws_sdk_cloudformation::Client::new(&stack.config);
        let request = client.list_stack_resources().stack_name(stack.name());
        let mut pages = request.into_paginator().send();
        let mut resources = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| Unread::sdk(RIGHT, &error))?;
            let summaries = page.stack_resource_summaries().iter();
            resources.extend(summaries.filter_map(|summary| {
                Some(Resource {
                    logical: summary.logical_resource_id()?.to_owned(),
                    physical: summary.physical_resource_id()?.to_owned(),
                    kind: summary.resource_type()?.to_owned(),
                })
            }));
        }
        Ok(Self {
            json: AwsJson::new(&stack.config),
            stack,
            options,
            resources,
        })
    }

    /// The resources of a type.
    pub(super) fn of_type(&self, kind: &str) -> impl Iterator<Item = &Resource> {
        let resources = self.resources.iter();
        resources.filter(move |resource| resource.kind == kind)
    }

    /// The name in AWS of a resource of the template.
    pub(super) fn physical(&self, logical: &str) -> Option<&str> {
        let mut resources = self.resources.iter();
        let found = resources.find(|resource| resource.logical == logical);
        found.map(|resource| resource.physical.as_str())
    }

    /// The names in AWS of the functions, by those in the template.
    pub(super) fn functions(&self) -> BTreeMap<&str, &str> {
        let functions = self.of_type("AWS::Lambda::Function");
        functions
            .map(|function| (function.logical.as_str(), function.physical.as_str()))
            .collect()
    }

    /// The providers that the stack has a receiver for.
    pub(super) fn providers(&self) -> Vec<&str> {
        let functions = self.functions().into_keys();
        let names = functions.filter_map(|name| name.strip_suffix("Function"));
        names.filter(|name| !OTHERS.contains(name)).collect()
    }
}

/// The functions that are no receivers.
const OTHERS: [&str; 3] = ["Processor", "Relay", "Reconciler"];
