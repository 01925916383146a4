//! The name of a payload in the bucket.

/// The name of a payload in the bucket: `github/default/` and the SHA-256 of the payload in hex. One
/// that is written twice is the same object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    name: String,
    digest: [u8; 32],
}

impl Object {
    /// The object of a source's payload that has this digest.
    pub fn new(provider: &str, source: &str, digest: [u8; 32]) -> Self {
        Self {
            name: format!("{provider}/{source}/{}", hex::encode(digest)),
            digest,
        }
    }

    /// Reads the name of an object of that source; `None` for any other, so that no event has the
    /// payload of another source.
    pub fn parse(name: &str, provider: &str, source: &str) -> Option<Self> {
        let mut digest = [0; 32];
        let (path, hex) = name.rsplit_once('/')?;
        hex::decode_to_slice(hex, &mut digest).ok()?;
        (path == format!("{provider}/{source}")).then(|| Self {
            name: name.to_owned(),
            digest,
        })
    }

    /// Its name in the bucket.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// SHA-256 of the payload.
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }
}
