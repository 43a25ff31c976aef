//! `compdd complexity truth`.

use std::{process::ExitCode, str::FromStr};

use clap::Args;
use compdd::{
    cam::{self, CamMethod, CamModel, Training},
    complexity::{Judge, Settings, Truth, both_worlds, truth},
    device::DeviceChoice,
    nn::NetworkSpec,
    subset::Subset,
};

use super::{
    super::{
        signals,
        ui::{self, Outcome},
    },
    percent,
};

#[derive(Args)]
#[command(
    after_help = "A network is trained on easy and hard scenes together; then every method of making maps, at every map of the
network with more than one pixel, ranks unseen pictures by complexity. `rho` is Spearman's rank correlation with the share of the
picture that is background. The same for a network that was never trained."
)]
pub struct TruthArgs {
    /// Network to train
    #[arg(long, default_value = "convnet-d3-w32")]
    network: String,
    /// Side of the pictures in pixels
    #[arg(long, default_value_t = 32, value_name = "PIXELS")]
    res: usize,
    /// Training pictures of each class of each world
    #[arg(long, default_value_t = 300, value_name = "N")]
    train_per_class: usize,
    /// Test pictures of each class of each world
    #[arg(long, default_value_t = 50, value_name = "N")]
    test_per_class: usize,
    /// Epochs of training
    #[arg(long, default_value_t = 10)]
    epochs: usize,
    /// Learning rate of the first half
    #[arg(long, default_value_t = 0.01)]
    learning_rate: f32,
    /// Seed of the network
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Threshold
    #[arg(long, default_value_t = 0.5)]
    threshold: f32,
    /// auto, cpu, cuda or cuda:N
    #[arg(long, default_value = "auto")]
    device: String,
}

impl TruthArgs {
    pub fn execute(self) -> Outcome {
        let stop = signals::stop_flag()?;
        let spec = NetworkSpec::parse(&self.network)?;
        let device = DeviceChoice::from_str(&self.device)?.open()?.device;
        let task = both_worlds(self.res, self.train_per_class)?;
        let mut rows = Vec::new();
        for epochs in [self.epochs, 0] {
            let training =
                Training { epochs, batch: 64, learning_rate: self.learning_rate, seed: self.seed, device: &device };
            let model = match cam::train(&task, &spec, training, None, &stop, &()) {
                Err(error) if error.is_interruption() => return Ok(ui::interrupted()),
                other => other?,
            };
            for tap in model.network().tap_names() {
                // A map of one pixel cannot be looked at.
                let Ok(cam) = CamModel::new(model.network().clone(), model.params().clone(), Some(tap)) else {
                    continue;
                };
                let judge = Judge::of_subset(cam, &Subset::find("scenes-easy")?)?;
                for method in CamMethod::ALL {
                    let settings = Settings { method, thresholds: vec![self.threshold], ..Settings::default() };
                    let found = truth(&judge, self.test_per_class, &settings)?;
                    let state = if epochs > 0 { "trained" } else { "untrained" };
                    rows.extend(found.iter().map(|truth| row(state, tap, method, truth)));
                }
            }
        }
        let head = [
            "network",
            "acc %",
            "map",
            "method",
            "rho images",
            "in easy",
            "in hard",
            "rho classes",
            "easy < hard",
            "easy %",
            "hard %",
        ];
        ui::show(&ui::table(&head, &rows));
        Ok(ExitCode::SUCCESS)
    }
}

fn row(state: &str, tap: &str, method: CamMethod, truth: &Truth) -> Vec<String> {
    let rho = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.2}"));
    vec![
        state.to_owned(),
        percent(truth.accuracy),
        tap.to_owned(),
        method.to_string(),
        rho(truth.images),
        rho(truth.easy_images),
        rho(truth.hard_images),
        rho(truth.classes),
        format!("{} of 10", truth.pairs),
        percent(truth.easy),
        percent(truth.hard),
    ]
}
