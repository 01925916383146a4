//! Templates: `{time}.{body}`, a text in which names in braces stand for parts of a delivery.

/// A piece of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A text that stands for itself.
    Literal(&'a str),
    /// `{name}`.
    Name(&'a str),
    /// `{name:argument}`.
    Call(&'a str, &'a str),
}

/// The pieces of a template; none where its braces do not match.
pub(super) fn tokens(text: &str) -> Option<Vec<Token<'_>>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let Some(start) = rest.find(['{', '}']) else {
            tokens.push(Token::Literal(rest));
            break;
        };
        if start > 0 {
            tokens.push(Token::Literal(&rest[..start]));
        }
        let inner = rest[start..].strip_prefix('{')?;
        let (name, after) = inner.split_once('}')?;
        tokens.push(match name.split_once(':') {
            Some((name, argument)) if !argument.is_empty() => Token::Call(name, argument),
            Some(_) => return None,
            None => Token::Name(name),
        });
        rest = after;
    }
    Some(tokens)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_a_template_apart() {
        assert_eq!(
            tokens("v0:{time}:{header:X-Id}{body}"),
            Some(vec![
                Token::Literal("v0:"),
                Token::Name("time"),
                Token::Literal(":"),
                Token::Call("header", "X-Id"),
                Token::Name("body"),
            ])
        );
        assert_eq!(tokens(""), Some(vec![]));
        for text in ["{", "}", "{body", "body}", "{a}}", "{header:}"] {
            assert_eq!(tokens(text), None, "{text}");
        }
    }
}
