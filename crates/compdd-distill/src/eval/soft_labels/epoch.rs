//! The soft labels of one epoch: arrays, a file of them, and the views that they describe.

use std::collections::HashMap;

use half::f16;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use super::LabelsCard;
use crate::eval::Script;
use compdd_core::protocol::{Operation, Pipeline};
use compdd_nn::augment::{CropBox, CutMix, Draws, Op, ResizedCrop};

/// The views of an epoch in the order they are seen, and what was said of them. Arrays of operations that are not drawn are empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct EpochLabels {
    /// Index of the image of each view.
    pub order: Vec<u32>,
    /// Top, left, height and width of the crop of each view, in pixels.
    pub boxes: Vec<[u32; 4]>,
    /// Whether each view is mirrored: 0 or 1.
    pub mirrors: Vec<u8>,
    /// Which view of its minibatch each one is mixed with.
    pub partners: Vec<u32>,
    /// First row and column of the mixed box of each minibatch, and the first ones beyond it, in pixels.
    pub windows: Vec<[u32; 4]>,
    /// `[views, classes]`, row-major.
    pub logits: Vec<f16>,
}

impl EpochLabels {
    /// Takes up a minibatch: which images, what a pipeline drew for them, and their logits, row-major. One that a pipeline with a mix leaves unmixed by
    /// chance is stored as mixed with itself.
    pub fn push(&mut self, pipeline: &Pipeline, indices: &[usize], draws: &Draws, logits: impl Iterator<Item = f32>) {
        self.order.extend(indices.iter().map(|&index| index as u32));
        for op in draws.ops() {
            match op {
                Op::ResizedCrop(crop) => {
                    let pixels = |window: &CropBox| <[usize; 4]>::from(*window).map(|pixel| pixel as u32);
                    self.boxes.extend(crop.boxes().iter().map(pixels));
                }
                Op::Flip { mirrored } => self.mirrors.extend(mirrored.iter().map(|&mirrored| u8::from(mirrored))),
                Op::CutMix(mix) => {
                    self.partners.extend(mix.partners().iter().map(|&partner| partner as u32));
                    self.windows.push(mix.window().map(|pixel| pixel as u32));
                }
                // A protocol that stores logits draws nothing else.
                _ => {}
            }
        }
        if pipeline.mixes() && !draws.mixes() {
            self.partners.extend(0..indices.len() as u32);
            self.windows.push([0; 4]);
        }
        self.logits.extend(logits.map(f16::from_f32));
    }

    /// What a student sees in the epoch.
    pub fn script(&self, card: &LabelsCard) -> Script {
        let [_, h, w] = card.shape;
        let mut start = 0;
        let draws = card.minibatches().enumerate().map(|(number, size)| {
            let rows = start..start + size;
            start += size;
            let ops = card.pipeline.operations().iter().filter_map(|operation| match operation {
                Operation::RandomResizedCrop(config) => {
                    let pixels = |window: &[u32; 4]| CropBox::from(window.map(|pixel| pixel as usize));
                    let boxes = self.boxes[rows.clone()].iter().map(pixels).collect();
                    let to = config.size.map_or([h, w], |side| [side; 2]);
                    Some(Op::ResizedCrop(ResizedCrop::new(boxes, [h, w], to, config.antialias)))
                }
                Operation::Flip(_) => {
                    Some(Op::Flip { mirrored: self.mirrors[rows.clone()].iter().map(|&mirror| mirror == 1).collect() })
                }
                Operation::CutMix(_) => {
                    let partners = self.partners[rows.clone()].iter().map(|&partner| partner as usize).collect();
                    let window = self.windows[number].map(|pixel| pixel as usize);
                    Some(Op::CutMix(CutMix::within(window, partners, [h, w])))
                }
                _ => None,
            });
            Draws::new(ops.collect())
        });
        let draws = draws.collect();
        Script { order: self.order.iter().map(|&index| index as usize).collect(), draws }
    }

    /// The file of an epoch of these labels.
    pub fn to_bytes(&self, card: &LabelsCard) -> Result<Vec<u8>, safetensors::SafeTensorError> {
        let words = |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
        let logits = self.logits.iter().flat_map(|logit| logit.to_le_bytes()).collect();
        let arrays: [(&str, Dtype, Vec<usize>, Vec<u8>); 6] = [
            ("order", Dtype::U32, vec![self.order.len()], words(&self.order)),
            ("boxes", Dtype::U32, vec![self.boxes.len(), 4], words(self.boxes.as_flattened())),
            ("mirrors", Dtype::U8, vec![self.mirrors.len()], self.mirrors.clone()),
            ("partners", Dtype::U32, vec![self.partners.len()], words(&self.partners)),
            ("windows", Dtype::U32, vec![self.windows.len(), 4], words(self.windows.as_flattened())),
            ("logits", Dtype::F16, vec![self.order.len(), card.classes], logits),
        ];
        let views = arrays
            .iter()
            .map(|(name, kind, shape, bytes)| Ok((*name, TensorView::new(*kind, shape.clone(), bytes)?)))
            .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()?;
        safetensors::serialize(views, Some(HashMap::from([("labels".to_owned(), card.address())])))
    }

    /// Reads the file of an epoch, and checks that it belongs to the card and describes views of its images.
    pub fn from_bytes(bytes: &[u8], card: &LabelsCard) -> Result<Self, String> {
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(|error| error.to_string())?;
        let labels = header.metadata().as_ref().and_then(|notes| notes.get("labels"));
        if labels != Some(&card.address()) {
            return Err("it belongs to other soft labels".to_owned());
        }
        let file = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
        let array = |name: &str, kind: Dtype, shape: &[usize]| {
            let view = file.tensor(name).map_err(|error| error.to_string())?;
            if view.dtype() != kind || view.shape() != shape {
                return Err(format!("`{name}` has the type {:?} and the shape {:?}", view.dtype(), view.shape()));
            }
            Ok(view.data().to_vec())
        };
        let words = |name: &str, shape: &[usize]| {
            let bytes = array(name, Dtype::U32, shape)?;
            Ok::<Vec<u32>, String>(bytes.as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word)).collect())
        };
        let drawn = |kind: fn(&Operation) -> bool| card.pipeline.operations().iter().any(kind);
        let [cropped, mirrored, mixed] = [
            drawn(|op| matches!(op, Operation::RandomResizedCrop(_))),
            drawn(|op| matches!(op, Operation::Flip(_))),
            drawn(|op| matches!(op, Operation::CutMix(_))),
        ];
        let (images, batches) = (card.images, card.minibatches().count());
        let count = |drawn: bool, count: usize| if drawn { count } else { 0 };
        let logits = array("logits", Dtype::F16, &[images, card.classes])?;
        let found = Self {
            order: words("order", &[images])?,
            boxes: words("boxes", &[count(cropped, images), 4])?.as_chunks().0.to_vec(),
            mirrors: array("mirrors", Dtype::U8, &[count(mirrored, images)])?,
            partners: words("partners", &[count(mixed, images)])?,
            windows: words("windows", &[count(mixed, batches), 4])?.as_chunks().0.to_vec(),
            logits: logits.as_chunks::<2>().0.iter().map(|word| f16::from_le_bytes(*word)).collect(),
        };
        found.check(card)?;
        Ok(found)
    }

    /// Checks that every number names a place that there is.
    pub fn check(&self, card: &LabelsCard) -> Result<(), String> {
        let [height, width] = [card.shape[1], card.shape[2]].map(|side| side as u64);
        let inside = |&[top, left, rows, columns]: &[u32; 4]| {
            let fits = |start: u32, length: u32, side: u64| length > 0 && u64::from(start) + u64::from(length) <= side;
            fits(top, rows, height) && fits(left, columns, width)
        };
        let window = |&[top, left, bottom, right]: &[u32; 4]| {
            top <= bottom && left <= right && u64::from(bottom) <= height && u64::from(right) <= width
        };
        let mut partners = self.partners.iter();
        let mut sizes = card.minibatches();
        let paired = self.partners.is_empty()
            || sizes.all(|size| partners.by_ref().take(size).all(|&partner| (partner as usize) < size));
        let checks = [
            ("order", self.order.iter().all(|&index| (index as usize) < card.images)),
            ("boxes", self.boxes.iter().all(inside)),
            ("mirrors", self.mirrors.iter().all(|&mirror| mirror < 2)),
            ("partners", paired),
            ("windows", self.windows.iter().all(window)),
            ("logits", self.logits.iter().all(|logit| logit.is_finite())),
        ];
        match checks.into_iter().find(|(_, good)| !good) {
            Some((name, _)) => Err(format!("`{name}` holds a number that is out of range")),
            None => Ok(()),
        }
    }
}
