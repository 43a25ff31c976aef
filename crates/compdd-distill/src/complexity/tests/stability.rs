//! How far files of scores agree, and maps that show nothing.

use std::path::{Path, PathBuf};

use super::{model, scored, stream};
use compdd_data::scores::{CamMethod, Grid, Scores, ScoresError, Settings, Stability, Summary, spearman, stability};

fn file(folder: &Path, seed: u64, name: &str) -> PathBuf {
    let out = folder.join(name);
    // Sixteen cells tell few pictures apart; pixels do.
    let settings = Settings { method: CamMethod::GradCamPlusPlus, grid: Grid::Image, ..Settings::default() };
    scored(&model("convnet-d2-w8", seed), &stream(), &settings, &out).unwrap();
    out
}

fn agreement(a: &Path, b: &Path) -> Result<Stability, ScoresError> {
    stability(&Scores::open(a).unwrap(), &Scores::open(b).unwrap(), 0.5)
}

#[test]
fn scores_agree_with_themselves_and_less_with_those_of_another_network() {
    let folder = tempfile::tempdir().unwrap();
    let [a, b] = [0, 1].map(|seed| file(folder.path(), seed, &format!("{seed}.parquet")));
    let own = agreement(&a, &a).unwrap();
    assert_eq!((own.classes, own.images), (10, 40));
    for rho in [own.kendall, own.spearman, own.image_spearman, own.within_spearman] {
        assert!((rho.unwrap() - 1.0).abs() < 1e-12, "{own:?}");
    }
    let other = agreement(&a, &b).unwrap();
    assert_eq!(other, agreement(&b, &a).unwrap(), "symmetric");
    let means = |path| -> Vec<f64> {
        let summary = Summary::of(&Scores::open(path).unwrap()).unwrap();
        let mut classes = summary.classes;
        classes.sort_by(|x, y| x.synset.cmp(&y.synset));
        classes.into_iter().map(|class| class.means[1].complexity).collect()
    };
    assert_eq!(other.spearman, spearman(&means(&a), &means(&b)));
    assert!(other.image_spearman.unwrap() < 0.999, "{other:?}");
    let error = stability(&Scores::open(&a).unwrap(), &Scores::open(&b).unwrap(), 0.3).unwrap_err();
    assert!(error.to_string().contains("0.3"), "{error}");
}

#[test]
fn maps_that_show_nothing_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("scores.parquet");
    // A flattened head has a mean gradient of either sign: Grad-CAM is zero wherever it is negative.
    scored(&model("convnet-d2-w8", 0), &stream(), &Settings::default(), &out).unwrap();
    let scores = Scores::open(&out).unwrap();
    let (mut blank, mut images) = (0, 0);
    scores
        .each(|row| {
            images += 1;
            blank += usize::from(row.shares.iter().all(|share| *share == 0.0));
        })
        .unwrap();
    let summary = Summary::of(&scores).unwrap();
    assert_eq!(summary.blank(), (images, blank));
    assert_eq!(summary.classes.iter().map(|class| class.blank).sum::<usize>(), blank);
    assert!(blank > 0, "no map was blank: another network is needed to see the count");
    let settings = Settings { method: CamMethod::LayerCam, ..Settings::default() };
    let other = folder.path().join("layer.parquet");
    scored(&model("convnet-d2-w8", 0), &stream(), &settings, &other).unwrap();
    assert_eq!(Summary::of(&Scores::open(&other).unwrap()).unwrap().blank().1, 0);
}
