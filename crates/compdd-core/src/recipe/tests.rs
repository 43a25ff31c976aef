//! Recipes of `herding`, read by a method that knows the type of one key.

use serde::Deserialize;

use super::*;

/// The cell of the tests.
const CELL: RecipeRequest<'static> =
    RecipeRequest { subset: "cifar10", ipc: 1, budget: "paper", fidelity: "paper", resolution: 32 };

struct Herding;

#[derive(Deserialize)]
struct Keys {
    feature_epochs: usize,
}

impl Check for Herding {
    fn info(&self) -> &'static MethodInfo {
        &catalogue::HERDING
    }

    fn check(&self, recipe: &Recipe) -> Result<(), String> {
        ranges::positive(&[("feature_epochs", recipe.typed::<Keys>()?.feature_epochs)])
    }
}

fn resolve(file: Option<&str>, sets: &[(&str, &str)]) -> Result<Recipe, RecipeError> {
    let file = file.map(|text| RecipeFile { name: "my.toml".into(), text: text.into() });
    let sets: Vec<_> = sets.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    Recipe::resolve(&Herding, file.as_ref(), &sets, &CELL)
}

#[test]
fn later_sources_win_and_change_the_hash() {
    let base = resolve(None, &[]).unwrap();
    let file = "[recipe]\nfeature_epochs = 3\n[[when]]\nipc = [1]\nset = { feature_epochs = 4 }\n[[when]]\nipc = [50]\nset = { feature_epochs = 9 }\n";
    let changed = resolve(Some(file), &[]).unwrap();
    assert_eq!(changed.to_json()["feature_epochs"], 4);
    assert_eq!(resolve(Some(file), &[("feature_epochs", "5")]).unwrap().to_json()["feature_epochs"], 5);
    assert_ne!(base.hash(), changed.hash());
    assert_eq!(base.hash(), resolve(None, &[]).unwrap().hash());
}

#[test]
fn a_printed_recipe_reads_back() {
    let base = resolve(None, &[]).unwrap();
    assert_eq!(resolve(Some(&base.to_toml("herding")), &[]).unwrap(), base);
}

#[test]
fn mistakes_name_file_line_and_key() {
    let cases = [
        ("[recipe]\n\nfeature_epoch = 3\n", "my.toml:3", "feature_epoch"),
        ("[recipe]\nfeature_epochs = \"many\"\n", "my.toml:2", "feature_epochs"),
        ("method = \"herding\"\n[recipes]\nx = 1\n", "my.toml:2", "recipes"),
        ("method = \"random\"\n", "my.toml", "random"),
        ("[recipe\n", "my.toml:1", ""),
        ("[[when]]\nipcs = [1]\nset = {}\n", "my.toml:2", "ipcs"),
    ];
    for (text, place, word) in cases {
        let message = resolve(Some(text), &[]).unwrap_err().to_string();
        assert!(message.contains(place) && message.contains(word), "{text:?} gave {message}");
    }
    let message = resolve(None, &[("lr", "1")]).unwrap_err().to_string();
    assert!(message.contains("lr") && message.contains("learning_rate"), "{message}");
}

#[test]
fn every_shipped_recipe_is_complete() {
    for method in methods() {
        for budget in ["paper", "quick", "smoke"] {
            let recipe = Recipe::shipped(method, &[], &RecipeRequest { budget, ..CELL }).unwrap();
            assert!(recipe.keys().count() > 0, "{}", method.slug);
        }
    }
}

#[test]
fn what_ships_is_read_without_the_method() {
    let sets = |key: &str, value: &str| [(key.to_owned(), value.to_owned())];
    let shipped = |sets: &[(String, String)]| Recipe::shipped(&catalogue::HERDING, sets, &CELL);
    assert_eq!(shipped(&[]).unwrap(), resolve(None, &[]).unwrap());
    let five = resolve(None, &[("feature_epochs", "5")]).unwrap();
    assert_eq!(shipped(&sets("feature_epochs", "5")).unwrap(), five);
    assert_eq!(
        shipped(&sets("lr", "1")).unwrap_err().to_string(),
        resolve(None, &[("lr", "1")]).unwrap_err().to_string()
    );
}
