//! What must hold for whatever bytes come from outside: one function for each place that reads
//! them. libFuzzer looks for bytes that break one (`fuzz_targets`), and `lib/tests/corpus.rs`
//! replays what it has found worth keeping (`corpus`).

mod batch;
mod delivery;
mod envelope;
mod gateway;
mod item;
mod provider;

pub use batch::batch;
pub use envelope::envelope;
pub use gateway::gateway;
pub use item::item;
pub use provider::{github, stripe, twilio};

/// Something that must hold for all bytes; it panics where it does not.
pub type Target = fn(&[u8]);

/// Every target by the name of its corpus.
pub const TARGETS: [(&str, Target); 7] = [
    ("github", github),
    ("stripe", stripe),
    ("twilio", twilio),
    ("gateway", gateway),
    ("envelope", envelope),
    ("item", item),
    ("batch", batch),
];
