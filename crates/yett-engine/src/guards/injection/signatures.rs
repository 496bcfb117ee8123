//! The signatures: what attacks look like, as data.
//!
//! Their sources are `signatures/<family>/<id>.yaml` at the root of the repository, which a test holds against the bundle
//! that is read here. All literals without which a signature cannot match are looked for in one pass; only then is its
//! pattern run, in time linear in the text. Patterns are compiled when they are first needed.

use super::{decode, sql, views};
use crate::guards::leaves::Part;
use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use regex::bytes::{Regex, RegexBuilder};
use serde::Deserialize;
use std::sync::{LazyLock, OnceLock};
use yett_model::snapshot::Level;

const BUNDLE: &str = include_str!("signatures.json");
/// Room for the numbers of signatures in [`Candidates`].
const MOST_SIGNATURES: usize = 256;
/// Most bytes that a compiled pattern may take.
const PATTERN_SIZE: usize = 1 << 21;

/// The reading of a text that a signature is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum View {
    Text,
    Shell,
    Path,
    Html,
    Sql,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Target {
    Any,
    Name,
    Value,
    Document,
    /// The field that names the caller's program.
    Agent,
}

/// What a text is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Role {
    pub(super) part: Part,
    /// A header field that the contract does not describe.
    pub(super) undescribed: bool,
    /// The field that names the caller's program.
    pub(super) agent: bool,
}

/// One signature, as the bundle has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Signature {
    pub(super) id: String,
    pub(super) family: String,
    pub(super) level: Level,
    view: View,
    target: Target,
    /// Whether it is looked for in header fields that the contract does not describe, too.
    headers: bool,
    /// One of these stands in whatever matches.
    needs: Vec<String>,
    pattern: String,
    #[cfg_attr(not(test), expect(dead_code, reason = "they are what the tests hold it against"))]
    pub(super) positive: Vec<String>,
    #[cfg_attr(not(test), expect(dead_code, reason = "they are what the tests hold it against"))]
    pub(super) negative: Vec<String>,
    #[serde(skip)]
    regex: OnceLock<Option<Regex>>,
}

impl Signature {
    fn suits(&self, role: Role) -> bool {
        let suits = match self.target {
            Target::Any => role.part != Part::Document,
            Target::Name => role.part == Part::Name,
            Target::Value => role.part == Part::Value,
            Target::Document => role.part == Part::Document,
            Target::Agent => role.agent,
        };
        suits && (self.headers || !role.undescribed)
    }

    fn matches(&self, text: &str) -> bool {
        self.regex().is_some_and(|regex| regex.is_match(text.as_bytes()))
    }

    fn regex(&self) -> Option<&Regex> {
        // Of bytes: what matters is ASCII, and automata of it are small.
        let compile = || RegexBuilder::new(&self.pattern).unicode(false).size_limit(PATTERN_SIZE).build().ok();
        self.regex.get_or_init(compile).as_ref()
    }

    #[cfg(test)]
    pub(super) fn compiles(&self) -> bool {
        self.regex().is_some()
    }

    /// What a text must be for the signature to look at it.
    #[cfg(test)]
    pub(super) fn example_role(&self) -> Role {
        let part = match self.target {
            Target::Name => Part::Name,
            Target::Document => Part::Document,
            Target::Any | Target::Value | Target::Agent => Part::Value,
        };
        Role { part, undescribed: false, agent: self.target == Target::Agent }
    }
}

/// Which signatures a text may match.
#[derive(Default)]
struct Candidates([u128; MOST_SIGNATURES / 128]);

impl Candidates {
    fn add(&mut self, number: usize) {
        if let Some(word) = self.0.get_mut(number / 128) {
            *word |= 1 << (number % 128);
        }
    }

    fn has(&self, number: usize) -> bool {
        self.0.get(number / 128).is_some_and(|word| word >> (number % 128) & 1 == 1)
    }

    fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }
}

/// The literals of some signatures, and the numbers of the signatures that need each.
struct Literals {
    automaton: Option<AhoCorasick>,
    needing: Vec<Vec<usize>>,
}

impl Literals {
    fn of(all: &[Signature], takes: impl Fn(&Signature) -> bool) -> Self {
        let mut literals: Vec<&str> = Vec::new();
        let mut needing: Vec<Vec<usize>> = Vec::new();
        for (number, signature) in all.iter().enumerate().filter(|(_, signature)| takes(signature)) {
            for literal in &signature.needs {
                let at = literals.iter().position(|known| known == literal).unwrap_or_else(|| {
                    literals.push(literal);
                    needing.push(Vec::new());
                    literals.len() - 1
                });
                needing.get_mut(at).into_iter().for_each(|needing| needing.push(number));
            }
        }
        // Cannot fail: there are few literals, and short ones.
        let mut builder = AhoCorasick::builder();
        let automaton = builder.match_kind(MatchKind::Standard).kind(Some(AhoCorasickKind::DFA)).build(&literals).ok();
        Self { automaton, needing }
    }

    fn candidates(&self, text: &str) -> Candidates {
        let mut candidates = Candidates::default();
        for found in self.automaton.iter().flat_map(|automaton| automaton.find_overlapping_iter(text)) {
            self.needing.get(found.pattern().as_usize()).into_iter().flatten().for_each(|&number| candidates.add(number));
        }
        candidates
    }
}

/// All signatures.
pub(super) struct Signatures {
    all: Vec<Signature>,
    /// Of those that look at texts.
    texts: Literals,
    /// Of those that look at shapes of SQL.
    shapes: Literals,
}

/// The signatures of the engine.
pub(super) static SIGNATURES: LazyLock<Signatures> = LazyLock::new(|| Signatures::new(BUNDLE));

impl Signatures {
    /// A bundle that cannot be read has no signatures; that of the engine can, as the tests show.
    pub(super) fn new(bundle: &str) -> Self {
        let all: Vec<Signature> = serde_json::from_str(bundle).unwrap_or_default();
        let texts = Literals::of(&all, |signature| signature.view != View::Sql);
        let shapes = Literals::of(&all, |signature| signature.view == View::Sql);
        Self { all, texts, shapes }
    }

    /// The first signature that a text matches, among those that `counts` takes.
    pub(super) fn find<'s>(&'s self, text: &str, role: Role, counts: &dyn Fn(&Signature) -> bool) -> Option<&'s Signature> {
        let search = Search { signatures: self, role, counts };
        search.layers(text)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Signature> {
        self.all.iter()
    }
}

struct Search<'s, 'c> {
    signatures: &'s Signatures,
    role: Role,
    counts: &'c dyn Fn(&Signature) -> bool,
}

impl<'s> Search<'s, '_> {
    /// The text as it came, without its encodings, and out of base64.
    fn layers(&self, text: &str) -> Option<&'s Signature> {
        if let Some(found) = self.views(text) {
            return Some(found);
        }
        let plain = decode::decoded(text);
        if let Some(found) = plain.as_deref().and_then(|plain| self.views(plain)) {
            return Some(found);
        }
        let inner = decode::from_base64(plain.as_deref().unwrap_or(text))?;
        self.views(&inner).or_else(|| self.views(&decode::decoded(&inner)?))
    }

    fn views(&self, text: &str) -> Option<&'s Signature> {
        let lower = views::lower(text);
        let seen = views::Seen::of(&lower);
        let of = |taken: View| move |view: View| view == taken;
        self.view(&lower, &self.signatures.texts, |_| true)
            .or_else(|| self.view(&seen.shell.then(|| views::shell(&lower)).flatten()?, &self.signatures.texts, of(View::Shell)))
            .or_else(|| self.view(&seen.path.then(|| views::path(&lower)).flatten()?, &self.signatures.texts, of(View::Path)))
            .or_else(|| self.view(&seen.html.then(|| views::html(&lower)).flatten()?, &self.signatures.texts, of(View::Html)))
            .or_else(|| self.sql(&lower, seen))
    }

    fn sql(&self, lower: &str, seen: views::Seen) -> Option<&'s Signature> {
        let shapes = if seen.sql || sql::may_be(lower) { sql::shapes(lower) } else { return None };
        shapes.iter().find_map(|shape| self.view(shape, &self.signatures.shapes, |_| true))
    }

    fn view(&self, text: &str, literals: &Literals, takes: impl Fn(View) -> bool) -> Option<&'s Signature> {
        let candidates = literals.candidates(text);
        if candidates.is_empty() {
            return None;
        }
        let suits = |signature: &Signature| takes(signature.view) && signature.suits(self.role) && (self.counts)(signature);
        let all = self.signatures.all.iter().enumerate();
        let possible = all.filter(|(number, _)| candidates.has(*number)).map(|(_, signature)| signature);
        possible.into_iter().find(|signature| suits(signature) && signature.matches(text))
    }
}
