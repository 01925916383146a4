//! The options of the command.

use std::path::PathBuf;

use clap::Args;

/// Options of `lab cost`.
#[derive(Args, Clone, Debug)]
pub struct CostArgs {
    /// The price file, instead of the one of us-east-1
    #[arg(long)]
    pub(super) prices: Option<PathBuf>,
    /// Messages in a batch for the processor; few where events are rare
    #[arg(long, default_value_t = 10.0)]
    pub(super) batch: f64,
    /// The time that a call to AWS takes, in milliseconds: the functions wait that long, and are paid for it
    #[arg(long, default_value_t = 5.0)]
    pub(super) call_ms: f64,
    /// Price DynamoDB's writes as provisioned capacity, used to that share, such as 0.7
    #[arg(long)]
    pub(super) provisioned: Option<f64>,
}
