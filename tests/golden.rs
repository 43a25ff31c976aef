//! Golden tests: every case of `tests/golden/`, and of the folder named by `COMPDD_GOLDEN` if it is set, against the
//! numbers computed by a reference in double precision. Each case runs on the CPU kernels and on the composed form.
//!
//! A kind without a runner fails in `tests/golden/`; in another folder it is pending: named and counted in the output. To implement a
//! kind, write a runner `fn(&Case) -> Result<(), String>` under `golden_cases/` and add a line to [`RUNNERS`] in `kinds.rs` there.

mod golden_cases;

use std::{collections::BTreeMap, fmt::Write as _, io::Write as _, path::Path};

use burn::tensor::Device;
use compdd::nn::kernels;
use golden_cases::{
    Case,
    kinds::{RUNNERS, files, own},
};

#[test]
fn every_case_agrees_with_the_reference() {
    let own = own();
    assert!(!own.is_empty(), "tests/golden holds cases");
    let more = std::env::var_os("COMPDD_GOLDEN").map(|folder| {
        let more = files(Path::new(&folder));
        assert!(!more.is_empty(), "COMPDD_GOLDEN={} holds no .safetensors file", folder.display());
        more
    });

    let mut passed: BTreeMap<String, usize> = BTreeMap::new();
    let mut pending: BTreeMap<String, usize> = BTreeMap::new();
    let mut failures = Vec::new();
    let files = own.into_iter().map(|path| (path, true)).chain(more.into_iter().flatten().map(|path| (path, false)));
    for (path, ours) in files {
        let case = match Case::read(&path, &Device::flex()) {
            Ok(case) => case,
            Err(reason) => {
                failures.push(format!("{}: {reason}", path.display()));
                continue;
            }
        };
        let Some((_, runner)) = RUNNERS.iter().find(|(kind, _)| *kind == case.kind) else {
            if ours {
                failures.push(format!("{}: no runner for the kind `{}`", path.display(), case.kind));
            } else {
                *pending.entry(case.kind).or_default() += 1;
            }
            continue;
        };
        let mut agrees = true;
        for (form, enabled) in [("kernels", true), ("composed", false)] {
            kernels::set_enabled(enabled);
            if let Err(reason) = runner(&case).and_then(|()| case.all_checked()) {
                failures.push(format!("{} ({form}): {reason}", path.display()));
                agrees = false;
            }
        }
        if agrees {
            *passed.entry(case.kind).or_default() += 1;
        }
    }

    let count = |kinds: &BTreeMap<String, usize>| kinds.values().sum::<usize>();
    let list = |kinds: &BTreeMap<String, usize>| {
        kinds.iter().fold(String::new(), |mut text, (kind, cases)| {
            let _ = write!(text, " {kind} ({cases})");
            text
        })
    };
    let summary = format!(
        "golden: {} cases passed:{}\ngolden: {} cases pending, of {} kinds without a runner:{}\ngolden: {} failures\n",
        count(&passed),
        list(&passed),
        count(&pending),
        pending.len(),
        list(&pending),
        failures.len(),
    );
    // Written to the stream itself: the test harness would swallow what a passing test prints.
    std::io::stderr().write_all(summary.as_bytes()).expect("a standard error stream");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
