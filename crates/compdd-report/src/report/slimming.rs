//! Accuracies while channels are taken away, as a table.

use super::{
    grid::{Entry, Grid, Row},
    students::{SIGNS, accuracy, headings, named, who},
};
use compdd_core::record::Slimmed;

/// Two rows a share of the channels that are gone, right behind the cut and trained on; a column a set and network. Accuracies in percent.
pub fn slimming_grid(reports: &[Slimmed]) -> Grid {
    let cuts = reports.iter().flat_map(|report| report.students.iter().flat_map(|student| &student.cuts));
    let mut shares: Vec<_> = cuts.map(|cut| cut.share).collect();
    shares.sort_unstable();
    shares.dedup();
    let row = |first: [String; 2], rule: bool, of: &dyn Fn(&Slimmed) -> Entry| Row {
        entries: first.map(Entry::new).into_iter().chain(reports.iter().map(of)).collect(),
        rule,
    };
    let mut rows = vec![row(["0".to_owned(), "weighed".to_owned()], false, &|report| accuracy(report.weighed()))];
    for share in shares {
        for (place, what) in ["cut", "tuned"].into_iter().enumerate() {
            let first = if place == 0 { share.to_string() } else { String::new() };
            let of = |report: &Slimmed| accuracy(report.without(share).and_then(|both| both.into_iter().nth(place)));
            rows.push(row([first, what.to_owned()], place == 0, &of));
        }
    }
    let head = headings(["channels gone", ""], reports.iter().map(|report| &report.cell));
    let notes = std::iter::once(format!("{SIGNS}; cut: right behind the cut; tuned: trained on with the stored set"));
    let students = reports.iter().map(|report| {
        let start = report.start.as_ref().map_or_else(String::new, |start| {
            let worth = start.accuracy.map(|share| format!(", {:.2} %", 100.0 * share)).unwrap_or_default();
            format!(", from {} of {}{worth}", start.name, start.subset)
        });
        format!(
            "{}: {}{start}, penalty {}, {} channels",
            named(&report.cell),
            who(&report.cell, report.students.len()),
            report.penalty,
            report.channels
        )
    });
    let caption = "Network slimming, accuracy in %".to_owned();
    Grid { name: "slimming".to_owned(), caption, head, stub: 2, rows, notes: notes.chain(students).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::grid::Format;
    use compdd_core::record::{Accuracy, Cut, SlimmedStudent, TeacherRef, example};

    #[test]
    fn shares_stand_below_each_other() {
        let accuracy = |value| Accuracy::new(value).unwrap();
        let of = |shares: &[&str], start: Option<TeacherRef>| {
            let mut report = Slimmed::new(example::cell(), start, 1e-4, 2752);
            for seed in 0..2 {
                let less = 0.1 * seed as f64;
                let cut = |share: &&str| Cut {
                    share: (*share).to_owned().try_into().unwrap(),
                    channels: 1376,
                    cut: accuracy(0.3 - less),
                    tuned: accuracy(0.6 - less),
                };
                let cuts = shares.iter().map(cut).collect();
                report.students.push(SlimmedStudent { seed, weighed: accuracy(0.7 - less), cuts });
            }
            report
        };
        let start = TeacherRef {
            name: "trained".to_owned(),
            network: "vgg11-bn".to_owned(),
            parameters: "ab".repeat(32),
            subset: "cifar10@1".to_owned(),
            accuracy: Some(0.9),
        };
        let mut other = of(&["0.5"], Some(start));
        other.cell.method = "herding".to_owned();
        insta::assert_snapshot!("slimming", slimming_grid(&[of(&["0.5", "0.7"], None), other]).write(Format::Term));
    }
}
