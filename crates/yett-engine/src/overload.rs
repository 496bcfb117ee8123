//! How many requests an API takes at the same time before its answers wait in a queue: learned from how long they take.
//!
//! A [`Gauge`] belongs to one API on one worker. It knows how long each operation takes when nothing queues (its usual
//! time), and calls an answer *late* that took much longer. While answers are not late there is no limit at all, whatever
//! the number of requests: an API that answers in constant time is never held back. When nearly all answers are late for a
//! while, requests queue, and sending more makes every one slower; the gauge then sets a limit of what the API completes
//! in the time that an answer may take (Little's law), so that what is let in is answered in time, and follows it: it
//! grows while answers are in time and shrinks while they are late. Where shrinking makes them no faster, nothing queues:
//! the API has become slower, and its usual times are learned anew.
//!
//! Pure: the time is an argument.

use yett_model::snapshot::Priority;

/// How a gauge judges.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// An answer is late that took this many times the usual time of its operation ...
    pub tolerance: f64,
    /// ... and so many microseconds more.
    pub slack_us: u64,
    /// Requests at the same time that are always let in.
    pub floor: u32,
}

/// Span of time over which answers are counted before they are judged.
const WINDOW_US: u64 = 100_000;
/// Answers that must be there to judge; a window is longer where fewer came.
const ENOUGH: u32 = 5;
/// Of so many answers, in hundredths, all but few must be late: where some paths are quick and some slow by nature, some
/// are always in time.
const NEARLY_ALL: u32 = 80;
/// So many windows in a row must be late before there is a limit.
const PERSISTENT: u32 = 3;
/// A usual time may rise by this part of itself in a second, so that a queue that builds up does not pass for usual.
const DRIFT_PER_SECOND: f64 = 0.01;
/// A round of samples ends after this long even where few came.
const LONGEST_ROUND_US: u64 = 5_000_000;
/// A limit that shrank to less than this part of itself must have made answers come sooner.
const TELLING: f64 = 0.6;
/// So many rounds in a row without anything shed lift the limit.
const QUIET: u32 = 5;

/// What one operation takes.
#[derive(Debug, Clone, Copy, Default)]
struct Usual {
    /// Running median of its answers in microseconds; 0 before the first.
    median_us: f64,
    /// The lowest that the median was, rising slowly.
    usual_us: f64,
    at_us: u64,
}

impl Usual {
    /// When an answer is late.
    fn late_us(&self, bounds: &Bounds) -> f64 {
        self.usual_us * bounds.tolerance + bounds.slack_us as f64
    }

    /// `rises` is false while there is a limit: then what takes longer waits in a queue.
    fn learn(&mut self, took_us: f64, now_us: u64, rises: bool) {
        if self.median_us == 0.0 {
            *self = Self { median_us: took_us, usual_us: took_us, at_us: now_us };
        }
        // A step towards each sample finds the median without keeping them.
        let step = if took_us > self.median_us { 1.05 } else { 1.0 / 1.05 };
        self.median_us = (self.median_us * step).max(1.0);
        let seconds = (now_us.saturating_sub(self.at_us) as f64 / 1e6).min(60.0);
        self.at_us = now_us;
        let risen_us = self.usual_us * (1.0 + if rises { DRIFT_PER_SECOND * seconds } else { 0.0 });
        self.usual_us = self.median_us.min(risen_us);
    }

    /// The API takes this many times as long from now on.
    fn stretch(&mut self, factor: f64) {
        self.usual_us *= factor;
        self.median_us = self.median_us.max(self.usual_us);
    }
}

/// Answers of a span of time.
#[derive(Debug, Clone, Copy, Default)]
struct Span {
    began_us: u64,
    ended: u32,
    late: u32,
    answered: u32,
    /// Sums over what was answered: the time as a multiple of when it is late, of the usual time, and when it is late.
    load: f64,
    stretch: f64,
    late_us: f64,
    shed: u32,
    most_in_flight: u32,
}

impl Span {
    fn new(began_us: u64) -> Self {
        Self { began_us, ..Self::default() }
    }

    fn answer(&mut self, took_us: f64, usual: &Usual, bounds: &Bounds) {
        let late_us = usual.late_us(bounds);
        self.ended += 1;
        self.late += u32::from(took_us > late_us);
        self.answered += 1;
        self.load += took_us / late_us;
        self.stretch += took_us / usual.usual_us.max(1.0);
        self.late_us += late_us;
    }

    fn fail(&mut self) {
        self.ended += 1;
        self.late += 1;
    }

    fn is_late(&self) -> bool {
        self.ended > 0 && self.late * 100 >= self.ended * NEARLY_ALL
    }

    /// The mean of a sum over what was answered.
    fn mean(&self, sum: f64) -> Option<f64> {
        (self.answered > 0).then(|| sum / f64::from(self.answered))
    }
}

/// How many requests were sent lately: in the span that runs, and in the one before it.
#[derive(Debug, Clone, Copy, Default)]
struct Recent {
    began_us: u64,
    before: u32,
    now: u32,
}

impl Recent {
    fn turn(&mut self, now_us: u64, span_us: u64) {
        let elapsed_us = now_us.saturating_sub(self.began_us);
        if elapsed_us >= span_us {
            let before = if elapsed_us < 2 * span_us { self.now } else { 0 };
            *self = Self { began_us: now_us, before, now: 0 };
        }
    }
}

/// The limit that is in force, and the samples by which it is followed.
#[derive(Debug, Clone, Copy)]
struct Limit {
    places: f64,
    /// Requests that were sent before it was set last say nothing about it.
    set_us: u64,
    round: Span,
    /// Load before the limit began to shrink, and by what factor it did since.
    shrank: Option<(f64, f64)>,
    quiet: u32,
}

/// A request that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Passage {
    operation: usize,
    began_us: u64,
    /// Whether it was known how long its operation takes.
    known: bool,
}

/// Learns how much one API takes on one worker.
#[derive(Debug)]
pub struct Gauge {
    bounds: Bounds,
    usual: Vec<Usual>,
    in_flight: u32,
    /// Those of them that nothing is known of.
    unknown: u32,
    window: Span,
    late_windows: u32,
    /// The most that was completed in a second since answers are late.
    rate: f64,
    recent: Recent,
    /// No operation that is known takes longer than this.
    longest_us: f64,
    limit: Option<Limit>,
}

/// The part of the limit, in hundredths, that each priority may fill.
fn share(priority: Priority) -> u64 {
    match priority {
        Priority::Low => 50,
        Priority::Normal => 85,
        Priority::Critical => 100,
    }
}

impl Gauge {
    /// A gauge that knows nothing yet of an API with so many operations.
    #[must_use]
    pub fn new(bounds: Bounds, operations: usize) -> Self {
        Self {
            bounds,
            // One more for what the contract does not describe.
            usual: vec![Usual::default(); operations + 1],
            in_flight: 0,
            unknown: 0,
            window: Span::default(),
            late_windows: 0,
            rate: 0.0,
            recent: Recent::default(),
            longest_us: 0.0,
            limit: None,
        }
    }

    /// Requests that the API has not answered.
    #[must_use]
    pub fn in_flight(&self) -> u32 {
        self.in_flight
    }

    /// Requests at the same time that are let in; `None` while there is no limit.
    #[must_use]
    pub fn places(&self) -> Option<u32> {
        self.limit.map(|limit| limit.places as u32)
    }

    /// Whether a request of this priority is let in. One that is not counts as shed.
    pub fn admits(&mut self, priority: Priority, now_us: u64) -> bool {
        self.look_for_the_overdue(now_us);
        let Some(limit) = &mut self.limit else { return true };
        let places = (limit.places * share(priority) as f64 / 100.0).max(1.0);
        let admits = f64::from(self.in_flight) < places;
        limit.round.shed += u32::from(!admits);
        admits
    }

    /// Answers that are late tell of a queue only when they come. Requests that are older than any of them should become
    /// tell of it at once, and of an API that does not answer at all.
    fn look_for_the_overdue(&mut self, now_us: u64) {
        if self.limit.is_some() || self.longest_us == 0.0 || self.in_flight <= 2 * self.bounds.floor {
            return;
        }
        self.recent.turn(now_us, self.longest_us as u64);
        let overdue = self.in_flight.saturating_sub(self.recent.before + self.recent.now + self.unknown);
        if overdue * 2 > self.in_flight {
            self.rate = 0.0;
            self.set(0.0, None, now_us);
        }
    }

    /// A request is sent. `operation` is its number in the API; any larger number stands for what is not described.
    pub fn enter(&mut self, operation: usize, now_us: u64) -> Passage {
        self.in_flight += 1;
        self.recent.turn(now_us, self.longest_us as u64);
        self.recent.now += 1;
        self.window.most_in_flight = self.window.most_in_flight.max(self.in_flight);
        let operation = operation.min(self.usual.len().saturating_sub(1));
        let known = self.usual.get(operation).is_some_and(|usual| usual.median_us > 0.0);
        self.unknown += u32::from(!known);
        Passage { operation, began_us: now_us, known }
    }

    /// A request ended without saying anything about the API: its caller left.
    pub fn forget(&mut self, passage: Passage) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.unknown = self.unknown.saturating_sub(u32::from(!passage.known));
    }

    /// A request was given up: the API did not answer in time.
    pub fn fail(&mut self, passage: Passage, now_us: u64) {
        self.forget(passage);
        self.window.fail();
        if let Some(limit) = self.round_of(passage) {
            limit.round.fail();
        }
        self.look(now_us);
    }

    /// A request was answered.
    pub fn leave(&mut self, passage: Passage, now_us: u64) {
        self.forget(passage);
        let took_us = now_us.saturating_sub(passage.began_us).max(1) as f64;
        let (bounds, rises) = (self.bounds, self.limit.is_none() && self.late_windows == 0);
        let Some(usual) = self.usual.get_mut(passage.operation) else { return };
        usual.learn(took_us, now_us, rises);
        let usual = *usual;
        self.longest_us = self.longest_us.max(usual.late_us(&bounds));
        self.window.answer(took_us, &usual, &bounds);
        if let Some(limit) = self.round_of(passage) {
            limit.round.answer(took_us, &usual, &bounds);
        }
        self.look(now_us);
    }

    /// The limit, if the request was sent under it.
    fn round_of(&mut self, passage: Passage) -> Option<&mut Limit> {
        self.limit.as_mut().filter(|limit| passage.began_us >= limit.set_us)
    }

    fn look(&mut self, now_us: u64) {
        let elapsed_us = now_us.saturating_sub(self.window.began_us);
        if elapsed_us >= WINDOW_US && self.window.ended >= ENOUGH {
            self.judge_window(now_us, elapsed_us);
        }
        let Some(limit) = self.limit else { return };
        let round_us = now_us.saturating_sub(limit.set_us);
        if round_us >= WINDOW_US && (limit.round.ended >= 2 * ENOUGH || round_us >= LONGEST_ROUND_US && limit.round.ended > 0) {
            self.judge_round(limit, now_us);
        }
    }

    fn judge_window(&mut self, now_us: u64, elapsed_us: u64) {
        let window = std::mem::replace(&mut self.window, Span::new(now_us));
        self.window.most_in_flight = self.in_flight;
        self.longest_us = self.usual.iter().map(|usual| usual.late_us(&self.bounds)).fold(0.0, f64::max);
        let rate = f64::from(window.answered) * 1e6 / elapsed_us as f64;
        let queues = window.is_late() && window.most_in_flight > self.bounds.floor;
        self.late_windows = if queues { self.late_windows + 1 } else { 0 };
        self.rate = match (self.limit, self.late_windows) {
            // What was completed before answers were late may be more than can be completed now.
            (None, 0 | 1) => rate,
            _ => rate.max(self.rate * 0.99),
        };
        if self.limit.is_none() && self.late_windows >= PERSISTENT {
            let late_us = window.mean(window.late_us).unwrap_or(0.0);
            let places = self.rate * late_us / 1e6;
            let factor = (places / f64::from(window.most_in_flight)).min(1.0);
            self.set(places, window.mean(window.load).map(|load| (load, factor)), now_us);
        }
    }

    fn set(&mut self, places: f64, shrank: Option<(f64, f64)>, now_us: u64) {
        let places = places.max(f64::from(self.bounds.floor));
        self.limit = Some(Limit { places, set_us: now_us, round: Span::new(now_us), shrank, quiet: 0 });
    }

    fn judge_round(&mut self, limit: Limit, now_us: u64) {
        let round = limit.round;
        if !round.is_late() {
            return self.grow(limit, now_us);
        }
        let Some((load, stretch)) = round.mean(round.load).zip(round.mean(round.stretch)) else {
            return self.set(limit.places / 2.0, None, now_us);
        };
        let at_floor = limit.places <= f64::from(self.bounds.floor);
        let useless = limit.shrank.is_some_and(|(before, factor)| factor < TELLING && load > before * (1.0 + factor) / 2.0);
        if at_floor || useless {
            // Fewer requests at a time are not answered sooner: this is how long they take now.
            self.usual.iter_mut().for_each(|usual| usual.stretch(stretch.max(1.0)));
            let late_us = round.mean(round.late_us).unwrap_or(0.0) * load.max(1.0);
            return self.set((self.rate * late_us / 1e6).max(limit.places), None, now_us);
        }
        let factor = (1.0 / load).clamp(0.5, 0.9);
        let (before, so_far) = limit.shrank.unwrap_or((load, 1.0));
        self.set(limit.places * factor, Some((before, so_far * factor)), now_us);
    }

    fn grow(&mut self, limit: Limit, now_us: u64) {
        let quiet = if limit.round.shed == 0 { limit.quiet + 1 } else { 0 };
        if quiet >= QUIET {
            self.limit = None;
            self.late_windows = 0;
            return;
        }
        // Only a limit that is reached says how much more there is room for.
        let room = limit.round.mean(limit.round.load).filter(|_| limit.round.shed > 0).map_or(1.1, |load| 1.0 / load.max(0.1));
        self.set((limit.places * room.clamp(1.1, 1.5)).max(limit.places + 1.0), None, now_us);
        if let Some(limit) = &mut self.limit {
            limit.quiet = quiet;
        }
    }
}

#[cfg(test)]
mod tests;
