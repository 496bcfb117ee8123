//! Mistakes in statements: names of nothing, types that do not fit, and what can never match.

use super::names::{ACTION, Names, hint};
use super::read::{Stage, Statement, Who, sentence};
use super::schema::{Field, Nothing, schema};
use super::slice::{Operations, Slices, matches};
use cedar_policy::{PolicySet, ValidationMode, ValidationWarning, Validator};
use miette::Diagnostic as _;
use std::collections::BTreeMap;
use yett_model::snapshot::{Mode, Snapshot};
use yett_model::{Diagnostic, Spot};

/// Most operations that one mistake of a statement is told of.
const MOST_TOLD: usize = 3;

type Context = BTreeMap<String, Field>;

/// What was found.
#[derive(Default)]
pub(super) struct Found {
    pub(super) mistakes: Vec<Diagnostic>,
    pub(super) warnings: Vec<Diagnostic>,
}

/// Line and column of an offset in bytes.
pub(super) fn spot(text: &str, offset: usize) -> Option<Spot> {
    let before = text.get(..offset)?;
    let line = before.matches('\n').count() as u32 + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() as u32 + 1;
    Some(Spot { line, column })
}

/// A statement while it is looked at.
struct Looking<'a> {
    statement: &'a Statement,
    text: &'a str,
    found: &'a mut Found,
}

impl Looking<'_> {
    fn diagnostic(&self, code: &str, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(format!("/policies/{}/cedar", self.statement.policy), code, message)
    }

    fn mistake(&mut self, code: &str, message: impl Into<String>, hint: String, at: Option<Spot>) {
        let mistake = self.diagnostic(code, message).hint(hint).at(at);
        self.found.mistakes.push(mistake);
    }

    fn warn(&mut self, code: &str, message: impl Into<String>, at: Option<Spot>) {
        let warning = self.diagnostic(code, message).at(at).warn();
        self.found.warnings.push(warning);
    }

    /// Where some text stands that the statement holds, if it is written in the usual way.
    fn find(&self, needle: &str) -> Option<Spot> {
        self.text.find(needle).and_then(|offset| spot(self.text, offset))
    }

    fn entities(&mut self, names: &Names<'_>) {
        for (kind, id) in &self.statement.entities {
            if let Some((message, hint)) = names.mistake(kind, id) {
                let code = if kind == ACTION { "policy-unknown-operation" } else { "policy-unknown-entity" };
                let at = self.find(&format!("{kind}::\"{id}\""));
                self.mistake(code, message, hint, at);
            }
        }
    }

    /// The contexts of the operations, as far as the statement reads them. A name that no operation knows is a mistake
    /// of its own; one that some do not know is left to the validator.
    fn contexts(&mut self, operations: &Operations<'_>, slice: &[usize]) -> Vec<Context> {
        let mut contexts: Vec<Context> = slice.iter().map(|_| BTreeMap::new()).collect();
        for path in &self.statement.reads {
            let (mut typed, mut nothing, mut whole) = (false, None, false);
            for (context, number) in contexts.iter_mut().zip(slice) {
                let Some(operation) = operations.get(*number) else { continue };
                match operation.facts.add(path, context) {
                    Ok(kind) => {
                        typed = true;
                        whole |= kind.is_record() && self.statement.takes.contains(path);
                    }
                    Err(Nothing::Untyped(why)) => self.untyped(&why, path),
                    Err(unknown) => {
                        // The record is there all the same, without the name.
                        let _record = path.get(..1).map(|top| operation.facts.add(top, context));
                        nothing = nothing.or(Some(unknown));
                    }
                }
            }
            if let (false, Some(Nothing::Unknown { what, name, known })) = (typed, nothing) {
                let hint = hint(&name, known.iter().map(String::as_str));
                let at = self.find(&name_of(path, &name));
                self.mistake("policy-unknown-attribute", format!("there is no {what} '{name}'"), hint, at);
            } else if whole {
                self.untyped("what an object holds is read field by field", path);
            }
        }
        contexts
    }

    fn untyped(&mut self, why: &str, path: &[String]) {
        let read = format!("context.{}", path.join("."));
        let at = self.find(&read);
        self.mistake("policy-attribute-untyped", format!("`{read}` cannot be read: {why}"), String::new(), at);
    }

    /// Cedar's own strict validation, once for each kind of context.
    fn validate(&mut self, operations: &Operations<'_>, slice: &[usize], contexts: &[Context]) {
        let mut kinds: BTreeMap<&Context, Vec<&str>> = BTreeMap::new();
        for (context, number) in contexts.iter().zip(slice) {
            kinds.entry(context).or_default().extend(operations.get(*number).map(|one| &*one.facts.operation.id));
        }
        let mut impossible = true;
        let mut first_warning = None;
        for (context, ids) in kinds {
            let mut set = PolicySet::new();
            let (Some(schema), Ok(())) = (schema(&self.actions(&ids, context)), set.add(self.statement.cedar.clone())) else {
                return self.mistake("policy-invalid", "the policy cannot be held against the contracts", String::new(), None);
            };
            let result = Validator::new(schema).validate(&set, ValidationMode::Strict);
            for error in result.validation_errors() {
                let at = self.place(error.labels());
                let help = error.help().map(|help| told(&help.to_string())).unwrap_or_default();
                let message = format!("{}{}", told(&error.to_string()), among(&ids, operations, slice));
                self.mistake("policy-type", message, help, at);
            }
            let mut warnings = result.validation_warnings().peekable();
            impossible &= result.validation_errors().next().is_none() && warnings.peek().is_some();
            for warning in warnings {
                let at = self.place(warning.labels());
                let never = matches!(warning, ValidationWarning::ImpossiblePolicy(_));
                first_warning = first_warning.or(Some((never, told(&warning.to_string()), at)));
            }
        }
        if let Some((never, message, at)) = first_warning.filter(|_| impossible) {
            self.warn(if never { "policy-never-matches" } else { "policy-suspicious" }, message, at);
        }
    }

    /// The actions of a schema: of those with the same context the ones that the statement names, or any one; and by
    /// name whatever else it names.
    fn actions<'x>(&'x self, ids: &[&'x str], context: &'x Context) -> Vec<(&'x str, Option<&'x Context>)> {
        let named = || self.statement.entities.iter().filter(|(kind, _)| kind == ACTION).map(|(_, id)| id.as_str());
        let mut actions: Vec<_> = named().map(|id| (id, ids.contains(&id).then_some(context))).collect();
        if actions.iter().all(|(_, context)| context.is_none()) {
            actions.extend(ids.first().map(|id| (*id, Some(context))));
        }
        actions
    }

    fn place(&self, labels: Option<Box<dyn Iterator<Item = miette::LabeledSpan> + '_>>) -> Option<Spot> {
        labels.and_then(|mut labels| labels.next()).and_then(|label| spot(self.text, label.offset()))
    }
}

/// A message of the validator without the number that it knows the statement by.
fn told(message: &str) -> String {
    let message = sentence(message);
    match message.strip_prefix("for policy `").and_then(|rest| rest.split_once("`, ")) {
        Some((_, rest)) => rest.to_owned(),
        None => message,
    }
}

/// For which operations a mistake is one, where it is not for all.
fn among(ids: &[&str], operations: &Operations<'_>, slice: &[usize]) -> String {
    if ids.len() == slice.len() || operations.len() == 1 {
        return String::new();
    }
    let rest = ids.len().saturating_sub(MOST_TOLD);
    let named = ids.iter().take(MOST_TOLD).copied().collect::<Vec<_>>().join(", ");
    if rest == 0 { format!(" (for {named})") } else { format!(" (for {named} and {rest} more)") }
}

fn name_of(path: &[String], name: &str) -> String {
    let until = path.iter().position(|one| one == name).map_or(path, |at| path.get(..=at).unwrap_or(path));
    format!("context.{}", until.join("."))
}

/// Whether a statement is sound; what is wrong goes to `found`.
pub(super) fn check(
    statement: &Statement,
    snapshot: &Snapshot,
    names: &Names<'_>,
    operations: &Operations<'_>,
    found: &mut Found,
) -> bool {
    let before = found.mistakes.len();
    let text = snapshot.policies.get(statement.policy).map_or("", |policy| &*policy.cedar);
    let mut looking = Looking { statement, text, found };
    looking.entities(names);
    if looking.found.mistakes.len() > before {
        return false;
    }
    let slice: Vec<usize> = (0..operations.len()).filter(|number| matches(statement, operations, *number)).collect();
    if slice.is_empty() || statement.who == Who::Nobody {
        let why = if slice.is_empty() { "its scope has no operation" } else { "a caller is an App, in a Team and in Profiles" };
        looking.warn("policy-never-matches", format!("the policy never matches: {why}"), None);
        return false;
    }
    if statement.reads.iter().any(|path| path.first().is_some_and(|first| first == "plan"))
        && snapshot.apps.iter().all(|app| app.plan.is_none())
    {
        looking.warn("policy-never-matches", "no app is on a plan, so `context.plan` is never there", None);
    }
    let reads = |name: &str| statement.reads.iter().any(|path| path.first().is_some_and(|first| first == name));
    if reads("body") && reads("response") {
        let hint = "Write one policy for the request, and one for the answer.".to_owned();
        looking.mistake("policy-stages", "a policy reads the body of the request or the answer, not both", hint, None);
    }
    let contexts = looking.contexts(operations, &slice);
    if looking.found.mistakes.len() == before {
        looking.validate(operations, &slice, &contexts);
    }
    looking.found.mistakes.len() == before
}

/// What an operation needs so that its policies can be enforced.
pub(super) fn check_slices(slices: &Slices, statements: &[Statement], operations: &Operations<'_>, found: &mut Found) {
    for operation in operations.iter() {
        let Some(slice) = slices.of(&operation.facts.operation.id) else { continue };
        let of_stage =
            |stage: Stage| slice.statements().filter_map(|number| statements.get(number)).find(|one| one.stage() == stage);
        let mut mistake = |statement: &Statement, message: &str, hint: &str| {
            let path = format!("/policies/{}/cedar", statement.policy);
            let message = format!("{}: {message}", operation.facts.operation.id);
            found.mistakes.push(Diagnostic::new(path, "policy-unenforceable", message).hint(hint));
        };
        if let Some(statement) = of_stage(Stage::Body)
            && operation.facts.api.guards.contract.mode == Mode::Off
        {
            mistake(statement, "the contract guard is off, so nothing reads the body", "Set it to `monitor` or `enforce`.");
        }
        let Some(statement) = of_stage(Stage::Response) else { continue };
        if !["GET", "HEAD", "QUERY", "OPTIONS"].contains(&operation.facts.operation.method.as_str()) {
            let message = format!("{} is carried out before its answer is judged", operation.facts.operation.id);
            let hint = "Write the rule on the request, if it can be.";
            let path = format!("/policies/{}/cedar", statement.policy);
            found.warnings.push(Diagnostic::new(path, "policy-late", message).hint(hint).warn());
        }
        if operation.facts.operation.cache.is_some() {
            mistake(
                statement,
                "answers are kept, and a kept answer is not judged again",
                "Take the cache of the operation away.",
            );
        }
        if operation.facts.operation.websocket.is_some() {
            mistake(statement, "what goes through a WebSocket is not judged", "Take `websocket` away.");
        }
    }
}
