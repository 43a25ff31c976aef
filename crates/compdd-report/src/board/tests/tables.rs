//! The leaderboard in every format.

use super::*;
use crate::report::grid::Format;
use compdd_core::record::{Accuracy, BestOnTest};

/// Two groups, a reference, a tie, a submitter, open entries, sets kept and not.
fn example() -> (Results, Results) {
    let (own, theirs) = (Results::default(), Results::default());
    own.save(&scored(Cell { ipc: 0, ..cell("full") }, &[0.8]));
    own.save(&record("random", &around(0.31, 0.004)));
    let mut dm = record("dm", &around(0.489, 0.002));
    dm.flag(compdd_core::record::Flag::ChangedRecipe);
    own.keep(dm, hard());
    own.keep(record("edf", &around(0.502, 0.002)), Labels::Logits { values: vec![0.1; 100], classes: 10 });
    own.save(&scored(Cell { ipc: 1, budget: Budget::Quick, ..cell("mtt") }, &[0.3, 0.31, 0.29]));
    theirs.submission("name = \"A. Person\"\norganisation = \"Laboratory & Sons\"");
    theirs.keep(record("datm", &around(0.5, 0.002)), hard());
    theirs.keep(record("new_method", &around(0.45, 0.002)), hard());
    (own, theirs)
}

fn settings() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter("_s0_[0-9a-f]{8}", "_s0_[ID]");
    settings.add_filter("[0-9a-f]{64}", "[HASH]");
    settings
}

#[test]
fn every_format() {
    let (own, theirs) = example();
    let board = open(&[&own, &theirs], &Filter::default());
    let hashes: Vec<String> = board.entries.iter().map(|entry| entry.hash[..8].to_owned()).collect();
    settings().bind(|| {
        for word in Format::WORDS {
            let mut text = board.table(word.parse().unwrap());
            for hash in hashes.iter().filter(|_| word != "csv") {
                text = text.replace(hash.as_str(), "01234567");
            }
            insta::assert_snapshot!(format!("table_{word}"), text);
        }
    });
}

/// Every number can be followed to its file.
#[test]
fn hashes_are_those_of_the_files() {
    let (own, _theirs) = example();
    for entry in board(&own).entries {
        assert_eq!(entry.hash, compdd_core::record::hash::bytes(&std::fs::read(&entry.file).unwrap()));
    }
}

#[test]
fn an_empty_folder_has_an_empty_board() {
    let results = Results::default();
    assert_eq!(board(&results).table(Format::Csv).lines().count(), 1);
    assert!(board(&results).table(Format::Term).contains("no record answers to this"));
}

/// The first folder is one's own; that of the others has no effect.
#[test]
fn the_order_of_the_folders_of_others_does_not_matter() {
    let ((own, theirs), more) = (example(), Results::default());
    more.keep(record("pad", &around(0.46, 0.002)), hard());
    let table = |folders: &[&Results]| open(folders, &Filter::default()).table(Format::Csv);
    assert_eq!(table(&[&own, &theirs, &more]), table(&[&own, &more, &theirs]));
}

/// What can be told without the sets, which a copy of the repository need not hold.
fn told(csv: &str) -> Vec<Vec<String>> {
    const COLUMNS: [&str; 10] =
        ["rank", "division", "method", "mean", "std", "seeds", "recovery_ratio", "ior", "record", "hash"];
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let head = reader.headers().unwrap().clone();
    let places = COLUMNS.map(|name| head.iter().position(|column| column == name).unwrap());
    reader.records().map(|row| places.map(|place| row.as_ref().unwrap()[place].to_owned()).into()).collect()
}

#[test]
fn the_stored_leaderboard_is_current() {
    let store = Store::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../results"));
    let stored = std::fs::read_to_string(store.leaderboard()).unwrap();
    let board = Board::open(&[store], &Filter::default()).unwrap();
    assert!(!board.entries.is_empty());
    assert_eq!(
        told(&stored),
        told(&board.table(Format::Csv)),
        "run `compdd leaderboard` and commit results/leaderboard.csv"
    );
}

/// The best of several looks at the test set stands beside the score, with a mark, and ranks nobody.
#[test]
fn the_best_of_checks_is_shown_and_never_ranked() {
    let checked = |method: &str, mean: f64, best: f64| {
        let mut record = record(method, &around(mean, 0.001));
        for student in &mut record.students {
            let accuracy = Accuracy::new(student.accuracy.fraction() + best).unwrap();
            student.best_on_test = Some(BestOnTest { accuracy, epoch: 990, checks: 6 });
        }
        record
    };
    let results = Results::with(&[checked("dm", 0.5, 0.3), record("dc", &around(0.6, 0.001))]);
    let board = board(&results);
    let ranks: Vec<(&str, Option<usize>)> =
        board.entries.iter().map(|entry| (entry.record.cell.method.as_str(), entry.rank)).collect();
    assert_eq!(ranks, [("dc", Some(1)), ("dm", Some(2))]);
    let text = board.table(Format::Term);
    assert!(
        text.contains("best of checks %") && text.contains("80.00 ± 0.16*") && text.contains("never ranked"),
        "{text}"
    );
    let without = self::board(&Results::with(&[record("dc", &around(0.6, 0.001))])).table(Format::Term);
    assert!(!without.contains("checks"), "{without}");
}
