//! The commands that run what a table lacks, and the suite of them.

use super::{Answer, Asked, Table, Target};

/// One command for every cell that was not run; cells that differ in the tested network alone share one, and those that differ in the attack alone. Sets
/// are made before their students are attacked. Harmless shares, which take many cells, are left to the suite of their table.
pub fn missing(answers: &[Answer<'_>]) -> Vec<String> {
    let command = |run: Run<'_>| {
        let command = run.target.run();
        let networks = if run.networks.is_empty() {
            String::new()
        } else {
            format!(" --eval-networks {}", run.networks.join(","))
        };
        command + &networks
    };
    let mut assaults: Vec<(String, Vec<&str>)> = Vec::new();
    for target in unanswered(answers) {
        let Asked::Attacked(attack) = &target.asked else { continue };
        let command = target.assault();
        match assaults.iter_mut().find(|(known, _)| *known == command) {
            Some((_, attacks)) => attacks.push(attack),
            None => assaults.push((command, vec![attack])),
        }
    }
    let assaults = assaults.into_iter().map(|(command, attacks)| format!("{command} --attacks {}", attacks.join(",")));
    let shares = harmless(answers).next().and(answers.first()).map(|answer| {
        let (paper, table) = (answer.printed.paper.to_lowercase(), &answer.printed.table);
        format!(
            "compdd table {paper}:{table} --suite --out {paper}-{table}.toml && compdd suite run {paper}-{table}.toml"
        )
    });
    runs(answers).into_iter().map(command).chain(assaults).chain(shares).collect()
}

/// The same as a suite (`docs/commands/suite.md`); cells that differ in the images per class alone share a matrix. None where nothing is missing.
pub fn suite(table: &Table, answers: &[Answer<'_>]) -> Option<String> {
    let mut matrices: Vec<(String, Vec<usize>)> = Vec::new();
    let cells = runs(answers).into_iter().map(|run| (run.target.matrix(&run.networks), run.target.ipc));
    let shares = harmless(answers).map(|target| (target.matrix(&[]), target.ipc));
    for (text, ipc) in cells.chain(shares) {
        match matrices.iter_mut().find(|(known, _)| *known == text) {
            Some((_, list)) if list.contains(&ipc) => {}
            Some((_, list)) => list.push(ipc),
            None => matrices.push((text, vec![ipc])),
        }
    }
    let matrix = |(text, list): &(String, Vec<usize>)| {
        let list: Vec<usize> = list.iter().copied().filter(|ipc| *ipc > 0).collect();
        let ipc = if list.is_empty() { String::new() } else { format!("\nipc = {list:?}") };
        format!("\n[[matrix]]\ngroup = \"{}\"\n{text}{ipc}\n", table.id)
    };
    let name: String = table.id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let head = format!("name = \"{name}\"\nsummary = \"cells of {} that compdd can run\"\n", table.label());
    (!matrices.is_empty()).then(|| head + &matrices.iter().map(matrix).collect::<String>())
}

/// A run, and the networks that score beside the one that distils.
struct Run<'a> {
    target: &'a Target,
    networks: Vec<&'a str>,
}

/// What would run the cells that no record answers, in the order of the table; those under attack need a set, and nothing else that is run.
fn runs<'a>(answers: &'a [Answer<'_>]) -> Vec<Run<'a>> {
    let mut runs: Vec<(String, Run<'a>)> = Vec::new();
    let known: Vec<&Target> = answers
        .iter()
        .filter(|answer| answer.record.is_some())
        .filter_map(|answer| answer.target.as_ref().ok())
        .collect();
    for target in unanswered(answers).flat_map(Target::accuracies).filter(|target| !known.contains(target)) {
        let run = target.run();
        let place = runs.iter().position(|(known, _)| *known == run).unwrap_or_else(|| {
            runs.push((run, Run { target, networks: Vec::new() }));
            runs.len() - 1
        });
        let networks = &mut runs[place].1.networks;
        networks.extend(target.scorer().filter(|network| !networks.contains(network)));
    }
    runs.into_iter().map(|(_, run)| run).collect()
}

/// What compdd can run and no record answers.
fn unanswered<'a>(answers: &'a [Answer<'_>]) -> impl Iterator<Item = &'a Target> {
    answers.iter().filter(|answer| answer.measured().is_none()).filter_map(|answer| answer.target.as_ref().ok())
}

/// Those of them that ask for a harmless share.
fn harmless<'a>(answers: &'a [Answer<'_>]) -> impl Iterator<Item = &'a Target> {
    unanswered(answers).filter(|target| target.asked == Asked::Harmless)
}
