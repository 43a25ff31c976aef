//! The sizes of one convolution.

use super::winograd::Blocks;

/// Sizes of a convolution: `n` maps of `c` channels, `h` x `w`, with `o` filters of `kh` x `kw`, to maps of `oh` x
/// `ow`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Geometry {
    /// Maps in the batch.
    pub n: usize,
    /// Input channels.
    pub c: usize,
    /// Input height.
    pub h: usize,
    /// Input width.
    pub w: usize,
    /// Filters.
    pub o: usize,
    /// Filter height.
    pub kh: usize,
    /// Filter width.
    pub kw: usize,
    /// Steps between results, vertically and horizontally.
    pub stride: [usize; 2],
    /// Zeros around the input, vertically and horizontally.
    pub padding: [usize; 2],
    /// Output height.
    pub oh: usize,
    /// Output width.
    pub ow: usize,
    /// The blocks of results, where Winograd's algorithm computes them.
    pub blocks: Blocks,
    /// Whether every channel has a filter of its own and sees no other channel; `o` is `c` then.
    pub depthwise: bool,
}

impl Geometry {
    /// The sizes of `x` (`[n, c, h, w]`) under `weight` (`[o, c, kh, kw]`); nothing where the two do not fit together
    /// or there is nothing to compute.
    pub fn new(x: [usize; 4], weight: [usize; 4], stride: [usize; 2], padding: [usize; 2]) -> Option<Self> {
        let ([n, c, h, w], [o, wc, kh, kw]) = (x, weight);
        let results = |size: usize, kernel: usize, axis: usize| {
            Some((size + 2 * padding[axis]).checked_sub(kernel)? / stride[axis].max(1) + 1)
        };
        let (oh, ow) = (results(h, kh, 0)?, results(w, kw, 1)?);
        let sizes = [n, c, h, w, o, kh, kw, stride[0], stride[1]];
        (wc == c && sizes.iter().all(|&size| size > 0)).then_some(Self {
            n,
            c,
            h,
            w,
            o,
            kh,
            kw,
            stride,
            padding,
            oh,
            ow,
            blocks: Blocks::Small,
            depthwise: false,
        })
    }

    /// The sizes of `x` (`[n, c, h, w]`) under one filter for each channel (`weight`: `[c, 1, kh, kw]`); nothing where [`new`](Self::new)
    /// has nothing.
    pub fn depthwise(x: [usize; 4], weight: [usize; 4], stride: [usize; 2], padding: [usize; 2]) -> Option<Self> {
        let [o, one, kh, kw] = weight;
        let geometry = Self::new(x, [o, x[1], kh, kw], stride, padding)?;
        (one == 1 && o == geometry.c).then_some(Self { depthwise: true, ..geometry })
    }

    /// The same in blocks of another size.
    pub fn in_blocks(self, blocks: Blocks) -> Self {
        Self { blocks, ..self }
    }

    /// The shape of the filters.
    pub fn filters(&self) -> [usize; 4] {
        [self.o, if self.depthwise { 1 } else { self.c }, self.kh, self.kw]
    }

    /// Terms in one result: `c * kh * kw`.
    pub fn terms(&self) -> usize {
        self.c * self.kh * self.kw
    }

    /// Results in one output channel: `oh * ow`.
    pub fn pixels(&self) -> usize {
        self.oh * self.ow
    }

    /// Whether filters are single pixels that meet every pixel once.
    pub fn is_point(&self) -> bool {
        [self.kh, self.kw] == [1, 1] && self.stride == [1, 1] && self.padding == [0, 0]
    }

    /// Whether Winograd's algorithm applies and pays: 3 x 3 filters, stride and padding 1, enough channels to fill the
    /// vectors.
    pub fn is_winograd(&self) -> bool {
        self.kh == 3 && self.kw == 3 && self.stride == [1, 1] && self.padding == [1, 1] && self.c >= 12 && self.o >= 12
    }
}
