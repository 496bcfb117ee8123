//! How the text of a value is cut into pieces: the styles of OpenAPI (RFC 6570), and the escapes of each place.
//!
//! Cutting comes before decoding, so that an escaped delimiter is data.

use std::borrow::Cow;
use yett_model::snapshot::Style;

/// Why a text cannot be read: a stable code and a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) code: &'static str,
    pub(super) detail: &'static str,
}

/// A text that does not follow its grammar.
pub(super) const fn malformed(detail: &'static str) -> Fault {
    Fault { code: "malformed", detail }
}

/// A value that is there more often than it may be.
pub(super) const DUPLICATE: Fault = Fault { code: "duplicate", detail: "is there more than once" };

/// Which escapes a place knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Escapes {
    /// None: header fields, cookies of style `cookie`, parts.
    None,
    /// Percent-encoding: paths, cookies of style `form`.
    Percent,
    /// Percent-encoding, and `+` for a space: query strings and forms.
    Form,
}

impl Escapes {
    /// Undoes the escapes of one piece.
    pub(super) fn decode(self, text: &str) -> Result<Cow<'_, str>, Fault> {
        let plus = self == Self::Form && text.contains('+');
        let percent = self != Self::None && text.contains('%');
        if !plus && !percent {
            return Ok(Cow::Borrowed(text));
        }
        let spaced = if plus { Cow::Owned(text.replace('+', " ")) } else { Cow::Borrowed(text) };
        if percent && !escapes_are_whole(&spaced) {
            return Err(malformed("has a '%' without two hex digits"));
        }
        let decoded = percent_encoding::percent_decode_str(&spaced).decode_utf8();
        decoded.map(|text| Cow::Owned(text.into_owned())).map_err(|_| malformed("is not UTF-8"))
    }
}

fn escapes_are_whole(text: &str) -> bool {
    let mut parts = text.as_bytes().split(|&byte| byte == b'%').skip(1);
    parts.all(|part| matches!(part, [high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit()))
}

/// How one value is spelled.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spelling<'a> {
    pub(super) style: Style,
    pub(super) explode: bool,
    /// Name of the parameter, which `matrix` repeats.
    pub(super) name: &'a str,
    pub(super) escapes: Escapes,
}

impl<'a> Spelling<'a> {
    /// The text of a scalar: what is left without the style's prefix.
    pub(super) fn scalar<'t>(&self, raw: &'t str) -> Result<&'t str, Fault> {
        match self.style {
            Style::Label => label(raw),
            Style::Matrix => self.matrix(matrix(raw)?),
            _ => Ok(raw),
        }
    }

    /// The items of a list that is one text.
    pub(super) fn items<'t>(&self, raw: &'t str) -> Result<Vec<&'t str>, Fault> {
        let text = match (self.style, self.explode) {
            (Style::Matrix, true) => return matrix(raw)?.split(';').map(|item| self.matrix(item)).collect(),
            _ => self.scalar(raw)?,
        };
        Ok(if text.is_empty() { Vec::new() } else { self.cut(text) })
    }

    fn cut<'t>(&self, text: &'t str) -> Vec<&'t str> {
        match (self.style, self.explode) {
            (Style::Label, true) => text.split('.').collect(),
            (Style::SpaceDelimited, _) => text.split("%20").flat_map(|part| part.split('+')).collect(),
            (Style::PipeDelimited, _) => {
                text.split('|').flat_map(|part| part.split("%7C")).flat_map(|part| part.split("%7c")).collect()
            }
            (Style::Simple, _) if self.escapes == Escapes::None => text.split(',').map(str::trim).collect(),
            _ => text.split(',').collect(),
        }
    }

    /// The names and values of an object that is one text.
    pub(super) fn pairs<'t>(&self, raw: &'t str) -> Result<Vec<(&'t str, &'t str)>, Fault> {
        let pieces = match (self.style, self.explode) {
            (Style::Matrix, true) => matrix(raw)?.split(';').collect(),
            _ => self.items(raw)?,
        };
        match (self.style, self.explode) {
            (Style::Matrix | Style::Label | Style::Simple, true) => pieces.into_iter().map(equation).collect(),
            _ => alternating(&pieces),
        }
    }

    /// The value of `name=value`, or nothing for `name` alone.
    fn matrix<'t>(&self, text: &'t str) -> Result<&'t str, Fault> {
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        match self.escapes.decode(name)? == self.name {
            true => Ok(value),
            false => Err(malformed("does not begin with ';' and the name of the parameter")),
        }
    }
}

fn label(raw: &str) -> Result<&str, Fault> {
    raw.strip_prefix('.').ok_or(malformed("does not begin with '.'"))
}

fn matrix(raw: &str) -> Result<&str, Fault> {
    raw.strip_prefix(';').ok_or(malformed("does not begin with ';'"))
}

fn equation(piece: &str) -> Result<(&str, &str), Fault> {
    piece.split_once('=').ok_or(malformed("has a property without '='"))
}

fn alternating<'t>(pieces: &[&'t str]) -> Result<Vec<(&'t str, &'t str)>, Fault> {
    let chunks = pieces.chunks(2).map(|chunk| match chunk {
        [name, value] => Ok((*name, *value)),
        _ => Err(malformed("has a property without a value")),
    });
    chunks.collect()
}
