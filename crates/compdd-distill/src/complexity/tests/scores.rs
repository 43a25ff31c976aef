//! Scores of images: what they are, and that nothing but images, network and settings decides them.

use std::{fs, path::Path, sync::Arc};

use super::{decode, model, of_subset, scenes, scored, stream};
use crate::{
    cam::{self, CamMethod, Comparison},
    complexity::{ComplexityError, SaliencyModel, score},
};
use compdd_core::{
    progress::{Hooks, Interrupted, Stop},
    subset::{Level, Subset},
};
use compdd_data::{
    data::{
        DataError, ImageStream, Library, Split, StreamOptions,
        scenes::{Collection, Export, World, export},
    },
    scores::{Grid, Question, Row, Scores, ScoresError, Settings, Summary},
};
use compdd_nn::feed::PixelTensors as _;

fn rows(path: &Path) -> Vec<Row> {
    let mut rows = Vec::new();
    Scores::open(path).unwrap().each(|row| rows.push(row)).unwrap();
    rows
}

#[test]
fn a_row_is_what_the_map_of_its_image_says() {
    let folder = tempfile::tempdir().unwrap();
    let (model, stream) = (model("convnet-d2-w8", 0), stream());
    for question in [Question::Target, Question::Predicted] {
        let out = folder.path().join(format!("{question}.parquet"));
        let settings = Settings { question, ..Settings::default() };
        let result = scored(&model, &stream, &settings, &out).unwrap();
        assert_eq!((result.rows, result.fresh, result.bad.len()), (40, 40, 0));
        let rows = rows(&out);
        assert_eq!(rows.len(), 40);
        let names: Vec<String> = scenes().classes.into_iter().map(|class| class.synset).collect();
        let images = Collection { level: Level::Easy, seed: 0 }.images(Split::Train, &names, 4, &decode()).unwrap();
        let x = model.space().tensor(&images, &(0..40).collect::<Vec<_>>(), &burn::tensor::Device::flex());
        let logits = model.cam().network().forward(model.cam().params(), x.clone(), compdd_nn::nn::Mode::Eval).logits;
        let answers: Vec<usize> = logits.clone().argmax(1).into_data().iter::<i64>().map(|i| i as usize).collect();
        let targets = match question {
            Question::Target => (0..40).map(|i| i / 4).collect(),
            Question::Predicted => answers.clone(),
        };
        let maps = model.cam().maps(CamMethod::GradCam, x, &targets, &[0; 40]).unwrap();
        let probabilities: Vec<f32> =
            burn::tensor::activation::softmax(logits, 1).max_dim(1).into_data().iter::<f32>().collect();
        for (t, threshold) in settings.thresholds.iter().enumerate() {
            let expected = cam::complexity(maps.clone(), *threshold, Comparison::AtLeast);
            for (i, row) in rows.iter().enumerate() {
                assert!((1.0 - row.shares[t] - f64::from(expected[i])).abs() < 1e-6, "image {i}, {threshold}");
            }
        }
        for (i, row) in rows.iter().enumerate() {
            assert_eq!(
                (row.synset.as_str(), row.file.as_str()),
                (names[i / 4].as_str(), format!("{:05}", i % 4).as_str())
            );
            assert_eq!(row.predicted, names[answers[i]]);
            assert!((row.confidence - probabilities[i]).abs() < 1e-5);
        }
    }
}

#[test]
fn complexity_of_images_grows_with_the_threshold() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("scores.parquet");
    let thresholds = vec![0.0, 0.25, 0.5, 0.75, 1.0];
    for (grid, cells) in [(Grid::Layer, 64), (Grid::Image, 256)] {
        let settings = Settings { thresholds: thresholds.clone(), grid, ..Settings::default() };
        let result = scored(&model("resnet18-cifar-bn-w4", 1), &stream(), &settings, &out);
        let result = result.unwrap();
        let cells = if grid == Grid::Layer { result.header.cells } else { cells };
        assert_eq!(result.header.cells, cells);
        for row in rows(&out) {
            assert_eq!(row.shares[0], 1.0, "nothing is below 0");
            assert!(row.shares.is_sorted_by(|a, b| a >= b), "{row:?}");
            assert!(row.shares.iter().all(|share| (share * cells as f64).fract() == 0.0), "{row:?}");
        }
        fs::remove_file(&out).unwrap();
    }
}

#[test]
fn every_method_and_tap_can_be_asked() {
    let folder = tempfile::tempdir().unwrap();
    let base = model("convnet-d2-w8", 0);
    let mut files = Vec::new();
    for tap in ["feat0", "feat1"] {
        let model = base.through(tap).unwrap();
        for method in CamMethod::ALL {
            let out = folder.path().join(format!("{tap}-{method}.parquet"));
            let settings = Settings { method, ..Settings::default() };
            scored(&model, &stream(), &settings, &out).unwrap();
            assert_eq!(rows(&out).len(), 40);
            files.push(Summary::of(&Scores::open(&out).unwrap()).unwrap().classes[0].means[1].complexity);
        }
    }
    assert!(files.iter().any(|value| *value != files[0]), "{files:?}");
}

#[test]
fn interrupted_anywhere_the_bytes_are_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let (model, stream) = (model("convnet-d2-w8", 0), stream());
    let settings = Settings { method: CamMethod::SMOOTH, ..Settings::default() };
    let whole = folder.path().join("whole.parquet");
    scored(&model, &stream, &settings, &whole).unwrap();
    let whole = fs::read(whole).unwrap();
    assert_eq!(stream.portions(), 6);
    for portions in 0..6 {
        let out = folder.path().join(format!("{portions}.parquet"));
        let stop = score(&model, &stream, &settings, &out, false, Hooks::silent(&Stop::after(portions))).unwrap_err();
        assert!(Interrupted::is(&stop), "{stop}");
        assert!(!out.exists());
        // What a kill leaves: an image of a portion that is not noted down, and half a line of the journal.
        let (part, journal) = (out.with_extension("parquet.part"), out.with_extension("parquet.journal"));
        let mut bytes = fs::read(&part).unwrap();
        bytes.extend([7; 30]);
        fs::write(&part, bytes).unwrap();
        let mut lines = fs::read_to_string(&journal).unwrap();
        assert_eq!(lines.lines().count(), 1 + portions);
        lines.push_str("{\"portion\": 5, \"b");
        fs::write(&journal, lines).unwrap();
        // Killed a second time, one portion on.
        if portions < 5 {
            score(&model, &stream, &settings, &out, false, Hooks::silent(&Stop::after(1))).unwrap_err();
            assert_eq!(fs::read_to_string(&journal).unwrap().lines().count(), 2 + portions);
        }
        let result = scored(&model, &stream, &settings, &out).unwrap();
        assert!(result.fresh <= 40 - 7 * portions, "{result:?}");
        assert_eq!(fs::read(&out).unwrap(), whole, "after {portions} portions");
        assert!(!part.exists() && !journal.exists());
    }
}

#[test]
fn what_a_kill_left_beside_the_finished_file_goes_and_the_file_stays() {
    let folder = tempfile::tempdir().unwrap();
    let (model, stream) = (model("convnet-d2-w8", 0), stream());
    let out = folder.path().join("scores.parquet");
    scored(&model, &stream, &Settings::default(), &out).unwrap();
    let whole = fs::read(&out).unwrap();
    for ending in ["parquet.part", "parquet.journal"] {
        fs::write(out.with_extension(ending), "left").unwrap();
    }
    let again = scored(&model, &stream, &Settings::default(), &out).unwrap_err();
    assert!(matches!(again, ComplexityError::Scores(ScoresError::Exists { .. })), "{again}");
    assert_eq!(fs::read(&out).unwrap(), whole);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn other_settings_networks_and_images_begin_anew() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("scores.parquet");
    let (own, stream) = (model("convnet-d2-w8", 0), stream());
    let stopped = |model: &SaliencyModel, settings: &Settings, stream: &Arc<ImageStream>| {
        score(model, stream, settings, &out, false, Hooks::silent(&Stop::after(2))).unwrap_err();
        fs::read_to_string(out.with_extension("parquet.journal")).unwrap().lines().count()
    };
    let usual = Settings::default();
    assert_eq!(stopped(&own, &usual, &stream), 3);
    assert_eq!(stopped(&own, &usual, &stream), 5, "goes on");
    assert_eq!(stopped(&model("convnet-d2-w8", 1), &usual, &stream), 3);
    assert_eq!(stopped(&own, &usual, &stream), 3);
    assert_eq!(stopped(&own, &Settings { thresholds: vec![0.5], ..usual.clone() }, &stream), 3);
    let other = StreamOptions { per_class: Some(4), scene_seed: 1 };
    let other =
        ImageStream::open(Some(&scenes()), &Library::empty(), Split::Train, decode(), other).unwrap().with_portion(7);
    assert_eq!(stopped(&own, &usual, &other.into()), 3);
}

/// The scenes as a folder of PNG files that passes for `ImageNette`.
fn disguised(folder: &Path) -> Subset {
    let subset = Subset::find("imagenette").unwrap();
    let names = subset.classes.iter().map(|class| class.synset.clone()).collect();
    let world = World { hard: false, seed: 0 };
    export(folder, &Export { world, side: 16, train: 4, test: 1, names }).unwrap();
    subset
}

#[test]
fn files_give_the_scores_of_their_pictures_and_bad_ones_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let subset = disguised(&data);
    let library = Library::new([&data]);
    let cam = model("convnet-d2-w8", 0).cam().clone();
    let nette = of_subset(cam, &subset);
    let open = |subset| {
        let stream = ImageStream::open(subset, &library, Split::Train, decode(), StreamOptions::default()).unwrap();
        Arc::new(stream.with_portion(7))
    };
    let [one, all, drawn] = ["one", "all", "drawn"].map(|name| folder.path().join(name));
    scored(&nette, &open(Some(&subset)), &Settings::default(), &one).unwrap();
    scored(&nette, &open(None), &Settings::default(), &all).unwrap();
    scored(&model("convnet-d2-w8", 0), &stream(), &Settings::default(), &drawn).unwrap();
    let shares = |path: &Path| rows(path).into_iter().map(|row| row.shares).collect::<Vec<_>>();
    assert_eq!(shares(&one), shares(&drawn), "a picture is a picture");
    // Without a subset everything is there, in the order of the names of the classes, which is that of ImageNette.
    assert_eq!(rows(&all), rows(&one));
    assert_eq!(rows(&one)[0].file, "n01440764_00000.png");

    let broken = data.join("train/n01440764/n01440764_00002.png");
    fs::write(&broken, "no picture").unwrap();
    let out = folder.path().join("bad");
    let error = scored(&nette, &open(Some(&subset)), &Settings::default(), &out).unwrap_err();
    let ComplexityError::Data(DataError::BadImages { files }) = error else { panic!("{error}") };
    assert_eq!(files.iter().map(|file| &file.path).collect::<Vec<_>>(), [&broken]);
    let result =
        score(&nette, &open(Some(&subset)), &Settings::default(), &out, true, Hooks::silent(&Stop::never())).unwrap();
    assert_eq!((result.rows, result.header.skipped, result.fresh), (39, 1, 0), "the others were kept");
    let (left, before) = (rows(&out), rows(&one));
    assert_eq!(left[..2], before[..2]);
    assert_eq!(left[2..], before[3..]);
}

#[test]
fn what_does_not_fit_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("scores.parquet");
    let (model, stream) = (model("convnet-d2-w8", 0), stream());
    let message = |model, settings: Settings| scored(model, &stream, &settings, &out).unwrap_err().to_string();
    for thresholds in [vec![], vec![0.5, 0.5], vec![1.5], vec![f32::NAN]] {
        assert!(message(&model, Settings { thresholds, ..Settings::default() }).starts_with("thresholds"));
    }
    let nette = Subset::find("imagenette").unwrap();
    let other = of_subset(model.cam().clone(), &nette);
    assert!(message(&other, Settings::default()).contains("no output for striped-disc, dotted-disc"));
    let settings = Settings { question: Question::Predicted, ..Settings::default() };
    scored(&other, &stream, &settings, &out).unwrap();
    assert!(message(&model, Settings::default()).contains("exists already"));
    assert!("own".parse::<Question>().unwrap_err().to_string().contains("no class called `own`"));

    let bytes = fs::read(&out).unwrap();
    for end in [0, 4, bytes.len() / 2, bytes.len() - 9] {
        fs::write(&out, &bytes[..end]).unwrap();
        let error = Scores::open(&out).unwrap_err().to_string();
        assert!(error.contains("is no file of scores"), "{end}: {error}");
    }
    // A flipped byte anywhere is found, or it is in nothing that is looked at; it never panics.
    for at in (0..bytes.len()).step_by(3) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x15;
        fs::write(&out, damaged).unwrap();
        let _ = Scores::open(&out).and_then(|scores| Summary::of(&scores));
    }
}
