//! `compdd subset`: the class lists, and whether a folder of images holds them.

use std::process::ExitCode;

use clap::Subcommand;
use compdd::{data, subset::Subset};

use super::{
    lists::{BuildArgs, DiffArgs},
    run::PlaceArgs,
    ui::{self, Outcome},
};

#[derive(Subcommand)]
pub enum SubsetCommand {
    /// List every subset
    List,
    /// Print the classes of a subset, in label order, with its errata
    Show {
        /// Slug, id or alias, such as bird-hard or bird-hard@1
        subset: String,
    },
    /// Count the images of a subset in a folder and compare them with the known counts
    Verify {
        /// Slug, id or alias
        subset: String,
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Rank the classes of categories by complexity, and write the easiest and the hardest as lists
    Build(BuildArgs),
    /// Say how far two files of lists agree, or one and the published lists
    Diff(DiffArgs),
}

impl SubsetCommand {
    pub fn execute(self) -> Outcome {
        match self {
            Self::List => Ok(list()),
            Self::Show { subset } => show(&Subset::find(&subset)?),
            Self::Verify { subset, place } => verify(&Subset::find(&subset)?, place),
            Self::Build(args) => args.execute(),
            Self::Diff(args) => args.execute(),
        }
    }
}

fn list() -> ExitCode {
    let rows: Vec<_> = Subset::all()
        .iter()
        .map(|subset| {
            let classes = match (subset.classes_len(), subset.distinct_classes()) {
                (all, distinct) if all == distinct => all.to_string(),
                (all, distinct) => format!("{all} ({distinct} distinct)"),
            };
            vec![
                subset.id(),
                classes,
                subset.default_resolution().to_string(),
                subset.family.title().to_owned(),
                subset.aliases().join(" "),
            ]
        })
        .collect();
    ui::show(&ui::table(&["subset", "classes", "px", "family", "also called"], &rows));
    ExitCode::SUCCESS
}

#[allow(clippy::unnecessary_wraps)] // every command ends in an `Outcome`
fn show(subset: &Subset) -> Outcome {
    say_notes(subset);
    let rows: Vec<_> = subset
        .classes
        .iter()
        .enumerate()
        .map(|(label, class)| {
            let index = class.index.map_or_else(String::new, |index| index.to_string());
            vec![label.to_string(), class.synset.clone(), index, class.label.clone()]
        })
        .collect();
    ui::show(&ui::table(&["label", "synset", "index", "name"], &rows));
    Ok(ExitCode::SUCCESS)
}

fn verify(subset: &Subset, place: PlaceArgs) -> Outcome {
    say_notes(subset);
    let counts = data::verify(subset, &place.resolve()?.data.roots)?;
    let number = |count: Option<usize>| count.map_or_else(|| "missing".to_owned(), |count| count.to_string());
    let known = |count: Option<usize>| count.map_or_else(|| "?".to_owned(), |count| count.to_string());
    let incomplete = counts.iter().filter(|count| !count.is_complete()).count();
    let rows: Vec<_> = counts
        .iter()
        .map(|count| {
            vec![
                if count.is_complete() { "ok" } else { "DIFFERS" }.to_owned(),
                count.synset.clone(),
                count.label.clone(),
                format!("{} / {}", number(count.train), known(count.expected_train)),
                format!("{} / {}", number(count.test), known(count.expected_test)),
            ]
        })
        .collect();
    ui::show(&ui::table(&["", "synset", "name", "train / known", "test / known"], &rows));
    if incomplete == 0 {
        ui::say(&format!("{}: every class is there", subset.id()));
        Ok(ExitCode::SUCCESS)
    } else {
        ui::say(&format!("{}: {incomplete} of {} classes differ from the known counts", subset.id(), counts.len()));
        Ok(ExitCode::FAILURE)
    }
}

/// Errata and remarks, on standard error so that tables stay tables.
pub fn say_notes(subset: &Subset) {
    for note in &subset.notes {
        ui::say(&format!("note: {}: {note}", subset.id()));
    }
}
