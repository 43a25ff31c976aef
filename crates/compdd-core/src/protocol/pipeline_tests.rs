//! Pipelines as they are written, read and refused.

use super::*;
use crate::record::value_of;

/// RDED's transform at a mosaic of two by two.
fn rded() -> Pipeline {
    Pipeline::new(vec![
        Operation::PatchShuffle(PatchShuffleConfig { grid: 2 }),
        Operation::RandomResizedCrop(ResizedCropConfig { scale: [0.5, 1.0], ..ResizedCropConfig::default() }),
        Operation::Flip(FlipConfig::default()),
        Operation::CutMix(MixConfig::default()),
    ])
}

/// What was hashed before there were lists of operations is hashed alike.
#[test]
fn dsa_alone_is_written_as_its_settings() {
    for config in [DsaConfig::default(), DsaConfig::none(), DsaConfig { crop_ratio: 0.25, ..DsaConfig::default() }] {
        let (bare, pipeline) = (value_of(&config), Pipeline::from(config));
        assert_eq!(value_of(&pipeline), bare);
        assert_eq!(serde_json::from_value::<Pipeline>(bare).unwrap(), pipeline);
    }
    let named = serde_json::json!([{ "op": "dsa", "strategy": "flip" }, { "op": "cutmix", "probability": 0.5 }]);
    let pipeline: Pipeline = serde_json::from_value(named).unwrap();
    assert_eq!(pipeline, Pipeline::from(DsaConfig::parse("flip").unwrap()).with_cutmix(0.5));
    assert_eq!(serde_json::from_value::<Pipeline>(value_of(&pipeline)).unwrap(), pipeline);
}

#[test]
fn lists_are_read_from_toml_and_survive_json() {
    let text = r#"
        cutmix = 0.0
        augmentation = [
            { op = "patch-shuffle", grid = 2 },
            { op = "random-resized-crop", scale = [0.5, 1.0] },
            { op = "flip" },
            { op = "cutmix" },
        ]
    "#;
    let scoring: Scoring = toml::from_str(text).unwrap();
    assert_eq!(scoring.augmentation, rded());
    assert_eq!(scoring.validate(), Ok(()));
    assert_eq!(scoring.augmentation.to_string(), "patch-shuffle, random-resized-crop, flip, cutmix");
    assert_eq!(serde_json::from_value::<Scoring>(value_of(&scoring)).unwrap(), scoring);
    assert_ne!(value_of(&scoring), value_of(&Scoring::default()));

    let table: Scoring = toml::from_str("[augmentation]\nstrategy = \"none\"").unwrap();
    assert_eq!((table.augmentation.to_string(), table.augmentation), ("none".into(), DsaConfig::none().into()));
    assert_eq!(Pipeline::new(Vec::new()).to_string(), "none");
}

#[test]
fn every_operation_keeps_its_name_and_its_settings() {
    let all = [
        Operation::Dsa(DsaConfig::default()),
        Operation::RandomResizedCrop(ResizedCropConfig { size: Some(64), ..ResizedCropConfig::default() }),
        Operation::PadCrop(PadCropConfig { padding: 8, fill: Fill::Mean }),
        Operation::Flip(FlipConfig { probability: 0.25 }),
        Operation::PatchShuffle(PatchShuffleConfig { grid: 3 }),
        Operation::RandAugment(RandAugmentConfig::default()),
        Operation::CutMix(MixConfig::default()),
        Operation::Mixup(MixConfig { alpha: 0.8, probability: 1.0 }),
    ];
    for operation in all {
        let value = value_of(&operation);
        assert_eq!(value["op"], operation.name());
        assert_eq!(serde_json::from_value::<Operation>(value).unwrap(), operation);
        assert_eq!(operation.validate(), Ok(()));
        let side = if matches!(operation, Operation::RandomResizedCrop(_)) { 64 } else { 32 };
        assert_eq!(Pipeline::new(vec![operation]).output([3, 32, 32]), [3, side, side]);
    }
}

#[test]
fn what_is_no_pipeline_is_named() {
    let read = |text: &str| toml::from_str::<Scoring>(text).unwrap_err().to_string();
    assert!(read("augmentation = [{ op = \"flop\" }]").contains("flop"));
    assert!(read("augmentation = [{ op = \"flip\", chance = 1.0 }]").contains("chance"));
    assert!(read("[augmentation]\nstretch = 2.0").contains("stretch"));
    assert!(read("augmentation = [{ op = \"dsa\", strategy = \"krop\" }]").contains("krop"));
    assert!(read("augmentation = 3").contains("a list of operations"));

    let message = |operations| Pipeline::new(operations).validate().unwrap_err().to_string();
    let (flip, mix) = (|| Operation::Flip(FlipConfig::default()), || Operation::CutMix(MixConfig::default()));
    assert!(message(vec![flip(), flip()]).contains("`flip` stands twice"));
    assert!(message(vec![mix(), flip()]).contains("`flip` stands behind a mix"));
    assert!(message(vec![mix(), Operation::Mixup(MixConfig::default())]).contains("`mixup` stands behind a mix"));
    let crop = |scale, ratio, size| {
        Operation::RandomResizedCrop(ResizedCropConfig { scale, ratio, size, ..ResizedCropConfig::default() })
    };
    assert!(message(vec![crop([0.0, 1.0], [1.0; 2], None)]).contains("`scale` is 0"));
    assert!(message(vec![crop([0.5, 0.4], [1.0; 2], None)]).contains("`scale` is 0.4"));
    assert!(message(vec![crop([0.5, 1.0], [2.0, 1.0], None)]).contains("`ratio` is 1"));
    assert!(message(vec![crop([0.5, 1.0], [1.0; 2], Some(0))]).contains("`size` is 0"));
    assert!(message(vec![Operation::PatchShuffle(PatchShuffleConfig { grid: 0 })]).contains("`grid` is 0"));
    let strong = RandAugmentConfig { magnitude: 31, ..RandAugmentConfig::default() };
    assert!(message(vec![Operation::RandAugment(strong)]).contains("`magnitude` is 31"));
    assert!(message(vec![Operation::Mixup(MixConfig { alpha: 0.0, probability: 1.0 })]).contains("`alpha` is 0"));

    let twice = Scoring { augmentation: rded(), cutmix: 0.5, ..Scoring::default() };
    assert!(twice.validate().unwrap_err().to_string().contains("`cutmix` is 0.5"));
}
