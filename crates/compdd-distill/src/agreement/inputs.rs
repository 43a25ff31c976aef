//! What goes into the cases and comes out of them.

use burn::tensor::{Device, Int, Tensor, TensorData};

use compdd_core::rng::Stream;

/// Values of the standard normal distribution, of a stream of that name.
pub fn noise<const D: usize>(name: &str, shape: [usize; D], device: &Device) -> Tensor<D> {
    let mut stream = Stream::new(0, name, 0);
    let values: Vec<f32> = (0..shape.iter().product()).map(|_| stream.normal()).collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// Whole numbers.
pub fn whole<const D: usize>(values: Vec<i64>, shape: [usize; D], device: &Device) -> Tensor<D, Int> {
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// The values of a tensor, graph or not.
pub fn host<const D: usize>(tensor: &Tensor<D>) -> Vec<f32> {
    tensor.clone().inner().into_data().iter::<f32>().collect()
}

/// `f` of noise, and the gradient with respect to it of the inner product of `f` with other noise.
pub fn with_gradient<const D: usize, const E: usize>(
    name: &str,
    shape: [usize; D],
    device: &Device,
    f: impl Fn(Tensor<D>) -> Tensor<E>,
) -> Vec<Vec<f32>> {
    let x = noise(name, shape, device).autodiff().require_grad();
    let y = f(x.clone());
    let value = host(&y);
    let cotangent = noise("cotangent", y.dims(), device).autodiff();
    let mut gradients = (y * cotangent).sum().backward();
    let gradient = x.grad_remove(&mut gradients).map_or_else(Vec::new, |gradient| host(&gradient));
    vec![value, gradient]
}
