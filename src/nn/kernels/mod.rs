//! Stand-in for the CPU operations: the composed form serves everything.

use burn::tensor::{Device, Tensor};

/// Whether the custom operations serve this device.
pub fn usable(_device: &Device) -> bool {
    false
}

/// The 3x3 convolution with padding 1.
pub fn conv3x3(x: Tensor<4>, _w: Tensor<4>) -> Tensor<4> {
    x
}

/// Instance norm, `ReLU` and 2x2 average pooling.
pub fn norm_relu_pool(z: Tensor<4>, _gamma: Tensor<1>, _beta: Tensor<1>) -> Tensor<4> {
    z
}
