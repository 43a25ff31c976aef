//! A set of epochs, written as ranges: `0-12,50`.

use std::{collections::BTreeSet, fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Epochs in ascending order, each once. Epoch 0 is the network before training, epoch `e` is after `e` epochs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(with = "String")]
#[serde(try_from = "String", into = "String")]
pub struct Epochs(Vec<usize>);

impl Epochs {
    /// The epochs, ascending.
    pub fn as_slice(&self) -> &[usize] {
        &self.0
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The largest one.
    pub fn last(&self) -> Option<usize> {
        self.0.last().copied()
    }

    /// Whether `epoch` is among them.
    pub fn contains(&self, epoch: usize) -> bool {
        self.position(epoch).is_some()
    }

    /// Row of `epoch` in a file that holds these epochs.
    pub fn position(&self, epoch: usize) -> Option<usize> {
        self.0.binary_search(&epoch).ok()
    }

    /// Those that `others` lacks.
    #[must_use]
    pub fn without(&self, others: &Self) -> Self {
        self.0.iter().copied().filter(|epoch| !others.contains(*epoch)).collect()
    }

    /// Those in both.
    #[must_use]
    pub fn common(&self, others: &Self) -> Self {
        self.0.iter().copied().filter(|epoch| others.contains(*epoch)).collect()
    }

    /// Those in either.
    #[must_use]
    pub fn union(&self, others: &Self) -> Self {
        self.0.iter().chain(&others.0).copied().collect()
    }
}

impl FromIterator<usize> for Epochs {
    fn from_iter<I: IntoIterator<Item = usize>>(epochs: I) -> Self {
        Self(epochs.into_iter().collect::<BTreeSet<_>>().into_iter().collect())
    }
}

impl fmt::Display for Epochs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("none");
        }
        let mut separator = "";
        for run in self.0.chunk_by(|a, b| a + 1 == *b) {
            match run {
                [first, .., last] => write!(f, "{separator}{first}-{last}")?,
                [only] => write!(f, "{separator}{only}")?,
                [] => {}
            }
            separator = ",";
        }
        Ok(())
    }
}

impl FromStr for Epochs {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const MOST: usize = 1_000_000;
        if text == "none" {
            return Ok(Self::default());
        }
        let wrong = |part: &str| format!("`{part}` is no epoch below {MOST} and no range of epochs (write 0-12,50)");
        let number =
            |part: &str| part.trim().parse::<usize>().ok().filter(|epoch| *epoch < MOST).ok_or_else(|| wrong(part));
        let mut epochs = BTreeSet::new();
        for part in text.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last) = (number(first)?, number(last)?);
            if first > last {
                return Err(wrong(part));
            }
            epochs.extend(first..=last);
        }
        Ok(Self(epochs.into_iter().collect()))
    }
}

impl TryFrom<String> for Epochs {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Epochs> for String {
    fn from(epochs: Epochs) -> Self {
        epochs.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_read_as_they_are_written() {
        for text in ["0", "0-12,50", "0-2,4,7-9,100", "none"] {
            assert_eq!(text.parse::<Epochs>().unwrap().to_string(), text);
        }
        assert_eq!("5,3,4,3".parse::<Epochs>().unwrap().to_string(), "3-5");
        for text in ["", "a", "5-3", "1-", "0-99999999999"] {
            assert!(text.parse::<Epochs>().is_err(), "{text}");
        }
    }

    #[test]
    fn sets_combine() {
        let [a, b]: [Epochs; 2] = ["0-5,9", "4-7"].map(|text| text.parse().unwrap());
        assert_eq!(a.without(&b).to_string(), "0-3,9");
        assert_eq!(a.common(&b).to_string(), "4-5");
        assert_eq!(a.union(&b).to_string(), "0-7,9");
        assert_eq!((a.position(9), a.position(8), a.last()), (Some(6), None, Some(9)));
    }
}
