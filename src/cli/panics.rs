//! Panics: where they happened, unless somebody catches them; and a device without room, which back ends can say in no other way, as an error.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind, set_hook, take_hook},
    sync::OnceLock,
};

use super::ui::Outcome;
use compdd::suite::Class;

/// What was first said of a lack of memory, on whichever thread.
static LACK: OnceLock<String> = OnceLock::new();

/// A device without room.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the device has no room for this: {why}")]
#[diagnostic(help(
    "`compdd run --chunk 64` differentiates fewer images at a time, less and less until it fits, and `--offload host` keeps a student's parameters off the device; \
     other programs there take room as well. What was saved is kept: the same command continues"
))]
struct NoRoom {
    why: String,
}

/// Has panics say where they happened, unless they are caught or [`guarded`] makes an error of them.
pub fn hear() {
    let usual = take_hook();
    set_hook(Box::new(move |panic| {
        let lack = panic.payload_as_str().and_then(lack);
        match lack {
            _ if compdd::data::parse::caught::is_caught() => {}
            Some(why) => drop(LACK.set(why.to_owned())),
            None => usual(panic),
        }
    }));
}

/// The line of a text that says that memory is lacking.
fn lack(text: &str) -> Option<&str> {
    text.lines().map(str::trim).find(|line| Class::of_text(line) == Class::Memory)
}

/// Runs a command; its panic for a lack of memory is an error.
pub fn guarded(command: impl FnOnce() -> Outcome) -> Outcome {
    catch_unwind(AssertUnwindSafe(command)).unwrap_or_else(|panic| match LACK.get() {
        Some(why) => Err(Box::new(NoRoom { why: why.clone() })),
        None => resume_unwind(panic),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One after the other: what was said of memory stays said.
    #[test]
    fn a_lack_of_memory_is_an_error_and_other_panics_stay() {
        hear();
        let other = catch_unwind(|| guarded(|| panic!("something else")).is_ok());
        assert!(other.is_err());
        let failure = guarded(|| panic!("reading failed\nCaused by:\n  can't allocate buffer of size: 7")).unwrap_err();
        assert_eq!(failure.to_string(), "the device has no room for this: can't allocate buffer of size: 7");
        assert!(failure.help().unwrap().to_string().contains("--chunk"));
    }
}
