//! Which training images are worth distilling: scores of images, and the task that is left when a share of every class is removed.
//!
//! [`Scoring`] trains networks on the training images and notes down, epoch by epoch, what they say of each ([`Statistics`]: losses, EL2N,
//! forgetting, margins); [`Coreset`] orders the images of a class on the features or gradients of such a network. [`ensure`] makes a file of
//! scores of it, resumable at epochs and found again by what determines it; [`PruneOptions::apply`] removes what a rule says from a task, before
//! anything else sees the images. What may enter: what asks networks for scores of training images. What may not: the selection itself, which is
//! arithmetic (`select`), and files (`scores`).
//!
//! Source: `BiLP` (arXiv 2305.18381, section 3.1 and supplement); see `docs/commands/prune.md`.

mod apply;
mod coreset;
mod ensure;
mod error;
mod grand;
mod scoring;
mod statistics;
mod strata;
mod summary;
#[cfg(test)]
mod tests;

pub use apply::PruneOptions;
pub use coreset::{Chosen, Coreset};
pub use ensure::{Cost, Request, Scorer, ensure, from_complexity};
pub use error::PruneError;
pub use scoring::{Scoring, plan};
pub use statistics::Statistics;
pub use strata::{Stratum, check_images, strata};
pub use summary::{ClassShare, Overlap, Spread, class_shares, overlaps};
