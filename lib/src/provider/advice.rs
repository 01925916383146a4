//! Advice about a provider's signatures, for the diagnosis of one that does not hold.

/// Advice about a provider's signatures.
#[derive(Debug)]
pub struct Advice {
    /// What to look for where the signature header is missing.
    pub unsigned: &'static str,
    /// How the signature should look.
    pub form: &'static str,
    /// Other secrets of the provider that are easily taken for this one.
    pub confusions: &'static str,
    /// Secrets that are something else, by how they begin.
    pub lookalikes: &'static [Lookalike],
    /// How a secret begins, where all of the provider's begin so.
    pub prefix: Option<&'static str>,
    /// Whether bodies are indented, so that one in a single line was written anew.
    pub indented: bool,
}

/// A text that is taken for a secret and is none.
#[derive(Debug)]
pub struct Lookalike {
    /// How it begins.
    pub prefix: &'static str,
    /// Its length in bytes, where that tells.
    pub length: Option<usize>,
    /// What it is, in words.
    pub what: &'static str,
}

/// Advice for a provider of which nothing more is known than its scheme.
pub const NO_ADVICE: Advice = Advice {
    unsigned: "Every request of this provider is signed: the capture or a proxy dropped the header, \
               or the request is from somebody else.",
    form: "It should be as the provider's documentation describes it.",
    confusions: "",
    lookalikes: &[],
    prefix: None,
    indented: false,
};
