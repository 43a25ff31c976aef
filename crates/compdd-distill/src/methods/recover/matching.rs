//! The layers of a network whose inputs are held against what they saw of real images.

use burn::tensor::{Device, Int, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::statistics::{distance, moved};
use crate::{
    methods::{MethodError, State, StateError, tensors},
    statistics::{Demand, Statistics, hooked_layers, moments},
};
use compdd_core::rng::Stream;
use compdd_nn::nn::{LayerKind, Network, Params};

/// How synthetic images are held against the statistics of their classes (EDC, arXiv 2404.13733).
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CategoryForm {
    /// Those of the images of every class with the statistics of the class, weighted by their share of the batch.
    Paper,
    /// Those of the batch with the mean of the statistics of its images' classes, as the released code does.
    #[default]
    Repo,
}

/// How statistics are compared. The default is `SRe2L`'s: as they are, all of them, with those of all images.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Comparison {
    /// Share of the moving average that stays in an iteration; 0: statistics are compared as they are.
    pub moving: f64,
    /// Whether the average begins with the first statistics; else with zeros, as published.
    pub begins_measured: bool,
    /// Probability with which a layer is left out of an iteration.
    pub drop: f64,
    /// Weight of the comparison with the classes; that with all images has the rest.
    pub category: f64,
    /// How the classes are compared.
    pub form: CategoryForm,
    /// Holds the means of cells against the classes' variances of cells and the other way round, as files of the released code lead to.
    pub swapped_patches: bool,
}

/// One layer.
#[derive(Clone, Debug)]
pub struct Matched {
    /// Side of the cells of its map, if they count.
    pub patch: Option<usize>,
    /// Statistics of all images.
    pub target: Vec<Tensor<1>>,
    /// Statistics by class, each `[classes, values]`, row by row; none where classes do not count.
    pub classes: Vec<Vec<f32>>,
    /// The moving average; none before the first iteration.
    average: Vec<Tensor<1>>,
    /// What the classes of a batch are held against: of each the positions of its images, and the statistics.
    batch: Vec<(Tensor<1, Int>, Vec<Tensor<1>>)>,
}

/// The layers of one network.
#[derive(Clone, Debug)]
pub struct Matching {
    comparison: Comparison,
    kinds: &'static [LayerKind],
    layers: Vec<Matched>,
    /// The labels of the batch that [`Matched::batch`] is of.
    labels: Vec<u32>,
}

impl Matched {
    /// A layer in front of the first iteration.
    pub fn new(patch: Option<usize>, target: Vec<Tensor<1>>, classes: Vec<Vec<f32>>) -> Self {
        Self { patch, target, classes, average: Vec::new(), batch: Vec::new() }
    }

    /// The same with a moving average.
    #[must_use]
    pub fn with_average(self, average: Vec<Tensor<1>>) -> Self {
        Self { average, ..self }
    }

    /// The moving average.
    pub fn average(&self) -> &[Tensor<1>] {
        &self.average
    }

    /// The distance of the input `z [n, c, h, w]` of the layer, `[1]`; its average moves.
    fn distance(&mut self, z: &Tensor<4>, comparison: &Comparison) -> Tensor<1> {
        let measured = moments(z.clone(), self.patch);
        let compared = self.compared(measured, comparison);
        let free = distance(&compared, &self.target);
        let of_class = |(images, target): &(Tensor<1, Int>, Vec<Tensor<1>>)| match comparison.form {
            CategoryForm::Repo => distance(&compared, target),
            CategoryForm::Paper => {
                let ([all, ..], [own]) = (z.dims(), images.dims());
                distance(&moments(z.clone().select(0, images.clone()), self.patch), target) * (own as f64 / all as f64)
            }
        };
        match self.batch.iter().map(of_class).reduce(|sum, class| sum + class) {
            Some(category) => free * (1.0 - comparison.category) + category * comparison.category,
            None => free,
        }
    }

    fn compared(&mut self, measured: Vec<Tensor<1>>, comparison: &Comparison) -> Vec<Tensor<1>> {
        if comparison.moving == 0.0 {
            return measured;
        }
        let first = |row: &Tensor<1>| {
            let row = row.clone().inner();
            if comparison.begins_measured { row } else { row.zeros_like() }
        };
        let previous =
            if self.average.is_empty() { measured.iter().map(first).collect() } else { self.average.clone() };
        let [average, compared] = moved(comparison.moving, &previous, &measured);
        self.average = average;
        compared
    }

    /// Makes ready for a batch of images with these labels.
    fn enter(&mut self, labels: &[u32], form: CategoryForm, device: &Device) {
        let groups: Vec<Vec<usize>> = match form {
            CategoryForm::Repo => vec![(0..labels.len()).collect()],
            CategoryForm::Paper => {
                let mut classes = labels.to_vec();
                classes.sort_unstable();
                classes.dedup();
                let of = |class| (0..labels.len()).filter(|&i| labels[i] == class).collect();
                classes.into_iter().map(of).collect()
            }
        };
        let target = |images: &Vec<usize>, rows: &Vec<f32>, width: usize| {
            let mut mean = vec![0.0_f64; width];
            for &image in images {
                let row = &rows[labels[image] as usize * width..];
                mean.iter_mut().zip(row).for_each(|(sum, value)| *sum += f64::from(*value));
            }
            let mean: Vec<f32> = mean.into_iter().map(|sum| (sum / images.len() as f64) as f32).collect();
            Tensor::from_data(TensorData::new(mean, [width]), device)
        };
        let group = |images: Vec<usize>| {
            let rows = self.classes.iter().zip(&self.target);
            let targets = rows.map(|(rows, like)| target(&images, rows, like.dims()[0])).collect();
            let places: Vec<i32> = images.iter().map(|&image| image as i32).collect();
            (Tensor::from_data(TensorData::new(places, [images.len()]), device), targets)
        };
        self.batch = if self.classes.is_empty() { Vec::new() } else { groups.into_iter().map(group).collect() };
    }
}

impl Matching {
    /// The batch norms of a network, each with its running statistics.
    pub fn of_batch_norms(params: &Params) -> Self {
        let layer = |running: &[Tensor<1>]| Matched::new(None, running.to_vec(), Vec::new());
        let layers = params.buffers().chunks_exact(2).map(layer).collect();
        Self::new(&[LayerKind::BatchNorm], layers, Comparison::default())
    }

    /// The layers of these kinds of a network, in its order.
    pub fn new(kinds: &'static [LayerKind], layers: Vec<Matched>, comparison: Comparison) -> Self {
        Self { comparison, kinds, layers, labels: Vec::new() }
    }

    /// The batch norms of a network and, where `demand` has them, its convolutions, with statistics that were gathered.
    ///
    /// # Errors
    /// When the statistics lack a layer.
    pub(super) fn of(
        network: &Network,
        params: &Params,
        (demand, statistics): (&Demand, Option<&Statistics>),
        comparison: Comparison,
        device: &Device,
    ) -> Result<Self, MethodError> {
        let kinds: &'static [LayerKind] =
            if demand.convolutions { &[LayerKind::Conv, LayerKind::BatchNorm] } else { &[LayerKind::BatchNorm] };
        let mut running = params.buffers().chunks_exact(2);
        let mut layers = Vec::new();
        for layer in hooked_layers(network, kinds) {
            let target = match (layer.kind, statistics) {
                (LayerKind::Conv, Some(statistics)) => statistics
                    .of_all(&layer)?
                    .into_iter()
                    .map(|row| {
                        let data = TensorData::new(row.to_vec(), [row.len()]);
                        Tensor::from_data(data, device)
                    })
                    .collect(),
                _ => running.next().expect("a batch norm has running statistics").to_vec(),
            };
            let mut classes: Vec<Vec<f32>> = match statistics.filter(|_| demand.classes) {
                Some(statistics) => statistics.of_classes(&layer)?.into_iter().map(<[f32]>::to_vec).collect(),
                None => Vec::new(),
            };
            if let (true, [_, _, mean, variance]) = (comparison.swapped_patches, &mut classes[..]) {
                std::mem::swap(mean, variance);
            }
            layers.push(Matched::new(demand.patch_of(layer.kind), target, classes));
        }
        Ok(Self::new(kinds, layers, comparison))
    }

    /// The layers whose inputs are wanted.
    pub fn kinds(&self) -> &'static [LayerKind] {
        self.kinds
    }

    /// The layers.
    pub fn layers(&self) -> &[Matched] {
        &self.layers
    }

    /// The distance of every layer; none of one that is left out. The averages of the others move. `labels` are the classes of the images, and
    /// what is left out is drawn from `draws`.
    ///
    /// # Shapes
    /// `inputs` are those of [`kinds`](Self::kinds) in the order of a forward pass, each `[n, c, h, w]`; one `[1]` of each.
    pub fn distances(
        &mut self,
        inputs: Vec<(String, Tensor<4>)>,
        labels: &[u32],
        draws: &mut Stream,
    ) -> Vec<Option<Tensor<1>>> {
        let comparison = self.comparison;
        if self.labels != labels {
            for layer in &mut self.layers {
                let device = layer.target[0].device();
                layer.enter(labels, comparison.form, &device);
            }
            self.labels = labels.to_vec();
        }
        let one = |(layer, (_, z)): (&mut Matched, (String, Tensor<4>))| {
            let left_out = comparison.drop > 0.0 && f64::from(draws.uniform()) < comparison.drop;
            (!left_out).then(|| layer.distance(&z, &comparison))
        };
        self.layers.iter_mut().zip(inputs).map(one).collect()
    }

    /// Sum over the layers of the distances between two batches of images, of which only the first is followed.
    pub(super) fn between(&self, inputs: &[(String, Tensor<4>)], others: Vec<(String, Tensor<4>)>) -> Tensor<1> {
        let distances = self.layers.iter().zip(inputs).zip(others).map(|((layer, (_, z)), (_, other))| {
            distance(&moments(z.clone(), layer.patch), &moments(other, layer.patch))
        });
        distances.reduce(|sum, layer| sum + layer).expect("a network has layers")
    }

    /// Forgets the moving averages.
    pub(super) fn forget(&mut self) {
        self.layers.iter_mut().for_each(|layer| layer.average.clear());
    }

    /// Stores the moving averages under names that begin with `name`.
    pub(super) fn save(&self, state: &mut State, name: &str) {
        for (place, layer) in self.layers.iter().enumerate() {
            for (key, row) in layer.average.iter().enumerate() {
                tensors::put(state, &format!("{name}.{place}.{key}"), row);
            }
        }
    }

    /// Takes on what was stored.
    pub(super) fn load(&mut self, state: &State, name: &str) -> Result<(), StateError> {
        for (place, layer) in self.layers.iter_mut().enumerate() {
            let device = layer.target[0].device();
            let row = |(key, like): (usize, &Tensor<1>)| {
                tensors::get(state, &format!("{name}.{place}.{key}"), like.dims(), &device)
            };
            layer.average = match state.get(&format!("{name}.{place}.0")) {
                Ok(_) => layer.target.iter().enumerate().map(row).collect::<Result<_, _>>()?,
                Err(_) => Vec::new(),
            };
        }
        Ok(())
    }
}
