//! What flows from layer to layer: maps, tokens or vectors.

use super::tensor_ops::TensorOps;

/// What flows from layer to layer.
pub(super) enum Flow<N: TensorOps> {
    /// `[N, C, H, W]`.
    Map(N::T<4>),
    /// `[N, T, C]`.
    Tokens(N::T<3>),
    /// `[N, F]`.
    Vector(N::T<2>),
}

impl<N: TensorOps> Clone for Flow<N> {
    fn clone(&self) -> Self {
        match self {
            Self::Map(x) => Self::Map(x.clone()),
            Self::Tokens(x) => Self::Tokens(x.clone()),
            Self::Vector(x) => Self::Vector(x.clone()),
        }
    }
}

impl<N: TensorOps> Flow<N> {
    /// As a map: tokens are a column of pixels, a vector is one pixel.
    pub fn map(self) -> N::T<4> {
        match self {
            Self::Map(x) => x,
            Self::Tokens(x) => {
                let [n, t, c] = N::dims(&x);
                N::reshape(N::permute(x, [0, 2, 1]), [n, c, t, 1])
            }
            Self::Vector(x) => {
                let [n, f] = N::dims(&x);
                N::reshape(x, [n, f, 1, 1])
            }
        }
    }

    /// As tokens: one per pixel, row by row.
    pub fn tokens(self) -> N::T<3> {
        match self {
            Self::Tokens(x) => x,
            other => {
                let x = other.map();
                let [n, c, h, w] = N::dims(&x);
                N::permute(N::reshape(x, [n, c, h * w]), [0, 2, 1])
            }
        }
    }

    /// As a vector, row-major.
    pub fn vector(self) -> N::T<2> {
        match self {
            Self::Map(x) => {
                let [n, c, h, w] = N::dims(&x);
                N::reshape(x, [n, c * h * w])
            }
            Self::Tokens(x) => {
                let [n, t, c] = N::dims(&x);
                N::reshape(x, [n, t * c])
            }
            Self::Vector(x) => x,
        }
    }

    /// `f` of every value, whatever the shape.
    pub fn each(self, f: impl FnOnce(N::T<2>) -> N::T<2>) -> Self {
        match self {
            Self::Map(x) => {
                let shape @ [n, c, h, w] = N::dims(&x);
                Self::Map(N::reshape(f(N::reshape(x, [n, c * h * w])), shape))
            }
            Self::Tokens(x) => {
                let shape @ [n, t, c] = N::dims(&x);
                Self::Tokens(N::reshape(f(N::reshape(x, [n, t * c])), shape))
            }
            Self::Vector(x) => Self::Vector(f(x)),
        }
    }

    /// Sum of two of the same shape.
    pub fn plus(self, other: Self) -> Self {
        match (self, other) {
            (Self::Tokens(a), Self::Tokens(b)) => Self::Tokens(N::add(a, b)),
            (a, b) => Self::Map(N::add(a.map(), b.map())),
        }
    }
}
