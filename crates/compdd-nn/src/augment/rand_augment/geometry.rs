//! Operations that move bytes: the nearest pixel at an affine map, black outside.

/// `image` `[3, h, w]` read, for the result's pixel with its centre at `(x, y)`, at `a x + b y + c` of each map, in pixels from the upper
/// left corner. Places are whole multiples of `2^-16` pixels, so that a place between two pixels is the same everywhere.
pub(super) fn sample(image: &[u8], [h, w]: [usize; 2], column: [f64; 3], row: [f64; 3]) -> Vec<u8> {
    let fixed = |value: f64| (value * 65536.0 + 0.5).floor() as i64;
    let read = |[a, b, c]: [f64; 3], side: usize| {
        let (across, down, start) = (fixed(a), fixed(b), fixed(c + f64::midpoint(a, b)));
        move |j: usize, i: usize| {
            let place = (start + across * j as i64 + down * i as i64) >> 16;
            usize::try_from(place).ok().filter(|&place| place < side)
        }
    };
    let (column, row) = (read(column, w), read(row, h));
    let mut result = vec![0; image.len()];
    for p in 0..h * w {
        let (Some(column), Some(row)) = (column(p % w, p / w), row(p % w, p / w)) else { continue };
        for plane in (0..image.len()).step_by(h * w) {
            result[plane + p] = image[plane + row * w + column];
        }
    }
    result
}

/// `image` turned about its centre, counter-clockwise by so many degrees.
pub(super) fn rotated(image: &[u8], [h, w]: [usize; 2], degrees: f64) -> Vec<u8> {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (cx, cy) = (w as f64 / 2.0, h as f64 / 2.0);
    sample(image, [h, w], [cos, -sin, cx - cos * cx + sin * cy], [sin, cos, cy - sin * cx - cos * cy])
}
