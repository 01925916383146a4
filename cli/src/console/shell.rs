//! Commands that a page shows, to be pasted into a shell. What an event brought is one word of them, whatever is in it.

use std::borrow::Cow;

use crate::filter::Filter;

/// A word as a shell reads it back.
pub(super) fn quote(word: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=,@%+".contains(&byte);
    if !word.is_empty() && word.bytes().all(is_plain) {
        return Cow::Borrowed(word);
    }
    Cow::Owned(format!("'{}'", word.replace('\'', r"'\''")))
}

/// A command with the words of a filter.
pub(super) fn with_filter(command: &str, filter: &Filter) -> String {
    let words = filter.terms().iter().map(|term| term.to_string());
    with_words(command, words)
}

/// A command with these words.
pub(super) fn with_words(command: &str, words: impl IntoIterator<Item = String>) -> String {
    let mut command = command.to_owned();
    for word in words {
        command.push(' ');
        command.push_str(&quote(&word));
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_event_brought_stays_one_word() {
        assert_eq!(quote("github/default/1:a"), "github/default/1:a");
        for (word, quoted) in [
            ("a;b", "'a;b'"),
            ("$(x)", "'$(x)'"),
            ("a'b", r"'a'\''b'"),
            ("", "''"),
            ("type:a.*", "'type:a.*'"),
        ] {
            assert_eq!(quote(word), quoted);
        }
        let filter = r#"cause:"no way" status:failed"#.parse().expect("a filter");
        let command = with_filter("events", &filter);
        assert_eq!(command, r#"events 'cause:"no way"' status:failed"#);
    }
}
