//! From settings and a random stream to recorded draws.

use serde::{Deserialize, Serialize};

use super::{Draws, Kind, Op};
use compdd_core::{
    protocol::{DsaConfig, Mode, Token},
    rng::Stream,
};

/// Whether the images of a batch share their parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sampling {
    /// Independent parameters for every image: training and evaluation of the trajectory line.
    PerImage,
    /// One set of parameters copied to the whole batch: gradient matching, where the real and the synthetic batch must
    /// be treated alike (draw twice from equal streams).
    Siamese,
}

impl Sampling {
    /// One draw for each of `n` images, or one for all of them.
    pub(super) fn each<T: Clone>(self, n: usize, mut draw: impl FnMut() -> T) -> Vec<T> {
        match self {
            Self::PerImage => (0..n).map(|_| draw()).collect(),
            Self::Siamese => vec![draw(); n],
        }
    }
}

/// Drawing what [`DsaConfig`] allows.
pub trait Draw {
    /// Draws the operations for one batch of `n` images of `shape` `[channels, height, width]`.
    ///
    /// Two equal streams give the same token whatever `n` is; with [`Sampling::Siamese`] also the same parameters.
    fn draw(&self, stream: &mut Stream, n: usize, shape: [usize; 3], sampling: Sampling) -> Draws;
}

impl Draw for DsaConfig {
    fn draw(&self, stream: &mut Stream, n: usize, shape: [usize; 3], sampling: Sampling) -> Draws {
        let chosen = tokens(self, stream);
        let kinds = chosen.iter().flat_map(|token| kinds(*token));
        let ops = kinds.map(|&kind| {
            let slots = kind.distributions(self, shape).into_iter().map(|law| sampling.each(n, || law.draw(stream)));
            let slots: Vec<Vec<f32>> = slots.collect();
            Op::from_slots(kind, self, shape, &slots)
        });
        Draws::new(ops.collect())
    }
}

/// The operations a token stands for, in the order they are applied.
pub(super) fn kinds(token: Token) -> &'static [Kind] {
    match token {
        Token::Color => &[Kind::Brightness, Kind::Saturation, Kind::Contrast],
        Token::Crop => &[Kind::Crop],
        Token::Cutout => &[Kind::Cutout],
        Token::Flip => &[Kind::Flip],
        Token::Scale => &[Kind::Scale],
        Token::Rotate => &[Kind::Rotate],
    }
}

/// The tokens of one call, in the order they are applied.
fn tokens(config: &DsaConfig, stream: &mut Stream) -> Vec<Token> {
    match (config.mode, config.strategy.tokens()) {
        (_, []) => Vec::new(),
        (Mode::S, tokens) => vec![tokens[stream.below(tokens.len())]],
        (Mode::M, tokens) => tokens.to_vec(),
    }
}
