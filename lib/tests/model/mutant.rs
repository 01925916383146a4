//! What could be wrong: in the expression of a transition, or in a step of the protocol.

use aws_sdk_dynamodb::types::Update;

use crate::ledger::{Request, Write};
use crate::worker::Decision;

/// One thing that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutant {
    /// `record` replaces the item that is there.
    PutsAlways,
    /// `record` leaves the event out of the index that the relay reads.
    RecordsUnlisted,
    /// `reopen` does not ask whether the event is failed.
    ReopensAlways,
    /// `reopen` does not put the event back among the open ones.
    ReopensUnlisted,
    /// `claim` does not ask whether the lease has run out.
    ClaimsLeased,
    /// `claim` does not ask where the event stands.
    ClaimsEnded,
    /// `claim` gives no lease that is longer than the moment.
    LeasesNothing,
    /// `claim` keeps the token that is there.
    KeepsToken,
    /// `settle` does not ask for the token.
    SettlesWithoutToken,
    /// `settle` does not ask for the status.
    SettlesTwice,
    /// `settle` takes an event that is to be tried again from among the open ones.
    RetriesUnlisted,
    /// `postpone` does not ask whether the event has been moved on.
    PostponesAlways,
    /// `postpone` does not move the event on.
    PostponesNothing,
    /// `restore` does not ask whether the event is where its own `postpone` has moved it.
    RestoresAlways,
    /// The item expires while the event can still be delivered.
    ShortRetention,
    /// The receiver answers before it records.
    AnswersFirst,
    /// The receiver sends no more than a reference when it could not record.
    SendsReferenceInOutage,
    /// The processor takes a whole message for one whose event has been recorded.
    DropsWhole,
    /// The processor takes a whole message for one whose event has ended, though it has failed.
    LeavesFailed,
    /// The handler's writes are not in the transaction.
    EffectApart,
    /// The handler's calls are made when the event is done already.
    CallsLast,
    /// The relay sends without postponing.
    NeverPostpones,
    /// There is no relay.
    NoRelay,
}

impl Mutant {
    /// Changes the request, if this is what is wrong.
    pub(crate) fn spoil(self, write: Write, request: &mut Request) {
        match (self, write, request) {
            (Self::PutsAlways, Write::Record { .. }, Request::Put(put)) => {
                put.condition_expression = None;
            }
            (Self::RecordsUnlisted, Write::Record { .. }, Request::Put(put)) => {
                put.item.remove("unsettled").expect("it was listed");
            }
            (_, _, Request::Update(update)) => self.spoil_update(write, update),
            (_, _, Request::Put(_)) => {}
        }
    }

    fn spoil_update(self, write: Write, update: &mut Update) {
        let condition = update.condition_expression.get_or_insert_default();
        let expression = &mut update.update_expression;
        match (self, write) {
            (Self::ReopensAlways, Write::Reopen { .. })
            | (Self::ClaimsEnded, Write::Claim { .. }) => {
                "attribute_exists(pk)".clone_into(condition)
            }
            (Self::ReopensUnlisted, Write::Reopen { .. }) => {
                replace(expression, "unsettled = :open,", "");
            }
            (Self::ClaimsLeased, Write::Claim { .. }) => {
                replace(condition, " AND lease_until < :now", "");
            }
            (Self::LeasesNothing, Write::Claim { .. }) => {
                replace(expression, "lease_until = :lease", "lease_until = :now");
            }
            (Self::KeepsToken, Write::Claim { .. }) => {
                replace(expression, "#token = :token,", "");
            }
            (Self::SettlesWithoutToken, Write::Settle { .. }) => {
                replace(condition, " AND #token = :token", "");
            }
            (Self::SettlesTwice, Write::Settle { .. }) => {
                replace(condition, "#status = :processing AND ", "");
            }
            (
                Self::RetriesUnlisted,
                Write::Settle {
                    decision: Decision::Retry,
                    ..
                },
            ) => replace(expression, "REMOVE ", "REMOVE unsettled, "),
            (Self::PostponesAlways, Write::Postpone { .. }) => {
                replace(condition, "overdue_at = :seen AND ", "");
            }
            (Self::PostponesNothing, Write::Postpone { .. }) => {
                replace(expression, "SET overdue_at = :next ", "");
            }
            (Self::RestoresAlways, Write::Restore { .. }) => {
                replace(condition, "overdue_at = :next AND ", "");
            }
            _ => {}
        }
    }
}

fn replace(expression: &mut String, part: &str, by: &str) {
    assert!(expression.contains(part), "{part} is not in {expression}");
    *expression = expression.replace(part, by);
}
