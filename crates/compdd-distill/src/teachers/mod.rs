//! Teachers: trained networks that are asked, not trained on: for maps, for complexity, for the labels of
//! students ([`TeacherLogits`]).
//!
//! A [`Teacher`] is a network, its parameters and a [`Card`] that says what the network was trained on and what it is worth.
//! [`train`] makes one on the real images of a task, resumable to the byte; [`import`] takes one in that others trained
//! (torchvision's `.pth`, or safetensors); [`Teacher::open`] checks the file against its card and hands it out. What may enter this room:
//! how a teacher is made, stored and found again, and which ones papers ask together ([`TeacherList`]). What may not: what it is asked for, which belongs to whoever asks.
//!
//! The recipe is chosen on the held-out slice of the training images, and so is the epoch ([`Keep::Best`]). Test images
//! are seen once, for the accuracy in the card.

mod card;
mod error;
mod gate;
mod import;
mod lists;
mod logits;
mod recipe;
mod teacher;
mod train;
mod training;
mod unfinished;

pub use card::{Card, Origin, Pixels, Score};
pub use error::TeacherError;
pub use import::{Check, ImportTeacher, import, torchvision};
pub use lists::TeacherList;
pub use logits::TeacherLogits;
pub use recipe::{Keep, Recipe};
pub use teacher::{Teacher, list};
pub use train::{TeacherContext, check_name, find, train};
pub use training::{Course, Optimizer, Training};

#[cfg(test)]
mod tests;
