//! What is kept: distilled sets and results.
//!
//! A [`Distilled`] set is written as a *bundle*, a folder that says everything about itself. A [`Record`] is one result
//! with every student's score; two identical runs write identical bytes, and whatever differs between them (times,
//! memory, machine) lives in the [`Timing`] file beside it. The [`Store`] lays both out under `results/`, and
//! `board` ranks them. This room runs nothing and knows no network; every other room may use its types. It holds the formats and the checks on them: nothing that computes.

mod bundle;
mod bundle_check;
mod cell;
mod compare;
pub mod contact_sheet;
mod curve;
mod distilled;
mod error;
#[doc(hidden)]
pub mod example;
pub mod hash;
mod identifier;
mod incremental;
pub mod json;
mod known;
mod labels;
mod manifest;
pub mod percent;
mod pixel_space;
mod plane;
mod preview;
mod published;
mod result;
mod robustness;
mod scores;
mod slimmed;
mod store;
mod teacher_ref;
mod timing;
mod validate;

pub use bundle::{Bundle, BundleInfo};
pub use bundle_check::Depth;
pub use cell::{Budget, Cell, Conditions, Fidelity};
pub use compare::{Comparison, signed};
pub use curve::CurvePoint;
pub use distilled::{Distilled, Provenance};
pub use error::RecordError;
pub use identifier::{is_identifier, is_name};
pub use incremental::Incremental;
pub use json::value_of;
pub use known::KnownSubsets;
pub use labels::Labels;
pub use manifest::{LabelKind, Manifest};
pub use pixel_space::PixelSpaceRecord;
pub use plane::{Plane, PlaneImage};
pub use published::PublishedRow;
pub use result::{BundleRef, Flag, Published, Record, Recovery, SubsetRecord};
pub use robustness::{Attacked, Epsilon, Robustness};
pub use scores::{Accuracy, BestOnTest, Interval, StudentRecord, Summary};
pub use slimmed::{Cut, Slimmed, SlimmedStudent};
pub use store::{Query, Store};
pub use teacher_ref::{TeacherRef, TeacherRefs};
pub use timing::Timing;
pub use validate::{Problem, with_causes};
