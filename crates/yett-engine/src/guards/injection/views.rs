//! Texts as those see them who could be attacked through them: a shell, a file system, a browser.

use std::borrow::Cow;

/// Which other readings of a text there may be, from one look at its bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub(super) shell: bool,
    pub(super) path: bool,
    pub(super) html: bool,
    pub(super) sql: bool,
}

const SHELL: u8 = 1;
const PATH: u8 = 2;
const HTML: u8 = 4;
const SQL: u8 = 8;

/// What each byte speaks for.
const SPEAKS: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        #[expect(clippy::indexing_slicing, clippy::cast_possible_truncation, reason = "256 of 256, while compiling")]
        {
            table[byte] = match byte as u8 {
                b'\'' | b'"' => SHELL,
                b'\\' => SHELL | PATH,
                b'^' => SHELL | SQL,
                b'$' | b'{' | b'+' => SHELL,
                b'/' => PATH | HTML,
                0 => PATH | HTML,
                b'.' => PATH,
                1..=31 | 127 => SHELL | HTML,
                0x80.. => HTML,
                b';' => PATH | SQL,
                b'<' => SHELL | SQL,
                b'=' | b'>' | b'(' | b'#' | b'*' | b'|' | b'&' => SQL,
                _ => 0,
            };
        }
        byte += 1;
    }
    table
};

impl Seen {
    pub(super) fn of(text: &str) -> Self {
        let seen = text.bytes().fold(0, |seen, byte| seen | SPEAKS.get(usize::from(byte)).copied().unwrap_or(0));
        Self { shell: seen & SHELL != 0, path: seen & PATH != 0, html: seen & HTML != 0, sql: seen & SQL != 0 }
    }
}

/// In lower case, as most signatures are written.
pub(super) fn lower(text: &str) -> Cow<'_, str> {
    match text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => Cow::Owned(text.to_ascii_lowercase()),
        false => Cow::Borrowed(text),
    }
}

/// As a shell reads it: without what quotes and escapes only hide, a space for every way to write one. `None` if that is
/// the same.
pub(super) fn shell(text: &str) -> Option<String> {
    if !text.bytes().any(|byte| matches!(byte, b'\'' | b'"' | b'\\' | b'^' | b'$' | b'{' | b'+' | b'<')) {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some(after) = field_separator(rest) {
            out.push(' ');
            rest = after;
            continue;
        }
        match first {
            '\'' | '"' | '\\' | '^' => {}
            '+' | '\t' | '\n' | '\r' => out.push(if first == '+' { ' ' } else { first }),
            _ => out.push(first),
        }
        rest = rest.get(first.len_utf8()..).unwrap_or("");
    }
    (out != text).then_some(out)
}

/// What follows a variable that stands for a space or nothing: `${IFS}`, `$IFS$9`, `$@`.
fn field_separator(text: &str) -> Option<&str> {
    let after = text.strip_prefix("${ifs}").or_else(|| text.strip_prefix("$ifs"));
    after.map(|after| after.strip_prefix("$9").unwrap_or(after)).or_else(|| text.strip_prefix("$9"))
}

/// As a file system reads it: one kind of slash, and nothing that stands for none. `None` if that is the same.
pub(super) fn path(text: &str) -> Option<String> {
    if !text.contains(['\\', '\0', ';'])
        && !text.contains("0x")
        && !text.contains("//")
        && !text.contains("/./")
        && !text.contains("...")
    {
        return None;
    }
    let text: String = text.chars().filter(|&character| character != '\0').map(|c| if c == '\\' { '/' } else { c }).collect();
    let text = text.replace("0x2f", "/").replace("0x5c", "/").replace("0x2e", ".").replace("..;/", "../");
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(character) = rest.chars().next() {
        match rest.strip_prefix("/./").or_else(|| rest.strip_prefix("//").filter(|_| !out.ends_with(':'))) {
            Some(_) => rest = rest.get(if rest.starts_with("/./") { 2 } else { 1 }..).unwrap_or(""),
            None => {
                out.push(character);
                rest = rest.get(character.len_utf8()..).unwrap_or("");
            }
        }
    }
    Some(out.replace("....", ".."))
}

/// As a browser reads it: without what it skips in names and addresses. `None` if that is the same.
pub(super) fn html(text: &str) -> Option<String> {
    let skipped =
        |character: char| character.is_control() || matches!(character, '\u{200b}'..='\u{200f}' | '\u{feff}' | '\u{ad}');
    let comments = text.contains("/*");
    if !text.chars().any(skipped) && !comments {
        return None;
    }
    let plain: String = text.chars().filter(|&character| !skipped(character) || character == '\u{c}').collect();
    Some(if comments { without_comments(&plain) } else { plain })
}

fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, comment)) = rest.split_once("/*") {
        out.push_str(before);
        match comment.split_once("*/") {
            Some((_, after)) => rest = after,
            None => return out + comment,
        }
    }
    out + rest
}
