//! Access: which operations a principal may use, and until when.
//!
//! Profiles are compiled to bit sets over the operations of a plan. What a set of profiles gives is computed once, for
//! every span of time in which it is the same, and shared by all who hold that set ([`Profiles::grants`]). Here is no
//! clock and no name of a caller; conditions on a request belong to policies.

mod grants;
mod inheritance;
mod operations;
mod profiles;
mod report;
mod window;

pub use grants::Grants;
pub use operations::Operations;
pub use profiles::{Held, Profiles};
pub use window::Window;

pub(crate) use profiles::{add_held, build, held};
pub(crate) use report::{Subject, report};

#[cfg(test)]
mod tests;
