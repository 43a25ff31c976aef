//! Operations that change bytes where they are.

/// `(1 - share) from + share to`, cut off to a byte; a share above one goes beyond `to`.
pub(super) fn blend(from: &[u8], to: &[u8], share: f32) -> Vec<u8> {
    let between = |(&a, &b): (&u8, &u8)| (f32::from(a) + share * (f32::from(b) - f32::from(a))) as u8;
    from.iter().zip(to).map(between).collect()
}

/// Every byte by a function.
pub(super) fn mapped(image: Vec<u8>, map: impl Fn(u8) -> u8) -> Vec<u8> {
    image.into_iter().map(map).collect()
}

/// The grey value of every pixel of `image` `[3, h, w]`: the luma of ITU-R 601-2, rounded.
pub(super) fn grey(image: &[u8]) -> Vec<u8> {
    // 0.299, 0.587 and 0.114 in units of 2^-16.
    const SHARES: [u32; 3] = [19595, 38470, 7471];
    let plane = image.len() / 3;
    let luma = |p: usize| SHARES.iter().zip(0..).map(|(share, c)| share * u32::from(image[c * plane + p])).sum::<u32>();
    (0..plane).map(|p| ((luma(p) + (1 << 15)) >> 16) as u8).collect()
}

/// The mean grey value of an image, rounded.
pub(super) fn mean_grey(image: &[u8]) -> u8 {
    let grey = grey(image);
    let sum: u64 = grey.iter().map(|&v| u64::from(v)).sum();
    (sum as f64 / grey.len() as f64 + 0.5) as u8
}

/// Every pixel beside its eight neighbours, 5 parts to 8, rounded; the border stays as it is.
pub(super) fn smoothed(image: &[u8], [h, w]: [usize; 2]) -> Vec<u8> {
    let mut result = image.to_vec();
    for (from, to) in image.chunks_exact(h * w).zip(result.chunks_exact_mut(h * w)) {
        for i in 1..h.saturating_sub(1) {
            for j in 1..w.saturating_sub(1) {
                let rows = (i - 1..=i + 1).flat_map(|row| &from[row * w + j - 1..row * w + j + 2]);
                let sum = rows.map(|&v| u32::from(v)).sum::<u32>() + 4 * u32::from(from[i * w + j]);
                to[i * w + j] = ((f64::from(sum) / 13.0) + 0.5) as u8;
            }
        }
    }
    result
}

/// Every channel stretched so that its smallest byte is 0 and its largest 255.
pub(super) fn stretched(image: Vec<u8>) -> Vec<u8> {
    by_channel(image, |plane| {
        let (low, high) = plane.iter().fold((255, 0), |(low, high), &v| (v.min(low), v.max(high)));
        if high <= low {
            return std::array::from_fn(|v| v as u8);
        }
        let scale = 255.0 / f64::from(high - low);
        let offset = -f64::from(low) * scale;
        std::array::from_fn(|v| (v as f64 * scale + offset) as u8)
    })
}

/// Every channel by the table that makes its histogram as flat as whole steps allow.
pub(super) fn equalized(image: Vec<u8>) -> Vec<u8> {
    by_channel(image, |plane| {
        let mut counts = [0_usize; 256];
        for &v in plane {
            counts[usize::from(v)] += 1;
        }
        let last = counts.iter().rev().find(|&&count| count > 0).copied().unwrap_or(0);
        let step = (plane.len() - last) / 255;
        if step == 0 {
            return std::array::from_fn(|v| v as u8);
        }
        let mut reached = step / 2;
        counts.map(|count| {
            let value = (reached / step).min(255) as u8;
            reached += count;
            value
        })
    })
}

/// The bytes of every channel of `image` `[3, h, w]` by a table made of them.
fn by_channel(mut image: Vec<u8>, table: impl Fn(&[u8]) -> [u8; 256]) -> Vec<u8> {
    let plane = image.len() / 3;
    for channel in image.chunks_exact_mut(plane.max(1)) {
        let table = table(channel);
        for v in channel {
            *v = table[usize::from(*v)];
        }
    }
    image
}
