//! What a provider publishes on its own web hosts: keys that deliveries name.

use std::borrow::Cow;

use crate::secret::Secret;

/// An address at one of the provider's own hosts. Its code makes it, and takes from a delivery only what
/// it knows the form of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Scheme and host.
    pub host: Cow<'static, str>,
    /// The path and query.
    pub path: String,
}

/// The address of a published key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyAddress {
    /// Where it is published.
    pub at: Address,
    /// The name of the key in what is published there, which may hold others; a certificate has an
    /// address of its own and no name.
    pub id: Option<String>,
    /// A text that every answer with a key has; what is without it is none.
    pub mark: &'static str,
    /// The JSON text that asks for it, with the source's own credentials; without one it is simply read.
    pub ask: Option<Secret>,
}

/// The key that a provider is played with, as the provider would publish it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// The path on its host.
    pub path: &'static str,
    /// The text that is read there.
    pub text: Vec<u8>,
}

impl Address {
    /// Takes apart a URL whose scheme and host pass; none where they do not, where anything stands before
    /// the host or a port behind it, and where the rest cannot stand in a request.
    pub fn read(url: &str, is_host: impl Fn(&str) -> bool) -> Option<Self> {
        let rest = url.strip_prefix("https://")?;
        let end = rest.find(['/', '?', '#'])?;
        let (host, path) = rest.split_at(end);
        let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'#' && byte != b'\\';
        let is_usable = is_host(host) && path.starts_with('/') && path.bytes().all(plain);
        is_usable.then(|| Self {
            host: Cow::Owned(format!("https://{host}")),
            path: path.to_owned(),
        })
    }
}

impl KeyAddress {
    /// The name under which the text is kept. Who is asked answers with one key.
    pub fn name(&self) -> String {
        let Address { host, path } = &self.at;
        match &self.id {
            Some(id) if self.ask.is_some() => format!("{host}{path}#{id}"),
            _ => format!("{host}{path}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_host_itself_is_one() {
        let read = |url: &str| Address::read(url, |host| host == "keys.example.com");
        let address = read("https://keys.example.com/a/b.pem?c=d").expect("an address");
        assert_eq!(address.host, "https://keys.example.com");
        assert_eq!(address.path, "/a/b.pem?c=d");
        for url in [
            "http://keys.example.com/a",
            "https://keys.example.com",
            "https://keys.example.com.evil.example/a",
            "https://keys.example.com@evil.example/a",
            "https://user@keys.example.com/a",
            "https://keys.example.com:8443/a",
            "https://keys.example.com\\@evil.example/a",
            "https://keys.example.com?/a",
            "https://keys.example.com#/a",
            "https://keys.example.com/a b",
            "https://keys.example.com/a\r\nHost: evil.example",
            "https://keys.example.com/a#b",
            "https://KEYS.example.com/a",
            "//keys.example.com/a",
            "",
        ] {
            assert_eq!(read(url), None, "{url}");
        }
    }
}
