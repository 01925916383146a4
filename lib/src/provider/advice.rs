//! Advice about a provider's signatures, for the diagnosis of one that does not hold.

use crate::scheme::Scheme;

/// Advice about a provider's signatures: whatever its schemes do not say.
#[derive(Debug)]
pub struct Advice {
    /// Advice on what to look for where the signature header is missing.
    pub unsigned: &'static str,
    /// Other secrets of the provider that are easily taken for this one, in brackets.
    pub confusions: &'static str,
    /// Secrets that are something else, by how they begin.
    pub lookalikes: &'static [Lookalike],
    /// The beginning of every secret, where they all begin alike.
    pub prefix: Option<&'static str>,
    /// A weaker signature that is sent beside the one that counts, and never accepted.
    pub legacy: Option<Legacy>,
    /// An element of the signature header that never counts, and what it is.
    pub void: Option<(&'static str, &'static str)>,
    /// A header that chooses the algorithm, and is lost on the way.
    pub chooser: Option<Chooser>,
    /// Texts of a body that was indented when it was sent.
    pub indented: Option<Indented>,
}

/// A text that is taken for a secret and is none.
#[derive(Debug)]
pub struct Lookalike {
    /// The text with which it begins.
    pub prefix: &'static str,
    /// Its length in bytes, where that tells.
    pub length: Option<usize>,
    /// A description in words.
    pub what: &'static str,
}

/// A weaker signature.
#[derive(Debug)]
pub struct Legacy {
    /// Its name in words.
    pub name: &'static str,
    /// The scheme by which it is made.
    pub scheme: Scheme,
}

/// A header that chooses the algorithm.
#[derive(Debug)]
pub struct Chooser {
    /// Its name.
    pub header: &'static str,
    /// Its values, each with the name of its algorithm.
    pub values: &'static [(&'static str, &'static str)],
    /// The step to take about it.
    pub step: &'static str,
}

/// Texts that tell an indented body.
#[derive(Debug)]
pub struct Indented {
    /// A text that it has.
    pub with: &'static str,
    /// A text that it has not.
    pub without: &'static str,
}

/// Advice for a provider of which nothing more is known than its schemes.
pub const NO_ADVICE: Advice = Advice {
    unsigned: "Every request of this provider is signed: the capture or a proxy dropped the header, \
               or the request is from somebody else.",
    confusions: "",
    lookalikes: &[],
    prefix: None,
    legacy: None,
    void: None,
    chooser: None,
    indented: None,
};
