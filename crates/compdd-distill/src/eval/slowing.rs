//! A learning rate that follows the loss: the scheduler of EDC's table 15 (arXiv 2404.13733), there "adaptive learning rate scheduler".

/// How near the mean losses of two epochs must be, as a share of the first and as they are.
const NEAR: f64 = 0.02;

/// What the loss made of a learning rate so far.
#[derive(Clone, Debug)]
pub(super) struct Slowing {
    factor: f32,
    share: f32,
}

impl Slowing {
    /// Multiplies by `factor`; nothing yet.
    pub fn new(factor: f32) -> Self {
        Self { factor, share: 1.0 }
    }

    /// What the rate is multiplied with.
    pub fn share(&self) -> f32 {
        self.share
    }

    /// What it is multiplied with at a time.
    pub fn factor(&self) -> f32 {
        self.factor
    }

    /// Goes on from a share.
    pub fn resume(&mut self, share: f32) {
        self.share = share;
    }

    /// Hears of the mean loss of an epoch; there is none before the first one: not a number.
    pub fn follow(&mut self, before: f64, now: f64) {
        let change = (now - before).abs();
        if change <= NEAR && change <= NEAR * before.abs() {
            self.share *= self.factor;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Slowing;

    /// Both bounds count: a small change of a small loss is no stand, and neither is a small share of a large one.
    #[test]
    fn the_rate_falls_where_the_loss_stands() {
        let mut slowing = Slowing::new(0.5);
        let mut share = |before, now| {
            slowing.follow(before, now);
            slowing.share()
        };
        let losses =
            [(f64::NAN, 1.0, 1.0), (1.0, 0.97, 1.0), (1.0, 0.981, 0.5), (1.0, 1.019, 0.25), (0.5, 0.485, 0.25)];
        for (before, now, expected) in
            losses.into_iter().chain([(4.0, 3.95, 0.25), (4.0, 3.99, 0.125), (0.0, 0.0, 0.0625)])
        {
            assert!((share(before, now) - expected).abs() < 1e-9, "{before} to {now}");
        }
    }
}
