//! Readers of records: values are those of the records, and what does not go together is refused.

use std::fs;

use serde_json::{Value, json};

use super::super::{
    AblationBar, Checkpoint, Measured, ReportError, harmless_grid, pruning_chart,
    read::{self, Filter, Grouping, Scored},
};
use compdd_core::{
    pruning::Pruning,
    record::{Budget, Cell, Flag, Record, Store, Timing, example},
    subset::Subset,
};
use compdd_data::scores::Categories;

/// A record of a method with these accuracies; `change` makes its cell another one.
pub fn record(method: &str, ipc: usize, scores: &[f64], change: impl FnOnce(&mut Cell)) -> Record {
    with_recipe(method, ipc, scores, json!({"draws": 1}), change)
}

fn with_recipe(method: &str, ipc: usize, scores: &[f64], recipe: Value, change: impl FnOnce(&mut Cell)) -> Record {
    let mut cell = Cell { method: method.into(), ipc, students: scores.len(), ..example::cell() };
    change(&mut cell);
    let subset = Subset::find(&cell.subset).unwrap();
    let students = example::record(cell.clone(), scores).students;
    Record::new(cell, &subset, students, recipe, json!({"test": {"hash": "0"}})).unwrap()
}

fn same(_: &mut Cell) {}

fn store(records: &[Record]) -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path());
    for record in records {
        store.save(record, None).unwrap();
    }
    (folder, store)
}

fn said(error: &ReportError) -> String {
    let help = miette::Diagnostic::help(error).map(|help| help.to_string()).unwrap_or_default();
    format!("{error} | {help}")
}

fn refused<T>(result: Result<T, ReportError>) -> String {
    match result {
        Err(error) => said(&error),
        Ok(_) => panic!("it is to be refused"),
    }
}

#[test]
fn accuracy_over_ipc_is_that_of_the_records() {
    let records = [
        record("random", 10, &[0.3, 0.32, 0.31], same),
        record("dm", 10, &[0.4, 0.5], same),
        record("dm", 1, &[0.2], same),
        record("full", 0, &[0.8, 0.9], same),
    ];
    let values = read::accuracy_over_ipc(&records).unwrap();
    let names: Vec<(&str, bool)> = values.series.iter().map(|series| (series.name.as_str(), series.baseline)).collect();
    assert_eq!(names, [("dm", false), ("random", true)]);
    let dm = &values.series[0].points;
    assert_eq!((dm[0].ipc, dm[0].measured), (1, Measured { mean: 0.2, interval: None }));
    assert_eq!((dm[1].ipc, dm[1].measured.mean), (10, 0.45));
    let [low, high] = dm[1].measured.interval.unwrap();
    assert!((0.4..0.45).contains(&low) && high > 0.45 && high <= 0.5);
    assert!(!dm[1].published.is_empty() && values.full.unwrap().mean > 0.84);
    assert_eq!(values.origin.sources.len(), 4);
    assert!(values.origin.sources.contains(&records[3].id), "the reference is a source too");
    assert_eq!(values.origin.setting, ["cifar10@1", "convnet-d3", "no-kd@1", "32 px"]);
    assert!(values.origin.remarks.is_empty());
}

#[test]
fn what_does_not_go_together_is_refused_with_the_flag_that_chooses() {
    let base = || record("dm", 1, &[0.2, 0.3], same);
    let beside = |other: Record| refused(read::accuracy_over_ipc(&[base(), other]));
    let other = |change: fn(&mut Cell)| record("dsa", 1, &[0.2, 0.3], change);
    let mut text = String::new();
    for other in [
        other(|cell| cell.protocol = "no-kd@2".into()),
        other(|cell| (cell.resolution, cell.network) = (64, "convnet-d4".into())),
        other(|cell| cell.network = "convnet-d4".into()),
        other(|cell| cell.subset = "scenes-easy@1".into()),
        other(|cell| cell.budget = Budget::Quick),
        record("dm", 1, &[0.2, 0.3], |cell| cell.seed = 1),
    ] {
        text += &beside(other);
        text.push('\n');
    }
    let ids = without_hashes(&text);
    insta::assert_snapshot!("refusals", ids);
}

/// Text with every hash of a record replaced.
fn without_hashes(text: &str) -> String {
    let hash = |word: &str| {
        let bare = word.trim_matches([',', ':']);
        if bare.len() == 8 && bare.chars().all(|c| c.is_ascii_hexdigit()) {
            word.replace(bare, "HASH")
        } else {
            word.to_owned()
        }
    };
    text.lines().map(|line| line.split(' ').map(hash).collect::<Vec<_>>().join(" ")).collect::<Vec<_>>().join("\n")
}

#[test]
fn changed_recipes_are_left_out_on_request() {
    let shipped = with_recipe("edf", 1, &[0.3, 0.4], json!({"drop": 0.25}), same);
    let mut changed = with_recipe("edf", 1, &[0.2, 0.3], json!({"drop": 0.0}), same);
    changed.flag(Flag::ChangedRecipe);
    let all = [shipped.clone(), changed];
    let both = Filter::default().choose(&all).unwrap();
    assert!(refused(read::accuracy_over_ipc(&both)).contains("leave changed recipes out with --shipped"));
    let one = Filter { shipped: true, ..Filter::default() }.choose(&all).unwrap();
    assert_eq!(one, [shipped]);
    read::accuracy_over_ipc(&one).unwrap();
}

#[test]
fn reduced_budgets_are_shown_when_asked_for_and_say_so() {
    let mut again = record("dm", 1, &[0.25, 0.3], |cell| cell.source = "bundle:0".into());
    again.flag(Flag::ReducedBudget);
    let all = [record("dm", 1, &[0.2, 0.3], |cell| cell.budget = Budget::Quick), again];
    let quick = Filter { budget: Some(Budget::Quick), ..Filter::default() };
    let text = refused(Filter::default().choose(&all));
    assert_eq!(
        text,
        "no record to draw: the 2 that fit were made with a reduced budget | --budget quick shows them, and the chart says so"
    );
    assert_eq!(quick.choose(&all).unwrap().len(), 2);
    assert!(refused(read::accuracy_over_ipc(&all)).contains("--scored run|again"), "scored with different efforts");
    for (scored, mean) in [(Scored::Run, 0.25), (Scored::Again, 0.275)] {
        let chosen = Filter { scored: Some(scored), ..quick.clone() }.choose(&all).unwrap();
        let values = read::accuracy_over_ipc(&chosen).unwrap();
        assert_eq!(values.series[0].points[0].measured.mean, mean);
        assert!(values.origin.remarks[0].ends_with("not comparable with papers"), "{:?}", values.origin);
    }
    let end = all[0].id.rsplit('_').next().unwrap().to_owned();
    let named = Filter { records: vec![end], ..Filter::default() };
    assert_eq!(named.choose(&all).unwrap().len(), 1, "a record that is named is shown whatever its budget");
    assert!(refused(Filter::default().choose(&[] as &[Record])).contains("there are no results"));
    let other = Filter { methods: vec!["mtt".into()], ..Filter::default() };
    assert!(refused(other.choose(&all)).contains("none of 2 is what was asked for"));
    let (_folder, store) = store(&all);
    let unknown = Filter { records: vec!["ffffffff".into()], ..Filter::default() };
    assert!(matches!(unknown.list(&store, &[] as &[Record]), Err(ReportError::Record(_))));
}

#[test]
fn recovery_pairs_easy_and_hard_lists() {
    let on = |method: &str, list: &str, scores: &[f64]| {
        record(method, usize::from(method != "full"), scores, |cell| cell.subset = format!("{list}@1"))
    };
    let mut all = [
        on("dm", "scenes-easy", &[0.4, 0.5]),
        on("dm", "scenes-hard", &[0.2]),
        on("edf", "scenes-hard", &[0.2]),
        on("full", "scenes-easy", &[0.9]),
        on("full", "scenes-hard", &[0.8]),
        record("dm", 1, &[0.3], same),
    ];
    let (easy, hard) = (all[3].clone(), all[4].clone());
    all[0].recover_from(&easy);
    all[1..3].iter_mut().for_each(|record| record.recover_from(&hard));
    let values = read::recovery(&all).unwrap();
    let [point] = values.points.as_slice() else { panic!("edf lacks the easy list: {:?}", values.points) };
    assert_eq!((point.method.as_str(), point.category.as_str()), ("dm", "scenes"));
    assert!((point.easy.mean - 0.5).abs() < 1e-12 && (point.hard.mean - 0.25).abs() < 1e-12);
    let [low, high] = point.easy.interval.unwrap();
    assert!((low - 0.4 / 0.9).abs() < 0.06 && (high - 0.5 / 0.9).abs() < 0.06 && point.hard.interval.is_none());
    assert!(refused(read::recovery(&all[..1])).contains("no method has a recovery ratio on both lists"));
}

#[test]
fn an_ablation_names_what_differs_and_refuses_the_rest() {
    let run = |enhance: bool, drop: f64, scores: &[f64], extra: u32| {
        with_recipe("edf", 1, scores, json!({"enhance": enhance, "drop": drop, "cam": extra}), same)
    };
    let by = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let all = [run(true, 0.25, &[0.3, 0.32], 1), run(false, 0.25, &[0.2, 0.22], 1), run(true, 0.0, &[0.25], 1)];
    let values = read::ablation(&all, &by(&["enhance", "drop"]), &[]).unwrap();
    let names: Vec<&str> = values.bars.iter().map(|bar| bar.name.as_str()).collect();
    assert_eq!(names, ["false, 0.25", "true, 0.0", "true, 0.25"]);
    let AblationBar { measured, students, .. } = &values.bars[2];
    assert_eq!((measured.mean, students.as_slice()), (0.31, [0.3, 0.32].as_slice()));
    assert!(refused(read::ablation(&all, &by(&["enhance"]), &[])).contains("the records differ in drop too"));
    assert!(
        refused(read::ablation(&all[..2], &by(&["drop"]), &by(&["enhance"]))).contains("drop = 0.25 has 2 records")
    );
    assert!(refused(read::ablation(&all, &by(&["dorp"]), &[])).contains("keys: budget, cam, drop, enhance, fidelity"));
    let two = [run(true, 0.0, &[0.3], 1), run(false, 0.0, &[0.3], 2)];
    let beside = read::ablation(&two, &by(&["enhance"]), &by(&["cam"])).unwrap();
    assert_eq!(beside.origin.remarks, ["also differing: cam"]);
    let methods = [record("dm", 1, &[0.3], same), with_recipe("dsa", 1, &[0.2], json!({"x": 1}), same)];
    assert_eq!(
        read::ablation(&methods, &by(&["method"]), &[]).unwrap().bars.len(),
        2,
        "methods have recipes of their own"
    );
    let networks = [record("dm", 1, &[0.3], same), record("dm", 1, &[0.2], |cell| cell.network = "convnet-d4".into())];
    assert!(refused(read::ablation(&networks, &by(&["draws"]), &[])).contains("choose with --network"));
}

#[test]
fn curves_and_losses_lie_beside_the_records() {
    let all = [record("dm", 1, &[0.3, 0.4], same), record("dsa", 1, &[0.3], same), record("mtt", 1, &[0.3], same)];
    let (_folder, store) = store(&all);
    let write = |path: std::path::PathBuf, text: &str| {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    assert!(refused(read::iterations(&store, &all)).contains("none of 3 has a curve or a log beside it"));
    write(store.curve_path(&all[0].cell), "iteration,mean,std,students\n0,11.24,,1\n300,25.84,0.62,5\n");
    let step = |step: usize, loss: f64| {
        format!("{{\"event\":\"step\",\"stage\":\"distil\",\"step\":{step},\"loss\":{loss}}}\n")
    };
    let log = step(0, 3.0) + &step(1, 9.0) + &step(1, 2.0) + "{\"event\":\"epoch\",\"loss\":1.0}\n{\"event\":\"st";
    write(store.log_path(&all[1].cell), &log);
    let values = read::iterations(&store, &all).unwrap();
    assert_eq!(values.runs.iter().map(|run| run.name.as_str()).collect::<Vec<_>>(), ["dm", "dsa"]);
    let last = Checkpoint { iteration: 300, mean: 0.2584, std: Some(0.0062) };
    assert_eq!(values.runs[0].accuracy[1], last);
    assert_eq!(values.runs[1].loss, [(0, 3.0), (1, 2.0)], "a step that was made twice counts once");
    assert_eq!(values.origin.sources.len(), 2, "mtt has nothing to show");
    write(store.curve_path(&all[0].cell), "iteration,mean,std,students\n0,much,,1\n");
    assert!(refused(read::iterations(&store, &all)).contains("compdd run --curve"));
}

#[test]
fn cost_is_read_from_timing_files_of_one_device() {
    let all = [record("dm", 1, &[0.3, 0.4], same), record("dsa", 1, &[0.5], same), record("mtt", 1, &[0.5], same)];
    let (_folder, store) = store(&all);
    let time = |record: &Record, device: &str, seconds: f64| {
        let timing = Timing { distill_seconds: Some(seconds), threads: Some(2), ..Timing::new(&record.id, device) };
        store.save(record, Some(&timing)).unwrap();
    };
    assert!(
        refused(read::cost(&all, |record| store.timing(&record.cell), None))
            .contains("no distillation among 3 was timed")
    );
    time(&all[0], "cpu", 1800.0);
    time(&all[2], "cpu", 0.0);
    let values = read::cost(&all, |record| store.timing(&record.cell), None).unwrap();
    assert_eq!((values.points.len(), values.points[0].hours, values.device.as_str()), (1, 0.5, "cpu (2 threads)"));
    assert_eq!(values.origin.remarks, ["2 records without a time left out"]);
    time(&all[1], "NVIDIA H200", 60.0);
    assert!(
        refused(read::cost(&all, |record| store.timing(&record.cell), None))
            .contains("several devices: NVIDIA H200, cpu (2 threads) | choose with --timed-on")
    );
    assert_eq!(read::cost(&all, |record| store.timing(&record.cell), Some("NVIDIA")).unwrap().points[0].name, "dsa");
}

#[test]
fn networks_are_columns_and_what_nobody_measured_is_empty() {
    let on =
        |method: &str, network: &str, scores: &[f64]| record(method, 1, scores, |cell| cell.network = network.into());
    let all = [on("dm", "vgg11", &[0.2]), on("dm", "convnet-d3", &[0.3]), on("edf", "vgg11", &[0.4])];
    let values = read::across_networks(&all).unwrap();
    assert_eq!(
        (values.methods, values.networks),
        (vec!["dm".to_owned(), "edf".into()], vec!["convnet-d3".to_owned(), "vgg11".into()])
    );
    assert_eq!(values.means, [[Some(0.3), Some(0.2)], [None, Some(0.4)]]);
}

#[test]
fn tables_of_classes_become_groups() {
    let folder = tempfile::tempdir().unwrap();
    let table = |name: &str, values: [f64; 2]| {
        let path = folder.path().join(name);
        fs::write(&path, format!("synset,label,complexity_0.5\na,A,{}\nb,B,{}\n", values[0], values[1])).unwrap();
        path
    };
    let files = [table("images-one-s0.csv", [0.25, 0.5]), table("images-two-s0.csv", [0.75, 1.0])];
    let values = read::spread(&files, 0.5, &Grouping::File).unwrap();
    let names: Vec<&str> = values.groups.iter().map(|group| group.name.as_str()).collect();
    assert_eq!((names, values.groups[1].values.as_slice()), (vec!["one-s0", "two-s0"], [0.75, 1.0].as_slice()));
    assert_eq!((values.origin.setting.as_slice(), values.origin.sources.len()), (["images".to_owned()].as_slice(), 2));
    let lists = Categories::new([("x".to_owned(), vec!["b".to_owned()]), ("y".to_owned(), vec!["c".to_owned()])]);
    let of_lists = read::spread(&files[..1], 0.5, &Grouping::Lists(lists)).unwrap();
    assert_eq!((of_lists.groups.len(), of_lists.groups[0].values.as_slice()), (1, [0.5].as_slice()));
    assert!(refused(read::spread(&files, 0.9, &Grouping::File)).contains("thresholds in the file: [0.5]"));
    assert!(refused(read::spread(&files, 0.5, &Grouping::Class)).contains("--by is for a single file of scores"));
    assert!(
        refused(read::spread(&files[..1], 0.5, &Grouping::Class))
            .contains("--by class is for files of scores (.parquet)")
    );
    fs::write(&files[0], "synset,complexity_0.5\na,x\n").unwrap();
    assert!(refused(read::spread(&files, 0.5, &Grouping::File)).contains("no number in `complexity_0.5`"));
}

/// A pruned record: the rule, and its seed.
fn pruned(rule: &str, seed: u64, scores: &[f64]) -> Record {
    let rule = rule.parse().unwrap();
    record("dm", 1, scores, |cell| {
        (cell.pruning, cell.seed) = (Some(Pruning::new(rule, &[0, 1, 2])), seed);
    })
}

#[test]
fn a_share_is_harmless_within_a_deviation_of_the_whole() {
    let whole = |seed: u64, scores: &[f64]| record("dm", 1, scores, |cell| cell.seed = seed);
    // Sets of 0.28, 0.30 and 0.32: mean 0.30, deviation 0.02.
    let mut records = vec![whole(0, &[0.27, 0.29]), whole(1, &[0.30, 0.30]), whole(2, &[0.31, 0.33])];
    records.extend([pruned("loss:0.5", 0, &[0.29]), pruned("loss:0.9", 0, &[0.25]), pruned("loss:0.9", 1, &[0.29])]);
    records.extend([
        pruned("loss:0.95", 0, &[0.4]),
        pruned("loss:0.2..0.3", 0, &[0.1]),
        pruned("random:0.5", 0, &[0.279]),
    ]);
    let values = read::pruning(&records).unwrap();
    assert_eq!((values.of, values.whole.0.len()), ("sets", 3));
    assert!((values.whole.mean() - 0.30).abs() < 1e-12 && (values.whole.deviation().unwrap() - 0.02).abs() < 1e-12);
    let names: Vec<&str> = values.curves.iter().map(|curve| curve.name.as_str()).collect();
    assert_eq!(names, ["loss:0.2..0.3", "loss:high", "random:high"]);
    let loss = &values.curves[1];
    let verdicts: Vec<(f64, usize, bool)> =
        loss.points.iter().map(|point| (point.removed, point.repeats.0.len(), point.harmless)).collect();
    assert_eq!(verdicts, [(0.5, 1, true), (0.9, 2, false), (0.95, 1, true)]);
    assert_eq!(loss.largest_harmless().unwrap().removed, 0.95);
    assert!(values.curves[2].largest_harmless().is_none());
    let table = harmless_grid(&values).write(crate::report::grid::Format::Term);
    assert!(table.contains("loss:high: 95 % is the largest") && table.contains("random:high: no share"), "{table}");
    assert!(pruning_chart(&values).unwrap().shapes.len() > 10);
    // One set: its students are the repetitions.
    let one = read::pruning(&[whole(0, &[0.27, 0.29]), pruned("loss:0.5", 0, &[0.27, 0.28])]).unwrap();
    assert_eq!((one.of, one.whole.0.len(), one.curves[0].points[0].harmless), ("students", 2, true));
}

#[test]
fn a_curve_needs_one_method_with_and_without_pruning() {
    let whole = || record("dm", 1, &[0.3, 0.3], same);
    assert!(refused(read::pruning(&[whole()])).contains("--prune"));
    assert!(refused(read::pruning(&[pruned("loss:0.5", 0, &[0.3])])).contains("without --prune"));
    let other = record("dsa", 1, &[0.3], same);
    assert!(refused(read::pruning(&[whole(), pruned("loss:0.5", 0, &[0.3]), other])).contains("--method"));
    let changed = with_recipe("dm", 1, &[0.3], json!({"draws": 2}), same);
    assert!(refused(read::pruning(&[whole(), pruned("loss:0.5", 0, &[0.3]), changed])).contains("--shipped"));
}
