//! `compdd network`: what networks there are and what they are made of.

use std::process::ExitCode;

use clap::Subcommand;
use compdd::nn::NetworkSpec;

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
