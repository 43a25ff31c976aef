//! Files of scores that are written, read back and damaged.

use std::fs;

use super::header;
use crate::scores::{Row, Scores, ScoresError};

fn rows() -> impl Iterator<Item = Row> {
    // More than two row groups.
    (0..70_000).map(|i| Row {
        synset: format!("n{:08}", i % 7),
        file: format!("{i}.JPEG"),
        shares: vec![f64::from(i % 50) / 49.0, f64::from(i % 13) / 49.0],
        predicted: format!("n{:08}", i % 11),
        confidence: 1.0 / (i as f32 + 1.0),
    })
}

#[test]
fn rows_come_back_as_they_were_written() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("scores.parquet");
    let header = header(vec![0.1, 0.5]);
    Scores::write(&path, &header, |push| rows().try_for_each(push)).unwrap();
    let scores = Scores::open(&path).unwrap();
    assert_eq!(scores.header(), &header);
    let mut expected = rows();
    scores.each(|row| assert_eq!(Some(row), expected.next())).unwrap();
    assert!(expected.next().is_none());

    let bytes = fs::read(&path).unwrap();
    let damaged = root.path().join("damaged.parquet");
    for at in (4..bytes.len()).step_by(bytes.len() / 8) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 0xFF;
        fs::write(&damaged, flipped).unwrap();
        let read = Scores::open(&damaged).and_then(|scores| scores.each(|_| ()));
        assert!(matches!(read, Ok(()) | Err(ScoresError::Malformed { .. })), "{at}");
    }
}
