//! Trials: the function binaries under load while they are killed and their network breaks, and an
//! audit at the end that counts what was promised and what came of it.
//!
//! A [`stage`] has the emulator with the template's data resources, a proxy before it for each
//! function, and the [`programs`], whose fail points ([`webhooks::faults`]) and [`clock`] it
//! sets. [`traffic`] makes deliveries and sends them as their providers do, [`audit`] looks at
//! every event afterwards. [`chaos`], [`soak`], [`outages`] and [`malformed`] are the trials.

pub mod audit;
pub mod chaos;
pub mod clock;
pub mod experiment;
pub mod killer;
pub mod load;
pub mod malformed;
pub mod outages;
pub mod programs;
pub mod progress;
pub mod random_faults;
pub mod raw;
pub mod rules;
pub mod soak;
pub mod stage;
pub mod traffic;
