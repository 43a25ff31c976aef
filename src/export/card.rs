//! The card of a dataset folder: what the hub shows about a set, made of its manifest.

use std::fmt::Write as _;

use crate::record::Distilled;

/// `README.md` with the metadata of the hub.
pub fn of(set: &Distilled) -> String {
    let [_, height, width] = set.image_shape();
    let labels = set.labels.kind().word();
    let mut text = format!(
        "---
task_categories:
- image-classification
tags:
- dataset-distillation
- compdd
size_categories:
- {size}
configs:
- config_name: default
  data_files:
  - split: train
    path: data/train-*.parquet
---

# {subset}, distilled by {method}

{n} images of {height} x {width} pixels for {classes} classes, {ipc} a class, with {labels} labels. They stand for the training set of `{subset}` and
are meant for training from scratch: they were distilled, and are not photographs.

| | |
|---|---|
| method | `{method}` |
| subset | `{subset}` |
| images per class | {ipc} |
| labels | {labels} |
| learning rate of a student | {rate} |
| pixel space of the method | {space} |
| seed, budget | {seed}, {budget} |
| recipe | BLAKE3 `{recipe}` |

The pictures are bytes: values of the method beyond black and white are cut off, so scores differ from those of the set itself, which
`compdd eval` scores. Name a licence (`license:` above) that your training images allow before you publish this folder.

## Classes

",
        size = size(set.len()),
        subset = set.subset,
        method = set.method,
        n = set.len(),
        classes = set.classes.len(),
        ipc = set.ipc,
        rate = set.learning_rate,
        space = set.space.name(),
        seed = set.provenance.seed,
        budget = set.provenance.budget,
        recipe = set.recipe_hash(),
    );
    for (position, class) in set.classes.iter().enumerate() {
        let _ = writeln!(text, "{position}. `{}`: {}", class.synset, class.label);
    }
    for note in &set.notes {
        let _ = writeln!(text, "\nNote: {note}");
    }
    text
}

/// The hub's words for a number of rows.
fn size(rows: usize) -> &'static str {
    match rows {
        0..1_000 => "n<1K",
        1_000..10_000 => "1K<n<10K",
        10_000..100_000 => "10K<n<100K",
        100_000..1_000_000 => "100K<n<1M",
        _ => "n>1M",
    }
}
