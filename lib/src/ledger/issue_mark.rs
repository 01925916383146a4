//! What an operator has said about a group of failures: that it is not to be shown, or is dealt with.
//!
//! The key begins with a character that no provider's name has, so no event has such a key.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::Update;

use super::attributes::{PK, number, text};
use super::error::LedgerError;
use super::look::BATCH;
use super::reader::Reader;
use super::table::Ledger;
use crate::timestamp::Timestamp;

/// Stands before the issue's key.
const ISSUE: &str = "#issue/";

/// The mark of an issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssueMark {
    /// What was said.
    pub kind: MarkKind,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
}

/// What an operator can say about an issue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkKind {
    /// It is known, and not to be shown, whatever fails by it from now on.
    Muted,
    /// It is dealt with: what fails by it from now on opens it again.
    Closed,
    /// It is to be shown again.
    Open,
}

impl MarkKind {
    /// The word in the ledger.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Muted => "muted",
            Self::Closed => "closed",
            Self::Open => "open",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let all = [Self::Muted, Self::Closed, Self::Open];
        all.into_iter().find(|kind| kind.as_str() == text)
    }
}

impl Ledger {
    /// The marks of those of the issues that have one. What is read may be a moment old.
    ///
    /// # Errors
    /// [`LedgerError`] when DynamoDB does not answer.
    pub async fn issue_marks(
        &self,
        issues: &[String],
    ) -> Result<HashMap<String, IssueMark>, LedgerError> {
        let mut marks = HashMap::new();
        for batch in issues.chunks(BATCH) {
            let wanted = batch.iter().map(|issue| format!("{ISSUE}{issue}"));
            for mut row in self
                .rows(wanted.collect(), "pk, mark, marked_at, marked_by")
                .await?
            {
                let mut row = Reader(&mut row);
                let pk = row.text(PK)?;
                let kind = row.text("mark").ok();
                let Some(kind) = kind.and_then(|kind| MarkKind::parse(&kind)) else {
                    continue;
                };
                let mark = IssueMark {
                    kind,
                    at: Timestamp::from_millis(row.number("marked_at")?),
                    by: row.text("marked_by")?,
                };
                let issue = pk.strip_prefix(ISSUE).unwrap_or_default();
                marks.insert(issue.to_owned(), mark);
            }
        }
        Ok(marks)
    }

    /// Marks an issue; the mark goes at `expires_at`, when its failures have gone as well.
    ///
    /// # Errors
    /// [`LedgerError`] when it is not known whether it is marked.
    pub async fn mark_issue(
        &self,
        issue: &str,
        mark: &IssueMark,
        expires_at: Timestamp,
    ) -> Result<(), LedgerError> {
        let update = Update::builder()
            .table_name(&self.table)
            .key(PK, text(format!("{ISSUE}{issue}")))
            .update_expression(
                "SET mark = :mark, marked_at = :at, marked_by = :by, expires_at = :expires",
            )
            .expression_attribute_values(":mark", text(mark.kind.as_str()))
            .expression_attribute_values(":at", number(mark.at.millis()))
            .expression_attribute_values(":by", text(&mark.by))
            .expression_attribute_values(":expires", number(expires_at.seconds()));
        let update = update
            .build()
            .expect("table, key and expression are set above");
        self.written(update).await.map(drop)
    }
}
