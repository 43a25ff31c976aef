//! Operations that move pixels, as windows and as affine maps of pixel coordinates.

/// A half-open window of rows and columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) rows: [usize; 2],
    pub(super) columns: [usize; 2],
}

/// Where an output pixel reads: `x = a0 (j - cx) + a1 (i - cy) + a2` for the column, `y` alike for the row, with
/// `(cx, cy)` the centre of the image. Centred coordinates keep the identity exact in floating point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Map {
    pub(super) x: [f32; 3],
    pub(super) y: [f32; 3],
}

impl Map {
    /// The six coefficients, `x` first.
    pub(super) fn coefficients(&self) -> [f32; 6] {
        let ([a, b, c], [d, e, f]) = (self.x, self.y);
        [a, b, c, d, e, f]
    }
}

/// Centre of an image in pixel coordinates, `[x, y]`.
pub(super) fn centre(h: usize, w: usize) -> [f32; 2] {
    [(w as f32 - 1.0) / 2.0, (h as f32 - 1.0) / 2.0]
}

/// The windows of a cutout: rows `max(0, o - k/2) ..= min(h - 1, o - k/2 + k - 1)`, columns alike.
pub(super) fn windows(side: [u32; 2], rows: &[u32], columns: &[u32], h: usize, w: usize) -> Vec<Window> {
    let span = |offset: u32, k: u32, length: usize| {
        let start = i64::from(offset) - i64::from(k / 2);
        let last = length as i64 - 1;
        let first = start.clamp(0, last);
        let end = (start + i64::from(k) - 1).clamp(0, last) + 1;
        if k == 0 { [0, 0] } else { [first as usize, end as usize] }
    };
    let window = |(&r, &c)| Window { rows: span(r, side[0], h), columns: span(c, side[1], w) };
    rows.iter().zip(columns).map(window).collect()
}

/// The maps of a crop: whole shifts.
pub(super) fn shifted(rows: &[i32], columns: &[i32], h: usize, w: usize) -> Vec<Map> {
    let [cx, cy] = centre(h, w);
    let map = |(&r, &c)| Map { x: [1.0, 0.0, cx + c as f32], y: [0.0, 1.0, cy + r as f32] };
    rows.iter().zip(columns).map(map).collect()
}

/// The maps of a left-right mirror.
pub(super) fn mirrored(mirrored: &[bool], h: usize, w: usize) -> Vec<Map> {
    let [cx, cy] = centre(h, w);
    let map = |&yes: &bool| Map { x: [if yes { -1.0 } else { 1.0 }, 0.0, cx], y: [0.0, 1.0, cy] };
    mirrored.iter().map(map).collect()
}

/// The maps of a stretch about the centre.
pub(super) fn stretched(columns: &[f32], rows: &[f32], h: usize, w: usize) -> Vec<Map> {
    let [cx, cy] = centre(h, w);
    let map = |(&sx, &sy)| Map { x: [sx, 0.0, cx], y: [0.0, sy, cy] };
    columns.iter().zip(rows).map(map).collect()
}

/// The maps of a rotation about the centre, angles in radians.
///
/// In normalised coordinates a grid point is `(j - cx) / r`, with `r = (w - 1) / 2` when corners are aligned and `w / 2`
/// when they are not. `r` cancels in every map about the centre, except between the axes of an image that is not square.
pub(super) fn rotated(angle: &[f32], align_corners: bool, h: usize, w: usize) -> Vec<Map> {
    let [cx, cy] = centre(h, w);
    let reach = |side: usize| if align_corners { side as f64 - 1.0 } else { side as f64 };
    let ratio = if h == w { 1.0 } else { reach(w) / reach(h) };
    let map = |&theta: &f32| {
        let (sin, cos) = f64::from(theta).sin_cos();
        Map { x: [cos as f32, (-sin * ratio) as f32, cx], y: [(sin / ratio) as f32, cos as f32, cy] }
    };
    angle.iter().map(map).collect()
}
