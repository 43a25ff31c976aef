//! Gradient descent with momentum on one learned tensor.

use burn::tensor::Tensor;

/// `buffer <- momentum * buffer + gradient; value <- value - rate * buffer`, no dampening.
#[derive(Clone, Debug)]
pub(super) struct Descent<const D: usize> {
    pub rate: f64,
    pub momentum: f64,
    /// None before the first step: the buffer then is the gradient itself.
    pub buffer: Option<Tensor<D>>,
}

impl<const D: usize> Descent<D> {
    pub fn new(rate: f64, momentum: f64) -> Self {
        Self { rate, momentum, buffer: None }
    }

    pub fn step(&mut self, value: Tensor<D>, gradient: Tensor<D>) -> Tensor<D> {
        let buffer = match self.buffer.take() {
            Some(buffer) => buffer * self.momentum + gradient,
            None => gradient,
        };
        self.buffer = Some(buffer.clone());
        value - buffer * self.rate
    }

    /// `steps` steps whose gradients are zero, at once: the buffer fades, and the value goes on along it.
    pub fn coast(&mut self, value: Tensor<D>, steps: usize) -> Tensor<D> {
        let (Some(buffer), true) = (&self.buffer, steps > 0) else { return value };
        let powers = (1..=steps).map(|k| self.momentum.powf(k as f64));
        let (last, sum) = powers.fold((1.0, 0.0), |(_, sum), power| (power, sum + power));
        let value = value - buffer.clone() * (self.rate * sum);
        self.buffer = Some(buffer.clone() * last);
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn two_equal_gradients_move_by_two_and_a_half() {
        let mut descent = Descent::new(10.0, 0.5);
        let gradient = Tensor::<1>::from_floats([1.0, -2.0], &Device::flex());
        let mut value = Tensor::<1>::zeros([2], &Device::flex());
        for _ in 0..2 {
            value = descent.step(value, gradient.clone());
        }
        assert_eq!(value.into_data().try_to_vec::<f32>().unwrap(), [-25.0, 50.0]);
    }
}
