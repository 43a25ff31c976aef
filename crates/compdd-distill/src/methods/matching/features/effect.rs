//! What each real image of a class does to the step of the synthetic ones: individual treatment effects (`BiLP`, arXiv 2305.18381, section 3.2), for
//! means that are compared by squared differences.
//!
//! With `r_i` the statistics of real image `i`, `r` their mean and `J` the derivative of the synthetic images' mean, leaving the image out of `N`
//! changes the step by `-2 J^T (r_i - r) / (N - 1)`, exactly.

use burn::tensor::Tensor;

use super::{
    statistics::{Embedding, Statistics},
    terms::Matcher,
};
use compdd_nn::{
    grad::features_along,
    nn::{Mode, Network, Params},
};

/// Synthetic images of one class, as the network is shown them.
pub struct Effects<'a> {
    /// What is compared.
    pub matcher: &'a Matcher,
    /// The network.
    pub network: &'a Network,
    /// Its parameters.
    pub params: &'a Params,
    /// `[n, channels, height, width]`.
    pub images: &'a Tensor<4>,
}

impl Effects<'_> {
    /// The length of every image's effect: `2 |J^T (r_i - r)| / (N - 1)`, one backward pass over `N n` synthetic images, at most `at_once` at a time.
    pub fn norms(&self, rows: &Statistics, at_once: usize) -> Vec<f64> {
        let [n, ..] = self.images.dims();
        let real = rows.images();
        let differences = rows.less(&rows.clone().class_means(&[real]));
        let each = (at_once / n.max(1)).clamp(1, real.max(1));
        let part = |first: usize| {
            let count = each.min(real - first);
            let copies = Tensor::cat(vec![self.images.clone(); count], 0);
            let leaf = copies.inner().autodiff().require_grad();
            let params = self.params.clone().map(|value| value.inner().autodiff());
            let (own, _) = self.matcher.extractor.rows(self.network, &params, leaf.clone(), Mode::Train);
            let means = own.class_means(&vec![n; count]);
            let turned = self.matcher.weighted(&means, &differences.narrow(first, count));
            let mut gradients = (turned * 2.0).backward();
            let images = leaf.grad_remove(&mut gradients).unwrap_or_else(|| leaf.inner().zeros_like());
            let [all, channels, height, width] = images.dims();
            let lengths = images.reshape([count, all / count * channels * height * width]).square().sum_dim(1).sqrt();
            host(lengths.flatten(0, 1))
        };
        let lengths = (0..real).step_by(each).flat_map(part);
        lengths.map(|length| length / others(real)).collect()
    }

    /// The effect of every image as far as it lengthens the step: `<w, r_i - r> / (N - 1)` with `w = -2 J u`, `u` the step's direction. None where
    /// maps or pixels are compared: only embeddings of a network are followed along a direction.
    pub fn projections(&self, rows: &Statistics) -> Option<Vec<f64>> {
        let extractor = &self.matcher.extractor;
        if extractor.maps.is_some() || extractor.embedding != Some(Embedding::Features) {
            return None;
        }
        let (n, real) = (self.images.dims()[0], rows.images());
        let mean = rows.clone().class_means(&[real]);
        let step = self.matcher.matched(self.network, self.params, &mean, self.images.clone(), n, None).images;
        let length: f32 = step.clone().square().sum().sqrt().into_scalar();
        let unit = step / length.max(f32::MIN_POSITIVE);
        let along = features_along(self.network, self.params, self.images, &unit, Mode::Train).mean_dim(0);
        let scale = -2.0 * self.matcher.weights.embedding * self.matcher.weights.scale / others(real);
        let difference = rows.less(&mean).embedding?;
        let products = (difference * along).sum_dim(1).flatten(0, 1);
        Some(host(products).into_iter().map(|product| scale * product).collect())
    }
}

/// `N - 1`.
fn others(images: usize) -> f64 {
    images.saturating_sub(1).max(1) as f64
}

fn host(values: Tensor<1>) -> Vec<f64> {
    values.into_data().iter::<f32>().map(f64::from).collect()
}
