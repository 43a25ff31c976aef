//! Files as every room writes and guards them: whole or not at all ([`atomic`]), by one process ([`Lock`]), without
//! following what others laid there ([`plain`]), with errors that name the path ([`IoError`]). What may enter: dealings with the file system that know no format.

pub mod atomic;
mod error;
mod lock;
pub mod plain;

pub use error::IoError;
pub use lock::{Lock, LockError};
