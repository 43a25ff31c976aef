//! Looks at the test set while a student trains, as papers have them whose figure is the best of several.

use serde::Deserialize;

/// After which epochs a student is tested. It changes nothing about the student, so it is part of no hash and of no address.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checks {
    /// After every so many epochs.
    pub every: usize,
    /// In this last share of the epochs, above 0 and at most 1.
    pub last_share: f64,
}

impl Checks {
    /// The epochs of `total` after which a student is tested, counted from 1; the last one is always among them.
    pub fn epochs(&self, total: usize) -> Vec<usize> {
        let before = total as f64 * (1.0 - self.last_share) + 1e-9;
        let among = |epoch: &usize| epoch.is_multiple_of(self.every.max(1)) && *epoch as f64 > before;
        (1..=total).filter(|epoch| *epoch == total || among(epoch)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Protocol;

    /// RDED: every tenth epoch of the last fifth of 300.
    #[test]
    fn checks_of_rded() {
        let protocol = Protocol::find("kd-rded").unwrap();
        let checks = *protocol.checks().unwrap();
        assert_eq!(checks.epochs(300), [250, 260, 270, 280, 290, 300]);
        assert_eq!(checks.epochs(90), [80, 90]);
        assert_eq!(checks.epochs(6), [6]);
        assert_eq!(Checks { every: 2, last_share: 1.0 }.epochs(5), [2, 4, 5]);
        assert!(Protocol::find("no-kd").unwrap().checks().is_none());
        assert_eq!(Protocol::find("soft").unwrap().checks(), Some(&checks));
    }
}
