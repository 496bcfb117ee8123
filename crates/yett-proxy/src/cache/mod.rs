//! The response cache: kept answers, shared by all workers, and how a request meets them.
//!
//! What may be kept, given and under which key is decided in the engine (`yett_engine::cache`). Every guard has seen the
//! request before it comes here, and every answer, kept or not, goes through `respond` afterwards: what is kept is what
//! the upstream said, not what one caller got of it.

mod fetch;
mod flight;
mod status;
mod store;
mod visit;

pub(crate) use store::Store;
pub(crate) use visit::{ask, note_change, visit};
