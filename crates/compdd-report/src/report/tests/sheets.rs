//! Sheets: pixels of images and maps.

use super::super::{
    GalleryClass, GalleryList, Pair, ReportError, Rgb, SheetFile, colour, gallery_sheet, overlaid, overlay_sheet,
};
use compdd_core::subset::Subset;
use compdd_data::{
    data::{Decode, ImageStream, Library, ResizeMode, Split, StreamOptions},
    scores::{BuildOptions, Categories, Sample, build},
};

fn sample(class: &str, side: usize, byte: u8, value: f32) -> Sample {
    Sample {
        synset: class.into(),
        label: class.into(),
        file: "00000".into(),
        side,
        rgb: vec![byte; side * side * 3],
        cells: vec![value; 4],
        map: vec![value; side * side],
        complexity: vec![0.75],
    }
}

/// Whether a sheet holds a block of one colour.
fn holds(sheet: &Rgb, colour: [u8; 3], side: usize) -> bool {
    let is = |x: usize, y: usize| sheet.bytes[(y * sheet.width + x) * 3..][..3] == colour;
    let whole = |x: usize, y: usize| (0..side).all(|dy| (0..side).all(|dx| is(x + dx, y + dy)));
    (0..=sheet.height - side).any(|y| (0..=sheet.width - side).any(|x| is(x, y) && whole(x, y)))
}

#[test]
fn maps_are_laid_over_images_in_their_own_intensity() {
    for value in [0.0, 0.5, 1.0] {
        let over = overlaid(&sample("a", 4, 100, value));
        let expected = colour(value).map(|part| (0.4_f32 * 100.0 + 0.6 * f32::from(part)).round() as u8);
        assert_eq!((over.width, over.height), (4, 4));
        assert!(over.bytes.chunks_exact(3).all(|pixel| pixel == expected), "{value}");
    }
    let mut coloured = sample("a", 1, 0, 0.5);
    coloured.rgb = vec![255, 0, 0];
    let grey = 0.2126 * 255.0;
    let expected = colour(0.5).map(|part| (0.4 * grey + 0.6 * f32::from(part)).round() as u8);
    assert_eq!(overlaid(&coloured).bytes, expected, "the image is grey below the map");
}

#[test]
fn a_sheet_holds_every_image_beside_its_map() {
    let samples = [sample("a", 32, 10, 0.0), sample("a", 32, 60, 1.0), sample("b", 32, 200, 0.5)];
    let sheet = overlay_sheet(&samples, "a note").unwrap();
    for one in &samples {
        assert!(holds(&sheet, [one.rgb[0]; 3], 96), "small images are enlarged");
        let over = overlaid(one).bytes;
        assert!(holds(&sheet, [over[0], over[1], over[2]], 96));
    }
    assert_eq!(sheet, overlay_sheet(&samples, "a note").unwrap());
    let taller = overlay_sheet(&[&samples[..], &[sample("c", 32, 0, 0.5)]].concat(), "a note").unwrap();
    assert!(taller.height > sheet.height + 96 && taller.width == sheet.width);
    assert!(matches!(overlay_sheet(&[], ""), Err(ReportError::Nothing)));
}

#[test]
fn a_sheet_is_a_png_of_its_size() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sheet.png");
    let sheet = overlay_sheet(&[sample("a", 96, 10, 0.5)], "").unwrap();
    SheetFile::new(&path).unwrap().write(&sheet).unwrap();
    let read = image::open(&path).unwrap().into_rgb8();
    assert_eq!((read.width() as usize, read.height() as usize), (sheet.width, sheet.height));
    assert_eq!(read.into_raw(), sheet.bytes);
}

#[test]
fn easy_stands_on_the_left_and_hard_on_the_right() {
    let list = |title: &str, byte: u8| {
        let image = Rgb { bytes: vec![byte; 96 * 96 * 3], width: 96, height: 96 };
        let class = GalleryClass { name: "crane".into(), complexity: Some(0.5), images: vec![image; 2] };
        GalleryList { title: title.into(), classes: vec![class; 3], bad: Vec::new() }
    };
    let sheet = gallery_sheet(&[list("bird-easy@1", 50), list("bird-hard@1", 150)], "a note").unwrap();
    let columns = |byte: u8| {
        let of = |(i, pixel): (usize, &[u8])| (pixel == [byte; 3]).then_some(i % sheet.width);
        let found: Vec<usize> = sheet.bytes.chunks_exact(3).enumerate().filter_map(of).collect();
        (*found.iter().min().unwrap(), *found.iter().max().unwrap(), found.len())
    };
    let (easy, hard) = (columns(50), columns(150));
    assert!(easy.1 < hard.0, "{easy:?} {hard:?}");
    assert!(easy.2 >= 6 * 96 * 96 && hard.2 >= 6 * 96 * 96, "three rows of two images each");
}

#[test]
fn lists_are_found_by_category_with_the_complexity_of_their_classes() {
    let published = Pair::find("published", "bird").unwrap();
    assert_eq!(published.lists.clone().map(|list| list.id()), ["bird-easy@1", "bird-hard@1"]);
    assert!(published.complexity.is_empty());
    let Err(error) = Pair::find("published", "planet") else { panic!("there is no such category") };
    assert!(error.to_string().starts_with("--category planet: published has no easy and hard list"), "{error}");

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lists.toml");
    let mut scores = super::classes(10);
    for (class, entry) in scores.classes.iter_mut().zip(Subset::find("scenes-easy").unwrap().classes) {
        (class.synset, class.label) = (entry.synset, entry.label);
    }
    let names = scores.classes.iter().map(|class| class.synset.clone()).collect();
    let categories = Categories::new([("scene".to_owned(), names)]);
    build(&scores, &categories, BuildOptions { per: 3, threshold: 0.5 }).unwrap().write(&path).unwrap();
    let own = Pair::find(path.to_str().unwrap(), "scene").unwrap();
    let mean = |list: &Subset| list.classes.iter().map(|class| own.complexity[&class.synset]).sum::<f64>() / 3.0;
    assert!(mean(&own.lists[0]) < mean(&own.lists[1]), "easy first");
    assert!(own.origin.contains("convnet-d3 at feat2") && own.origin.contains("threshold 0.5"), "{}", own.origin);
    assert!(matches!(Pair::find(path.to_str().unwrap(), "bird"), Err(ReportError::NoCategory { .. })));
}

#[test]
fn a_gallery_shows_the_first_images_of_every_class() {
    let subset = Subset::find("scenes-hard").unwrap();
    let decode = Decode { resolution: 24, resize: ResizeMode::CentreCrop, antialias: true };
    let options = StreamOptions { per_class: Some(5), ..StreamOptions::default() };
    let stream = ImageStream::open(Some(&subset), &Library::empty(), Split::Train, decode, options).unwrap();
    assert_eq!(stream.first(2, 2), [0, 1, 5, 6]);
    assert_eq!(stream.find("dotted-disc/00003"), Some(8));
    assert_eq!(
        (stream.find("00003"), stream.find("dotted-disc/00009"), stream.find("dotted-discs/00003")),
        (Some(3), None, None)
    );
    let complexity = [("dotted-disc".to_owned(), 0.25)].into();
    let list = GalleryList::read(subset.id(), &stream, 2, &complexity).unwrap();
    assert_eq!(list.classes.len(), 10);
    assert!(list.classes.iter().all(|class| class.images.len() == 2));
    assert_eq!((list.classes[1].complexity, list.classes[0].complexity), (Some(0.25), None));
    let images = stream.read(0).unwrap().images.unwrap();
    assert_eq!(list.classes[1].images[1].bytes, images.interleaved(6));
    assert!(gallery_sheet(&[list], "").unwrap().width > 2 * 96);
}
