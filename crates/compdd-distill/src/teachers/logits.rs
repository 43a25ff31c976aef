//! A teacher as a source of logits for students.

use burn::tensor::{Device, Int, Tensor, TensorData};

use super::{Teacher, TeacherError};
use crate::eval::LogitSource;
use compdd_core::record::hash;
use compdd_data::data::Task;
use compdd_nn::nn::Mode;

/// A teacher that is asked about the classes of one task, in the order of its labels.
#[derive(Clone, Debug)]
pub struct TeacherLogits {
    teacher: Teacher,
    /// The output for every label; none where the outputs are the labels.
    outputs: Option<Tensor<1, Int>>,
    hash: String,
}

impl TeacherLogits {
    /// The teacher for a task. It must see images of the same size in the same pixel space and know every class.
    ///
    /// # Errors
    /// [`TeacherError::Images`] and [`TeacherError::Classes`] when it does not.
    pub fn new(teacher: Teacher, task: &Task, device: &Device) -> Result<Self, TeacherError> {
        teacher.check_images(task)?;
        let card = teacher.card();
        let order = card.outputs(&task.subset)?;
        let same = order.iter().copied().eq(0..card.classes.len());
        let hash = hash::of(&(&card.network, card.input, &card.blake3, &card.classes, &card.pixels.hash));
        let rows: Vec<i32> = order.iter().map(|&output| output as i32).collect();
        let outputs = (!same).then(|| Tensor::from_data(TensorData::new(rows, [order.len()]), device));
        Ok(Self { teacher, outputs, hash })
    }

    fn ask(&self, images: Tensor<4>, mode: Mode) -> Tensor<2> {
        let logits = self.teacher.network().forward(self.teacher.params(), images, mode).logits;
        match &self.outputs {
            Some(outputs) => logits.select(1, outputs.clone()),
            None => logits,
        }
    }

    /// The teacher.
    pub fn teacher(&self) -> &Teacher {
        &self.teacher
    }
}

impl LogitSource for TeacherLogits {
    fn hash(&self) -> &str {
        &self.hash
    }

    fn logits(&self, images: Tensor<4>) -> Tensor<2> {
        self.ask(images, Mode::Eval)
    }

    fn logits_in_training(&self, images: Tensor<4>) -> Tensor<2> {
        self.ask(images, Mode::Train)
    }
}
