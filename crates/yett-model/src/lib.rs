//! The vocabulary that crosses the seam: snapshots and patches going down, decisions, events and diagnostics coming
//! back, and the one catalogue of error codes. Plain data only: no logic beyond (de)serialisation, no I/O, no pyo3.

pub mod catalogue;
pub mod control;
pub mod decision;
pub mod diagnostic;
pub mod event;
pub mod finding;
pub mod patch;
pub mod snapshot;

pub use catalogue::{CATALOGUE, Code, Entry, Source};
pub use control::{Action, Condition, Control, ControlScope};
pub use decision::{AccessReport, Decision, Outcome, Phase, PhaseReport, Request, Violation};
pub use diagnostic::{Diagnostic, Spot};
pub use event::{CacheUse, Event, Matched};
pub use finding::{Finding, FindingKind, Severity};
pub use patch::{Block, Change, Patch};
pub use snapshot::Snapshot;

/// Version of the snapshot format this build reads and writes.
pub const SNAPSHOT_FORMAT: u32 = 1;
