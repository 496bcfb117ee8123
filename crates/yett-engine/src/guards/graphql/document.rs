//! A GraphQL document that can be run: its operations and fragments as lists of selections.

use super::lexer::{Lexer, Token};
use crate::xml::Fault;
use yett_model::snapshot;

/// Deepest nesting of selections and of values, as they are written: it bounds the reader's own depth.
const DEEPEST: u32 = 64;
const MALFORMED: Fault = Fault::Refused("is no GraphQL");

/// Number of a list of selections. Lists within a list have smaller numbers.
pub(super) type SetId = usize;

/// How many entries a field has, as an argument says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entries<'t> {
    Unsaid,
    Number(u64),
    Variable(&'t str),
}

#[derive(Debug)]
pub(super) enum Selection<'t> {
    Field { name: &'t str, aliased: bool, entries: Entries<'t>, set: Option<SetId> },
    Spread(&'t str),
    Inline(SetId),
}

/// An operation or a fragment: its lists are those of `sets`, the last of which is its own.
#[derive(Debug)]
pub(super) struct Definition<'t> {
    pub(super) sets: std::ops::Range<SetId>,
    /// Of an operation: variables with numbers as their defaults.
    pub(super) defaults: Vec<(&'t str, u64)>,
}

#[derive(Debug, Default)]
pub(super) struct Document<'t> {
    pub(super) operations: Vec<Definition<'t>>,
    pub(super) fragments: Vec<(&'t str, Definition<'t>)>,
    pub(super) sets: Vec<Vec<Selection<'t>>>,
    mutates: bool,
}

impl<'t> Document<'t> {
    /// Reads a text.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn read(text: &'t str, limits: &snapshot::GraphQl) -> Result<Self, Fault> {
        let mut lexer = Lexer::new(text, limits.max_tokens);
        let ahead = lexer.next()?;
        let mut reader = Reader { lexer, ahead, limits, directives: 0, document: Self::default() };
        while reader.ahead.is_some() {
            reader.definition()?;
        }
        let document = reader.document;
        if document.operations.is_empty() {
            return Err(Fault::Refused("has no operation"));
        }
        let mut names: Vec<&str> = document.fragments.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        match names.windows(2).any(|two| two.first() == two.last()) {
            true => Err(Fault::Refused("has a fragment twice")),
            false => Ok(document),
        }
    }

    /// Whether something is changed by it.
    pub(super) fn changes(&self) -> bool {
        self.mutates
    }

    /// Whether any field asks for the schema.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(super) fn asks_schema(&self) -> bool {
        self.sets.iter().flatten().any(|one| matches!(one, Selection::Field { name, .. } if super::measure::is_schema(name)))
    }
}

struct Reader<'t, 'l> {
    lexer: Lexer<'t>,
    ahead: Option<Token<'t>>,
    limits: &'l snapshot::GraphQl,
    directives: u32,
    document: Document<'t>,
}

impl<'t> Reader<'t, '_> {
    fn next(&mut self) -> Result<Option<Token<'t>>, Fault> {
        let token = self.ahead;
        self.ahead = if token.is_some() { self.lexer.next()? } else { None };
        Ok(token)
    }

    fn is(&self, sign: u8) -> bool {
        self.ahead == Some(Token::Sign(sign))
    }

    fn skip(&mut self, sign: u8) -> Result<bool, Fault> {
        let there = self.is(sign);
        if there {
            self.next()?;
        }
        Ok(there)
    }

    fn expect(&mut self, sign: u8) -> Result<(), Fault> {
        if self.skip(sign)? { Ok(()) } else { Err(MALFORMED) }
    }

    fn name(&mut self) -> Result<&'t str, Fault> {
        match self.next()? {
            Some(Token::Name(name)) => Ok(name),
            _ => Err(MALFORMED),
        }
    }

    fn definition(&mut self) -> Result<(), Fault> {
        if self.is(b'{') {
            return self.operation(Vec::new());
        }
        match self.name()? {
            kind @ ("query" | "mutation" | "subscription") => {
                self.document.mutates |= kind == "mutation";
                if matches!(self.ahead, Some(Token::Name(_))) {
                    self.next()?;
                }
                let defaults = self.variables()?;
                self.directives()?;
                self.operation(defaults)
            }
            "fragment" => self.fragment(),
            _ => Err(Fault::Refused("has definitions that are not run")),
        }
    }

    fn operation(&mut self, defaults: Vec<(&'t str, u64)>) -> Result<(), Fault> {
        let first = self.document.sets.len();
        let last = self.selections(1)?;
        self.document.operations.push(Definition { sets: first..last + 1, defaults });
        Ok(())
    }

    fn fragment(&mut self) -> Result<(), Fault> {
        let name = self.name()?;
        if name == "on" || self.name()? != "on" {
            return Err(MALFORMED);
        }
        self.name()?;
        self.directives()?;
        let first = self.document.sets.len();
        let last = self.selections(1)?;
        self.document.fragments.push((name, Definition { sets: first..last + 1, defaults: Vec::new() }));
        Ok(())
    }

    fn variables(&mut self) -> Result<Vec<(&'t str, u64)>, Fault> {
        let mut defaults = Vec::new();
        if !self.skip(b'(')? {
            return Ok(defaults);
        }
        while !self.skip(b')')? {
            self.expect(b'$')?;
            let name = self.name()?;
            self.expect(b':')?;
            self.kind(1)?;
            if self.skip(b'=')?
                && let Entries::Number(number) = self.value(1)?
            {
                defaults.push((name, number));
            }
            self.directives()?;
        }
        Ok(defaults)
    }

    /// The type of a variable.
    fn kind(&mut self, depth: u32) -> Result<(), Fault> {
        check_depth(depth)?;
        match self.skip(b'[')? {
            true => {
                self.kind(depth + 1)?;
                self.expect(b']')?;
            }
            false => drop(self.name()?),
        }
        self.skip(b'!')?;
        Ok(())
    }

    fn directives(&mut self) -> Result<(), Fault> {
        while self.skip(b'@')? {
            self.directives += 1;
            if self.directives > self.limits.max_directives {
                return Err(Fault::Exceeds("has too many directives"));
            }
            self.name()?;
            self.arguments()?;
        }
        Ok(())
    }

    /// What the arguments say of how many entries there are; of several, the first that is no number counts least.
    fn arguments(&mut self) -> Result<Vec<Entries<'t>>, Fault> {
        let mut said = Vec::new();
        if !self.skip(b'(')? {
            return Ok(said);
        }
        while !self.skip(b')')? {
            let name = self.name()?;
            self.expect(b':')?;
            let value = self.value(1)?;
            if self.limits.list_arguments.iter().any(|one| one == name) && value != Entries::Unsaid {
                said.push(value);
            }
        }
        Ok(said)
    }

    fn value(&mut self, depth: u32) -> Result<Entries<'t>, Fault> {
        check_depth(depth)?;
        match self.next()? {
            Some(Token::Number(text)) => Ok(number(text)),
            Some(Token::Text | Token::Name(_)) => Ok(Entries::Unsaid),
            Some(Token::Sign(b'$')) => Ok(Entries::Variable(self.name()?)),
            Some(Token::Sign(b'[')) => {
                while !self.skip(b']')? {
                    self.value(depth + 1)?;
                }
                Ok(Entries::Unsaid)
            }
            Some(Token::Sign(b'{')) => {
                while !self.skip(b'}')? {
                    self.name()?;
                    self.expect(b':')?;
                    self.value(depth + 1)?;
                }
                Ok(Entries::Unsaid)
            }
            _ => Err(MALFORMED),
        }
    }

    /// A list of selections, which gets the highest number of all within it.
    fn selections(&mut self, depth: u32) -> Result<SetId, Fault> {
        check_depth(depth)?;
        self.expect(b'{')?;
        let mut set = Vec::new();
        while !self.skip(b'}')? {
            set.push(self.selection(depth)?);
        }
        if set.is_empty() {
            return Err(MALFORMED);
        }
        self.document.sets.push(set);
        Ok(self.document.sets.len() - 1)
    }

    fn selection(&mut self, depth: u32) -> Result<Selection<'t>, Fault> {
        if self.ahead == Some(Token::Spread) {
            self.next()?;
            return self.spread(depth);
        }
        let first = self.name()?;
        let (name, aliased) = match self.skip(b':')? {
            true => (self.name()?, true),
            false => (first, false),
        };
        let said = self.arguments()?;
        // Of several, the one that can be told from the text; a number before a variable.
        let entries = said.iter().find(|one| matches!(one, Entries::Number(_))).or(said.first()).copied();
        self.directives()?;
        let set = if self.is(b'{') { Some(self.selections(depth + 1)?) } else { None };
        Ok(Selection::Field { name, aliased, entries: entries.unwrap_or(Entries::Unsaid), set })
    }

    fn spread(&mut self, depth: u32) -> Result<Selection<'t>, Fault> {
        if let Some(Token::Name(name)) = self.ahead
            && name != "on"
        {
            self.next()?;
            self.directives()?;
            return Ok(Selection::Spread(name));
        }
        if self.ahead == Some(Token::Name("on")) {
            self.next()?;
            self.name()?;
        }
        self.directives()?;
        Ok(Selection::Inline(self.selections(depth + 1)?))
    }
}

fn check_depth(depth: u32) -> Result<(), Fault> {
    if depth > DEEPEST { Err(Fault::Exceeds("nests too deep")) } else { Ok(()) }
}

/// A whole number; what is too large to be one is as large as can be, and what is below zero or a fraction says nothing.
fn number(text: &str) -> Entries<'_> {
    match text.parse() {
        Ok(number) => Entries::Number(number),
        Err(_) if text.bytes().all(|byte| byte.is_ascii_digit()) => Entries::Number(u64::MAX),
        Err(_) => Entries::Unsaid,
    }
}
