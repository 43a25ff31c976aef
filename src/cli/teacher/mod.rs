//! `compdd teacher`: networks that are asked for maps and labels.

mod import;
mod shelf;
mod train;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, Subcommand};
use compdd::{
    nn::{Network, NetworkSpec},
    run::Places,
    subset::Subset,
    teachers::{Score, Teacher},
};

use super::{
    run::PlaceArgs,
    ui::{self, Outcome},
};

#[derive(Subcommand)]
pub enum TeacherCommand {
    /// Train a teacher on the real images of a subset
    Train(Box<train::TrainArgs>),
    /// Take in the weights of torchvision (resnet18, resnet50, vgg11) or of another program
    Import(Box<import::ImportArgs>),
    /// List the teachers
    List(shelf::ListArgs),
    /// List the teachers that are trained when they are asked: those of papers
    Lists,
    /// Show the card of a teacher
    Show(shelf::ShowArgs),
    /// Compare the files of teachers with their cards
    Verify(shelf::VerifyArgs),
}

impl TeacherCommand {
    pub fn execute(self) -> Outcome {
        match self {
            Self::Train(args) => args.execute(),
            Self::Import(args) => args.execute(),
            Self::List(args) => args.execute(),
            Self::Lists => {
                shelf::lists();
                Ok(ExitCode::SUCCESS)
            }
            Self::Show(args) => args.execute(),
            Self::Verify(args) => args.execute(),
        }
    }
}

#[derive(Args)]
pub struct ShelfArgs {
    /// Where teachers are [default: RESULTS/teachers]
    #[arg(long, value_name = "DIR")]
    teachers_dir: Option<PathBuf>,
    #[command(flatten)]
    place: PlaceArgs,
}

impl ShelfArgs {
    /// Where teachers are, and the places.
    pub fn resolve(self) -> Result<(PathBuf, Places), ui::Failure> {
        let places = self.place.resolve()?;
        Ok((self.teachers_dir.unwrap_or_else(|| places.results.join("teachers")), places))
    }
}

fn network(spec: &NetworkSpec, resolution: usize, subset: &Subset) -> Result<Network, ui::Failure> {
    Ok(spec.build(3, resolution, subset.classes_len())?)
}

/// A teacher by the name it has below `root`, or by its folder.
pub fn place(root: &Path, name: &Path) -> PathBuf {
    let below = root.join(name);
    if below.is_dir() || !name.exists() { below } else { name.to_owned() }
}

fn name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

fn teachers_of(count: usize) -> String {
    if count == 1 { "1 teacher".to_owned() } else { format!("{count} teachers") }
}

fn percent(score: Option<&Score>) -> String {
    score.map_or_else(String::new, |score| format!("{:.2} %", score.accuracy.percent()))
}

/// The folder on standard output, what the teacher is worth on standard error.
fn report(teacher: &Teacher) {
    ui::show(&teacher.path().display().to_string());
    let card = teacher.card();
    for (score, what) in [(&card.heldout, "held-out"), (&card.test, "test")] {
        if let Some(score) = score {
            let share = percent(Some(score));
            ui::say(&format!("{share} of {} {what} images of {}", score.images, score.subset));
        }
    }
}
