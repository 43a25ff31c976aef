//! What the recipes say, and what they may not.

use crate::methods::{
    find,
    matching::gradient::{GradientRecipe, Metric, Tensors},
};
use compdd_core::recipe::{Recipe, RecipeError, RecipeRequest};

fn resolved(method: &str, subset: &str, ipc: usize, sets: &[(&str, &str)]) -> Result<GradientRecipe, RecipeError> {
    let sets: Vec<_> = sets.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let request = RecipeRequest { subset, ipc, ..crate::methods::CELL };
    Ok(Recipe::resolve(find(method).unwrap(), None, &sets, &request)?.typed().unwrap())
}

#[test]
fn recipes_hold_the_published_loops() {
    for method in ["dc", "dsa"] {
        let loops = [(1, 1, 1), (5, 10, 50), (10, 10, 50), (20, 20, 25), (30, 30, 20), (40, 40, 15), (50, 50, 10)];
        for (ipc, outer, inner) in loops {
            let recipe = resolved(method, "cifar10", ipc, &[]).unwrap();
            assert_eq!((recipe.iterations, recipe.outer_steps, recipe.inner_epochs), (1000, outer, inner));
            assert_eq!((recipe.image_rate(ipc, 128), recipe.momentum_img), (0.1, 0.5));
            assert_eq!((recipe.metric, recipe.tensors), (Metric::Ours, Tensors::Matrices));
        }
        assert!(resolved(method, "bird-hard", 10, &[]).unwrap().origin.starts_with("ours"));
    }
}

#[test]
fn the_rate_of_idc_grows_with_images_and_area() {
    for (method, factor) in [("idc-i", 1), ("idc", 2)] {
        for (ipc, rate) in [(1, 5e-4), (10, 5e-3), (50, 2.5e-2)] {
            let recipe = resolved(method, "cifar10", ipc, &[]).unwrap();
            assert!((recipe.image_rate(ipc, 32) - rate).abs() < 1e-12 && recipe.factor == factor);
            assert!((recipe.image_rate(ipc, 64) - 4.0 * rate).abs() < 1e-12);
            assert_eq!((recipe.train_images, recipe.tensors), (2000, Tensors::Convolutions));
            assert_eq!(recipe.iterations * recipe.outer_steps, 200_000);
            assert!(recipe.step_by_class && recipe.unit_range && recipe.metric == Metric::Mse);
        }
    }
    let recipe = resolved("idc", "imagenette", 10, &[]).unwrap();
    assert_eq!((recipe.metric, recipe.image_rate(10, 128), recipe.factor), (Metric::L1, 0.003, 3));
}

#[test]
fn contradictions_are_named() {
    let cases: [(&[(&str, &str)], &str); 6] = [
        (&[("whiten", "true"), ("unit_range", "true")], "unit_range"),
        (&[("whiten", "true"), ("factor", "2")], "factor"),
        (&[("init", "herding"), ("factor", "2")], "init"),
        (&[("outer_steps", "0")], "outer_steps"),
        (&[("train_momentum", "1.0")], "train_momentum"),
        (&[("train_augmentation", "colour")], "train_augmentation"),
    ];
    for (sets, word) in cases {
        let message = resolved("dc", "cifar10", 1, sets).unwrap_err().to_string();
        assert!(message.contains(word), "{sets:?} gave {message}");
    }
}
