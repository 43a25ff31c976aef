//! Which runner serves which kind, and where the cases lie.

use std::path::{Path, PathBuf};

use super::{
    Case, attacks, augment, cam, data, effects, eval, experts, matching, metrics, nn, recover, select, trajectory,
};

/// One comparison of a case with the library.
pub type Runner = fn(&Case) -> Result<(), String>;

/// Which runner serves which kind.
pub const RUNNERS: &[(&str, Runner)] = &[
    ("alexnet_forward", nn::alexnet),
    ("attack", attacks::attacks),
    ("bilp_ite", effects::effects),
    ("bilp_loss_criterion", select::loss_criterion),
    ("bilp_running", effects::running),
    ("bilp_threshold", effects::threshold),
    ("convnet_forward", nn::convnet),
    ("cutmix", augment::cutmix),
    ("datadam_loss", matching::attention),
    ("dm_loss", matching::distribution),
    ("dsa_ops", augment::dsa),
    ("dc_match", matching::gradients),
    ("edc_flatness", recover::flatness),
    ("edc_statistics", recover::statistics),
    ("edf_cpd", trajectory::cpd),
    ("edf_dae", cam::dae),
    ("evaluate_steps", eval::steps),
    ("fkd_replay", augment::replay),
    ("gradcam", cam::maps),
    ("gsam_step", experts::gsam),
    ("gvbsm_densify", recover::densify),
    ("kd_loss", eval::distillation_loss),
    ("label_init", experts::labels),
    ("metrics", metrics::scores),
    ("network_forward", nn::network),
    ("rded_score", select::rded),
    ("resnet18_forward", nn::resnet18),
    ("schedules", eval::schedules),
    ("selection/craig", select::craig_cover),
    ("selection/glister", select::glister_choice),
    ("selection/gradmatch", select::pursuit),
    ("selection/herding", select::coreset),
    ("selection/kcenter", select::coreset),
    ("sre2l_bn_loss", recover::loss),
    ("tesla_gradient", trajectory::tesla),
    ("trajectory_meta_gradient", trajectory::meta_gradient),
    ("vgg11_forward", nn::vgg11),
    ("zca", data::zca),
];

/// The cases of this repository, in order.
pub fn own() -> Vec<PathBuf> {
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden"))
}

/// Every case file below `folder`, in order.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(folder).sort_by_file_name();
    let paths = entries.into_iter().map(|entry| entry.expect("a readable golden folder").into_path());
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "safetensors")).collect()
}
