//! What is compared: class means of embeddings and of attention maps.

use burn::tensor::{Int, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use compdd_nn::nn::{Mode, Network, Params, Taps, kernels};

/// What a map of a layer becomes before it is averaged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MapKind {
    /// Spatial attention: the sum over channels of `|F|^power` (`DataDAM`, eq. 2).
    Attention {
        /// The exponent, `p`.
        power: f32,
    },
    /// The whole feature map (the ablation "feature map transfer").
    Features,
}

/// How the map of one image is scaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MapNorm {
    /// As it is.
    None,
    /// To unit sum of absolute values.
    L1,
    /// To unit length.
    L2,
}

/// Which maps are compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Maps {
    /// What they become.
    pub kind: MapKind,
    /// How they are scaled.
    pub norm: MapNorm,
    /// Names of the network's taps.
    pub layers: Vec<String>,
}

impl Maps {
    /// The maps that `DataDAM` reads: behind the activation of every block but the last (paper-vs-code: the paper says every
    /// layer, the code leaves the last one to the embedding). Networks without such taps give all their maps but the last.
    /// `blocks` picks some by number; empty: all of these.
    pub fn layers_of(network: &Network, blocks: &[usize]) -> Vec<String> {
        let all = Self::all_layers(network);
        let count = all.len();
        let wanted = |i: usize| if blocks.is_empty() { i + 1 < count } else { blocks.contains(&i) };
        all.into_iter().enumerate().filter(|(i, _)| wanted(*i)).map(|(_, name)| name).collect()
    }

    /// The maps behind the activations of all blocks, the shallowest first; all maps of a network without such taps.
    pub fn all_layers(network: &Network) -> Vec<String> {
        let taps = network.tap_names();
        let relus: Vec<&str> = taps.iter().copied().filter(|name| name.starts_with("relu")).collect();
        let all = if relus.is_empty() { taps } else { relus };
        all.into_iter().map(str::to_owned).collect()
    }

    /// One row per image, `[n, values]`, from a layer's map `[n, c, h, w]`.
    pub fn rows(&self, map: Tensor<4>) -> Tensor<2> {
        let rows: Tensor<2> = match self.kind {
            MapKind::Attention { power } => kernels::attention(map, power),
            MapKind::Features => map.flatten(1, 3),
        };
        match self.norm {
            MapNorm::None => rows,
            MapNorm::L1 => rows.clone() / rows.abs().sum_dim(1).clamp_min(1e-12),
            // Below 1e-12 the length counts as 1e-12, and nothing flows back through it.
            MapNorm::L2 => rows.clone() / rows.square().sum_dim(1).clamp_min(1e-24).sqrt(),
        }
    }
}

/// What is taken from the images as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Embedding {
    /// The input of the network's head.
    Features,
    /// The pixels themselves: no network.
    Pixels,
}

/// Everything that is read off a batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Extractor {
    /// The embedding, if it is compared.
    pub embedding: Option<Embedding>,
    /// The maps, if they are compared.
    pub maps: Option<Maps>,
}

/// What was read: one row per image, or one per class.
#[derive(Clone, Debug)]
pub struct Statistics {
    /// `[rows, d]`.
    pub embedding: Option<Tensor<2>>,
    /// `[rows, values]` for every layer.
    pub maps: Vec<Tensor<2>>,
}

impl Extractor {
    /// What the images of a batch `[n, channels, height, width]` give, one row each, and their logits `[n, classes]` where
    /// a network was asked at all.
    pub fn rows(
        &self,
        network: &Network,
        params: &Params,
        images: Tensor<4>,
        mode: Mode,
    ) -> (Statistics, Option<Tensor<2>>) {
        let pixels = (self.embedding == Some(Embedding::Pixels)).then(|| images.clone().flatten(1, 3));
        if self.maps.is_none() && pixels.is_some() {
            return (Statistics { embedding: pixels, maps: Vec::new() }, None);
        }
        let names: Vec<&str> = self.maps.iter().flat_map(|maps| &maps.layers).map(String::as_str).collect();
        let taps = if names.is_empty() { Taps::None } else { Taps::Named(&names) };
        let output = network.forward_with(params, images, mode, taps);
        let embedding = pixels.or_else(|| self.embedding.map(|_| output.features));
        let maps = match &self.maps {
            Some(maps) => output.taps.into_iter().map(|(_, map)| maps.rows(map)).collect(),
            None => Vec::new(),
        };
        (Statistics { embedding, maps }, Some(output.logits))
    }
}

impl Statistics {
    /// The rows of several batches, one after the other.
    ///
    /// # Panics
    /// Without any batch.
    #[must_use]
    pub fn cat(parts: &[Self]) -> Self {
        let layers = parts[0].maps.len();
        let embeddings: Option<Vec<_>> = parts.iter().map(|part| part.embedding.clone()).collect();
        let map = |layer: usize| Tensor::cat(parts.iter().map(|part| part.maps[layer].clone()).collect(), 0);
        Self { embedding: embeddings.map(|rows| Tensor::cat(rows, 0)), maps: (0..layers).map(map).collect() }
    }

    /// Number of rows.
    pub fn images(&self) -> usize {
        self.embedding.iter().chain(&self.maps).next().map_or(0, |rows| rows.dims()[0])
    }

    /// Every row less the only row of `other`.
    #[must_use]
    pub fn less(&self, other: &Self) -> Self {
        let less = |(a, b): (&Tensor<2>, &Tensor<2>)| a.clone() - b.clone();
        Self {
            embedding: self.embedding.iter().zip(&other.embedding).map(less).next(),
            maps: self.maps.iter().zip(&other.maps).map(less).collect(),
        }
    }

    /// `count` rows from `first` on.
    #[must_use]
    pub fn narrow(&self, first: usize, count: usize) -> Self {
        self.each(|rows| rows.narrow(0, first, count))
    }

    /// The rows at some places.
    #[must_use]
    pub fn select(&self, places: &[usize]) -> Self {
        let places: Vec<i32> = places.iter().map(|&place| place as i32).collect();
        self.each(|rows| {
            let places = TensorData::new(places.clone(), [places.len()]);
            let places = Tensor::<1, Int>::from_data(places, &rows.device());
            rows.select(0, places)
        })
    }

    fn each(&self, of: impl Fn(Tensor<2>) -> Tensor<2>) -> Self {
        Self { embedding: self.embedding.clone().map(&of), maps: self.maps.iter().cloned().map(&of).collect() }
    }

    /// The weighted sum of several, row by row.
    ///
    /// # Panics
    /// Without any part.
    #[must_use]
    pub fn weighted(parts: impl IntoIterator<Item = (Self, f64)>) -> Self {
        let times = |(part, weight): (Self, f64)| Self {
            embedding: part.embedding.map(|rows| rows * weight),
            maps: part.maps.into_iter().map(|rows| rows * weight).collect(),
        };
        let add = |a: Self, b: Self| Self {
            embedding: a.embedding.zip(b.embedding).map(|(a, b)| a + b),
            maps: a.maps.into_iter().zip(b.maps).map(|(a, b)| a + b).collect(),
        };
        parts.into_iter().map(times).reduce(add).expect("at least one part")
    }

    /// The mean row of every class, `[classes, ...]`, from rows in class order with `counts` images each.
    #[must_use]
    pub fn class_means(self, counts: &[usize]) -> Self {
        Self {
            embedding: self.embedding.map(|rows| means(rows, counts)),
            maps: self.maps.into_iter().map(|rows| means(rows, counts)).collect(),
        }
    }
}

fn means(rows: Tensor<2>, counts: &[usize]) -> Tensor<2> {
    let [n, width] = rows.dims();
    if counts.iter().all(|count| count * counts.len() == n) {
        return rows.reshape([counts.len(), n / counts.len(), width]).mean_dim(1).reshape([counts.len(), width]);
    }
    let mut from = 0;
    let means = counts.iter().map(|&count| {
        from += count;
        rows.clone().narrow(0, from - count, count).mean_dim(0)
    });
    Tensor::cat(means.collect(), 0)
}
