//! SIGINT and SIGTERM: the first asks the run to save and stop, the second ends it at once.

use std::sync::{Arc, OnceLock, atomic::AtomicBool};

use signal_hook::{
    consts::{SIGINT, SIGTERM},
    flag,
};

/// Exit code of an interrupted run, as shells report it for SIGINT.
pub const INTERRUPTED: u8 = 130;

/// The flag that becomes true when the user asks to stop; the same for everybody.
///
/// # Errors
/// When the operating system refuses the handlers.
pub fn stop_flag() -> Result<Arc<AtomicBool>, SignalError> {
    static STOP: OnceLock<Arc<AtomicBool>> = OnceLock::new();
    if let Some(stop) = STOP.get() {
        return Ok(Arc::clone(stop));
    }
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        flag::register_conditional_shutdown(signal, i32::from(INTERRUPTED), Arc::clone(&stop))
            .map_err(|source| SignalError { source })?;
        flag::register(signal, Arc::clone(&stop)).map_err(|source| SignalError { source })?;
    }
    Ok(Arc::clone(STOP.get_or_init(|| stop)))
}

/// The operating system refused the signal handlers.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("cannot listen for SIGINT and SIGTERM")]
#[diagnostic(help("run outside of the sandbox that forbids signal handlers"))]
pub struct SignalError {
    /// Why.
    pub source: std::io::Error,
}
