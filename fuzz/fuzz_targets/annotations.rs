#![no_main]

use compdd_data::data::parse::{classes, ground_truth, kaggle_solution, synsets};
use libfuzzer_sys::fuzz_target;

// Every list of text: the first byte says which.
fuzz_target!(|bytes: &[u8]| {
    let Some((which, rest)) = bytes.split_first() else { return };
    if which % 4 == 0 {
        let _ = kaggle_solution(rest);
        return;
    }
    let Ok(text) = std::str::from_utf8(rest) else { return };
    match which % 4 {
        1 => _ = synsets(text),
        2 => _ = classes(text),
        _ => _ = ground_truth(text, &["n01440764"; 1000]),
    }
});
