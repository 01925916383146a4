//! The credentials in SSM Parameter Store: a SecureString `{path}/{provider}/{source}` each, apart from the
//! secrets of deliveries, so that nobody but the reconciler can read them.

use aws_config::SdkConfig;
use aws_sdk_ssm::Client;

use crate::aws;

/// The credentials under a path.
#[derive(Clone, Debug)]
pub struct CredentialStore {
    client: Client,
    path: String,
}

/// A credential that cannot be read, with AWS's word for why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the credential cannot be read ({0})")]
pub struct NoCredential(String);

impl CredentialStore {
    /// The credentials under `path`.
    pub fn new(config: &SdkConfig, path: impl Into<String>) -> Self {
        Self {
            client: Client::new(config),
            path: path.into(),
        }
    }

    /// The providers and sources that have a credential.
    ///
    /// # Errors
    /// [`NoCredential`] when SSM does not answer.
    pub async fn sources(&self) -> Result<Vec<(String, String)>, NoCredential> {
        let request = self.client.get_parameters_by_path().path(&self.path);
        // Not decrypted: one that cannot be would hide all others.
        let mut pages = request.recursive(true).into_paginator().send();
        let mut sources = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| NoCredential(aws::code(&error)))?;
            let names = page.parameters().iter().filter_map(|one| one.name());
            sources.extend(names.filter_map(|name| self.source(name)));
        }
        Ok(sources)
    }

    fn source(&self, name: &str) -> Option<(String, String)> {
        let below = name.strip_prefix(&self.path)?.trim_start_matches('/');
        let (provider, source) = below.split_once('/')?;
        Some((provider.to_owned(), source.to_owned()))
    }

    /// The credential of a source.
    ///
    /// # Errors
    /// [`NoCredential`] when there is none, or SSM or its key does not give it.
    pub async fn read(&self, provider: &str, source: &str) -> Result<String, NoCredential> {
        let name = format!("{}/{provider}/{source}", self.path);
        let request = self.client.get_parameter().name(name).with_decryption(true);
        let found = request.send().await;
        let found = found.map_err(|error| NoCredential(aws::code(&error)))?;
        let value = found.parameter.and_then(|parameter| parameter.value);
        value.ok_or_else(|| NoCredential("no value".to_owned()))
    }
}
