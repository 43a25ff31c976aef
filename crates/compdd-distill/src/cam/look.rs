//! Maps together with what the network answers, for the price of one pass where the closed form applies.

use burn::tensor::Tensor;

use super::{CamError, CamMethod, CamModel, Evidence, map::normalise, model::Noise, targets::largest};
use compdd_nn::nn::{Mode, Split};

/// Which class each image is asked for.
#[derive(Clone, Copy, Debug)]
pub enum TargetClass<'a> {
    /// These.
    Classes(&'a [usize]),
    /// The one that the network answers.
    Predicted,
}

/// Maps and answers for a batch.
#[derive(Clone, Debug)]
pub struct Look {
    /// `[N, h, w]` in `[0, 1]`, at the resolution of the tap.
    pub maps: Tensor<3>,
    /// Scores of every class before softmax, `[N * classes]`, image after image.
    pub scores: Vec<f32>,
    /// The class each map is for.
    pub targets: Vec<usize>,
    /// The class each image is taken for: the largest score, of equal ones the first.
    pub predicted: Vec<usize>,
}

impl CamModel {
    /// One map per image as [`CamModel::maps`] gives it, with the scores of the same pass.
    ///
    /// # Shapes
    /// `x [N, C, H, W]` in the pixel space the model was trained in, on the model's device.
    ///
    /// # Errors
    /// As [`CamModel::maps`].
    pub fn look(
        &self,
        method: CamMethod,
        x: Tensor<4>,
        asked: TargetClass<'_>,
        seeds: &[u64],
    ) -> Result<Look, CamError> {
        let images = x.dims()[0];
        let x = x.inner();
        let wanted = match asked {
            TargetClass::Classes(classes) => Some(classes),
            TargetClass::Predicted => None,
        };
        let split = self.prepare(&x, wanted.unwrap_or(&vec![0; images]))?;
        let noise = Noise::Seeds(seeds);
        noise.check(method.check()?.samples(), x.dims())?;
        let parts = self.each_part(images, |range| {
            let mut answers = Answers::default();
            let part = x.clone().narrow(0, range.start, range.len());
            let clean = self.activation(&split, part.clone());
            let wanted = wanted.map(|wanted| &wanted[range.clone()]);
            let raw = match method {
                CamMethod::SmoothGradCamPlusPlus { samples, sigma } => {
                    let scores = split.scores(self.params(), clean.clone(), Mode::Eval).logits;
                    let targets = answers.note(&scores, wanted);
                    let noisy = |sample: usize| part.clone() + noise.block(sample, &range, &part) * sigma;
                    self.smooth(&split, clean, &targets, samples, noisy).raw()
                }
                _ => self.seen(&split, clean, wanted, &mut answers).raw(method),
            };
            (normalise(raw), answers)
        });
        let (maps, answers): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
        let Answers { scores, targets, predicted } = Answers::cat(answers);
        Ok(Look { maps: Tensor::cat(maps, 0), scores, targets, predicted })
    }

    /// The evidence about a part; its answers are noted.
    fn seen(
        &self,
        split: &Split<'_>,
        activation: Tensor<4>,
        wanted: Option<&[usize]>,
        answers: &mut Answers,
    ) -> Evidence {
        let [_, k, h, w] = activation.dims();
        let gradient = if let Some(head) = self.head(split) {
            let scores = split.scores(self.params(), activation.clone(), Mode::Eval).logits;
            let targets = answers.note(&scores, wanted);
            head.gradient(split, self.params(), &targets, [k, h, w])
        } else {
            self.differentiate(split, &activation, |scores| answers.note(scores, wanted))
        };
        Evidence { activation, gradient }
    }
}

/// What is gathered part by part.
#[derive(Default)]
struct Answers {
    scores: Vec<f32>,
    targets: Vec<usize>,
    predicted: Vec<usize>,
}

impl Answers {
    /// Those of all parts, in order.
    fn cat(parts: Vec<Self>) -> Self {
        let mut all = Self::default();
        for part in parts {
            all.scores.extend(part.scores);
            all.targets.extend(part.targets);
            all.predicted.extend(part.predicted);
        }
        all
    }

    /// Notes the answers of a part; returns the classes its maps are for.
    fn note(&mut self, scores: &Tensor<2>, wanted: Option<&[usize]>) -> Vec<usize> {
        let classes = scores.dims()[1].max(1);
        let values: Vec<f32> = scores.to_data().iter::<f32>().collect();
        let predicted: Vec<usize> = values.chunks_exact(classes).map(largest).collect();
        let targets = wanted.map_or_else(|| predicted.clone(), <[usize]>::to_vec);
        self.scores.extend(values);
        self.predicted.extend(predicted);
        self.targets.extend_from_slice(&targets);
        targets
    }
}
