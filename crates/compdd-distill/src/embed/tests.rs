//! t-SNE beside scikit-learn, and features beside the network's own.

use super::{
    EmbedError, FeatureExtractor, PlaneOptions, Tsne, plane,
    tsne::{affinities, divergence, gradient},
};
use compdd_core::{
    record::{Budget, Bundle, Distilled, Fidelity, Labels, Provenance},
    subset::Subset,
};
use compdd_data::data::{Library, PixelSpace};
use compdd_nn::{
    device::DeviceChoice,
    nn::{Mode, NetworkSpec},
};

/// Three groups of 20 points in five dimensions.
fn groups() -> Vec<Vec<f32>> {
    let value = |i: usize, j: usize| 0.6 * (1.7 * i as f64 + 0.9 * j as f64).sin() + if j == i % 3 { 3.0 } else { 0.0 };
    (0..60).map(|i| (0..5).map(|j| value(i, j) as f32).collect()).collect()
}

/// 80 points without structure in ten dimensions.
fn scatter() -> Vec<Vec<f32>> {
    let value = |i: usize, j: usize| ((12.9898 * i as f64 + 78.233 * j as f64).sin() * 43_758.545_3).rem_euclid(1.0);
    (0..80).map(|i| (0..10).map(|j| value(i, j) as f32).collect()).collect()
}

/// Share of neighbourhoods that survive, 0 to 1 (trustworthiness, Venna and Kaski 2001), of `k` neighbours.
fn trustworthiness(rows: &[Vec<f32>], at: &[[f64; 2]], k: usize) -> f64 {
    let n = rows.len();
    let order = |distance: &dyn Fn(usize) -> f64, i: usize| {
        let mut others: Vec<usize> = (0..n).filter(|j| *j != i).collect();
        others.sort_by(|a, b| distance(*a).total_cmp(&distance(*b)));
        others
    };
    let mut penalty = 0.0;
    for i in 0..n {
        let high = |j: usize| rows[i].iter().zip(&rows[j]).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>();
        let low = |j: usize| (at[i][0] - at[j][0]).powi(2) + (at[i][1] - at[j][1]).powi(2);
        let ranks = order(&high, i);
        for j in order(&low, i).into_iter().take(k) {
            let rank = ranks.iter().position(|other| *other == j).unwrap() + 1;
            penalty += rank.saturating_sub(k) as f64;
        }
    }
    1.0 - penalty * 2.0 / (n as f64 * k as f64 * (2.0 * n as f64 - 3.0 * k as f64 - 1.0))
}

#[test]
fn affinities_are_those_of_scikit_learn() {
    // sklearn.manifold._t_sne._joint_probabilities of scikit-learn 1.9.1 on the same points, perplexity 10.
    let found = affinities(&groups(), 10.0);
    for ([i, j], expected) in [([0, 3], 0.000_613_451_365), ([30, 57], 0.000_338_575_622)] {
        assert!((found[i][j] / expected - 1.0).abs() < 1e-3, "{i} {j}: {} beside {expected}", found[i][j]);
        assert_eq!(found[i][j], found[j][i]);
    }
    assert!(found[0][1] < 1e-9 && found[7][20] < 1e-9);
    assert!((found.iter().flatten().sum::<f64>() - 1.0).abs() < 1e-6);
}

#[test]
fn points_are_laid_out_as_well_as_scikit_learn_does() {
    // TSNE(method="exact", max_iter=1000) of scikit-learn 1.9.1: divergence 0.0787 to 0.0798 and trustworthiness 0.9994 over ten starts on the
    // groups; 0.679 to 0.839 and 0.883 to 0.928 over twenty on the scatter.
    let lay = |rows: &[Vec<f32>], perplexity: f64, seed: u64| {
        let laid = Tsne { perplexity, seed, ..Tsne::default() }.embed(rows).unwrap();
        (laid.divergence, trustworthiness(rows, &laid.at, 5))
    };
    let (divergence, kept) = lay(&groups(), 10.0, 0);
    assert!(divergence < 0.082 && kept > 0.999, "{divergence} and {kept}");
    let found = [0, 1, 2].map(|seed| lay(&scatter(), 15.0, seed));
    assert!(found.iter().all(|(divergence, kept)| *divergence < 0.84 && *kept > 0.88), "{found:?}");
}

#[test]
fn the_gradient_is_that_of_the_divergence() {
    let near = affinities(&scatter()[..12], 3.0);
    let mut at: Vec<[f64; 2]> = (0..12).map(|i| [(f64::from(i)).sin(), (1.3 * f64::from(i)).cos()]).collect();
    let slope = gradient(&near, &at, 1.0);
    for (i, own) in slope.iter().enumerate() {
        for axis in 0..2 {
            let mut moved = |by: f64| {
                at[i][axis] += by;
                let value = divergence(&near, &at);
                at[i][axis] -= by;
                value
            };
            let numeric = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            assert!((numeric - own[axis]).abs() < 1e-7, "{i} {axis}: {numeric} beside {}", own[axis]);
        }
    }
}

#[test]
fn equal_input_gives_equal_points_and_another_seed_others() {
    let short = Tsne { iterations: 50, ..Tsne::default() };
    let laid = short.embed(&groups()).unwrap();
    assert_eq!(laid, short.embed(&groups()).unwrap());
    assert_ne!(laid.at, Tsne { seed: 1, ..short }.embed(&groups()).unwrap().at);
    assert!((laid.perplexity - 59.0 / 3.0).abs() < 1e-12, "a third of the others at most");
    let equal = short.embed(&vec![vec![1.0; 4]; 10]).unwrap();
    assert!(equal.at.iter().flatten().all(|value| value.is_finite()), "points that are all the same");
}

#[test]
fn what_cannot_be_laid_out_is_refused() {
    let tsne = Tsne::default();
    assert!(matches!(tsne.embed(&groups()[..7]), Err(EmbedError::Few { found: 7, .. })));
    assert!(matches!(Tsne { perplexity: 1.0, ..tsne }.embed(&groups()), Err(EmbedError::Perplexity { .. })));
    let mut broken = groups();
    broken[5][2] = f32::NAN;
    assert!(matches!(tsne.embed(&broken), Err(EmbedError::NotFinite { image: 5 })));
}

/// A set of two images a class of `scenes-easy`, 32 px, in its pixel space.
fn set(formation: usize) -> Distilled {
    let subset = Subset::find("scenes-easy").unwrap();
    let (mean, std) = subset.normalisation();
    let count = 20 * 3 * 32 * 32;
    let (name, classes, notes) = Distilled::describe_subset(&subset);
    Distilled {
        images: (0..count).map(|i| ((i * 37) % 101) as f32 / 50.0 - 1.0).collect(),
        shape: [20, 3, 32, 32],
        labels: Labels::Hard((0..20).map(|i| i / 2).collect()),
        weights: None,
        learning_rate: 0.01,
        space: PixelSpace::Normalised { mean, std }.record(),
        subset: name,
        classes,
        notes,
        method: "random".into(),
        ipc: 2,
        formation,
        recipe: serde_json::json!({}),
        provenance: Provenance::of_run(0, Budget::Smoke, Fidelity::Paper, ""),
    }
}

#[test]
fn features_are_the_input_of_the_head() {
    let device = DeviceChoice::Cpu.open().unwrap().device;
    let observer = FeatureExtractor::untrained(&set(1), 3, device.clone()).unwrap();
    assert_eq!(observer.note, "features of convnet-d3 untrained, seed 3");
    let rows = observer.distilled(&set(1)).unwrap();
    let network = NetworkSpec::parse("convnet-d3").unwrap().build(3, 32, 10).unwrap();
    let images =
        burn::tensor::Tensor::from_data(burn::tensor::TensorData::new(set(1).images, [20, 3, 32, 32]), &device);
    let features = network.forward(&network.init(3, &device), images, Mode::Eval).features;
    let expected: Vec<f32> = features.into_data().iter::<f32>().collect();
    assert_eq!((rows.len(), rows[0].len()), (20, network.features()));
    assert!(rows.concat().iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-4));
    assert_eq!(observer.distilled(&set(2)).unwrap().len(), 80, "every stored image holds four");
}

#[test]
fn a_plane_holds_real_and_distilled_images_of_the_same_classes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.bundle");
    Bundle::write(&path, &set(1), false).unwrap();
    let device = DeviceChoice::Cpu.open().unwrap().device;
    let options = PlaneOptions { per_class: 3, classes: 4, tsne: Tsne { iterations: 20, ..Tsne::default() } };
    let lay = || {
        plane(&path, |set| FeatureExtractor::untrained(set, 0, device.clone()), &Library::empty(), &options).unwrap()
    };
    let laid = lay();
    assert_eq!((laid.images.len(), laid.classes.len(), laid.bad), (4 * 3 + 4 * 2, 4, 0));
    let distilled: Vec<usize> = laid.images.iter().filter(|image| image.distilled).map(|image| image.class).collect();
    assert_eq!(distilled, [0, 0, 1, 1, 2, 2, 3, 3]);
    assert!(laid.notes.contains(&"12 real and 8 distilled images".to_owned()), "{:?}", laid.notes);
    assert_eq!(laid, lay());
}
