//! The rules about one record.

use super::finding::Notes;
use crate::{
    board::Rules,
    methods,
    protocol::Scoring,
    recipe::{Recipe, RecipeRequest},
    record::{Budget, Flag, KnownSubsets, Record, hash},
};

/// What records are held against, worked out once.
#[derive(Default)]
pub(super) struct Rulebook {
    pub subsets: KnownSubsets,
    pub protocols: Rules,
}

/// Flags that send a result to the open division.
const OPEN: [Flag; 4] = [Flag::ChangedRecipe, Flag::GivenExperts, Flag::Imported, Flag::SkippedFiles];

/// Effort, students, selection, protocol.
pub(super) fn check(record: &Record, rules: &Rulebook, notes: &mut Notes<'_>) {
    let cell = &record.cell;
    if cell.budget != Budget::Paper {
        let what = format!("the budget is reduced: `{}`, not `paper`", cell.budget);
        notes.error(what, "run the cell with --budget paper; a reduced budget is for trying things out");
    } else if record.flags.contains(&Flag::ReducedBudget) {
        notes.error("the set was made with a reduced budget", "distil it again with --budget paper");
    }
    let students = record.students.len();
    if students < Record::ENOUGH_STUDENTS {
        let what = format!("{students} students; a submission needs {} or more", Record::ENOUGH_STUDENTS);
        notes.error(what, "score with --seeds 5 or more");
    }
    let seeds: Vec<u64> = record.students.iter().map(|student| student.seed).collect();
    if seeds != Scoring::seeds(cell.seed, students) {
        notes.error(
            format!("the students' seeds are not the first {students} of run seed {}", cell.seed),
            "hand in every student of a run in order; leaving some out is choosing by test accuracy",
        );
    }
    if record.flags.contains(&Flag::BestOnTest) {
        notes.error("the checkpoint was chosen by its test accuracy", "score the last epoch");
    }
    if let Some(reason) = rules.protocols.protocol(record) {
        notes.error(reason, "score the bundle with a built-in protocol: `compdd eval BUNDLE --protocol no-kd`");
    }
    if let Some(what) = rules.protocols.method(record) {
        notes.warning(what, "it will be shown in the open division: neither its recipe nor its cost can be checked");
    }
    let first = record.students.first().map(|student| student.accuracy);
    if students >= 3 && record.students.iter().all(|student| Some(student.accuracy) == first) {
        notes.warning("all students have the same accuracy", "a person will look at it: score the set again");
    }
    if changed(record) && !OPEN[..3].iter().any(|flag| record.flags.contains(flag)) {
        notes.warning(
            format!("the recipe is not the one that this version ships for `{}`", cell.method),
            "run the cell again without --set and --recipe, or say which version of compdd made it",
        );
    }
    for flag in OPEN.into_iter().filter(|flag| record.flags.contains(flag)) {
        notes.warning(flag.meaning(), "it will be shown in the open division, with this reason");
    }
}

/// Whether the recipe of a method that is known here differs from the one that is shipped, but for the observer that every run has of its
/// own. Of other methods there is none to compare with.
fn changed(record: &Record) -> bool {
    let cell = &record.cell;
    let (Ok(method), Some((subset, _))) = (methods::find(&cell.method), cell.subset.split_once('@')) else {
        return false;
    };
    let (budget, fidelity) = (cell.budget.to_string(), cell.fidelity.to_string());
    let (ipc, resolution) = (cell.ipc, cell.resolution);
    let request = RecipeRequest { subset, ipc, budget: &budget, fidelity: &fidelity, resolution };
    Recipe::resolve(method, None, &[], &request).is_ok_and(|shipped| {
        let mut shipped = shipped.to_json();
        if let (Some(observer), Some(own)) = (shipped.get_mut(Recipe::OBSERVER), record.recipe.get(Recipe::OBSERVER)) {
            *observer = own.clone();
        }
        hash::value(&shipped) != cell.recipe_hash
    })
}
