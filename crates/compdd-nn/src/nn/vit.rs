//! Vision transformers.

use super::{
    layer::{Activation, Layer},
    params::Init,
    scheme::{Rule, Scheme},
    spec::{Aspects, number},
    stack::Stack,
    tensor_ops::Window,
};

/// A transformer over patches with a class token (arXiv 2010.11929, section 3.1), norms before attention and before the hidden layer,
/// `GELU`, layer norm with epsilon 1e-6, no dropout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vit {
    /// Whose network it is.
    pub kind: VitKind,
    /// Side of a patch in pixels.
    pub patch: usize,
    /// Channels of a token; the hidden layers have four times as many.
    pub width: usize,
    /// Number of blocks.
    pub depth: usize,
    /// Heads of attention.
    pub heads: usize,
}

/// The networks that a [`Vit`] starts from: names of parameters and fresh weights differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VitKind {
    /// timm's `deit_tiny_patch16_224` (arXiv 2012.12877, without distillation token).
    DeitTiny,
    /// torchvision's `vit_b_16`.
    B16,
}

impl VitKind {
    /// The architecture's word in slugs.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::DeitTiny => "deit-tiny",
            Self::B16 => "vit-b-16",
        }
    }
}

/// Epsilon of the layer norms.
const EPSILON: f64 = 1e-6;

impl Vit {
    pub(super) const ACCEPTED: &str = "variants of deit-tiny and vit-b-16: -p<patch>, -w<width>, -l<blocks>, -h<heads>; the width is a \
        multiple of the heads";

    /// The published network.
    pub const fn new(kind: VitKind) -> Self {
        match kind {
            VitKind::DeitTiny => Self { kind, patch: 16, width: 192, depth: 12, heads: 3 },
            VitKind::B16 => Self { kind, patch: 16, width: 768, depth: 12, heads: 12 },
        }
    }

    pub(super) fn parse<'a>(kind: VitKind, tokens: &[&'a str]) -> Result<Self, &'a str> {
        let mut net = Self::new(kind);
        let mut seen = Aspects::default();
        for &token in tokens {
            let fields =
                [("patch", 'p', &mut net.patch), ("width", 'w', &mut net.width), ("depth", 'l', &mut net.depth)];
            let fields = fields.into_iter().chain([("heads", 'h', &mut net.heads)]);
            let found =
                fields.into_iter().find_map(|(aspect, letter, field)| Some((aspect, field, number(token, letter)?)));
            let (aspect, field, value) = found.ok_or(token)?;
            *field = value;
            seen.claim(aspect, token)?;
        }
        Ok(net)
    }

    pub(super) fn tokens(&self) -> Vec<String> {
        let usual = Self::new(self.kind);
        let fields = [
            ('p', self.patch, usual.patch),
            ('w', self.width, usual.width),
            ('l', self.depth, usual.depth),
            ('h', self.heads, usual.heads),
        ];
        fields
            .into_iter()
            .filter(|(_, own, usual)| own != usual)
            .map(|(letter, own, _)| format!("{letter}{own}"))
            .collect()
    }

    /// The names of the published files. No map is named: tokens are no map of the image.
    pub(super) fn build(&self, input: [usize; 3], classes: usize) -> Result<Vec<Layer>, String> {
        let (names, scheme) = match self.kind {
            VitKind::DeitTiny => (&TIMM, Scheme::TRANSFORMER),
            VitKind::B16 => (&TORCHVISION, Scheme::VIT),
        };
        let mut stack = Stack::with(input, scheme);
        if !input[1].is_multiple_of(self.patch) {
            return Err(format!("patches of {0}x{0} pixels do not cover it", self.patch));
        }
        stack.conv(names.patches.into(), self.width, Window::new(self.patch, self.patch, 0), true)?;
        let channels = self.width;
        let [token, positions] = names.start;
        stack.push(Layer::Tokens)?.push(Layer::ClassToken { name: names.token.into(), channels, init: token })?;
        let [_, tokens, _] = stack.map();
        stack.push(Layer::Positions { name: names.positions.into(), shape: [tokens, channels], init: positions })?;
        for block in 0..self.depth {
            let [norm1, mix, out, norm2, hidden, end] =
                names.block.map(|name| format!("{}{block}.{name}", names.blocks));
            let mut main = stack.branch();
            main.token_norm(norm1, EPSILON)?.linear(&mix, 3 * self.width)?;
            main.push(Layer::Attention { heads: self.heads, windows: None })?.linear_by(
                &out,
                self.width,
                true,
                names.output,
            )?;
            stack.extend(main, true)?;
            let mut main = stack.branch();
            main.token_norm(norm2, EPSILON)?.linear_by(&hidden, 4 * self.width, true, names.hidden)?;
            main.push(Layer::Act(Activation::Gelu))?.linear_by(&end, self.width, true, names.hidden)?;
            stack.extend(main, true)?;
        }
        stack.token_norm(names.norm.into(), EPSILON)?.push(Layer::FirstToken)?;
        stack.linear_by(names.head, classes, true, names.top)?;
        Ok(stack.layers)
    }
}

/// Names of the parameters, and how they are drawn where the scheme does not say it.
struct Names {
    patches: &'static str,
    token: &'static str,
    positions: &'static str,
    start: [Init; 2],
    blocks: &'static str,
    /// Norm, queries-keys-values and output of attention; norm and the two linear layers behind it.
    block: [&'static str; 6],
    norm: &'static str,
    head: &'static str,
    output: Rule,
    hidden: Rule,
    top: Rule,
}

const TIMM: Names = Names {
    patches: "patch_embed.proj",
    token: "cls_token",
    positions: "pos_embed",
    start: [Init::Normal(1e-6), Init::TruncatedNormal(0.02)],
    blocks: "blocks.",
    block: ["norm1", "attn.qkv", "attn.proj", "norm2", "mlp.fc1", "mlp.fc2"],
    norm: "norm",
    head: "head",
    output: Scheme::TRANSFORMER.linear,
    hidden: Scheme::TRANSFORMER.linear,
    top: Scheme::TRANSFORMER.linear,
};

const TORCHVISION: Names = Names {
    patches: "conv_proj",
    token: "class_token",
    positions: "encoder.pos_embedding",
    start: [Init::Zero, Init::Normal(0.02)],
    blocks: "encoder.layers.encoder_layer_",
    block: ["ln_1", "self_attention.in_proj", "self_attention.out_proj", "ln_2", "mlp.0", "mlp.3"],
    norm: "encoder.ln",
    head: "heads.head",
    output: Scheme::VIT_OUTPUT,
    hidden: Scheme::VIT_HIDDEN,
    top: Scheme::VIT_HEAD,
};
