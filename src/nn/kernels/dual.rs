//! Value and tangent together: the operations of the second-order engine.

use burn::tensor::Tensor;

use super::composed;
use super::norm::{After, EPSILON};

/// Dual convolution without bias.
pub fn dual_conv2d(
    x: Tensor<4>,
    stacked: bool,
    w: Tensor<4>,
    tangent: Tensor<4>,
    stride: [usize; 2],
    padding: [usize; 2],
) -> Tensor<4> {
    let n = x.dims()[0] / if stacked { 2 } else { 1 };
    let values = x.clone().narrow(0, 0, n);
    let along = super::conv2d(values.clone(), tangent, stride, padding);
    if stacked {
        let z = super::conv2d(x, w, stride, padding);
        let zt = z.clone().narrow(0, n, n) + along;
        Tensor::cat(vec![z.narrow(0, 0, n), zt], 0)
    } else {
        Tensor::cat(vec![super::conv2d(values, w, stride, padding), along], 0)
    }
}

fn dual_normalise(
    z: Tensor<4>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    gamma_tangent: Tensor<1>,
    beta_tangent: Tensor<1>,
    after: After,
) -> Tensor<4> {
    let [n2, c, h, w] = z.dims();
    let n = n2 / 2;
    let z = z.reshape([2, n * c, h * w]);
    let (v, t) = (z.clone().narrow(0, 0, 1).reshape([n * c, h * w]), z.narrow(0, 1, 1).reshape([n * c, h * w]));
    let centred = v.clone() - v.mean_dim(1);
    let inverse = (centred.clone().square().mean_dim(1) + f64::from(EPSILON)).sqrt().recip();
    let hat = centred * inverse.clone();
    let along = (t.clone() - t.clone().mean_dim(1) - hat.clone() * (hat.clone() * t).mean_dim(1)) * inverse;
    let [hat, along] = [hat, along].map(|x| x.reshape([n, c, h, w]));
    let [gamma, beta, gt, bt] = [gamma, beta, gamma_tangent, beta_tangent].map(|p| p.reshape([1, c, 1, 1]));
    let y = hat.clone() * gamma.clone() + beta;
    let yt = along * gamma + hat * gt + bt;
    if after == After::Nothing {
        return Tensor::cat(vec![y, yt], 0);
    }
    let slope = y.clone().inner().greater_elem(0.0).float().cast(y.dtype());
    let both = Tensor::cat(vec![burn::tensor::activation::relu(y), yt * slope], 0);
    if after == After::ReluPool { composed::halve(both) } else { both }
}

/// Dual instance norm.
pub fn dual_instance_norm(z: Tensor<4>, g: Tensor<1>, b: Tensor<1>, gt: Tensor<1>, bt: Tensor<1>) -> Tensor<4> {
    dual_normalise(z, g, b, gt, bt, After::Nothing)
}
/// Dual instance norm and `ReLU`.
pub fn dual_norm_relu(z: Tensor<4>, g: Tensor<1>, b: Tensor<1>, gt: Tensor<1>, bt: Tensor<1>) -> Tensor<4> {
    dual_normalise(z, g, b, gt, bt, After::Relu)
}
/// Dual instance norm, `ReLU`, mean of 2x2 blocks.
pub fn dual_norm_relu_pool(z: Tensor<4>, g: Tensor<1>, b: Tensor<1>, gt: Tensor<1>, bt: Tensor<1>) -> Tensor<4> {
    dual_normalise(z, g, b, gt, bt, After::ReluPool)
}
