//! The keys of a run: without them the emulator does nothing for anybody.

use std::fmt;
use std::path::Path;
use std::sync::OnceLock;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use uuid::Uuid;

use crate::failure::Failure;

/// The region that the emulator plays.
pub const REGION: &str = "us-east-1";

/// The account that the emulator plays.
const ACCOUNT: &str = "000000000000";

const ID: &str = "aws_access_key_id";
const SECRET: &str = "aws_secret_access_key";

/// An access key: an id and a secret, as AWS has them.
#[derive(Clone)]
pub struct Keys {
    id: String,
    secret: String,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(..)")
    }
}

impl Keys {
    /// The keys of this process. Every emulator that it starts takes these and no others.
    pub fn ours() -> &'static Self {
        static OURS: OnceLock<Keys> = OnceLock::new();
        OURS.get_or_init(|| Self {
            id: format!("LOCAL{:X}", Uuid::new_v4().as_simple()),
            secret: format!(
                "{}{}",
                Uuid::new_v4().as_simple(),
                Uuid::new_v4().as_simple()
            ),
        })
    }

    /// The keys that the emulator gives to a function that is deployed to it: the account, and our secret.
    pub(crate) fn of_functions() -> Self {
        Self::of(ACCOUNT, &Self::ours().secret)
    }

    /// An id and a secret that somebody else has chosen.
    pub fn of(id: &str, secret: &str) -> Self {
        Self {
            id: id.to_owned(),
            secret: secret.to_owned(),
        }
    }

    /// The keys in a file that [`Keys::text`] wrote.
    ///
    /// # Errors
    /// [`Failure`] when the file is not there or is another one.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let failure = |error| Failure::new(path.display(), error);
        let text = std::fs::read_to_string(path).map_err(failure)?;
        let value = |name: &str| {
            let mut pairs = text.lines().filter_map(|line| line.split_once(" = "));
            let pair = pairs.find(|(key, _)| *key == name);
            pair.map(|(_, value)| value.to_owned())
        };
        match (value(ID), value(SECRET)) {
            (Some(id), Some(secret)) => Ok(Self { id, secret }),
            _ => Err(Failure::of(format!("{} has no keys", path.display()))),
        }
    }

    /// The keys as AWS's tools read them with `AWS_SHARED_CREDENTIALS_FILE`.
    pub fn text(&self) -> String {
        format!(
            "[default]\n{ID} = {}\n{SECRET} = {}\n",
            self.id, self.secret
        )
    }

    /// The keys as environment variables of a process that calls the emulator.
    pub fn environment(&self) -> [(&'static str, &str); 2] {
        [
            ("AWS_ACCESS_KEY_ID", &self.id),
            ("AWS_SECRET_ACCESS_KEY", &self.secret),
        ]
    }

    /// The SDK's configuration for an emulator that takes these keys.
    pub fn config(&self, endpoint: &str) -> SdkConfig {
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(REGION))
            .endpoint_url(endpoint)
            .credentials_provider(SharedCredentialsProvider::new(self.credentials()))
            .build()
    }

    /// The public half.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// The keys as the SDK has them.
    pub fn credentials(&self) -> Credentials {
        Credentials::new(&self.id, &self.secret, None, None, "local")
    }
}
