//! The claims of a batch in one call: of events that nobody has taken yet, which most are.

use aws_sdk_dynamodb::types::{AttributeValue, BatchStatementRequest};

use super::attributes::{PK, number, text};
use super::error::LedgerError;
use super::history::{self, entry};
use super::keys::state_key;
use super::lease::{Held, Lease};
use super::status::Status;
use super::table::Ledger;
use crate::event::EventKey;
use crate::limits;
use crate::timestamp::Timestamp;

/// The attributes of a claim, in the order of its parameters.
const NAMES: [&str; 7] = [
    PK,
    "status",
    "token",
    "due_at",
    "overdue_at",
    "attempts",
    "history",
];

impl Ledger {
    /// Claims different events side by side, at most 25, as [`super::Turn::Together`] does, each under a
    /// token of its own. A lease for each that has no state yet; for the others [`Ledger::claim_as`] has
    /// to be asked, which knows a claim of this token again whose answer was lost.
    ///
    /// # Errors
    /// [`LedgerError`] when it is not known which claims hold.
    pub async fn claim_new(
        &self,
        claims: &[(&EventKey, &str)],
        now: Timestamp,
    ) -> Result<Vec<Option<Lease>>, LedgerError> {
        let leases: Vec<Lease> = claims.iter().map(|claim| lease(*claim, now)).collect();
        let names = NAMES.map(|name| format!("'{name}': ?")).join(", ");
        let statement = format!("INSERT INTO \"{}\" VALUE {{{names}}}", self.table);
        let inserts = leases.iter().map(|lease| {
            let insert = BatchStatementRequest::builder().statement(&statement);
            let insert = insert.set_parameters(Some(parameters(lease, now)));
            insert.build().expect("the statement is set")
        });
        let request = self.client.batch_execute_statement();
        let request = request.set_statements(Some(inserts.collect()));
        let answers = request.send().await?.responses.unwrap_or_default();
        let held = leases.into_iter().enumerate().map(|(index, lease)| {
            let answer = answers.get(index)?;
            answer.error().is_none().then_some(lease)
        });
        Ok(held.collect())
    }
}

fn lease((key, token): (&EventKey, &str), now: Timestamp) -> Lease {
    Lease {
        key: key.clone(),
        token: token.to_owned(),
        held: Held {
            history: vec![entry(now, "processing")],
            ..Held::default()
        },
    }
}

fn parameters(lease: &Lease, now: Timestamp) -> Vec<AttributeValue> {
    let lease_ends = number(now.after(limits::LEASE).millis());
    vec![
        text(state_key(&lease.key)),
        text(Status::Processing.as_str()),
        text(&lease.token),
        lease_ends.clone(),
        lease_ends,
        number(0),
        history::list(lease.held.history.iter().cloned()),
    ]
}
