//! Which images are recovered together.

use serde::{Deserialize, Serialize};

/// The order in which the images of all classes come.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// All classes get their first image before any gets its second; a batch has one image of each of its classes.
    #[default]
    Images,
    /// Class after class.
    Classes,
}

/// The batches of a set whose images lie class by class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batches {
    /// The order of the images.
    pub order: Order,
    /// Number of parts into which the images of a class are cut, class by class within each: 1 for one after the other.
    pub parts: usize,
    /// Largest number of images of a batch; 0: all.
    pub batch: usize,
    /// Classes that have images.
    pub classes: usize,
    /// Images of a class.
    pub ipc: usize,
}

impl Batches {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self.order {
            Order::Images => self.ipc * self.classes.div_ceil(self.size()),
            Order::Classes => (self.classes * self.ipc).div_ceil(self.size()),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.classes * self.ipc == 0
    }

    fn size(&self) -> usize {
        if self.batch == 0 { (self.classes * self.ipc).max(1) } else { self.batch }
    }

    /// The places in the set of the images of a batch: `class * ipc + image`, the class being one of those that have images.
    pub fn members(&self, number: usize) -> Vec<usize> {
        let (size, ipc) = (self.size(), self.ipc);
        match self.order {
            Order::Images => {
                let chunks = self.classes.div_ceil(size);
                let (image, first) = (number / chunks, number % chunks * size);
                (first..self.classes.min(first + size)).map(|class| class * ipc + image).collect()
            }
            Order::Classes => {
                let part = ipc.div_ceil(self.parts).max(1);
                let ordered = (0..ipc).step_by(part).flat_map(|from| {
                    let images = from..ipc.min(from + part);
                    (0..self.classes).flat_map(move |class| images.clone().map(move |image| class * ipc + image))
                });
                ordered.skip(number * size).take(size).collect()
            }
        }
    }
}
