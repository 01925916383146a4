//! The names of parameters, which can be listed without permission to read or to decrypt one.

use aws_config::SdkConfig;
use aws_sdk_ssm::error::SdkError;
use aws_sdk_ssm::operation::describe_parameters::DescribeParametersError;
use aws_sdk_ssm::types::{ParameterMetadata, ParameterStringFilter};

/// What SSM says of every parameter below a path.
///
/// # Errors
/// When SSM does not answer, or does not allow it.
pub(crate) async fn below(
    config: &SdkConfig,
    path: &str,
) -> Result<Vec<ParameterMetadata>, SdkError<DescribeParametersError>> {
    let below = ParameterStringFilter::builder()
        .key("Path")
        .option("Recursive")
        .values(path)
        .build()
        .expect("the key is set");
    let client = aws_sdk_ssm::Client::new(config);
    let request = client.describe_parameters().parameter_filters(below);
    let mut pages = request.into_paginator().send();
    let mut parameters = Vec::new();
    while let Some(page) = pages.next().await {
        parameters.extend(page?.parameters.unwrap_or_default());
    }
    Ok(parameters)
}
