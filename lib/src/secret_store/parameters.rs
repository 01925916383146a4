//! The parameters of one provider, and the sources that they make.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_ssm::types::ParameterType;

use super::Sources;
use crate::provider::profile::Profile;
use crate::secret::Secret;
use crate::source::{NoSecret, Source};
use crate::source_settings::{InvalidSettings, SourceSettings};

/// The last part of the name of a source's settings.
pub(super) const SETTINGS: &str = "settings";

/// One parameter as SSM has it.
pub(super) struct Parameter {
    pub(super) name: String,
    version: i64,
    pub(super) value: Value,
}

#[derive(PartialEq)]
pub(super) enum Value {
    Text(String),
    /// As it was read before.
    AtHand,
    /// It cannot be decrypted, or was not yet.
    Encrypted,
}

impl Parameter {
    pub(super) fn new(parameter: aws_sdk_ssm::types::Parameter, decrypted: bool) -> Self {
        let encrypted = parameter.r#type == Some(ParameterType::SecureString) && !decrypted;
        Self {
            name: parameter.name.unwrap_or_default(),
            version: parameter.version,
            value: if encrypted {
                Value::Encrypted
            } else {
                Value::Text(parameter.value.unwrap_or_default())
            },
        }
    }

    /// The source, and what stands below it.
    fn place(&self, path: &str) -> (&str, Option<&str>) {
        let place = self.name.strip_prefix(path).unwrap_or(&self.name);
        let place = place.trim_start_matches('/');
        match place.split_once('/') {
            Some((source, below)) => (source, Some(below)),
            None => (place, None),
        }
    }
}

/// The secrets at hand of a parameter's source, if they are of the same version.
pub(super) fn at_hand<'a>(
    path: &str,
    parameter: &Parameter,
    known: &'a Sources,
) -> Option<&'a Result<Vec<Secret>, NoSecret>> {
    let (source, None) = parameter.place(path) else {
        return None;
    };
    let source = known.get(source)?;
    (source.version == Some(parameter.version)).then_some(&source.secrets)
}

/// Puts each source together from its parameters.
pub(super) fn sources(
    path: &str,
    parameters: Vec<Parameter>,
    profile: &Profile,
    known: &Sources,
) -> Sources {
    let mut sources: BTreeMap<String, Source> = BTreeMap::new();
    for parameter in parameters {
        let (source, below) = parameter.place(path);
        let source = sources.entry(source.to_owned()).or_insert_with(|| Source {
            settings: SourceSettings::absent(profile).map(Arc::new),
            secrets: Err(NoSecret::Blank),
            version: None,
        });
        match (below, &parameter.value) {
            (None, value) => {
                source.version = Some(parameter.version);
                source.secrets = match value {
                    Value::Text(text) => usable(text),
                    Value::AtHand => at_hand(path, &parameter, known)
                        .cloned()
                        .unwrap_or(Err(NoSecret::Undecryptable)),
                    Value::Encrypted => Err(NoSecret::Undecryptable),
                };
            }
            (Some(SETTINGS), Value::Text(text)) => {
                source.settings = SourceSettings::parse(text, profile).map(Arc::new);
            }
            (Some(SETTINGS), _) => source.settings = Err(InvalidSettings::Undecryptable),
            (Some(_), _) => source.settings = Err(InvalidSettings::Misplaced),
        }
    }
    let shared = |(name, source)| (name, Arc::new(source));
    sources.into_iter().map(shared).collect()
}

fn usable(text: &str) -> Result<Vec<Secret>, NoSecret> {
    let secrets = Secret::lines(text);
    if secrets.is_empty() {
        return Err(NoSecret::Blank);
    }
    Ok(secrets)
}
