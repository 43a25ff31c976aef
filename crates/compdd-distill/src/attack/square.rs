//! Square: random squares of pixels, kept where they help; asks for no gradient (Andriushchenko et al., arXiv 1912.00049, algorithms 1 and 2).

use burn::tensor::{Tensor, TensorData};
use serde::Serialize;
use serde_json::Value;

use super::{Attack, Batch, Victim, batch::host, margins};
use compdd_core::{
    progress::{Interrupted, Stop},
    record::value_of,
    rng::Stream,
};

/// Of ten thousand queries, those after which the squares have half the area.
const HALVINGS: [usize; 9] = [10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000];

/// Vertical stripes of plus and minus epsilon, then squares of these, one a query.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Square {
    /// Number of queries an image.
    pub queries: usize,
    /// Share of the image that the first squares have.
    pub share: f64,
}

impl Default for Square {
    /// As in `AutoAttack`.
    fn default() -> Self {
        Self { queries: 5000, share: 0.8 }
    }
}

impl Square {
    /// Side of the square of a query, at most `side`.
    fn side(&self, query: usize, side: usize) -> usize {
        let scaled = query * 10_000 / self.queries.max(1);
        let halvings = HALVINGS.iter().filter(|&&at| scaled > at).count();
        let share = self.share / 2_f64.powi(halvings as i32);
        ((share.sqrt() * side as f64).round() as usize).clamp(1, side)
    }
}

/// One image on its way.
struct Walker {
    /// Which of the batch it is.
    image: usize,
    clean: Vec<f32>,
    now: Vec<f32>,
    margin: f32,
    stream: Stream,
}

impl Walker {
    /// Sets the pixels of a window, channel by channel, to plus or minus epsilon of where they were, within 0..1.
    fn paint(
        &mut self,
        into: &mut [f32],
        [channels, height, width]: [usize; 3],
        (rows, columns): (std::ops::Range<usize>, std::ops::Range<usize>),
        epsilon: f32,
    ) {
        for channel in 0..channels {
            let change = if self.stream.below(2) == 0 { -epsilon } else { epsilon };
            for row in rows.clone() {
                for column in columns.clone() {
                    let place = (channel * height + row) * width + column;
                    into[place] = (self.clean[place] + change).clamp(0.0, 1.0);
                }
            }
        }
    }
}

impl Attack for Square {
    fn perturb(
        &self,
        victim: &dyn Victim,
        batch: &Batch<'_>,
        epsilon: f32,
        stop: &Stop,
    ) -> Result<Tensor<4>, Interrupted> {
        let [count, channels, height, width] = batch.images.dims();
        let (shape, size, device) = ([channels, height, width], channels * height * width, batch.images.device());
        let clean = host(batch.images.clone());
        let ask = |walkers: &[Walker], tries: &[Vec<f32>]| {
            let labels: Vec<u32> = walkers.iter().map(|walker| batch.labels[walker.image]).collect();
            let images = TensorData::new(tries.concat(), [tries.len(), channels, height, width]);
            host(margins(&victim.logits(Tensor::from_data(images, &device)), &labels))
        };
        let mut walkers: Vec<Walker> = (0..count)
            .map(|image| Walker {
                image,
                clean: clean[image * size..(image + 1) * size].to_vec(),
                now: Vec::new(),
                margin: f32::INFINITY,
                stream: batch.stream("square", image),
            })
            .collect();
        let (mut result, mut query) = (clean, 0);
        while query < self.queries.max(1) && !walkers.is_empty() {
            stop.check()?;
            let tries: Vec<Vec<f32>> = walkers
                .iter_mut()
                .map(|walker| {
                    let mut image = walker.now.clone();
                    if query == 0 {
                        image.clone_from(&walker.clean);
                        for column in 0..width {
                            walker.paint(&mut image, shape, (0..height, column..column + 1), epsilon);
                        }
                    } else {
                        let side = self.side(query, height.min(width));
                        let row = walker.stream.below(height - side + 1);
                        let column = walker.stream.below(width - side + 1);
                        walker.paint(&mut image, shape, (row..row + side, column..column + side), epsilon);
                    }
                    image
                })
                .collect();
            let found = ask(&walkers, &tries);
            for ((walker, image), margin) in walkers.iter_mut().zip(tries).zip(found) {
                if query == 0 || margin < walker.margin {
                    (walker.now, walker.margin) = (image, margin);
                    result[walker.image * size..(walker.image + 1) * size].copy_from_slice(&walker.now);
                }
            }
            walkers.retain(|walker| walker.margin >= 0.0);
            query += 1;
        }
        Ok(Tensor::from_data(TensorData::new(result, [count, channels, height, width]), &device))
    }

    fn settings(&self) -> Value {
        value_of(self)
    }
}

#[cfg(test)]
mod tests {
    use super::Square;

    #[test]
    fn squares_shrink_as_scheduled() {
        let square = Square { queries: 10_000, share: 0.8 };
        // sqrt(0.8) = 0.894, sqrt(0.4) = 0.632, sqrt(0.8 / 512) = 0.0395 of 32 pixels.
        let sides: Vec<usize> = [1, 10, 11, 51, 9999].into_iter().map(|query| square.side(query, 32)).collect();
        assert_eq!(sides, [29, 29, 20, 14, 1]);
        let fewer = Square { queries: 1000, share: 0.8 };
        assert_eq!((1..1000).map(|query| fewer.side(query, 32)).max(), Some(29));
        assert!((1..1000).all(|query| fewer.side(query, 32) == square.side(10 * query, 32)));
    }
}
