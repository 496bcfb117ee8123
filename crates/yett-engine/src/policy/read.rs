//! Texts to statements: parsed, and looked through for what they read and whom they name.

use super::check::{Found, spot};
use super::names::{ACTION, API, APP, COLLECTION, OPERATION, PROFILE, TEAM};
use cedar_policy::{ActionConstraint, Effect, EntityUid, Policy, PolicyId, PolicySet, PrincipalConstraint, ResourceConstraint};
use miette::Diagnostic as _;
use serde_json::Value;
use std::collections::BTreeSet;
use std::str::FromStr;
use std::sync::Arc;
use yett_model::Diagnostic;
use yett_model::snapshot::{self, Mode, Snapshot};

/// Most operators and brackets of a statement: it is walked through by calls within calls.
const MOST_STEPS: usize = 200;

/// When enough is known to judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// The head of the request.
    Head,
    /// Its body.
    Body,
    /// The upstream's answer.
    Response,
}

/// Whom a statement is for, as its scope says.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Who {
    Anyone,
    App(Arc<str>),
    Team(Arc<str>),
    Profile(Arc<str>),
    /// The scope names a type that no caller has.
    Nobody,
}

/// Which operations a statement is for, as its scope says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Where {
    /// Ids of operations; absent means any.
    pub(super) actions: Option<BTreeSet<Arc<str>>>,
    pub(super) resource: Resource,
}

/// What the resource of a statement must be, or be in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Resource {
    Any,
    Operation(Arc<str>),
    Api(Arc<str>),
    Collection(Arc<str>),
    /// The scope names a type that no operation has.
    Nothing,
}

/// One statement of a policy.
pub(super) struct Statement {
    /// Number of the policy in the snapshot.
    pub(super) policy: usize,
    /// The policy's name, and the statement's own id behind it if it has one.
    pub(super) label: Arc<str>,
    pub(super) mode: Mode,
    /// Told to whoever is refused.
    pub(super) reason: Option<Arc<str>>,
    pub(super) effect: Effect,
    pub(super) who: Who,
    pub(super) place: Where,
    /// Attributes of the context that it reads.
    pub(super) reads: BTreeSet<Vec<String>>,
    /// Those among them whose value it takes, rather than asking whether they are there.
    pub(super) takes: BTreeSet<Vec<String>>,
    /// Entities that it names: type and id.
    pub(super) entities: BTreeSet<(String, String)>,
    /// It has no conditions.
    pub(super) plain: bool,
    pub(super) cedar: Policy,
}

impl Statement {
    pub(super) fn stage(&self) -> Stage {
        let reads = |name: &str| self.reads.iter().any(|path| path.first().is_some_and(|first| first == name));
        match () {
            () if reads("response") => Stage::Response,
            () if reads("body") => Stage::Body,
            () => Stage::Head,
        }
    }

    /// Gives it its number, by which it is found again.
    pub(super) fn number(&mut self, number: usize) {
        self.cedar = self.cedar.new_id(PolicyId::new(number.to_string()));
    }
}

/// The statements of a snapshot, but for texts that are none.
pub(super) fn read(snapshot: &Snapshot, found: &mut Found) -> Vec<Statement> {
    let mut statements = Vec::new();
    let mut names = BTreeSet::new();
    for (number, policy) in snapshot.policies.iter().enumerate() {
        if !names.insert(policy.name.as_str()) {
            let message = format!("the policy '{}' is there twice", policy.name);
            found.mistakes.push(Diagnostic::new(format!("/policies/{number}/name"), "policy-duplicate", message));
        }
        if policy.mode != Mode::Off {
            read_policy(number, policy, &mut statements, found);
        }
    }
    statements
}

fn read_policy(number: usize, policy: &snapshot::Policy, statements: &mut Vec<Statement>, found: &mut Found) {
    let path = format!("/policies/{number}/cedar");
    if steps(&policy.cedar) > MOST_STEPS {
        let message = format!("a statement has more than {MOST_STEPS} operators and brackets");
        let hint = "Write several statements: any of them may match.";
        return found.mistakes.push(Diagnostic::new(path, "policy-too-long", message).hint(hint));
    }
    let set = match PolicySet::from_str(&policy.cedar) {
        Ok(set) => set,
        Err(errors) => {
            for error in errors.iter() {
                let offset = error.labels().and_then(|mut labels| labels.next()).map(|label| label.offset());
                let hint = error.help().map(|help| help.to_string()).unwrap_or_default();
                let at = offset.and_then(|offset| spot(&policy.cedar, offset));
                found.mistakes.push(Diagnostic::new(&*path, "policy-syntax", sentence(&error.to_string())).hint(hint).at(at));
            }
            return;
        }
    };
    let mut mistake = |message: &str, hint: &str| {
        found.mistakes.push(Diagnostic::new(&*path, "policy-syntax", message).hint(hint));
    };
    if set.templates().next().is_some() {
        return mistake("a policy with slots is no policy yet", "Write the principal or resource in place of the slot.");
    }
    let mut all: Vec<&Policy> = set.policies().collect();
    all.sort_by_key(|one| AsRef::<str>::as_ref(one.id()).trim_start_matches("policy").parse::<usize>().unwrap_or(usize::MAX));
    match policy.statements {
        Some(count) if count as usize != all.len() => {
            return mistake("an expression ends its own statement", "Write one expression; take ';' and unpaired braces out.");
        }
        _ if all.is_empty() => return mistake("there is no statement", "Write `forbid(...)` or `permit(...)`."),
        _ => {}
    }
    for one in all {
        match statement(number, policy, one) {
            Some(statement) => statements.push(statement),
            None => mistake("the policy cannot be looked through", ""),
        }
    }
}

/// Operators and brackets of the longest statement of a text: it nests no deeper than that.
fn steps(text: &str) -> usize {
    let (mut longest, mut here) = (0, 0);
    let mut rest = text.char_indices();
    while let Some((at, symbol)) = rest.next() {
        match symbol {
            '"' => skip_string(&mut rest),
            '/' if text.get(at + 1..).is_some_and(|after| after.starts_with('/')) => {
                rest.by_ref().find(|(_, symbol)| *symbol == '\n');
            }
            ';' => here = 0,
            '&' | '|' | '.' | '+' | '-' | '*' | '!' | '(' | '[' | '{' => here += 1,
            'e' if text.get(at..).is_some_and(|word| word.starts_with("else")) => here += 1,
            _ => {}
        }
        longest = longest.max(here);
    }
    longest
}

fn skip_string(rest: &mut std::str::CharIndices<'_>) {
    while let Some((_, symbol)) = rest.next() {
        match symbol {
            '\\' => drop(rest.next()),
            '"' => return,
            _ => {}
        }
    }
}

/// One line of a message that may have several.
pub(super) fn sentence(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn statement(number: usize, policy: &snapshot::Policy, cedar: &Policy) -> Option<Statement> {
    let tree = cedar.to_json().ok()?;
    let mut seen = Seen::default();
    for condition in tree.get("conditions").and_then(Value::as_array).into_iter().flatten() {
        seen.expression(condition.get("body")?);
    }
    for part in ["principal", "action", "resource"] {
        seen.scope(tree.get(part)?);
    }
    let label = match cedar.annotation("id") {
        Some(id) if !id.is_empty() => format!("{}/{id}", policy.name),
        _ => policy.name.clone(),
    };
    Some(Statement {
        policy: number,
        label: label.into(),
        mode: policy.mode,
        reason: policy.reason.as_deref().map(Arc::from),
        effect: cedar.effect(),
        who: who(&cedar.principal_constraint()),
        place: Where { actions: actions(&cedar.action_constraint()), resource: resource(&cedar.resource_constraint()) },
        reads: seen.reads,
        takes: seen.takes,
        entities: seen.entities,
        plain: !cedar.has_non_scope_constraint(),
        cedar: cedar.clone(),
    })
}

/// A caller is an app, and `in` whatever the app is in.
fn who(constraint: &PrincipalConstraint) -> Who {
    let is_app = |kind: &dyn ToString| kind.to_string() == APP;
    match constraint {
        PrincipalConstraint::Any => Who::Anyone,
        PrincipalConstraint::Is(kind) if is_app(kind) => Who::Anyone,
        PrincipalConstraint::Eq(one) if is_app(one.type_name()) => Who::App(id(one)),
        PrincipalConstraint::IsIn(kind, _) if !is_app(kind) => Who::Nobody,
        PrincipalConstraint::In(one) | PrincipalConstraint::IsIn(_, one) => match one.type_name().to_string().as_str() {
            APP => Who::App(id(one)),
            TEAM => Who::Team(id(one)),
            PROFILE => Who::Profile(id(one)),
            _ => Who::Nobody,
        },
        PrincipalConstraint::Is(_) | PrincipalConstraint::Eq(_) => Who::Nobody,
    }
}

fn actions(constraint: &ActionConstraint) -> Option<BTreeSet<Arc<str>>> {
    let actions = |listed: &[EntityUid]| listed.iter().filter(|one| one.type_name().to_string() == ACTION).map(id).collect();
    match constraint {
        ActionConstraint::Any => None,
        ActionConstraint::In(listed) => Some(actions(listed)),
        ActionConstraint::Eq(one) => Some(actions(std::slice::from_ref(one))),
    }
}

fn resource(constraint: &ResourceConstraint) -> Resource {
    let is_operation = |kind: &dyn ToString| kind.to_string() == OPERATION;
    match constraint {
        ResourceConstraint::Any => Resource::Any,
        ResourceConstraint::Is(kind) if is_operation(kind) => Resource::Any,
        ResourceConstraint::Eq(one) if is_operation(one.type_name()) => Resource::Operation(id(one)),
        ResourceConstraint::IsIn(kind, _) if !is_operation(kind) => Resource::Nothing,
        ResourceConstraint::In(one) | ResourceConstraint::IsIn(_, one) => match one.type_name().to_string().as_str() {
            OPERATION => Resource::Operation(id(one)),
            API => Resource::Api(id(one)),
            COLLECTION => Resource::Collection(id(one)),
            _ => Resource::Nothing,
        },
        ResourceConstraint::Is(_) | ResourceConstraint::Eq(_) => Resource::Nothing,
    }
}

fn id(entity: &EntityUid) -> Arc<str> {
    AsRef::<str>::as_ref(entity.id()).into()
}

/// What an expression reads and names, in the form of Cedar's JSON.
#[derive(Default)]
struct Seen {
    reads: BTreeSet<Vec<String>>,
    takes: BTreeSet<Vec<String>>,
    entities: BTreeSet<(String, String)>,
}

impl Seen {
    fn scope(&mut self, part: &Value) {
        let listed = part.get("entities").and_then(Value::as_array).into_iter().flatten();
        let entities = listed.chain(part.get("entity")).chain(part.get("in").and_then(|inner| inner.get("entity")));
        entities.for_each(|entity| self.entity(entity));
    }

    fn entity(&mut self, entity: &Value) {
        let text = |key: &str| entity.get(key).and_then(Value::as_str).map(str::to_owned);
        self.entities.extend(text("type").zip(text("id")));
    }

    fn expression(&mut self, expression: &Value) {
        match expression {
            Value::Array(items) => items.iter().for_each(|item| self.expression(item)),
            Value::Object(object) => {
                for (kind, inner) in object {
                    self.node(kind, inner, expression);
                }
            }
            _ => {}
        }
    }

    fn node(&mut self, kind: &str, inner: &Value, whole: &Value) {
        match (kind, path(whole)) {
            (kind, Some(path)) => {
                if kind != "has" {
                    self.takes.insert(path.clone());
                }
                self.reads.insert(path);
            }
            ("Value", None) => self.value(inner),
            // The keys are names that somebody chose, not kinds.
            ("Record", None) => {
                inner.as_object().into_iter().flat_map(|record| record.values()).for_each(|one| self.expression(one))
            }
            (_, None) => match inner {
                Value::Object(parts) => parts.values().for_each(|part| self.expression(part)),
                other => self.expression(other),
            },
        }
    }

    fn value(&mut self, value: &Value) {
        if let Some(entity) = value.get("__entity") {
            return self.entity(entity);
        }
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.value(item)),
            Value::Object(object) => object.values().for_each(|one| self.value(one)),
            _ => {}
        }
    }
}

/// The attributes that lead from the context to a value; `None` if it is no part of the context.
fn path(expression: &Value) -> Option<Vec<String>> {
    if expression.get("Var").is_some_and(|name| name == "context") {
        return Some(Vec::new());
    }
    let step = expression.get(".").or_else(|| expression.get("has"))?;
    let mut path = path(step.get("left")?)?;
    match step.get("attr")? {
        Value::String(name) => path.push(name.clone()),
        Value::Array(names) => path.extend(names.iter().filter_map(Value::as_str).map(str::to_owned)),
        _ => return None,
    }
    Some(path)
}
