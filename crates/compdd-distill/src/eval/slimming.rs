//! Channels that are weighed and taken away: network slimming (Liu et al., ICCV 2017, arXiv 1708.06519).
//!
//! The scale of a batch norm weighs its channel. Training draws the scales to zero by an L1 penalty (section 3, equation 1); the channels with the
//! smallest of the whole network go, and what is left is trained on. A channel that is gone has scale and shift zero: behind the activation it
//! says nothing, as if it were not there.

use burn::tensor::{Device, Tensor, TensorData};

use compdd_nn::nn::{Layout, Params};

/// The channels of a network that a batch norm scales, layer by layer.
#[derive(Clone, Debug)]
pub struct Channels {
    /// Places of scale and shift among the parameters.
    norms: Vec<[usize; 2]>,
    /// All channels.
    count: usize,
}

impl Channels {
    /// Those of a network; none without batch norm.
    pub fn of(layout: &Layout) -> Self {
        let place = |name: String| layout.parameters.iter().position(|slot| slot.name == name);
        let norms = layout.buffers.iter().filter_map(|slot| slot.name.strip_suffix(".running_mean"));
        let places = norms.filter_map(|norm| Some([place(format!("{norm}.weight"))?, place(format!("{norm}.bias"))?]));
        let norms: Vec<[usize; 2]> = places.collect();
        let count = norms.iter().map(|[scale, _]| layout.parameters[*scale].len()).sum();
        Self { norms, count }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// For every channel whether it stays when a share of all goes, the smallest scales first. The largest of a layer stays in any case.
    pub fn kept(&self, params: &Params, share: f64) -> Kept {
        let read = |value: &Tensor<1>| value.clone().abs().into_data().iter::<f32>().collect::<Vec<_>>();
        let scales: Vec<Vec<f32>> = self.norms.iter().map(|[scale, _]| read(&params.values()[*scale])).collect();
        let mut order: Vec<(usize, usize)> = scales
            .iter()
            .enumerate()
            .flat_map(|(norm, row)| (0..row.len()).map(move |channel| (norm, channel)))
            .collect();
        order.sort_by(|a, b| scales[a.0][a.1].total_cmp(&scales[b.0][b.1]));
        let mut left: Vec<usize> = scales.iter().map(Vec::len).collect();
        let mut kept: Vec<Vec<bool>> = scales.iter().map(|row| vec![true; row.len()]).collect();
        let mut to_go = (share * order.len() as f64).floor() as usize;
        for (norm, channel) in order {
            if to_go > 0 && left[norm] > 1 {
                kept[norm][channel] = false;
                left[norm] -= 1;
                to_go -= 1;
            }
        }
        Kept(kept)
    }
}

/// Whether channels stay, layer by layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept(Vec<Vec<bool>>);

impl Kept {
    /// How many channels stay.
    pub fn count(&self) -> usize {
        self.0.iter().flatten().filter(|kept| **kept).count()
    }
}

/// What a student is held to in every step.
#[derive(Clone, Debug)]
pub struct Slimming {
    channels: Channels,
    /// Weight of the L1 norm of the scales in the loss.
    penalty: f32,
    /// One where a channel stays and zero where not, layer by layer; none: all stay.
    masks: Option<Vec<Tensor<1>>>,
}

impl Slimming {
    /// Draws the scales of all channels to zero.
    pub fn weighing(channels: &Channels, penalty: f32) -> Self {
        Self { channels: channels.clone(), penalty, masks: None }
    }

    /// Holds the channels that are gone at zero.
    pub fn without(channels: &Channels, kept: &Kept, device: &Device) -> Self {
        let mask = |row: &Vec<bool>| {
            let values: Vec<f32> = row.iter().map(|kept| f32::from(u8::from(*kept))).collect();
            Tensor::from_data(TensorData::new(values, [row.len()]), device)
        };
        Self { channels: channels.clone(), penalty: 0.0, masks: Some(kept.0.iter().map(mask).collect()) }
    }

    /// The gradients with that of the penalty, `penalty sign(scale)`.
    pub(super) fn weigh(&self, params: &Params, gradients: Params) -> Params {
        if self.penalty == 0.0 {
            return gradients;
        }
        let mut values = gradients.values().to_vec();
        for [scale, _] in &self.channels.norms {
            values[*scale] = values[*scale].clone() + params.values()[*scale].clone().sign() * self.penalty;
        }
        Params::new(gradients.layout(), values, gradients.buffers().to_vec())
    }

    /// The parameters with scale and shift of the channels that are gone at zero.
    #[must_use]
    pub fn hold(&self, params: Params) -> Params {
        let Some(masks) = &self.masks else { return params };
        let mut values = params.values().to_vec();
        for (places, mask) in self.channels.norms.iter().zip(masks) {
            for place in places {
                values[*place] = values[*place].clone() * mask.clone();
            }
        }
        Params::new(params.layout(), values, params.buffers().to_vec())
    }
}

/// Where a student begins, and what it is held to from there on.
#[derive(Clone, Debug)]
pub struct Beginning {
    /// Its first parameters.
    pub params: Params,
    /// What becomes of its channels.
    pub slimming: Slimming,
}

#[cfg(test)]
mod tests {
    use super::*;
    use compdd_nn::nn::{Mode, Network, NetworkSpec};

    fn network() -> Network {
        NetworkSpec::parse("convnet-d2-bn-w4").unwrap().build(3, 8, 2).unwrap()
    }

    /// The parameters with these scales in the two norms.
    fn scaled(network: &Network, channels: &Channels, scales: [[f32; 4]; 2]) -> Params {
        let params = network.init(0, &Device::flex());
        let mut values = params.values().to_vec();
        for ([scale, _], row) in channels.norms.iter().zip(scales) {
            values[*scale] = Tensor::from_data(TensorData::new(row.to_vec(), [4]), &Device::flex());
        }
        Params::new(params.layout(), values, params.buffers().to_vec())
    }

    #[test]
    fn the_smallest_scales_of_all_layers_go_and_no_layer_is_emptied() {
        let network = network();
        let channels = Channels::of(network.layout());
        let params = scaled(&network, &channels, [[0.5, -0.1, 0.3, -0.9], [0.01, 0.02, -0.03, 0.04]]);
        let kept = |share| channels.kept(&params, share).0;
        assert_eq!(kept(0.0).concat(), [true; 8]);
        assert_eq!(kept(0.25), [vec![true; 4], vec![false, false, true, true]]);
        assert_eq!(
            kept(0.5),
            [vec![true, false, true, true], vec![false, false, false, true]],
            "the last of a layer stays"
        );
        assert_eq!((channels.kept(&params, 0.9).count(), channels.len()), (2, 8));
        let without = NetworkSpec::parse("convnet-d2-w4").unwrap().build(3, 8, 2).unwrap();
        assert!(Channels::of(without.layout()).is_empty());
    }

    /// A channel that is gone may have any filter: nothing behind the activation depends on it.
    #[test]
    fn what_is_gone_says_nothing() {
        let (network, device) = (network(), Device::flex());
        let channels = Channels::of(network.layout());
        let params = scaled(&network, &channels, [[0.5, 0.1, 0.3, 0.9], [0.1, 0.2, 0.3, 0.4]]);
        let kept = channels.kept(&params, 0.3);
        assert_eq!(kept.0, [vec![true, false, true, true], vec![false, true, true, true]]);
        let held = Slimming::without(&channels, &kept, &device).hold(params);
        let images = Tensor::<4>::random([2, 3, 8, 8], burn::tensor::Distribution::Default, &device);
        let said = |params: &Params| network.forward(params, images.clone(), Mode::Eval).logits;
        let filter = network.layout().parameters.iter().position(|slot| slot.name == "features.0.weight").unwrap();
        let mut values = held.values().to_vec();
        let shape = &network.layout().parameters[filter].shape;
        let of_channel = shape.iter().skip(1).product::<usize>();
        let second = |place: usize| (of_channel..2 * of_channel).contains(&place);
        let filters = values[filter].clone().into_data();
        let changed = filters.iter::<f32>().enumerate();
        let changed: Vec<f32> = changed.map(|(place, value)| if second(place) { 1.0 } else { value }).collect();
        values[filter] = Tensor::from_data(TensorData::new(changed, [shape.iter().product::<usize>()]), &device);
        let changed = Params::new(held.layout(), values, held.buffers().to_vec());
        said(&held).into_data().assert_eq(&said(&changed).into_data(), true);
    }

    /// The penalty adds its weight with the sign of every scale, and touches nothing else.
    #[test]
    fn the_penalty_is_that_of_the_absolute_scales() {
        let network = network();
        let channels = Channels::of(network.layout());
        let params = scaled(&network, &channels, [[0.5, -0.1, 0.0, 0.9], [-0.1, 0.2, 0.3, 0.4]]);
        let weighed = Slimming::weighing(&channels, 0.01).weigh(&params, params.zeros_like());
        for (place, value) in weighed.values().iter().enumerate() {
            let row: Vec<f32> = value.clone().into_data().iter::<f32>().collect();
            let norm = channels.norms.iter().position(|[scale, _]| *scale == place);
            let expected = match norm {
                Some(0) => vec![0.01, -0.01, 0.0, 0.01],
                Some(_) => vec![-0.01, 0.01, 0.01, 0.01],
                None => vec![0.0; row.len()],
            };
            assert_eq!(row, expected);
        }
    }
}
