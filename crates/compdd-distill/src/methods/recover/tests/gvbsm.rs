//! Runs of `gvbsm` and `edc` on tiny pictures, with a network that has batch norm and one that has none.

use std::{collections::BTreeSet, sync::LazyLock, time::Duration};

use burn::tensor::Device;

use super::{BENCH, TeacherLogits, teacher_in, values};
use crate::{
    eval::{LogitSource, Teachers},
    methods::{
        Distiller, MethodError, Start, State, find,
        matching::test_task::{World, after, floats, saved, step},
    },
    statistics::{self, Demand, Statistics, StatisticsContext, Views},
};
use compdd_core::{
    progress::{NoProgress, Stop},
    protocol::Ensemble,
    record::{Distilled, Labels},
};

struct Two {
    teachers: [TeacherLogits; 2],
    statistics: [Statistics; 2],
}

/// What the recipes ask of images of 16 pixels.
const DEMAND: Demand = Demand { convolutions: true, classes: true, patch: 4, views: Views::Padded, batch: 64 };

static TWO: LazyLock<Two> = LazyLock::new(|| {
    let (world, device, stop) = (&BENCH.world, Device::flex(), Stop::never());
    let made = ["convnet-d2-w8-bn", "convnet-d1-w6"].map(|network| {
        let folder = tempfile::tempdir().unwrap();
        let teacher = teacher_in(folder.path(), world, network);
        let context = StatisticsContext { device: &device, stop: &stop, progress: &NoProgress, every: Duration::MAX };
        let statistics = statistics::ensure(&DEMAND, &teacher, &world.task, context).unwrap();
        (teacher, statistics)
    });
    let [(first, of_first), (second, of_second)] = made;
    Two { teachers: [first, second], statistics: [of_first, of_second] }
});

fn started<T>(
    world: &World,
    method: &str,
    sets: &[(&str, &str)],
    change: impl FnOnce(Start<'_>) -> Start<'_>,
    body: impl FnOnce(Result<Box<dyn Distiller + '_>, MethodError>) -> T,
) -> T {
    let Two { teachers, statistics } = &*TWO;
    let observer = Teachers::of(teachers, Ensemble::Mean).unwrap();
    world.start(method, sets, |start| {
        let start = Start { teachers, statistics, observer: Some(&observer), ..start };
        body(find(method).unwrap().start(change(start)))
    })
}

fn with<T>(method: &str, sets: &[(&str, &str)], body: impl FnOnce(&mut dyn Distiller) -> T) -> T {
    started(&BENCH.world, method, sets, |start| start, |run| body(&mut *run.unwrap()))
}

fn finished(method: &str, sets: &[(&str, &str)]) -> Distilled {
    with(method, sets, |run| {
        (0..run.steps()).for_each(|i| drop(step(run, i).unwrap()));
        run.snapshot().unwrap()
    })
}

/// Every choice that a tiny run can make at once.
const EVERYTHING: [(&str, &str); 10] = [
    ("batch", "12"),
    ("initial", "mosaic"),
    ("tiles", "2"),
    ("candidates", "8"),
    ("hook_drop", "0.4"),
    ("densify", "1.0"),
    ("category_form", "paper"),
    ("flatness", "logits"),
    ("total_variation", "0.001"),
    ("iterations", "4"),
];

/// The networks find the classes of images that began as noise, and those of images that began as real ones; the set is in the order of classes.
#[test]
fn every_class_is_recovered() {
    let same = [("iterations", "80"), ("batch", "8"), ("storage", "exact"), ("roll", "[0, 1]")];
    for (method, more) in [("gvbsm", [("lr_img", "0.25"), ("pad", "1")]), ("edc", [("lr_img", "0.05"), ("pad", "0")])] {
        let sets: Vec<_> = same.into_iter().chain(more).collect();
        assert_eq!(with(method, &sets, |run| run.steps()), 3 * 80);
        let set = finished(method, &sets);
        assert_eq!((set.shape, set.ipc), ([20, 3, 16, 16], 2));
        let Labels::Logits { values, classes: 10 } = &set.labels else { panic!("labels are no logits") };
        let found = |row: &[f32]| (0..10).max_by(|a, b| row[*a].total_cmp(&row[*b])).unwrap();
        let right = values.chunks_exact(10).enumerate().filter(|(i, row)| found(row) == i / 2).count();
        assert!(right >= 18, "{method}: {right} of 20");
    }
}

/// Labels are the mean of all networks, and of the first one alone where that one recovers alone.
#[test]
fn labels_are_those_of_the_networks_that_recover() {
    let labels = |backbones: &str| {
        let set = finished("gvbsm", &[("backbones", backbones), ("iterations", "1"), ("storage", "exact")]);
        let Labels::Logits { values, .. } = set.labels else { panic!("labels are no logits") };
        (set.images, values)
    };
    let Two { teachers, .. } = &*TWO;
    for (backbones, count) in [("turns", 2), ("first", 1)] {
        let (images, found) = labels(backbones);
        let images = super::tensor(images, [20, 3, 16, 16]);
        let expected = values(Teachers::of(&teachers[..count], Ensemble::Mean).unwrap().logits(images));
        assert!(found.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-4), "{backbones}");
    }
}

/// Iterations take turns over the whole run: with three iterations a batch, the second batch begins with the other network. The averages of a
/// network move in its own iterations only, go on from batch to batch, and begin anew where they are told to.
#[test]
fn networks_take_turns() {
    let course = |reset: &str| -> Vec<State> {
        let sets = [("batch", "10"), ("iterations", "3"), ("hook_drop", "0.0"), ("moving_reset", reset)];
        with("gvbsm", &sets, |run| {
            (0..6)
                .map(|i| {
                    step(run, i).unwrap();
                    saved(run)
                })
                .collect()
        })
    };
    let names = ["moving.0.0.0", "moving.1.0.0"];
    let kept = course("false");
    assert!(kept[0].get(names[1]).is_err(), "the second network has not had its turn");
    for i in 1..6 {
        let changed = names.map(|name| kept[i].get(name).ok() != kept[i - 1].get(name).ok());
        assert_eq!(changed, [i % 2 == 0, i % 2 == 1], "{i}");
    }
    let reset = course("true");
    assert!(reset[2] == kept[2] && reset[3] != kept[3]);
    assert!(reset[3].get(names[0]).is_err(), "what was gathered is gone when a batch begins");
}

/// What images begin as: real ones of their class, each once; mosaics, which take a step a class; the average begins there as well.
#[test]
fn images_begin_as_real_ones() {
    let (task, sets) = (&BENCH.world.task, [("iterations", "1"), ("batch", "0"), ("storage", "exact")]);
    let real = with("edc", &sets, |run| run.snapshot().unwrap());
    let size = 3 * 256;
    let members = |label: u32| -> Vec<Vec<f32>> {
        task.train
            .of_class(label)
            .into_iter()
            .map(|i| {
                use compdd_nn::feed::PixelTensors as _;
                task.space.values(&task.train, &[i])
            })
            .collect()
    };
    let mut seen = BTreeSet::new();
    for (place, image) in real.images.chunks_exact(size).enumerate() {
        let label = place / 2;
        let found = members(label as u32).iter().position(|member| member == image);
        assert!(seen.insert((label, found.expect("an image of its class"))));
    }
    let sets = [&sets[..], &[("initial", "mosaic"), ("tiles", "2")]].concat();
    with("edc", &sets, |run| {
        assert_eq!(run.steps(), 10 + 1);
        let state = after(run, 10);
        let first = floats(&state, "images");
        assert!(first.chunks_exact(size).all(|image| image.iter().any(|value| *value != 0.0)));
        step(run, 10).unwrap();
        let state = saved(run);
        assert!(floats(&state, "images") != first);
        // After one step of lr 0.05 the average has moved by a hundredth of it.
        let average = floats(&state, "average");
        let pixels = floats(&state, "pixels");
        for ((x, average), first) in pixels.iter().zip(&average).zip(&first) {
            assert!((average - (0.99 * first + 0.01 * x)).abs() < 1e-5);
        }
    });
}

/// Sharpness-aware steps follow the gradient of a place uphill; moving averages and what is reported are those of the images.
#[test]
fn sharpness_asks_uphill_and_remembers_the_images() {
    let first = |flatness| {
        with("edc", &[("batch", "20"), ("moving", "0.8"), ("flatness", flatness)], |run| {
            let report = step(run, 0).unwrap();
            let state = saved(run);
            (report.loss, state.get("moving.0.0.0").unwrap().to_vec(), state.get("pixels").unwrap().to_vec())
        })
    };
    let (plain, sharp) = (first("nothing"), first("sharpness"));
    assert_eq!((&sharp.0, &sharp.1), (&plain.0, &plain.1));
    // The first step of Adam follows signs, some of which are others uphill.
    assert_ne!(sharp.2, plain.2);
}

/// A run that is saved and loaded between any two steps ends with the bytes of one that is not: mosaics, averages and turns included.
#[test]
fn a_run_goes_on_where_it_stopped() {
    for (method, sets) in [("gvbsm", &[("batch", "8"), ("hook_drop", "0.3")][..]), ("edc", &EVERYTHING)] {
        let steps = with(method, sets, |run| run.steps());
        let straight = with(method, sets, |run| after(run, steps));
        let mut state = with(method, sets, |run| saved(run));
        for i in 0..steps {
            state = with(method, sets, |run| {
                run.load(&state).unwrap();
                assert_eq!(saved(run), state, "{method} {i}");
                step(run, i).unwrap();
                saved(run)
            });
        }
        assert!(state == straight, "{method}");
        assert!(state.get("moving.0.0.0").is_ok() && state.get("moving.1.0.0").is_ok());
    }
}

/// Every switch changes the images, and a switch that does nothing changes nothing.
#[test]
fn every_switch_counts() {
    let base = [("iterations", "4"), ("batch", "20"), ("storage", "exact"), ("moving", "0.0")];
    let of = |more: &[(&'static str, &'static str)]| finished("edc", &[&base[..], more].concat()).images;
    let plain = of(&[]);
    let switches: [&[(&str, &str)]; 14] = [
        &[("category", "0.0")],
        &[("category", "1.0")],
        &[("category_form", "paper")],
        &[("swapped_patches", "true")],
        &[("flatness", "nothing")],
        &[("flatness", "statistics")],
        &[("flatness", "sharpness")],
        &[("flatness_form", "repo")],
        &[("backbones", "first"), ("convolutions", "false")],
        &[("moving", "0.8")],
        &[("moving", "0.8"), ("moving_start", "first")],
        // At the published temperature both sides are one and the same eigenvalue.
        &[("densify", "1.0"), ("densify_temperature", "1000.0")],
        &[("hook_drop", "0.5")],
        &[("backbones", "first")],
    ];
    let mut seen = vec![plain.clone()];
    for switch in switches {
        let images = of(switch);
        assert!(seen.iter().all(|other| *other != images), "{switch:?}");
        seen.push(images);
    }
    let nothing = of(&[("flatness", "nothing")]);
    assert!(of(&[("flatness_weight", "0.0")]) == nothing);
    assert!(of(&[("flatness", "sharpness"), ("flatness_weight", "0.0")]) == nothing);
    assert!(of(&[("category", "0.0"), ("category_form", "paper")]) == of(&[("category", "0.0")]));
}

#[test]
fn what_cannot_be_made_is_named() {
    let error = |sets: &[(&str, &str)], change: fn(Start<'_>) -> Start<'_>| {
        started(&BENCH.world, "edc", sets, change, |run| run.err().unwrap().to_string())
    };
    assert!(error(&[], |start| Start { teachers: &[], ..start }).contains("without a teacher"));
    assert!(error(&[], |start| Start { statistics: &[], ..start }).contains("without the statistics"));
    assert!(error(&[], |start| Start { ipc: 9, ..start }).contains("has 8 training images, but 9"));
    let no_norm = error(&[("convolutions", "false"), ("category", "0.0")], |start| start);
    assert!(no_norm.contains("`convnet-d1-w6` has no batch norm"), "{no_norm}");
    let sets = [("initial", "mosaic"), ("tiles", "3")];
    assert!(error(&sets, |start| start).contains("do not fill"));
}

#[test]
fn recipes_out_of_range_are_refused() {
    use compdd_core::recipe::Recipe;
    let refused = |key: &str, value: &str| {
        let sets = [(key.to_owned(), value.to_owned())];
        Recipe::resolve(find("edc").unwrap(), None, &sets, &crate::methods::CELL).unwrap_err().to_string()
    };
    for (key, value) in [
        ("parts", "0"),
        ("patch", "0"),
        ("target_batch", "0"),
        ("tiles", "0"),
        ("moving", "1.0"),
        ("hook_drop", "1.0"),
        ("category", "1.5"),
        ("flatness_decay", "-0.1"),
        ("densify_temperature", "0.0"),
    ] {
        assert!(refused(key, value).contains(&format!("`{key}`")), "{key}");
    }
    assert!(refused("initial", "\"dream\"").contains("dream") && refused("order", "\"none\"").contains("none"));
    let images = [("order", "images"), ("batch", "0")].map(|(key, value)| (key.to_owned(), value.to_owned()));
    let error = Recipe::resolve(find("edc").unwrap(), None, &images, &crate::methods::CELL).unwrap_err();
    assert!(error.to_string().contains("`batch` is 0"), "{error}");
}

/// Every step of the paper's ladder, from the one after `gvbsm` to the method's own recipe, changes what it says it changes and nothing else.
#[test]
fn the_ladder_of_the_paper_is_climbed() {
    use compdd_core::recipe::{Recipe, RecipeFile, RecipeRequest};
    let request = RecipeRequest { subset: "imagenet-1k", ipc: 10, budget: "paper", fidelity: "paper", resolution: 224 };
    let resolved = |file: Option<&str>| {
        let file = file.map(|name| {
            let path = format!("{}/../../benchmarks/recipes/edc/{name}.toml", env!("CARGO_MANIFEST_DIR"));
            RecipeFile { text: std::fs::read_to_string(&path).unwrap(), name: path }
        });
        Recipe::resolve(find("edc").unwrap(), file.as_ref(), &[], &request).unwrap().to_json()
    };
    let steps = [Some("config-b-c"), Some("config-d-e"), Some("config-f"), None].map(resolved);
    let changes: Vec<Vec<String>> = steps
        .windows(2)
        .map(|pair| {
            let of = |recipe: &serde_json::Value| recipe.as_object().unwrap().clone();
            let (before, after) = (of(&pair[0]), of(&pair[1]));
            after.iter().filter(|(key, value)| before[*key] != **value).map(|(key, _)| key.clone()).collect()
        })
        .collect();
    assert_eq!(changes, [["flatness"], ["category"], ["min_area"]]);
    assert_eq!(steps[0]["initial"], "mosaic");
}

/// What is gathered is what counts: nothing for batch norms alone, and no classes where they have no weight.
#[test]
fn demands_follow_the_recipe() {
    let demand = |method: &str, sets: &[(&str, &str)]| {
        BENCH.world.start(method, sets, |start| find(method).unwrap().requirements(start.recipe, 0).unwrap().statistics)
    };
    assert_eq!(demand("edc", &[]), Some(DEMAND));
    assert_eq!(demand("gvbsm", &[]), Some(Demand { classes: false, ..DEMAND }));
    assert_eq!(demand("gvbsm", &[("convolutions", "false")]), None);
    assert_eq!(demand("edc", &[("statistics", "0.0")]), None);
    assert_eq!(demand("sre2l", &[]), None);
}
