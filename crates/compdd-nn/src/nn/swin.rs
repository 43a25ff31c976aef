//! Swin transformers.

use super::{
    layer::{Activation, Layer, Windows},
    scheme::Scheme,
    spec::{Aspects, number},
    stack::Stack,
    tensor_ops::Window,
};

/// Swin-T (arXiv 2103.14030, section 3; torchvision's `swin_t`): attention in windows, every second time shifted by half a window,
/// merging of 2x2 patches between the stages, stochastic depth that grows to a fifth, layer norm with epsilon 1e-5.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SwinTiny {
    /// Channels of the first stage; the others have 2, 4 and 8 times as many.
    pub width: usize,
    /// Heads of the first stage, multiplied likewise.
    pub heads: usize,
    /// Side of a window in patches of 4x4 pixels.
    pub window: usize,
}

impl Default for SwinTiny {
    fn default() -> Self {
        Self { width: 96, heads: 3, window: 7 }
    }
}

/// Blocks of each stage, and of all.
const BLOCKS: [usize; 4] = [2, 2, 6, 2];
const ALL: usize = 12;
/// Rate of stochastic depth behind the last block.
const DROP: f32 = 0.2;
/// Epsilon of the layer norms.
const EPSILON: f64 = 1e-5;

impl SwinTiny {
    pub(super) const ACCEPTED: &str =
        "variants of swin-tiny: -w<width of the first stage>, -h<heads of the first stage>, -s<side of a window>";

    pub(super) fn parse<'a>(tokens: &[&'a str]) -> Result<Self, &'a str> {
        let mut net = Self::default();
        let mut seen = Aspects::default();
        for &token in tokens {
            let fields =
                [("width", 'w', &mut net.width), ("heads", 'h', &mut net.heads), ("window", 's', &mut net.window)];
            let found =
                fields.into_iter().find_map(|(aspect, letter, field)| Some((aspect, field, number(token, letter)?)));
            let (aspect, field, value) = found.ok_or(token)?;
            *field = value;
            seen.claim(aspect, token)?;
        }
        Ok(net)
    }

    pub(super) fn tokens(&self) -> Vec<String> {
        let usual = Self::default();
        let fields = [('w', self.width, usual.width), ('h', self.heads, usual.heads), ('s', self.window, usual.window)];
        fields
            .into_iter()
            .filter(|(_, own, usual)| own != usual)
            .map(|(letter, own, _)| format!("{letter}{own}"))
            .collect()
    }

    /// torchvision's names: `features.N`, in the stages `features.N.B.*`, `norm`, `head`. Taps: `stage1..stage4`. Every map must be cut
    /// by its windows without rest: 224 px as published, or other multiples of 32 windows.
    pub(super) fn build(&self, input: [usize; 3], classes: usize) -> Result<Vec<Layer>, String> {
        let mut stack = Stack::with(input, Scheme::TRANSFORMER);
        stack.conv("features.0.0".into(), self.width, Window::new(4, 4, 0), true)?;
        let mut map = [stack.map()[1], stack.map()[2]];
        stack.push(Layer::Tokens)?.token_norm("features.0.2".into(), EPSILON)?;
        let mut index = 0;
        for (stage, blocks) in BLOCKS.into_iter().enumerate() {
            let place = 2 * stage + 1;
            if map.iter().any(|side| side % self.window != 0) {
                return Err(format!(
                    "windows of {0}x{0} do not cover the map of {1}x{2} of stage {3}",
                    self.window,
                    map[0],
                    map[1],
                    stage + 1
                ));
            }
            for block in 0..blocks {
                let drop = DROP * index as f32 / (ALL - 1) as f32;
                self.block(&mut stack, &format!("features.{place}.{block}"), map, stage, block % 2 == 1, drop)?;
                index += 1;
            }
            stack.push(Layer::Map { size: map })?.tap(format!("stage{}", stage + 1))?;
            if stage + 1 < BLOCKS.len() {
                stack.push(Layer::SpaceToDepth)?;
                map = [stack.map()[1], stack.map()[2]];
                stack.push(Layer::Tokens)?.token_norm(format!("features.{}.norm", place + 1), EPSILON)?;
                let channels = self.width << (stage + 1);
                stack.linear_by(
                    &format!("features.{}.reduction", place + 1),
                    channels,
                    false,
                    Scheme::TRANSFORMER.linear,
                )?;
            }
        }
        stack.push(Layer::Tokens)?.token_norm("norm".into(), EPSILON)?.push(Layer::Map { size: map })?;
        stack.resize(1)?.linear("head", classes)?;
        Ok(stack.layers)
    }

    fn block(
        &self,
        stack: &mut Stack,
        name: &str,
        map: [usize; 2],
        stage: usize,
        shifted: bool,
        drop: f32,
    ) -> Result<(), String> {
        let width = self.width << stage;
        // A map of one window has nothing to shift to.
        let shift = if shifted && map[0] > self.window { self.window / 2 } else { 0 };
        let windows =
            Windows { name: format!("{name}.attn.relative_position_bias_table"), map, side: self.window, shift };
        let mut main = stack.branch();
        main.token_norm(format!("{name}.norm1"), EPSILON)?.linear(&format!("{name}.attn.qkv"), 3 * width)?;
        main.push(Layer::Attention { heads: self.heads << stage, windows: Some(windows) })?;
        main.linear(&format!("{name}.attn.proj"), width)?;
        end(stack, main, drop)?;
        let mut main = stack.branch();
        main.token_norm(format!("{name}.norm2"), EPSILON)?.linear(&format!("{name}.mlp.0"), 4 * width)?;
        main.push(Layer::Act(Activation::Gelu))?.linear(&format!("{name}.mlp.3"), width)?;
        end(stack, main, drop)
    }
}

/// The end of a residual way.
fn end(stack: &mut Stack, mut main: Stack, drop: f32) -> Result<(), String> {
    if drop > 0.0 {
        main.push(Layer::StochasticDepth { rate: drop })?;
    }
    stack.extend(main, true)
}
