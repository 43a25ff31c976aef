//! Every kind of damage, and what is said about it.

use std::{fmt::Write as _, fs};

use super::*;
use crate::board::BoardError;
use compdd_core::record::{Query, SubsetRecord};

/// What opening says, without the folder's name.
fn said(results: &[&Results]) -> String {
    let error = Board::open(&stores(results), &Filter::default()).unwrap_err();
    let mut text = error.to_string();
    for (place, results) in results.iter().enumerate() {
        text = text.replace(&results.path().display().to_string(), &format!("FOLDER{}", place + 1));
    }
    text.split_once('\n').map_or(text.clone(), |(_, problems)| problems.to_owned())
}

/// What is said after one edit of a record's text.
fn edited(from: &str, to: &str) -> String {
    let results = Results::default();
    let path = results.save(&record("edf", &around(0.5, 0.01)));
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(&path, text.replacen(from, to, 1)).unwrap();
    said(&[&results])
}

/// What is said when a record was changed by someone who knows the format.
fn forged(change: impl FnOnce(&mut Record)) -> String {
    let results = Results::default();
    let mut record = record("edf", &around(0.5, 0.01));
    change(&mut record);
    results.save(&record);
    said(&[&results])
}

#[test]
fn tampered_records_are_named() {
    let mut text = String::new();
    for (what, found) in [
        ("a raised accuracy", edited("\"accuracy\": 0.51", "\"accuracy\": 0.61")),
        ("a raised mean", edited("\"mean\": 0.5", "\"mean\": 0.6")),
        ("more images a class", edited("\"ipc\": 10", "\"ipc\": 1")),
        ("another recipe", edited("\"learning_rate\": 0.01", "\"learning_rate\": 0.02")),
        ("other classes", edited("\"airplane\"", "\"aeroplane\"")),
        ("an unknown subset", edited("\"subset\": \"cifar10@1\"", "\"subset\": \"cifar11@1\"")),
        ("a word too many", edited("\"students\": [", "\"verified\": true, \"students\": [")),
        ("a newer version", edited("\"version\": 1", "\"version\": 9")),
        ("half a file", edited("  \"students\": [", "")),
        (
            "a flag taken away",
            forged(|record| {
                record.students.truncate(3);
                record.cell.students = 3;
                record.summary = compdd_core::record::Summary::of_students(&record.students).unwrap();
                record.id = record.cell.id();
            }),
        ),
        ("one seed twice", forged(|record| record.students[1].seed = record.students[0].seed)),
        ("a bundle elsewhere", forged(|record| record.bundles[0].path = "../../mine.bundle".into())),
        (
            "an invented recovery",
            forged(|record| {
                record.recovery =
                    Some(compdd_core::record::Recovery { ratio: 0.9, reference_mean: 0.8, reference: "full".into() });
            }),
        ),
    ] {
        writeln!(text, "{what}{found}\n").unwrap();
    }
    insta::with_settings!({filters => vec![("_s0_[0-9a-f]{8}", "_s0_[ID]")]}, {
        insta::assert_snapshot!("tampered", text);
    });
}

#[test]
fn files_in_the_wrong_place_are_named() {
    let results = Results::default();
    let path = results.save(&record("edf", &[0.5; 5]));
    fs::copy(&path, path.with_file_name("copy.json")).unwrap();
    results.store.save(&record("dm", &[0.4; 5]), Some(&Timing::new("another", "cpu"))).unwrap();
    let (reference, mut small) = (scored(Cell { ipc: 0, ..cell("full") }, &[0.8; 5]), record("mtt", &[0.4; 5]));
    small.recovery =
        Some(compdd_core::record::Recovery { ratio: 0.4 / 0.9, reference_mean: 0.9, reference: reference.id.clone() });
    results.save(&reference);
    results.save(&small);
    insta::with_settings!({filters => vec![("_s0_[0-9a-f]{8}", "_s0_[ID]")]}, {
        insta::assert_snapshot!("places", said(&[&results]));
    });
}

/// Of others the records that cannot be taken are set aside, each with its reason; what is wrong in one's own folder ends the call.
#[test]
fn what_is_wrong_with_others_changes_nothing_else() {
    let own = Results::with(&[record("edf", &[0.5; 5])]);
    let theirs = Results::default();
    for (method, score) in [("edf", 0.5), ("dm", 0.4), ("dc", 0.3), ("mtt", 0.2)] {
        theirs.keep(record(method, &[score; 5]), hard());
    }
    theirs.save(&scored(Cell { ipc: 0, ..cell("full") }, &[0.9; 5]));
    fs::write(theirs.path().join("records/mtt/cifar10@1/broken.json"), "{").unwrap();
    let (lost, _) = theirs.keep(record("idm", &[0.1; 5]), hard());
    fs::remove_dir_all(theirs.path().join(&lost.bundles[0].path)).unwrap();
    let hidden = record("cafe", &[0.6; 5]);
    let mut made = set(&hidden.cell, hard());
    made.provenance.imported_from.push("theirs.pt".into());
    let path = theirs.path().join(&hidden.bundles[0].path);
    Bundle::write(&path, &made, false).unwrap();
    let bundles = vec![compdd_core::record::BundleRef::to(&path, &theirs.store).unwrap()];
    theirs.save(&Record { bundles, ..hidden });

    let board = open(&[&own, &theirs], &Filter::default());
    let methods: Vec<&str> = board.entries.iter().map(|entry| entry.record.cell.method.as_str()).collect();
    assert_eq!(methods, ["edf", "dm", "dc", "mtt"]);
    let text: Vec<String> = board.aside.iter().map(ToString::to_string).collect();
    let text = text.join("\n").replace(&own.path().display().to_string(), "OWN");
    let text = text.replace(&theirs.path().display().to_string(), "THEIRS");
    insta::with_settings!({filters => vec![("_s0_[0-9a-f]{8}", "_s0_[ID]")]}, {
        insta::assert_snapshot!("aside", text);
    });
    // A folder whose submitter cannot be read is set aside as a whole.
    theirs.submission("name =");
    let board = open(&[&own, &theirs], &Filter::default());
    assert_eq!((board.entries.len(), board.aside.len()), (1, 1));
    // The same folder as one's own.
    assert!(said(&[&theirs]).contains("submission.toml"));
}

/// What lies behind a link is nobody's result.
#[cfg(unix)]
#[test]
fn records_behind_links_are_not_read() {
    let elsewhere = Results::with(&[record("edf", &[0.5; 5])]);
    let results = Results::default();
    std::os::unix::fs::symlink(elsewhere.path().join("records"), results.path().join("records")).unwrap();
    let error = Board::open(&stores(&[&results]), &Filter::default()).unwrap_err();
    assert!(error.to_string().starts_with("cannot list"), "{error}");
    let inside = Results::default();
    fs::create_dir_all(inside.path().join("records")).unwrap();
    std::os::unix::fs::symlink(elsewhere.path().join("records/edf"), inside.path().join("records/edf")).unwrap();
    assert_eq!(board(&inside).entries.len(), 0);
}

#[test]
fn bundles_of_submissions_must_be_there_and_right() {
    let results = Results::default();
    results.submission("name = \"A. Person\"");
    let (whole, _) = results.keep(record("edf", &[0.5; 5]), hard());
    assert_eq!(board(&results).entries[0].who.as_ref().unwrap().shown(), "A. Person");
    let (swapped, _) = results.keep(record("dm", &[0.5; 5]), hard());
    results.save(&record("mtt", &[0.5; 5]));
    results.save(&Record { bundles: Vec::new(), ..record("dc", &[0.5; 5]) });
    let data = results.path().join(&whole.bundles[0].path).join(Bundle::DATA);
    let mut bytes = fs::read(&data).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&data, bytes).unwrap();
    Bundle::write(&results.path().join(&swapped.bundles[0].path), &set(&swapped.cell, Labels::Hard(vec![1; 10])), true)
        .unwrap();
    insta::with_settings!({filters => vec![("_s0_[0-9a-f]{8}", "_s0_[ID]")]}, {
        insta::assert_snapshot!("bundles", said(&[&results]));
    });
    // One's own folder may have lost its sets, but a set that is there is the right one and whole.
    fs::remove_file(results.path().join("submission.toml")).unwrap();
    let text = said(&[&results]);
    assert!(text.contains("another one than the record's") && !text.contains("missing"), "{text}");
    fs::remove_dir_all(results.path().join("bundles")).unwrap();
    assert_eq!(board(&results).entries.len(), 4);
}

#[test]
fn a_submission_needs_a_name() {
    let results = Results::with(&[record("edf", &[0.5; 5])]);
    let mut text = Vec::new();
    for content in ["organisation = \"A Laboratory\"", "name = \"\"", "name = \"A\"\nmail = \"a@b\"", "name ="] {
        results.submission(content);
        text.push(said(&[&results]).replace(&results.path().display().to_string(), "FOLDER"));
    }
    insta::assert_snapshot!("submitters", text.join("\n"));
}

#[test]
fn versions_of_a_protocol_are_not_mixed() {
    let two = scored(Cell { protocol: "no-kd@2".into(), ..cell("dm") }, &[0.6; 5]);
    let results = Results::with(&[record("edf", &[0.5; 5]), two]);
    let ask = |protocol: &str| Filter {
        query: Query { protocol: Some(protocol.into()), ..Query::default() },
        ..Filter::default()
    };
    let error = Board::open(&stores(&[&results]), &ask("no-kd")).unwrap_err();
    assert!(matches!(error, BoardError::Versions { .. }));
    assert_eq!(
        error.to_string(),
        "--protocol no-kd: the records have no-kd@1 and no-kd@2, which cannot be ranked together"
    );
    assert_eq!(open(&[&results], &ask("no-kd@2")).entries.len(), 1);
    assert_eq!(board(&results).entries.len(), 2, "unasked they are groups of their own");
}

#[test]
fn nothing_is_written_when_something_is_wrong() {
    let results = Results::with(&[record("edf", &[0.5; 5])]);
    crate::board::write(&results.store).unwrap();
    let before = fs::read(results.store.leaderboard()).unwrap();
    fs::write(results.path().join("records/edf/broken.json"), "{").unwrap();
    assert!(crate::board::write(&results.store).is_err());
    assert_eq!(fs::read(results.store.leaderboard()).unwrap(), before);
}

/// A custom class list is known by its name alone, so a name has one list.
#[test]
fn two_lists_of_one_name_are_refused() {
    let listed = |method: &str, last: &str| {
        let mut record = record(method, &around(0.5, 0.01));
        record.published.clear();
        record.cell.subset = "birds@mine".into();
        record.subset = SubsetRecord {
            id: "birds@mine".into(),
            classes: ["n01440764", "n01443537", last].map(str::to_owned).to_vec(),
            notes: Vec::new(),
        };
        record.id = record.cell.id();
        record
    };
    let alike = Results::with(&[listed("edf", "n01484850"), listed("dm", "n01484850")]);
    assert_eq!(board(&alike).entries.len(), 2);
    let others = Results::with(&[listed("edf", "n01484850"), listed("dm", "n01491361")]);
    assert!(said(&[&others]).contains("two lists of one name cannot be compared"), "{}", said(&[&others]));
    let twice = Results::with(&[listed("edf", "n01440764")]);
    assert!(said(&[&twice]).contains("has a class twice"), "{}", said(&[&twice]));
}
