//! `compdd method`: the registry, and recipes to start from.

use std::process::ExitCode;

use clap::Subcommand;
use compdd::{
    methods,
    recipe::{self, Recipe, RecipeRequest},
};

use super::ui::{self, Outcome};

#[derive(Subcommand)]
pub enum MethodCommand {
    /// List the methods
    List,
    /// Print the complete recipe of a method as TOML, for a cell
    Recipe {
        /// Name of the method
        method: String,
        /// Subset that the recipe is for
        #[arg(long, default_value = "cifar10")]
        subset: String,
        /// Images per class
        #[arg(long, default_value_t = 1)]
        ipc: usize,
        /// Budget
        #[arg(long, default_value = "paper", value_parser = ["paper", "quick", "smoke"])]
        budget: String,
        /// Where paper and released code differ
        #[arg(long, default_value = "paper", value_parser = ["paper", "released"])]
        fidelity: String,
    },
}

impl MethodCommand {
    pub fn execute(self) -> Outcome {
        match self {
            Self::List => {
                let rows: Vec<_> =
                    recipe::methods().iter().map(|m| vec![m.slug.to_owned(), m.summary.to_owned()]).collect();
                ui::show(&ui::table(&["method", "what it is"], &rows));
            }
            Self::Recipe { method, subset, ipc, budget, fidelity } => {
                let method = methods::find(&method)?;
                let subset = compdd::subset::Subset::find(&subset)?;
                let request = RecipeRequest {
                    subset: &subset.slug,
                    ipc,
                    budget: &budget,
                    fidelity: &fidelity,
                    resolution: subset.default_resolution(),
                };
                let recipe = Recipe::resolve(method, None, &[], &request)?;
                ui::show(recipe.to_toml(method.slug()).trim_end());
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
