//! The relay's reads and writes: the events that are overdue, moved on.

use super::error::LedgerError;
use super::overdue::Overdue;
use super::table::Ledger;
use super::transition;
use crate::timestamp::Timestamp;

impl Ledger {
    /// The events that are overdue at `now` in one of the [`super::OVERDUE_SHARDS`], most overdue first, at
    /// most `limit`.
    ///
    /// # Errors
    /// [`LedgerError`] when DynamoDB does not answer.
    pub async fn overdue(
        &self,
        shard: u8,
        now: Timestamp,
        limit: i32,
    ) -> Result<Vec<Overdue>, LedgerError> {
        let query = transition::overdue(&self.table, shard, now, limit);
        let output = query.send_with(&self.client).await?;
        let rows = output.items.unwrap_or_default().into_iter();
        Ok(rows.map(Overdue::try_from).collect::<Result<_, _>>()?)
    }

    /// Moves an overdue event on, if nobody else has; gives the time to which. `sends` says whether it
    /// is sent then.
    ///
    /// # Errors
    /// [`LedgerError`] when it is not known whether it was moved.
    pub async fn postpone(
        &self,
        overdue: &Overdue,
        sends: bool,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, LedgerError> {
        let update = transition::postpone(&self.table, overdue, sends, now);
        let moved = self.written(update).await?;
        Ok(moved.then(|| now.after(overdue.pause(now))))
    }

    /// Takes a postponement back, because the queue did not take the message: the next run finds the
    /// event at once, however often it was sent before.
    ///
    /// # Errors
    /// [`LedgerError`] when it is not known whether it was taken back; the event then waits for its
    /// pause.
    pub async fn restore(&self, overdue: &Overdue, next: Timestamp) -> Result<(), LedgerError> {
        let update = transition::restore(&self.table, overdue, next);
        // Where the condition does not hold, it has gone on.
        self.written(update).await.map(drop)
    }
}
