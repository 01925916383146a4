//! The name of a group of failures: the same for failures of one type whose causes differ in names and numbers
//! alone.

use webhooks::signature::sha256;

/// The key of the issue that a failure belongs to: eight hexadecimal digits.
pub fn issue_key(kind: &str, cause: &str) -> String {
    let text = format!("{kind}\n{}", normalised(cause));
    hex::encode(&sha256(text.as_bytes())[..4])
}

/// The cause with `#` for each word that has a digit, since it names one customer, order or time. The codes of
/// HTTP stay: what differs in them differs in kind.
pub fn normalised(cause: &str) -> String {
    let words = cause.split_whitespace().map(|word| {
        let mut out = String::new();
        let mut part = String::new();
        for character in word.chars() {
            if character.is_alphanumeric() || matches!(character, '-' | '_') {
                part.push(character);
            } else {
                out.push_str(general(&part));
                part.clear();
                out.push(character);
            }
        }
        out.push_str(general(&part));
        out
    });
    words.collect::<Vec<_>>().join(" ")
}

fn general(part: &str) -> &str {
    let is_code = part.len() == 3
        && part.bytes().all(|byte| byte.is_ascii_digit())
        && matches!(part.as_bytes()[0], b'3'..=b'5');
    if part.contains(|character: char| character.is_numeric()) && !is_code {
        "#"
    } else {
        part
    }
}
