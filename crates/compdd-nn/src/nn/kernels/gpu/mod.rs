//! Room: kernels of GPUs. The same operations as on the CPU, written once in `CubeCL`, which makes CUDA, HIP, WGSL and the rest of them:
//! a file for each, with the composed form of it in [`composed`](super::composed). A cube of units shares a plane of a map or a row
//! of logits, sums go through its shared memory in an order that depends on nothing but sizes, and nothing is added
//! atomically: a device gives the same bits twice. All of it is in 32-bit floats.

// Kernels take their operands one by one.
#![allow(clippy::too_many_arguments)]

mod batch;
mod cross_entropy;
mod dual_norm;
mod loss_ops;
mod norm;
mod view;
mod view_ops;

use burn::backend::TensorMetadata as _;
use burn::tensor::Shape;
use burn_cubecl::{CubeBackend, kernel::into_contiguous, ops::numeric::empty_device_dtype, tensor::CubeTensor};
use cubecl::prelude::*;

use super::batch::BatchNormMode;
use super::batch_ops::BatchOps;
use super::norm::Epilogue;
use super::norm_ops::{NormOps, normalised};
pub use loss_ops::LossOps;
pub use view::FIELDS;
pub use view_ops::ViewOps;

/// The sum of one value of every unit of a cube, known to all of them. `units` is their number, a power of two, and the length of `shared`.
#[cube]
fn total(value: f32, shared: &mut Shared<[f32]>, #[comptime] units: usize) -> f32 {
    let unit = UNIT_POS as usize;
    // What was there before has been read by every unit.
    sync_cube();
    shared[unit] = value;
    sync_cube();
    let mut half = (units / 2).runtime();
    while half > 0 {
        if unit < half {
            let other = shared[unit + half];
            shared[unit] += other;
        }
        sync_cube();
        half /= 2;
    }
    shared[0]
}

/// Units that share `values` values: about four a unit, within what every device has.
fn units(values: usize) -> usize {
    (values / 4).next_power_of_two().clamp(32, 256)
}

/// At least `count` cubes, in two dimensions where one is not enough: a kernel asks for its place.
fn cubes(count: usize) -> CubeCount {
    let row = count.clamp(1, 32768);
    CubeCount::new_2d(row as u32, count.div_ceil(row) as u32)
}

/// A tensor beside `like`, not yet written.
fn empty(like: &CubeTensor, shape: Shape) -> CubeTensor {
    empty_device_dtype(like.client.clone(), like.device.clone(), shape, like.dtype)
}

impl NormOps for CubeBackend {
    fn normalise(z: CubeTensor, gamma: CubeTensor, beta: CubeTensor, after: Epilogue) -> CubeTensor {
        let y = empty(&z, normalised(&z.shape(), after));
        norm::forward([z, gamma, beta].map(into_contiguous), &y, after);
        y
    }

    fn normalise_gradient(
        z: CubeTensor,
        gamma: CubeTensor,
        beta: CubeTensor,
        dy: CubeTensor,
        after: Epilogue,
    ) -> (CubeTensor, CubeTensor, CubeTensor) {
        norm::backward([z, gamma, beta, dy].map(into_contiguous), after)
    }

    fn dual_normalise(
        z: CubeTensor,
        gamma: CubeTensor,
        beta: CubeTensor,
        gamma_tangent: CubeTensor,
        beta_tangent: CubeTensor,
        after: Epilogue,
    ) -> CubeTensor {
        let y = empty(&z, normalised(&z.shape(), after));
        dual_norm::forward([z, gamma, beta, gamma_tangent, beta_tangent].map(into_contiguous), &y, after);
        y
    }

    fn dual_normalise_gradient(
        z: CubeTensor,
        gamma: CubeTensor,
        beta: CubeTensor,
        gamma_tangent: CubeTensor,
        dy: CubeTensor,
        after: Epilogue,
    ) -> (CubeTensor, CubeTensor, CubeTensor) {
        dual_norm::backward([z, gamma, beta, gamma_tangent, dy].map(into_contiguous), after)
    }
}

impl BatchOps for CubeBackend {
    fn batch_moments(z: CubeTensor) -> CubeTensor {
        batch::moments(into_contiguous(z))
    }

    fn batch_moments_gradient(z: CubeTensor, moments: CubeTensor, gradients: CubeTensor) -> CubeTensor {
        batch::moments_gradient([z, moments, gradients].map(into_contiguous))
    }

    fn batch_normalise(
        z: CubeTensor,
        moments: CubeTensor,
        gamma: CubeTensor,
        beta: CubeTensor,
        manner: BatchNormMode,
    ) -> CubeTensor {
        batch::forward([z, moments, gamma, beta].map(into_contiguous), manner.rectifier)
    }

    fn batch_normalise_gradient(
        z: CubeTensor,
        moments: CubeTensor,
        gamma: CubeTensor,
        beta: CubeTensor,
        dy: CubeTensor,
        manner: BatchNormMode,
    ) -> (CubeTensor, CubeTensor, CubeTensor) {
        batch::backward([z, moments, gamma, beta, dy].map(into_contiguous), manner)
    }
}
