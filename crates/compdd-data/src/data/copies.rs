//! Images that are found again among others, exactly or nearly: re-encoded, noisy, a little brighter, mirrored.

use rayon::prelude::*;

use super::{image_set::ImageSet, planes::interleaved};

/// Side of the small pictures by which near copies are known.
const SIDE: usize = 8;
/// Small pictures whose values correlate by more than this, each colour about its own mean, are of one image. Brightness and contrast have no
/// effect; noise and compression hardly one, since a part is the mean of many pixels.
const NEAR: f32 = 0.98;

/// An image that is found among others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Its position.
    pub position: usize,
    /// The position of the one it is a copy of; of several the nearest.
    pub of: usize,
    /// Whether all bytes are equal.
    pub exact: bool,
}

/// The images that are copies of some of `among`, in their order.
///
/// # Shapes
/// `images`: RGB bytes, row by row, of the height and width of `among`.
pub fn copies(images: &[Vec<u8>], among: &ImageSet) -> Vec<Copied> {
    let [planes, height, width] = among.shape();
    let known: Vec<Vec<f32>> =
        (0..among.len()).into_par_iter().map(|i| small(&interleaved(among.image(i), planes), height, width)).collect();
    let find = |(position, image): (usize, &Vec<u8>)| {
        let (plain, mirrored) = (small(image, height, width), small(&mirror(image, width), height, width));
        let likeness = |known: &Vec<f32>| product(known, &plain).max(product(known, &mirrored));
        let all = known.iter().map(likeness).enumerate();
        let (of, nearest) = all.max_by(|a, b| a.1.total_cmp(&b.1))?;
        let exact = || *image == interleaved(among.image(of), planes);
        (nearest > NEAR).then(|| Copied { position, of, exact: exact() })
    };
    images.par_iter().enumerate().filter_map(find).collect()
}

/// The means of 8 by 8 parts of each colour, less the colour's mean, of length one in all; zeros for an image without any structure.
fn small(image: &[u8], height: usize, width: usize) -> Vec<f32> {
    let part = |side: usize, at: usize| at * side / SIDE..((at + 1) * side).div_ceil(SIDE);
    let mut values = Vec::with_capacity(SIDE * SIDE * 3);
    for (y, x) in (0..SIDE).flat_map(|y| (0..SIDE).map(move |x| (y, x))) {
        let (rows, columns) = (part(height, y), part(width, x));
        let count = (rows.len() * columns.len()) as f32;
        for colour in 0..3 {
            let sum: u32 = rows
                .clone()
                .flat_map(|row| columns.clone().map(move |column| (row * width + column) * 3 + colour))
                .map(|at| u32::from(image[at]))
                .sum();
            values.push(sum as f32 / count);
        }
    }
    for colour in 0..3 {
        let own = || (0..SIDE * SIDE).map(|cell| cell * 3 + colour);
        let mean = own().map(|at| values[at]).sum::<f32>() / (SIDE * SIDE) as f32;
        for at in own() {
            values[at] -= mean;
        }
    }
    let length = product(&values, &values).sqrt().max(f32::MIN_POSITIVE);
    for value in &mut values {
        *value /= length;
    }
    values
}

fn mirror(image: &[u8], width: usize) -> Vec<u8> {
    image.chunks_exact(width * 3).flat_map(|row| row.chunks_exact(3).rev().flatten().copied()).collect()
}

fn product(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Decode, ResizeMode, Split, scenes::Collection};
    use compdd_core::subset::{Level, Subset};

    fn scenes(split: Split) -> ImageSet {
        let names =
            Subset::find("scenes-hard").unwrap().classes.into_iter().map(|class| class.synset).collect::<Vec<_>>();
        let decode = Decode { resolution: 32, resize: ResizeMode::Squash, antialias: true };
        Collection { level: Level::Hard, seed: 0 }.images(split, &names, 4, &decode).unwrap()
    }

    fn rgb(set: &ImageSet, i: usize) -> Vec<u8> {
        interleaved(set.image(i), 3)
    }

    #[test]
    fn copies_are_found_however_they_were_disguised() {
        let test = scenes(Split::Test);
        let exact = rgb(&test, 3);
        let noisy: Vec<u8> =
            rgb(&test, 5).iter().zip(0_u32..).map(|(v, i)| v.saturating_add((i * 7919 % 17) as u8 / 2)).collect();
        let mirrored = mirror(&rgb(&test, 7), 32);
        let darker = rgb(&test, 9).iter().map(|v| v / 2 + 9).collect();
        let copy = |position, of, exact| Copied { position, of, exact };
        assert_eq!(
            copies(&[exact, noisy, mirrored, darker], &test),
            [copy(0, 3, true), copy(1, 5, false), copy(2, 7, false), copy(3, 9, false)]
        );
    }

    #[test]
    fn other_images_are_no_copies() {
        let (train, test) = (scenes(Split::Train), scenes(Split::Test));
        let images: Vec<Vec<u8>> = (0..train.len()).map(|i| rgb(&train, i)).collect();
        assert_eq!(copies(&images, &test), []);
    }
}
