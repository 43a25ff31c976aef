//! The reference bands.

use std::path::Path;

use crate::{
    record::{
        Cell, Flag, Query, Record, Store,
        example::{around, cell_of as cell, record_of as record, scored},
    },
    submit::{Band, Bands, finding::Notes},
};

#[test]
fn stored_bands_are_current() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let records = Store::new(root.join("results")).list(&Query::default()).unwrap();
    let text = Bands::from_results(&records).unwrap().to_csv();
    let path = root.join("benchmarks/bands.csv");
    if std::env::var_os("COMPDD_UPDATE_BANDS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    assert!(
        std::fs::read_to_string(&path).unwrap() == text,
        "benchmarks/bands.csv is out of date: run `COMPDD_UPDATE_BANDS=1 cargo test --release --lib stored_bands`"
    );
}

#[test]
fn what_is_stored_is_what_is_read() {
    let bands = Bands::built_in().unwrap();
    assert_eq!(bands.to_csv(), include_str!("../../../benchmarks/bands.csv"));
}

fn warnings(mean: f64, ipc: usize, resolution: usize) -> Vec<String> {
    let cell = Cell { ipc, resolution, ..cell("new-method") };
    let (record, mut findings) = (scored(cell, &around(mean, 0.001)), Vec::new());
    Bands::built_in().unwrap().check(&record, &mut Notes { file: "record".into(), findings: &mut findings });
    findings.into_iter().map(|finding| finding.what).collect()
}

/// Best known for CIFAR-10 with one image a class: TESLA's 48.5 %, without a spread, so that the limit is two points above; the full
/// training set has 84.8 %.
#[test]
fn means_above_the_band_are_flagged() {
    assert_eq!(warnings(0.504, 1, 32), [""; 0]);
    assert_eq!(warnings(0.506, 1, 32).len(), 1);
    assert!(
        warnings(0.506, 1, 32)[0].contains("48.50 % (tesla, TESLA (Cui et al., ICML 2023))"),
        "{:?}",
        warnings(0.506, 1, 32)
    );
    assert_eq!(warnings(0.9, 1, 32).len(), 2);
    assert!(warnings(0.86, 500, 32)[0].contains("more than the 84.80 % of the full training set"));
    assert_eq!(warnings(0.9, 1, 64), [""; 0], "nothing is known of another resolution");
}

#[test]
fn a_wide_spread_widens_the_band() {
    let band = |spread| Band {
        mean: 40.0,
        spread,
        ..Bands::built_in().unwrap().find(&scored(cell("dm"), &[0.4]), false).unwrap().clone()
    };
    assert!((band(None).limit() - 42.0).abs() < 1e-9 && (band(Some(0.5)).limit() - 42.0).abs() < 1e-9);
    assert!((band(Some(1.0)).limit() - 43.0).abs() < 1e-9);
}

/// Only full efforts with enough students raise a band.
#[test]
fn doubtful_records_raise_no_band() {
    let limit =
        |record: &Record| Bands::from_results(std::slice::from_ref(record)).unwrap().find(record, false).unwrap().mean;
    let best = record("dm", &[0.99; 5]);
    assert!((limit(&best) - 99.0).abs() < 1e-9);
    let mut flagged = best.clone();
    flagged.flag(Flag::BestOnTest);
    for doubtful in [flagged, record("dm", &[0.99; 4])] {
        assert!(limit(&doubtful) < 80.0);
    }
}
