use super::*;

fn get(text: &str) -> Subset {
    Subset::find(text).unwrap()
}

fn comp() -> impl Iterator<Item = Subset> {
    Subset::all().into_iter().filter(|s| matches!(s.family, Family::CompDd { .. }))
}

#[test]
fn there_are_sixteen_comp_dd_lists_of_ten() {
    assert_eq!(comp().count(), 16);
    assert!(comp().all(|s| s.classes.len() == 10));
    let distinct: HashSet<String> = comp().flat_map(|s| s.classes).map(|c| c.synset).collect();
    assert_eq!(distinct.len(), 159);
}

#[test]
fn only_music_hard_repeats_a_class_and_it_says_so() {
    for subset in comp() {
        let nine = subset.slug == "music-hard";
        assert_eq!(subset.distinct_classes(), if nine { 9 } else { 10 }, "{}", subset.slug);
        assert_eq!(subset.version, if nine { "paper" } else { "1" });
    }
    let music = get("music-hard");
    assert_eq!(music.id(), "music-hard@paper");
    assert_eq!(music, get("musics_hard@paper"));
    assert_eq!(music.label_of("n02787622"), Some(2));
    assert_eq!(music.unused_labels(), [0]);
    assert_eq!(music.classes[0].synset, music.classes[2].synset);
    assert!(music.notes[0].contains("9 distinct"), "{:?}", music.notes);
    let counts = music.expected_counts();
    assert_eq!(counts.iter().filter_map(|c| c.train).sum::<usize>(), 11_700);
    assert_eq!(counts.iter().filter_map(|c| c.test).sum::<usize>(), 450);
    assert_eq!(counts[0].train, Some(0));
}

#[test]
fn no_class_is_both_easy_and_hard_or_in_two_categories() {
    let mut owner = std::collections::HashMap::new();
    for subset in comp() {
        for class in &subset.classes {
            let before = owner.insert(class.synset.clone(), subset.slug.clone());
            assert!(before.as_ref().is_none_or(|b| *b == subset.slug), "{class:?}: {before:?} and {}", subset.slug);
        }
    }
}

#[test]
fn overlaps_with_the_six_are_the_documented_ones() {
    let comp: HashSet<String> = comp().flat_map(|s| s.classes).map(|c| c.synset).collect();
    let overlap = |slug: &str| -> Vec<String> {
        let classes = get(slug).classes.into_iter();
        classes.filter(|c| comp.contains(&c.synset)).map(|c| c.label).collect()
    };
    assert_eq!(overlap("imagenette"), ["tench", "English springer", "French horn", "golf ball"]);
    assert_eq!(overlap("imagewoof"), ["Australian terrier", "English foxhound"]);
    assert_eq!(overlap("imagefruit"), ["pineapple"]);
    assert_eq!(overlap("imagesquawk"), ["flamingo", "macaw", "pelican"]);
    assert_eq!(overlap("imageyellow"), ["bee"]);
    assert!(overlap("imagemeow").is_empty());
}

#[test]
fn documented_off_category_classes_are_noted() {
    for (slug, count) in [("snake-hard", 5), ("fish-hard", 2), ("fish-easy", 2), ("dog-easy", 1), ("car-hard", 4)] {
        assert!(get(slug).notes.len() >= count, "{slug}: {:?}", get(slug).notes);
    }
}

#[test]
fn indices_match_the_lineage() {
    let indices = |slug: &str| get(slug).classes.iter().filter_map(|c| c.index).collect::<Vec<_>>();
    assert_eq!(indices("nette"), [0, 217, 482, 491, 497, 566, 569, 571, 574, 701]);
    assert_eq!(indices("woof"), [193, 182, 258, 162, 155, 167, 159, 273, 207, 229]);
    assert_eq!(indices("yellow"), [309, 986, 954, 951, 987, 779, 599, 291, 72, 11]);
}

#[test]
fn every_alias_finds_its_subset() {
    for subset in Subset::all() {
        for name in subset.aliases().into_iter().chain([subset.slug.to_uppercase(), subset.id()]) {
            assert_eq!(get(&name), subset, "{name}");
        }
    }
    for name in ["birds_hard", "bird_hard", "birds-hard", "bird-hard@1", " Bird Hard "] {
        assert_eq!(get(name).id(), "bird-hard@1", "{name}");
    }
}

#[test]
fn ids_are_unique() {
    let ids: HashSet<String> = Subset::all().iter().map(Subset::id).collect();
    assert_eq!(ids.len(), Subset::all().len());
    assert_eq!(ids.len(), 30);
}

#[test]
fn errors_name_what_is_near() {
    let Err(SubsetError::Unknown { near, .. }) = Subset::find("brid-hard") else { panic!() };
    assert_eq!(near[0], "bird-hard");
    let Err(SubsetError::Unknown { near, .. }) = Subset::find("wooof") else { panic!() };
    assert_eq!(near[0], "imagewoof");
    let Err(SubsetError::UnknownVersion { available, .. }) = Subset::find("music-hard@1") else { panic!() };
    assert_eq!(available, ["music-hard@paper"]);
    assert!(Subset::find("").is_err());
}

#[test]
fn defaults_follow_the_literature() {
    for (slug, resolution, network) in [
        ("cifar10", 32, "convnet-d3"),
        ("cifar100", 32, "convnet-d3"),
        ("scenes-hard", 32, "convnet-d3"),
        ("tiny-imagenet", 64, "convnet-d4"),
        ("imagenette", 128, "convnet-d5"),
        ("bird-easy", 128, "convnet-d5"),
    ] {
        let subset = get(slug);
        assert_eq!((subset.default_resolution(), subset.default_network()), (resolution, network), "{slug}");
    }
    assert_eq!(get("cifar100").normalisation(), get("cifar10").normalisation());
    assert_eq!(get("cifar10").expected_counts()[3], ExpectedCount { train: Some(5000), test: Some(1000) });
    assert_eq!(get("bird-hard").expected_counts()[0].train, Some(1300));
    assert_eq!(get("dog-easy").expected_counts()[0], ExpectedCount { train: None, test: Some(50) });
    assert_eq!(get("dog-easy").expected_train_total(), Some(12_108));
    assert_eq!(get("nette").expected_counts().iter().filter_map(|c| c.train).sum::<usize>(), 12_894);
}

#[test]
fn the_class_lists_of_comp_dd() {
    // ImageNet-1K indices in label order, from the paper's tables.
    let expected: [(&str, [u32; 10]); 16] = [
        ("bird-hard", [14, 19, 91, 15, 13, 95, 10, 16, 20, 12]),
        ("bird-easy", [130, 140, 83, 142, 134, 139, 88, 90, 144, 21]),
        ("dog-hard", [239, 238, 247, 195, 151, 266, 157, 181, 154, 217]),
        ("dog-easy", [193, 180, 227, 167, 246, 248, 224, 177, 269, 252]),
        ("car-hard", [802, 660, 829, 627, 609, 575, 573, 867, 734, 408]),
        ("car-easy", [581, 535, 717, 817, 511, 436, 656, 757, 661, 751]),
        ("snake-hard", [46, 42, 41, 40, 43, 58, 65, 59, 53, 52]),
        ("snake-easy", [64, 57, 55, 56, 61, 62, 68, 67, 54, 60]),
        ("insect-hard", [301, 326, 324, 305, 325, 300, 318, 320, 70, 322]),
        ("insect-easy", [323, 314, 310, 309, 306, 308, 302, 313, 303, 315]),
        ("fish-hard", [0, 391, 389, 395, 4, 396, 2, 394, 50, 103]),
        ("fish-easy", [5, 1, 6, 397, 390, 3, 392, 393, 148, 147]),
        ("round-hard", [852, 805, 736, 892, 429, 574, 722, 522, 752, 971]),
        ("round-easy", [417, 560, 953, 826, 426, 981, 430, 890, 746, 768]),
        ("music-hard", [420, 594, 420, 579, 402, 776, 486, 401, 546, 558]),
        ("music-easy", [542, 687, 494, 566, 642, 513, 875, 683, 889, 881]),
    ];
    assert_eq!(comp().count(), expected.len());
    for (slug, indices) in expected {
        let found: Vec<u32> = get(slug).classes.iter().filter_map(|class| class.index).collect();
        assert_eq!(found, indices, "{slug}");
        let distinct: HashSet<u32> = found.into_iter().collect();
        assert_eq!(distinct.len(), if slug == "music-hard" { 9 } else { 10 }, "{slug}");
        if let Some(category) = slug.strip_suffix("-hard") {
            let easy = get(&format!("{category}-easy"));
            assert!(easy.classes.iter().all(|class| class.index.is_none_or(|index| !distinct.contains(&index))));
        }
    }
}
