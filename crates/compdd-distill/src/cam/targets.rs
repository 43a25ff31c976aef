//! Which output of the model is asked for.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::CamError;
use compdd_core::subset::Subset;

/// Outputs of a model with the classes of ImageNet-1K, in the order of their sorted synsets.
const IMAGENET: usize = 1000;

/// How the label of a distilled image becomes a target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Targets {
    /// The class the image was made for.
    #[default]
    Own,
    /// The largest entry of its learned label, which may have left the class.
    Predicted,
    /// As `Predicted`, but the position in the subset is taken for a class of the model: the released EDF asks a model of
    /// 1000 classes for its first ten (tench, goldfish, ...), whatever the subset. For comparison only.
    Released,
}

impl Targets {
    /// Slugs.
    const NAMES: [(&str, Self); 3] = [("own", Self::Own), ("predicted", Self::Predicted), ("released", Self::Released)];

    /// One class of the model per image. `own` are the positions in the subset, `labels` the learned labels, row by row
    /// `[N, classes of the subset]`; they may be empty for [`Targets::Own`]. The first of equal entries is the largest.
    pub fn resolve(self, own: &[u32], labels: &[f32], map: &ClassMap) -> Result<Vec<usize>, CamError> {
        let width = map.0.len();
        let positions: Vec<usize> = match self {
            Self::Own => own.iter().map(|&position| position as usize).collect(),
            Self::Predicted | Self::Released => {
                if labels.len() != own.len() * width {
                    let found = labels.len() / width.max(1);
                    return Err(CamError::Count { what: "label rows", found, images: own.len() });
                }
                labels.chunks_exact(width.max(1)).map(largest).collect()
            }
        };
        if self == Self::Released {
            return Ok(positions);
        }
        let class = |(image, position): (usize, usize)| {
            map.0.get(position).copied().ok_or(CamError::Target { image, class: position, classes: width })
        };
        positions.into_iter().enumerate().map(class).collect()
    }
}

/// Which class of a model each position of a subset is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassMap(Vec<usize>);

impl ClassMap {
    /// The model has the classes of the subset, in its order.
    pub fn same(classes: usize) -> Self {
        Self((0..classes).collect())
    }

    /// The model has the 1000 classes of ImageNet-1K: each class of the subset by its index there.
    pub fn imagenet(subset: &Subset) -> Result<Self, CamError> {
        let index = |class: &compdd_core::subset::ClassEntry| {
            class
                .index
                .map(|index| index as usize)
                .ok_or_else(|| CamError::NoIndex { subset: subset.slug.clone(), class: class.synset.clone() })
        };
        subset.classes.iter().map(index).collect::<Result<_, _>>().map(Self)
    }

    /// What fits a model with this many classes: the subset's own, or those of ImageNet-1K.
    pub fn for_model(classes: usize, subset: &Subset) -> Result<Self, CamError> {
        if classes == subset.classes_len() {
            return Ok(Self::same(classes));
        }
        if classes == IMAGENET {
            return Self::imagenet(subset);
        }
        Err(CamError::Classes { model: classes, subset: subset.slug.clone(), classes: subset.classes_len() })
    }

    /// The class of every position.
    pub fn classes(&self) -> &[usize] {
        &self.0
    }
}

/// Position of the largest value; of equal ones the first.
pub(super) fn largest(row: &[f32]) -> usize {
    (1..row.len()).fold(0, |best, i| if row[i] > row[best] { i } else { best })
}

impl fmt::Display for Targets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::NAMES.iter().find(|(_, rule)| rule == self).map_or("", |(slug, _)| slug))
    }
}

impl FromStr for Targets {
    type Err = CamError;

    fn from_str(text: &str) -> Result<Self, CamError> {
        let rule = Self::NAMES.iter().find(|(slug, _)| *slug == text.trim());
        rule.map(|(_, rule)| *rule).ok_or_else(|| CamError::Rule { slug: text.into() })
    }
}

impl TryFrom<String> for Targets {
    type Error = CamError;

    fn try_from(text: String) -> Result<Self, CamError> {
        text.parse()
    }
}

impl From<Targets> for String {
    fn from(rule: Targets) -> Self {
        rule.to_string()
    }
}
