//! The names of what runs, for people.

pub(super) const BARE: &str = "lambda_http alone";
pub(super) const FLOOR: &str = "the floor: put and send";
pub(super) const GITHUB: &str = "github, 10 kB";
pub(super) const GITHUB_1_MB: &str = "github, 1 MB";
pub(super) const GITHUB_5_MB: &str = "github, 5 MB";
pub(super) const STRIPE: &str = "stripe, 3 kB";
pub(super) const TWILIO: &str = "twilio, 0.7 kB";
pub(super) const NODE: &str = "Node, SDK v3, 10 kB";
pub(super) const PYTHON: &str = "Python, boto3, 10 kB";
pub(super) const POWERTOOLS: &str = "Python, Powertools, 10 kB";
pub(super) const FLOOR_PROCESSOR: &str = "the floor: one update";
pub(super) const PROCESSOR: &str = "processor";
pub(super) const NODE_PROCESSOR: &str = "Node, SDK v3, batch";
pub(super) const POWERTOOLS_PROCESSOR: &str = "Python, Powertools batch";
