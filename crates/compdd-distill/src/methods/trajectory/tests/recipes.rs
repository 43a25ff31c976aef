//! What papers and released configurations print is in the recipes.

use std::path::Path;

use super::super::recipe::TrajectoryRecipe;
use crate::methods::find;
use compdd_core::recipe::{Recipe, RecipeRequest};

/// The built-in recipe of a cell.
fn cell(method: &str, subset: &str, ipc: usize, fidelity: &str) -> TrajectoryRecipe {
    let method = find(method).expect("a registered method");
    let request = RecipeRequest { subset, ipc, budget: "paper", fidelity, resolution: 128 };
    Recipe::resolve(method, None, &[], &request).expect("a complete recipe").typed().expect("a recipe of the family")
}

/// The settings of a recipe by the columns of EDF's tables; the released configurations have all of these columns. They have an `ema_decay`
/// too, which the released code does not read.
fn settings(recipe: &TrajectoryRecipe) -> [(&'static str, f64); 16] {
    let r = recipe;
    [
        ("alpha", r.drop),
        ("beta", r.enhance_beta),
        ("K", r.enhance_interval as f64),
        ("T", r.iterations as f64),
        ("batch_syn", r.batch_syn as f64),
        ("lr_pixel", r.lr_img),
        ("syn_steps", r.student_steps as f64),
        ("expert_epochs", r.expert_span as f64),
        ("min_start_epoch", r.min_start as f64),
        ("current_max_start_epoch", r.start as f64),
        ("max_start_epoch", r.max_start as f64),
        ("lr_label", r.lr_label),
        ("label_momentum", r.momentum_label),
        ("logit_threshold", r.skip_above),
        ("lr_lr", r.lr_lr),
        ("lr_teacher", r.learning_rate),
    ]
}

#[test]
fn every_published_setting_of_edf_is_in_its_recipe() {
    let mut compared = 0;
    for (table, fidelity) in [("edf_table9", "paper"), ("edf_table14", "paper"), ("edf_repo_configs", "released")] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../benchmarks/paper/{table}.csv"));
        let mut file = csv::Reader::from_path(path).unwrap();
        let names = file.headers().unwrap().clone();
        for row in file.records() {
            let row = row.unwrap();
            let value = |name: &str| names.iter().position(|known| known == name).map(|at| row[at].to_owned());
            let (subset, ipc) = (value("dataset").unwrap(), value("ipc").unwrap());
            let recipe = cell("edf", &subset, ipc.parse().unwrap(), fidelity);
            for (name, own) in settings(&recipe) {
                let Some(published) = value(name) else { continue };
                assert_eq!(own, published.parse::<f64>().unwrap(), "{table}: {name} of {subset}, IPC {ipc}");
                compared += 1;
            }
            let whitened = value("zca").is_some_and(|word| word == "True");
            assert_eq!(recipe.whiten, whitened, "{table}: {subset}, IPC {ipc}");
        }
    }
    assert_eq!(compared, 36 * 7 + 36 * 16);
}

#[test]
fn recipes_hold_the_published_tables() {
    // steps, end of the window, minibatch, rate of the pixels, drop, beta, interval: EDF, Tables 9 and 14.
    let edf = |subset: &str, ipc: usize| {
        let r = cell("edf", subset, ipc, "paper");
        assert!(r.origin.starts_with("EDF Table") && r.lr_lr == 1e-5 && r.expert_span == 2 && r.iterations == 10_000);
        (r.student_steps, r.max_start, r.batch_syn, r.lr_img, r.drop, r.enhance_beta, r.enhance_interval)
    };
    assert_eq!(edf("imagenette", 1), (40, 10, 1000, 1e4, 0.0, 1.0, 50));
    assert_eq!(edf("imagefruit", 10), (40, 20, 250, 1e3, 0.25, 1.0, 100));
    assert_eq!(edf("imagewoof", 50), (80, 40, 100, 1e2, 0.375, 2.0, 200));
    assert_eq!(edf("imagemeow", 50), (40, 40, 200, 1e2, 0.375, 2.0, 200));
    assert_eq!(edf("imageyellow", 50), (40, 40, 200, 1e2, 0.375, 1.0, 200));
    assert_eq!(edf("bird-hard", 10), (40, 20, 400, 1e3, 0.25, 1.0, 100));
    assert_eq!(edf("music-hard", 50), (40, 40, 200, 1e2, 0.375, 2.0, 200));
    assert!(cell("edf", "music-hard", 50, "paper").origin.ends_with("ours"), "no configuration was released");
    assert!(cell("edf", "bird-hard", 50, "paper").origin.ends_with("released configuration"));

    let released = cell("edf", "imagesquawk", 50, "released");
    assert_eq!(
        (released.student_steps, released.batch_syn, released.drop, released.learning_rate),
        (80, 128, 0.5, 0.005)
    );
    assert_eq!((released.crop_ratio, released.skip_above, released.enhance_beta), (0.25, 1.1, 1.0));
    let fruit = cell("edf", "imagefruit", 1, "released");
    assert_eq!((fruit.start, fruit.max_start, fruit.drop), (20, 40, 0.375));
    let birds = cell("edf", "bird-hard", 50, "released");
    assert_eq!((birds.drop, birds.enhance_beta, birds.enhance_interval), (0.25, 1.0, 100));

    let datm = cell("datm", "cifar10", 10, "paper");
    assert_eq!((datm.student_steps, datm.start, datm.max_start, datm.expand), (80, 10, 20, 1000));
    assert_eq!((datm.lr_img, datm.lr_label, datm.lr_lr, datm.skip_above), (1e2, 2.0, 1e-5, 1.0));
    assert!(datm.whiten && datm.expert_epochs == 100);
    let mtt = cell("mtt", "cifar10", 10, "paper");
    assert_eq!((mtt.student_steps, mtt.max_start, mtt.lr_img, mtt.learning_rate), (30, 20, 1e2, 1e-3));
    let ftd = cell("ftd", "cifar10", 1, "paper");
    assert_eq!((ftd.ema, ftd.expert_alpha, ftd.max_start), (0.9999, 0.3, 2));
    let pad = cell("pad", "cifar10", 50, "paper");
    assert_eq!((pad.expert_span, pad.batch_syn, pad.drop), (3, 1000, 0.25));
    assert_ne!(pad.drop_by, cell("pad", "cifar10", 50, "released").drop_by);
    assert_eq!(cell("tesla", "cifar10", 1, "released").lr_img, 0.5 * cell("tesla", "cifar10", 1, "paper").lr_img);
}
