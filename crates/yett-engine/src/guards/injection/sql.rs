//! SQL as a shape: the kinds of its tokens, one behind the other, so that a signature can speak of what a text does
//! instead of how it is written.
//!
//! | token | stands for |
//! | --- | --- |
//! | `1` | a number, `null`, `true`, `false`, and arithmetic of numbers |
//! | `s` | a string; one that does not end, too |
//! | `q` | the end of the string that the value stands in |
//! | `v` | a variable |
//! | `w`, `W` | a word, several words |
//! | `f`, `g`, `F` | a call of a function: any, one of databases, one that hardly anybody but attackers calls |
//! | `=` | a comparison or assignment |
//! | `o`, `*` | an operator |
//! | `c` | the begin of a comment that hides the rest |
//! | `sub` | `select` behind a parenthesis |
//! | `;` `,` `.` `x` | themselves; any other character |
//!
//! Keywords stand for themselves, `or` also for `||` and `xor`, `and` for `&&`, `like` for its kin. Parentheses, signs,
//! `not` and whole comments leave nothing behind. A value may stand in a string of the statement: then it is read once
//! more from the quote on that ends the string.

use super::sql_words::{Word, word};

/// The shapes of a text: as it is, and behind the first quote of each kind that there is in it.
pub(super) fn shapes(text: &str) -> Vec<String> {
    let bytes = text.as_bytes();
    let mut shapes = vec![Lexer::new(bytes).read()];
    for quote in [b'\'', b'"', b'`'] {
        if let Some(at) = end_of_string(bytes, quote) {
            let mut lexer = Lexer::new(bytes.get(at..).unwrap_or_default());
            lexer.push("q");
            shapes.push(lexer.read());
        }
    }
    shapes
}

/// The place behind the quote that ends a string; a backslash takes the meaning of what follows.
fn end_of_string(text: &[u8], quote: u8) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr2(quote, b'\\', text.get(at..)?)?;
        match text.get(at) {
            Some(b'\\') => at += 2,
            // Two are one in the string.
            _ if text.get(at + 1) == Some(&quote) && text.get(at + 2).is_some_and(|next| next.is_ascii_alphanumeric()) => at += 2,
            _ => return Some(at + 1),
        }
    }
}

struct Lexer<'t> {
    rest: &'t [u8],
    tokens: Vec<&'static str>,
    after_parenthesis: bool,
    /// No comment ends any more: looked for once, not once for each that begins.
    endless: bool,
}

impl<'t> Lexer<'t> {
    fn new(rest: &'t [u8]) -> Self {
        Self { rest, tokens: Vec::new(), after_parenthesis: false, endless: false }
    }

    /// Every token between spaces, so that ` or ` finds the token.
    fn read(mut self) -> String {
        while let Some(&byte) = self.rest.first() {
            self.step(byte);
        }
        let mut shape = String::with_capacity(2 + self.tokens.len() * 3);
        shape.push(' ');
        for token in &self.tokens {
            shape.push_str(token);
            shape.push(' ');
        }
        shape
    }

    fn skip(&mut self, count: usize) {
        self.rest = self.rest.get(count..).unwrap_or_default();
    }

    fn step(&mut self, byte: u8) {
        let next = self.rest.get(1).copied().unwrap_or(0);
        let opened = std::mem::take(&mut self.after_parenthesis);
        match byte {
            0..=b' ' | b')' | b'!' | b'~' if !(byte == b'!' && next == b'=') => {
                self.after_parenthesis = opened && byte <= b' ';
                self.skip(1);
            }
            b'(' => {
                self.after_parenthesis = true;
                self.skip(1);
            }
            b'\'' | b'"' => self.string(byte),
            b'`' => self.quoted_name(b'`'),
            b'[' => self.quoted_name(b']'),
            b'0'..=b'9' => self.number(),
            b'.' if next.is_ascii_digit() => self.number(),
            b'@' | b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80.. => self.word(opened),
            b'$' if next.is_ascii_alphanumeric() || next == b'_' => self.word(opened),
            b'/' if next == b'*' => self.comment(),
            b'*' if next == b'/' => self.skip(2),
            b'-' if next == b'-' => {
                let dashes = self.rest.iter().take_while(|byte| **byte == b'-').count();
                self.skip(dashes);
                self.push("c");
            }
            b'#' => self.single("c"),
            b';' => self.single(";"),
            b',' => self.single(","),
            b'.' => self.single("."),
            b'=' | b'<' | b'>' | b'!' => {
                let length = self.rest.iter().take_while(|byte| matches!(byte, b'=' | b'<' | b'>' | b'!' | b'~')).count();
                self.skip(length);
                self.push("=");
            }
            b'|' if next == b'|' => self.pair("or"),
            b'&' if next == b'&' => self.pair("and"),
            b':' if next == b'=' => self.pair("="),
            b'*' => self.single("*"),
            b'+' | b'-' | b'/' | b'%' | b'^' | b'|' | b'&' => self.single("o"),
            _ => self.single("x"),
        }
    }

    fn single(&mut self, token: &'static str) {
        self.skip(1);
        self.push(token);
    }

    fn pair(&mut self, token: &'static str) {
        self.skip(2);
        self.push(token);
    }

    /// Adds a token, folded with what stands before it.
    fn push(&mut self, token: &'static str) {
        match (token, self.tokens.as_slice()) {
            // A sign.
            ("o", [.., last]) if !is_operand(last) => {}
            ("o", []) => {}
            ("1", [.., "1", "o" | "*"]) => drop(self.tokens.pop()),
            ("w", [.., "w" | "W"]) => {
                self.tokens.pop();
                self.tokens.push("W");
            }
            ("x", [.., "x"]) | (".", [.., "."]) | ("like", [.., "like"]) => {}
            _ => self.tokens.push(token),
        }
    }

    fn string(&mut self, quote: u8) {
        self.skip(1);
        let length = end_of_literal(self.rest, quote);
        self.skip(length);
        self.push("s");
    }

    /// A name in quotes; a quote alone is nothing.
    fn quoted_name(&mut self, close: u8) {
        let inside = self.rest.get(1..).unwrap_or_default();
        match inside.iter().take(64).position(|&byte| byte == close) {
            Some(length) if length > 0 => {
                self.skip(length + 2);
                self.push("w");
            }
            _ => self.single("x"),
        }
    }

    fn number(&mut self) {
        let digits = |text: &[u8], more: fn(&u8) -> bool| text.iter().take_while(|byte| more(byte)).count();
        let length = match self.rest {
            [b'0', b'x' | b'X', rest @ ..] => 2 + digits(rest, u8::is_ascii_hexdigit),
            rest => {
                let whole = digits(rest, |byte| byte.is_ascii_digit() || *byte == b'.');
                match rest.get(whole..) {
                    Some([b'e' | b'E', b'+' | b'-', more @ ..]) if more.first().is_some_and(u8::is_ascii_digit) => {
                        whole + 2 + digits(more, u8::is_ascii_digit)
                    }
                    Some([b'e' | b'E', more @ ..]) if more.first().is_some_and(u8::is_ascii_digit) => {
                        whole + 1 + digits(more, u8::is_ascii_digit)
                    }
                    _ => whole,
                }
            }
        };
        self.skip(length.max(1));
        self.push("1");
    }

    fn word(&mut self, after_parenthesis: bool) {
        let part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || *byte >= 0x80;
        let mut length = self.rest.iter().take(2).take_while(|byte| **byte == b'@').count();
        loop {
            length += self.rest.get(length..).unwrap_or_default().iter().take_while(|byte| part(byte)).count();
            let dots = self.rest.get(length..).unwrap_or_default().iter().take(2).take_while(|byte| **byte == b'.').count();
            match self.rest.get(length + dots) {
                Some(next) if dots > 0 && part(next) => length += dots,
                _ => break,
            }
        }
        let (text, rest) = self.rest.split_at(length.max(1).min(self.rest.len()));
        self.rest = rest;
        match rest.first() {
            // `x'31'`, `n'a'`, `_utf8'a'`.
            Some(b'\'' | b'"') if text.len() == 1 || text.starts_with(b"_") => return,
            _ => {}
        }
        if text.starts_with(b"@") {
            return self.push("v");
        }
        let called = rest.trim_ascii_start().first() == Some(&b'(');
        match word(text) {
            Some(Word::Keyword("select")) if after_parenthesis => self.push("sub"),
            Some(Word::Keyword("user" | "database" | "schema" | "view" | "replace" | "insert" | "time")) if called => {
                self.push("g")
            }
            Some(Word::Keyword(keyword)) => self.push(keyword),
            Some(Word::Nothing) => {}
            Some(Word::Function(token)) if called => self.push(token),
            _ if called => self.push("f"),
            _ => self.push("w"),
        }
    }

    /// What stands in a comment of MySQL's own kind is run; any other comment is a space, and hides what follows if it
    /// does not end.
    fn comment(&mut self) {
        self.skip(2);
        if let [b'!', rest @ ..] = self.rest {
            self.rest = rest;
            let version = rest.iter().take(6).take_while(|byte| byte.is_ascii_digit()).count();
            return self.skip(version);
        }
        let end = if self.endless { None } else { memchr::memmem::find(self.rest, b"*/") };
        match end {
            Some(end) => self.skip(end + 2),
            None => {
                // Read on all the same: nothing may hide behind what only looks like a comment.
                self.endless = true;
                self.push("c");
            }
        }
    }
}

fn is_operand(token: &str) -> bool {
    matches!(token, "1" | "s" | "v" | "w" | "W" | "f" | "g" | "F" | "q")
}

/// The length of the rest of a string, with its quote.
fn end_of_literal(text: &[u8], quote: u8) -> usize {
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|rest| memchr::memchr2(quote, b'\\', rest)) {
        at += found;
        match (text.get(at), text.get(at + 1)) {
            (Some(b'\\'), _) => at += 2,
            (_, Some(&next)) if next == quote => at += 2,
            _ => return at + 1,
        }
    }
    text.len()
}

/// Words of which one is there where a text only has quotes to speak for SQL, or nothing at all.
const WORDS: [&str; 13] =
    ["--", " by ", "like", "select", "union", "or", "and", "having", "between", "into", " is ", " in ", "limit"];

/// Whether a text without any character that compares, calls or separates may be a piece of SQL.
pub(super) fn may_be(text: &str) -> bool {
    let quoted = text.bytes().any(|byte| matches!(byte, b'\'' | b'"' | b'`'));
    WORDS.iter().take(if quoted { WORDS.len() } else { 5 }).any(|word| text.contains(word))
}
