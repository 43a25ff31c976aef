//! Augmentation: every operation of a pipeline with its derivative and its pullback, and images that hold several.

use burn::tensor::Device;

use super::{
    Case, Values,
    inputs::{host, noise, with_gradient},
};
use compdd_nn::augment::{
    BatchSpec, DrawBatch as _, Draws, DsaConfig, FlipConfig, Formation, MixConfig, Mode, Operation, PadCropConfig,
    PatchShuffleConfig, Pipeline, RandAugmentConfig, ResizedCropConfig, Sampling, Strategy, Token,
};

/// A coordinate is known to the seventh digit, and a pixel to the share of its neighbours that follows from it.
const TOLERANCE: f64 = 1e-5;

const SHAPE: [usize; 4] = [5, 3, 16, 16];

pub fn cases() -> Vec<Case> {
    let dsa = Token::ALL.map(|token| {
        let config = DsaConfig { strategy: Strategy::from([token]), ..DsaConfig::default() };
        (token.name(), Operation::Dsa(config))
    });
    let others = [
        ("resized crop", Operation::RandomResizedCrop(ResizedCropConfig::default())),
        ("padded crop", Operation::PadCrop(PadCropConfig::default())),
        ("mirror", Operation::Flip(FlipConfig::default())),
        ("patch shuffle", Operation::PatchShuffle(PatchShuffleConfig::default())),
        ("RandAugment", Operation::RandAugment(RandAugmentConfig::default())),
        ("CutMix", Operation::CutMix(MixConfig::default())),
        ("mixup", Operation::Mixup(MixConfig::default())),
    ];
    let views = dsa.into_iter().chain(others).map(|(name, operation)| view(name, operation));
    views.chain([classes(), formation(2), formation(3)]).collect()
}

fn view(name: &'static str, operation: Operation) -> Case {
    Case::new(format!("view {name}"), TOLERANCE, move |device| {
        let draws = drawn(operation.clone());
        let cotangent = noise("cotangent of views", SHAPE, device);
        let mut values = if matches!(operation, Operation::RandAugment(_)) {
            vec![host(&draws.apply(noise(name, SHAPE, device)))]
        } else {
            with_gradient(name, SHAPE, device, |x| draws.apply(x))
        };
        values.push(host(&draws.pullback(cotangent)));
        values
    })
}

/// Classes that are augmented each in its own way, one with all operations in turn; images that are not square.
fn classes() -> Case {
    Case::new("views of classes", TOLERANCE, |device| {
        let shape = [6, 3, 12, 18];
        let drawn = |mode, strategy: Strategy| {
            let config = DsaConfig { mode, strategy, ..DsaConfig::default() };
            drawn_for(Operation::Dsa(config), [2, 3, 12, 18])
        };
        let draws = [
            drawn(Mode::M, Token::ALL.into()),
            drawn(Mode::S, [Token::Cutout].into()),
            drawn(Mode::S, [Token::Rotate].into()),
        ];
        let (x, y) = (noise("images of classes", shape, device), noise("cotangent of classes", shape, device));
        vec![host(&Draws::apply_each(&draws, &x)), host(&Draws::pullback_each(&draws, &y))]
    })
}

fn drawn(operation: Operation) -> Draws {
    drawn_for(operation, SHAPE)
}

fn drawn_for(operation: Operation, [images, c, h, w]: [usize; 4]) -> Draws {
    let normalisation = Some(([0.5; 3], [0.25; 3]));
    let batch = BatchSpec { images, shape: [c, h, w], normalisation, sampling: Sampling::PerImage };
    Pipeline::new(vec![operation]).draw_batch(&batch, 1, 0).expect("images of 16 pixels can be drawn for")
}

/// Images that hold `factor` by `factor` others.
fn formation(factor: usize) -> Case {
    let compute = move |device: &Device| -> Values {
        let formation = Formation::new(factor, 16).expect("images of 16 pixels hold others");
        let mut values = with_gradient("formation", SHAPE, device, |x| formation.decode(x));
        let shape = [factor * factor * SHAPE[0], 3, 16, 16];
        values.push(host(&formation.pullback(noise("cotangent of formations", shape, device))));
        values.push(host(&formation.compose(noise("images of formations", shape, device))));
        values
    };
    Case::new(format!("view of {factor} by {factor} images"), TOLERANCE, compute)
}
