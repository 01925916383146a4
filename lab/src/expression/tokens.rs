//! An expression's words.

/// Reads an expression word by word.
pub(super) struct Tokens {
    words: Vec<String>,
    next: usize,
}

impl Tokens {
    pub(super) fn of(expression: &str) -> Self {
        let mut words: Vec<String> = Vec::new();
        let mut inside = false;
        for character in expression.chars() {
            let part = character.is_alphanumeric() || "#:_".contains(character);
            match (part, inside, words.last_mut()) {
                (true, true, Some(word)) => word.push(character),
                (false, _, Some(less)) if less == "<" && character == '=' => less.push('='),
                _ if character.is_whitespace() => {}
                _ => words.push(character.to_string()),
            }
            inside = part;
        }
        Self { words, next: 0 }
    }

    pub(super) fn peek(&self) -> Option<&str> {
        self.words.get(self.next).map(String::as_str)
    }

    /// The next word, which must be there.
    pub(super) fn take(&mut self) -> String {
        let word = self.words.get(self.next).cloned();
        self.next += 1;
        word.expect("the expression goes on")
    }

    /// Takes the next word if it is this one.
    pub(super) fn took(&mut self, word: &str) -> bool {
        let there = self.peek() == Some(word);
        self.next += usize::from(there);
        there
    }

    /// Takes this word, which must come next.
    pub(super) fn expect(&mut self, word: &str) {
        assert!(self.took(word), "{word} expected in {:?}", self.words);
    }
}
