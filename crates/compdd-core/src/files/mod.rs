//! Files as every room writes and guards them: whole or not at all ([`atomic`]), by one process ([`Lock`]), with errors that name
//! the path ([`IoError`]). What may enter: dealings with the file system that know no format.

pub mod atomic;
mod error;
mod lock;

pub use error::IoError;
pub use lock::{Lock, LockError};
