mod error;
mod labels;
mod protocol;
mod summary;
pub use error::EvalError;
pub use labels::{Labels, Targets, cross_entropy};
pub use protocol::{Budget, NoKd};
pub use summary::{Summary, recovery_ratio};
