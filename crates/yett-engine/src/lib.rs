//! The engine: a snapshot becomes a plan, a request becomes a decision.
//!
//! Sans-I/O: nothing here opens a socket, reads a file, a clock or a source of randomness; the shell (`yett-proxy`,
//! `yett-py`) passes them in. The request's life is driven by [`Exchange`], phase by phase; `decide` runs the same
//! exchange without sockets.

pub mod access;
mod address;
pub mod balance;
pub mod body;
pub mod cache;
pub mod callout;
mod choose;
pub mod compression;
pub mod controls;
pub mod decide;
pub mod decompression;
pub mod der;
pub mod detect;
mod engine;
pub mod exchange;
#[cfg(test)]
mod fixture;
mod forward;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod grpc;
pub mod guards;
pub mod identity;
pub mod jose;
mod mock;
mod network;
mod origins;
mod outline;
pub mod overload;
pub mod plan;
mod policy;
mod receive;
mod record;
pub mod refusal;
mod retirement;
pub mod routing;
pub mod trailers;
pub mod transcode;
pub mod upgrade;
mod xml;

pub use choose::Wish;
pub use decide::decide;
pub use engine::{Applied, Engine, LoadedKeys};
pub use exchange::{BodyNeed, Caller, End, Exchange, Now};
pub use forward::forwarded::TrustedProxies;
pub use forward::token::Signer;
pub use identity::credentials::keyring::Loader;
pub use identity::key::Pepper;
pub use identity::secrets::Secrets;
pub use plan::Plan;
pub use policy::{StatementReport, statements as policy_statements};
pub use refusal::Refusal;
