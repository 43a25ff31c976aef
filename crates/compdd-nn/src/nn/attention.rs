//! Multi-head attention, of all tokens together or in the windows of a map.

use burn::tensor::{Tensor, TensorData};

use super::{layer::Windows, tensor_ops::TensorOps};

/// What is added to the scores of pixels that are neighbours only because the map was rolled (as torchvision has it).
const FAR: f32 = -100.0;

/// `softmax(q k^T / sqrt(d) + bias) v` of every head with `d = C / heads` channels (arXiv 1706.03762, section 3.2.1).
///
/// # Shapes
/// `x [N G, T, 3C]`: queries, keys and values one behind the other, each with its heads one behind the other; `bias`
/// `[1, G heads, T, T]` -> `[N G, T, C]`.
pub(super) fn attention<N: TensorOps>(x: &N::T<3>, heads: usize, bias: Option<N::T<4>>) -> N::T<3> {
    let [n, tokens, width] = N::dims(x);
    let (channels, own) = (width / 3, width / 3 / heads);
    let part = |which: usize, axes: [usize; 4]| {
        let part = N::narrow(x.clone(), 2, which * channels, channels);
        N::permute(N::reshape(part, [n, tokens, heads, own]), axes)
    };
    let (queries, keys, values) = (part(0, [0, 2, 1, 3]), part(1, [0, 2, 3, 1]), part(2, [0, 2, 1, 3]));
    let root = constant::<N, 4, 3>(x, vec![(own as f32).powf(-0.5)], [1; 4]);
    let mut scores = N::matmul(N::multiply(queries, root), keys);
    if let Some(bias) = bias {
        let [_, rows, ..] = N::dims(&bias);
        let grouped = N::reshape(scores, [n * heads / rows, rows, tokens, tokens]);
        scores = N::reshape(N::add(grouped, bias), [n, heads, tokens, tokens]);
    }
    let out = N::matmul(N::softmax(scores), values);
    N::reshape(N::permute(out, [0, 2, 1, 3]), [n, tokens, channels])
}

/// [`attention`] inside the windows of a map, which are shifted by rolling it (arXiv 2103.14030, section 3.2); `table` holds what
/// is added to the scores for every relative position.
///
/// # Shapes
/// `x [N, H W, 3C]`, `table [(2 side - 1)^2, heads]` -> `[N, H W, C]`.
pub(super) fn windowed<N: TensorOps>(x: N::T<3>, heads: usize, table: N::T<2>, windows: &Windows) -> N::T<3> {
    let Windows { map: [h, w], side, shift, .. } = *windows;
    let [n, _, width] = N::dims(&x);
    let (channels, pixels, count) = (width / 3, side * side, h * w / (side * side));
    let rolled = roll::<N>(N::reshape(x, [n, h, w, width]), [shift, shift]);
    let cut = N::reshape(rolled, [n, h / side, side, w / side, side, width]);
    let cut = N::reshape(N::permute(cut, [0, 1, 3, 2, 4, 5]), [n * count, pixels, width]);

    let places = constant::<N, 2, 2>(&table, relative_places(side), [pixels * pixels, (2 * side - 1).pow(2)]);
    let bias = N::reshape(N::matmul(places, table), [1, pixels, pixels, heads]);
    let mut bias = N::permute(bias, [0, 3, 1, 2]);
    if shift > 0 {
        let strangers = constant::<N, 4, 4>(&bias, strangers(windows), [count, 1, pixels, pixels]);
        bias = N::reshape(N::add(strangers, bias), [1, count * heads, pixels, pixels]);
    }

    let out = attention::<N>(&cut, heads, Some(bias));
    let out = N::reshape(out, [n, h / side, w / side, side, side, channels]);
    let out = N::reshape(N::permute(out, [0, 1, 3, 2, 4, 5]), [n, h, w, channels]);
    N::reshape(roll::<N>(out, [h - shift, w - shift]), [n, h * w, channels])
}

/// A constant from host values, beside `like` and of its kind of numbers.
pub(super) fn constant<N: TensorOps, const D: usize, const E: usize>(
    like: &N::T<E>,
    values: Vec<f32>,
    shape: [usize; D],
) -> N::T<D> {
    let (device, kind) = N::place(like);
    let values: Tensor<D> = Tensor::from_data(TensorData::new(values, shape), &device);
    N::constant(values.cast(kind))
}

/// Row `by[0]` becomes the first, and column `by[1]`; what was before them comes last.
fn roll<N: TensorOps>(x: N::T<4>, by: [usize; 2]) -> N::T<4> {
    by.into_iter().enumerate().fold(x, |x, (axis, by)| {
        let length = N::dims(&x)[axis + 1];
        match by % length {
            0 => x,
            by => {
                let parts = [(by, length - by), (0, by)];
                let parts = parts.map(|(start, count)| N::narrow(x.clone(), axis + 1, start, count));
                N::cat(parts.into(), axis + 1)
            }
        }
    })
}

/// One-hot rows: which entry of the table belongs to query `q` and key `k`, for the pair `q side^2 + k`.
fn relative_places(side: usize) -> Vec<f32> {
    let (pixels, reach) = (side * side, 2 * side - 1);
    let mut rows = vec![0.0; pixels * pixels * reach * reach];
    for (pair, row) in rows.chunks_exact_mut(reach * reach).enumerate() {
        let (query, key) = (pair / pixels, pair % pixels);
        let apart = |query: usize, key: usize| query + side - 1 - key;
        row[apart(query / side, key / side) * reach + apart(query % side, key % side)] = 1.0;
    }
    rows
}

/// [`FAR`] for every pair of pixels of a window that come from different sides of the rolled map, else zero.
fn strangers(&Windows { map: [h, w], side, shift, .. }: &Windows) -> Vec<f32> {
    let region = |at: usize, length: usize| usize::from(at >= length - side) + usize::from(at >= length - shift);
    let mut values = Vec::with_capacity(h * w * side * side);
    for (row, column) in (0..h / side).flat_map(|row| (0..w / side).map(move |column| (row, column))) {
        let place = |pixel: usize| (region(row * side + pixel / side, h), region(column * side + pixel % side, w));
        for (query, key) in (0..side * side).flat_map(|query| (0..side * side).map(move |key| (query, key))) {
            values.push(if place(query) == place(key) { 0.0 } else { FAR });
        }
    }
    values
}
