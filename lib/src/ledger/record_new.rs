//! The receipts of one delivery's events in few calls: of events that are new, which most are.

use aws_sdk_dynamodb::types::BatchStatementRequest;

use super::attributes::PK;
use super::error::LedgerError;
use super::receipt::new_receipt;
use super::table::Ledger;
use crate::event::Event;
use crate::limits;
use crate::timestamp::Timestamp;

impl Ledger {
    /// Records different events side by side, at most 25, as [`Ledger::record`] does, each under a token of
    /// its own. True for each that was not there and is now; for the others [`Ledger::record`] has to be
    /// asked, which knows a receipt of this token again whose answer was lost.
    ///
    /// # Errors
    /// [`LedgerError`] when it is not known which were recorded.
    pub async fn record_new(
        &self,
        events: &[(&Event<'_>, &str)],
        expires_at: Timestamp,
    ) -> Result<Vec<bool>, LedgerError> {
        let insert = |(event, token): &(&Event<'_>, &str)| {
            let receipt = new_receipt(event, token, expires_at, limits::ITEM_PAYLOAD).ok()?;
            // The key first, as in every statement of the ledger.
            let mut attributes: Vec<_> = receipt.into_iter().collect();
            attributes.sort_by_key(|(name, _)| name != PK);
            let (names, values): (Vec<_>, Vec<_>) = attributes.into_iter().unzip();
            let names: Vec<_> = names.iter().map(|name| format!("'{name}': ?")).collect();
            let statement = format!(
                "INSERT INTO \"{}\" VALUE {{{}}}",
                self.table,
                names.join(", ")
            );
            let insert = BatchStatementRequest::builder().statement(statement);
            let insert = insert.set_parameters(Some(values));
            Some(insert.build().expect("the statement is set"))
        };
        let inserts: Vec<_> = events.iter().map(insert).collect();
        let is_asked: Vec<bool> = inserts.iter().map(Option::is_some).collect();
        let statements: Vec<_> = inserts.into_iter().flatten().collect();
        if statements.is_empty() {
            return Ok(vec![false; events.len()]);
        }
        let request = self.client.batch_execute_statement();
        let answers = request.set_statements(Some(statements)).send().await?;
        let mut answers = answers.responses.unwrap_or_default().into_iter();
        let recorded = is_asked.into_iter().map(|is_asked| {
            let answer = is_asked.then(|| answers.next()).flatten();
            answer.is_some_and(|answer| answer.error.is_none())
        });
        Ok(recorded.collect())
    }
}
