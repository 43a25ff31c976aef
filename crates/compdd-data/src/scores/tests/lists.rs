//! Spread, categories, rankings, lists and how far they agree.

use std::fs;

use super::header;
use crate::scores::{
    BuildOptions, Categories, ClassSummary, Hypernyms, ListFile, Mean, ScoresError, Summary, build, compare, kendall,
    propose_fixed, spearman,
};
use compdd_core::subset::{Category, Subset};

/// A summary with one threshold in which the classes have falling complexities.
fn summary(classes: &[&str]) -> Summary {
    let class = |(place, synset): (usize, &&str)| ClassSummary {
        synset: (*synset).to_owned(),
        label: format!("the {synset}"),
        images: 10,
        accuracy: 0.5,
        blank: 0,
        means: vec![Mean { complexity: 0.9 - place as f64 / 64.0, standard_error: 0.01 }],
    };
    Summary {
        header: header(vec![0.5]),
        scores: "abc".into(),
        classes: classes.iter().enumerate().map(class).collect(),
    }
}

#[test]
fn the_spread_is_the_deviation_over_classes_and_the_csv_has_every_digit() {
    let summary = summary(&["a", "b", "c"]);
    // 0.9, 0.9 - 1/64, 0.9 - 2/64 deviate by 1/64 (ddof 1).
    assert!((summary.spread()[0] - 1.0 / 64.0).abs() < 1e-12, "{:?}", summary.spread());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("classes.csv");
    summary.write_csv(&path).unwrap();
    let expected = "synset,label,images,accuracy,complexity_0.5,standard_error_0.5\na,the a,10,0.5,0.9,0.01\n\
                    b,the b,10,0.5,0.884375,0.01\nc,the c,10,0.5,0.86875,0.01\n";
    assert_eq!(fs::read_to_string(path).unwrap(), expected);
}

fn one_category(classes: &[&str]) -> Categories {
    Categories::new([("bird".to_owned(), classes.iter().map(|&class| class.to_owned()).collect())])
}

#[test]
fn the_two_ends_of_a_ranking_become_lists() {
    let names = ["a", "b", "c", "d", "e", "f"];
    let summary = summary(&names);
    let file = build(&summary, &one_category(&names), BuildOptions { per: 2, threshold: 0.5 }).unwrap();
    let [easy, hard] = &file.lists[..] else { panic!() };
    assert_eq!((easy.slug.as_str(), hard.slug.as_str()), ("bird-easy", "bird-hard"));
    assert_eq!(hard.classes, ["a", "b"]);
    assert_eq!(easy.classes, ["f", "e"]);
    assert_eq!((hard.margin, easy.margin), (1.0 / 64.0, 1.0 / 64.0));
    assert!((hard.complexity - (0.9 - 0.5 / 64.0)).abs() < 1e-12);
    assert_eq!(file.rankings[0].classes.iter().map(|class| class.synset.as_str()).collect::<Vec<_>>(), names);
    assert_eq!((file.provenance.scores.as_str(), file.provenance.threshold), ("abc", 0.5));

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lists.toml");
    file.write(&path).unwrap();
    assert_eq!(ListFile::read(&path).unwrap(), file);
    // Other scores, another version, even where the classes are the same.
    let other = Summary { scores: "abd".into(), ..summary.clone() };
    let other = build(&other, &one_category(&names), BuildOptions { per: 2, threshold: 0.5 }).unwrap();
    assert_eq!(other.lists[0].classes, easy.classes);
    assert_ne!(other.lists[0].version, easy.version);

    let of =
        |categories: &Categories, per| build(&summary, categories, BuildOptions { per, threshold: 0.5 }).unwrap_err();
    assert!(matches!(of(&one_category(&names), 4), ScoresError::TooFew { classes: 6, per: 4, .. }));
    assert!(matches!(of(&one_category(&names), 0), ScoresError::TooFew { .. }));
    let error = of(&one_category(&["a", "z"]), 1);
    assert_eq!(error.to_string(), "category `bird`: no scores for z");
}

#[test]
fn a_list_of_ones_own_is_a_subset() {
    let names: Vec<String> = Subset::find("bird-hard").unwrap().classes.into_iter().map(|class| class.synset).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let file = build(&summary(&names), &one_category(&names), BuildOptions { per: 3, threshold: 0.5 }).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lists.toml");
    file.write(&path).unwrap();
    let subset = Subset::find(&format!("{}#bird-hard", path.display())).unwrap();
    assert_eq!(subset.id(), format!("bird-hard@{}", file.lists[1].version));
    assert_eq!(subset.classes.iter().map(|class| class.synset.as_str()).collect::<Vec<_>>(), names[..3]);
    assert_eq!((subset.classes[0].label.as_str(), subset.classes[0].index), ("indigo bunting", Some(14)));
    assert_eq!(subset.default_resolution(), 128);
    let error = |text: String| Subset::find(&text).unwrap_err().to_string();
    assert!(error(path.display().to_string()).contains("bird-easy, bird-hard"), "two lists: one must be named");
    assert!(error(format!("{}#fish-hard", path.display())).contains("no list `fish-hard`"));
    assert!(error(folder.path().join("none.toml").display().to_string()).contains("none.toml"));
    fs::write(&path, "what = 1").unwrap();
    assert!(error(format!("{}#bird-hard", path.display())).contains("is no file of lists"));
}

#[test]
fn categories_are_read_with_ancestors_and_subsets() {
    let folder = tempfile::tempdir().unwrap();
    let (path, lines) = (folder.path().join("categories.toml"), folder.path().join("hypernyms.txt"));
    fs::write(
        &path,
        "[bird]\nclasses = [\"n1\"]\nsubsets = [\"bird-easy\"]\n[fish]\nancestors = [\"f\"]\nwithout = [\"n3\"]\n",
    )
    .unwrap();
    // n2 -> m -> f; n3 -> f; n4 -> x -> y -> x, a circle.
    fs::write(&lines, "# synset parent\nn2 m\nm f\n\nn3 f\nn4 x\nx y\ny x\n").unwrap();
    let hypernyms = Hypernyms::read(&lines).unwrap();
    let scored = &["n1", "n2", "n3", "n4", "f"];
    let found = Categories::read(&path, Some(&hypernyms), scored).unwrap();
    assert_eq!(found.get("bird").unwrap().len(), 11);
    assert_eq!(found.get("fish").unwrap(), ["f", "n2"]);
    let error = |result: Result<Categories, ScoresError>| result.unwrap_err().to_string();
    assert!(error(Categories::read(&path, None, scored)).contains("`fish` names ancestors"));
    fs::write(&path, "[bird]\nwithout = [\"n1\"]\n").unwrap();
    assert_eq!(error(Categories::read(&path, None, scored)), "category `bird` has no classes");
    fs::write(&path, "[bird]\nclass = [\"n1\"]\n").unwrap();
    assert!(error(Categories::read(&path, None, scored)).contains("unknown field `class`"));
    fs::write(&lines, "n1 n2 n3\n").unwrap();
    assert!(Hypernyms::read(&lines).unwrap_err().to_string().contains("line 1 is not a synset and its parent"));
}

#[test]
fn rank_correlations_by_hand() {
    let x = [1.0, 2.0, 3.0, 4.0];
    assert_eq!((kendall(&x, &x), spearman(&x, &x)), (Some(1.0), Some(1.0)));
    let back = [4.0, 3.0, 2.0, 1.0];
    assert_eq!((kendall(&x, &back), spearman(&x, &back)), (Some(-1.0), Some(-1.0)));
    // One swap of neighbours: five pairs agree, one does not; rho = 1 - 6 * 2 / (4 * 15).
    let swapped = [1.0, 3.0, 2.0, 4.0];
    assert!((kendall(&x, &swapped).unwrap() - 4.0 / 6.0).abs() < 1e-12);
    assert!((spearman(&x, &swapped).unwrap() - 0.8).abs() < 1e-12);
    // Ties: of six pairs one is tied in y, so tau-b = 5 / sqrt(6 * 5); ranks 0, 1.5, 1.5, 3.
    let tied = [1.0, 2.0, 2.0, 4.0];
    assert!((kendall(&x, &tied).unwrap() - 5.0 / 30.0_f64.sqrt()).abs() < 1e-12);
    assert!((spearman(&x, &tied).unwrap() - 4.5 / (5.0 * 4.5_f64).sqrt()).abs() < 1e-12);
    assert_eq!((kendall(&x, &[1.0; 4]), spearman(&x, &[1.0; 4])), (None, None));
    assert_eq!((kendall(&[], &[]), spearman(&[1.0], &[1.0])), (None, None));
}

/// The classes of a category in the order of the published hard list, then those of the easy list from its end.
fn published_order(category: &str) -> Vec<String> {
    let list = |difficulty| Subset::find(&format!("{category}-{difficulty}")).unwrap().classes.into_iter();
    let mut order: Vec<String> = Vec::new();
    for class in list("hard").chain(list("easy").rev()) {
        if !order.contains(&class.synset) {
            order.push(class.synset);
        }
    }
    order
}

#[test]
fn lists_in_the_published_order_agree_with_the_published_lists() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, order: &[&str], per: usize| {
        let path = folder.path().join(name);
        build(&summary(order), &one_category(order), BuildOptions { per, threshold: 0.5 })
            .unwrap()
            .write(&path)
            .unwrap();
        path.display().to_string()
    };
    let order = published_order("bird");
    let mut order: Vec<&str> = order.iter().map(String::as_str).collect();
    let own = write("own.toml", &order, 10);
    let found = compare(&own, "published").unwrap().categories;
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].easy, found[0].hard, found[0].crossed, found[0].common), (10, 10, 0, 20));
    // All easy classes are tied on the published side: 45 of the 190 pairs.
    let tau = found[0].kendall.unwrap();
    assert!((tau - (145.0 / 190.0_f64).sqrt()).abs() < 1e-12, "{tau}");
    assert_eq!(compare(&own, &own).unwrap().categories[0].kendall, Some(1.0));
    order.reverse();
    let back = write("back.toml", &order, 10);
    let found = compare(&back, "published").unwrap().categories.remove(0);
    assert_eq!((found.easy, found.hard, found.crossed), (0, 0, 20));
    assert!(found.kendall.unwrap() < -0.8 && found.spearman.unwrap() < -0.8, "{found:?}");
    assert!(matches!(compare(&own, "no-file"), Err(ScoresError::Io(_))));
}

#[test]
fn published_categories_hold_every_published_class() {
    let categories = Categories::published();
    assert_eq!(categories.iter().count(), 8);
    for category in Category::ALL {
        let expected = if category == Category::Music { 19 } else { 20 };
        assert_eq!(categories.get(category.slug()).unwrap().len(), expected);
    }
}

#[test]
fn music_hard_is_completed_only_on_request_and_says_so() {
    let mut order = published_order("music");
    assert_eq!(order.len(), 19);
    order.insert(4, "n00000002".into());
    order.insert(2, "n00000001".into());
    let names: Vec<&str> = order.iter().map(String::as_str).collect();
    let of = |names: &[&str]| {
        let categories = Categories::new([("music".to_owned(), names.iter().map(|&name| name.to_owned()).collect())]);
        build(
            &summary(&order.iter().map(String::as_str).collect::<Vec<_>>()),
            &categories,
            BuildOptions { per: 9, threshold: 0.5 },
        )
    };
    let file = of(&names).unwrap();
    assert!(file.lists.iter().all(|list| list.version != "fixed"));
    let fixed = propose_fixed(&file).unwrap();
    assert_eq!((fixed.slug.as_str(), fixed.version.as_str()), ("music-hard", "fixed"));
    let published: Vec<String> =
        Subset::find("music-hard").unwrap().classes.into_iter().map(|class| class.synset).collect();
    assert_eq!(fixed.classes[0], "n00000001");
    assert_eq!(fixed.classes[1..], published[1..]);
    assert!((fixed.margin - 3.0 / 64.0).abs() < 1e-12, "the next candidate lies three places on");
    assert!(fixed.notes[0].contains("a proposal, not the published list"));
    assert_eq!(Subset::find("music-hard").unwrap().id(), "music-hard@paper", "the published list stays");
    let only: Vec<&str> = names.iter().copied().filter(|name| !name.starts_with("n0000")).collect();
    assert!(matches!(propose_fixed(&of(&only).unwrap()), Err(ScoresError::NotFixable { .. })));
    let birds = one_category(&["n00000001", "n00000002"]);
    let birds = build(&summary(&names), &birds, BuildOptions { per: 1, threshold: 0.5 }).unwrap();
    assert!(matches!(propose_fixed(&birds), Err(ScoresError::NotFixable { .. })));
}
