//! Which of several targets a request goes to, and what is learned from how it went.
//!
//! Algorithms only: time and randomness are arguments, nothing here connects to anything. What is known of a target
//! ([`TargetState`]) and the [`Budget`] are atomics that all workers share, so that a dead target is found once and not
//! once per worker, and a circuit's limit holds for the gateway; no request takes a lock. The turn of a round robin
//! ([`Picker`]) is each worker's own: it is written on every request, and sharing it would buy nothing.

mod affinity;
mod budget;
mod circuit;
mod hash;
mod least_loaded;
mod outlier;
mod pool;
mod round_robin;
mod slow_start;
mod state;

pub use affinity::{cookie_value, read_cookie};
pub use budget::Budget;
pub use circuit::Breaker;
pub use hash::{digest, of_key, split};
pub use least_loaded::of_weight;
pub use pool::{Ask, Chosen, NoTarget, Picker, Pool};
pub use state::{Ejection, Outcome, Place, TargetState};

#[cfg(test)]
mod tests;
