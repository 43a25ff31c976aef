//! Multi-head attention, of all tokens together or in the windows of a map.

use burn::tensor::{Tensor, TensorData};

use super::{
    layer::{Activation, Windows},
    tensor_ops::TensorOps,
};

/// What is added to the scores of pixels that are neighbours only because the map was rolled (as torchvision has it).
const FAR: f32 = -100.0;

/// Most that cosines are multiplied by.
pub(super) const COSINE_LIMIT: f64 = 100.0;
/// What the small network of relative positions adds to a score at most.
const MOST_ADDED: f32 = 16.0;
/// The farthest relative position is this for the small network, before the logarithm.
const FARTHEST: f32 = 8.0;

/// `softmax(q k^T / sqrt(d) + bias) v` of every head with `d = C / heads` channels (arXiv 1706.03762, section 3.2.1); with a `scale` for each head cosines
/// of queries and keys take the place of their products (arXiv 2111.09883, section 3.3).
///
/// # Shapes
/// `x [N G, T, 3C]`: queries, keys and values one behind the other, each with its heads one behind the other; `scale [heads, 1, 1]`;
/// `bias` `[1, G heads, T, T]` -> `[N G, T, C]`.
pub(super) fn attention<N: TensorOps>(
    x: &N::T<3>,
    heads: usize,
    scale: Option<N::T<3>>,
    bias: Option<N::T<4>>,
) -> N::T<3> {
    let [n, tokens, width] = N::dims(x);
    let (channels, own) = (width / 3, width / 3 / heads);
    let part = |which: usize, axes: [usize; 4]| {
        let part = N::narrow(x.clone(), 2, which * channels, channels);
        N::permute(N::reshape(part, [n, tokens, heads, own]), axes)
    };
    let [queries, keys, values] = [0, 1, 2].map(|which| part(which, [0, 2, 1, 3]));
    let across = |keys: N::T<4>| N::permute(keys, [0, 1, 3, 2]);
    let mut scores = if let Some(scale) = scale {
        let cosines = N::matmul(N::unit(queries), across(N::unit(keys)));
        N::multiply(cosines, N::reshape(scale, [1, heads, 1, 1]))
    } else {
        let root = constant::<N, 4, 3>(x, vec![(own as f32).powf(-0.5)], [1; 4]);
        N::matmul(N::multiply(queries, root), across(keys))
    };
    if let Some(bias) = bias {
        let [_, rows, ..] = N::dims(&bias);
        let grouped = N::reshape(scores, [n * heads / rows, rows, tokens, tokens]);
        scores = N::reshape(N::add(grouped, bias), [n, heads, tokens, tokens]);
    }
    let out = N::matmul(N::softmax(scores), values);
    N::reshape(N::permute(out, [0, 2, 1, 3]), [n, tokens, channels])
}

/// A bias of queries and of values; keys have none (arXiv 2111.09883, torchvision).
///
/// # Shapes
/// `x [N, T, 3C]`, `bias [3C]`.
pub(super) fn keyless<N: TensorOps>(x: N::T<3>, bias: N::T<1>) -> N::T<3> {
    let [_, _, channels] = N::dims(&x);
    let kept = (0..channels).map(|c| if c / (channels / 3) == 1 { 0.0 } else { 1.0 }).collect();
    let kept = constant::<N, 3, 3>(&x, kept, [1, 1, channels]);
    N::add(x, N::multiply(N::reshape(bias, [1, 1, channels]), kept))
}

/// What Swin V2 adds to scores: two linear layers on the logarithms of the relative position, through a sigmoid (arXiv 2111.09883, section 3.4; torchvision).
///
/// # Shapes
/// `weights [512, 2]` and `[heads, 512]`, `bias [512]` -> `[(2 side - 1)^2, heads]`.
pub(super) fn cosine_table<N: TensorOps>(weights: [N::T<2>; 2], bias: N::T<1>, side: usize) -> N::T<2> {
    let reach = 2 * side - 1;
    let logarithm = |place: usize| {
        let apart = (place as f32 + 1.0 - side as f32) * FARTHEST / (side as f32 - 1.0).max(1.0);
        apart.signum() * (apart.abs() + 1.0).log2() / FARTHEST.log2()
    };
    let places = (0..reach * reach).flat_map(|place| [place / reach, place % reach]).map(logarithm).collect();
    let [first, second] = weights;
    let places = constant::<N, 2, 2>(&first, places, [reach * reach, 2]);
    let hidden = N::activate(N::linear(places, first, Some(bias)), Activation::Relu);
    let table = N::activate(N::linear(hidden, second, None), Activation::Sigmoid);
    let most = constant::<N, 2, 2>(&table, vec![MOST_ADDED], [1, 1]);
    N::multiply(table, most)
}

/// [`attention`] inside the windows of a map, which are shifted by rolling it (arXiv 2103.14030, section 3.2); `table` holds what
/// is added to the scores for every relative position.
///
/// # Shapes
/// `x [N, H W, 3C]`, `scale [heads, 1, 1]`, `table [(2 side - 1)^2, heads]` -> `[N, H W, C]`.
pub(super) fn windowed<N: TensorOps>(
    x: N::T<3>,
    heads: usize,
    scale: Option<N::T<3>>,
    table: N::T<2>,
    windows: &Windows,
) -> N::T<3> {
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

    let out = attention::<N>(&cut, heads, scale, Some(bias));
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
