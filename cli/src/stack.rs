//! A stack: where its table, its queues and its secrets are, in the emulator or on AWS.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use aws_config::SdkConfig;
use aws_sdk_cloudformation::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_cloudformation::operation::describe_stacks::DescribeStacksError;
use aws_sdk_cloudformation::types::{Parameter, Stack as Described};
use aws_sdk_sqs::types::QueueAttributeName;
use aws_sdk_ssm::types::{ParameterHistory, ParameterType};
use webhooks::bucket::Bucket;
use webhooks::ledger::Ledger;
use webhooks::provider::catalog;
use webhooks::queue::Queue;
use webhooks::scheme::development;
use webhooks::secret::Secret;
use webhooks::timestamp::Timestamp;

use crate::account::chain;
use crate::failure::Failure;
use crate::parameters;
use crate::template::Template;

/// The name of the local stack, and of the deployed one unless it is told otherwise.
pub const NAME: &str = "webhooks";

/// A stack and its outputs.
#[derive(Clone, Debug)]
pub struct Stack {
    /// The SDK's configuration that reaches it.
    pub config: SdkConfig,
    name: String,
    outputs: BTreeMap<String, String>,
    retention: Duration,
}

/// The secrets of a source at one time.
#[derive(Clone, Debug)]
pub struct SecretVersion {
    /// The version of the parameter.
    pub number: i64,
    /// The time from which on it was so.
    pub at: Timestamp,
    /// The secrets, the current one first.
    pub secrets: Vec<Secret>,
}

impl SecretVersion {
    fn of(parameter: &ParameterHistory) -> Option<Self> {
        let at = parameter.last_modified_date()?.to_millis().ok()?;
        Some(Self {
            number: parameter.version(),
            at: Timestamp::from_millis(at),
            secrets: Secret::lines(parameter.value()?),
        })
    }
}

/// The value of the parameter `RetentionDays` where it is left out.
const RETENTION_DAYS: u64 = 30;

impl Stack {
    /// Looks a stack up.
    ///
    /// # Errors
    /// [`Failure`] when there is none of that name, or AWS does not answer.
    pub async fn find(config: SdkConfig, name: &str) -> Result<Self, Failure> {
        let client = aws_sdk_cloudformation::Client::new(&config);
        let described = client.describe_stacks().stack_name(name).send().await;
        let described = described.map_err(|error| not_described(name, &error))?;
        let outputs = described.stacks().first().map(outputs).unwrap_or_default();
        Ok(Self {
            config,
            name: name.to_owned(),
            outputs,
            retention: described
                .stacks()
                .first()
                .map(retention)
                .unwrap_or_default(),
        })
    }

    /// Makes the template's data resources in an emulator, and a secret for every provider.
    ///
    /// # Errors
    /// [`Failure`] when the emulator refuses something.
    pub async fn create(
        config: SdkConfig,
        template: &Template,
    ) -> Result<(Self, BTreeMap<String, String>), Failure> {
        let (stack, environment) = Self::create_without_secrets(config, template).await?;
        for function in template.functions() {
            for provider in &function.providers {
                let secret = development_secret(provider);
                stack.put_secret(provider, "default", &secret).await?;
            }
        }
        Ok((stack, environment))
    }

    /// Makes the template's data resources in an emulator.
    ///
    /// # Errors
    /// As [`Stack::create`].
    pub async fn create_without_secrets(
        config: SdkConfig,
        template: &Template,
    ) -> Result<(Self, BTreeMap<String, String>), Failure> {
        let data = template.data_stack()?;
        let client = aws_sdk_cloudformation::Client::new(&config);
        let parameter = |(name, value): (&str, &str)| {
            let parameter = Parameter::builder().parameter_key(name);
            parameter.parameter_value(value).build()
        };
        let parameters = [("DeletionProtection", "false"), ("Samples", "true")];
        client
            .create_stack()
            .stack_name(NAME)
            .template_body(data.body)
            .set_parameters(Some(parameters.map(parameter).to_vec()))
            .send()
            .await
            .map_err(|error| Failure::new("the data resources of template.yaml", error))?;
        let stack = Self::find(config, NAME).await?;
        let environment = data
            .variables
            .iter()
            .map(|(output, variable)| Ok((variable.clone(), stack.output(output)?.to_owned())))
            .collect::<Result<_, Failure>>()?;
        Ok((stack, environment))
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// One of the stack's outputs.
    ///
    /// # Errors
    /// [`Failure`] when the stack has none of that name.
    pub fn output(&self, name: &str) -> Result<&str, Failure> {
        match self.outputs.get(name) {
            Some(value) => Ok(value),
            None => Err(Failure::of(format!(
                "the stack {} has no output {name}",
                self.name
            ))),
        }
    }

    /// The stack's ledger.
    ///
    /// # Errors
    /// [`Failure`] when the stack does not name its table.
    pub fn ledger(&self) -> Result<Ledger, Failure> {
        let client = aws_sdk_dynamodb::Client::new(&self.config);
        Ok(Ledger::new(client, self.output("TableName")?))
    }

    /// The stack's bucket of large payloads.
    ///
    /// # Errors
    /// [`Failure`] when the stack does not name it.
    pub fn bucket(&self) -> Result<Bucket, Failure> {
        Ok(Bucket::new(&self.config, self.output("PayloadsBucket")?))
    }

    /// The stack's queue.
    ///
    /// # Errors
    /// [`Failure`] when the stack does not name it.
    pub fn queue(&self) -> Result<Queue, Failure> {
        let client = aws_sdk_sqs::Client::new(&self.config);
        Ok(Queue::new(client, self.output("QueueUrl")?))
    }

    /// Waits until no message is in the queue, visible or not: whatever has not happened by then
    /// will not happen.
    ///
    /// # Errors
    /// [`Failure`] when the queue does not answer, or still has messages at the deadline.
    pub async fn quiet(&self, deadline: Instant) -> Result<(), Failure> {
        let sqs = aws_sdk_sqs::Client::new(&self.config);
        let waiting = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
        ];
        loop {
            let request = sqs
                .get_queue_attributes()
                .queue_url(self.output("QueueUrl")?)
                .set_attribute_names(Some(waiting.to_vec()));
            let answer = request
                .send()
                .await
                .map_err(|error| Failure::new("the queue", error))?;
            let counts = answer.attributes.unwrap_or_default();
            let none = |name| counts.get(name).is_some_and(|count| count == "0");
            if waiting.iter().all(none) {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(Failure::of(format!(
                    "messages stay in the queue: {counts:?}"
                )));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The time that its ledger keeps an event.
    pub fn retention(&self) -> Duration {
        self.retention
    }

    /// Sets the secrets of a source, one a line.
    ///
    /// # Errors
    /// [`Failure`] when SSM does not take them.
    pub async fn put_secret(
        &self,
        provider: &str,
        source: &str,
        secrets: &str,
    ) -> Result<(), Failure> {
        let path = self.output("SecretsPath")?;
        let name = format!("{path}/{provider}/{source}");
        self.put_parameter(name, secrets, ParameterType::SecureString)
            .await
    }

    /// Removes the secrets of a source.
    ///
    /// # Errors
    /// [`Failure`] when SSM does not do it.
    pub async fn remove_secret(&self, provider: &str, source: &str) -> Result<(), Failure> {
        let path = self.output("SecretsPath")?;
        let name = format!("{path}/{provider}/{source}");
        let client = aws_sdk_ssm::Client::new(&self.config);
        match client.delete_parameter().name(&name).send().await {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(error) if error.is_parameter_not_found() => Ok(()),
                _ => Err(Failure::new(format!("the parameter {name}"), error)),
            },
        }
    }

    /// Registers a source, unless it is there already; says whether it was not.
    ///
    /// # Errors
    /// [`Failure`] when SSM does not take its secret.
    pub async fn register(
        &self,
        provider: &str,
        source: &str,
        secret: &str,
    ) -> Result<bool, Failure> {
        let path = self.output("SecretsPath")?;
        let name = format!("{path}/{provider}/{source}");
        let request = aws_sdk_ssm::Client::new(&self.config)
            .put_parameter()
            .name(&name)
            .value(secret);
        let put = request.r#type(ParameterType::SecureString).overwrite(false);
        match put.send().await {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(error) if error.is_parameter_already_exists() => Ok(false),
                _ => Err(Failure::new(format!("the parameter {name}"), error)),
            },
        }
    }

    /// The secrets of a source, the current one first; none where it is not registered.
    ///
    /// # Errors
    /// [`Failure`] when SSM does not answer.
    pub async fn secrets(&self, provider: &str, source: &str) -> Result<Vec<Secret>, Failure> {
        let path = self.output("SecretsPath")?;
        let value = self
            .parameter(format!("{path}/{provider}/{source}"))
            .await?;
        Ok(value.map_or(Vec::new(), |value| Secret::lines(&value)))
    }

    /// The secrets that a source has had, the oldest version first, as far back as SSM keeps them: 100 versions.
    ///
    /// # Errors
    /// [`Failure`] when SSM does not answer.
    pub async fn secret_versions(
        &self,
        provider: &str,
        source: &str,
    ) -> Result<Vec<SecretVersion>, Failure> {
        let path = self.output("SecretsPath")?;
        let name = format!("{path}/{provider}/{source}");
        let client = aws_sdk_ssm::Client::new(&self.config);
        let request = client.get_parameter_history().name(&name);
        let mut pages = request.with_decryption(true).into_paginator().send();
        let mut versions = Vec::new();
        while let Some(page) = pages.next().await {
            let page =
                page.map_err(|error| Failure::new(format!("the parameter {name}"), error))?;
            versions.extend(page.parameters().iter().filter_map(SecretVersion::of));
        }
        versions.sort_by_key(|version| version.number);
        Ok(versions)
    }

    /// The settings of a source, if it has any.
    ///
    /// # Errors
    /// [`Failure`] when SSM does not answer.
    pub async fn settings(&self, provider: &str, source: &str) -> Result<Option<String>, Failure> {
        let path = self.output("SecretsPath")?;
        self.parameter(format!("{path}/{provider}/{source}/settings"))
            .await
    }

    async fn parameter(&self, name: String) -> Result<Option<String>, Failure> {
        let client = aws_sdk_ssm::Client::new(&self.config);
        let request = client.get_parameter().name(&name).with_decryption(true);
        match request.send().await {
            Ok(found) => Ok(found.parameter.and_then(|parameter| parameter.value)),
            Err(error) => match error.as_service_error() {
                Some(error) if error.is_parameter_not_found() => Ok(None),
                _ => Err(Failure::new(format!("the parameter {name}"), error)),
            },
        }
    }

    /// Sets the settings of a source, a JSON object.
    ///
    /// # Errors
    /// [`Failure`] when SSM does not take them.
    pub async fn put_settings(
        &self,
        provider: &str,
        source: &str,
        settings: &str,
    ) -> Result<(), Failure> {
        let path = self.output("SecretsPath")?;
        let name = format!("{path}/{provider}/{source}/settings");
        self.put_parameter(name, settings, ParameterType::String)
            .await
    }

    async fn put_parameter(
        &self,
        name: String,
        value: &str,
        kind: ParameterType,
    ) -> Result<(), Failure> {
        let request = aws_sdk_ssm::Client::new(&self.config)
            .put_parameter()
            .name(&name)
            .value(value);
        let put = request.r#type(kind).overwrite(true).send().await;
        put.map_err(|error| Failure::new(format!("the parameter {name}"), error))?;
        Ok(())
    }

    /// The credential for the API of a source's provider, if there is one.
    ///
    /// # Errors
    /// [`Failure`] when SSM does not answer.
    pub async fn credential(
        &self,
        provider: &str,
        source: &str,
    ) -> Result<Option<String>, Failure> {
        let path = self.output("CredentialsPath")?;
        self.parameter(format!("{path}/{provider}/{source}")).await
    }

    /// Sets the credential for the API of a source's provider.
    ///
    /// # Errors
    /// [`Failure`] when SSM does not take it.
    pub async fn put_credential(
        &self,
        provider: &str,
        source: &str,
        credential: &str,
    ) -> Result<(), Failure> {
        let path = self.output("CredentialsPath")?;
        let name = format!("{path}/{provider}/{source}");
        self.put_parameter(name, credential, ParameterType::SecureString)
            .await
    }

    /// Those of the providers that the stack has a receiver for.
    ///
    /// # Errors
    /// [`Failure`] when CloudFormation does not answer.
    pub async fn providers<'a>(&self, known: &[&'a str]) -> Result<Vec<&'a str>, Failure> {
        let client = aws_sdk_cloudformation::Client::new(&self.config);
        let request = client.list_stack_resources().stack_name(&self.name);
        let mut pages = request.into_paginator().send();
        let mut functions = Vec::new();
        while let Some(page) = pages.next().await {
            let page =
                page.map_err(|error| Failure::new(format!("the stack {}", self.name), error))?;
            let resources = page.stack_resource_summaries().iter();
            functions
                .extend(resources.filter_map(|one| Some(one.logical_resource_id()?.to_owned())));
        }
        let receives = |name: &&&str| functions.contains(&format!("{name}Function"));
        Ok(known.iter().filter(receives).copied().collect())
    }

    /// Every registered provider and source. Names alone, which needs no permission to read or to
    /// decrypt a secret.
    ///
    /// # Errors
    /// [`Failure`] when SSM does not answer.
    pub async fn sources(&self) -> Result<Vec<(String, String)>, Failure> {
        let path = self.output("SecretsPath")?;
        let below = parameters::below(&self.config, path).await;
        let below = below.map_err(|error| Failure::new(path, error))?;
        let mut sources = Vec::new();
        for parameter in &below {
            let name = parameter.name().unwrap_or_default();
            let pair = name
                .strip_prefix(path)
                .and_then(|rest| rest.trim_start_matches('/').split_once('/'));
            // What stands below a source is its settings.
            let pair = pair.filter(|(_, source)| !source.contains('/'));
            sources.extend(pair.map(|(provider, source)| (provider.to_owned(), source.to_owned())));
        }
        Ok(sources)
    }
}

/// The reason why a stack could not be looked up, and the next step.
fn not_described(name: &str, error: &SdkError<DescribeStacksError>) -> Failure {
    let said = error.message().unwrap_or_default();
    if said.contains("does not exist") {
        return Failure::of(format!(
            "there is no stack {name} in this account and region; look at the profile and at AWS_REGION, or \
             list what there is with aws cloudformation list-stacks"
        ));
    }
    match error.code() {
        Some("AccessDenied" | "AccessDeniedException") => Failure::of(format!(
            "the stack {name}: these credentials may not call cloudformation:DescribeStacks; \
             allow it, or choose another profile"
        )),
        Some(code) => Failure::of(format!("the stack {name}: {code}: {said}")),
        None => Failure::of(format!("the stack {name}: {}", chain(error))),
    }
}

/// The secret that a provider's deliveries are signed with in the local stack.
pub fn development_secret(provider: &str) -> String {
    let text = development::text(provider);
    match catalog::by_name(provider) {
        Some(provider) => String::from_utf8_lossy(provider.secret_of(&text).bytes()).into_owned(),
        None => text,
    }
}

fn retention(stack: &Described) -> Duration {
    let mut parameters = stack.parameters().iter();
    let days = parameters.find(|parameter| parameter.parameter_key() == Some("RetentionDays"));
    let days = days.and_then(|days| days.parameter_value()?.parse().ok());
    Duration::from_secs(days.unwrap_or(RETENTION_DAYS) * 86_400)
}

fn outputs(stack: &Described) -> BTreeMap<String, String> {
    let pair = |output: &aws_sdk_cloudformation::types::Output| {
        Some((
            output.output_key()?.to_owned(),
            output.output_value()?.to_owned(),
        ))
    };
    stack.outputs().iter().filter_map(pair).collect()
}
