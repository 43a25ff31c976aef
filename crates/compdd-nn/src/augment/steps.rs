//! Operations of DSA as steps of the kernel of GPUs ([`kernels::view`]): a step is one launch for a whole batch, in which every image may do
//! something else, so that the classes of a set that are augmented each in its own way are views of one batch.

use burn::tensor::{Tensor, TensorData};

use super::{
    Draws,
    draws::{Lowered, Over},
    geometry::{Map, Window},
};
use crate::nn::kernels::{self, FIELDS};

/// A step of one image.
type Step = [f32; FIELDS];

/// The colour that changes nothing: no shift, both factors one.
const NEUTRAL: Step = [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0];
/// The window that holds nothing.
const KEPT: Step = [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];

/// The steps of the images of a batch, the first step of all of them first; draws with fewer steps than others wait at the end.
///
/// # Shapes
/// Of a batch of `draws.len()` times as many images as each was drawn for, one after the other.
fn steps(draws: &[Draws], images: usize, [h, w]: [usize; 2]) -> Vec<Vec<Step>> {
    let each = images / draws.len();
    let own: Vec<Vec<Vec<Step>>> = draws.iter().map(|draws| of_one(&draws.lowered(h, w))).collect();
    let count = own.iter().map(Vec::len).max().unwrap_or_default();
    let rows = |step: usize| own.iter().flat_map(move |own| own.get(step).cloned().unwrap_or_else(|| vec![KEPT; each]));
    (0..count).map(|step| rows(step).collect()).collect()
}

/// The steps of one batch: colours that follow each other in the kernel's order are one.
fn of_one(ops: &[Lowered]) -> Vec<Vec<Step>> {
    let mut steps: Vec<Vec<Step>> = Vec::new();
    // The field of the last step that was written last, where it is a colour.
    let mut written = None;
    for op in ops {
        let (field, values) = match op {
            Lowered::Shift(shift) => (1, shift),
            Lowered::Blend { over: Over::Pixel, factor } => (2, factor),
            Lowered::Blend { over: Over::Image, factor } => (3, factor),
            Lowered::Erase(windows) => {
                steps.push(windows.iter().map(erasing).collect());
                written = None;
                continue;
            }
            Lowered::Sample { maps, .. } => {
                steps.push(maps.iter().map(sampling).collect());
                written = None;
                continue;
            }
        };
        if written.is_none_or(|written| written >= field) {
            steps.push(vec![NEUTRAL; values.len()]);
        }
        for (step, value) in steps.last_mut().into_iter().flatten().zip(values) {
            step[field] = *value;
        }
        written = Some(field);
    }
    steps
}

fn erasing(window: &Window) -> Step {
    let [top, bottom] = window.rows.map(|edge| edge as f32);
    let [left, right] = window.columns.map(|edge| edge as f32);
    [1.0, top, bottom, left, right, 0.0, 0.0]
}

fn sampling(map: &Map) -> Step {
    let [a, b, c, d, e, f] = map.coefficients();
    [2.0, a, b, c, d, e, f]
}

/// The views of a batch, or the transpose of their linear part.
pub(super) fn view(draws: &[Draws], x: Tensor<4>, transposed: bool) -> Tensor<4> {
    let [n, _, h, w] = x.dims();
    let device = x.device().without_autodiff();
    let mut steps = steps(draws, n, [h, w]);
    if transposed {
        steps.reverse();
    }
    steps.into_iter().fold(x, |x, step| {
        let coloured = step.iter().any(|step| step[0] == NEUTRAL[0]);
        let step = Tensor::from_data(TensorData::new(step.into_flattened(), [n, FIELDS]), &device);
        kernels::view(x, step, coloured, transposed)
    })
}
