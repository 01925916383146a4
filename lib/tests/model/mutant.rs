//! What could be wrong: in the expression of a transition, or in a step of the protocol.

use aws_sdk_dynamodb::types::Update;
use webhooks::ledger::Turn;

use crate::ledger::Write;
use crate::worker::Decision;

/// One thing that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutant {
    /// `record` replaces the receipt that is there.
    PutsAlways,
    /// `reopen` does not ask whether the event is failed.
    ReopensAlways,
    /// `reopen` does not put the event back among the open ones.
    ReopensUnlisted,
    /// `reopen` keeps the attempts of the life before.
    ReopensTired,
    /// `reopen` leaves the time at which the state expires.
    ReopensExpiring,
    /// `claim` does not ask whether the lease has run out.
    ClaimsLeased,
    /// `claim` does not ask whether the event is due.
    ClaimsEarly,
    /// `claim` does not ask where the event stands.
    ClaimsEnded,
    /// `claim` gives no lease that is longer than the moment.
    LeasesNothing,
    /// `claim` keeps the token that is there.
    KeepsToken,
    /// `claim` by whoever is alone does not count the attempt.
    CountsNothing,
    /// `claim` by whoever is alone does not say so.
    ClaimsUnmarked,
    /// `settle` does not ask for the token.
    SettlesWithoutToken,
    /// `settle` does not ask for the status.
    SettlesTwice,
    /// `settle` takes an event that is to be tried again from among the open ones.
    RetriesUnlisted,
    /// `settle` does not count an attempt.
    SettlesUncounted,
    /// `settle` counts an attempt that is put back.
    CountsReleased,
    /// `settle` does not move the time at which an event is due that is to be tried again.
    RetriesAtOnce,
    /// `settle` does not move the time at which the relay looks at it.
    RetriesOverdue,
    /// `settle` leaves an event that is done among the open ones.
    DoneStaysListed,
    /// `settle` leaves an event that has failed among the open ones.
    FailedStaysListed,
    /// `miss` does not ask whether somebody has taken the event.
    MissesAlways,
    /// `miss` does not list the event.
    MissesUnlisted,
    /// `watch` does not ask whether the attempt goes on.
    WatchesEnded,
    /// `watch` lists nothing.
    WatchesNothing,
    /// `postpone` does not ask whether the event has been moved on.
    PostponesAlways,
    /// `postpone` does not ask whether the event is open.
    PostponesEnded,
    /// `postpone` does not move the event on.
    PostponesNothing,
    /// `restore` does not ask whether the event is where its own `postpone` has moved it.
    RestoresAlways,
    /// The processor takes a message that is older than what the ledger keeps.
    TrustsOldMessages,
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
    /// Nobody looks at what the stream tells.
    NoLook,
    /// The look is over though the event has gone on since it was looked at.
    LooksOnce,
}

impl Mutant {
    /// Changes the update, if this is what is wrong.
    pub(crate) fn spoil(self, write: Write, update: &mut Update) {
        match write {
            Write::Reopen { .. } => self.spoil_reopen(update),
            Write::Claim { turn, .. } => self.spoil_claim(turn, update),
            Write::Settle { decision, .. } => self.spoil_settle(decision, update),
            Write::Miss | Write::Watch => self.spoil_look(write, update),
            Write::Postpone { .. } | Write::Restore { .. } => self.spoil_relay(write, update),
        }
    }

    fn spoil_reopen(self, update: &mut Update) {
        let condition = update.condition_expression.get_or_insert_default();
        let expression = &mut update.update_expression;
        match self {
            Self::ReopensAlways => "attribute_exists(pk)".clone_into(condition),
            Self::ReopensUnlisted => replace(expression, "overdue = :open, ", ""),
            Self::ReopensTired => replace(expression, "attempts = :zero, ", ""),
            Self::ReopensExpiring => replace(expression, "expires_at, ", ""),
            _ => {}
        }
    }

    fn spoil_claim(self, turn: Turn, update: &mut Update) {
        let condition = update.condition_expression.get_or_insert_default();
        let expression = &mut update.update_expression;
        match (self, turn) {
            (Self::ClaimsEnded, _) => "attribute_not_exists(nothing)".clone_into(condition),
            (Self::ClaimsLeased, Turn::Last) => {
                *condition = "attribute_not_exists(#status) OR #status = :processing".to_owned();
            }
            (Self::ClaimsEarly, Turn::Together) => replace(condition, " AND due_at <= :now", ""),
            (Self::LeasesNothing, _) => replace(expression, "due_at = :lease", "due_at = :now"),
            (Self::KeepsToken, _) => replace(expression, "#token = :token, ", ""),
            (Self::CountsNothing, Turn::Alone | Turn::Last) => {
                replace(expression, " + :one", "");
            }
            (Self::ClaimsUnmarked, Turn::Alone | Turn::Last) => {
                replace(expression, "alone = :one, ", "");
            }
            _ => {}
        }
    }

    fn spoil_settle(self, decision: Decision, update: &mut Update) {
        let condition = update.condition_expression.get_or_insert_default();
        let expression = &mut update.update_expression;
        match (self, decision) {
            (Self::SettlesWithoutToken, _) => replace(condition, " AND #token = :token", ""),
            (Self::SettlesTwice, _) => replace(condition, "#status = :processing AND ", ""),
            (Self::RetriesUnlisted, Decision::Retry) => {
                replace(expression, ", overdue = :open", "");
            }
            (Self::SettlesUncounted, Decision::Retry) => {
                replace(expression, "attempts = :attempts, ", "");
            }
            (Self::CountsReleased, Decision::Released) => {
                let more = "attempts = attempts + :put_back, ";
                replace(expression, "attempts = :attempts, ", more);
            }
            (Self::RetriesAtOnce, Decision::Retry) => replace(expression, "due_at = :due, ", ""),
            (Self::RetriesOverdue, Decision::Retry) => {
                replace(expression, "overdue_at = :overdue, ", "");
            }
            (Self::DoneStaysListed, Decision::Done) => {
                replace(expression, "REMOVE overdue, overdue_at, ", "REMOVE ");
            }
            (Self::FailedStaysListed, Decision::Failed) => {
                replace(expression, ", overdue = :failed", "");
            }
            _ => {}
        }
    }

    fn spoil_look(self, write: Write, update: &mut Update) {
        let condition = update.condition_expression.get_or_insert_default();
        let expression = &mut update.update_expression;
        match (self, write) {
            (Self::MissesAlways, Write::Miss) => {
                "attribute_not_exists(nothing)".clone_into(condition);
            }
            (Self::MissesUnlisted, Write::Miss) => replace(expression, "overdue = :open, ", ""),
            (Self::WatchesEnded, Write::Watch) => {
                replace(condition, "#status = :processing AND ", "");
            }
            (Self::WatchesNothing, Write::Watch) => {
                replace(expression, "overdue = :open", "watched = :open");
            }
            _ => {}
        }
    }

    fn spoil_relay(self, write: Write, update: &mut Update) {
        let condition = update.condition_expression.get_or_insert_default();
        let expression = &mut update.update_expression;
        match (self, write) {
            (Self::PostponesAlways, Write::Postpone { .. }) => {
                replace(condition, "overdue_at = :seen AND ", "");
            }
            (Self::PostponesEnded, Write::Postpone { .. }) => {
                replace(
                    condition,
                    "overdue_at = :seen AND overdue = :open",
                    "attribute_exists(pk)",
                );
            }
            (Self::PostponesNothing, Write::Postpone { .. }) => {
                replace(expression, "overdue_at = :next", "moved = :next");
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
