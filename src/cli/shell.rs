//! `compdd completions` and `compdd man`: the command line as shells and `man` know it.

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Command, CommandFactory as _, builder::PossibleValuesParser};
use clap_complete::Shell;
use compdd::{files::IoError, nn, protocol::Protocol, recipe, subset::Subset};

use super::ui::{self, Outcome};

#[derive(Args)]
#[command(after_help = "Examples:
  compdd completions bash > ~/.local/share/bash-completion/completions/compdd
  compdd completions zsh > ~/.zfunc/_compdd
  compdd completions fish > ~/.config/fish/completions/compdd.fish
  compdd completions powershell >> $PROFILE")]
pub struct CompletionsArgs {
    /// Shell that reads them
    shell: Shell,
}

#[derive(Args)]
#[command(after_help = "Example:\n  compdd man ~/.local/share/man/man1 && man compdd-run")]
pub struct ManArgs {
    /// Folder of the pages, one a command; made where it is not there
    folder: PathBuf,
}

impl CompletionsArgs {
    #[allow(clippy::unnecessary_wraps)] // every command ends in an `Outcome`
    pub fn execute(self) -> Outcome {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut with_names(super::Cli::command()), "compdd", &mut script);
        ui::show(String::from_utf8_lossy(&script).trim_end());
        Ok(ExitCode::SUCCESS)
    }
}

impl ManArgs {
    pub fn execute(self) -> Outcome {
        std::fs::create_dir_all(&self.folder).map_err(IoError::at("make", &self.folder))?;
        clap_mangen::generate_to(super::Cli::command().disable_help_subcommand(true), &self.folder)
            .map_err(IoError::at("write", &self.folder))?;
        ui::say(&format!("pages in {}", self.folder.display()));
        Ok(ExitCode::SUCCESS)
    }
}

/// The command line with the names that its arguments may have: for completion alone, as more names are read than these (versions, variants of
/// networks, lists in files).
fn with_names(command: Command) -> Command {
    let command = command.mut_args(|argument| match names(argument.get_id().as_str()) {
        Some(names) => argument.value_parser(PossibleValuesParser::new(names)),
        None => argument,
    });
    command.mut_subcommands(with_names)
}

/// What an argument of this name may be called.
fn names(argument: &str) -> Option<Vec<&'static str>> {
    let leaked = |name: String| &*name.leak(); // the process ends with the script
    Some(match argument {
        "method" => recipe::methods().iter().map(|method| method.slug).collect(),
        "subset" | "subsets" => Subset::all().into_iter().map(|subset| leaked(subset.slug)).collect(),
        "network" | "networks" | "eval_networks" => {
            nn::known().into_iter().map(|known| leaked(known.slug.to_owned())).collect()
        }
        "protocol" => Protocol::names().collect(),
        _ => return None,
    })
}
