//! An event as the ledger has it: receipt and state together.

use super::attributes::Attributes;
use super::reader::UnreadableItem;
use super::receipt::Receipt;
use super::state::State;

/// One event as the ledger keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What arrived.
    pub receipt: Receipt,
    /// What became of it. The history begins with the receipt.
    pub state: State,
}

impl Item {
    /// Joins the two. Without a state the receipt is looked at once more: one of the first edition has
    /// both.
    pub(super) fn of(
        receipt: Attributes,
        state: Option<Attributes>,
    ) -> Result<Self, UnreadableItem> {
        let mut state = state.unwrap_or_else(|| receipt.clone());
        let state = State::read(&mut state)?.told();
        let receipt = Receipt::try_from(receipt)?;
        let received = format!("{} {}", receipt.event.received_at, receipt.event.origin);
        let history = std::iter::once(received).chain(state.history);
        Ok(Self {
            state: State {
                history: history.collect(),
                ..state
            },
            receipt,
        })
    }
}
