//! Means of the rows of a file of scores.

use super::{model, scored, stream};
use compdd_data::scores::{Categories, Scores, ScoresError, Settings, Summary};

#[test]
fn means_are_those_of_the_rows() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("scores.parquet");
    scored(&model("convnet-d2-w8", 0), &stream(), &Settings::default(), &out).unwrap();
    let scores = Scores::open(&out).unwrap();
    let summary = Summary::of(&scores).unwrap();
    let mut rows = Vec::new();
    scores.each(|row| rows.push(row)).unwrap();
    assert_eq!(summary.classes.len(), 10);
    for (class, own) in summary.classes.iter().zip(rows.chunks(4)) {
        assert_eq!((class.synset.as_str(), class.images), (own[0].synset.as_str(), 4));
        let hits = own.iter().filter(|row| row.predicted == row.synset).count();
        assert_eq!(class.accuracy, hits as f64 / 4.0);
        for (t, found) in class.means.iter().enumerate() {
            let values: Vec<f64> = own.iter().map(|row| 1.0 - row.shares[t]).collect();
            let mean = values.iter().sum::<f64>() / 4.0;
            let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / 3.0;
            assert!((found.complexity - mean).abs() < 1e-12);
            assert!((found.standard_error - (variance / 4.0).sqrt()).abs() < 1e-12);
        }
    }
    let categories = Categories::new([("discs".to_owned(), vec!["striped-disc".to_owned(), "dotted-disc".to_owned()])]);
    let found = &summary.categories(&categories)[0];
    let middle = f64::midpoint(summary.classes[0].means[1].complexity, summary.classes[1].means[1].complexity);
    assert_eq!(found.classes, 2);
    assert!((found.means[1].complexity - middle).abs() < 1e-12);
    assert_eq!(summary.spread().len(), 3);
    assert!(matches!(summary.threshold(0.7), Err(ScoresError::NoThreshold { .. })));
}
