//! Rules: which calls break, told apart by the event's source in them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::stage::FaultPlan;
use crate::proxy::{Call, Fault};

/// The beginning of every source's name; three digits follow.
const MARK: &[u8] = b"cell";

/// One rule: an operation of a function breaks.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Whose call: `receiver`, `processor` or `relay`.
    pub function: &'static str,
    /// The operation.
    pub operation: &'static str,
    /// The fault in it.
    pub fault: Fault,
}

/// The rules in force.
#[derive(Debug, Default)]
pub struct Rules {
    marked: Mutex<HashMap<String, Vec<Rule>>>,
    /// Calls that a rule has broken, by its source and operation.
    broken: Mutex<HashMap<(String, &'static str), usize>>,
}

/// The source of that number.
pub fn source(number: usize) -> String {
    format!("cell{number:03}")
}

/// Under this name a rule holds for every call, for those that name no event.
pub const EVERYWHERE: &str = "everywhere";

impl Rules {
    /// Puts rules in force for a source, instead of any before.
    pub fn set(&self, source: &str, rules: Vec<Rule>) {
        let mut marked = self.marked.lock().unwrap_or_else(PoisonError::into_inner);
        marked.insert(source.to_owned(), rules);
    }

    /// The plan that the proxies ask.
    pub fn plan(self: &Arc<Self>) -> FaultPlan {
        let rules = Arc::clone(self);
        Arc::new(move |function, call| {
            let function = match function {
                "processor" | "relay" | "reconciler" => function,
                _ => "receiver",
            };
            let everywhere = rules.fault(EVERYWHERE, function, call);
            everywhere.or_else(|| rules.fault(&mark(call)?, function, call))
        })
    }

    fn fault(&self, source: &str, function: &str, call: &Call) -> Option<Fault> {
        let marked = self.marked.lock().unwrap_or_else(PoisonError::into_inner);
        let mut rules = marked.get(source)?.iter();
        let holds = |rule: &&Rule| rule.function == function && rule.operation == call.operation;
        let rule = rules.find(holds)?;
        let mut broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
        *broken
            .entry((source.to_owned(), rule.operation))
            .or_default() += 1;
        Some(rule.fault)
    }

    /// Takes the number of calls of an operation that broke under a source's rules, and counts anew.
    pub fn take_broken(&self, source: &str, operation: &'static str) -> usize {
        let mut broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
        broken.remove(&(source.to_owned(), operation)).unwrap_or(0)
    }
}

fn mark(call: &Call) -> Option<String> {
    let found = |text: &[u8]| {
        let is_mark = |window: &&[u8]| {
            window.starts_with(MARK) && window[MARK.len()..].iter().all(u8::is_ascii_digit)
        };
        let mut windows = text.windows(MARK.len() + 3);
        let window = windows.find(is_mark)?;
        Some(String::from_utf8_lossy(window).into_owned())
    };
    found(call.target.as_bytes()).or_else(|| found(&call.body))
}
