//! Room: Winograd. 3 x 3 convolution (stride 1, padding 1) by Winograd's `F(2 x 2, 3 x 3)`, 2.25 times fewer
//! multiplications than the definition, or `F(4 x 4, 3 x 3)`, 4 times fewer ([`tile`] has the formulas, [`two`] and
//! [`four`] have the matrices; the network says which, by its [`Blocks`]). Maps are cut into square blocks of results. A task
//! ([`tasks`]) takes a few rows of blocks, turns the maps under them channel-last and transforms them to so many points
//! a block; each point's `[blocks, channels]` is then multiplied by that point's weights and transformed back
//! ([`convolve`]), or by the transformed gradient of the output, summed over all blocks ([`gradient`]). The transforms
//! of small blocks only add, subtract and halve, so the rounding is that of a direct convolution to within a small factor.

mod convolve;
mod four;
mod gradient;
mod tasks;
mod tile;
mod two;

pub use convolve::{Way, convolve};
pub use gradient::weight_gradient;
pub use tile::Blocks;
