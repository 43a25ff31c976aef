//! `compdd import`: a released distilled set becomes a bundle.

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, ValueEnum};
use compdd::{
    data::{Task, TaskOptions},
    import::{self, ImportOptions, SoftLabels, StoredAs},
    record::Bundle,
    subset::Subset,
};

use super::{
    run::PlaceArgs,
    ui::{self, Outcome},
};

#[derive(Clone, Copy, ValueEnum)]
enum ValuesArg {
    Normalised,
    Unit,
    Bytes,
    Signed,
}

#[derive(Clone, Copy, ValueEnum)]
enum LabelsArg {
    Logits,
    Probabilities,
}

#[derive(Args)]
#[command(
    after_help = "Reads images_best.pt, labels_best.pt and lr_best.pt (DATM, EDF), images_N.pt and labels_N.pt (MTT), images.npy and labels.npy,
one file with both (DC, IDC, a dictionary of torch.save, .npz, .safetensors: arrays `images`, `labels` or `logits` or `probabilities`, and
`learning_rate`), one .parquet or a folder of them with pictures, labels and scores (`logits` or `probabilities`), or a folder of pictures: class
sub-folders, or files named classNNN_idMMM.
What a file is its bytes say, not its name.

Whitened tensors (ZCA) need the images they were whitened with: give --zca and --data."
)]
pub struct ImportArgs {
    /// The file of arrays or pictures, or the folder of files or pictures
    path: PathBuf,
    /// Subset whose classes the labels mean
    #[arg(short, long)]
    subset: String,
    /// Folder of the bundle to write [default: NAME.bundle beside the source]
    #[arg(short, long, value_name = "BUNDLE")]
    output: Option<PathBuf>,
    /// What the numbers in the tensors are
    #[arg(long, default_value = "normalised")]
    values: ValuesArg,
    /// What label rows are [default: found out]
    #[arg(long)]
    labels: Option<LabelsArg>,
    /// Step size of the students, instead of the file's
    #[arg(long, value_name = "RATE")]
    learning_rate: Option<f32>,
    /// Name under which results appear
    #[arg(long, default_value = "imported", value_name = "NAME")]
    method: String,
    /// The tensors are whitened: fit the same whitening on the training images of --data
    #[arg(long)]
    zca: bool,
    /// Side of the images that the whitening was fitted on [default: the subset's]
    #[arg(long, requires = "zca", value_name = "PIXELS")]
    res: Option<usize>,
    /// Replace a bundle that exists
    #[arg(long)]
    force: bool,
    #[command(flatten, next_help_heading = "Places")]
    place: PlaceArgs,
}

impl ImportArgs {
    pub fn execute(self) -> Outcome {
        let subset = Subset::find(&self.subset)?;
        super::subset::say_notes(&subset);
        let mut options = ImportOptions::new(subset.clone());
        options.stored_as = match self.values {
            ValuesArg::Normalised => StoredAs::Normalised,
            ValuesArg::Unit => StoredAs::Unit,
            ValuesArg::Bytes => StoredAs::Bytes,
            ValuesArg::Signed => StoredAs::Signed,
        };
        options.soft_labels = self.labels.map(|labels| match labels {
            LabelsArg::Logits => SoftLabels::Logits,
            LabelsArg::Probabilities => SoftLabels::Probabilities,
        });
        options.learning_rate = self.learning_rate;
        options.method = self.method;
        if self.zca {
            let places = self.place.resolve()?;
            let task_options = TaskOptions { resolution: self.res, zca: true, ..TaskOptions::default() };
            options.space = Task::load(&subset, &places.data, &task_options)?.space.record();
        }
        let set = import::open(&self.path, &options)?;
        for remark in &set.provenance.remarks {
            ui::say(&format!("note: {remark}"));
        }
        let output = self.output.unwrap_or_else(|| self.path.with_extension(Bundle::EXTENSION));
        let info = Bundle::write(&output, &set, self.force)?;
        ui::show(&info.path.display().to_string());
        ui::say(&format!(
            "{} images, labels: {}, learning rate {}",
            set.len(),
            set.labels.kind().word(),
            set.learning_rate
        ));
        Ok(ExitCode::SUCCESS)
    }
}
