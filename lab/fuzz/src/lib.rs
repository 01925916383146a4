//! What must hold for whatever bytes come from outside: one function for each place that reads
//! them. libFuzzer looks for bytes that break one (`fuzz_targets`), and `lab/tests/corpus.rs`
//! replays what it has found worth keeping (`corpus`).

mod batch;
mod envelope;
mod gateway;
mod item;
mod provider;
mod text;

pub use batch::batch;
pub use envelope::envelope;
pub use gateway::gateway;
pub use item::item;
pub use provider::delivery;

/// Something that must hold for all bytes; it panics where it does not.
pub type Target = fn(&[u8]);

/// Every target by the name of its corpus.
pub const TARGETS: [(&str, Target); 5] = [
    ("delivery", delivery),
    ("gateway", gateway),
    ("envelope", envelope),
    ("item", item),
    ("batch", batch),
];
