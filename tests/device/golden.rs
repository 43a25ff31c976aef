//! The golden cases on the device, at the tolerances of the CPU.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::golden_cases::{
    Case,
    kinds::{RUNNERS, own},
};

#[test]
fn golden_cases_agree_on_the_device() {
    let Some(open) = crate::device() else { return };
    let (files, mut failures) = (own(), Vec::new());
    for path in &files {
        let case = Case::read(path, &open.device).unwrap();
        let (_, runner) = RUNNERS.iter().find(|(kind, _)| *kind == case.kind).unwrap();
        let ran = catch_unwind(AssertUnwindSafe(|| runner(&case).and_then(|()| case.all_checked())));
        if let Err(reason) = ran.unwrap_or_else(|_| Err("the back end gave up".to_owned())) {
            failures.push(format!("{}: {reason}", path.display()));
        }
    }
    eprintln!("{}: {} golden cases, {} failures", open.name, files.len(), failures.len());
    assert!(files.len() > 100, "{} golden cases", files.len());
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
