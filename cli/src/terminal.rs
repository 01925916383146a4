//! Text for a terminal. What comes out of data is somebody else's text: a control or bidirectional
//! character in it could hide, move or fake what is on the screen.

use std::borrow::Cow;
use std::fmt::{Display, Write as _};
use std::io::{IsTerminal, Write as _, stdout};

use serde::Serialize;

use crate::failure::Failure;

/// The text with every character that a terminal obeys written as `\u{...}`; tabs and line breaks
/// stay.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(is_obeyed) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_obeyed(character) {
            // Writing to a string cannot fail.
            let _ = write!(escaped, "{}", character.escape_unicode());
        } else {
            escaped.push(character);
        }
    }
    Cow::Owned(escaped)
}

/// The same for text that has to stay on one line.
pub fn on_one_line(text: &str) -> Cow<'_, str> {
    if !text.contains(|character| is_obeyed(character) || matches!(character, '\n' | '\t')) {
        return Cow::Borrowed(text);
    }
    let line = text.replace('\n', "\\n").replace('\t', "\\t");
    Cow::Owned(printable(&line).into_owned())
}

/// Prints a line to standard output.
pub fn say(text: impl Display) {
    println!("{}", printable(&text.to_string()));
}

/// Prints a line to standard error.
pub fn warn(text: impl Display) {
    eprintln!("{}", printable(&text.to_string()));
}

/// Prints data as it is where a program reads it, and printable where a person does.
pub fn hand_out(data: &str) {
    if stdout().is_terminal() {
        say(data);
    } else {
        // As with `println!`, a reader that has gone away ends the command by its signal.
        let _ = writeln!(stdout().lock(), "{data}");
    }
}

/// Prints a value as JSON on one line. What a terminal would obey stands in strings alone, where an escape means
/// the same.
///
/// # Errors
/// [`Failure`] for a value that JSON has no form for.
pub fn say_json(value: &impl Serialize) -> Result<(), Failure> {
    let json = serde_json::to_string(value);
    let json = json.map_err(|error| Failure::new("the output", error))?;
    let mut escaped = String::with_capacity(json.len());
    for character in json.chars() {
        if character == '\r' {
            // Raw it can stand between values alone.
            escaped.push(' ');
        } else if is_obeyed(character) {
            // Writing to a string cannot fail.
            let _ = write!(escaped, "\\u{:04x}", u32::from(character));
        } else {
            escaped.push(character);
        }
    }
    println!("{escaped}");
    Ok(())
}

/// Control characters of ASCII and Latin 1, marks and overrides of direction, line separators.
fn is_obeyed(character: char) -> bool {
    match character {
        '\n' | '\t' => false,
        '\u{061c}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}' => true,
        other => other.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_what_a_terminal_obeys() {
        for obeyed in [
            '\u{0}', '\u{7}', '\u{8}', '\r', '\u{1b}', '\u{7f}', '\u{85}', '\u{9b}', '\u{200f}',
            '\u{202e}', '\u{2028}', '\u{2066}', '\u{2069}', '\u{61c}',
        ] {
            let text = printable(&format!("a{obeyed}b")).into_owned();
            assert_eq!(text, format!("a\\u{{{:x}}}b", u32::from(obeyed)));
        }
    }

    #[test]
    fn leaves_other_text_alone() {
        let text = "Größe: 10 €\n\tnäher 日本語 עברית 🦀";
        assert!(matches!(printable(text), Cow::Borrowed(same) if same == text));
        assert_eq!(on_one_line("a\nb\tc\u{1b}[2J"), "a\\nb\\tc\\u{1b}[2J");
    }
}
