//! Tokens of a GraphQL document (October 2021, section 2.1). Nothing is copied.

use crate::xml::Fault;

/// One token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'t> {
    /// `{`, `}`, `(`, `)`, `[`, `]`, `:`, `!`, `=`, `@`, `$`, `&`, `|`.
    Sign(u8),
    /// `...`
    Spread,
    Name(&'t str),
    /// A number as it is written.
    Number(&'t str),
    Text,
}

/// Reads token after token, and no more than may be.
pub(super) struct Lexer<'t> {
    rest: &'t str,
    left: u32,
}

const MALFORMED: Fault = Fault::Refused("is no GraphQL");

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str, most: u32) -> Self {
        Self { rest: text.strip_prefix('\u{feff}').unwrap_or(text), left: most }
    }

    /// The next token; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Token<'t>>, Fault> {
        self.skip_ignored();
        let Some(&first) = self.rest.as_bytes().first() else { return Ok(None) };
        self.left = self.left.checked_sub(1).ok_or(Fault::Exceeds("has too many tokens"))?;
        let token = match first {
            b'{' | b'}' | b'(' | b')' | b'[' | b']' | b':' | b'!' | b'=' | b'@' | b'$' | b'&' | b'|' => {
                self.take(1);
                Token::Sign(first)
            }
            b'.' if self.rest.starts_with("...") => {
                self.take(3);
                Token::Spread
            }
            b'"' => self.text()?,
            b'-' | b'0'..=b'9' => {
                Token::Number(self.take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')))
            }
            b'_' | b'a'..=b'z' | b'A'..=b'Z' => Token::Name(self.take_while(|byte| byte.is_ascii_alphanumeric() || byte == b'_')),
            _ => return Err(MALFORMED),
        };
        Ok(Some(token))
    }

    fn skip_ignored(&mut self) {
        loop {
            self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r', ',', '\u{feff}']);
            if !self.rest.starts_with('#') {
                return;
            }
            self.take(self.rest.find(['\n', '\r']).unwrap_or(self.rest.len()));
        }
    }

    fn take(&mut self, length: usize) -> &'t str {
        let (taken, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    fn take_while(&mut self, belongs: impl Fn(u8) -> bool) -> &'t str {
        let end = self.rest.bytes().position(|byte| !belongs(byte)).unwrap_or(self.rest.len());
        self.take(end)
    }

    fn text(&mut self) -> Result<Token<'t>, Fault> {
        if self.rest.starts_with("\"\"\"") {
            self.take(3);
            return self.block();
        }
        self.take(1);
        loop {
            let at = self.rest.find(['"', '\\', '\n', '\r']).ok_or(MALFORMED)?;
            match self.rest.as_bytes().get(at) {
                Some(b'"') => {
                    self.take(at + 1);
                    return Ok(Token::Text);
                }
                // What is escaped is a character of ASCII.
                Some(b'\\') if self.rest.as_bytes().get(at + 1).is_some_and(u8::is_ascii) => drop(self.take(at + 2)),
                _ => return Err(MALFORMED),
            }
        }
    }

    fn block(&mut self) -> Result<Token<'t>, Fault> {
        loop {
            let at = self.rest.find("\"\"\"").ok_or(MALFORMED)?;
            let escaped = at.checked_sub(1).and_then(|before| self.rest.as_bytes().get(before)) == Some(&b'\\');
            self.take(at + 3);
            if !escaped {
                return Ok(Token::Text);
            }
        }
    }
}
