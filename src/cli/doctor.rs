//! `compdd doctor`: which devices can be used, and what is missing for the others.

use std::process::ExitCode;

use compdd::device;

use super::ui::{self, Outcome};

/// Lists every device with its state. Missing GPUs are no failure: the CPU always works.
#[allow(clippy::unnecessary_wraps)] // every command ends in an `Outcome`
pub fn execute() -> Outcome {
    for finding in device::diagnose() {
        match finding.state {
            Ok(what) => ui::show(&format!("usable    {:<8} {what}", finding.device)),
            Err(pieces) => {
                ui::show(&format!("unusable  {}", finding.device));
                for piece in pieces {
                    ui::show(&format!("          - {}\n            {}", piece.reason, piece.remedy));
                }
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
