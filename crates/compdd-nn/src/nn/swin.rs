//! Swin transformers.

use super::{
    layer::{Activation, Layer, Scores, Windows},
    scheme::Scheme,
    spec::{Aspects, number},
    stack::Stack,
    tensor_ops::Window,
};

/// Which of the two papers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SwinVersion {
    /// arXiv 2103.14030, torchvision's `swin_t`: norms before the residual ways, products of queries and keys, a table of relative positions.
    #[default]
    One,
    /// arXiv 2111.09883, torchvision's `swin_v2_t`: norms at their ends, cosines, a small network of relative positions, keys without a bias.
    Two,
}

impl SwinVersion {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::One => "swin-tiny",
            Self::Two => "swin-v2-t",
        }
    }
}

/// Swin-T and Swin-V2-T: attention in windows, every second time shifted by half a window, merging of 2x2 patches between the stages,
/// stochastic depth that grows to a fifth, layer norm with epsilon 1e-5. Maps that windows do not cover are padded for attention.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SwinTiny {
    /// Which of the two.
    pub version: SwinVersion,
    /// Channels of the first stage; the others have 2, 4 and 8 times as many.
    pub width: usize,
    /// Heads of the first stage, multiplied likewise.
    pub heads: usize,
    /// Side of a window in patches of 4x4 pixels.
    pub window: usize,
}

impl SwinTiny {
    /// The published one.
    pub fn of(version: SwinVersion) -> Self {
        let window = match version {
            SwinVersion::One => 7,
            SwinVersion::Two => 8,
        };
        Self { version, width: 96, heads: 3, window }
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
    pub(super) const ACCEPTED: &str = "variants of swin-tiny and swin-v2-t: -w<width of the first stage>, -h<heads of the first stage>, -s<side of a window>";

    pub(super) fn parse<'a>(version: SwinVersion, tokens: &[&'a str]) -> Result<Self, &'a str> {
        let mut net = Self::of(version);
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
        let usual = Self::of(self.version);
        let fields = [('w', self.width, usual.width), ('h', self.heads, usual.heads), ('s', self.window, usual.window)];
        fields
            .into_iter()
            .filter(|(_, own, usual)| own != usual)
            .map(|(letter, own, _)| format!("{letter}{own}"))
            .collect()
    }

    /// torchvision's names: `features.N`, in the stages `features.N.B.*`, `norm`, `head`. Taps: `stage1..stage4`.
    pub(super) fn build(&self, input: [usize; 3], classes: usize) -> Result<Vec<Layer>, String> {
        let mut stack = Stack::with(input, Scheme::TRANSFORMER);
        stack.conv("features.0.0".into(), self.width, Window::new(4, 4, 0), true)?;
        let mut map = [stack.map()[1], stack.map()[2]];
        stack.push(Layer::Tokens)?.token_norm("features.0.2".into(), EPSILON)?;
        let mut index = 0;
        for (stage, blocks) in BLOCKS.into_iter().enumerate() {
            for block in 0..blocks {
                let drop = DROP * index as f32 / (ALL - 1) as f32;
                self.block(
                    &mut stack,
                    &format!("features.{}.{block}", 2 * stage + 1),
                    map,
                    stage,
                    block % 2 == 1,
                    drop,
                )?;
                index += 1;
            }
            stack.push(Layer::Map { size: map })?.tap(format!("stage{}", stage + 1))?;
            if stage + 1 < BLOCKS.len() {
                let even = map.map(|side| side.next_multiple_of(2));
                fit(&mut stack, map, even)?.push(Layer::SpaceToDepth)?.push(Layer::Tokens)?;
                map = even.map(|side| side / 2);
                self.reduce(&mut stack, &format!("features.{}", 2 * stage + 2), self.width << (stage + 1))?;
            }
        }
        stack.push(Layer::Tokens)?.token_norm("norm".into(), EPSILON)?.push(Layer::Map { size: map })?;
        stack.resize(1)?.linear("head", classes)?;
        Ok(stack.layers)
    }

    /// Merged patches become twice as many channels.
    fn reduce(&self, stack: &mut Stack, name: &str, channels: usize) -> Result<(), String> {
        let norm = format!("{name}.norm");
        if self.version == SwinVersion::One {
            stack.token_norm(norm.clone(), EPSILON)?;
        }
        stack.linear_by(&format!("{name}.reduction"), channels, false, Scheme::TRANSFORMER.linear)?;
        if self.version == SwinVersion::Two {
            stack.token_norm(norm, EPSILON)?;
        }
        Ok(())
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
        let mut main = self.way(stack, &format!("{name}.norm1"))?;
        self.attention(&mut main, &format!("{name}.attn"), map, stage, shifted)?;
        self.end(stack, main, &format!("{name}.norm1"), drop)?;
        let mut main = self.way(stack, &format!("{name}.norm2"))?;
        main.linear(&format!("{name}.mlp.0"), 4 * width)?.push(Layer::Act(Activation::Gelu))?;
        main.linear(&format!("{name}.mlp.3"), width)?;
        self.end(stack, main, &format!("{name}.norm2"), drop)
    }

    /// Attention of the tokens of a map.
    fn attention(
        &self,
        main: &mut Stack,
        name: &str,
        map: [usize; 2],
        stage: usize,
        shifted: bool,
    ) -> Result<(), String> {
        let (width, side) = (self.width << stage, self.window);
        let covered = map.map(|length| length.next_multiple_of(side));
        // A map of one window has nothing to shift to.
        let shift = if shifted && covered[0] > side { side / 2 } else { 0 };
        let padded = covered != map;
        if padded {
            main.push(Layer::Map { size: map })?;
            fit(main, map, covered)?.push(Layer::Tokens)?;
        }
        let qkv = format!("{name}.qkv");
        let scores = match self.version {
            SwinVersion::One => {
                main.linear(&qkv, 3 * width)?;
                Scores::Table(format!("{name}.relative_position_bias_table"))
            }
            SwinVersion::Two => {
                main.linear_by(&qkv, 3 * width, false, Scheme::TRANSFORMER.linear)?;
                main.push(Layer::KeylessBias { name: format!("{qkv}.bias"), channels: 3 * width })?;
                Scores::Cosine(name.to_owned())
            }
        };
        let windows = Windows { scores, map: covered, side, shift };
        main.push(Layer::Attention { heads: self.heads << stage, windows: Some(windows) })?;
        main.linear(&format!("{name}.proj"), width)?;
        if padded {
            main.push(Layer::Map { size: covered })?;
            fit(main, covered, map)?.push(Layer::Tokens)?;
        }
        Ok(())
    }

    /// The start of a residual way.
    fn way(&self, stack: &Stack, norm: &str) -> Result<Stack, String> {
        let mut main = stack.branch();
        if self.version == SwinVersion::One {
            main.token_norm(norm.to_owned(), EPSILON)?;
        }
        Ok(main)
    }

    /// The end of one.
    fn end(&self, stack: &mut Stack, mut main: Stack, norm: &str, drop: f32) -> Result<(), String> {
        if self.version == SwinVersion::Two {
            main.token_norm(norm.to_owned(), EPSILON)?;
        }
        if drop > 0.0 {
            main.push(Layer::StochasticDepth { rate: drop })?;
        }
        stack.extend(main, true)
    }
}

/// A map brought to another size, if it is another.
fn fit(stack: &mut Stack, from: [usize; 2], to: [usize; 2]) -> Result<&mut Stack, String> {
    if from == to { Ok(stack) } else { stack.push(Layer::Fit { size: to }) }
}
