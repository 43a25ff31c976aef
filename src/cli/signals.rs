//! SIGINT and SIGTERM: the first asks the run to save and stop, the second ends it at once.

use std::sync::{Arc, atomic::AtomicBool};

use signal_hook::{
    consts::{SIGINT, SIGTERM},
    flag,
};

/// Exit code of an interrupted run, as shells report it for SIGINT.
pub const INTERRUPTED: u8 = 130;

/// A flag that becomes true when the user asks to stop.
///
/// # Errors
/// When the operating system refuses the handlers.
pub fn stop_flag() -> Result<Arc<AtomicBool>, SignalError> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        flag::register_conditional_shutdown(signal, i32::from(INTERRUPTED), Arc::clone(&stop))
            .map_err(|source| SignalError { source })?;
        flag::register(signal, Arc::clone(&stop)).map_err(|source| SignalError { source })?;
    }
    Ok(stop)
}

/// The operating system refused the signal handlers.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("cannot listen for SIGINT and SIGTERM")]
#[diagnostic(help("run outside of the sandbox that forbids signal handlers"))]
pub struct SignalError {
    /// Why.
    pub source: std::io::Error,
}
