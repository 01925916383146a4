//! The S3 bucket for payloads that are too large for an item: written before the record that points to them.

use std::error::Error;

use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::{RequestChecksumCalculation, ResponseChecksumValidation};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::primitives::{ByteStream, ByteStreamError};
use tokio::time::error::Elapsed;

use crate::compression::{IDENTITY, NotPacked};
use crate::event::Event;
use crate::object::Object;
use crate::signature::sha256;
use crate::{aws, limits, packing};

/// The metadata of an object that names the encoding of its payload. One without it is as it came.
const ENCODING: &str = "encoding";

/// A call that S3 did not answer well. An object may have been written all the same.
#[derive(Debug, thiserror::Error)]
pub enum BucketError {
    /// S3 was unreachable, throttled, too slow, or refused.
    #[error("the bucket cannot be reached ({code})")]
    Unreachable {
        /// One word for why.
        code: String,
        /// The SDK's error.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// The object is not there, or has another payload: no later attempt could succeed.
    #[error("the bucket does not have the payload")]
    Gone,
}

/// The bucket.
#[derive(Clone, Debug)]
pub struct Bucket {
    client: Client,
    name: String,
}

impl Bucket {
    /// The bucket of that name. Its calls have time limits of their own, because what it takes is
    /// large, and no checksums but the one that we compare.
    pub fn new(config: &SdkConfig, name: impl Into<String>) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(limits::CALL_ATTEMPT)
            .operation_timeout(limits::DOWNLOAD)
            .operation_attempt_timeout(limits::DOWNLOAD)
            .build();
        let config = aws_sdk_s3::config::Builder::from(config)
            .timeout_config(timeouts)
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
        Self {
            client: Client::from_conf(config.build()),
            name: name.into(),
        }
    }

    /// Writes an event's payload; from here on the event refers to it.
    ///
    /// # Errors
    /// [`BucketError::Unreachable`] when it is not known that it was written.
    pub async fn keep(&self, event: &mut Event<'_>) -> Result<(), BucketError> {
        let media_type = &event.payload.media_type;
        let object = Object::new(
            &event.key.provider,
            &event.key.source,
            event.payload.digest(),
        );
        let stored = packing::stored(event);
        let put = self
            .client
            .put_object()
            .bucket(&self.name)
            .key(object.name())
            .set_content_type((!media_type.is_empty()).then(|| media_type.to_string()))
            .metadata(ENCODING, stored.encoding)
            .body(ByteStream::from(stored.bytes.to_vec()));
        tokio::time::timeout(limits::UPLOAD, put.send()).await??;
        event.payload.object = Some(object);
        Ok(())
    }

    /// Brings an event's payload back, if it is in the bucket and not at hand.
    ///
    /// # Errors
    /// [`BucketError`].
    pub async fn fetch(&self, event: &mut Event<'_>) -> Result<(), BucketError> {
        let Some(object) = event.payload.away() else {
            return Ok(());
        };
        // The client's own limit ends with the headers.
        let bytes = tokio::time::timeout(limits::DOWNLOAD, self.get(object.name())).await??;
        if sha256(&bytes) != object.digest() {
            return Err(BucketError::Gone);
        }
        event.payload.bring(bytes);
        Ok(())
    }

    async fn get(&self, name: &str) -> Result<Vec<u8>, BucketError> {
        let get = self.client.get_object().bucket(&self.name).key(name);
        let got = get
            .send()
            .await
            .map_err(|error| match error.as_service_error() {
                Some(GetObjectError::NoSuchKey(_)) => BucketError::Gone,
                _ => error.into(),
            })?;
        let metadata = got.metadata.unwrap_or_default();
        let encoding = metadata.get(ENCODING).map_or(IDENTITY, String::as_str);
        let stored = got.body.collect().await?.into_bytes();
        packing::unpack(&stored, encoding).map_err(|NotPacked| BucketError::Gone)
    }
}

impl<E, R> From<SdkError<E, R>> for BucketError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    fn from(error: SdkError<E, R>) -> Self {
        Self::Unreachable {
            code: aws::code(&error),
            source: Box::new(error),
        }
    }
}

impl From<ByteStreamError> for BucketError {
    fn from(error: ByteStreamError) -> Self {
        Self::Unreachable {
            code: "connection lost".to_owned(),
            source: Box::new(error),
        }
    }
}

impl From<Elapsed> for BucketError {
    fn from(error: Elapsed) -> Self {
        Self::Unreachable {
            code: "timeout".to_owned(),
            source: Box::new(error),
        }
    }
}
