//! Which class is asked for.

use crate::cam::{CamError, ClassMap, Targets};
use compdd_core::subset::Subset;

fn subset(name: &str) -> Subset {
    Subset::find(name).unwrap()
}

#[test]
fn the_released_rule_is_right_for_the_first_class_of_imagenette_only() {
    let map = ClassMap::for_model(1000, &subset("imagenette")).unwrap();
    assert_eq!(map.classes(), [0, 217, 482, 491, 497, 566, 569, 571, 574, 701]);
    // One image per class, labels still pure.
    let own: Vec<u32> = (0..10).collect();
    let labels: Vec<f32> = (0..100).map(|i| if i / 10 == i % 10 { 5.0 } else { 0.0 }).collect();
    let resolve = |rule: Targets| rule.resolve(&own, &labels, &map).unwrap();
    let (right, predicted, released) = (resolve(Targets::Own), resolve(Targets::Predicted), resolve(Targets::Released));
    assert_eq!(right, predicted);
    assert_eq!(released, (0..10).collect::<Vec<_>>());
    assert_eq!(right[0], released[0]);
    assert_eq!((right[1], released[1]), (217, 1));
    assert_eq!(right.iter().zip(&released).filter(|(a, b)| a == b).count(), 1);
}

#[test]
fn a_label_may_leave_its_class() {
    let map = ClassMap::same(3);
    let labels = [0.1, 0.9, 0.0, 0.5, 0.5, 0.2];
    assert_eq!(Targets::Own.resolve(&[0, 2], &labels, &map).unwrap(), [0, 2]);
    assert_eq!(Targets::Own.resolve(&[0, 2], &[], &map).unwrap(), [0, 2]);
    assert_eq!(Targets::Predicted.resolve(&[0, 2], &labels, &map).unwrap(), [1, 0], "the first of equal entries");
    let error = Targets::Predicted.resolve(&[0, 2], &labels[..3], &map).unwrap_err();
    assert_eq!(error.to_string(), "1 label rows for 2 images");
    let error = Targets::Own.resolve(&[0, 3], &[], &map).unwrap_err();
    assert!(matches!(error, CamError::Target { image: 1, class: 3, classes: 3 }));
}

#[test]
fn a_model_answers_for_the_subset_or_for_imagenet() {
    assert_eq!(ClassMap::for_model(10, &subset("bird-hard")).unwrap(), ClassMap::same(10));
    let music = ClassMap::for_model(1000, &subset("music-hard")).unwrap();
    assert_eq!(music.classes(), [420, 594, 420, 579, 402, 776, 486, 401, 546, 558]);
    assert_eq!(ClassMap::for_model(1000, &subset("imagenet-1k")).unwrap(), ClassMap::same(1000));
    assert_eq!(ClassMap::imagenet(&subset("imagenet-1k")).unwrap(), ClassMap::same(1000));
    assert_eq!(ClassMap::for_model(1000, &subset("tiny-imagenet")).unwrap().classes()[..3], [1, 25, 30]);
    let error = ClassMap::for_model(1000, &subset("cifar10")).unwrap_err();
    assert_eq!(error.to_string(), "class `airplane` of subset `cifar10` has no ImageNet-1K index");
    let error = ClassMap::for_model(100, &subset("bird-hard")).unwrap_err();
    assert_eq!(error.to_string(), "the CAM model has 100 classes, but subset `bird-hard` has 10");
}

#[test]
fn rules_have_names() {
    for rule in [Targets::Own, Targets::Predicted, Targets::Released] {
        assert_eq!(rule.to_string().parse::<Targets>().unwrap(), rule);
    }
    assert_eq!(Targets::default(), Targets::Own);
    assert!("nominal".parse::<Targets>().unwrap_err().to_string().contains("`nominal`"));
}
