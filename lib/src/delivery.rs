//! One HTTP request from a provider, before anything about it is believed.

/// The request methods that a provider may use; everything else is [`Method::Other`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// An event in the query string (Twilio can be set to it).
    Get,
    /// An event in the body.
    Post,
    /// Never a delivery: some providers look whether anybody is there.
    Head,
    /// Never a delivery.
    Other,
}

impl Method {
    /// Reads the method as HTTP writes it; unknown ones become [`Method::Other`].
    pub fn parse(text: &str) -> Self {
        match text {
            "GET" => Self::Get,
            "POST" => Self::Post,
            "HEAD" => Self::Head,
            _ => Self::Other,
        }
    }

    /// The method as HTTP writes it; empty for [`Method::Other`].
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Head => "HEAD",
            Self::Other => "",
        }
    }
}

/// Header names and values as they came. Names match in any case.
#[derive(Clone, Debug, Default)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// The first value of a header, whatever the case of its name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Sets a header, replacing every earlier value.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
        self.0.push((name.to_owned(), value.into()));
    }

    /// All names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self(
            pairs
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}

/// One HTTP request from a provider. Holding one says nothing about who sent it:
/// only [`crate::verify::verify`] turns it into something that can be believed.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The request method.
    pub method: Method,
    /// The URLs under which the sender may have known this endpoint, likeliest first, each
    /// complete with scheme, host, path and query and not normalised in any way. More than one
    /// where proxies leave it open; for schemes that sign the URL, one of them has to match.
    pub urls: Vec<String>,
    /// The query string without its `?`, as it came.
    pub query: String,
    /// The request headers.
    pub headers: Headers,
    /// The body's exact bytes.
    pub body: Vec<u8>,
}

impl Delivery {
    /// The media type of the body without its parameters, in lower case; empty where none is named.
    pub fn media_type(&self) -> String {
        let value = self.headers.get("content-type").unwrap_or_default();
        let essence = value.split(';').next().unwrap_or_default();
        essence.trim().to_ascii_lowercase()
    }
}
