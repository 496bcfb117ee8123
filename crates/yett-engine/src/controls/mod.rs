//! Controls in force: temporary, explained actions on traffic, made by a person or by adaptive security.
//!
//! They come by patch, outlive every plan and end by the clock. Those that need no more than the head are applied in
//! `screen`, those that name callers once the caller is known, and those that look into the body in `inspect`. While
//! there are none, a request pays for one load.

pub(crate) mod challenge;
mod condition;
mod scope;
mod step_up;

use crate::guards::limits::LimitPlan;
use arc_swap::ArcSwap;
use condition::Conditions;
use scope::Scope;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use yett_model::control::{Action, Place};
use yett_model::snapshot::{Limit, Measure, Mode};
use yett_model::{Control, Diagnostic};

pub(crate) use scope::Subject;
pub(crate) use step_up::Wanted;

/// Most controls in force at once.
pub const MOST_CONTROLS: usize = 1_000;
/// Longest life of a control.
pub const LONGEST_S: u64 = 30 * 86_400;
const LONGEST_TEXT: usize = 1_000;
const MOST_EVIDENCE: usize = 20;
const MOST_PERIOD_MS: u64 = 86_400_000;

/// When a control is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Before identity.
    Head,
    /// The caller is known.
    Caller,
    /// The body is there.
    Body,
}

/// A control compiled.
#[derive(Debug)]
pub(crate) struct ControlPlan {
    pub(crate) id: Arc<str>,
    pub(crate) mode: Mode,
    /// `block by ops@example: they scrape`.
    pub(crate) told: String,
    pub(crate) expires_at: u64,
    pub(crate) stage: Stage,
    pub(crate) scope: Scope,
    pub(crate) deed: Deed,
}

/// What a control does.
#[derive(Debug)]
pub(crate) enum Deed {
    Block,
    Throttle(Arc<LimitPlan>),
    Challenge { difficulty: u8, valid_s: u32 },
    StepUp(Wanted),
    Patch(Conditions),
}

impl Deed {
    /// What ends a request comes before what may let it pass.
    fn rank(&self) -> u8 {
        match self {
            Self::Block => 0,
            Self::Patch(_) => 1,
            Self::Throttle(_) => 2,
            Self::StepUp(_) => 3,
            Self::Challenge { .. } => 4,
        }
    }
}

/// The controls in force, in the order in which they are applied.
#[derive(Default)]
pub struct Controls {
    set: ArcSwap<Vec<Arc<ControlPlan>>>,
    /// Whether there is any: what every request asks.
    any: AtomicBool,
    changing: Mutex<()>,
}

impl Controls {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.any.load(Ordering::Acquire)
    }

    /// How many there are, expired ones that were not swept yet among them.
    #[must_use]
    pub fn len(&self) -> usize {
        self.set.load().len()
    }

    /// Those of a stage that are in force at the Unix second `now` for what `subject` tells of the request.
    pub(crate) fn of(&self, stage: Stage, subject: &Subject<'_>, now: u64) -> Vec<Arc<ControlPlan>> {
        if self.is_empty() {
            return Vec::new();
        }
        let set = self.set.load();
        let meant = |control: &&Arc<ControlPlan>| {
            control.stage == stage && control.expires_at > now && control.mode != Mode::Off && control.scope.has(subject)
        };
        set.iter().filter(meant).cloned().collect()
    }

    /// Whether `more` can be put in force besides those that will still be there at the Unix second `now`.
    pub(crate) fn has_room(&self, more: &HashMap<&str, bool>) -> bool {
        let set = self.set.load();
        let stay = set.iter().filter(|control| !more.contains_key(&*control.id)).count();
        stay + more.values().filter(|put| **put).count() <= MOST_CONTROLS
    }

    pub(crate) fn put(&self, control: ControlPlan) {
        self.change(|set| {
            set.retain(|other| other.id != control.id);
            set.push(Arc::new(control));
            set.sort_by_key(|control| control.deed.rank());
        });
    }

    pub(crate) fn end(&self, id: &str) {
        self.change(|set| set.retain(|control| *control.id != *id));
    }

    /// Forgets those that have expired at the Unix second `now`.
    pub(crate) fn sweep(&self, now: u64) {
        if self.set.load().iter().any(|control| control.expires_at <= now) {
            self.change(|set| set.retain(|control| control.expires_at > now));
        }
    }

    fn change(&self, make: impl FnOnce(&mut Vec<Arc<ControlPlan>>)) {
        let _one_at_a_time = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut set = Vec::clone(&self.set.load());
        make(&mut set);
        let any = !set.is_empty();
        self.set.store(Arc::new(set));
        self.any.store(any, Ordering::Release);
    }
}

/// A control compiled, or everything that is wrong with it.
pub(crate) fn compile(control: &Control, path: &str) -> Result<ControlPlan, Vec<Diagnostic>> {
    let mut mistakes = Vec::new();
    let mut wrong = |at: &str, code: &str, message: String| mistakes.push(Diagnostic::new(format!("{path}{at}"), code, message));
    check_frame(control, &mut wrong);
    let scope = Scope::compile(&control.scope, &mut wrong);
    let deed = compile_deed(control, &mut wrong);
    match (scope, deed) {
        (Some(scope), Some(deed)) if mistakes.is_empty() => Ok(ControlPlan {
            id: control.id.as_str().into(),
            mode: control.mode,
            told: format!("{} by {}: {}", control.action.as_str(), control.author, control.reason),
            expires_at: control.expires_at,
            stage: stage(&control.action, &scope),
            scope,
            deed,
        }),
        _ => Err(mistakes),
    }
}

/// What every control has.
fn check_frame(control: &Control, wrong: &mut impl FnMut(&str, &str, String)) {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if control.id.is_empty() || control.id.len() > 64 || !control.id.bytes().all(plain) {
        wrong("/id", "control-id-invalid", "an id is 1 to 64 lower-case letters, digits and '-'".to_owned());
    }
    for (at, text) in [("/author", &control.author), ("/reason", &control.reason)] {
        if text.trim().is_empty() || text.len() > LONGEST_TEXT {
            wrong(at, "control-unexplained", format!("a control is explained, in at most {LONGEST_TEXT} bytes"));
        }
    }
    if control.evidence.len() > MOST_EVIDENCE || control.evidence.iter().any(|line| line.len() > LONGEST_TEXT) {
        wrong("/evidence", "control-evidence-long", format!("at most {MOST_EVIDENCE} lines of {LONGEST_TEXT} bytes"));
    }
    if control.expires_at <= control.made_at {
        wrong("/expires_at", "control-expiry-invalid", "a control ends after it was made".to_owned());
    } else if control.expires_at - control.made_at > LONGEST_S {
        wrong("/expires_at", "control-expiry-far", "a control ends at most 30 days after it was made".to_owned());
    }
}

fn compile_deed(control: &Control, wrong: &mut impl FnMut(&str, &str, String)) -> Option<Deed> {
    match &control.action {
        Action::Block => Some(Deed::Block),
        Action::Throttle { requests, period_ms, by } => {
            if *requests == 0 || *requests > 1_000_000_000 || *period_ms == 0 || *period_ms > MOST_PERIOD_MS {
                wrong("/action", "throttle-invalid", "at least one request, in at most a day".to_owned());
                return None;
            }
            let measure = Measure::Rate { amount: *requests, period_ms: *period_ms, burst: *requests };
            Some(Deed::Throttle(LimitPlan::new(&Limit { name: control.id.clone(), measure, by: *by })))
        }
        Action::Challenge { difficulty, valid_s } => {
            if !(8..=24).contains(difficulty) || !(10..=86_400).contains(valid_s) {
                let message = "a challenge has a difficulty of 8 to 24 bits, and holds for 10 seconds to a day";
                wrong("/action", "challenge-invalid", message.to_owned());
                return None;
            }
            Some(Deed::Challenge { difficulty: *difficulty, valid_s: *valid_s })
        }
        Action::StepUp { acr_values, max_age_s } => match Wanted::compile(acr_values, *max_age_s) {
            Ok(wanted) => Some(Deed::StepUp(wanted)),
            Err(message) => {
                wrong("/action", "step-up-invalid", message.to_owned());
                None
            }
        },
        Action::Patch { when } => Conditions::compile(when, wrong).map(Deed::Patch),
    }
}

fn stage(action: &Action, scope: &Scope) -> Stage {
    match action {
        Action::Patch { when } if when.iter().any(|condition| condition.place == Place::Body) => Stage::Body,
        Action::StepUp { .. } => Stage::Caller,
        _ if scope.names_callers() => Stage::Caller,
        _ => Stage::Head,
    }
}

#[cfg(test)]
mod tests;
