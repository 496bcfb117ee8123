//! The targets that can stand in for each other, and the choice among them.

use super::circuit::Breaker;
use super::hash::{self, mix};
use super::least_loaded;
use super::outlier::{Tally, is_panic, may_eject, stands_out};
use super::round_robin::RoundRobin;
use super::slow_start;
use super::state::{Ejection, Outcome, Place, TargetState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use yett_model::snapshot::{Balance, Circuit, Outlier, Upstream};

/// Targets that can stand in for each other.
#[derive(Debug)]
pub struct Pool {
    targets: Vec<Arc<TargetState>>,
    weights: Vec<u32>,
    ids: Vec<u64>,
    balance: Balance,
    outlier: Outlier,
    circuit: Option<Circuit>,
    slow_start_us: u64,
    window_us: u64,
    window: Arc<AtomicU64>,
}

/// One worker's memory of its choices.
#[derive(Debug, Default)]
pub struct Picker {
    round: RoundRobin,
    weights: Vec<u32>,
}

/// What a choice depends on.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// Monotonic time in microseconds.
    pub now_us: u64,
    /// Unpredictable.
    pub random: u64,
    /// What the request has in common with those that should go to the same target.
    pub key: u64,
    /// The target that affinity asks for.
    pub wanted: Option<usize>,
    /// Targets that were tried already; others are preferred.
    pub tried: &'a [usize],
}

/// A target that was chosen, with a place there.
#[derive(Debug)]
pub struct Chosen {
    /// Its number in the pool.
    pub index: usize,
    /// The place.
    pub place: Place,
}

/// Why there is no target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoTarget {
    /// All that are well have as many requests as they may have.
    Full,
    /// The circuits of all are open.
    Open,
}

impl Pool {
    /// A pool of targets, each with its weight and a number that stands for it in every plan. `window` is when the window
    /// of the tallies began, kept over changes of the plan like the states.
    #[must_use]
    pub fn new(targets: Vec<(Arc<TargetState>, u32, u64)>, upstream: &Upstream, window: Arc<AtomicU64>) -> Self {
        Self {
            weights: targets.iter().map(|(_, weight, _)| *weight).collect(),
            ids: targets.iter().map(|(_, _, id)| *id).collect(),
            targets: targets.into_iter().map(|(state, ..)| state).collect(),
            balance: upstream.balance.clone(),
            outlier: upstream.outlier.clone(),
            circuit: upstream.circuit.clone(),
            slow_start_us: upstream.slow_start_ms.saturating_mul(1000),
            window_us: upstream.outlier.window_ms.max(1).saturating_mul(1000),
            window,
        }
    }

    /// A picker that begins anywhere.
    #[must_use]
    pub fn picker(&self, random: u64) -> Picker {
        let mut picker = Picker::default();
        if let Some(first) = least_loaded::draw(&self.weights, usize::MAX, random) {
            picker.round.start_at(first, &self.weights);
        }
        picker
    }

    /// The targets.
    #[must_use]
    pub fn targets(&self) -> &[Arc<TargetState>] {
        &self.targets
    }

    /// Whether there is anything to choose.
    #[must_use]
    pub fn len(&self) -> usize {
        self.targets.len()
    }

    /// Whether there is no target at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }

    /// The number of the target that an id stands for.
    #[must_use]
    pub fn find(&self, id: u64) -> Option<usize> {
        self.ids.iter().position(|known| *known == id)
    }

    /// The number that stands for a target.
    #[must_use]
    pub fn id(&self, index: usize) -> u64 {
        self.ids.get(index).copied().unwrap_or(0)
    }

    /// Chooses a target and takes a place there.
    ///
    /// # Errors
    /// Why none can be had.
    pub fn choose(&self, picker: &mut Picker, ask: &Ask<'_>) -> Result<Chosen, NoTarget> {
        self.turn_window(ask.now_us);
        let mut refused: Option<usize> = None;
        // Another worker may take the last place in between: every target is asked for one at most once.
        for round in 0..=self.targets.len() as u64 {
            let Picker { round: turn, weights } = picker;
            self.open_weights(weights, ask, refused)?;
            let Some(index) = self.pick(turn, weights, ask, mix(ask.random ^ round)) else { break };
            let Some(state) = self.targets.get(index) else { break };
            match state.enter(self.circuit.as_ref(), ask.now_us) {
                Some(place) => return Ok(Chosen { index, place }),
                None => refused = Some(index),
            }
        }
        Err(NoTarget::Full)
    }

    fn pick(&self, turn: &mut RoundRobin, weights: &[u32], ask: &Ask<'_>, random: u64) -> Option<usize> {
        let wanted = ask.wanted.filter(|wanted| weights.get(*wanted).is_some_and(|weight| *weight > 0));
        let in_flight = |index: usize| self.targets.get(index).map_or(0, |state| state.in_flight());
        wanted.or_else(|| match &self.balance {
            Balance::RoundRobin => turn.pick(weights),
            Balance::LeastLoaded => least_loaded::pick(weights, in_flight, random),
            Balance::Hash(_) => hash::pick(weights, &self.ids, in_flight, ask.key),
        })
    }

    /// Fills in the weights as they are now: 0 for what is not to be used. A target that was tried is used only when no
    /// other can be, and one that is not well only in a panic or when all others were tried.
    fn open_weights(&self, weights: &mut Vec<u32>, ask: &Ask<'_>, refused: Option<usize>) -> Result<(), NoTarget> {
        let counted = |weight: &u32| *weight > 0;
        let all = self.weights.iter().filter(|weight| counted(weight)).count();
        let well = self.targets.iter().zip(&self.weights).filter(|(state, weight)| counted(weight) && state.is_well(ask.now_us));
        let panic = is_panic(well.count(), all, &self.outlier);
        let usable = |index: usize, state: &TargetState, any: bool, again: bool| {
            (any || state.is_well(ask.now_us)) && (again || !ask.tried.contains(&index))
        };
        let mut blocked = NoTarget::Open;
        for (any, again) in [(panic, false), (true, false), (true, true)] {
            let mut total = 0u64;
            weights.clear();
            for (index, (state, weight)) in self.targets.iter().zip(&self.weights).enumerate() {
                let stands = *weight > 0 && usable(index, state, any, again) && refused != Some(index);
                let open = stands && self.is_open(state, ask.now_us, &mut blocked);
                let share = if open { slow_start::share(state.since_us(), ask.now_us, self.slow_start_us) } else { 0 };
                let weight = weight.saturating_mul(share);
                total += u64::from(weight);
                weights.push(weight);
            }
            if total > 0 {
                return Ok(());
            }
            // Those that are well but full are not relieved by asking those that are not well.
            if blocked == NoTarget::Full && ask.tried.is_empty() {
                break;
            }
        }
        Err(blocked)
    }

    fn is_open(&self, state: &TargetState, now_us: u64, blocked: &mut NoTarget) -> bool {
        let Some(limits) = &self.circuit else { return true };
        if state.breaker(now_us) == Breaker::Open {
            return false;
        }
        let room = state.has_room(limits);
        if !room {
            *blocked = NoTarget::Full;
        }
        room
    }

    /// Learns how a request with a target went, and takes the target out if it must be.
    pub fn learn(&self, index: usize, outcome: Outcome, now_us: u64) {
        let Some(state) = self.targets.get(index) else { return };
        if let Some(reason) = state.learn(outcome, &self.outlier, self.circuit.as_ref(), now_us) {
            self.eject(state, reason, now_us);
        }
    }

    fn eject(&self, state: &TargetState, reason: Ejection, now_us: u64) {
        let out = self.targets.iter().filter(|state| state.is_ejected(now_us)).count();
        if !state.is_ejected(now_us) && may_eject(out, self.targets.len(), &self.outlier) {
            state.eject(reason, &self.outlier, now_us);
        }
    }

    /// Judges the tallies at the end of a window; one worker does.
    fn turn_window(&self, now_us: u64) {
        let began_us = self.window.load(Ordering::Relaxed);
        if now_us < began_us.saturating_add(self.window_us)
            || self.window.compare_exchange(began_us, now_us, Ordering::Relaxed, Ordering::Relaxed).is_err()
        {
            return;
        }
        let tallies: Vec<Tally> = self.targets.iter().map(|state| state.tally()).collect();
        let sum = |tally: fn(&Tally) -> u32| tallies.iter().map(tally).fold(0u32, u32::saturating_add);
        let (requests, failed) = (sum(|tally| tally.requests), sum(|tally| tally.failed));
        for (state, own) in self.targets.iter().zip(&tallies) {
            let others = Tally { requests: requests - own.requests.min(requests), failed: failed - own.failed.min(failed) };
            if stands_out(*own, others, &self.outlier) {
                self.eject(state, Ejection::Share, now_us);
            }
        }
        self.targets.iter().for_each(|state| state.begin_window(now_us));
    }
}
