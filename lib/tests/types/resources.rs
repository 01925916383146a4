//! The state that handlers share.

/// Names of what handlers write to.
#[derive(Debug)]
pub(crate) struct Resources {
    /// The table of customers.
    pub(crate) customers: String,
}
