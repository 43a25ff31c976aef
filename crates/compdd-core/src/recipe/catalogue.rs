//! The methods that ship with compdd: name, summary, kind and recipe file of each.

use super::{Kind, MethodInfo, RecipeError};

/// A method whose recipe file has its name. This is the one place that knows where the files are.
macro_rules! method {
    ($kind:ident, $slug:literal, $summary:literal) => {
        MethodInfo {
            slug: $slug,
            summary: $summary,
            kind: Kind::$kind,
            recipe: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../benchmarks/recipes/", $slug, ".toml")),
        }
    };
}

/// The baseline of every table.
pub static RANDOM: MethodInfo =
    method!(Selection, "random", "real images drawn at random, a new draw for every student");
/// Welling 2009.
pub static HERDING: MethodInfo =
    method!(Selection, "herding", "real images that greedily match the class mean of a trained network's features");
/// Sener and Savarese 2018.
pub static K_CENTER: MethodInfo =
    method!(Selection, "k-center", "real images that lie farthest from each other in a trained network's features");
/// arXiv 1906.01827.
pub static CRAIG: MethodInfo = method!(
    Selection,
    "craig",
    "real images whose gradients cover those of their class, weighted (Mirzasoleiman et al. 2020)"
);
/// arXiv 2103.00123.
pub static GRADMATCH: MethodInfo = method!(
    Selection,
    "gradmatch",
    "real images whose weighted gradients add up to that of their class (Killamsetty et al. 2021)"
);
/// arXiv 2012.10630.
pub static GLISTER: MethodInfo = method!(
    Selection,
    "glister",
    "real images whose gradients lower the loss of held-out ones (Killamsetty et al. 2021)"
);
/// Toneva et al. 2019.
pub static FORGETTING: MethodInfo = method!(
    Selection,
    "forgetting",
    "real images that a network in training learns and forgets most often (Toneva et al. 2019)"
);
/// Paul, Ganguli and Dziugaite 2021.
pub static EL2N: MethodInfo = method!(
    Selection,
    "el2n",
    "real images with the largest errors early in training (Paul, Ganguli and Dziugaite 2021)"
);
/// arXiv 2312.03526.
pub static RDED: MethodInfo = method!(
    Selection,
    "rded",
    "crops of real images that a teacher is surest of, several on an image, with its logits as labels (Sun et al. 2024)"
);
/// arXiv 2306.13092.
pub static SRE2L: MethodInfo = method!(
    Distillation,
    "sre2l",
    "images whose classes a trained network is sure of and whose statistics its batch norms know (Yin, Xing and Shen 2023)"
);
/// arXiv 2311.18838.
pub static CDA: MethodInfo =
    method!(Distillation, "cda", "sre2l with crops that begin large and end small (Yin and Shen 2023)");
/// arXiv 2311.17950.
pub static GVBSM: MethodInfo = method!(
    Distillation,
    "gvbsm",
    "images that the batch norms and convolutions of several networks, in turns, see as real ones (Shao et al. 2024)"
);
/// arXiv 2404.13733.
pub static EDC: MethodInfo = method!(
    Distillation,
    "edc",
    "gvbsm from real images, with the statistics of classes and images near their average (Shao et al. 2024)"
);
/// arXiv 2006.05929.
pub static DC: MethodInfo = method!(
    Distillation,
    "dc",
    "images whose gradients train a network as those of real ones do (Zhao, Mopuri and Bilen 2021)"
);
/// arXiv 2102.08259.
pub static DSA: MethodInfo =
    method!(Distillation, "dsa", "matching gradients under siamese augmentation (Zhao and Bilen 2021)");
/// arXiv 2205.14959, one image in each stored one.
pub static IDC_I: MethodInfo =
    method!(Distillation, "idc-i", "matching gradients of networks that are trained on real images (Kim et al. 2022)");
/// arXiv 2205.14959.
pub static IDC: MethodInfo =
    method!(Distillation, "idc", "idc-i with several images in each stored one (Kim et al. 2022)");
/// arXiv 2203.01531.
pub static CAFE: MethodInfo = method!(
    Distillation,
    "cafe",
    "images whose class means agree with real ones in every layer, and tell them apart (Wang et al. 2022)"
);
/// arXiv 2110.04181.
pub static DM: MethodInfo = method!(
    Distillation,
    "dm",
    "images whose features have the class means of real ones in random networks (Zhao and Bilen 2023)"
);
/// arXiv 2310.00093.
pub static DATADAM: MethodInfo = method!(
    Distillation,
    "datadam",
    "images that draw the spatial attention of random networks as real ones do (Sajedi et al. 2023)"
);
/// arXiv 2307.09742.
pub static IDM: MethodInfo = method!(
    Distillation,
    "idm",
    "distribution matching of more, smaller images in a queue of trained networks (Zhao et al. 2023)"
);
/// From the supplement of `DataDAM`.
pub static MMD: MethodInfo =
    method!(Distillation, "mmd", "images with the class means of real ones, pixel by pixel: DataDAM's baseline");
/// arXiv 2203.11932.
pub static MTT: MethodInfo =
    method!(Distillation, "mtt", "images that lead a student along the path of experts (Cazenavette et al. 2022)");
/// arXiv 2211.10586.
pub static TESLA: MethodInfo =
    method!(Distillation, "tesla", "trajectory matching that follows each student step on its own (Cui et al. 2023)");
/// arXiv 2211.11004.
pub static FTD: MethodInfo =
    method!(Distillation, "ftd", "trajectory matching on flat experts, averaged images (Du et al. 2023)");
/// arXiv 2310.05773.
pub static DATM: MethodInfo = method!(
    Distillation,
    "datm",
    "trajectory matching of the right difficulty, with learned soft labels (Guo et al. 2024)"
);
/// arXiv 2408.03360.
pub static PAD: MethodInfo =
    method!(Distillation, "pad", "DATM with curriculum experts and without shallow parameters (Li et al. 2024)");
/// arXiv 2410.17193.
pub static EDF: MethodInfo = method!(
    Distillation,
    "edf",
    "DATM that emphasises discriminative areas and drops common patterns (Wang et al. 2025)"
);
/// The upper bound of every table.
pub static FULL: MethodInfo = method!(
    Reference,
    "full",
    "no distillation: students train on the whole training set (the reference of the recovery ratio)"
);

static METHODS: [&MethodInfo; 29] = [
    &RANDOM,
    &HERDING,
    &K_CENTER,
    &CRAIG,
    &GRADMATCH,
    &GLISTER,
    &FORGETTING,
    &EL2N,
    &RDED,
    &SRE2L,
    &CDA,
    &GVBSM,
    &EDC,
    &DC,
    &DSA,
    &IDC_I,
    &IDC,
    &CAFE,
    &DM,
    &DATADAM,
    &IDM,
    &MMD,
    &MTT,
    &TESLA,
    &FTD,
    &DATM,
    &PAD,
    &EDF,
    &FULL,
];

/// The methods, in the order of tables.
pub fn methods() -> &'static [&'static MethodInfo] {
    &METHODS
}

/// The method with this name.
///
/// # Errors
/// [`RecipeError::UnknownMethod`] lists the known names.
pub fn method(slug: &str) -> Result<&'static MethodInfo, RecipeError> {
    METHODS.into_iter().find(|method| method.slug == slug).ok_or_else(|| RecipeError::unknown_method(slug))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_methods_are_refused_with_the_list() {
        let error = method("edff").unwrap_err();
        let help = miette::Diagnostic::help(&error).unwrap().to_string();
        assert_eq!(error.to_string(), "unknown method `edff`");
        assert!(help.starts_with("registered methods: random, herding, ") && help.ends_with(", edf, full"), "{help}");
    }
}
