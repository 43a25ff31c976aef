//! `compdd device test`: what a device computes beside the CPU.

use std::{process::ExitCode, str::FromStr as _};

use clap::Args;
use compdd::{
    agreement::{self, Comparison},
    device::DeviceChoice,
    progress::Progress as _,
};
use serde_json::json;

use super::super::{
    progress::Bars,
    ui::{self, Outcome},
};

#[derive(Args)]
#[command(after_help = "Examples:
  compdd device test cuda:0
  compdd device test wgpu:0 --only convolution --only products
  compdd device test wgpu:cpu --json > agreement.jsonl

Ends with failure when a case is further from the CPU than its tolerance, or when the device gives up on one.")]
pub struct TestArgs {
    /// Device: auto, cuda:N, wgpu:N or wgpu:cpu
    device: String,
    /// Only the cases with this text in their names; may be repeated
    #[arg(long, value_name = "TEXT")]
    only: Vec<String>,
    /// Print the cases as JSON, one a line, in place of the table
    #[arg(long)]
    json: bool,
}

/// Nothing would be compared.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("no case has {texts} in its name")]
#[diagnostic(help("leave `--only` out: every case is listed with its name"))]
struct NoCase {
    texts: String,
}

impl TestArgs {
    pub fn execute(self) -> Outcome {
        let open = DeviceChoice::from_str(&self.device)?.open()?;
        let mut cases = agreement::cases();
        cases.retain(|case| self.only.is_empty() || self.only.iter().any(|text| case.name.contains(text)));
        if cases.is_empty() {
            let texts = self.only.iter().map(|text| format!("`{text}`")).collect::<Vec<_>>().join(" or ");
            return Err(NoCase { texts }.into());
        }
        let (progress, mut found) = (Bars::new(), Vec::new());
        progress.begin(&open.name, cases.len());
        for case in &cases {
            progress.advance(&open.name, found.len(), &case.name);
            let comparison = case.compare(&open.device);
            if self.json {
                ui::show(&json!(comparison).to_string());
            }
            found.push(comparison);
        }
        progress.end(&open.name, &format!("{} of {} cases disagree", apart(&found), found.len()));
        if !self.json {
            let rows: Vec<Vec<String>> = found.iter().map(row).collect();
            let heads = ["case", "values", "difference", "allowed", "CPU s", "first s", "again s", ""];
            ui::show(&ui::table(&heads, &rows));
        }
        Ok(verdict(&found))
    }
}

/// How many cases do not keep their tolerance.
fn apart(found: &[Comparison]) -> usize {
    found.iter().filter(|comparison| !comparison.agrees()).count()
}

fn verdict(found: &[Comparison]) -> ExitCode {
    if apart(found) == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn row(case: &Comparison) -> Vec<String> {
    let seconds = |seconds: f64| format!("{seconds:.4}");
    let word = match (&case.failure, case.agrees(), case.repeatable) {
        (Some(failure), _, _) => failure.clone(),
        (None, false, _) => "DISAGREES".to_owned(),
        (None, true, false) => "not repeatable".to_owned(),
        (None, true, true) => String::new(),
    };
    vec![
        case.name.clone(),
        case.values.to_string(),
        case.difference.map_or_else(|| "none".to_owned(), |difference| format!("{difference:.1e}")),
        format!("{:.1e}", case.tolerance),
        seconds(case.cpu_seconds),
        seconds(case.first_seconds),
        seconds(case.seconds),
        word,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_that_does_not_hold_ends_the_command_with_failure() {
        let case = |difference| Comparison {
            name: "softmax".to_owned(),
            values: 1,
            difference,
            tolerance: 1e-5,
            repeatable: true,
            cpu_seconds: 0.0,
            first_seconds: 0.0,
            seconds: 0.0,
            failure: None,
        };
        assert_eq!(verdict(&[case(Some(0.0)), case(Some(1e-5))]), ExitCode::SUCCESS);
        assert_eq!(verdict(&[case(Some(0.0)), case(Some(1.1e-5))]), ExitCode::FAILURE);
        assert_eq!(verdict(&[case(None)]), ExitCode::FAILURE);
        assert_eq!(row(&case(Some(1.1e-5))).last().map(String::as_str), Some("DISAGREES"));
    }
}
