//! Percent-encoding (RFC 3986): the same octets, written in other ways.

/// The text with the digits of its encoding in capitals.
pub(super) fn in_capitals(text: &str) -> String {
    with_digits(text, str::to_ascii_uppercase)
}

/// The text with the digits of its encoding in lower case.
pub(super) fn in_lower_case(text: &str) -> String {
    with_digits(text, str::to_ascii_lowercase)
}

fn with_digits(text: &str, written: impl Fn(&str) -> String) -> String {
    let mut pieces = text.split('%');
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |text, piece| match piece.get(..2) {
        Some(digits) => format!("{text}%{}{}", written(digits), &piece[2..]),
        None => format!("{text}%{piece}"),
    })
}

/// The text that is encoded; `None` where that is none.
pub(super) fn decoded(text: &str) -> Option<String> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let octet = after.first_chunk::<2>().filter(|_| *first == b'%');
        let octet = octet.and_then(|digits| {
            let digits = std::str::from_utf8(digits).ok()?;
            u8::from_str_radix(digits, 16).ok()
        });
        octets.push(octet.unwrap_or(*first));
        rest = if octet.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(octets).ok()
}

/// A path with everything encoded that may not stand in it as it is.
pub(super) fn encoded_path(path: &str) -> String {
    let stands =
        |octet: u8| octet.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@%".contains(&octet);
    let write = |octet: u8| {
        if stands(octet) {
            char::from(octet).to_string()
        } else {
            format!("%{octet:02X}")
        }
    };
    path.bytes().map(write).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_octets_and_what_is_no_encoding() {
        assert_eq!(in_capitals("a%2fb%é%c3%a9%2"), "a%2Fb%é%C3%A9%2");
        assert_eq!(in_lower_case("A%2FB"), "A%2fB");
        assert_eq!(decoded("a%20b%2Fc%zz%").as_deref(), Some("a b/c%zz%"));
        assert_eq!(decoded("caf%C3%A9").as_deref(), Some("café"));
        assert_eq!(decoded("%ff"), None);
        assert_eq!(encoded_path("/a b/café%20"), "/a%20b/caf%C3%A9%20");
    }
}
