//! `compdd data cache`.

use std::{process::ExitCode, time::SystemTime};

use clap::{Args, Subcommand};
use compdd::data::{Cache, Kept};

use super::super::{
    run::CacheArgs,
    ui::{self, Outcome},
};

#[derive(Subcommand)]
pub enum CacheCommand {
    /// List what is in it, the block that was used last first
    List(CacheArgs),
    /// Read everything in it; what is damaged is removed and made again by the next run
    Verify(CacheArgs),
    /// Remove what was not used for longest until it is within its size
    Prune(PruneArgs),
}

#[derive(Args)]
pub struct PruneArgs {
    /// Remove everything that no run has open
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    place: CacheArgs,
}

impl CacheCommand {
    pub fn execute(self) -> Outcome {
        match self {
            Self::List(place) => list(&place.resolve()?.0),
            Self::Verify(place) => verify(&place.resolve()?.0),
            Self::Prune(args) => {
                let (cache, limit) = args.place.resolve()?;
                prune(&cache, if args.all { 0 } else { limit })
            }
        }
    }
}

fn list(cache: &Cache) -> Outcome {
    let blocks = cache.blocks()?;
    let rows: Vec<Vec<String>> = blocks.iter().map(row).collect();
    ui::show(&ui::table(&["content", "size", "used", "", "images of"], &rows));
    ui::say(&format!("{}: {}, {}", cache.folder().display(), counted(blocks.len()), ui::size(total(&blocks))));
    Ok(ExitCode::SUCCESS)
}

fn verify(cache: &Cache) -> Outcome {
    let damaged = cache.verify()?;
    for (block, reason) in &damaged {
        ui::show(&format!("{}: {reason}; removed, the next run makes it again", block.path.display()));
    }
    let left = cache.blocks()?;
    ui::say(&format!("{} read in full and sound, {} damaged", counted(left.len()), damaged.len()));
    Ok(if damaged.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn prune(cache: &Cache, limit: u64) -> Outcome {
    let removed = cache.prune(limit)?;
    let left = cache.blocks()?;
    let used = left.iter().filter(|block| block.in_use).count();
    ui::say(&format!(
        "removed {} ({}); {} left ({}), {used} of them in use",
        counted(removed.len()),
        ui::size(total(&removed)),
        counted(left.len()),
        ui::size(total(&left)),
    ));
    Ok(ExitCode::SUCCESS)
}

fn row(block: &Kept) -> Vec<String> {
    vec![
        block.content[..block.content.len().min(16)].to_owned(),
        ui::size(block.bytes),
        block.used.map_or_else(|| "?".to_owned(), age),
        if block.in_use { "in use" } else { "" }.to_owned(),
        block.titles.join("; "),
    ]
}

fn age(time: SystemTime) -> String {
    let seconds = time.elapsed().map_or(0, |age| age.as_secs());
    match seconds {
        0..120 => "just now".to_owned(),
        120..7200 => format!("{} min ago", seconds / 60),
        7200..172_800 => format!("{} h ago", seconds / 3600),
        _ => format!("{} days ago", seconds / 86400),
    }
}

fn total(blocks: &[Kept]) -> u64 {
    blocks.iter().map(|block| block.bytes).sum()
}

fn counted(blocks: usize) -> String {
    if blocks == 1 { "1 block".to_owned() } else { format!("{blocks} blocks") }
}
