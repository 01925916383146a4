//! A scheme in words, for whoever looks for what is wrong with a signature.

use super::{Algorithm, At, Encoding, Form, Part, Scheme, Unit};

impl Scheme {
    /// The form of the signature: "sha256= and 64 hexadecimal digits".
    pub fn description(&self) -> String {
        let value = self.value();
        match self.form {
            Form::Whole => value,
            Form::Prefixed(prefix) => format!("{prefix} and {value}"),
            Form::List { prefix, .. } => format!("{prefix} and {value}, perhaps several times"),
            Form::Pairs { separator, name } => match self.clock.map(|clock| (clock.at, clock.unit))
            {
                Some((At::Pair(time), unit)) => {
                    format!(
                        "{time}=, {}, and {separator}{name}= with {value}",
                        unit.words()
                    )
                }
                _ => format!("{name}= with {value}"),
            },
        }
    }

    /// The algorithm, and what it is over: "HMAC-SHA256 of time, `.` and body, 300 s".
    pub fn signing(&self) -> String {
        let algorithm = match self.algorithm {
            Algorithm::Hmac(hash) => format!("HMAC-SHA{}", hash.name()),
            Algorithm::Ed25519 => "Ed25519".to_owned(),
            Algorithm::EcdsaP256 => "ECDSA P-256".to_owned(),
            Algorithm::Rsa => "RSA-SHA256".to_owned(),
            Algorithm::Token => return "the secret itself".to_owned(),
        };
        let parts: Vec<_> = self.signed.iter().map(Part::words).collect();
        let age = match self.clock.and_then(|clock| clock.past) {
            Some(past) => format!(", {} s", past.as_secs()),
            None => String::new(),
        };
        format!("{algorithm} of {}{age}", parts.join(" + "))
    }

    fn value(&self) -> String {
        let bytes = match self.algorithm {
            Algorithm::Hmac(hash) => hash.length(),
            Algorithm::Ed25519 => 64,
            Algorithm::EcdsaP256 | Algorithm::Rsa => return self.encoding.words().to_owned(),
            Algorithm::Token => return "the secret itself".to_owned(),
        };
        let characters = match self.encoding {
            Encoding::Hex => 2 * bytes,
            Encoding::Base64 => bytes.div_ceil(3) * 4,
            Encoding::Base64Url => (bytes * 4).div_ceil(3),
            Encoding::Text => bytes,
        };
        format!("{characters} {}", self.encoding.words())
    }
}

impl Part {
    fn words(&self) -> String {
        match self {
            Self::Literal(text) => format!("`{text}`"),
            Self::Body => "body".to_owned(),
            Self::Time => "time".to_owned(),
            Self::Url => "URL".to_owned(),
            Self::Method => "method".to_owned(),
            Self::Header(name) => format!("`{name}`"),
            Self::Field(path) => format!("`{path}`"),
        }
    }
}

impl Encoding {
    const fn words(self) -> &'static str {
        match self {
            Self::Hex => "hexadecimal digits",
            Self::Base64 => "characters of base64 with padding",
            Self::Base64Url => "characters of URL-safe base64 without padding",
            Self::Text => "characters",
        }
    }
}

impl Unit {
    const fn words(self) -> &'static str {
        match self {
            Self::Seconds => "Unix seconds",
            Self::Milliseconds => "Unix milliseconds",
            Self::Rfc3339 => "a time of RFC 3339",
            Self::HttpDate => "a date of HTTP",
        }
    }
}
