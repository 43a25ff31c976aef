//! Second-order gradients from a framework that differentiates once.
//!
//! A [`Dual`] is the second reading of every layer: a value with its tangent along a direction in parameter space. Its
//! forward pass yields `<grad loss, v>`; one ordinary reverse sweep over that scalar gives the Hessian-vector product and
//! the mixed products with images and labels at once ([`Differentiable::products`]); the same pass along images, or without a sweep, gives what one image
//! changes ([`Objective::along_images`], [`Objective::slopes`]). [`Rollout`] uses them to differentiate
//! through any number of student steps with the memory of one: it keeps the parameters of every step (on the device, in
//! host memory or on disk: [`Offload`]) and the recorded draws, nothing else. Central differences exist to check the exact
//! products, not to replace them. What may enter this room: derivatives of networks and of training with them. What may
//! not: methods, their losses in parameter space, data, loops over iterations.

mod along;
mod dual;
mod error;
mod norm;
mod objective;
mod products;
mod rollout;
#[cfg(test)]
mod tests;
mod trail;

pub use along::features_along;
pub use dual::{Dual, DualTensor};
pub use error::GradError;
pub use objective::{Batch, Differentiable, First, Objective, Targets};
pub use products::{Differences, Products};
pub use rollout::{MetaGradient, Order, Rollout, Settings, Step, Synthetic};
pub use trail::Offload;
