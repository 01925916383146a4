//! Random faults: calls that break at random.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use uuid::Uuid;

use super::stage::FaultPlan;
use crate::proxy::Fault;

/// The longest that a call is late.
pub const LATEST: Duration = Duration::from_millis(LATEST_MILLIS);
const LATEST_MILLIS: u64 = 2000;

/// Every kind of fault, with its name.
pub const FAULTS: [(&str, Fault); 8] = [
    ("error 500", Fault::Error),
    ("throttling", Fault::Throttling),
    ("reset", Fault::Reset),
    ("answer lost", Fault::LostAnswer),
    ("silence", Fault::Silence),
    ("300 ms late", Fault::Slow(300)),
    ("700 ms late", Fault::Slow(700)),
    ("2 s late", Fault::Slow(LATEST_MILLIS)),
];

/// Breaks some calls of every function, and counts them.
#[derive(Debug, Default)]
pub struct RandomFaults {
    broken: Mutex<BTreeMap<&'static str, usize>>,
}

impl RandomFaults {
    /// The plan that breaks so many calls in a thousand, each in one of these ways.
    pub fn plan(self: &Arc<Self>, per_mille: u128) -> FaultPlan {
        let random_faults = Arc::clone(self);
        Arc::new(move |_, _| {
            let dice = Uuid::new_v4().as_u128();
            if dice % 1000 >= per_mille {
                return None;
            }
            let (name, fault) =
                FAULTS[usize::try_from(dice / 1000 % FAULTS.len() as u128).unwrap_or(0)];
            let mut broken = random_faults
                .broken
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            *broken.entry(name).or_default() += 1;
            Some(fault)
        })
    }

    /// Calls broken so far, by kind.
    pub fn broken(&self) -> BTreeMap<&'static str, usize> {
        let broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
        broken.clone()
    }
}
