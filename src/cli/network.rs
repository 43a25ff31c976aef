//! `compdd network`: what networks there are and what they are made of.

use std::process::ExitCode;

use clap::Subcommand;
use compdd::nn::{self, NetworkSpec};

use super::ui::{self, Outcome};

#[derive(Subcommand)]
pub enum NetworkCommand {
    /// List the networks and how their variants are spelled
    List,
    /// Print layers, output shapes and parameter counts
    Show {
        /// Slug, such as convnet-d3 or resnet18-imagenet-in
        network: String,
        /// Side of the images in pixels
        #[arg(long, default_value_t = 32)]
        res: usize,
        /// Number of classes
        #[arg(long, default_value_t = 10)]
        classes: usize,
    },
}

impl NetworkCommand {
    pub fn execute(self) -> Outcome {
        match self {
            Self::List => {
                let rows: Vec<_> =
                    nn::known().iter().map(|known| vec![known.slug.to_owned(), known.summary.to_owned()]).collect();
                ui::show(&ui::table(&["network", "what it is"], &rows));
            }
            Self::Show { network, res, classes } => show(&network, res, classes)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn show(slug: &str, resolution: usize, classes: usize) -> Result<(), ui::Failure> {
    let network = NetworkSpec::parse(slug)?.build(3, resolution, classes)?;
    let rows: Vec<_> = network
        .describe()
        .into_iter()
        .map(|row| {
            let indent = "  ".repeat(row.depth);
            let count = if row.parameters == 0 { String::new() } else { row.parameters.to_string() };
            vec![format!("{indent}{}", row.kind), row.name, row.output.to_string(), count]
        })
        .collect();
    ui::show(&ui::table(&["layer", "name", "output", "parameters"], &rows));
    ui::show(&format!(
        "{} at {resolution} px, {classes} classes: {} parameters",
        network.spec(),
        network.parameter_count()
    ));
    Ok(())
}
