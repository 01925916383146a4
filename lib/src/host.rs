//! The host in a URL. A host has no case, but a signature covers it as it was pasted.

use std::net::Ipv6Addr;

/// Longest name of a host.
const LENGTH: usize = 253;

/// True for `host` and `host:port`, and for nothing that would bring a path or credentials along.
pub(crate) fn is_host(text: &str) -> bool {
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (text, None),
    };
    let port_holds = port.is_none_or(|port| {
        port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok()
    });
    let literal = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'));
    let name_holds = match literal {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => {
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
            (1..=LENGTH).contains(&name.len()) && name.bytes().all(allowed)
        }
    };
    name_holds && port_holds
}

/// A URL with its host as it is, as the sender spelled it, and in lower case: one URL, or up to three. `sent`
/// is the host in the request; it counts only if it is the same but for its case.
pub(crate) fn spellings(url: String, sent: Option<&str>) -> Vec<String> {
    let Some((before, host, after)) = parts(&url) else {
        return vec![url];
    };
    let same = sent.filter(|sent| sent.eq_ignore_ascii_case(host));
    let lower = host.to_ascii_lowercase();
    let mut urls = Vec::with_capacity(1);
    for host in [Some(host), same, Some(&lower)].into_iter().flatten() {
        let url = format!("{before}{host}{after}");
        if !urls.contains(&url) {
            urls.push(url);
        }
    }
    urls
}

/// The parts before the host and its port, the two, and what follows.
fn parts(url: &str) -> Option<(&str, &str, &str)> {
    let start = url.find("://")? + 3;
    let end = url[start..]
        .find(['/', '?'])
        .map_or(url.len(), |at| start + at);
    let start = url[start..end]
        .rfind('@')
        .map_or(start, |at| start + at + 1);
    Some((&url[..start], &url[start..end], &url[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_in_lower_case_that_was_called_so_is_one_url() {
        let url = "https://a.example/Sms?to=A@b";
        assert_eq!(spellings(url.to_owned(), None), [url]);
        assert_eq!(spellings(url.to_owned(), Some("a.example")), [url]);
    }

    #[test]
    fn the_senders_spelling_counts_if_it_is_the_same_host() {
        let url = "https://U:P@a.example/Sms";
        for other in [
            "b.example",
            "a.example:8443",
            "x@a.example",
            "a.example/Sms",
            "",
        ] {
            assert_eq!(spellings(url.to_owned(), Some(other)), [url], "{other}");
        }
        let spelled = ["https://U:P@a.example/Sms", "https://U:P@A.Example/Sms"];
        assert_eq!(spellings(url.to_owned(), Some("A.Example")), spelled);
        let spelled = [
            "https://Hooks.example?a=B",
            "https://HOOKS.example?a=B",
            "https://hooks.example?a=B",
        ];
        let url = spelled[0].to_owned();
        assert_eq!(spellings(url, Some("HOOKS.example")), spelled);
    }

    #[test]
    fn what_is_no_url_stays() {
        assert_eq!(spellings("Hooks".to_owned(), Some("hooks")), ["Hooks"]);
    }
}
