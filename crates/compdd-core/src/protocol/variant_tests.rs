use super::*;
use crate::record::Budget;

fn fit<'a>(subset: &'a str, network: &'a str) -> Fit<'a> {
    Fit { subset, classes: 10, ipc: Some(10), network, tiles: 1 }
}

#[test]
fn a_change_counts_for_every_set() {
    let (plain, changed) = (Protocol::find("kd-edc").unwrap(), Protocol::find("kd-edc+ema:0.999+batch:50").unwrap());
    assert_eq!(changed.id, "kd-edc+batch:50+ema:0.999@1");
    for subset in ["cifar10", "imagenette"] {
        let fit = fit(subset, "resnet18-bn");
        let scoring = changed.fitted(Budget::Paper, &fit).unwrap();
        assert_eq!((scoring.batch, scoring.ema), (50, Some(0.999)), "{subset}");
        let before = plain.fitted(Budget::Paper, &fit).unwrap();
        assert_eq!(Scoring { batch: before.batch, ema: before.ema, ..scoring }, before, "nothing else, on {subset}");
    }
    let all = fit("cifar10", "resnet18-bn");
    let smooth = Protocol::find("kd-gvbsm-smooth+zeta:1.5").unwrap();
    assert_eq!(smooth.fitted(Budget::Paper, &all).unwrap().zeta, Some(1.5));
}

#[test]
fn a_variant_has_one_name_and_is_found_by_it() {
    let variant = Protocol::find("kd-edc+ema:0.9990+batch:50").unwrap();
    for name in ["kd-edc+batch:50+ema:0.999", "kd-edc+batch:50+ema:0.999@1", "kd-edc+ema:999e-3+batch:50"] {
        assert!(std::ptr::eq(Protocol::find(name).unwrap(), variant), "{name}");
    }
    assert_eq!(variant.slug(), "kd-edc+batch:50+ema:0.999");
    assert_ne!(variant.hash(), Protocol::find("kd-edc").unwrap().hash());
    assert!(Protocol::all().iter().all(|protocol| !protocol.id.contains('+')));
}

#[test]
fn impossible_changes_are_named() {
    let message = |name: &str| Protocol::named(name).unwrap_err().to_string();
    assert_eq!(message("kd-none+ema:0.9"), "there is no protocol `kd-none+ema:0.9`");
    assert_eq!(message("kd-edc+ema"), "`kd-edc+ema`: `ema` is no `setting:value`");
    assert_eq!(message("kd-edc+ema:0.9+ema:0.8"), "`kd-edc+ema:0.9+ema:0.8`: `ema` is changed twice");
    assert!(message("kd-edc+emma:0.9").contains("unknown field `emma`"));
    assert!(message("kd-edc+batch:many").contains("batch") || message("kd-edc+batch:many").contains("invalid type"));
    assert_eq!(message("kd-edc+ema:1.5"), "protocol setting `ema` is 1.5, but must be at least 0 and below 1");
    assert!(message("kd-edc+augmentation:a/b").contains("no name of a file"));
    assert!(message("kd-edc+zeta:0").contains("between 1 and 100"));
}
