//! Soft labels: what teachers say of every view of a set, asked once and stored before the first student starts.
//!
//! [`Relabelling`] draws the views of all epochs as a student would, asks the teachers and writes one file an epoch with one array a field:
//! the order of the images, crop boxes, mirrors, partners and windows of `CutMix`, and logits in half precision: `2 C + 25` bytes a view of
//! `C` classes. [`SoftLabels`] reads them; a student under them sees the same views in the same order, whatever its seed.
//!
//! Source: fast knowledge distillation (Shen and Xing, ECCV 2022), as `SRe2L`, CDA, G-VBSM and EDC score their sets.
//!
//! What may enter: how such labels are made, stored and read. What may not: how a student learns from logits, which is the same for
//! teachers that are asked at every step.

mod archive;
mod card;
mod epoch;
mod folder;
mod relabel;
mod replay;

pub use archive::LabelsArchive;
pub use card::LabelsCard;
pub use folder::SoftLabels;
pub use relabel::Relabelling;
pub(super) use replay::StoredLogits;

#[cfg(test)]
mod tests;
