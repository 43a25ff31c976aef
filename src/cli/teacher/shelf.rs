//! `compdd teacher list`, `lists`, `show` and `verify`.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use compdd::{
    record::{hash, value_of},
    teachers::{self, Card, Origin, Teacher, TeacherList},
};
use miette::Diagnostic as _;

use super::{
    super::ui::{self, Outcome},
    ShelfArgs, name, percent, place, teachers_of,
};

#[derive(Args)]
pub struct ListArgs {
    #[command(flatten)]
    shelf: ShelfArgs,
}

impl ListArgs {
    pub fn execute(self) -> Outcome {
        let (root, _) = self.shelf.resolve()?;
        let mut rows = Vec::new();
        for path in teachers::list(&root)? {
            match Card::read(&path) {
                Ok(card) => rows.push(vec![
                    name(&path),
                    card.subset.clone(),
                    card.network.clone(),
                    card.input[2].to_string(),
                    card.pixels.kind.clone(),
                    origin(&card),
                    percent(card.heldout.as_ref()),
                    percent(card.test.as_ref()),
                ]),
                Err(error) => ui::say(&format!("note: {error}")),
            }
        }
        let header = ["teacher", "subset", "network", "px", "pixels", "made by", "held out", "test"];
        ui::show(&ui::table(&header, &rows));
        Ok(ExitCode::SUCCESS)
    }
}

/// Those that ship with compdd, with networks and training below each.
pub fn lists() {
    for list in TeacherList::all() {
        ui::show(&format!("{}: {}", list.name, list.summary));
        ui::show(&format!("  {}", list.networks.join(", ")));
        ui::show(&format!("  {}", list.training.recipe()));
    }
}

fn origin(card: &Card) -> String {
    match &card.origin {
        Origin::Trained { recipe, .. } => format!("{} epochs", recipe.plan.epochs),
        Origin::Imported { file, .. } => format!("import of {file}"),
    }
}

#[derive(Args)]
pub struct ShowArgs {
    /// Name or folder of the teacher
    teacher: PathBuf,
    #[command(flatten, next_help_heading = "Places")]
    shelf: ShelfArgs,
}

impl ShowArgs {
    pub fn execute(self) -> Outcome {
        let (root, _) = self.shelf.resolve()?;
        let path = place(&root, &self.teacher);
        let card = Card::read(&path)?;
        let (classes, [channels, height, width]) = (card.classes.len(), card.input);
        let decode = &card.decode;
        let filter = if decode.antialias { "antialiased" } else { "without antialiasing" };
        let resize = value_of(&decode.resize);
        let mut rows = vec![
            ("teacher", name(&path)),
            ("network", format!("{}, {} parameters", card.network, card.parameters)),
            ("subset", format!("{}, {classes} classes: {}", card.subset, first(&card.classes))),
            ("input", format!("{channels}x{height}x{width}, {} {filter}", resize.as_str().unwrap_or_default())),
            ("pixels", format!("{}, mean {:?}, std {:?}", card.pixels.kind, card.pixels.mean, card.pixels.std)),
        ];
        match &card.origin {
            Origin::Trained { recipe, images, epoch, train_loss, .. } => {
                rows.push(("training", recipe.to_string()));
                rows.push(("images", format!("{images}, loss of the last epoch {train_loss:.4}")));
                rows.push(("kept", format!("after epoch {epoch}")));
            }
            Origin::Imported { file, blake3 } => {
                rows.push(("imported", format!("{file}, BLAKE3 {}", hash::short(blake3))));
            }
        }
        for (what, score) in [("held out", &card.heldout), ("test", &card.test)] {
            if let Some(score) = score {
                rows.push((what, format!("{} of {} images of {}", percent(Some(score)), score.images, score.subset)));
            }
        }
        rows.push(("file", format!("{} bytes, BLAKE3 {}", card.bytes, hash::short(&card.blake3))));
        rows.push(("written by", format!("compdd {}", card.compdd)));
        rows.extend(card.notes.iter().map(|note| ("note", note.clone())));
        let lines: Vec<String> = rows.iter().map(|(what, text)| format!("{what:<10}  {text}")).collect();
        ui::show(&lines.join("\n"));
        Ok(ExitCode::SUCCESS)
    }
}

/// The first classes of many.
fn first(classes: &[String]) -> String {
    const SHOWN: usize = 10;
    let rest = if classes.len() > SHOWN { ", ..." } else { "" };
    format!("{}{rest}", classes[..classes.len().min(SHOWN)].join(", "))
}

#[derive(Args)]
pub struct VerifyArgs {
    /// Names or folders of teachers [default: all]
    teachers: Vec<PathBuf>,
    #[command(flatten, next_help_heading = "Places")]
    shelf: ShelfArgs,
}

impl VerifyArgs {
    pub fn execute(self) -> Outcome {
        let (root, _) = self.shelf.resolve()?;
        let folders = if self.teachers.is_empty() {
            teachers::list(&root)?
        } else {
            self.teachers.iter().map(|teacher| place(&root, teacher)).collect()
        };
        let mut damaged = 0;
        let mut rows = Vec::new();
        for path in &folders {
            let word = match Teacher::verify(path) {
                Ok(()) => "ok",
                Err(error) => {
                    damaged += 1;
                    ui::say(&format!("{error}"));
                    if let Some(help) = error.help() {
                        ui::say(&format!("  help: {help}"));
                    }
                    "DAMAGED"
                }
            };
            rows.push(vec![word.to_owned(), name(path)]);
        }
        ui::show(&ui::table(&["", "teacher"], &rows));
        let all = teachers_of(folders.len());
        if damaged == 0 {
            ui::say(&format!("{all}, all files are as they were written"));
            return Ok(ExitCode::SUCCESS);
        }
        ui::say(&format!("{damaged} of {all} damaged"));
        Ok(ExitCode::FAILURE)
    }
}
