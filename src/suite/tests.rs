//! Plans without any process: which cells, in which order, with which addresses.

use super::{Contents, Entry, Filter, Folder, Plan, Rates, Row, State, Status, Suite, SuiteError, built_in, find};
use crate::{
    files::Lock,
    paper,
    pruning::Pruning,
    record::Store,
    run::Content,
    suite::{Class, entry::slug},
};
use std::path::Path;

const TWO: &str = r#"
name = "two"
summary = "for tests"

[[matrix]]
group = "small"
method = ["random", "mtt", "full"]
subset = ["scenes-easy", "scenes-hard"]
ipc = [1, 10]
seed = [0, 1]
budget = "smoke"
set = [{}]
exclude = [{ method = "mtt", ipc = 10 }, { subset = "scenes-hard", seed = 1 }]

[[matrix]]
group = "again"
method = "random"
subset = "scenes-easy"
ipc = 1
budget = "smoke"
eval_networks = ["mlp"]
"#;

fn plan(text: &str) -> Result<Plan, SuiteError> {
    Plan::of(&Suite::parse(text, "test")?)
}

fn labels(entries: &[Entry]) -> Vec<String> {
    entries
        .iter()
        .map(|entry| format!("{} {}", slug(&entry.cell.subset), entry.label().replace(" no-kd", "")))
        .collect()
}

#[test]
fn matrices_become_cells_with_references_first() {
    let plan = plan(TWO).unwrap();
    let entries = plan.entries().unwrap();
    assert_eq!(entries.len(), plan.len());
    let found = labels(&entries);
    assert_eq!(found.len(), 3 + 6 + 3 + 1, "{found:#?}");
    assert!(entries[..3].iter().all(|entry| entry.cell.is_reference() && entry.after.is_empty()), "{found:#?}");
    assert!(entries[3..].iter().all(|entry| !entry.after.is_empty()), "{found:#?}");
    // Both seeds of the reference have the conditions of every cell of their subset.
    let easy = entries.iter().find(|entry| entry.cell.method == "random" && entry.cell.subset == "scenes-easy@1");
    assert_eq!(easy.unwrap().after, [0, 1]);
    assert!(!entries.iter().any(|entry| entry.cell.method == "mtt" && entry.cell.ipc == 10));
    // Seeds train experts of their own, numbers of images per class do not.
    assert_eq!(plan.shared().experts.len(), 3);
    assert_eq!(plan.shared().images.len(), 2);
    assert_eq!(entries.last().unwrap().also, ["mlp"]);
}

#[test]
fn selections_of_a_network_share_it() {
    let suite = |methods: &str, ipc: &str| {
        format!(
            "name = \"two\"\nsummary = \"selections\"\n[[matrix]]\ngroup = \"one\"\nmethod = {methods}\nsubset = \"scenes-easy\"\n\
             network = \"convnet-d3\"\nseed = [0, 1]\nipc = {ipc}\nbudget = \"smoke\"\n"
        )
    };
    let rates = Rates::of(&Store::new(Path::new("nowhere")), "cpu", 1).unwrap();
    let estimate = |plan: &Plan| rates.estimate(plan, plan.entries().unwrap().iter()).unwrap();
    let (one, six) = (
        plan(&suite("\"herding\"", "[1]")).unwrap(),
        plan(&suite("[\"herding\", \"k-center\"]", "[1, 2, 3]")).unwrap(),
    );
    assert_eq!([&one, &six].map(|plan| (plan.len(), plan.shared().features.len())), [(2, 2), (12, 2)], "one a seed");
    assert_eq!(estimate(&one).feature_hours, estimate(&six).feature_hours);
    assert!(estimate(&one).feature_hours > 0.0);
    // Another criterion wants everything noted in another training.
    assert_eq!(plan(&suite("[\"herding\", \"el2n\"]", "[1]")).unwrap().shared().features.len(), 4);
}

#[test]
fn an_address_is_what_a_run_with_the_same_flags_computes() {
    let plan = plan(TWO).unwrap();
    let content = Content { data: "ab".repeat(32), ..Content::default() };
    let root = tempfile::tempdir().unwrap();
    let folder = Folder::new(root.path(), &plan.id());
    for index in 0..plan.shared().images.len() {
        folder.pin("images", index, "images", &content.data).unwrap();
    }
    let contents = Contents::pinned(&folder, plan.shared()).unwrap();
    for entry in plan.entries().unwrap() {
        let run = entry.options(plan.shared(), crate::run::Places::here()).check().unwrap();
        let cells = entry.cells(plan.shared(), &contents).unwrap().unwrap();
        assert_eq!(run.cells(&content), cells, "{}", entry.label());
        assert_eq!(cells.len(), 1 + entry.also.len());
    }
}

#[test]
fn the_address_of_a_method_that_asks_a_teacher_holds_its_content() {
    let suite = format!(
        "{}{}",
        TWO.replace(
            "method = [\"random\", \"mtt\", \"full\"]",
            "method = \"rded\"\nteacher = \"own\"\nprotocol = \"kd-rded\"\nnetwork = \"convnet-d3-bn\""
        ),
        "\n[[teacher]]\nname = \"own\"\nepochs = 1\n"
    );
    let plan = plan(&suite).unwrap();
    let (root, entry) = (tempfile::tempdir().unwrap(), plan.entry(0).unwrap());
    let folder = Folder::new(root.path(), &plan.id());
    folder.pin("images", 0, "images", "ab").unwrap();
    let cells = |contents: &Contents| entry.cells(plan.shared(), contents).unwrap();
    assert_eq!(cells(&Contents::pinned(&folder, plan.shared()).unwrap()), None, "the teacher is not there yet");
    folder.pin("teacher", entry.teacher.unwrap(), "teacher", &"cd".repeat(32)).unwrap();
    let cell = cells(&Contents::pinned(&folder, plan.shared()).unwrap()).unwrap().remove(0);
    assert_eq!(cell.teacher, Some("cd".repeat(32)));
    assert_ne!(cell.recipe_hash, entry.cell.recipe_hash);
}

#[test]
fn several_teachers_are_asked_together_and_trained_one_by_one() {
    let matrix = "method = [\"gvbsm\", \"random\"]\nteacher = [\"own\", \"other\"]\nprotocol = \"no-kd\"\nnetwork = \"convnet-d3-bn\"";
    let suite = TWO.replace("method = [\"random\", \"mtt\", \"full\"]", matrix);
    let plan = plan(&format!("{suite}\n[[teacher]]\nname = \"own\"\nepochs = 1\n")).unwrap();
    let asking: Vec<_> = plan.entries().unwrap().into_iter().filter(|entry| entry.teacher.is_some()).collect();
    assert!(!asking.is_empty() && asking.iter().all(|entry| entry.cell.method == "gvbsm"), "random images ask none");
    for entry in &asking {
        let members = &plan.shared().teachers[entry.teacher.unwrap()].members;
        let trained: Vec<bool> = members.iter().map(|teacher| teacher.spec.is_some()).collect();
        assert_eq!((trained, members[1].name.as_str()), (vec![true, false], "other"));
        assert_eq!(entry.options(plan.shared(), crate::run::Places::here()).scoring.teachers.len(), 2);
    }
}

#[test]
fn a_list_of_teachers_is_one_prerequisite() {
    let matrix = "method = \"edc\"\nteacher = \"edc-cifar10\"\nprotocol = \"kd-edc\"";
    let plan = plan(&TWO.replace("method = [\"random\", \"mtt\", \"full\"]", matrix)).unwrap();
    let teachers = &plan.shared().teachers;
    assert_eq!(teachers.len(), 2, "one for the images of each subset");
    let entries = plan.entries().unwrap();
    let rates = Rates::of(&Store::new(Path::new("nowhere")), "cpu", 1).unwrap();
    let whole = rates.estimate(&plan, entries.iter()).unwrap();
    let one = rates.estimate(&plan, entries.iter().filter(|entry| entry.teacher == Some(0))).unwrap();
    assert!(one.teacher_hours > 0.0 && (whole.teacher_hours / one.teacher_hours - 2.0).abs() < 1e-9, "each list once");
    // The parameters of all eight, twice.
    assert_eq!(whole.teacher_bytes % 8, 0);
    assert!((100..120).contains(&(whole.teacher_bytes / 1_000_000)), "{}", whole.teacher_bytes);
    assert!(teachers.iter().all(|teachers| teachers.members.len() == 1 && teachers.members[0].list().is_some()));
}

#[test]
fn a_plan_is_the_same_file_again_and_notices_a_change() {
    let (root, plan) = (tempfile::tempdir().unwrap(), plan(TWO).unwrap());
    let folder = plan.keep(root.path()).unwrap();
    let read = Plan::read(&folder.plan()).unwrap();
    assert_eq!((read.text(), read.id(), read.shared()), (plan.text(), plan.id(), plan.shared()));
    assert_eq!(read.entries().unwrap(), plan.entries().unwrap());
    std::fs::write(folder.plan(), plan.text().replacen("\"ipc\":1,", "\"ipc\":2,", 1)).unwrap();
    assert!(matches!(Plan::read(&folder.plan()), Err(SuiteError::NotAPlan { .. })));
}

#[test]
fn what_is_wrong_with_a_suite_is_named() {
    let wrong = |from: &str, to: &str| plan(&TWO.replace(from, to)).unwrap_err().to_string();
    assert!(wrong("ipc = [1, 10]", "ipcs = 1").contains("ipcs"));
    let unknown = wrong("\"mtt\"", "\"mttt\"");
    assert!(unknown.contains("mttt on scenes-easy ipc 1 under no-kd"), "{unknown}");
    assert!(wrong("set = [{}]", "set = [{ no_such_key = 1 }]").contains("no_such_key"));
    assert!(wrong("name = \"two\"", "name = \"../two\"").contains("../two"));
    let none = "exclude = [{ budget = \"smoke\" }]";
    assert!(
        wrong("exclude = [{ method = \"mtt\", ipc = 10 }, { subset = \"scenes-hard\", seed = 1 }]", none)
            .contains("budget")
    );
}

#[test]
fn suites_that_ship_with_compdd_can_be_planned() {
    let suites = built_in().unwrap();
    let ids: Vec<String> = suites.iter().map(|suite| Plan::of(suite).unwrap().id()).collect();
    assert_eq!(ids.len(), 4);
    for (suite, id) in suites.iter().zip(ids) {
        assert!(id.starts_with(&format!("{}-", suite.name)));
        assert_eq!(Plan::of(suite).unwrap().id(), id, "planning twice gives one plan");
    }
}

#[test]
fn filters_choose_cells() {
    let entries = plan(TWO).unwrap().entries().unwrap();
    let count = |text: &str| {
        let filter = Filter::parse(text).unwrap();
        entries.iter().enumerate().filter(|(index, entry)| filter.accepts(*index, entry)).count()
    };
    assert_eq!([count(""), count("method=mtt"), count("method=mtt|full,seed=1")], [13, 3, 2]);
    assert_eq!([count("index=2-5"), count("index=0|12,group=again"), count("subset=scenes-hard,ipc=10")], [4, 1, 1]);
    assert!(["method", "colour=red", "index=first"].iter().all(|text| Filter::parse(text).is_err()));
}

#[test]
fn other_images_are_refused() {
    let (root, plan) = (tempfile::tempdir().unwrap(), plan(TWO).unwrap());
    let folder = Folder::new(root.path(), &plan.id());
    folder.pin("images", 0, "images of scenes-easy", "ab").unwrap();
    folder.pin("images", 0, "images of scenes-easy", "ab").unwrap();
    let refused = folder.pin("images", 0, "images of scenes-easy", "cd");
    assert!(matches!(refused, Err(SuiteError::OtherContent { .. })));
}

#[test]
fn a_row_says_how_a_cell_stands_and_its_lock_whether_somebody_lives() {
    let (root, plan) = (tempfile::tempdir().unwrap(), plan(TWO).unwrap());
    let folder = plan.keep(root.path()).unwrap();
    let entries = plan.entries().unwrap();
    let row = Row::begin(None);
    folder.keep(0, &row).unwrap();
    folder.keep(1, &row).unwrap();
    folder.keep(2, &row.ended(Class::Error, "no such thing")).unwrap();
    folder.keep(3, &row.ended(Class::Memory, "out of memory")).unwrap();
    let lock = Lock::take(&folder.lock_path(&entries[0].claim(plan.shared()))).unwrap();
    let states = || Status::of(&plan, &entries, &folder).unwrap().states;
    let stopped = State::Stopped(Class::Killed);
    let expected = [State::Running, stopped, State::Failed(Class::Error), State::Stopped(Class::Memory), State::Open];
    assert_eq!(states()[..5], expected);
    drop(lock);
    assert_eq!(states()[0], stopped);
    assert_eq!(super::retry(&plan, &folder, &Filter::default()).unwrap(), 1);
    assert_eq!(states()[2], State::Open);
    super::clean(&plan, &folder).unwrap();
    assert!(!folder.path().exists());
}

/// The suite of a table can be planned, and holds the cells that the table's commands would run.
#[test]
fn the_suite_of_every_published_table_can_be_planned() {
    let empty = tempfile::tempdir().unwrap();
    let records = paper::Records::open(&Store::new(empty.path()), &[]).unwrap();
    let mut cells = 0;
    for table in paper::all() {
        let answers = records.answers(table).unwrap();
        let suite = match find(&table.id) {
            Err(SuiteError::Empty { .. }) if paper::suite(table, &answers).is_none() => continue,
            suite => suite.unwrap_or_else(|error| panic!("{}: {error}", table.id)),
        };
        let plan = Plan::of(&suite).unwrap_or_else(|error| panic!("{}: {error}", table.id));
        let (runs, others): (Vec<_>, Vec<_>) =
            paper::missing(&answers).into_iter().partition(|command| command.starts_with("compdd run "));
        let shares = others.iter().any(|command| command.contains("compdd suite run"));
        assert!(plan.len() == runs.len() || shares && plan.len() > 40, "{}: {}", table.id, plan.len());
        cells += plan.len();
    }
    assert!(cells > 300, "{cells}");
}

/// Pruned cells are known as soon as somebody has looked which images are kept; those of random pruning for each seed, others for all.
#[test]
fn pruned_cells_wait_for_what_is_kept() {
    let rules =
        "prune = [\"random:0\", \"random:0.5\", \"loss:0.5\"]\nadaptive = { beta = 0.3, lazy = 10 }\nseed = [0, 1]\n";
    let matrix =
        "[[matrix]]\ngroup = \"pruned\"\nmethod = \"dm\"\nsubset = \"scenes-easy\"\nipc = 1\nbudget = \"smoke\"\n";
    let plan = plan(&format!("name = \"pruned\"\nsummary = \"for tests\"\n\n{matrix}{rules}")).unwrap();
    let (root, entries) = (tempfile::tempdir().unwrap(), plan.entries().unwrap());
    assert_eq!((entries.len(), plan.shared().prunings.len()), (6, 3), "loss has one for both seeds");
    assert_eq!(entries.iter().filter(|entry| entry.label().contains("without loss:0.5:high")).count(), 2);
    let folder = Folder::new(root.path(), &plan.id());
    folder.pin("images", 0, "images", "ab").unwrap();
    let known = || {
        let contents = Contents::pinned(&folder, plan.shared()).unwrap();
        let cells = entries.iter().map(|entry| entry.cells(plan.shared(), &contents).unwrap());
        cells.collect::<Vec<_>>()
    };
    assert_eq!(known().iter().flatten().count(), 2, "those that leave out none");
    for entry in &entries {
        let Some(rule) = entry.prune else { continue };
        let content = Content { data: "ab".into(), pruning: Some(Pruning::new(rule, &[0, 1])), teacher: None };
        Contents::pin(&folder, plan.shared(), entry, &content).unwrap();
    }
    let cells = known();
    for (entry, cells) in entries.iter().zip(cells) {
        let run = entry.options(plan.shared(), crate::run::Places::here()).check().unwrap();
        let pruning = entry.prune.map(|rule| Pruning::new(rule, &[0, 1]));
        assert_eq!(run.cells(&Content { data: "ab".into(), pruning, teacher: None }), cells.unwrap());
    }
    let other =
        Content { data: "ab".into(), pruning: Some(Pruning::new("loss:0.5".parse().unwrap(), &[0])), teacher: None };
    let last = entries.iter().find(|entry| entry.label().contains("loss")).unwrap();
    assert!(matches!(Contents::pin(&folder, plan.shared(), last, &other), Err(SuiteError::OtherContent { .. })));
}
