//! What a document asks for with its fragments written out: worked out once for each list of selections, from the
//! innermost outwards, in time linear in the text. Numbers stay at their highest instead of overflowing.

use super::document::{Definition, Document, Entries, Selection, SetId};
use crate::xml::Fault;
use serde_json::Value;
use std::collections::HashMap;
use yett_model::snapshot;

/// What the queries of a batch have used so far.
#[derive(Debug, Default)]
pub(super) struct Spent {
    pub(super) aliases: u64,
    pub(super) cost: u64,
}

/// What a list of selections asks for.
#[derive(Debug, Clone, Copy, Default)]
struct Measure {
    depth: u64,
    aliases: u64,
    cost: u64,
    schema: bool,
}

impl Measure {
    fn add(&mut self, other: Self) {
        self.depth = self.depth.max(other.depth);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.cost = self.cost.saturating_add(other.cost);
        self.schema |= other.schema;
    }
}

/// Whether a field tells of the schema. `__typename` tells nothing new.
pub(super) fn is_schema(name: &str) -> bool {
    name == "__schema" || name == "__type"
}

/// Holds a document against the limits, and notes what it uses.
pub(super) fn hold(
    document: &Document<'_>,
    variables: Option<&Value>,
    limits: &snapshot::GraphQl,
    spent: &mut Spent,
) -> Result<(), Fault> {
    let numbers: HashMap<&str, usize> =
        document.fragments.iter().enumerate().map(|(number, (name, _))| (*name, number)).collect();
    let order = order(document, &numbers)?;
    // Which of the operations is run, the upstream decides: each must be within the limits.
    let mut most = Measure::default();
    for operation in &document.operations {
        let mut measuring = Measuring {
            document,
            numbers: &numbers,
            variables,
            defaults: &operation.defaults,
            known: vec![Measure::default(); document.sets.len()],
        };
        for &fragment in &order {
            if let Some((_, definition)) = document.fragments.get(fragment) {
                measuring.define(definition);
            }
        }
        let measure = measuring.define(operation);
        check(measure, limits)?;
        most.aliases = most.aliases.max(measure.aliases);
        most.cost = most.cost.max(measure.cost);
        if document.operations.len() > MOST_OPERATIONS {
            return Err(Fault::Exceeds("has too many operations"));
        }
    }
    spent.aliases = spent.aliases.saturating_add(most.aliases);
    spent.cost = spent.cost.saturating_add(most.cost);
    check(Measure { depth: 0, aliases: spent.aliases, cost: spent.cost, schema: false }, limits)
}

/// Each is measured with all fragments, so that there must not be many.
const MOST_OPERATIONS: usize = 10;

fn check(measure: Measure, limits: &snapshot::GraphQl) -> Result<(), Fault> {
    match () {
        () if measure.schema && !limits.introspection => Err(Fault::Refused("asks for the schema")),
        () if measure.depth > u64::from(limits.max_depth) => Err(Fault::Exceeds("nests too deep")),
        () if measure.aliases > u64::from(limits.max_aliases) => Err(Fault::Exceeds("has too many aliases")),
        () if measure.cost > limits.max_cost => Err(Fault::Exceeds("costs too much")),
        () => Ok(()),
    }
}

/// Fragments, each behind those that it spreads.
fn order(document: &Document<'_>, numbers: &HashMap<&str, usize>) -> Result<Vec<usize>, Fault> {
    let spreads: Vec<Vec<usize>> =
        document.fragments.iter().map(|(_, definition)| spreads(document, definition, numbers)).collect::<Result<_, _>>()?;
    for operation in &document.operations {
        self::spreads(document, operation, numbers)?;
    }
    let (mut order, mut state) = (Vec::new(), vec![State::New; spreads.len()]);
    for start in 0..spreads.len() {
        visit(start, &spreads, &mut state, &mut order)?;
    }
    Ok(order)
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    New,
    Open,
    Done,
}

/// Goes into the depth with a list of its own, as the chain may be as long as the document.
fn visit(start: usize, spreads: &[Vec<usize>], state: &mut [State], order: &mut Vec<usize>) -> Result<(), Fault> {
    let mut open = vec![(start, 0)];
    while let Some((at, next)) = open.pop() {
        let (Some(own), Some(mark)) = (spreads.get(at), state.get_mut(at)) else { return Ok(()) };
        if *mark == State::Done {
            continue;
        }
        *mark = State::Open;
        match own.get(next) {
            None => {
                *mark = State::Done;
                order.push(at);
            }
            Some(&inner) => {
                open.push((at, next + 1));
                match state.get(inner) {
                    Some(State::Open) => return Err(Fault::Refused("has fragments in a circle")),
                    Some(State::New) => open.push((inner, 0)),
                    _ => {}
                }
            }
        }
    }
    Ok(())
}

fn spreads(document: &Document<'_>, definition: &Definition<'_>, numbers: &HashMap<&str, usize>) -> Result<Vec<usize>, Fault> {
    let sets = document.sets.get(definition.sets.clone()).unwrap_or(&[]);
    let names = sets.iter().flatten().filter_map(|selection| match selection {
        Selection::Spread(name) => Some(*name),
        _ => None,
    });
    names.map(|name| numbers.get(name).copied().ok_or(Fault::Refused("spreads a fragment that it does not have"))).collect()
}

struct Measuring<'d> {
    document: &'d Document<'d>,
    numbers: &'d HashMap<&'d str, usize>,
    variables: Option<&'d Value>,
    defaults: &'d [(&'d str, u64)],
    /// By number of the list.
    known: Vec<Measure>,
}

impl Measuring<'_> {
    /// Measures the lists of a definition, inner ones first; what the outermost comes to.
    fn define(&mut self, definition: &Definition<'_>) -> Measure {
        for id in definition.sets.clone() {
            let mut whole = Measure::default();
            for selection in self.document.sets.get(id).into_iter().flatten() {
                whole.add(self.selection(selection));
            }
            if let Some(known) = self.known.get_mut(id) {
                *known = whole;
            }
        }
        self.of(definition.sets.end.checked_sub(1))
    }

    fn of(&self, set: Option<SetId>) -> Measure {
        set.and_then(|set| self.known.get(set)).copied().unwrap_or_default()
    }

    fn selection(&self, selection: &Selection<'_>) -> Measure {
        match selection {
            Selection::Inline(set) => self.of(Some(*set)),
            Selection::Spread(name) => {
                let fragment = self.numbers.get(name).and_then(|number| self.document.fragments.get(*number));
                self.of(fragment.and_then(|(_, definition)| definition.sets.end.checked_sub(1)))
            }
            Selection::Field { name, aliased, entries, set } => {
                let inner = self.of(*set);
                Measure {
                    depth: inner.depth.saturating_add(1),
                    aliases: inner.aliases.saturating_add(u64::from(*aliased)),
                    cost: self.entries(*entries).saturating_mul(inner.cost.saturating_add(1)).max(1),
                    schema: inner.schema || is_schema(name),
                }
            }
        }
    }

    fn entries(&self, entries: Entries<'_>) -> u64 {
        match entries {
            Entries::Unsaid => 1,
            Entries::Number(number) => number.max(1),
            Entries::Variable(name) => self.variable(name).unwrap_or(1).max(1),
        }
    }

    /// The number that a variable has, or has where it is not given.
    fn variable(&self, name: &str) -> Option<u64> {
        match self.variables.and_then(|variables| variables.get(name)) {
            Some(Value::Number(number)) => {
                number.as_u64().or_else(|| number.as_f64().filter(|value| *value > 0.0).map(|value| value as u64))
            }
            Some(Value::String(text)) => text.trim().parse().ok(),
            Some(_) => None,
            None => self.defaults.iter().find(|(one, _)| *one == name).map(|(_, number)| *number),
        }
    }
}
