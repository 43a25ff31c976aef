//! Training a student on synthetic data, and the derivative of anything its end depends on.
//!
//! The student makes `S` steps `m_{s+1} = mu m_s + g_s`, `theta_{s+1} = theta_s - eta m_{s+1}` with `g_s` the gradient of the
//! loss on minibatch `s` of augmented synthetic images. Given `a_S = dL/dtheta_S`, the way back is, for `s = S-1 .. 0`,
//! with `b` the adjoint of `m` (zero at the end):
//!
//! ```text
//! c       = eta a_{s+1} - b_{s+1}
//! dX     -= A' d<c, g_s>/dx        A': transpose of the augmentation of step s
//! dY     -= d<c, g_s>/dy
//! deta   -= <a_{s+1}, m_{s+1}>
//! a_s     = a_{s+1} - H_s c
//! b_s     = -mu c
//! ```
//!
//! which is back-propagation through the whole training, exactly, with one step's graph in memory at a time.

use compdd_core::progress::Stop;

use burn::tensor::{IndexingUpdateOp, Int, Tensor, TensorData};

use super::{Batch, Differences, Differentiable, GradError, Offload, Targets, trail::Trail};
use crate::{augment::Draws, nn::Params};

/// The synthetic data a student learns from.
#[derive(Clone, Debug)]
pub struct Synthetic {
    /// `[N, channels, height, width]`, not tracked.
    pub images: Tensor<4>,
    /// One row per image, not tracked.
    pub targets: Targets,
}

/// One student step: which rows of the synthetic data, augmented how.
#[derive(Clone, Debug)]
pub struct Step {
    /// Rows of the minibatch.
    pub rows: Vec<usize>,
    /// The recorded augmentation of these rows.
    pub draws: Draws,
}

/// How the student trains.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Step size `eta`.
    pub rate: f64,
    /// Momentum `mu`; 0 for plain gradient descent.
    pub momentum: f64,
    /// Where the parameters of the steps are kept.
    pub offload: Offload,
}

/// How much of the dependence between steps is followed on the way back.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Order {
    /// All of it: the exact derivative.
    #[default]
    Exact,
    /// Every step as if its parameters were constants (TESLA, arXiv 2211.10586): no Hessian; equal for one step only.
    Detached,
}

/// Derivatives with respect to everything a rollout depends on.
#[derive(Clone, Debug)]
pub struct MetaGradient {
    /// `[N, channels, height, width]`.
    pub images: Tensor<4>,
    /// `[N, classes]`, if the labels are logits.
    pub labels: Option<Tensor<2>>,
    /// With respect to the step size.
    pub rate: f64,
    /// With respect to the parameters at the start.
    pub start: Params,
}

/// A finished training that can be differentiated.
pub struct Rollout<'a> {
    objective: &'a dyn Differentiable,
    data: &'a Synthetic,
    steps: &'a [Step],
    settings: Settings,
    thetas: Trail,
    /// Momentum buffers after every step; none without momentum.
    velocities: Option<Trail>,
    end: Params,
    losses: Vec<f64>,
    stop: &'a Stop,
}

impl<'a> Rollout<'a> {
    /// Trains from `start` through `steps`.
    ///
    /// # Errors
    /// [`GradError::Diverged`] when a loss is not finite, [`GradError::Interrupted`] when `stop` is set.
    pub fn forward(
        objective: &'a dyn Differentiable,
        start: &Params,
        data: &'a Synthetic,
        steps: &'a [Step],
        settings: Settings,
        stop: &'a Stop,
    ) -> Result<Self, GradError> {
        let momentum = settings.momentum != 0.0;
        let mut rollout = Self {
            objective,
            data,
            steps,
            settings,
            thetas: Trail::new(settings.offload, start)?,
            velocities: if momentum { Some(Trail::new(settings.offload, start)?) } else { None },
            end: start.clone(),
            losses: Vec::with_capacity(steps.len()),
            stop,
        };
        let mut velocity: Option<Params> = None;
        let mut losses: Vec<Tensor<1>> = Vec::with_capacity(steps.len());
        for step in steps {
            rollout.pause()?;
            let (loss, gradient) = objective.gradient(&rollout.end, &rollout.batch(step));
            losses.push(loss);
            let update = match velocity.take() {
                Some(old) => gradient.add_scaled(&old, settings.momentum),
                None => gradient,
            };
            rollout.thetas.push(&rollout.end)?;
            rollout.end = rollout.end.add_scaled(&update, -settings.rate);
            if let Some(velocities) = &mut rollout.velocities {
                velocities.push(&update)?;
                velocity = Some(update);
            }
        }
        if !losses.is_empty() {
            rollout.losses = Tensor::cat(losses, 0).into_data().iter::<f64>().collect();
        }
        match rollout.losses.iter().position(|loss| !loss.is_finite()) {
            Some(step) => Err(GradError::Diverged { step, loss: rollout.losses[step], rate: settings.rate }),
            None => Ok(rollout),
        }
    }

    /// The student's parameters after the last step.
    pub fn end(&self) -> &Params {
        &self.end
    }

    /// The student's loss before every step.
    pub fn losses(&self) -> &[f64] {
        &self.losses
    }

    /// The derivatives of a function of the end, given its derivative `adjoint` with respect to the end's parameters.
    ///
    /// # Errors
    /// [`GradError::Interrupted`] when the stop was set.
    pub fn backward(mut self, adjoint: Params, order: Order, how: Differences) -> Result<MetaGradient, GradError> {
        let Settings { rate, momentum, .. } = self.settings;
        let mut result = MetaGradient {
            images: self.data.images.zeros_like(),
            labels: match &self.data.targets {
                Targets::Logits(rows) => Some(rows.zeros_like()),
                Targets::Probabilities(_) => None,
            },
            rate: 0.0,
            start: adjoint,
        };
        // `<a, m>` of every step, in parts; on the device until the end.
        let mut slopes: Vec<Tensor<1>> = Vec::with_capacity(self.steps.len());
        // The adjoint of the momentum buffer, as a multiple `-momentum` of the last direction.
        let mut pushed: Option<Params> = None;
        for (place, step) in self.steps.iter().enumerate().rev() {
            self.pause()?;
            let (theta, batch) = (self.thetas.get(place)?, self.batch(step));
            // Without momentum `c = eta a`: the products are taken along `a`, so that their slope is `<a, g>`.
            let (direction, scale) = match pushed.take() {
                None if momentum == 0.0 => (result.start.clone(), rate),
                None => (result.start.clone().scale(rate), 1.0),
                Some(last) => (last.scale(momentum).add_scaled(&result.start, rate), 1.0),
            };
            let products = self.objective.products(&theta, &batch, &direction, how);
            slopes.push(match &mut self.velocities {
                Some(velocities) => result.start.dots(&velocities.get(place)?),
                None => products.slope,
            });
            let rows = self.rows(step);
            let images = step.draws.pullback(products.images) * -scale;
            result.images = result.images.select_assign(0, rows.clone(), images, IndexingUpdateOp::Add);
            result.labels = result
                .labels
                .zip(products.labels)
                .map(|(sum, labels)| sum.select_assign(0, rows, labels * -scale, IndexingUpdateOp::Add));
            if order == Order::Exact {
                result.start = result.start.add_scaled(&products.parameters, -scale);
            }
            if momentum != 0.0 {
                pushed = Some(direction);
            }
        }
        if let [first, ..] = &slopes[..] {
            let [parts] = first.dims();
            let read: Vec<f64> = Tensor::cat(slopes, 0).into_data().iter().collect();
            result.rate = read.chunks_exact(parts).fold(0.0, |rate, step| rate - step.iter().sum::<f64>());
        }
        Ok(result)
    }

    fn pause(&self) -> Result<(), GradError> {
        Ok(self.stop.check()?)
    }

    fn rows(&self, step: &Step) -> Tensor<1, Int> {
        let rows: Vec<i32> = step.rows.iter().map(|&row| row as i32).collect();
        Tensor::from_data(TensorData::new(rows, [step.rows.len()]), &self.data.images.device())
    }

    /// The augmented minibatch of a step.
    fn batch(&self, step: &Step) -> Batch {
        let rows = self.rows(step);
        let images = step.draws.apply(self.data.images.clone().select(0, rows.clone()));
        let targets = self.data.targets.with_rows(self.data.targets.rows().clone().select(0, rows));
        Batch { images, targets }
    }
}
