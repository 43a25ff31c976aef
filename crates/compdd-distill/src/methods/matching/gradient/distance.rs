//! How far the gradient that synthetic images give a network is from the one that real images give it.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use compdd_nn::nn::Params;

/// Added to the product of two lengths before something is divided by it.
const FLOOR: f64 = 1e-6;

/// A shorter gradient has no direction: where something is divided by its length alone, it counts as this long.
const SHORTEST: f64 = 1e-15;

/// The measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Metric {
    /// One minus the cosine, added up over the rows `[out, rest]` of every tensor: one row for every output of a layer
    /// (DC, eq. 10).
    Ours,
    /// Sum of squared differences (IDC).
    Mse,
    /// One minus the cosine of the two gradients as a whole.
    Cos,
    /// Sum of absolute differences (IDC on large images).
    L1,
}

/// Which tensors are compared, by their rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tensors {
    /// All of them.
    All,
    /// Weights of convolutions and linear layers: rank 2 and above (DC; paper-vs-code 13).
    Matrices,
    /// Weights of convolutions: rank 4 (IDC).
    Convolutions,
}

impl Tensors {
    /// Whether a tensor of that rank is compared.
    pub fn counts(self, rank: usize) -> bool {
        match self {
            Self::All => true,
            Self::Matrices => rank >= 2,
            Self::Convolutions => rank == 4,
        }
    }
}

/// A distance between two gradients of one network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GradientDistance {
    /// The measure.
    pub metric: Metric,
    /// What it is taken over.
    pub tensors: Tensors,
}

/// A distance and where it leads.
#[derive(Clone, Debug)]
pub struct Compared {
    /// The distance, one value.
    pub loss: Tensor<1>,
    /// Its derivative with respect to the synthetic gradient; zeros where a tensor is not compared.
    pub direction: Params,
}

impl GradientDistance {
    /// The distance of two gradients and its derivative with respect to the synthetic one, in closed form, on their device.
    ///
    /// # Panics
    /// When the gradients belong to different networks.
    pub fn compare(self, real: &Params, synthetic: &Params) -> Compared {
        let mut slots = real.layout().parameters.iter();
        let mut terms: Vec<Tensor<1>> = Vec::new();
        let whole = if self.metric == Metric::Cos { self.whole(real, synthetic) } else { None };
        let direction = synthetic.clone().zip_map(real, |synthetic, real| {
            let shape = slots.next().map_or(&[][..], |slot| &slot.shape);
            if !self.tensors.counts(shape.len()) {
                return synthetic.zeros_like();
            }
            let difference = || synthetic.clone() - real.clone();
            match (self.metric, &whole) {
                (Metric::Mse, _) => {
                    terms.push(difference().square().sum());
                    difference() * 2.0
                }
                (Metric::L1, _) => {
                    terms.push(difference().abs().sum());
                    difference().sign()
                }
                (_, Some(sums)) => sums.slope(real.unsqueeze(), synthetic.unsqueeze()).flatten(0, 1),
                (_, None) => {
                    let rows = if shape.len() < 2 { 1 } else { shape[0] };
                    let shape = [rows, real.dims()[0] / rows];
                    let (real, synthetic) = (real.reshape(shape), synthetic.reshape(shape));
                    let sums = Sums::of(&real, &synthetic);
                    terms.push(sums.distance().sum());
                    sums.slope(real, synthetic).flatten(0, 1)
                }
            }
        });
        terms.extend(whole.map(|sums| sums.distance().sum()));
        let nothing = || Tensor::zeros([1], &real.device());
        Compared { loss: terms.into_iter().reduce(|a, b| a + b).unwrap_or_else(nothing), direction }
    }

    /// The derivative of `<direction, along>` with respect to the real gradient, where `direction` is that of [`GradientDistance::compare`]: the mixed
    /// second derivative of the distance times `along`, in closed form. All measures are symmetric, so that with the two gradients exchanged it is the
    /// transposed product.
    ///
    /// # Panics
    /// As [`GradientDistance::compare`].
    pub fn mixed(self, real: &Params, synthetic: &Params, along: &Params) -> Params {
        let mut slots = real.layout().parameters.iter();
        let mut along_of = along.values().iter();
        let whole = if self.metric == Metric::Cos { self.whole(real, synthetic) } else { None };
        let whole = whole.zip(self.whole(real, along)).zip(self.whole(synthetic, along));
        let whole = whole.map(|((sums, of_real), of_synthetic)| (sums, of_real.dot, of_synthetic.dot));
        synthetic.clone().zip_map(real, |synthetic, real| {
            let shape = slots.next().map_or(&[][..], |slot| &slot.shape);
            let along = along_of.next().cloned().unwrap_or_else(|| real.zeros_like());
            if !self.tensors.counts(shape.len()) {
                return real.zeros_like();
            }
            match (self.metric, &whole) {
                (Metric::Mse, _) => along * -2.0,
                (Metric::L1, _) => real.zeros_like(),
                (_, Some((sums, of_real, of_synthetic))) => {
                    let along = (along.unsqueeze(), of_real.clone(), of_synthetic.clone());
                    sums.bend(real.unsqueeze(), synthetic.unsqueeze(), along).flatten(0, 1)
                }
                (_, None) => {
                    let rows = if shape.len() < 2 { 1 } else { shape[0] };
                    let shape = [rows, real.dims()[0] / rows];
                    let (real, synthetic, along) =
                        (real.reshape(shape), synthetic.reshape(shape), along.reshape(shape));
                    let product = |rows: &Tensor<2>| (rows.clone() * along.clone()).sum_dim(1);
                    let (of_real, of_synthetic) = (product(&real), product(&synthetic));
                    let sums = Sums::of(&real, &synthetic);
                    sums.bend(real, synthetic, (along, of_real, of_synthetic)).flatten(0, 1)
                }
            }
        })
    }

    /// The sums over everything that is compared, as one row.
    fn whole(self, real: &Params, synthetic: &Params) -> Option<Sums> {
        let slots = real.layout().parameters.iter();
        let values = slots.zip(real.values().iter().zip(synthetic.values()));
        let counted = values.filter(|(slot, _)| self.tensors.counts(slot.shape.len()));
        let sums = counted.map(|(_, (r, s))| Sums::of(&r.clone().unsqueeze(), &s.clone().unsqueeze()));
        sums.reduce(Sums::plus)
    }
}

/// What the cosine between a row `r` of the real gradient and `s` of the synthetic one is made of: columns `[rows, 1]`.
struct Sums {
    real: Tensor<2>,
    synthetic: Tensor<2>,
    dot: Tensor<2>,
}

impl Sums {
    fn of(real: &Tensor<2>, synthetic: &Tensor<2>) -> Self {
        Self {
            real: real.clone().square().sum_dim(1),
            synthetic: synthetic.clone().square().sum_dim(1),
            dot: (real.clone() * synthetic.clone()).sum_dim(1),
        }
    }

    fn plus(self, next: Self) -> Self {
        Self { real: self.real + next.real, synthetic: self.synthetic + next.synthetic, dot: self.dot + next.dot }
    }

    /// `|r| |s| + 1e-6`.
    fn product(&self) -> Tensor<2> {
        self.real.clone().sqrt() * self.synthetic.clone().sqrt() + FLOOR
    }

    /// `1 - <r, s> / (|r| |s| + 1e-6)`.
    fn distance(&self) -> Tensor<2> {
        (self.dot.clone() / self.product()).neg() + 1.0
    }

    /// Its derivative with respect to `s`: `<r, s> |r| s / (|s| p^2) - r / p` with `p = |r| |s| + 1e-6`.
    fn slope(&self, real: Tensor<2>, synthetic: Tensor<2>) -> Tensor<2> {
        let product = self.product();
        let lengths = self.real.clone().sqrt() / self.synthetic.clone().sqrt().clamp_min(SHORTEST);
        synthetic * (self.dot.clone() / product.clone() * lengths / product.clone()) - real / product
    }

    /// The derivative of `<slope, t>` with respect to `r`, given `t`, `<r, t>` and `<s, t>`:
    /// `<s, t> |r| s / (|s| p^2) - t / p + r ((<s, t> <r, s> / (|r| |s|) + <r, t> |s| / |r|) / p^2 - 2 <s, t> <r, s> / p^3)`.
    fn bend(
        &self,
        real: Tensor<2>,
        synthetic: Tensor<2>,
        (along, of_real, of_synthetic): (Tensor<2>, Tensor<2>, Tensor<2>),
    ) -> Tensor<2> {
        let p = self.product();
        let (a, b) = (self.real.clone().sqrt().clamp_min(SHORTEST), self.synthetic.clone().sqrt().clamp_min(SHORTEST));
        let turn = of_synthetic.clone() * self.dot.clone();
        let first = turn.clone() / a.clone() / b.clone() + of_real * b.clone() / a.clone();
        let of_r = first / p.clone() / p.clone() - turn * 2.0 / p.clone() / p.clone() / p.clone();
        let of_s = of_synthetic * a / b / p.clone() / p.clone();
        synthetic * of_s - along / p + real * of_r
    }
}
