//! Students under attack as a table.

use super::{
    grid::{Entry, Grid, Row},
    students::{SIGNS, accuracy, headings, named, who},
};
use compdd_core::record::{Epsilon, Robustness, Summary};

/// A row an attack and epsilon, a column a set and network; accuracies in percent on the attacked images. Reports that lack an attack which another has
/// say so.
pub fn robustness_grid(reports: &[Robustness]) -> Grid {
    let mut trials: Vec<(&str, Option<&Epsilon>)> = Vec::new();
    for attacked in reports.iter().flat_map(|report| &report.attacks) {
        let trial = (attacked.attack.as_str(), attacked.epsilon.as_ref());
        if !trials.contains(&trial) {
            trials.push(trial);
        }
    }
    let row = |name: &str, epsilon: Option<&Epsilon>, entries: Vec<Entry>| {
        let first = [Entry::new(name), Entry::new(epsilon.map(ToString::to_string).unwrap_or_default())];
        Row::new(first.into_iter().chain(entries).collect())
    };
    let clean = reports.iter().map(|report| accuracy(Summary::of(&report.clean))).collect();
    let mut rows = vec![row("clean", None, clean)];
    for (place, (name, epsilon)) in trials.into_iter().enumerate() {
        let entry = |report: &Robustness| {
            let found = report.attacks.iter().find(|it| it.attack == name && it.epsilon.as_ref() == epsilon);
            found.map_or_else(|| Entry::muted("not run"), |it| accuracy(it.summary()))
        };
        rows.push(Row { rule: place == 0, ..row(name, epsilon, reports.iter().map(entry).collect()) });
    }
    let head = headings(["attack", "ε"], reports.iter().map(|report| &report.cell));
    Grid {
        name: "robustness".to_owned(),
        caption: "Accuracy under attack, %".to_owned(),
        head,
        stub: 2,
        rows,
        notes: notes(reports),
    }
}

fn notes(reports: &[Robustness]) -> Vec<String> {
    let mut notes = vec![format!("{SIGNS}; ε bounds the change of every pixel on the scale 0..1")];
    for report in reports {
        let (name, images) = (named(&report.cell), report.images.len());
        notes.push(format!("{name}: {images} test images, {}", who(&report.cell, report.seeds.len())));
        for attacked in report.attacks.iter().filter(|attacked| attacked.epsilon.is_none()) {
            let lengths: Vec<f64> = attacked.distances.iter().copied().flatten().collect();
            if !lengths.is_empty() {
                let mean = lengths.iter().sum::<f64>() / lengths.len() as f64;
                notes.push(format!(
                    "{name}: the changes of `{}` that fool have a mean Euclidean length of {mean:.3}",
                    attacked.attack
                ));
            }
        }
    }
    if reports.iter().flat_map(|report| &report.attacks).any(|attacked| attacked.attack == "autoattack") {
        notes.push("autoattack: apgd-ce, apgd-t and square, without FAB".to_owned());
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::grid::Format;
    use compdd_core::record::{Accuracy, Budget, example};

    #[test]
    fn sets_stand_side_by_side() {
        let accuracies = |values: &[f64]| values.iter().map(|&value| Accuracy::new(value).unwrap()).collect::<Vec<_>>();
        let epsilon: Epsilon = "2/255".parse().unwrap();
        let mut first = Robustness::new(example::cell(), vec![0, 3, 5], vec![1, 2], accuracies(&[0.5, 0.6]));
        let entry = first.entry("fgsm", Some(&epsilon), &[]);
        (entry.students, entry.distances) = (accuracies(&[0.1, 0.2]), vec![None, None]);
        let mut second = first.clone();
        second.cell.budget = Budget::Smoke;
        let entry = second.entry("cw", None, &[]);
        (entry.students, entry.distances) = (accuracies(&[0.0, 0.1]), vec![Some(0.25), None]);
        insta::assert_snapshot!("robustness", robustness_grid(&[first, second]).write(Format::Term));
    }
}
