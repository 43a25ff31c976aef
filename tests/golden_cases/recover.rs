//! Kinds of the methods that recover images from a network.

use burn::tensor::Tensor;
use compdd::{
    methods::recover::loss::{Weights, mean_length, total_variation},
    nn::{Depth, Mode, NetworkSpec, Norm, ResNet},
};

use super::{Case, nn};

/// `sre2l_bn_loss`. The mean absolute form of the total variation is nowhere used.
pub fn loss(case: &Case) -> Result<(), String> {
    let spec = ResNet {
        stem: nn::stem(case)?,
        norm: Norm::Batch,
        width: case.number("base_width")?,
        ..ResNet::new(Depth::D18)
    };
    let (network, params) = nn::read(case, &NetworkSpec::ResNet(spec))?;
    let weights = Weights {
        statistics: f64::from(case.real("r_bn")?),
        first_layer: f64::from(case.real("first_multiplier")?),
        total_variation: f64::from(case.real("tv_l2")?),
        l2: f64::from(case.real("l2")?),
    };
    let x = case.tensor::<4>("in.x")?.autodiff().require_grad();
    case.check_tensor("logits", &network.forward(&params, x.clone(), Mode::Eval).logits)?;
    let terms = weights.terms(&network, &params, &x, x.clone(), case.integers("in.labels")?);
    case.check_tensor("ce", &terms.cross_entropy)?;
    case.check_tensor("r_layers", &Tensor::cat(terms.layers, 0))?;
    case.check_tensor("tv_l2", &total_variation(&x))?;
    case.later(&["tv_l1"]);
    case.check_tensor("l2", &mean_length(x.clone()))?;
    case.check_tensor("total", &terms.total)?;
    case.check_tensor("grad_x", &x.grad_remove(&mut terms.total.backward()).ok_or("no gradient of x")?)
}
