//! Distilled sets in the layouts in which sets are released.

use std::{io, path::Path};

use super::{
    ExportError, card,
    npz::{self, Named},
    parquet, pictures, torch,
};
use crate::{
    files::{IoError, atomic},
    record::{Bundle, Distilled, Labels, PixelSpaceRecord},
};

/// A layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// A folder with `images_best.pt`, `labels_best.pt` and `lr_best.pt`: MTT, DATM, PAD, EDF.
    Pt,
    /// One `.pt` file with images and labels of an experiment: DC, DSA, DM.
    Dc,
    /// One `.npz` file with everything that a bundle's data file has, and the pixel space.
    Npz,
    /// A folder of PNG, one sub-folder a class, named by synset.
    Folder,
    /// A dataset folder of Hugging Face: a table of PNG with labels, and its card.
    Parquet,
}

/// Writes the set of a bundle to `out`; what is there is replaced only if `replace` says so. Returns what the layout cannot hold, in sentences.
///
/// # Errors
/// A bundle that cannot be read, a place that is taken, pictures of a whitened set without an inverse.
pub fn export(bundle: &Path, out: &Path, layout: Layout, replace: bool) -> Result<Vec<String>, ExportError> {
    let set = Bundle::read(bundle)?;
    if out.exists() && !replace {
        return Err(ExportError::Exists { path: out.to_owned() });
    }
    let whitened = matches!(&set.space, PixelSpaceRecord::Zca { .. });
    if matches!(layout, Layout::Folder | Layout::Parquet)
        && matches!(&set.space, PixelSpaceRecord::Zca { inverse, .. } if inverse.is_empty())
    {
        return Err(ExportError::NoInverse);
    }
    let written = match layout {
        Layout::Pt => atomic::write_folder(out, |folder| released(&set, folder)),
        Layout::Dc => experiment(&set).and_then(|bytes| atomic::write(out, &bytes)),
        Layout::Npz => arrays(&set).and_then(|bytes| atomic::write(out, &bytes)),
        Layout::Folder => atomic::write_folder(out, |folder| folders(&set, folder)),
        Layout::Parquet => atomic::write_folder(out, |folder| dataset(&set, folder)),
    };
    written.map_err(IoError::at("write", out))?;
    Ok(lost(&set, layout, whitened))
}

/// What a layout cannot hold of a set.
fn lost(set: &Distilled, layout: Layout, whitened: bool) -> Vec<String> {
    let mut lost = Vec::new();
    let mut say = |cannot: bool, text: &str| lost.extend(cannot.then(|| text.to_owned()));
    let pictures = matches!(layout, Layout::Folder | Layout::Parquet);
    let soft = !matches!(set.labels, Labels::Hard(_));
    say(pictures, "pixels are rounded to bytes and cut off at black and white: the set that comes back is another one");
    say(pictures && whitened, "the whitening is undone: the pictures come back normalised");
    say(
        soft && layout == Layout::Folder,
        "soft labels are not in folders of pictures: the class each image was made for is",
    );
    say(
        whitened && matches!(layout, Layout::Pt | Layout::Dc),
        "the whitening itself is not in .pt files: compdd import fits it again with --zca and --data",
    );
    say(
        set.formation > 1,
        "that an image holds several (multi-formation) is not said: students elsewhere see the whole image",
    );
    if !matches!(layout, Layout::Pt | Layout::Npz) {
        let text = format!(
            "the learning rate is not in it: compdd import takes it with --learning-rate {}",
            set.learning_rate
        );
        say(true, &text);
    }
    lost
}

fn positions(labels: &[u32]) -> Vec<i64> {
    labels.iter().map(|&label| i64::from(label)).collect()
}

fn released(set: &Distilled, folder: &Path) -> io::Result<()> {
    let hard = hard(&set.labels);
    let write = |name: &str, tensor| std::fs::write(folder.join(name), torch::file(&torch::Value::Tensor(tensor))?);
    write("images_best.pt", images(set))?;
    write("labels_best.pt", labels(set, &hard))?;
    let rate = [set.learning_rate];
    write("lr_best.pt", torch::Tensor { shape: Vec::new(), elements: torch::Elements::Float(&rate) })
}

fn experiment(set: &Distilled) -> io::Result<Vec<u8>> {
    let hard = hard(&set.labels);
    let pair = [images(set), labels(set, &hard)].map(torch::Value::Tensor);
    let runs = torch::Value::List(vec![torch::Value::List(pair.into())]);
    torch::file(&torch::Value::Dict(vec![("data", runs)]))
}

fn images(set: &Distilled) -> torch::Tensor<'_> {
    torch::Tensor { shape: set.shape.into(), elements: torch::Elements::Float(&set.images) }
}

/// The positions of hard labels; nothing of soft ones.
fn hard(labels: &Labels) -> Vec<i64> {
    if let Labels::Hard(labels) = labels { positions(labels) } else { Vec::new() }
}

fn labels<'a>(set: &'a Distilled, hard: &'a [i64]) -> torch::Tensor<'a> {
    match &set.labels {
        Labels::Hard(_) => torch::Tensor { shape: vec![hard.len()], elements: torch::Elements::Long(hard) },
        Labels::Logits { values, classes } | Labels::Probabilities { values, classes } => {
            torch::Tensor { shape: vec![set.len(), *classes], elements: torch::Elements::Float(values) }
        }
    }
}

fn arrays(set: &Distilled) -> io::Result<Vec<u8>> {
    use npz::Elements::{Float, Long, Text};
    let (rate, hard, (mean, std)) = ([set.learning_rate], hard(&set.labels), set.space.channels());
    let names: Vec<String> = set.classes.iter().map(|class| class.label.clone()).collect();
    let synsets: Vec<String> = set.classes.iter().map(|class| class.synset.clone()).collect();
    let epsilon;
    let named = |name, shape: &[usize], elements| Named { name, shape: shape.to_vec(), elements };
    let mut all = vec![
        named("images", &set.shape, Float(&set.images)),
        match &set.labels {
            Labels::Hard(_) => named("labels", &[hard.len()], Long(&hard)),
            Labels::Logits { values, classes } => named("logits", &[set.len(), *classes], Float(values)),
            Labels::Probabilities { values, classes } => named("probabilities", &[set.len(), *classes], Float(values)),
        },
        named("learning_rate", &[1], Float(&rate)),
        named("class_names", &[names.len()], Text(&names)),
        named("synsets", &[synsets.len()], Text(&synsets)),
        named("mean", &[3], Float(&mean)),
        named("std", &[3], Float(&std)),
    ];
    if let PixelSpaceRecord::Zca { epsilon: added, zca_mean, transform, inverse, .. } = &set.space {
        let d = zca_mean.len();
        epsilon = [*added];
        all.push(named("zca.epsilon", &[1], Float(&epsilon)));
        all.push(named("zca.mean", &[d], Float(zca_mean)));
        all.push(named("zca.transform", &[d, d], Float(transform)));
        if !inverse.is_empty() {
            all.push(named("zca.inverse", &[d, d], Float(inverse)));
        }
    }
    npz::file(&all)
}

/// The images as PNG, each with its class and its number in the class.
fn pngs(set: &Distilled) -> impl Iterator<Item = io::Result<(u32, usize, Vec<u8>)>> {
    let [_, height, width] = set.image_shape();
    let mut counts = vec![0; set.classes.len()];
    set.made_for().into_iter().enumerate().map(move |(i, class)| {
        let number = counts[class as usize];
        counts[class as usize] += 1;
        let rgb = set.space.to_rgb(set.image(i), set.image_shape());
        Ok((class, number, pictures::png(&rgb, [height, width])?))
    })
}

fn folders(set: &Distilled, folder: &Path) -> io::Result<()> {
    for picture in pngs(set) {
        let (class, number, png) = picture?;
        let of_class = folder.join(&set.classes[class as usize].synset);
        std::fs::create_dir_all(&of_class)?;
        std::fs::write(of_class.join(format!("{number:05}.png")), png)?;
    }
    Ok(())
}

fn dataset(set: &Distilled, folder: &Path) -> io::Result<()> {
    let rows: Vec<parquet::Row> = pngs(set)
        .map(|picture| {
            let (label, number, png) = picture?;
            Ok(parquet::Row { png, path: format!("{}_{number:05}.png", set.classes[label as usize].synset), label })
        })
        .collect::<io::Result<_>>()?;
    let names: Vec<String> = set.classes.iter().map(|class| class.synset.clone()).collect();
    let scores = match &set.labels {
        Labels::Hard(_) => None,
        Labels::Logits { values, classes } => Some(parquet::Scores { name: "logits", values, classes: *classes }),
        Labels::Probabilities { values, classes } => {
            Some(parquet::Scores { name: "probabilities", values, classes: *classes })
        }
    };
    std::fs::create_dir(folder.join("data"))?;
    let table = parquet::file(&rows, &names, scores.as_ref())?;
    std::fs::write(folder.join("data/train-00000-of-00001.parquet"), table)?;
    std::fs::write(folder.join("README.md"), card::of(set))
}
