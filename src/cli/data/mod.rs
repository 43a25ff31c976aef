//! `compdd data`: the images themselves: what a folder is, the cache, and pictures to try things with.

mod cache;
mod export;
mod inspect;
mod prepare;
mod scenes;

use clap::Subcommand;

use super::ui::Outcome;

#[derive(Subcommand)]
pub enum DataCommand {
    /// Say what a folder is, which subsets it can serve, and what is missing or wrong
    Inspect(inspect::InspectArgs),
    /// Decode the images of subsets into the cache ahead of time
    Prepare(Box<prepare::PrepareArgs>),
    /// The cache of decoded images: list, verify or prune it
    #[command(subcommand)]
    Cache(cache::CacheCommand),
    /// Write the images of a subset, as a run sees them, for another tool
    Export(Box<export::ExportArgs>),
    /// Write the built-in scenes as a folder of images, to try what is meant for real ones
    MakeScenes(scenes::MakeScenesArgs),
}

impl DataCommand {
    pub fn execute(self) -> Outcome {
        match self {
            Self::Inspect(args) => args.execute(),
            Self::Prepare(args) => args.execute(),
            Self::Cache(command) => command.execute(),
            Self::Export(args) => args.execute(),
            Self::MakeScenes(args) => args.execute(),
        }
    }
}
