//! What can go wrong with a network or its parameters.

use std::path::PathBuf;

use compdd_core::files::IoError;

use super::params::Slot;

/// Errors of networks and their files.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum NetworkError {
    /// The first word of the slug is no architecture.
    #[error("there is no network called `{slug}`")]
    #[diagnostic(help("did you mean `{nearest}`? `compdd network list` shows every network"))]
    Unknown {
        /// What was asked for.
        slug: String,
        /// The known network with the most similar name.
        nearest: String,
    },
    /// A later word of the slug means nothing for that architecture.
    #[error("network `{slug}`: `{token}` is not a variant of {architecture}")]
    #[diagnostic(help("{accepted}; `compdd network list` shows every network"))]
    Variant {
        /// What was asked for.
        slug: String,
        /// The word that is not understood.
        token: String,
        /// The architecture.
        architecture: &'static str,
        /// The words that are.
        accepted: &'static str,
    },
    /// The network cannot be built for this image size or channel count.
    #[error("network `{network}` cannot be built for {channels}x{resolution}x{resolution} images: {reason}")]
    #[diagnostic(help("use a larger resolution, fewer blocks, or a network without this restriction"))]
    DoesNotFit {
        /// Slug of the network.
        network: String,
        /// Channels of the images.
        channels: usize,
        /// Side of the images in pixels.
        resolution: usize,
        /// Which layer does not fit and why.
        reason: String,
    },
    /// The network cannot be cut at this place.
    #[error("network `{network}` cannot be cut at `{tap}`")]
    #[diagnostic(help("{}", places(known)))]
    Tap {
        /// Slug of the network.
        network: String,
        /// What was asked for.
        tap: String,
        /// Where it can be cut.
        known: Vec<String>,
    },
    /// Named tensors are not those of the network.
    #[error("{origin} does not fit the network: {}", .differences.join("; "))]
    #[diagnostic(help(
        "check that the file was made for this architecture, image size and number of classes (`compdd network show`)"
    ))]
    Mismatch {
        /// Where the tensors come from.
        origin: String,
        /// Missing, unexpected and mismatched tensors.
        differences: Vec<String>,
    },
    /// The operating system refused.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Io(#[from] IoError),
    /// Bytes that are no safetensors file.
    #[error("{origin} is not a readable safetensors file")]
    #[diagnostic(help("the file may be truncated: make or copy it again"))]
    Safetensors {
        /// Where the bytes come from.
        origin: String,
        /// Why.
        source: safetensors::SafeTensorError,
    },
    /// A file that is neither a `PyTorch` checkpoint nor a safetensors file, or is damaged.
    #[error("{} holds no parameters of a network: {reason}", .path.display())]
    #[diagnostic(help(
        "files of torch.save and safetensors are read, whatever they are called: save it again with `torch.save(model.state_dict(), path)`"
    ))]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A tensor whose numbers are of a kind that is not read.
    #[error("{origin}: tensor `{name}` holds {found} values")]
    #[diagnostic(help("save it as float32; float64, float16 and bfloat16 are read too"))]
    NumberKind {
        /// Where the tensor comes from.
        origin: String,
        /// Its name.
        name: String,
        /// The kind of its numbers.
        found: String,
    },
}

impl NetworkError {
    /// The differences between the slots of a network and what was found, as one error.
    pub(super) fn mismatch(origin: &str, missing: &[&Slot], unexpected: &[String], wrong: &[String]) -> Self {
        const SHOWN: usize = 8;
        let list = |title: &str, names: Vec<String>| {
            let more = names.len().saturating_sub(SHOWN);
            let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
            (!names.is_empty()).then(|| format!("{title} {}{rest}", names[..names.len() - more].join(", ")))
        };
        let quoted = |names: &[String]| names.iter().map(|name| format!("`{name}`")).collect();
        let missing = missing.iter().map(|slot| format!("`{}` {:?}", slot.name, slot.shape)).collect();
        let differences = [
            list("missing", missing),
            list("unexpected", quoted(unexpected)),
            list("of another shape", wrong.to_vec()),
        ];
        Self::Mismatch { origin: origin.into(), differences: differences.into_iter().flatten().collect() }
    }
}

fn places(known: &[String]) -> String {
    if known.is_empty() {
        return "it names none of its maps; use a convolutional network".to_owned();
    }
    format!("maps to cut at: {}", known.join(", "))
}
