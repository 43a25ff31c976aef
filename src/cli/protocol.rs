//! `compdd protocol`: what the protocols say, in general and for a set.

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand};
use compdd::{
    nn::NetworkSpec,
    protocol::{Fit, Protocol},
    recipe,
    record::{Budget, Bundle, value_of},
    subset::Subset,
};
use serde_json::json;

use super::{
    scoring::BudgetArg,
    ui::{self, Outcome},
};

#[derive(Subcommand)]
pub enum ProtocolCommand {
    /// List the protocols
    List,
    /// Print the settings of a protocol as JSON, in general or as they are for a bundle and a network
    Show(ShowArgs),
}

#[derive(Args)]
#[command(
    after_help = "Settings that have the value of no-kd@1 may be left out, as in records; schemas/record.schema.json lists them all."
)]
pub struct ShowArgs {
    /// Name of the protocol
    #[arg(value_parser = named)]
    protocol: &'static Protocol,
    /// Bundle that is scored: what depends on the set is as it is for this one
    #[arg(long)]
    bundle: Option<PathBuf>,
    /// Network that is trained [default: the usual one of the bundle's resolution]
    #[arg(long, requires = "bundle")]
    network: Option<String>,
    /// Budget
    #[arg(long, default_value = "paper")]
    budget: BudgetArg,
}

impl ProtocolCommand {
    pub fn execute(self) -> Outcome {
        match self {
            Self::List => {
                let rows: Vec<_> = Protocol::all().iter().map(|it| vec![it.id.clone(), it.summary.clone()]).collect();
                ui::show(&ui::table(&["protocol", "what it is"], &rows));
            }
            Self::Show(args) => args.show()?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl ShowArgs {
    fn show(self) -> Result<(), ui::Failure> {
        let protocol = self.protocol;
        let budget = Budget::from(self.budget);
        let scoring = match self.bundle {
            None => protocol.scoring(budget),
            Some(path) => {
                let manifest = Bundle::info(&path)?.manifest;
                let name = self.network.as_deref().unwrap_or_else(|| Subset::network_at(manifest.shape[2]));
                let slug = manifest.subset.split_once('@').map_or(&*manifest.subset, |(slug, _)| slug);
                let fit = Fit {
                    subset: slug,
                    classes: manifest.classes.len(),
                    ipc: Some(manifest.ipc),
                    network: &NetworkSpec::parse(name)?.slug(),
                    tiles: recipe::tiles(&manifest.recipe),
                };
                protocol.fitted(budget, &fit)?
            }
        };
        let whole = json!({
            "id": protocol.id,
            "summary": protocol.summary,
            "hash": protocol.hash(),
            "budget": budget.to_string(),
            "scoring": value_of(&scoring),
        });
        ui::show(&format!("{whole:#}"));
        Ok(())
    }
}

fn named(text: &str) -> Result<&'static Protocol, String> {
    Protocol::named(text).map_err(|error| {
        let help = miette::Diagnostic::help(&error).map(|help| format!("; {help}")).unwrap_or_default();
        format!("{error}{help}")
    })
}
