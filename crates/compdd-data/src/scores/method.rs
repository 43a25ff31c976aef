//! The methods of making activation maps, by name.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// What is wrong with the name of a method.
#[derive(Clone, Debug, PartialEq, thiserror::Error, miette::Diagnostic)]
pub enum CamMethodError {
    /// No such method.
    #[error("there is no activation map method called `{slug}`")]
    #[diagnostic(help(
        "methods: grad-cam, grad-cam++, torch-cam-grad-cam++, smooth-grad-cam++ (with -n<samples> and -s<sigma>), \
         x-grad-cam, layer-cam"
    ))]
    Unknown {
        /// What was asked for.
        slug: String,
    },
    /// The noise of Smooth Grad-CAM++ cannot be used.
    #[error("smooth-grad-cam++ with {samples} samples and sigma {sigma}")]
    #[diagnostic(help("use 1 sample or more and a sigma that is 0 or larger, such as smooth-grad-cam++-n4-s0.3"))]
    Noise {
        /// Noisy inputs.
        samples: usize,
        /// Their standard deviation.
        sigma: f32,
    },
}

/// How activations and gradients become a map.
///
/// The default is the paper's: no noise, one forward pass where the closed form applies, and nothing to divide by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum CamMethod {
    /// Selvaraju et al. 2017: a channel weighs as much as the mean of its gradient.
    #[default]
    GradCam,
    /// Chattopadhyay et al. 2018 with the division that torch-cam means to do.
    GradCamPlusPlus,
    /// Grad-CAM++ as torch-cam computes it: the division is lost, a channel weighs the sum of `g^2 ReLU(g)`.
    TorchCamGradCamPlusPlus,
    /// Omeiza et al. 2019 as torch-cam computes it; what the released EDF runs.
    SmoothGradCamPlusPlus {
        /// Noisy inputs, 1 or more.
        samples: usize,
        /// Standard deviation of the noise, in the units of the network's input.
        sigma: f32,
    },
    /// Fu et al. 2020: gradients weighed by activations.
    XGradCam,
    /// Jiang et al. 2021: every pixel of a channel has a weight of its own.
    LayerCam,
}

/// Slug, other spellings, method.
const NAMES: [(&str, &[&str], CamMethod); 6] = [
    ("grad-cam", &["gradcam"], CamMethod::GradCam),
    ("grad-cam++", &["gradcam++", "gradcampp", "grad-cam-pp"], CamMethod::GradCamPlusPlus),
    ("torch-cam-grad-cam++", &["torch-cam-gradcampp"], CamMethod::TorchCamGradCamPlusPlus),
    ("smooth-grad-cam++", &["smooth-gradcam++", "smooth-gradcampp", "smooth-grad-cam-pp"], CamMethod::SMOOTH),
    ("x-grad-cam", &["xgradcam", "xgrad-cam"], CamMethod::XGradCam),
    ("layer-cam", &["layercam"], CamMethod::LayerCam),
];

impl CamMethod {
    /// Smooth Grad-CAM++ with torch-cam's settings, which EDF uses: 4 noisy inputs, standard deviation 0.3.
    pub const SMOOTH: Self = Self::SmoothGradCamPlusPlus { samples: 4, sigma: 0.3 };

    /// Every method, with its usual settings.
    pub const ALL: [Self; 6] = [NAMES[0].2, NAMES[1].2, NAMES[2].2, NAMES[3].2, NAMES[4].2, NAMES[5].2];

    /// Noisy inputs per image: none but for Smooth Grad-CAM++.
    pub fn samples(self) -> usize {
        match self {
            Self::SmoothGradCamPlusPlus { samples, .. } => samples,
            _ => 0,
        }
    }

    /// Checks the settings of the noise.
    ///
    /// # Errors
    /// When there are no samples, or sigma is negative or not finite.
    pub fn check(self) -> Result<Self, CamMethodError> {
        match self {
            Self::SmoothGradCamPlusPlus { samples, sigma } if samples == 0 || !sigma.is_finite() || sigma < 0.0 => {
                Err(CamMethodError::Noise { samples, sigma })
            }
            method => Ok(method),
        }
    }
}

impl fmt::Display for CamMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let usual = |other: &&(_, _, Self)| std::mem::discriminant(&other.2) == std::mem::discriminant(self);
        f.write_str(NAMES.iter().find(usual).map_or("", |(slug, _, _)| slug))?;
        if let (
            Self::SmoothGradCamPlusPlus { samples, sigma },
            Self::SmoothGradCamPlusPlus { samples: usual_samples, sigma: usual_sigma },
        ) = (self, &Self::SMOOTH)
        {
            if samples != usual_samples {
                write!(f, "-n{samples}")?;
            }
            if sigma != usual_sigma {
                write!(f, "-s{sigma}")?;
            }
        }
        Ok(())
    }
}

impl FromStr for CamMethod {
    type Err = CamMethodError;

    /// Reads a slug; for Smooth Grad-CAM++ with other settings `smooth-grad-cam++-n8-s0.1`.
    fn from_str(text: &str) -> Result<Self, CamMethodError> {
        let unknown = || CamMethodError::Unknown { slug: text.into() };
        let slug = text.trim().to_lowercase().replace(['_', ' '], "-");
        let named = |name: &str| {
            let known = |(own, others, _): &&(&str, &[&str], Self)| *own == name || others.contains(&name);
            NAMES.iter().find(known).map(|(_, _, method)| *method)
        };
        let (mut name, mut method) = (slug.as_str(), Self::SMOOTH);
        loop {
            if let Some(found) = named(name) {
                return if name == slug {
                    Ok(found)
                } else if found == Self::SMOOTH {
                    method.check()
                } else {
                    Err(unknown())
                };
            }
            let (rest, token) = name.rsplit_once('-').ok_or_else(unknown)?;
            let Self::SmoothGradCamPlusPlus { samples, sigma } = &mut method else { return Err(unknown()) };
            match (token.strip_prefix('n'), token.strip_prefix('s')) {
                (Some(number), _) => *samples = number.parse().map_err(|_| unknown())?,
                (_, Some(number)) => *sigma = number.parse().map_err(|_| unknown())?,
                _ => return Err(unknown()),
            }
            name = rest;
        }
    }
}

impl TryFrom<String> for CamMethod {
    type Error = CamMethodError;

    fn try_from(text: String) -> Result<Self, CamMethodError> {
        text.parse()
    }
}

impl From<CamMethod> for String {
    fn from(method: CamMethod) -> Self {
        method.to_string()
    }
}
