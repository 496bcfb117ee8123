//! JSON Web Signatures, keys and tokens (RFC 7515, 7517, 7519): the one verifier of gateway and control plane.
//!
//! What a token may be signed with is bound to the key, never to what the token says of itself. Nothing in a token's
//! header brings a key, names a place to get one, or changes how the signature is computed. What two parsers could read
//! differently is refused (`docs/decisions/0020-one-strict-verifier.md`).

mod algorithm;
mod claims;
mod compact;
mod fault;
pub(crate) mod jwk;
mod key_set;
mod roca;
mod verify;

pub use claims::Expectations;
pub use compact::unverified_issuer;
pub use fault::{Fault, FaultKind};
pub use key_set::KeySet;
pub use verify::{verify_jws, verify_jwt};

pub(crate) use algorithm::is_symmetric;
pub(crate) use claims::{list, seconds, text};
pub(crate) use compact::{Compact, is_compact};
pub(crate) use verify::{check_own_key, verify_read};

#[cfg(test)]
pub(crate) mod signing;
#[cfg(test)]
mod tests;
