//! Signed calls to those of AWS's APIs that talk JSON and have no crate here: their SDK crates would bring a second
//! `http`, a codec and a compressor for a few read calls.

use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_sdk_dynamodb::config::ProvideCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use reqwest::Method;
use serde_json::Value;

use crate::account::chain;

/// The longest that one call may take.
const TIME_LIMIT: Duration = Duration::from_secs(20);

/// A service, by the names that its requests have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// Lambda: REST.
    Lambda,
    /// CloudWatch: actions by name.
    CloudWatch,
    /// CloudWatch Logs: actions by name.
    Logs,
}

impl Service {
    /// The name in host names and signatures.
    const fn name(self) -> &'static str {
        match self {
            Self::Lambda => "lambda",
            Self::CloudWatch => "monitoring",
            Self::Logs => "logs",
        }
    }

    /// The name that stands before an action, and the version of JSON.
    const fn target(self) -> (&'static str, &'static str) {
        match self {
            Self::CloudWatch => (
                "GraniteServiceVersion20100801.",
                "application/x-amz-json-1.0",
            ),
            Self::Logs => ("Logs_20140328.", "application/x-amz-json-1.1"),
            Self::Lambda => ("", "application/json"),
        }
    }
}

/// A call that was not answered well.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ApiError {
    /// AWS's word for it.
    pub code: String,
    /// AWS's sentence.
    pub message: String,
}

impl ApiError {
    fn unanswered(message: impl Into<String>) -> Self {
        Self {
            code: "NoAnswer".to_owned(),
            message: message.into(),
        }
    }

    /// The code is in a header, in a type with its namespace before it, or in neither.
    fn of(status: u16, header: Option<&str>, body: &Value) -> Self {
        let named = body["__type"].as_str().or(body["code"].as_str());
        let named = header.or(named).unwrap_or_default();
        let code = named.split(':').next().unwrap_or_default();
        let code = code.rsplit('#').next().unwrap_or_default();
        let code = match code {
            "" => format!("HTTP {status}"),
            code => code.to_owned(),
        };
        let message = body["message"].as_str().or(body["Message"].as_str());
        Self {
            code,
            message: message.unwrap_or_default().to_owned(),
        }
    }
}

/// A client of the APIs.
#[derive(Clone, Debug)]
pub struct AwsJson {
    config: SdkConfig,
    http: reqwest::Client,
}

impl AwsJson {
    /// A client with the credentials, the region and the endpoint of an SDK's configuration.
    pub fn new(config: &SdkConfig) -> Self {
        Self {
            config: config.clone(),
            http: reqwest::Client::new(),
        }
    }

    /// Reads a resource of a REST API.
    ///
    /// # Errors
    /// [`ApiError`] when AWS refuses it or does not answer.
    pub async fn get(&self, service: Service, path: &str) -> Result<Value, ApiError> {
        self.call(service, Method::GET, path, None, String::new())
            .await
    }

    /// Calls an action by its name.
    ///
    /// # Errors
    /// [`ApiError`] when AWS refuses it or does not answer.
    pub async fn action(
        &self,
        service: Service,
        action: &str,
        body: &Value,
    ) -> Result<Value, ApiError> {
        let (prefix, _) = service.target();
        let target = format!("{prefix}{action}");
        self.call(service, Method::POST, "/", Some(target), body.to_string())
            .await
    }

    async fn call(
        &self,
        service: Service,
        method: Method,
        path: &str,
        target: Option<String>,
        body: String,
    ) -> Result<Value, ApiError> {
        let url = format!("{}{path}", self.endpoint(service));
        let (_, media_type) = service.target();
        let mut headers = vec![("content-type".to_owned(), media_type.to_owned())];
        headers.extend(target.map(|target| ("x-amz-target".to_owned(), target)));
        let signature = self.signature(service, &method, &url, &headers, &body);
        headers.extend(signature.await?);
        let request = self.http.request(method, &url).timeout(TIME_LIMIT);
        let request = headers.iter().fold(request, |request, (name, value)| {
            request.header(name, value)
        });
        let answer = request.body(body).send().await;
        let answer = answer.map_err(|error| ApiError::unanswered(chain(&error)))?;
        let status = answer.status();
        let code = answer.headers().get("x-amzn-errortype");
        let code = code.and_then(|code| code.to_str().ok().map(str::to_owned));
        let text = answer.text().await;
        let text = text.map_err(|error| ApiError::unanswered(chain(&error)))?;
        let value = serde_json::from_str(&text).unwrap_or_default();
        if status.is_success() {
            Ok(value)
        } else {
            Err(ApiError::of(status.as_u16(), code.as_deref(), &value))
        }
    }

    fn endpoint(&self, service: Service) -> String {
        if let Some(url) = self.config.endpoint_url() {
            return url.trim_end_matches('/').to_owned();
        }
        let region = self.region();
        let suffix = match region.split('-').next() {
            Some("cn") => "amazonaws.com.cn",
            _ => "amazonaws.com",
        };
        format!("https://{}.{region}.{suffix}", service.name())
    }

    fn region(&self) -> &str {
        let region = self.config.region();
        region.map_or("us-east-1", |region| region.as_ref())
    }

    async fn signature(
        &self,
        service: Service,
        method: &Method,
        url: &str,
        headers: &[(String, String)],
        body: &str,
    ) -> Result<Vec<(String, String)>, ApiError> {
        let provider = self.config.credentials_provider();
        let provider = provider.ok_or_else(|| ApiError::unanswered("no AWS credentials"))?;
        let credentials = provider.provide_credentials().await;
        let credentials = credentials.map_err(|error| ApiError::unanswered(chain(&error)))?;
        let identity = credentials.into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(self.region())
            .name(service.name())
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .expect("all are set above");
        let signed_headers = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let body = SignableBody::Bytes(body.as_bytes());
        let request = SignableRequest::new(method.as_str(), url, signed_headers, body);
        let request = request.map_err(|error| ApiError::unanswered(chain(&error)))?;
        let signed = sign(request, &params.into());
        let (signed, _) = signed
            .map_err(|error| ApiError::unanswered(chain(&error)))?
            .into_parts();
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Ok(signed.headers().map(owned).collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_code_is_found_in_each_of_its_places() {
        let named = |header, body| ApiError::of(403, header, &body).code;
        let rest = json!({"Message": "not authorized"});
        let header = Some("AccessDeniedException:http://internal.amazon.com/");
        assert_eq!(named(header, rest), "AccessDeniedException");
        let with_namespace = json!({"__type": "com.amazon.coral.service#AccessDenied"});
        assert_eq!(named(None, with_namespace), "AccessDenied");
        assert_eq!(named(None, Value::Null), "HTTP 403");
    }
}
