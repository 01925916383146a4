//! The names of writes.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

/// A name that no other write to the same event has: 72 random bits in 12 characters.
pub fn token() -> String {
    // Without the two bytes that hold the UUID's version and variant.
    let [a, b, c, d, e, f, _, _, _, g, h, i, ..] = Uuid::new_v4().into_bytes();
    URL_SAFE_NO_PAD.encode([a, b, c, d, e, f, g, h, i])
}
