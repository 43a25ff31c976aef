//! Looking gives the maps of `maps` and the answers of a forward pass, by either way to the gradient.

use burn::tensor::Device;

use super::{close, host, model, normal};
use crate::cam::{CamError, CamMethod, TargetClass, seeds};
use compdd_nn::nn::Mode;

#[test]
fn a_look_is_maps_and_answers() {
    let x = normal::<4>([5, 3, 32, 32], 3);
    let seeds = seeds(1, 2, 0..5);
    for slug in ["convnet-d3-w8", "resnet18-cifar-bn-w4", "vgg11-bn-w8"] {
        let model = model(slug, 32, 4).with_chunk(2);
        let logits = model.network().forward(model.params(), x.clone(), Mode::Eval).logits;
        let answers: Vec<usize> = logits.clone().argmax(1).into_data().iter::<i64>().map(|i| i as usize).collect();
        for model in [model.clone(), model.by_differentiation()] {
            for method in CamMethod::ALL {
                for (asked, targets) in [
                    (TargetClass::Classes(&[3, 1, 0, 2, 2]), vec![3, 1, 0, 2, 2]),
                    (TargetClass::Predicted, answers.clone()),
                ] {
                    let look = model.look(method, x.clone(), asked, &seeds).unwrap();
                    let maps = model.maps(method, x.clone(), &targets, &seeds).unwrap();
                    close(&host(&look.maps), &host(&maps), 1e-6);
                    close(&look.scores, &host(&logits), 1e-4);
                    assert_eq!((look.targets, look.predicted), (targets, answers.clone()), "{slug} {method}");
                }
            }
        }
    }
    let model = model("convnet-d3-w8", 32, 4);
    assert_eq!(model.params().device(), Device::flex());
    let few = model.look(CamMethod::SMOOTH, x.clone(), TargetClass::Predicted, &seeds[..3]).unwrap_err();
    assert!(matches!(few, CamError::Count { what: "seeds", found: 3, images: 5 }), "{few}");
    assert!(model.look(CamMethod::GradCam, x, TargetClass::Classes(&[9; 5]), &[]).is_err());
}
