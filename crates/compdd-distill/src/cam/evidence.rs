//! From activations and gradients to raw maps.

use burn::tensor::{Tensor, activation::relu};

use super::CamMethod;

/// Keeps denominators away from zero.
pub(super) const EPSILON: f32 = 1e-8;

/// What a model shows about a batch at its tap.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// The map `A [N, K, h, w]`.
    pub activation: Tensor<4>,
    /// Gradient `g [N, K, h, w]` of the score (before softmax) of each image's target with respect to `A`.
    pub gradient: Tensor<4>,
}

/// What Smooth Grad-CAM++ gathers over its noisy inputs.
pub(super) struct Smooth {
    /// The map of the clean input `[N, K, h, w]`.
    pub clean: Tensor<4>,
    /// The last noisy input: its map and its gradient.
    pub last: Evidence,
    /// Mean of `g^2` over the noisy inputs `[N, K, h, w]`.
    pub second: Tensor<4>,
    /// Mean of `g^3` over the noisy inputs `[N, K, h, w]`.
    pub third: Tensor<4>,
}

impl Evidence {
    /// The raw map of a method. Smooth Grad-CAM++ from a single look is Grad-CAM++.
    pub(super) fn raw(self, method: CamMethod) -> Tensor<3> {
        match method {
            CamMethod::GradCam => self.grad_cam(),
            CamMethod::GradCamPlusPlus | CamMethod::SmoothGradCamPlusPlus { .. } => self.grad_cam_plus_plus(),
            CamMethod::TorchCamGradCamPlusPlus => self.torch_cam_grad_cam_plus_plus(),
            CamMethod::XGradCam => self.x_grad_cam(),
            CamMethod::LayerCam => self.layer_cam(),
        }
    }

    /// Grad-CAM (Selvaraju et al. 2017, eq. 1 and 2 without the `ReLU`): `w_k = mean_ij g_k`.
    pub(super) fn grad_cam(self) -> Tensor<3> {
        let [_, _, h, w] = self.activation.dims();
        combine(spatial_sum(self.gradient) / (h * w) as f32, self.activation)
    }

    /// Grad-CAM++ (Chattopadhyay et al. 2018): `w_k = sum_ij alpha ReLU(g_k)`,
    /// `alpha = g^2 / (2 g^2 + sum_ab g^3 A + 1e-8)`; the sum is taken of the product, as torch-cam does.
    pub(super) fn grad_cam_plus_plus(self) -> Tensor<3> {
        let second = self.gradient.clone().square();
        let third = second.clone() * self.gradient.clone();
        Smooth { clean: self.activation.clone(), last: self, second, third }.raw()
    }

    /// Grad-CAM++ as torch-cam computes it: the division is applied to a copy and lost, so `alpha = g^2`.
    pub(super) fn torch_cam_grad_cam_plus_plus(self) -> Tensor<3> {
        combine(spatial_sum(self.gradient.clone().square() * relu(self.gradient)), self.activation)
    }

    /// `XGrad-CAM` (Fu et al. 2020): `w_k = sum_ij g_k A_k / (sum_ij A_k + 1e-8)`.
    pub(super) fn x_grad_cam(self) -> Tensor<3> {
        let weighed = spatial_sum(self.gradient * self.activation.clone());
        combine(weighed / (spatial_sum(self.activation.clone()) + EPSILON), self.activation)
    }

    /// Layer-CAM (Jiang et al. 2021): `w_k(i,j) = ReLU(g_k(i,j))`.
    pub(super) fn layer_cam(self) -> Tensor<3> {
        combine(relu(self.gradient), self.activation)
    }
}

impl Smooth {
    /// `alpha` from the averages and the clean map; gradient and map of the last noisy input (torch-cam's form).
    pub(super) fn raw(self) -> Tensor<3> {
        let denominator = self.second.clone() * 2.0 + spatial_sum(self.third * self.clean) + EPSILON;
        let alpha = self.second / denominator;
        combine(spatial_sum(alpha * relu(self.last.gradient)), self.last.activation)
    }
}

/// `[N, K, h, w]` summed over the map: `[N, K, 1, 1]`.
fn spatial_sum(x: Tensor<4>) -> Tensor<4> {
    let [n, k, h, w] = x.dims();
    x.reshape([n, k, h * w]).sum_dim(2).reshape([n, k, 1, 1])
}

/// `sum_k w_k A_k`, without the terms that are not finite: `[N, h, w]`. `weights` are `[N, K, 1, 1]` or `[N, K, h, w]`.
fn combine(weights: Tensor<4>, activation: Tensor<4>) -> Tensor<3> {
    let [n, _, h, w] = activation.dims();
    let terms = weights * activation;
    let lost = terms.clone().is_finite().bool_not();
    terms.mask_fill(lost, 0.0).sum_dim(1).reshape([n, h, w])
}
