//! The files of `benchmarks/paper`, and what other files say of the same papers.

use std::collections::BTreeSet;

use super::*;
use crate::paper::names::NAMES;
use compdd_core::{recipe, record::Published};

#[test]
fn every_file_has_one_id_and_as_many_rows_as_the_index_says() {
    assert_eq!(all().len(), 58);
    let ids: BTreeSet<&str> = all().iter().map(|table| table.id.as_str()).collect();
    assert_eq!(ids.len(), all().len());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../benchmarks/paper");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let files: BTreeSet<String> = files
        .filter(|name| name != "index.csv" && Path::new(name).extension().is_some_and(|end| end == "csv"))
        .collect();
    let known: BTreeSet<String> = all().iter().map(|table| table.layout.file.clone()).collect();
    assert_eq!(files, known);
    for table in all() {
        let rows = match &table.body {
            Body::Results(cells) => cells.len(),
            Body::Sheet(sheet) => sheet.lines().count() - 1,
        };
        assert_eq!(rows, table.rows, "{}", table.id);
    }
}

#[test]
fn printed_digits_are_kept() {
    use Dimension::{Dataset, Ipc, Method, Network, Protocol};
    let edf = [(Method, "EDF"), (Dataset, "imagenette"), (Ipc, "1"), (Protocol, "no-kd")];
    assert_eq!(printed("edf:1", &edf).text(), "52.6 ± 0.5");
    assert_eq!(printed("edf:11", &edf).text(), "52.6 ± 0.5");
    let dam = [(Method, "DataDAM"), (Dataset, "imagewoof"), (Ipc, "10")];
    assert_eq!(printed("datadam:main-2", &dam).text(), "34.4 ± 0.4");
    let idc = [(Method, "BiLP+IDC"), (Ipc, "50"), (Network, "ConvNetD3")];
    assert_eq!(printed("bilp:9", &idc).text(), "75.4 ± 0.2");
    let edc = [(Method, "EDC"), (Dataset, "cifar10"), (Ipc, "50"), (Network, "ResNet50")];
    assert_eq!((printed("edc:1", &edc).text().as_str(), printed("edc:1", &edc).decimals()), ("86.9 ± 0.0", 1));
    assert_eq!(printed("edc:1", &[(Method, "SRe2L"), (Dataset, "cifar10"), (Ipc, "1")]).text(), "–");
}

#[test]
fn every_word_is_known() {
    let words = |dimension: Dimension| -> BTreeSet<&str> {
        all().iter().flat_map(Table::cells).map(|printed| printed.word(dimension)).collect()
    };
    for metric in words(Dimension::Metric) {
        assert!(NAMES.metrics.contains_key(metric), "{metric}");
    }
    for (name, _) in all().iter().flat_map(Table::cells).flat_map(Printed::factors) {
        assert!(NAMES.factors.contains_key(name), "{name}");
    }
    for table in all() {
        assert!(NAMES.papers.contains_key(&table.paper), "{}", table.paper);
    }
    for method in NAMES.methods.values() {
        assert!(recipe::method(&method.slug).is_ok(), "{}", method.slug);
    }
    for slug in NAMES.datasets.values().filter_map(|dataset| dataset.slug.as_deref()) {
        assert!(Subset::find(slug).is_ok(), "{slug}");
    }
    let used: BTreeSet<&str> = words(Dimension::Method).union(&words(Dimension::Dataset)).copied().collect();
    let named = NAMES.methods.keys().chain(NAMES.datasets.keys());
    let unused: Vec<&String> = named.filter(|word| !used.contains(word.as_str())).collect();
    assert!(unused.is_empty(), "{unused:?}");
}

/// What `benchmarks/published.csv` says after one of the four papers, and the table it must stand in.
const QUOTED: [(&str, &str); 5] = [
    ("EDF (Wang et al., 2024), Table 1", "edf:1"),
    ("EDF (Wang et al., CVPR 2025), Table 1", "edf:1"),
    ("DataDAM (Sajedi et al., ICCV 2023), Table 1", "datadam:main-1"),
    ("DataDAM (Sajedi et al., ICCV 2023)", "datadam:main-2"),
    ("DataDAM (Sajedi et al., ICCV 2023), supplement", "datadam:3"),
];

#[test]
fn the_list_of_published_values_agrees_with_the_tables() {
    let text = include_str!("../../../../../benchmarks/published.csv");
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let (mut compared, mut wrong) = (0, Vec::new());
    for row in reader.records() {
        let row = row.unwrap();
        let source = &row[6];
        let ours = ["EDF", "DataDAM", "BiLP", "EDC"].iter().any(|paper| source.starts_with(paper));
        let Some((_, id)) = QUOTED.iter().find(|(known, _)| *known == source) else {
            assert!(!ours, "{source} is quoted, and not compared");
            continue;
        };
        compared += 1;
        let same = |printed: &&Printed| {
            Target::of(printed, find(id).unwrap().network()).is_ok_and(|target| {
                let words = [&target.method, &target.subset, &target.network, &target.protocol];
                words == [&row[0], &row[1], &row[3], row.get(7).unwrap_or("no-kd")].map(String::from).each_ref()
                    && row[2] == target.ipc.to_string()
            })
        };
        match find(id).unwrap().cells().iter().find(same) {
            Some(printed) if printed.mean == row[4] && (row[5].is_empty() || printed.std == row[5]) => {}
            found => wrong.push(format!("{row:?} is {:?} in {id}", found.map(Printed::text))),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(compared > 100, "{compared}");
}

/// What no record quotes: `DataDAM`'s scores of MTT, which are far below MTT's own, and a cell that repeats another one.
fn is_left_out(id: &str, target: &Target) -> bool {
    let doubtful = target.method == "dsa" && target.subset == "tiny-imagenet" && target.ipc == 50;
    id == "datadam:main-1" && (target.method == "mtt" || doubtful)
}

#[test]
fn records_quote_what_the_main_tables_print() {
    for id in ["edf:1", "datadam:main-1", "datadam:main-2"] {
        let mut missing = Vec::new();
        let table = find(id).unwrap();
        for printed in table.cells() {
            let (Some(value), Ok(target)) = (printed.value(), Target::of(printed, table.network())) else { continue };
            let record = example::record(cell(&target), &[0.5]);
            let quoted = |published: &Published| (100.0 * published.mean - value).abs() < 1e-9;
            if record.published.iter().any(quoted) == is_left_out(id, &target) {
                missing.push(format!("{} {} {} {}", target.method, target.subset, target.ipc, printed.text()));
            }
        }
        assert!(missing.is_empty(), "{id}: {missing:?}");
    }
}

#[test]
fn an_unknown_table_names_near_ones() {
    let PaperError::UnknownTable { near, .. } = find("edf:21").unwrap_err() else { panic!("another error") };
    assert!(near.contains(&"edf:1".to_owned()), "{near:?}");
    assert_eq!(find("EDF:1").unwrap().id, "edf:1");
    assert!(data::file("edf_table21.csv").is_none());
}
