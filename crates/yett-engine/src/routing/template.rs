//! A path template of a contract: `/books/{id}`, `/repos/{owner}/{repo}/compare/{base}...{head}`, `/report.{format}`.

use super::{Parameters, target};
use std::sync::Arc;

/// A parsed template.
#[derive(Debug)]
pub struct Template {
    segments: Vec<Vec<Piece>>,
    pattern: String,
    literals: usize,
}

#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Literal(String),
    Parameter(Arc<str>),
}

impl Template {
    /// Parses a template. Literals are normalised as request paths are.
    ///
    /// # Errors
    /// A sentence saying what is wrong.
    pub fn parse(template: &str) -> Result<Self, String> {
        let rest = template.strip_prefix('/').ok_or("a path must begin with '/'")?;
        let segments = rest.split('/').map(parse_segment).collect::<Result<Vec<_>, _>>()?;
        let pattern = pattern(&segments);
        let literals = segments.iter().flatten().map(|piece| if let Piece::Literal(text) = piece { text.len() } else { 0 }).sum();
        Ok(Self { segments, pattern, literals })
    }

    /// The router's pattern: every segment with a parameter becomes one wildcard, named by position.
    #[must_use]
    pub fn pattern(&self) -> String {
        self.pattern.clone()
    }

    pub(super) fn pattern_str(&self) -> &str {
        &self.pattern
    }

    /// The one path that a template without parameters matches.
    #[must_use]
    pub fn literal(&self) -> Option<String> {
        let has_parameter = self.segments.iter().flatten().any(|piece| matches!(piece, Piece::Parameter(_)));
        (!has_parameter).then(|| self.probe())
    }

    /// A path that this template matches, to ask a router whether the pattern is known.
    #[must_use]
    pub fn probe(&self) -> String {
        let text = |piece: &Piece| if let Piece::Literal(text) = piece { text.clone() } else { "\u{1}".to_owned() };
        let segment = |pieces: &Vec<Piece>| format!("/{}", pieces.iter().map(text).collect::<String>());
        self.segments.iter().map(segment).collect()
    }

    /// Names of the parameters, in order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.segments.iter().flatten().filter_map(|piece| match piece {
            Piece::Parameter(name) => Some(name),
            Piece::Literal(_) => None,
        })
    }

    /// Whether a segment is a dot segment as it is written, or empty before the end.
    pub(crate) fn is_crooked(&self) -> bool {
        let probe = self.probe();
        let inner = self.segments.len() - 1;
        probe.split('/').any(target::is_dot_segment) || self.segments.iter().take(inner).any(Vec::is_empty)
    }

    /// The path with percent-encoded values in the place of the parameters; `None` if one is missing, or if the path
    /// would lead somewhere else than its template: by a dot segment, or one that is empty.
    pub(crate) fn fill(&self, values: &[(Arc<str>, String)]) -> Option<String> {
        let mut path = String::new();
        for pieces in &self.segments {
            path.push('/');
            let start = path.len();
            for piece in pieces {
                match piece {
                    Piece::Literal(text) => path.push_str(text),
                    Piece::Parameter(name) => path.push_str(&values.iter().find(|(known, _)| known == name)?.1),
                }
            }
            let segment = path.get(start..)?;
            if segment.contains('/') || target::is_dot_segment(segment) || segment.is_empty() != pieces.is_empty() {
                return None;
            }
        }
        Some(path)
    }

    /// How many bytes are literal: more literal templates are tried first.
    #[must_use]
    pub fn literal_length(&self) -> usize {
        self.literals
    }

    /// Whether two templates differ in parameter names only.
    #[must_use]
    pub fn same_shape(&self, other: &Template) -> bool {
        let shape = |template: &Template| {
            let piece = |piece: &Piece| if let Piece::Literal(text) = piece { Some(text.clone()) } else { None };
            template.segments.iter().map(|pieces| pieces.iter().map(piece).collect::<Vec<_>>()).collect::<Vec<_>>()
        };
        shape(self) == shape(other)
    }

    /// The parameters of a path, percent-encoded, or `None` if the path does not fit.
    #[must_use]
    pub fn capture(&self, path: &str) -> Option<Parameters> {
        let mut found = Vec::new();
        let mut texts = path.strip_prefix('/')?.split('/');
        for pieces in &self.segments {
            capture_segment(pieces, texts.next()?, &mut found)?;
        }
        texts.next().is_none().then_some(found)
    }
}

impl std::fmt::Display for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for pieces in &self.segments {
            f.write_str("/")?;
            for piece in pieces {
                match piece {
                    Piece::Literal(text) => f.write_str(text)?,
                    Piece::Parameter(name) => write!(f, "{{{name}}}")?,
                }
            }
        }
        Ok(())
    }
}

fn parse_segment(segment: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut rest = segment;
    while let Some((literal, after)) = rest.split_once('{') {
        push_literal(&mut pieces, literal)?;
        let (name, tail) = after.split_once('}').ok_or_else(|| format!("'{{' is not closed in '{segment}'"))?;
        if name.is_empty() || name.contains('{') {
            return Err(format!("a parameter without a proper name in '{segment}'"));
        }
        if matches!(pieces.last(), Some(Piece::Parameter(_))) {
            return Err(format!("two parameters touch in '{segment}': nothing tells where one ends"));
        }
        pieces.push(Piece::Parameter(name.into()));
        rest = tail;
    }
    push_literal(&mut pieces, rest)?;
    Ok(pieces)
}

fn push_literal(pieces: &mut Vec<Piece>, text: &str) -> Result<(), String> {
    if text.contains('}') {
        return Err(format!("'}}' without '{{' in '{text}'"));
    }
    if !text.is_empty() {
        pieces.push(Piece::Literal(target::normalise_literal(text)));
    }
    Ok(())
}

fn pattern(segments: &[Vec<Piece>]) -> String {
    let mut pattern = String::new();
    for (index, pieces) in segments.iter().enumerate() {
        pattern.push('/');
        match pieces.as_slice() {
            [] => {}
            [Piece::Literal(text)] => pattern.push_str(&text.replace('{', "{{").replace('}', "}}")),
            _ => pattern.push_str(&format!("{{p{index}}}")),
        }
    }
    pattern
}

/// Splits one segment: a parameter ends where the next literal first occurs after at least one character.
fn capture_segment(pieces: &[Piece], text: &str, found: &mut Parameters) -> Option<()> {
    let mut rest = text;
    let mut pieces = pieces.iter().peekable();
    while let Some(piece) = pieces.next() {
        match piece {
            Piece::Literal(literal) => rest = rest.strip_prefix(literal.as_str())?,
            Piece::Parameter(name) => {
                let end = match pieces.peek() {
                    Some(Piece::Literal(literal)) => parameter_end(rest, literal, pieces.len() == 1)?,
                    _ => rest.len(),
                };
                let value = rest.get(..end).filter(|value| !value.is_empty())?;
                found.push((name.clone(), value.to_owned()));
                rest = rest.get(end..)?;
            }
        }
    }
    rest.is_empty().then_some(())
}

/// Where a parameter ends that `literal` follows: at its last occurrence when the literal closes the segment, else at
/// its first.
fn parameter_end(rest: &str, literal: &str, closes: bool) -> Option<usize> {
    if closes {
        return rest.ends_with(literal).then(|| rest.len() - literal.len());
    }
    let after_first = rest.char_indices().nth(1)?.0;
    Some(after_first + rest.get(after_first..)?.find(literal)?)
}
