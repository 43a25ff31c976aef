//! Moments by hand, and statistics of a tiny teacher gathered, stopped, kept and damaged.

use std::{fs, time::Duration};

use burn::tensor::{Device, Distribution, Tensor, TensorData};

use super::*;
use crate::{
    eval::{Plan, Schedule, View},
    teachers::{Keep, Recipe, TeacherContext, TeacherLogits, train},
};
use compdd_core::{
    progress::{Interrupted, NoProgress, Stop},
    subset::Subset,
};
use compdd_data::data::{Library, Task, TaskOptions};
use compdd_nn::{
    augment::DsaConfig,
    nn::{LayerKind, Mode, NetworkSpec, Taps},
};

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

fn near(found: &[f32], expected: &[f32], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (a, b) in found.iter().zip(expected) {
        assert!((a - b).abs() <= 1e-4 * (1.0 + b.abs()), "{what}: {found:?}, not {expected:?}");
    }
}

/// Lengths of the patch statistics at 224, 64 and 32 px, and of maps that are enlarged first.
#[test]
fn maps_have_cells() {
    for (side, patch, expected) in
        [(224, 16, 196), (64, 4, 256), (32, 4, 64), (7, 16, 1), (14, 16, 1), (56, 16, 16), (2, 4, 1)]
    {
        let z = Tensor::zeros([1, 2, side, side], &Device::flex());
        let lengths: Vec<usize> = moments(z.clone(), Some(patch)).iter().map(|row| row.dims()[0]).collect();
        assert_eq!(lengths, [2, 2, expected, expected], "{side}");
        let shapes: Vec<[usize; 2]> = image_moments(z, Some(patch)).iter().map(Tensor::dims).collect();
        assert_eq!(shapes, [[1, 2], [1, 2], [1, expected], [1, expected]], "{side}");
    }
}

/// Two images of two channels, two by four pixels, two cells.
#[test]
fn moments_by_hand() {
    let maps: Vec<f32> = (0..32_u8).map(|i| f32::from(i * i % 23)).collect();
    let z = Tensor::<4>::from_data(TensorData::new(maps.clone(), [2, 2, 2, 4]), &Device::flex());
    let of = |wanted: &dyn Fn(usize) -> bool| {
        let chosen: Vec<f32> = (0..32).filter(|&i| wanted(i)).map(|i| maps[i]).collect();
        let mean = chosen.iter().sum::<f32>() / chosen.len() as f32;
        (mean, chosen.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / chosen.len() as f32)
    };
    let rows = |sets: Vec<(f32, f32)>| sets.into_iter().unzip::<f32, f32, Vec<f32>, Vec<f32>>();
    let found = moments(z.clone(), Some(2));
    let (mean, variance) = rows((0..2).map(|c| of(&|i| i / 8 % 2 == c)).collect());
    let (cell_mean, cell_variance) = rows((0..2).map(|cell| of(&|i| i % 4 / 2 == cell)).collect());
    for (row, expected) in found.into_iter().zip([mean, variance, cell_mean, cell_variance]) {
        near(&values(row), &expected, "batch");
    }
    let found = image_moments(z, Some(2));
    let channels = rows((0..4).map(|place| of(&|i| i / 8 == place)).collect());
    let cells = rows((0..4).map(|place| of(&|i| i / 16 == place / 2 && i % 4 / 2 == place % 2)).collect());
    for (row, expected) in found.into_iter().zip([channels.0, channels.1, cells.0, cells.1]) {
        near(&values(row), &expected, "image");
    }
}

/// A variance does not move with the mean of its cell: central differences of every kind of moment, on a map that is enlarged.
#[test]
fn moments_have_a_gradient() {
    let device = Device::flex();
    let z = Tensor::<4>::random([2, 2, 3, 5], Distribution::Normal(0.5, 1.0), &device);
    let weights = |length: usize| {
        let values: Vec<f32> = (0..length).map(|i| ((i * 7 + 3) % 5) as f32 - 1.5).collect();
        Tensor::<1>::from_data(TensorData::new(values, [length]), &device)
    };
    let sum = |z: Tensor<4>| {
        let rows = moments(z, Some(4)).into_iter().map(|row| {
            let [length] = row.dims();
            (row * weights(length)).sum()
        });
        rows.reduce(|sum, row| sum + row).unwrap()
    };
    let tracked = z.clone().autodiff().require_grad();
    let gradient = values(tracked.grad_remove(&mut sum(tracked.clone()).backward()).unwrap());
    for (place, slope) in gradient.iter().enumerate() {
        let at = |step: f32| {
            let mut moved = values(z.clone());
            moved[place] += step;
            f64::from(sum(Tensor::from_data(TensorData::new(moved, [2, 2, 3, 5]), &device)).into_scalar::<f32>())
        };
        let expected = (at(0.05) - at(-0.05)) / 0.1;
        assert!((f64::from(*slope) - expected).abs() < 2e-3, "{place}: {slope}, not {expected}");
    }
}

struct World {
    _folder: tempfile::TempDir,
    task: Task,
    teacher: TeacherLogits,
}

/// Ten classes of six images of 16 pixels, and a teacher of two small blocks.
fn world() -> World {
    let options = TaskOptions {
        resolution: Some(16),
        train_per_class: Some(6),
        test_per_class: Some(2),
        ..TaskOptions::default()
    };
    let task = Task::load(&Subset::find("scenes-easy").unwrap(), &Library::empty(), &options).unwrap();
    let published = Recipe::default().plan;
    let plan = Plan {
        epochs: 2,
        batch: 16,
        schedule: Schedule::Constant { base: 0.02 },
        augmentation: DsaConfig::default().into(),
        ..published
    };
    let recipe = Recipe { plan, keep: Keep::Last, seed: 3 };
    let network = NetworkSpec::parse("convnet-d2-w4-bn").unwrap().build(3, 16, 10).unwrap();
    let (device, go, folder) = (Device::flex(), Stop::never(), tempfile::tempdir().unwrap());
    let context = TeacherContext::new(device.clone(), &go);
    let teacher = train(&task, &network, &recipe, None, folder.path(), &context).unwrap();
    let teacher = TeacherLogits::new(teacher, &task, &device).unwrap();
    World { _folder: folder, task, teacher }
}

const DEMAND: Demand = Demand { convolutions: true, classes: true, patch: 4, views: Views::Whole, batch: 7 };

fn gathered(world: &World, demand: &Demand, stop: &Stop) -> Result<Statistics, StatisticsError> {
    let device = Device::flex();
    let context = StatisticsContext { device: &device, stop, progress: &NoProgress, every: Duration::ZERO };
    ensure(demand, &world.teacher, &world.task, context)
}

/// Means of the statistics of single images are those of the whole set where every batch is one image; classes have their own.
#[test]
fn statistics_are_means() {
    let world = world();
    let demand = Demand { batch: 1, ..DEMAND };
    let statistics = gathered(&world, &demand, &Stop::never()).unwrap();
    let (inside, view) = (world.teacher.teacher(), View::training(&world.task));
    let layers = demand.layers(inside.network());
    assert_eq!(layers.iter().filter(|layer| layer.kind == LayerKind::Conv).count(), 2);
    assert_eq!(layers.len(), 4);
    let mut all: Vec<Vec<Vec<f32>>> = vec![Vec::new(); layers.len()];
    for i in 0..view.len() {
        let image = view.tensor(&[i], &Device::flex());
        let taps = Taps::Inputs(&[LayerKind::Conv, LayerKind::BatchNorm]);
        let inputs = inside.network().forward_with(inside.params(), image, Mode::Eval, taps).taps;
        for (place, (name, z)) in inputs.into_iter().enumerate() {
            assert_eq!(name, layers[place].name);
            all[place].push(moments(z, demand.patch_of(layers[place].kind)).into_iter().flat_map(values).collect());
        }
    }
    let mean = |rows: &[&Vec<f32>]| -> Vec<f32> {
        (0..rows[0].len()).map(|k| rows.iter().map(|row| row[k]).sum::<f32>() / rows.len() as f32).collect()
    };
    for (layer, rows) in layers.iter().zip(&all) {
        if layer.kind == LayerKind::Conv {
            let found: Vec<f32> = statistics.of_all(layer).unwrap().concat();
            near(&found, &mean(&rows.iter().collect::<Vec<_>>()), &layer.name);
        }
        for class in [0, 7] {
            let own: Vec<&Vec<f32>> = (0..view.len()).filter(|&i| view.label(i) == class).map(|i| &rows[i]).collect();
            let found: Vec<f32> = statistics
                .of_classes(layer)
                .unwrap()
                .into_iter()
                .flat_map(|rows| rows.chunks_exact(rows.len() / 10).nth(class as usize).unwrap().to_vec())
                .collect();
            near(&found, &mean(&own), &layer.name);
        }
    }
    let cost = cost(&demand, &world.teacher, &world.task, &Device::flex());
    // Convolutions see 3 and 4 channels and 16 and 4 cells, batch norms 4 channels twice.
    assert_eq!(cost, Cost { images: view.len(), bytes: 4 * 11 * 2 * (3 + 16 + 4 + 4 + 4 + 4) });
}

/// Stopped before every batch, the file is that of a straight pass; it is found again, and nothing unfinished stays.
#[test]
fn gathering_goes_on_where_it_stopped() {
    let world = world();
    let demand = Demand { views: Views::Crops, ..DEMAND };
    assert!(find(&demand, &world.teacher, &world.task).unwrap().is_none());
    let straight = gathered(&world, &demand, &Stop::never()).unwrap();
    let folder = world.teacher.teacher().path().join("statistics");
    let file = |folder: &std::path::Path| {
        let found = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
        assert_eq!(found.len(), 1, "{found:?}");
        fs::read(found[0].join("statistics.safetensors")).unwrap()
    };
    let bytes = file(&folder);
    fs::remove_dir_all(&folder).unwrap();
    let mut stops = 0;
    let again = loop {
        match gathered(&world, &demand, &Stop::after(1)) {
            Ok(statistics) => break statistics,
            Err(error) => assert!(Interrupted::is(&error), "{error}"),
        }
        stops += 1;
    };
    assert!(stops > 5 && again == straight);
    assert_eq!(file(&folder), bytes);
    assert_eq!(find(&demand, &world.teacher, &world.task).unwrap(), Some(straight));
    let other = Demand { views: Views::Padded, ..DEMAND };
    assert!(find(&other, &world.teacher, &world.task).unwrap().is_none());
    assert!(gathered(&world, &other, &Stop::never()).unwrap() != again);
}

/// Whoever comes while another process gathers waits until it is done, or until it is told to stop.
#[test]
fn what_others_gather_is_waited_for() {
    let world = world();
    let root = world.teacher.teacher().path().join("statistics");
    gathered(&world, &DEMAND, &Stop::never()).unwrap();
    let name = fs::read_dir(&root).unwrap().next().unwrap().unwrap().file_name();
    fs::remove_dir_all(&root).unwrap();
    let lock = compdd_core::files::Lock::take(&root.join(format!("unfinished-{}", name.display()))).unwrap();
    assert!(Interrupted::is(&gathered(&world, &DEMAND, &Stop::after(2)).unwrap_err()));
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| gathered(&world, &DEMAND, &Stop::never()));
        drop(lock);
        assert!(waiting.join().unwrap().is_ok());
    });
    assert_eq!(fs::read_dir(&root).unwrap().count(), 1);
}

#[test]
fn damaged_files_are_named() {
    let world = world();
    gathered(&world, &DEMAND, &Stop::never()).unwrap();
    let folder = world.teacher.teacher().path().join("statistics");
    let folder = fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    let path = folder.join("statistics.safetensors");
    let message = || find(&DEMAND, &world.teacher, &world.task).unwrap_err().to_string();
    let mut bytes = fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&path, &bytes).unwrap();
    assert!(message().contains(&path.display().to_string()) && message().contains("does not match"), "{}", message());
    fs::remove_file(&path).unwrap();
    assert!(message().contains("missing"), "{}", message());
    fs::write(folder.join("card.json"), "{").unwrap();
    assert!(message().contains("card.json"), "{}", message());
}
