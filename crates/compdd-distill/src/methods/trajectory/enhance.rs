//! Discriminative Area Enhancement (EDF, arXiv 2410.17193, section 3.2): gradients of pixels that matter for the class
//! count more.

use burn::tensor::{Device, Tensor};

use super::recipe::TrajectoryRecipe;
use crate::{
    cam::{self, CamModel, ClassMap},
    experts::Buffer,
    methods::{MethodError, Start, State, StateError, tensors},
};
use compdd_core::rng::Stream;
use compdd_nn::nn::{Network, NetworkSpec};

/// The weights of the pixels' gradients, renewed every so many iterations.
pub(super) struct Enhancement {
    model: CamModel,
    classes: ClassMap,
    seed: u64,
    /// `[N, 1, height, width]`.
    weights: Option<Tensor<4>>,
    /// Share of the pixels that are enhanced, for the trace.
    share: f64,
    /// The same by class, until it is told.
    shares: Option<Vec<f64>>,
}

impl Enhancement {
    /// Loads or trains the network of the maps.
    pub fn new(
        start: &Start<'_>,
        recipe: &TrajectoryRecipe,
        network: &Network,
        experts: &Buffer,
    ) -> Result<Self, MethodError> {
        let task = start.task;
        let [_, _, side] = task.train.shape();
        let model = if recipe.cam_network == "expert" {
            let last = experts.params(network, 0, experts.last_epoch()?, start.device)?;
            CamModel::new(network.clone(), last, None)?
        } else {
            let spec = NetworkSpec::parse(&recipe.cam_network)?;
            let own = task.subset.classes_len();
            if let Some(weights) = start.recipe.file("cam_weights") {
                let classes = if recipe.cam_classes == 0 { own } else { recipe.cam_classes };
                CamModel::from_file(&spec, side, classes, weights, None, start.device)?
            } else {
                let training = cam::Training {
                    epochs: recipe.cam_epochs,
                    batch: recipe.expert_batch,
                    learning_rate: recipe.expert_learning_rate as f32,
                    seed: Stream::child_seed(start.seed, "cam network", 0),
                    device: start.device,
                };
                cam::train(task, &spec, training, None, &start.preparation)?
            }
        };
        let classes = ClassMap::for_model(model.classes(), &task.subset)?;
        let seed = Stream::child_seed(start.seed, "cam", 0);
        Ok(Self { model, classes, seed, weights: None, share: 0.0, shares: None })
    }

    /// Computes the weights anew when the iteration asks for it. `own` are the images' classes, `rows` their label rows.
    pub fn refresh(
        &mut self,
        recipe: &TrajectoryRecipe,
        iteration: usize,
        images: &Tensor<4>,
        own: &[u32],
        rows: &Tensor<2>,
    ) -> Result<(), MethodError> {
        if !cam::due(iteration, recipe.enhance_interval) {
            return Ok(());
        }
        let rows: Vec<f32> = rows.clone().into_data().iter::<f32>().collect();
        let targets = recipe.cam_target.resolve(own, &rows, &self.classes)?;
        let [n, _, height, width] = images.dims();
        let seeds = cam::seeds(self.seed, iteration as u64, 0..n);
        let maps = cam::resize(self.model.maps(recipe.cam, images.clone(), &targets, &seeds)?, height);
        self.share = f64::from(cam::enhanced_share(maps.clone(), recipe.enhance_threshold));
        self.shares = Some(means(&cam::enhanced_shares(maps.clone(), recipe.enhance_threshold), own));
        let weights = cam::dae_weights(maps, recipe.enhance_beta as f32, recipe.enhance_threshold);
        self.weights = Some(weights.reshape([n, 1, height, width]));
        Ok(())
    }

    /// `[N, 1, height, width]`, once computed.
    pub fn weights(&self) -> Option<&Tensor<4>> {
        self.weights.as_ref()
    }

    /// Share of the pixels that are enhanced.
    pub fn share(&self) -> f64 {
        self.share
    }

    /// That share by class, once after every refresh.
    pub fn take_shares(&mut self) -> Option<Vec<f64>> {
        self.shares.take()
    }

    pub fn save(&self, to: &mut State) {
        tensors::put_optional(to, "enhancement", self.weights.as_ref());
        to.put_number("enhancement.share", self.share.to_bits());
    }

    pub fn load(&mut self, from: &State, shape: [usize; 4], device: &Device) -> Result<(), StateError> {
        let [n, _, height, width] = shape;
        self.weights = tensors::get_optional(from, "enhancement", [n, 1, height, width], device)?;
        self.share = f64::from_bits(from.number("enhancement.share")?);
        Ok(())
    }
}

/// The mean of the values of each class; `own` are the classes of the values.
fn means(values: &[f32], own: &[u32]) -> Vec<f64> {
    let classes = own.iter().max().map_or(0, |last| *last as usize + 1);
    let mut sums = vec![(0.0, 0_usize); classes];
    for (value, class) in values.iter().zip(own) {
        let (sum, count) = &mut sums[*class as usize];
        *sum += f64::from(*value);
        *count += 1;
    }
    sums.into_iter().map(|(sum, count)| sum / count.max(1) as f64).collect()
}
