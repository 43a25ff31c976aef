//! Tables of synthetic records.

use super::{table::Place, *};
use crate::{
    board::dd_ranking,
    report::{grid::Format, rank_chart, saturation_chart},
};
use compdd_core::{
    protocol::{Family, Regime},
    record::{
        BundleRef, Cell, Record,
        example::{around, cell_of, scored},
    },
    rng::Stream,
};
use serde_json::json;

/// A score in a regime, ten images a class on CIFAR-10.
fn score(method: &str, regime: Regime, ipc: usize, scores: &[f64]) -> Record {
    let protocol = Family::Sgd.protocol(regime);
    let asks = matches!(regime, Regime::Soft | Regime::Teacher);
    let teacher = asks.then(|| "ee".repeat(32));
    let mut record = scored(Cell { protocol: protocol.id.clone(), ipc, teacher, ..cell_of(method) }, scores);
    let each = record.protocol["epoch_steps"].as_u64().unwrap_or(1) as usize;
    record.students.iter_mut().for_each(|student| student.steps = student.epochs * each);
    record
}

/// Scores around a mean, in whole test images.
fn near(mean: f64) -> [f64; 5] {
    around(mean, 0.001)
}

/// A set, random images and the full data in three regimes.
fn records() -> Vec<Record> {
    let mut records = Vec::new();
    for (regime, [set, random, steps, full]) in [
        (Regime::Hard, [0.5, 0.3, 0.6, 0.8]),
        (Regime::Soft, [0.52, 0.4, 0.61, 0.8]),
        (Regime::Teacher, [0.55, 0.5, 0.62, 0.79]),
    ] {
        records.push(score("dm", regime, 10, &near(set)));
        records.push(score("random", regime, 10, &near(random)));
        records.push(score("full", regime, 10, &near(steps)));
        records.push(score("full", regime, 0, &near(full)));
    }
    records.push(score("random", Regime::Hard, 1, &near(0.2)));
    records.push(score("random", Regime::Hard, 50, &near(0.82)));
    records
}

fn table(records: &[Record]) -> Table {
    let mut found = tables(records);
    found.retain(|table| table.as_ref().map_or(true, |table| table.ipc == 10));
    assert_eq!(found.len(), 1);
    found.remove(0).unwrap()
}

fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-9, "{found} {expected}");
}

#[test]
fn sets_stand_above_random_images_and_the_full_data_below() {
    let table = table(&records());
    assert_eq!((table.steps, table.batch), (1001, 100));
    let rows: Vec<(&str, Place)> = table.rows.iter().map(|row| (row.name.as_str(), row.place)).collect();
    let expected = [
        ("dm", Place::Set),
        ("random", Place::Random),
        ("full, S steps", Place::FullSteps),
        ("full, own schedule", Place::Full),
    ];
    assert_eq!(rows, expected);
    let [dm, random, ..] = &table.rows[..] else { panic!("rows") };
    let gain = table.gain(dm, Regime::Hard).unwrap();
    let interval = gain.interval.unwrap();
    close(gain.value, 0.2);
    assert!(
        (interval.low - 0.2).abs() < 1e-9 && (interval.high - 0.2).abs() < 1e-9,
        "paired differences are all equal"
    );
    close(dm.share_of_the_teacher().unwrap(), 0.05 / 0.45);
    close(random.share_of_the_teacher().unwrap(), 0.2 / 0.4);
    let mut lost = dm.clone();
    lost.scores.insert(Regime::Teacher, score("dm", Regime::Teacher, 10, &around(0.11, 0.02)));
    assert_eq!(lost.share_of_the_teacher(), None, "its interval reaches down to chance");
    assert_eq!(table.saturates_at(Regime::Hard), Some(50));
    assert_eq!(table.saturates_at(Regime::Soft), None);
}

/// Check 3 of the regimes: a row of other steps or of another minibatch is refused by name; the full data on its own schedule is not asked.
#[test]
fn rows_of_another_compute_are_refused() {
    let spoiled = |spoil: fn(&mut Record), which: usize| {
        let mut records = records();
        spoil(&mut records[which]);
        let id = records[which].id.clone();
        let errors: Vec<RegimesError> = tables(&records).into_iter().filter_map(Result::err).collect();
        (errors, id)
    };
    for (spoil, words) in [
        ((|record| record.students[2].steps = 500) as fn(&mut Record), "500 steps of 100 images"),
        (|record| record.protocol["batch"] = json!(50), "1001 steps of 50 images"),
    ] {
        for which in [0, 1, 2] {
            let (errors, id) = spoiled(spoil, which);
            let [RegimesError::Compute { record, found, expected }] = &errors[..] else { panic!("{errors:?}") };
            assert_eq!((record, found.as_str(), expected.as_str()), (&id, words, "1001 steps of 100 images"));
        }
        assert_eq!(spoiled(spoil, 3).0, []);
    }
}

/// Check 4: random images against other random images gain nothing, within the interval of five students. The bootstrap of five is known to be
/// narrow: of intervals that should hold 95 of 100, these hold 80 at least.
#[test]
fn random_images_gain_nothing_over_random_images() {
    let mut stream = Stream::new(0, "random against random", 0);
    let mut holds = 0;
    for _ in 0..100 {
        let mut draw = || -> Vec<f64> {
            (0..5).map(|_| (10_000.0 * (0.4 + 0.02 * f64::from(stream.normal()))).round() / 10_000.0).collect()
        };
        let records = [
            score("dm", Regime::Hard, 10, &draw()),
            score("random", Regime::Hard, 10, &draw()),
            score("random", Regime::Teacher, 10, &draw()),
        ];
        let table = table(&records);
        let gain = table.gain(&table.rows[0], Regime::Hard).unwrap();
        let interval = gain.interval.unwrap();
        assert!(interval.low <= gain.value && gain.value <= interval.high);
        holds += usize::from(interval.low <= 0.0 && interval.high >= 0.0);
        let itself = table.gain(&table.rows[1], Regime::Hard).unwrap();
        assert_eq!((itself.value, itself.interval.map(|ends| (ends.low, ends.high))), (0.0, Some((0.0, 0.0))));
    }
    assert!((80..=99).contains(&holds), "{holds}");
}

/// Students without their like are not paired: then the spread of both lists counts.
#[test]
fn students_without_their_like_are_not_paired() {
    let table = table(&[
        score("dm", Regime::Hard, 10, &near(0.5)[..4]),
        score("random", Regime::Hard, 10, &near(0.3)),
        score("random", Regime::Teacher, 10, &near(0.3)),
    ]);
    let gain = table.gain(&table.rows[0], Regime::Hard).unwrap();
    let interval = gain.interval.unwrap();
    close(gain.value, 0.1995);
    assert!(interval.low < 0.199 && interval.high > 0.2, "{interval:?}");
}

#[test]
fn rankings_agree_by_tau_b() {
    let mut records = Vec::new();
    for (method, hard, teacher) in [("dc", 0.3, 0.5), ("dm", 0.4, 0.6), ("mtt", 0.5, 0.4), ("random", 0.2, 0.3)] {
        records.push(score(method, Regime::Hard, 10, &near(hard)));
        records.push(score(method, Regime::Teacher, 10, &near(teacher)));
    }
    let table = table(&records);
    // Two of six pairs are turned around.
    let tau = table.agreement(Regime::Hard, Regime::Teacher).unwrap();
    close(tau.value, 2.0 / 6.0);
    let interval = tau.interval.unwrap();
    close(interval.low, 2.0 / 6.0);
    close(interval.high, 2.0 / 6.0);
    assert_eq!(table.agreement(Regime::Hard, Regime::Soft), None);
    // Where students disagree about the order, the interval says so.
    records[2] = score("dm", Regime::Hard, 10, &around(0.3, 0.05));
    let interval = self::table(&records).agreement(Regime::Hard, Regime::Teacher).unwrap().interval.unwrap();
    assert!(interval.low < interval.high, "{interval:?}");
}

#[test]
fn measures_of_dd_ranking_follow_from_the_records_that_are_there() {
    let mut all = records();
    let table = table(&all);
    let measures = table.dd_ranking(&table.rows[0]);
    close(measures.hlr.unwrap(), 0.3);
    let (ior, regime) = measures.ior.unwrap();
    close(ior, 0.2);
    assert_eq!((regime, measures.ars), (Regime::Hard, None));
    close(measures.lrs.unwrap(), dd_ranking::lrs(0.3, 0.2));
    let random = table.dd_ranking(&table.rows[1]);
    assert_eq!((random.ior, random.lrs), (None, None));
    assert_eq!(table.dd_ranking(&table.rows[2]), DdRanking::default());
    // Learned labels are the method's own recipe; gains without augmentation complete the other score.
    all.push(score("dm", Regime::Own, 10, &near(0.54)));
    all.push(score("dm", Regime::Plain, 10, &near(0.45)));
    all.push(score("random", Regime::Plain, 10, &near(0.2)));
    let table = self::table(&all);
    let measures = table.dd_ranking(&table.rows[0]);
    let (ior, regime) = measures.ior.unwrap();
    close(ior, 0.14);
    assert_eq!(regime, Regime::Own);
    close(measures.ars.unwrap(), dd_ranking::ars(0.2, 0.25));
}

#[test]
fn other_teachers_networks_and_images_have_tables_of_their_own() {
    let base = || score("random", Regime::Teacher, 10, &near(0.5));
    let changed = |change: fn(&mut Cell)| {
        let record = base();
        let mut cell = record.cell.clone();
        change(&mut cell);
        let scores: Vec<f64> = record.students.iter().map(|student| student.accuracy.fraction()).collect();
        scored(cell, &scores)
    };
    for change in [
        (|cell| cell.teacher = Some("dd".repeat(32))) as fn(&mut Cell),
        |cell| cell.network = "vgg11".into(),
        |cell| cell.data_hash = "ff".repeat(32),
        |cell| cell.ipc = 1,
        |cell| cell.protocol = "regimes-adamw-teacher@1".into(),
    ] {
        assert_eq!(tables(&[base(), changed(change)]).len(), 2);
    }
    assert!(tables(&[scored(cell_of("random"), &near(0.3))]).is_empty(), "records of other protocols have none");
}

/// Two sets of one method are told apart, and a set that was scored by its run and again as a bundle is one row.
#[test]
fn rows_are_sets() {
    let mut other = score("dm", Regime::Hard, 10, &near(0.45));
    other.bundles = vec![BundleRef { path: "other.bundle".into(), data_hash: "0f".repeat(32) }];
    let again = score("dm", Regime::Hard, 10, &near(0.5)[..3]);
    let mut all = records();
    all.extend([other, again]);
    let table = table(&all);
    let names: Vec<&str> = table.rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names[..3], ["dm 0f0f0f0f", "dm cdcdcdcd", "random"]);
    assert_eq!(table.rows[1].scores[&Regime::Hard].students.len(), 5, "the one with the most students counts");
}

#[test]
fn tables_and_charts_show_all_of_it() {
    let table = table(&records());
    let grid = table.grid(None);
    insta::assert_snapshot!(grid.write(Format::Markdown));
    for format in [Format::Latex, Format::Csv, Format::Html, Format::Term] {
        assert!(grid.write(format).contains("own schedule"));
    }
    assert!(table.grid(Some("")).write(Format::Html).contains("href=\"records/cifar10@1/dm_"));
    let ranks = rank_chart(&table.ranks()).unwrap();
    let saturation = saturation_chart(&table.saturation()).unwrap();
    assert_eq!((table.ranks().origin.sources.len(), table.saturation().origin.sources.len()), (6, 8));
    assert_ne!(ranks.svg(), saturation.svg());
}
