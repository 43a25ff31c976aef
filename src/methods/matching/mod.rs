//! Matching: distilled images that look to networks as the real ones do, judged by gradients or by features, never by a
//! whole training.
//!
//! Two engines and a loop of its own serve the family; a method is a recipe for one of them. [`gradient`] matches the gradients that real and
//! synthetic images of a class give a network (DC, arXiv 2006.05929; DSA, 2102.08259; IDC, 2205.14959). [`features`]
//! matches class means of features, of spatial attention or of pixels (DM, arXiv 2110.04181; `DataDAM`, 2310.00093; pixel
//! MMD, from `DataDAM`'s supplement; IDM, 2307.09742). [`cafe`] aligns the features of every layer while the network learns
//! from the images (2203.01531). `real` prepares the batches of real images ahead, `first` says where
//! the images start, `pixels` is what all of them learn. What may enter: losses between real and synthetic batches, and
//! what the loops around them share.

#[cfg(test)]
mod bench;
pub mod cafe;
mod family;
pub mod features;
mod first;
pub mod gradient;
mod passes;
mod pixels;
mod prepared;
mod real;
mod siamese;

use family::Matching;

/// The family, in the order of publication.
pub(super) static DC: Matching<gradient::GradientRecipe> = Matching::new(
    "dc",
    "images whose gradients train a network as those of real ones do (Zhao, Mopuri and Bilen 2021)",
    include_str!("../../../benchmarks/recipes/dc.toml"),
);
pub(super) static DSA: Matching<gradient::GradientRecipe> = Matching::new(
    "dsa",
    "matching gradients under siamese augmentation (Zhao and Bilen 2021)",
    include_str!("../../../benchmarks/recipes/dsa.toml"),
);
pub(super) static IDC_I: Matching<gradient::GradientRecipe> = Matching::new(
    "idc-i",
    "matching gradients of networks that are trained on real images (Kim et al. 2022)",
    include_str!("../../../benchmarks/recipes/idc-i.toml"),
);
pub(super) static IDC: Matching<gradient::GradientRecipe> = Matching::new(
    "idc",
    "idc-i with several images in each stored one (Kim et al. 2022)",
    include_str!("../../../benchmarks/recipes/idc.toml"),
);
pub(super) static CAFE: Matching<cafe::CafeRecipe> = Matching::new(
    "cafe",
    "images whose class means agree with real ones in every layer, and tell them apart (Wang et al. 2022)",
    include_str!("../../../benchmarks/recipes/cafe.toml"),
);
pub(super) static DM: Matching<features::FeatureRecipe> = Matching::new(
    "dm",
    "images whose features have the class means of real ones in random networks (Zhao and Bilen 2023)",
    include_str!("../../../benchmarks/recipes/dm.toml"),
);
pub(super) static DATADAM: Matching<features::FeatureRecipe> = Matching::new(
    "datadam",
    "images that draw the spatial attention of random networks as real ones do (Sajedi et al. 2023)",
    include_str!("../../../benchmarks/recipes/datadam.toml"),
);
pub(super) static IDM: Matching<features::FeatureRecipe> = Matching::new(
    "idm",
    "distribution matching of more, smaller images in a queue of trained networks (Zhao et al. 2023)",
    include_str!("../../../benchmarks/recipes/idm.toml"),
);
pub(super) static MMD: Matching<features::FeatureRecipe> = Matching::new(
    "mmd",
    "images with the class means of real ones, pixel by pixel: DataDAM's baseline",
    include_str!("../../../benchmarks/recipes/mmd.toml"),
);
