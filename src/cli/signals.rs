//! SIGINT and SIGTERM: the first asks the run to save and stop, the second ends it at once.

use std::sync::{Arc, OnceLock};

use compdd::progress::Stop;
use signal_hook::{
    consts::{SIGINT, SIGTERM},
    flag,
};

/// Exit code of an interrupted run, as shells report it for SIGINT.
pub const INTERRUPTED: u8 = 130;

/// The stop that the user requests; the same for everybody.
///
/// # Errors
/// When the operating system refuses the handlers.
pub fn stop() -> Result<Stop, SignalError> {
    static STOP: OnceLock<Stop> = OnceLock::new();
    if let Some(stop) = STOP.get() {
        return Ok(stop.clone());
    }
    let stop = Stop::never();
    for signal in [SIGINT, SIGTERM] {
        flag::register_conditional_shutdown(signal, i32::from(INTERRUPTED), Arc::clone(stop.flag()))
            .map_err(|source| SignalError { source })?;
        flag::register(signal, Arc::clone(stop.flag())).map_err(|source| SignalError { source })?;
    }
    Ok(STOP.get_or_init(|| stop).clone())
}

/// The operating system refused the signal handlers.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("cannot listen for SIGINT and SIGTERM")]
#[diagnostic(help("run outside of the sandbox that forbids signal handlers"))]
pub struct SignalError {
    /// Why.
    pub source: std::io::Error,
}
