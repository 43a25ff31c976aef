//! Kinds of images, what is refused, and versions.

use std::{collections::BTreeMap, fs, io::Cursor, path::PathBuf};

use image::{DynamicImage, GrayImage, ImageBuffer, ImageFormat, Luma, LumaA, Rgb, RgbImage, Rgba};
use safetensors::SafeTensors;

use super::*;

const SETTINGS: Decode = Decode { resolution: 16, resize: ResizeMode::Squash, antialias: true };

fn encoded(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn photograph() -> RgbImage {
    RgbImage::from_fn(40, 30, |x, y| Rgb([(x * 6) as u8, (y * 8) as u8, (x * y) as u8]))
}

/// The colour of the pixel at the middle of the upper left quarter.
fn sample(planar: &[u8]) -> [u8; 3] {
    [planar[68], planar[68 + 256], planar[68 + 512]]
}

#[test]
fn every_kind_of_image_becomes_rgb() {
    let png = ImageFormat::Png;
    let cases: [(Vec<u8>, [u8; 3]); 6] = [
        (encoded(GrayImage::from_pixel(16, 16, Luma([90])), png), [90; 3]),
        (encoded(ImageBuffer::from_pixel(16, 16, Luma([90_u16 * 257])), png), [90; 3]),
        (encoded(ImageBuffer::from_pixel(16, 16, LumaA([90_u8, 3])), png), [90; 3]),
        (encoded(ImageBuffer::from_pixel(16, 16, Rgba([1_u8, 2, 3, 0])), png), [1, 2, 3]),
        (encoded(ImageBuffer::from_pixel(16, 16, Rgb([257_u16, 514, 65535])), png), [1, 2, 255]),
        (include_bytes!("../../../../../tests/fixtures/cmyk.jpg").to_vec(), [200, 40, 60]),
    ];
    for (i, (bytes, colour)) in cases.into_iter().enumerate() {
        assert_eq!(sample(&SETTINGS.bytes(&bytes).unwrap()), colour, "case {i}");
    }
    let grey = encoded(GrayImage::from_pixel(16, 16, Luma([90])), ImageFormat::Jpeg);
    assert_eq!(sample(&SETTINGS.bytes(&grey).unwrap()), [90; 3]);
}

#[test]
fn cut_short_files_never_pass() {
    for format in [ImageFormat::Jpeg, ImageFormat::Png] {
        let whole = encoded(photograph(), format);
        assert!(SETTINGS.bytes(&whole).is_ok());
        for length in (0..whole.len() - 12).step_by(7) {
            assert!(SETTINGS.bytes(&whole[..length]).is_err(), "{format:?} cut at {length}");
        }
    }
    let jpeg = encoded(photograph(), ImageFormat::Jpeg);
    assert!(SETTINGS.bytes(&jpeg[..jpeg.len() - 2]).is_err());
}

#[test]
fn what_is_no_image_is_refused_in_one_line() {
    for (bytes, reason) in [(b"".as_slice(), "empty"), (b"hello", "neither"), (b"GIF89a\x01\0\x01\0\0\0\0", "neither")]
    {
        let error = SETTINGS.bytes(bytes).unwrap_err();
        assert!(error.contains(reason) && !error.contains('\n'), "{error}");
    }
    let mut damaged = encoded(photograph(), ImageFormat::Png);
    damaged[60] ^= 0xFF;
    assert!(SETTINGS.bytes(&damaged).is_err());
}

#[test]
fn trailing_bytes_and_wrong_endings_do_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    let mut jpeg = encoded(photograph(), ImageFormat::Jpeg);
    let expected = SETTINGS.bytes(&jpeg).unwrap();
    jpeg.extend_from_slice(b"trailing");
    fs::write(&path, jpeg).unwrap();
    assert_eq!(SETTINGS.file(&path).unwrap(), expected);
}

#[test]
fn resolutions_have_bounds() {
    assert!(Decode { resolution: 0, ..SETTINGS }.checked().is_err());
    assert!(Decode { resolution: 1 << 20, ..SETTINGS }.checked().is_err());
    assert!(SETTINGS.checked().is_ok());
}

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/images")
}

/// Grey levels that a kind may differ from Pillow by, its own decoder being libjpeg-turbo.
fn tolerance(name: &str) -> u8 {
    let jpeg = fixtures().join(name).extension().is_some_and(|ending| ending == "jpg");
    match name {
        _ if !jpeg => 0,
        // Chroma of one column: libjpeg repeats it, ours weights it with the padding of its block.
        "one-column.jpg" => 9,
        name if name.contains("grey") || name.starts_with("cmyk") || name == "rgb.jpg" => 1,
        name if name.contains("444") || name.contains("411") || name.starts_with("ycck") || name == "fine.jpg" => 2,
        // Subsampled chroma: two roundings in the interpolation instead of one.
        _ => 4,
    }
}

#[test]
fn every_kind_looks_as_pillow_sees_it() {
    let file = fs::read(fixtures().join("expected.safetensors")).unwrap();
    let expected = SafeTensors::deserialize(&file).unwrap();
    let mut seen = BTreeMap::new();
    for (name, view) in expected.tensors() {
        let bytes = fs::read(fixtures().join(&name)).unwrap();
        let (mut rgb, mut other) = (Vec::new(), Vec::new());
        let decoder = if bytes[0] == 0xFF { jpeg::decode } else { png::decode };
        let size = decoder(&bytes, &mut rgb, &mut other).unwrap_or_else(|reason| panic!("{name}: {reason}"));
        assert_eq!([size.1, size.0, 3], view.shape(), "{name}");
        let most = rgb.iter().zip(view.data()).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
        assert!(most <= tolerance(&name), "{name}: {most} grey levels from Pillow");
        // The way through the front door: one column or one row becomes a square too.
        assert_eq!(SETTINGS.file(&fixtures().join(&name)).unwrap(), resize::to_square(&rgb, size.0, size.1, &SETTINGS));
        seen.insert(name, most);
    }
    assert!(seen.len() > 40, "{seen:?}");
}

/// Waves of colour with a ripple, as in `benchmarks/peer/jpeg_copy.py`.
fn ripples([height, width]: [usize; 2]) -> Vec<u8> {
    let value =
        |y: usize, x: usize, c: usize| (x * x + 3 * y * (c + 2) + x * y / 4) % 160 + (x * 37 + y * 101 + c * 59) % 64;
    let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (y, x)));
    pixels.flat_map(|(y, x)| [0, 1, 2].map(|c| value(y, x, c) as u8)).collect()
}

/// Pictures come back from a JPEG file as they do from Pillow's, up to coefficients at the half of a step, which the two round apart: that moves
/// a block of eight by eight pixels by part of the step.
#[test]
fn copies_look_as_pillows_do() {
    let file = fs::read(fixtures().join("../jpeg_copy.safetensors")).unwrap();
    let expected = SafeTensors::deserialize(&file).unwrap();
    assert_eq!(expected.len(), 5);
    for (name, view) in expected.tensors() {
        let size = [view.shape()[0], view.shape()[1]];
        let quality = name.split_once('.').unwrap().1.parse().unwrap();
        let original = ripples(size);
        let copy = jpeg_copy(&original, size, quality).unwrap();
        let mean = |a: &[u8], b: &[u8]| {
            assert_eq!(a.len(), b.len());
            a.iter().zip(b).map(|(a, b)| f64::from(a.abs_diff(*b))).sum::<f64>() / a.len() as f64
        };
        let (off, lost) = (mean(&copy, view.data()), mean(&original, view.data()));
        let most = copy.iter().zip(view.data()).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
        assert!(off < 0.15 * lost && most <= 64, "{name}: {off} on average, at most {most}; JPEG itself {lost}");
    }
    assert!(jpeg_copy(&[0; 12], [2, 2], 75).is_ok() && jpeg_copy(&[0; 11], [2, 2], 75).is_err());
}

/// Buffers are used again: what a file looks like does not depend on the file before it.
#[test]
fn files_do_not_see_each_other() {
    let paths: Vec<PathBuf> = fs::read_dir(fixtures()).unwrap().map(|entry| entry.unwrap().path()).collect();
    let alone = |path: &PathBuf| {
        let path = path.clone();
        std::thread::spawn(move || SETTINGS.file(&path)).join().unwrap()
    };
    let expected: Vec<_> = paths.iter().map(alone).collect();
    let one_thread: Vec<_> = paths.iter().map(|path| SETTINGS.file(path)).collect();
    assert_eq!(expected, one_thread);
}

/// A header alone, with correct checksums, that claims a size.
fn claiming(width: u32, height: u32) -> Vec<u8> {
    let mut header = b"IHDR".to_vec();
    header.extend(width.to_be_bytes().into_iter().chain(height.to_be_bytes()).chain([8, 2, 0, 0, 0]));
    let checksum = header.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 })
    });
    let mut file = b"\x89PNG\r\n\x1A\n\0\0\0\x0D".to_vec();
    file.extend(header);
    file.extend((!checksum).to_be_bytes());
    file
}

#[test]
fn sizes_beyond_the_limit_are_refused_before_memory_is_taken() {
    let error = SETTINGS.bytes(&claiming(60_000, 60_000)).unwrap_err();
    assert!(error.contains("60000 x 60000 pixels") && error.contains("shrink") && !error.contains('\n'), "{error}");
    // Within the limit the same file is refused for what it lacks.
    let error = SETTINGS.bytes(&claiming(600, 600)).unwrap_err();
    assert!(!error.contains("pixels are more"), "{error}");
    let mut jpeg = fs::read(fixtures().join("420.jpg")).unwrap();
    let at = jpeg.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap() + 5;
    jpeg[at..at + 4].copy_from_slice(&[0xFF, 0xFF, 0xFF, 0xFF]);
    let error = SETTINGS.bytes(&jpeg).unwrap_err();
    assert!(error.contains("65535 x 65535 pixels"), "{error}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("huge.jpg");
    fs::File::create(&path).unwrap().set_len(Decode::LARGEST_FILE + 1).unwrap();
    assert!(SETTINGS.file(&path).unwrap_err().contains("1 GiB"));
}

/// Damage anywhere is an error or a picture, never a panic.
#[test]
fn damaged_files_never_panic() {
    let mut stream = compdd_core::rng::Stream::new(5, "damage", 0);
    for entry in fs::read_dir(fixtures()).unwrap() {
        let whole = fs::read(entry.unwrap().path()).unwrap();
        for _ in 0..40 {
            let mut bytes = whole.clone();
            for _ in 0..=stream.below(3) {
                let at = stream.below(bytes.len());
                bytes[at] = stream.below(256) as u8;
            }
            if let Ok(square) = SETTINGS.bytes(&bytes) {
                assert_eq!(square.len(), 3 * 16 * 16);
            }
        }
    }
}

#[test]
fn versions_in_the_hash_are_those_of_the_lock_file() {
    let lock = include_str!("../../../../../Cargo.lock");
    for decoder in DECODERS.split(", ") {
        let (name, version) = decoder.split_once(' ').unwrap();
        let entry = format!("name = \"{name}\"\nversion = \"{version}\"\n");
        assert_eq!(lock.matches(&entry).count(), 1, "{decoder}: raise the version here, and RULES if pixels change");
        assert_eq!(lock.matches(&format!("name = \"{name}\"\n")).count(), 1, "{name} is locked twice");
    }
    let settings = SETTINGS.describe();
    assert_eq!(
        settings,
        "rgb8 16x16 squash bilinear antialias=true; zune-jpeg 0.5.15, png 0.18.1, decode rules 2, resize rules 2"
    );
}

/// Palettes whose last colour is cut off make the decoder panic; Pillow reads some of them.
#[test]
fn odd_palettes_are_damaged_files_and_no_end_of_the_program() {
    use ::png::{BitDepth, ColorType, Encoder};
    for depth in [BitDepth::One, BitDepth::Two, BitDepth::Four, BitDepth::Eight] {
        for (length, transparent) in [4, 5, 7, 100].into_iter().flat_map(|length| [(length, false), (length, true)]) {
            let mut bytes = Vec::new();
            let mut encoder = Encoder::new(&mut bytes, 16, 16);
            encoder.set_color(ColorType::Indexed);
            encoder.set_depth(depth);
            encoder.set_palette(vec![9; length]);
            if transparent {
                encoder.set_trns(vec![0; 1]);
            }
            let row = 16 * (depth as usize) / 8;
            encoder.write_header().unwrap().write_image_data(&vec![0xFF; 16 * row]).unwrap();
            let read = SETTINGS.bytes(&bytes);
            assert!(read.as_ref().is_ok_and(|pixels| pixels.len() == 3 * 256) || read.is_err(), "{length}");
        }
    }
}
