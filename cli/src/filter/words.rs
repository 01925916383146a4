//! Words with quotes in them.

use std::borrow::Cow;

use super::error::FilterError;

/// The words of a text. White space parts them, but for what stands between quotes, where a backslash takes the
/// meaning from the quote or backslash after it.
pub(super) fn split(text: &str) -> Result<Vec<String>, FilterError> {
    let mut words = Vec::new();
    let mut characters = text.chars().peekable();
    loop {
        while characters.next_if(|next| next.is_whitespace()).is_some() {}
        if characters.peek().is_none() {
            return Ok(words);
        }
        let mut word = String::new();
        while let Some(next) = characters.next_if(|next| !next.is_whitespace()) {
            if next == '"' {
                quoted(&mut characters, &mut word)?;
            } else {
                word.push(next);
            }
        }
        words.push(word);
    }
}

/// A word of a command line without the quotes that its writer gave it beside the shell's.
pub(super) fn unquoted(word: &str) -> Cow<'_, str> {
    let quoted = word.ends_with('"') && (word.contains(":\"") || word.contains("=\""));
    match split(word) {
        Ok(words) if quoted && words.len() == 1 => Cow::Owned(words.concat()),
        _ => Cow::Borrowed(word),
    }
}

/// A value as [`split`] reads it back.
pub(super) fn quote(value: &str) -> Cow<'_, str> {
    if !value.is_empty()
        && !value.contains(|character: char| character.is_whitespace() || character == '"')
    {
        return Cow::Borrowed(value);
    }
    let value = value.replace('\\', "\\\\").replace('"', "\\\"");
    Cow::Owned(format!("\"{value}\""))
}

fn quoted(
    characters: &mut impl Iterator<Item = char>,
    word: &mut String,
) -> Result<(), FilterError> {
    let begin = word.len();
    while let Some(next) = characters.next() {
        match next {
            '"' => return Ok(()),
            '\\' => word.extend(characters.next()),
            other => word.push(other),
        }
    }
    let word = format!("\"{}", &word[begin..]);
    Err(FilterError::Quote { word })
}
