//! The closed form: gradients that can be read off the last layer.

use burn::tensor::{Int, Tensor, TensorData};

use compdd_nn::nn::{Layer, Params, Split};

/// A tail that is linear in the map, so that the gradient of a score is the same for every input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Head {
    /// Mean over the map, then one linear layer: `g_k(i,j) = W[c,k] / (h w)`.
    Pooled,
    /// Flattening, then one linear layer: `g_k(i,j) = W[c,(k,i,j)]`.
    Flat,
}

impl Head {
    /// What the layers behind the cut are, if the closed form applies to them.
    pub fn of(split: &Split<'_>) -> Option<Self> {
        let layers: Vec<&Layer> = split.behind().iter().filter(|layer| !matches!(layer, Layer::Tap(_))).collect();
        match layers[..] {
            [Layer::AdaptiveAvgPool { side: 1 }, Layer::Flatten, Layer::Linear { .. }] => Some(Self::Pooled),
            [Layer::Flatten, Layer::Linear { .. }] => Some(Self::Flat),
            _ => None,
        }
    }

    /// The gradient of each image's target score with respect to a map `[K, h, w]`: `[N, K, h, w]`.
    pub fn gradient(self, split: &Split<'_>, params: &Params, targets: &[usize], [k, h, w]: [usize; 3]) -> Tensor<4> {
        let weight = params.values()[split.parameters_before()].clone();
        let inputs = if self == Self::Pooled { k } else { k * h * w };
        let classes = weight.dims()[0] / inputs;
        let rows = weight.reshape([classes, inputs]).select(0, indices(targets, &params.device()));
        let n = targets.len();
        match self {
            Self::Pooled => (rows.reshape([n, k, 1, 1]) / (h * w) as f32).expand([n, k, h, w]),
            Self::Flat => rows.reshape([n, k, h, w]),
        }
    }
}

/// Class ids as a tensor `[N]`.
pub(super) fn indices(targets: &[usize], device: &burn::tensor::Device) -> Tensor<1, Int> {
    let ids: Vec<i64> = targets.iter().map(|&class| class as i64).collect();
    Tensor::from_data(TensorData::new(ids, [targets.len()]), device)
}
