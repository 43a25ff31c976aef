//! The reference bands.

use std::path::Path;

use crate::{
    record::{Query, Store},
    submit::Bands,
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
