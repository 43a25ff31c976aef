//! Scores of a few built-in scenes, and what is kept of them.

use std::sync::LazyLock;

use burn::tensor::Device;

use super::*;
use crate::{
    eval::{InferenceOptions, View},
    select::realism,
};
use compdd_core::{
    progress::{Hooks, Interrupted, Stop},
    pruning::{Criterion, Rule, Share},
    record::Budget,
    subset::Subset,
};
use compdd_data::{
    data::{Library, Task, TaskOptions},
    scores::{ImageScores, LossPass, ScoreCard, ScoreTraining},
};
use compdd_nn::nn::{Network, NetworkSpec};

static NEVER: LazyLock<Stop> = LazyLock::new(Stop::never);
const PER_CLASS: usize = 8;

fn task(heldout: f64) -> Task {
    let subset = Subset::find("scenes-easy").unwrap();
    let options = TaskOptions {
        resolution: Some(16),
        train_per_class: Some(PER_CLASS),
        test_per_class: Some(2),
        heldout,
        ..TaskOptions::default()
    };
    Task::load(&subset, &Library::empty(), &options).unwrap()
}

fn training(trials: usize, epochs: usize) -> ScoreTraining {
    let (network, pass) = ("convnet-d2-w8".to_owned(), LossPass::Train);
    ScoreTraining { network, trials, epochs, learning_rate: 3e-3, batch: 16, pass, seed: 0 }
}

fn network(task: &Task) -> Network {
    NetworkSpec::parse("convnet-d2-w8").unwrap().build(3, 16, task.subset.classes_len()).unwrap()
}

fn request(criterion: Criterion) -> Request {
    Request { criterion, removed: Some("0.5".parse().unwrap()), training: training(2, 2) }
}

fn scorer<'a>(root: &'a std::path::Path, device: &'a Device, stop: &'a Stop) -> Scorer<'a> {
    Scorer { root, device, hooks: Hooks::silent(stop) }
}

/// A curve that is zero but for 1 in the last epoch scores .2588, a constant one itself, and only the first epoch counts as the initial loss.
#[test]
fn losses_are_smoothed_and_averaged() {
    // The loss of two equal logits is ln 2, of logits 40 apart nothing.
    let (half, sure) = ([0.0_f32, 0.0], [40.0_f32, 0.0]);
    let mut statistics = Statistics::new(vec![0, 0, 0], 1, 20);
    for epoch in 0..20 {
        statistics.record(epoch, 0, &half);
        statistics.record(epoch, 1, if epoch == 19 { &half } else { &sure });
        statistics.record(epoch, 2, if epoch == 0 { &half } else { &sure });
    }
    statistics.end_of_trial();
    let column = |wanted| statistics.columns().find(|(criterion, _)| *criterion == wanted).unwrap().1.to_vec();
    let (ln2, loss) = (2_f64.ln(), column(Criterion::Loss));
    assert!((loss[0] - ln2).abs() < 1e-9 && (loss[1] / ln2 - 0.2588).abs() < 1e-4 && loss[2].abs() < 1e-9, "{loss:?}");
    let initial = column(Criterion::LossInitial);
    assert!((initial[0] - ln2).abs() < 1e-9 && initial[1].abs() < 1e-9 && (initial[2] - ln2).abs() < 1e-9);
}

/// Right, wrong, right, wrong, wrong: forgotten twice. Never right: as often as there are epochs. EL2N and margin are those of the last epoch.
#[test]
fn forgetting_counts_what_was_right_before() {
    let (right, wrong) = ([1.0_f32, 0.0, -1.0], [0.0_f32, 1.0, -1.0]);
    let mut statistics = Statistics::new(vec![0, 0, 0], 2, 5);
    for trial in 0..2 {
        for epoch in 0..5 {
            statistics.record(epoch, 0, if epoch % 2 == 0 && epoch < 4 { &right } else { &wrong });
            statistics.record(epoch, 1, if trial == 0 { &wrong } else { &right });
            statistics.record(epoch, 2, &right);
        }
        statistics.end_of_trial();
    }
    let column = |wanted| statistics.columns().find(|(criterion, _)| *criterion == wanted).unwrap().1.to_vec();
    assert_eq!(column(Criterion::Forgetting), [2.0, 2.5, 0.0]);
    let p: Vec<f64> = (0..3).map(|class| realism(&right, class).exp()).collect();
    let el2n = ((p[0] - 1.0).powi(2) + p[1].powi(2) + p[2].powi(2)).sqrt();
    assert!((column(Criterion::El2n)[2] - el2n).abs() < 1e-12);
    assert!((column(Criterion::Margin)[2] - (p[0] - p[1])).abs() < 1e-12);
}

/// What is noted down in training is the loss that is trained on: its mean over images is the epoch's.
#[test]
fn the_noted_losses_are_those_of_training() {
    let (task, device) = (task(0.0), Device::flex());
    let network = network(&task);
    let mut scoring = Scoring::new(&network, View::training(&task), training(1, 1), &device).unwrap();
    let loss = scoring.epoch(&NEVER).unwrap();
    let (_, noted) = scoring.statistics().columns().next().unwrap();
    let mean = noted.iter().sum::<f64>() / noted.len() as f64;
    assert!((mean - loss).abs() < 1e-5, "{mean} {loss}");
    assert!(scoring.ends_trial() && scoring.done() == scoring.epochs());
    let mut after = Scoring::new(
        &network,
        View::training(&task),
        ScoreTraining { pass: LossPass::Eval, ..training(1, 1) },
        &device,
    )
    .unwrap();
    after.epoch(&NEVER).unwrap();
    let (_, noted) = after.statistics().columns().next().unwrap();
    assert!(noted.iter().sum::<f64>() / (noted.len() as f64) < loss, "the pass after an epoch knows what was learned");
}

/// Stopped in each of its epochs, scores end with the same bytes; what is there is not made again.
#[test]
fn interrupted_scores_go_on() {
    let (task, device) = (task(0.0), Device::flex());
    let (whole, parts) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (scores, path) = ensure(&request(Criterion::Loss), &task, &scorer(whole.path(), &device, &NEVER)).unwrap();
    assert_eq!(scores, ImageScores::read(&path).unwrap());
    assert_eq!(scores.columns.len(), Criterion::OF_TRAINING.len());
    let mut interruptions = 0;
    let other = loop {
        // An epoch asks five times, before each of its minibatches: every attempt finishes one and stops in the next.
        let stop = Stop::after(7);
        match ensure(&request(Criterion::Loss), &task, &scorer(parts.path(), &device, &stop)) {
            Ok((_, path)) => break path,
            Err(error) => assert!(Interrupted::is(&error), "{error}"),
        }
        interruptions += 1;
        assert!(interruptions < 10);
    };
    assert!(interruptions >= 2, "{interruptions}");
    assert_eq!(std::fs::read(&path).unwrap(), std::fs::read(&other).unwrap());
    assert_eq!(path.file_name(), other.file_name());
    let stopped = Stop::never();
    stopped.request();
    let again = ensure(&request(Criterion::Forgetting), &task, &scorer(parts.path(), &device, &stopped)).unwrap();
    assert_eq!(again, (scores, other), "every criterion of training is in one file");
    assert_eq!(std::fs::read_dir(parts.path()).unwrap().count(), 1, "nothing unfinished is left");
}

#[test]
fn a_coreset_orders_every_class() {
    let (task, device) = (task(0.0), Device::flex());
    let network = network(&task);
    let view = View::training(&task);
    let mut scoring = Scoring::new(&network, view.clone(), training(1, 1), &device).unwrap();
    scoring.epoch(&NEVER).unwrap();
    let passes = InferenceOptions { device: &device, batch: 16, stop: &NEVER };
    let student = scoring.student().unwrap();
    let places = |criterion, removed: Option<Share>| {
        Coreset::of(criterion).unwrap().places(student, &view, removed, 3, passes).unwrap()
    };
    for criterion in Criterion::ALL.into_iter().filter(|one| Coreset::of(*one).is_some()) {
        let removed = criterion.depends_on_share().then(|| "0.75".parse().unwrap());
        let places = places(criterion, removed);
        for label in 0..task.subset.classes_len() as u32 {
            let mut own: Vec<f64> = (0..view.len()).filter(|&i| view.label(i) == label).map(|i| places[i]).collect();
            own.sort_by(f64::total_cmp);
            assert_eq!(own, (0..PER_CLASS).map(|place| place as f64).collect::<Vec<_>>(), "{criterion}");
        }
    }
    assert_ne!(places(Criterion::Craig, None), places(Criterion::CraigShuffledBug, None));
    let own = View::some(&task.train, &task.space, task.train.of_class(0));
    let chosen = |coreset: Coreset| coreset.choose(student, &own, 3, 3, passes).unwrap();
    assert_eq!(chosen(Coreset::Craig { shuffled_bug: false }).weights.unwrap().iter().sum::<f32>(), PER_CLASS as f32);
    let matched = chosen(Coreset::GradMatch { lambda: 0.5, own_class: true });
    assert_eq!((matched.order.len(), matched.weights.unwrap().len()), (3, 3));
    assert_eq!(chosen(Coreset::Glister { eta: 0.01, sampled: false }).order.len(), 3);
}

#[test]
fn a_rule_keeps_exact_counts_and_the_smallest_losses() {
    let (task, device, root) = (task(0.25), Device::flex(), tempfile::tempdir().unwrap());
    let scorer = scorer(root.path(), &device, &NEVER);
    let options = |rule: &str| PruneOptions { rule: rule.parse().unwrap(), scores: None };
    let apply = |rule: &str, seed| options(rule).apply(task.clone(), Budget::Smoke, seed, &scorer).unwrap();
    let pruned = apply("loss:0.5", 0);
    let classes = task.subset.classes_len();
    // Two of eight images of a class are held out, three of the six others kept.
    assert_eq!(
        (pruned.heldout.len(), pruned.training().len(), pruned.train.len()),
        (2 * classes, 3 * classes, 5 * classes)
    );
    assert!(pruned.training_classes().iter().all(|(_, members)| members.len() == 3));
    let held = |task: &Task| task.heldout.iter().map(|&i| task.train.image(i).to_vec()).collect::<Vec<_>>();
    assert_eq!(held(&pruned), held(&task), "held-out images stay");
    assert_eq!((pruned.source.identity(), pruned.space.hash()), (task.source.identity(), task.space.hash()));
    let pruning = pruned.pruning.clone().unwrap();
    assert_eq!((pruning.rule.to_string(), pruning.images), ("loss:0.5:high".to_owned(), 5 * classes));
    assert_eq!(pruning, apply("loss:0.5", 1).pruning.unwrap(), "seeds share scores");
    assert_ne!(
        View::training(&pruned).hash(),
        View::training(&task).hash(),
        "experts and teachers get another address"
    );
    let (low, high) = (apply("loss:0.5:low", 0), &pruned);
    assert!(low.training().iter().all(|&i| high.training().iter().all(|&j| low.train.image(i) != high.train.image(j))));

    let none = apply("loss:0", 0);
    assert_eq!((none.pruning.clone(), none.train.hash()), (None, task.train.hash()), "nothing removed leaves no trace");
    assert_eq!(apply("random:0.5", 0).train.hash(), apply("random:0.5", 0).train.hash());
    assert_ne!(apply("random:0.5", 0).train.hash(), apply("random:0.5", 1).train.hash());
}

#[test]
fn scores_of_other_images_are_refused() {
    let (own, device, root) = (task(0.0), Device::flex(), tempfile::tempdir().unwrap());
    let scorer = scorer(root.path(), &device, &NEVER);
    let (_, path) = ensure(&request(Criterion::GradMatch), &own, &scorer).unwrap();
    let apply = |task: &Task, rule: &str| {
        let rule: Rule = rule.parse().unwrap();
        PruneOptions { rule, scores: Some(path.clone()) }.apply(task.clone(), Budget::Smoke, 0, &scorer)
    };
    assert_eq!(apply(&own, "gradmatch:0.5").unwrap().train.len(), 4 * own.subset.classes_len());
    for (task, rule, word) in
        [(&task(0.25), "gradmatch:0.5", "other training images"), (&own, "gradmatch:0.6", "share")]
    {
        let error = apply(task, rule).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    }
    let error = apply(&own, "grand:0.5").unwrap_err().to_string();
    assert!(error.contains("share") || error.contains("grand"), "{error}");
    let missing = Request { removed: None, ..request(Criterion::Glister) };
    assert!(matches!(ensure(&missing, &own, &scorer), Err(PruneError::NoShare { .. })));
    assert!(matches!(ensure(&request(Criterion::Complexity), &own, &scorer), Err(PruneError::NotMadeHere { .. })));
}

#[test]
fn summaries_count_and_compare() {
    let (task, device, root) = (task(0.0), Device::flex(), tempfile::tempdir().unwrap());
    let scorer = scorer(root.path(), &device, &NEVER);
    let (scores, _) = ensure(&request(Criterion::Grand), &task, &scorer).unwrap();
    assert!(scores.by(Criterion::Grand).unwrap().iter().all(|length| *length > 0.0));
    let removed: Share = "0.5".parse().unwrap();
    let shares = class_shares(&scores, Criterion::Loss, removed, Criterion::Loss.usual_side()).unwrap();
    assert_eq!(shares.len(), task.subset.classes_len());
    assert!(shares.iter().all(|share| (share.images, share.kept) == (PER_CLASS, PER_CLASS / 2)));
    assert_eq!(shares.iter().map(|share| share.kept_as_one).sum::<usize>(), scores.len() / 2);
    let spread = &Spread::of(&scores)[0];
    assert!(spread.quantiles.is_sorted() && spread.quantiles[0] < spread.mean && spread.mean < spread.quantiles[8]);
    let found = overlaps(std::slice::from_ref(&scores), removed).unwrap();
    assert_eq!(found.len(), 15);
    // A large loss is a small margin: the two remove opposite sides.
    let margins = found.iter().find(|overlap| overlap.pair == [0, 4]).unwrap();
    assert!(margins.spearman.unwrap() < -0.3, "{margins:?}");
    let mut other = scores.clone();
    other.card.images = "other".into();
    assert!(matches!(overlaps(&[scores, other], removed), Err(PruneError::Unlike { file: 2 })));
}

/// Ten images of two classes, scored by their place: halves of each class, and images of both.
#[test]
fn strata_are_parts_of_every_class() {
    let classes = (0..10).map(|image| format!("class {}", image % 2)).collect();
    let card = ScoreCard {
        format: ScoreCard::FORMAT,
        subset: "scenes-easy@1".into(),
        resolution: 16,
        images: "0".into(),
        criterion: None,
        removed: None,
        training: None,
        taken_from: None,
    };
    let values: Vec<f64> = (0..10).map(f64::from).collect();
    let scores = ImageScores { card, classes, columns: vec![(Criterion::Loss, values)] };
    let parts = strata(&scores, Criterion::Loss, 5).unwrap();
    assert_eq!(
        parts.iter().map(|stratum| stratum.images.clone()).collect::<Vec<_>>().concat(),
        (0..10).collect::<Vec<_>>()
    );
    assert_eq!((parts[4].rule.to_string().as_str(), parts[4].mean), ("loss:0.8..1", 8.5));
    let halves = strata(&scores, Criterion::Loss, 2).unwrap();
    assert_eq!(halves[1].images, [4, 5, 6, 7, 8, 9]);
    assert_eq!(halves[1].sample(&scores, 4).unwrap(), [4, 5, 8, 9], "classes in turn, low to high");
    assert_eq!(halves[0].sample(&scores, 2).unwrap(), [2, 3], "the middle of each class");
    assert!(strata(&scores, Criterion::El2n, 2).is_err());
}
