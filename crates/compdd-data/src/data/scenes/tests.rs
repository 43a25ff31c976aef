use std::collections::HashSet;

use super::*;

const EASY: World = World { hard: false, seed: 0 };
const HARD: World = World { hard: true, seed: 0 };

fn all(World { hard, seed }: World) -> Collection {
    Collection { level: if hard { Level::Hard } else { Level::Easy }, seed }
}

fn decode(resolution: usize) -> Decode {
    Decode { resolution, resize: crate::data::ResizeMode::Squash, antialias: true }
}

fn names() -> Vec<String> {
    CLASSES.iter().map(|class| class.name.to_owned()).collect()
}

#[test]
fn a_mixed_collection_shows_both_worlds_in_turn() {
    let mixed = Collection { level: Level::Mixed, seed: 0 }.images(Split::Test, &names(), 4, &decode(16)).unwrap();
    let [easy, hard] = [EASY, HARD].map(|world| all(world).images(Split::Test, &names(), 2, &decode(16)).unwrap());
    assert_eq!(mixed.labels(), (0..40).map(|i| i / 4).collect::<Vec<u32>>());
    for i in 0..40 {
        let world = if i % 2 == 0 { &easy } else { &hard };
        assert_eq!(mixed.image(i), world.image(i / 4 * 2 + i % 4 / 2), "{i}");
    }
}

#[test]
fn the_subsets_list_what_is_drawn() {
    assert_eq!(names(), compdd_core::subset::scenes::SCENE_CLASSES);
}

#[test]
fn masks_cover_what_the_world_promises() {
    for (world, low, high) in [(EASY, 0.35, 0.60), (HARD, 0.04, 0.12)] {
        for (class, SceneClass { name, .. }) in CLASSES.iter().enumerate() {
            for index in 0..40 {
                let share = world.scene(Split::Train, class, index, 32).share();
                assert!((low..=high).contains(&share), "{world:?} {name} {index}: {share}");
            }
        }
    }
}

#[test]
fn the_same_name_gives_the_same_bytes_on_any_number_of_threads() {
    let make = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| all(HARD).images(Split::Train, &names(), 3, &decode(32)).unwrap())
    };
    assert_eq!(make(1).pixels(), make(3).pixels());
    assert_eq!(make(1).hash(), make(2).hash());
}

#[test]
fn splits_classes_seeds_and_worlds_share_no_picture() {
    let mut seen = HashSet::new();
    for world in [EASY, HARD, World { hard: false, seed: 1 }] {
        for split in Split::ALL {
            let set = all(world).images(split, &names(), 5, &decode(32)).unwrap();
            for i in 0..set.len() {
                assert!(seen.insert(set.image(i).to_vec()), "{world:?} {split} {i}");
            }
        }
    }
}

#[test]
fn a_smaller_set_is_the_beginning_of_a_larger_one() {
    let few = all(EASY).images(Split::Test, &names(), 2, &decode(16)).unwrap();
    let many = all(EASY).images(Split::Test, &names(), 4, &decode(16)).unwrap();
    assert_eq!(few.image(3), many.image(5));
}

#[test]
fn the_resolution_changes_the_pixels_and_not_the_scene() {
    for world in [EASY, HARD] {
        for class in 0..CLASSES.len() {
            let small = world.scene(Split::Train, class, 7, 32);
            let large = world.scene(Split::Train, class, 7, 128);
            let mut difference = 0.0;
            for c in 0..3 {
                for y in 0..32 {
                    for x in 0..32 {
                        let block =
                            (0..16).map(|i| f64::from(large.pixels[(c * 128 + y * 4 + i / 4) * 128 + x * 4 + i % 4]));
                        difference +=
                            (block.sum::<f64>() / 16.0 - f64::from(small.pixels[(c * 32 + y) * 32 + x])).abs();
                    }
                }
            }
            difference /= 3.0 * 32.0 * 32.0;
            assert!(difference < 2.0, "{world:?} {class}: {difference} grey levels");
            assert!((small.share() - large.share()).abs() < 0.02);
        }
    }
}

/// Share of test images whose nearest class mean, in pixels, is their own.
fn nearest_mean_accuracy(world: World, train: usize, test: usize, whole_picture: bool) -> f64 {
    let features = |set: &ImageSet, i: usize| -> Vec<f64> {
        let image = set.image(i);
        if whole_picture {
            return image.iter().map(|&byte| f64::from(byte)).collect();
        }
        image.chunks(image.len() / 3).map(|c| c.iter().map(|&b| f64::from(b)).sum::<f64>() / c.len() as f64).collect()
    };
    let train_set = all(world).images(Split::Train, &names(), train, &decode(32)).unwrap();
    let test_set = all(world).images(Split::Test, &names(), test, &decode(32)).unwrap();
    let means: Vec<Vec<f64>> = (0..10)
        .map(|class| {
            let members = train_set.of_class(class);
            let mut mean = vec![0.0; features(&train_set, 0).len()];
            for &i in &members {
                mean.iter_mut().zip(features(&train_set, i)).for_each(|(sum, v)| *sum += v / members.len() as f64);
            }
            mean
        })
        .collect();
    let distance = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| (x - y).powi(2)).sum::<f64>();
    let right = (0..test_set.len()).filter(|&i| {
        let image = features(&test_set, i);
        let best = (0..10).min_by(|&a, &b| distance(&image, &means[a]).total_cmp(&distance(&image, &means[b])));
        best == Some(test_set.labels()[i] as usize)
    });
    right.count() as f64 / test_set.len() as f64
}

#[test]
fn means_say_next_to_nothing_about_the_class() {
    for world in [EASY, HARD] {
        for whole_picture in [false, true] {
            let accuracy = nearest_mean_accuracy(world, 200, 100, whole_picture);
            assert!(accuracy < 0.25, "{world:?} whole={whole_picture}: {accuracy}");
        }
    }
}

#[test]
fn unknown_classes_are_named() {
    let error = all(EASY).images(Split::Train, &["teapot".to_owned()], 1, &decode(32)).unwrap_err();
    assert!(error.to_string().contains("teapot"), "{error}");
}
