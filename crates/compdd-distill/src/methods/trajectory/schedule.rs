//! Which expert, which epoch and which minibatches an iteration uses: functions of the seed and the iteration alone, so
//! that nothing of it needs saving.

use super::recipe::TrajectoryRecipe;
use compdd_core::rng::Stream;

/// End of the window of start epochs at an iteration, exclusive: `min(T + floor((T+ - T) it / expand), T+)`.
pub(super) fn window_end(recipe: &TrajectoryRecipe, iteration: usize) -> usize {
    if recipe.expand == 0 {
        return recipe.max_start;
    }
    (recipe.start + (recipe.max_start - recipe.start) * iteration / recipe.expand).min(recipe.max_start)
}

/// The start epoch of an iteration, uniform over the window.
pub(super) fn start_epoch(recipe: &TrajectoryRecipe, seed: u64, iteration: usize) -> usize {
    let room = window_end(recipe, iteration) - recipe.min_start;
    recipe.min_start + Stream::new(seed, "start epoch", iteration as u64).below(room)
}

/// The expert of an iteration: all of them in a random order, then all of them in another one.
pub(super) fn expert(experts: usize, seed: u64, iteration: usize) -> usize {
    let (round, place) = (iteration / experts, iteration % experts);
    Stream::new(seed, "expert order", round as u64).permutation(experts)[place]
}

/// The rows of every student step: a permutation of all images cut into minibatches, used from its end (so that a short
/// one comes first), then another.
pub(super) fn minibatches(images: usize, batch: usize, steps: usize, seed: u64, iteration: usize) -> Vec<Vec<usize>> {
    let batch = if batch == 0 { images } else { batch.min(images) };
    let mut stream = Stream::new(seed, "student minibatches", iteration as u64);
    let mut waiting: Vec<Vec<usize>> = Vec::new();
    let mut next = || {
        if waiting.is_empty() {
            waiting = stream.permutation(images).chunks(batch).map(<[usize]>::to_vec).collect();
        }
        waiting.pop().unwrap_or_default()
    };
    (0..steps).map(|_| next()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::recipe;
    use super::*;

    #[test]
    fn the_window_expands() {
        let recipe = TrajectoryRecipe { start: 10, max_start: 20, expand: 1000, ..recipe("datm") };
        let ends = [0, 99, 100, 500, 999, 1000, 5000].map(|iteration| window_end(&recipe, iteration));
        assert_eq!(ends, [10, 10, 11, 15, 19, 20, 20]);
        let drawn: Vec<usize> = (0..2000).map(|iteration| start_epoch(&recipe, 3, iteration)).collect();
        assert!(drawn.iter().enumerate().all(|(i, &epoch)| epoch < window_end(&recipe, i)));
        assert!(drawn[1000..].contains(&19) && drawn[1000..].contains(&0));
    }

    #[test]
    fn a_match_beyond_the_last_epoch_is_refused() {
        let fits = TrajectoryRecipe { max_start: 20, expert_span: 2, expert_epochs: 21, expand: 0, ..recipe("datm") };
        assert_eq!(fits.consistent(), Ok(()));
        let short = TrajectoryRecipe { expert_epochs: 20, ..fits };
        assert!(short.consistent().unwrap_err().contains("ends at epoch 21"));
    }

    #[test]
    fn a_short_minibatch_comes_first() {
        let rows = minibatches(5, 2, 6, 1, 0);
        assert_eq!(rows.iter().map(Vec::len).collect::<Vec<_>>(), [1, 2, 2, 1, 2, 2]);
        let mut first: Vec<usize> = rows[..3].concat();
        first.sort_unstable();
        assert_eq!(first, [0, 1, 2, 3, 4]);
        assert_ne!(rows[..3], rows[3..]);
        assert_eq!(minibatches(5, 0, 2, 1, 0).iter().map(Vec::len).collect::<Vec<_>>(), [5, 5]);
    }

    #[test]
    fn every_expert_comes_once_a_round() {
        let mut round: Vec<usize> = (7..14).map(|iteration| expert(7, 9, iteration)).collect();
        round.sort_unstable();
        assert_eq!(round, (0..7).collect::<Vec<_>>());
    }
}
