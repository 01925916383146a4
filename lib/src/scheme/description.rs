//! A scheme in words, for whoever looks for what is wrong with a signature.

use super::{Algorithm, At, Encoding, Form, Scheme, Unit};

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
