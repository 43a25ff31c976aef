//! Accuracies while classes come step by step, as a table.

use super::{
    grid::{Entry, Grid, Row},
    students::{SIGNS, accuracy, headings, named, who},
};
use compdd_core::record::Incremental;

/// A row a step, a column a set and network; a part for every number of steps, with its average. Accuracies in percent on the test images of the known
/// classes.
pub fn incremental_grid(reports: &[Incremental]) -> Grid {
    let mut counts: Vec<usize> = reports.iter().map(|report| report.known.len()).collect();
    counts.sort_unstable();
    counts.dedup();
    let mut columns: Vec<&Incremental> = Vec::new();
    for report in reports {
        if columns.iter().all(|column| column.cell != report.cell) {
            columns.push(report);
        }
    }
    let mut rows = Vec::new();
    for count in counts {
        let of = |column: &&Incremental| {
            reports.iter().find(|report| report.cell == column.cell && report.known.len() == count)
        };
        let found: Vec<Option<&Incremental>> = columns.iter().map(of).collect();
        for step in 0..count {
            let mut known: Vec<String> = found.iter().flatten().map(|report| report.known[step].to_string()).collect();
            known.dedup();
            let first =
                [Entry::new(if step == 0 { count.to_string() } else { String::new() }), Entry::new(known.join(", "))];
            let entry = |report: Option<&Incremental>| accuracy(report.and_then(|report| report.summary(step)));
            let entries = first.into_iter().chain(found.iter().copied().map(entry)).collect();
            rows.push(Row { entries, rule: step == 0 && !rows.is_empty() });
        }
        let first = [Entry::default(), Entry::new("average")];
        let average = |report: Option<&Incremental>| accuracy(report.and_then(Incremental::average));
        rows.push(Row::new(first.into_iter().chain(found.iter().copied().map(average)).collect()));
    }
    let head = headings(["steps", "classes"], columns.iter().map(|report| &report.cell));
    let caption = "Class-incremental learning, accuracy in %".to_owned();
    Grid { name: "incremental".to_owned(), caption, head, stub: 2, rows, notes: notes(&columns) }
}

fn notes(columns: &[&Incremental]) -> Vec<String> {
    let signs = format!("{SIGNS}; every student has an order of the classes of its own; average: over the steps");
    let students = columns.iter().map(|report| {
        let (cell, students) = (&report.cell, report.seeds.len());
        format!("{}: {}", named(cell), who(cell, students))
    });
    std::iter::once(signs).chain(students).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::grid::Format;
    use compdd_core::record::{Accuracy, example};

    #[test]
    fn steps_stand_below_each_other() {
        let of = |steps: usize, values: &[f64]| {
            let orders = vec![(0..10).collect(), (0..10).rev().collect()];
            let mut report = Incremental::new(example::cell(), steps, vec![1, 2], orders);
            let all = values.iter().map(|&value| Accuracy::new(value).unwrap()).collect::<Vec<_>>();
            report.accuracies =
                vec![all.clone(), all.iter().map(|a| Accuracy::new(a.fraction() - 0.1).unwrap()).collect()];
            report
        };
        let mut other = of(2, &[0.6]);
        other.cell.method = "herding".to_owned();
        let reports = [of(2, &[0.8, 0.5]), of(5, &[0.9, 0.8, 0.7, 0.6, 0.5]), other];
        insta::assert_snapshot!("incremental", incremental_grid(&reports).write(Format::Term));
    }
}
