//! The commands that run what a table lacks.

use super::Answer;

/// One command for every cell that was not run; cells that differ in the tested network alone share one.
pub fn missing(answers: &[Answer<'_>]) -> Vec<String> {
    let mut runs: Vec<(String, Vec<&str>)> = Vec::new();
    for target in
        answers.iter().filter(|answer| answer.record.is_none()).filter_map(|answer| answer.target.as_ref().ok())
    {
        let run = target.run();
        let place = runs.iter().position(|(known, _)| *known == run).unwrap_or_else(|| {
            runs.push((run, Vec::new()));
            runs.len() - 1
        });
        if let Some(network) = target.scorer().filter(|network| !runs[place].1.contains(network)) {
            runs[place].1.push(network);
        }
    }
    let command = |(run, networks): (String, Vec<&str>)| {
        if networks.is_empty() { run } else { format!("{run} --eval-networks {}", networks.join(",")) }
    };
    runs.into_iter().map(command).collect()
}
