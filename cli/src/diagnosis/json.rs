//! JSON text written as other serialisers write it: the same tokens in the same order, with other
//! white space and other escapes. A parsed value would not do, since it keeps neither the order of
//! keys nor the digits of numbers.

use serde::de::IgnoredAny;

/// Deeper than this nobody indents, and the white space would grow with the square of the depth.
const DEEPEST: usize = 128;

/// One spelling: what it changes, and the text.
pub(super) struct Spelling {
    pub(super) what: String,
    pub(super) text: String,
}

#[derive(Clone, Copy)]
enum Layout {
    Kept,
    Compact,
    /// A blank after each colon and comma, as Python's `json.dumps` does.
    Spaced,
    Indented(&'static str),
}

const LAYOUTS: &[(&str, Layout)] = &[
    ("", Layout::Kept),
    ("without white space", Layout::Compact),
    ("indented by 2 spaces", Layout::Indented("  ")),
    ("indented by 4 spaces", Layout::Indented("    ")),
    ("indented by tabs", Layout::Indented("\t")),
    ("with a blank after each comma and colon", Layout::Spaced),
];

/// Which characters are written as escapes.
#[derive(Clone, Copy)]
struct Escapes {
    unicode: Option<Digits>,
    slash: bool,
    html: bool,
}

#[derive(Clone, Copy)]
enum Digits {
    Lower,
    Upper,
}

const NO_ESCAPES: Escapes = Escapes {
    unicode: None,
    slash: false,
    html: false,
};
const LOWER: Escapes = Escapes {
    unicode: Some(Digits::Lower),
    ..NO_ESCAPES
};

const ESCAPES: &[(&str, Option<Escapes>)] = &[
    ("", None),
    ("with its escapes as plain characters", Some(NO_ESCAPES)),
    ("with \\uXXXX for what is not ASCII", Some(LOWER)),
    (
        "with \\/ for each slash",
        Some(Escapes {
            slash: true,
            ..NO_ESCAPES
        }),
    ),
    (
        "with \\/ for each slash and \\uXXXX for what is not ASCII",
        Some(Escapes {
            slash: true,
            ..LOWER
        }),
    ),
    (
        "with \\uXXXX in capitals for what is not ASCII",
        Some(Escapes {
            unicode: Some(Digits::Upper),
            ..NO_ESCAPES
        }),
    ),
    (
        "with \\u003c and the like for <, > and &",
        Some(Escapes {
            html: true,
            ..NO_ESCAPES
        }),
    ),
];

/// The same JSON without white space between its tokens.
pub(super) fn without_blanks(text: &str) -> String {
    laid_out(text, Layout::Compact).unwrap_or_else(|| text.to_owned())
}

/// Every spelling of a JSON text, those with one change first; nothing for what is no JSON.
pub(super) fn spellings(text: &str) -> impl Iterator<Item = Spelling> {
    let is_json = serde_json::from_str::<IgnoredAny>(text).is_ok();
    let choices = is_json.then(choices).into_iter().flatten();
    choices.filter_map(move |choice| choice.apply(text))
}

#[derive(Clone)]
struct Choice {
    layout: usize,
    escapes: usize,
    newline: bool,
}

impl Choice {
    fn changes(&self) -> usize {
        usize::from(self.layout > 0) + usize::from(self.escapes > 0) + usize::from(self.newline)
    }

    fn apply(&self, text: &str) -> Option<Spelling> {
        let (layout_name, layout) = LAYOUTS[self.layout];
        let (escapes_name, escapes) = ESCAPES[self.escapes];
        let mut spelled = laid_out(text, layout)?;
        if let Some(escapes) = escapes {
            spelled = escaped(&unescaped(&spelled), escapes);
        }
        let newline_name = if self.newline {
            "with a newline at its end"
        } else {
            ""
        };
        if self.newline {
            spelled.truncate(spelled.trim_end().len());
            spelled.push('\n');
        }
        let names = [layout_name, escapes_name, newline_name];
        let names: Vec<_> = names.into_iter().filter(|name| !name.is_empty()).collect();
        Some(Spelling {
            what: names.join(" and "),
            text: spelled,
        })
    }
}

fn choices() -> Vec<Choice> {
    let mut choices = Vec::new();
    for newline in [false, true] {
        for escapes in 0..ESCAPES.len() {
            for layout in 0..LAYOUTS.len() {
                choices.push(Choice {
                    layout,
                    escapes,
                    newline,
                });
            }
        }
    }
    choices.retain(|choice| choice.changes() > 0);
    choices.sort_by_key(Choice::changes);
    choices
}

/// Other white space between the same tokens; `None` for what is too deep to indent.
fn laid_out(text: &str, layout: Layout) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut depth = 0;
    let mut rest = text;
    if matches!(layout, Layout::Kept) {
        return Some(text.to_owned());
    }
    while let Some(first) = rest.chars().next() {
        let (token, after) = rest.split_at(token_length(rest));
        rest = after;
        match first {
            '{' | '[' => {
                depth += 1;
                out.push(first);
                rest = rest.trim_start_matches(WHITE);
                if !rest.starts_with(['}', ']']) {
                    break_line(&mut out, layout, depth)?;
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                if !out.ends_with(['{', '[']) {
                    break_line(&mut out, layout, depth)?;
                }
                out.push(first);
            }
            ',' => {
                out.push(first);
                break_line(&mut out, layout, depth)?;
                if matches!(layout, Layout::Spaced) {
                    out.push(' ');
                }
            }
            ':' if !matches!(layout, Layout::Compact) => out.push_str(": "),
            ' ' | '\t' | '\r' | '\n' => {}
            _ => out.push_str(token),
        }
    }
    Some(out)
}

const WHITE: [char; 4] = [' ', '\t', '\r', '\n'];

fn break_line(out: &mut String, layout: Layout, depth: usize) -> Option<()> {
    let Layout::Indented(indent) = layout else {
        return Some(());
    };
    if depth > DEEPEST {
        return None;
    }
    out.push('\n');
    out.extend(std::iter::repeat_n(indent, depth));
    Some(())
}

/// The length of the token at the start: a whole string, or one character.
fn token_length(text: &str) -> usize {
    if !text.starts_with('"') {
        return text.chars().next().map_or(0, char::len_utf8);
    }
    let mut escape = false;
    let end = text.char_indices().skip(1).find(|(_, character)| {
        let closes = *character == '"' && !escape;
        escape = *character == '\\' && !escape;
        closes
    });
    end.map_or(text.len(), |(end, _)| end + 1)
}

/// The text with every escape as the character itself, where that is allowed. Backslashes are only
/// in strings, so that strings need not be told from the rest.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('\\') {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let (character, length) = escape_at(rest);
        match character {
            Some(character) => out.push(character),
            None => out.push_str(&rest[..length]),
        }
        rest = &rest[length..];
    }
    out + rest
}

/// The escape at the start: its character, unless it has to stay an escape, and its length.
fn escape_at(text: &str) -> (Option<char>, usize) {
    if text.starts_with("\\/") {
        return (Some('/'), 2);
    }
    let may_stand_alone = |character: &char| !matches!(character, '\0'..='\u{1f}' | '"' | '\\');
    let Some(unit) = code_unit(text) else {
        let length = text.chars().take(2).map(char::len_utf8).sum();
        return (None, length);
    };
    let pair: Vec<u16> = [Some(unit), text.get(6..).and_then(code_unit)]
        .into_iter()
        .flatten()
        .collect();
    match char::decode_utf16(pair).next() {
        Some(Ok(character)) => (
            Some(character).filter(may_stand_alone),
            6 * character.len_utf16(),
        ),
        _ => (None, 6),
    }
}

fn code_unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    u16::from_str_radix(digits, 16).ok()
}

fn escaped(text: &str, escapes: Escapes) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        let by_code = match character {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' if escapes.html => Some(Digits::Lower),
            '\u{7f}'.. => escapes.unicode,
            _ => None,
        };
        match by_code {
            Some(digits) => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    out.push_str(&match digits {
                        Digits::Lower => format!("\\u{unit:04x}"),
                        Digits::Upper => format!("\\u{unit:04X}"),
                    });
                }
            }
            None if character == '/' && escapes.slash => out.push_str("\\/"),
            None => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{"b":{"x":[],"a":[1.0,{}]},"u":"a, b: \"[\\","z":12345678901234567890}"#;

    fn spelled(text: &str, what: &str) -> Option<String> {
        let mut spellings = spellings(text).filter(|spelling| spelling.what == what);
        spellings.next().map(|spelling| spelling.text)
    }

    #[test]
    fn indents_and_keeps_order_digits_and_strings() {
        let indented = spelled(TEXT, "indented by 2 spaces").unwrap_or_default();
        let expected = r#"{
  "b": {
    "x": [],
    "a": [
      1.0,
      {}
    ]
  },
  "u": "a, b: \"[\\",
  "z": 12345678901234567890
}"#;
        assert_eq!(indented, expected);
        assert_eq!(
            spelled(&indented, "without white space").as_deref(),
            Some(TEXT)
        );
    }

    #[test]
    fn escapes_and_unescapes_the_same_text() {
        let plain = r#"{"a":"é/🚀<\n\"\\u00e9"}"#;
        let escaped = r#"{"a":"\u00e9\/\ud83d\ude80<\n\"\\u00e9"}"#;
        let both = "with \\/ for each slash and \\uXXXX for what is not ASCII";
        assert_eq!(spelled(plain, both).as_deref(), Some(escaped));
        let none = "with its escapes as plain characters";
        assert_eq!(spelled(escaped, none).as_deref(), Some(plain));
    }

    #[test]
    fn leaves_lone_surrogates_and_control_characters_escaped() {
        let text = r#"{"a":"\ud83d \u0000 \udc00é"}"#;
        let spelled = spelled(text, "with its escapes as plain characters");
        assert_eq!(spelled.as_deref(), Some(text));
    }

    #[test]
    fn takes_what_is_no_json_or_too_deep() {
        assert_eq!(spellings("{\"a\":").count(), 0);
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        assert_eq!(spelled(&deep, "without white space"), Some(deep.clone()));
        assert_eq!(spelled(&deep, "indented by 2 spaces"), None);
    }
}
