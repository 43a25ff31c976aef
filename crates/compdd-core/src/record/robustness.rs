//! What attacks leave of the accuracy of students: the report of `compdd attack`.

use std::{fmt, path::Path, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Accuracy, Cell, RecordError, Summary, json};

/// The largest change of a pixel, on the scale 0..1: `2/255` or a number, as it was written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct Epsilon {
    words: String,
    value: f32,
}

impl Epsilon {
    /// On the scale 0..1.
    pub fn value(&self) -> f32 {
        self.value
    }
}

impl FromStr for Epsilon {
    type Err = RecordError;

    fn from_str(text: &str) -> Result<Self, RecordError> {
        let words = text.trim();
        let number = |text: &str| text.trim().parse::<f64>().ok();
        let value = match words.split_once('/') {
            Some((part, whole)) => number(part).zip(number(whole)).map(|(part, whole)| part / whole),
            None => number(words),
        };
        match value.filter(|value| *value > 0.0 && *value <= 1.0) {
            Some(value) => Ok(Self { words: words.to_owned(), value: value as f32 }),
            None => Err(RecordError::UnknownWord {
                what: "epsilon",
                found: text.to_owned(),
                known: "2/255, or a number above 0 and at most 1",
            }),
        }
    }
}

impl TryFrom<String> for Epsilon {
    type Error = RecordError;
    fn try_from(text: String) -> Result<Self, RecordError> {
        text.parse()
    }
}

impl From<Epsilon> for String {
    fn from(epsilon: Epsilon) -> Self {
        epsilon.words
    }
}

impl fmt::Display for Epsilon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.words)
    }
}

const FORMAT: json::Format = json::Format {
    name: "compdd robustness",
    newest: 1,
    help: "delete the file and give the command again: the attacks are made afresh",
};

/// Students of one cell under attack. Equal calls write equal bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Robustness {
    /// Name of the format.
    pub format: String,
    /// Its version.
    pub version: u64,
    /// The cell of the students: that of their record.
    pub cell: Cell,
    /// Which test images are attacked, by their places; as many of every class as possible.
    pub images: Vec<usize>,
    /// Seeds of the students.
    pub seeds: Vec<u64>,
    /// Accuracy of every student on these images as they are.
    pub clean: Vec<Accuracy>,
    /// What was tried, in the order in which it was.
    pub attacks: Vec<Attacked>,
}

/// One attack with one epsilon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Attacked {
    /// Name of the attack.
    pub attack: String,
    /// Largest change of a pixel; none where the attack has no bound.
    pub epsilon: Option<Epsilon>,
    /// Settings of each attack that was made, one after the other on what was left.
    pub settings: Vec<Value>,
    /// Accuracy of every student that was attacked so far, in their order.
    pub students: Vec<Accuracy>,
    /// Mean Euclidean length of the changes that fooled each, on the scale 0..1; none where none did.
    pub distances: Vec<Option<f64>>,
}

impl Robustness {
    /// A report without an attack.
    pub fn new(cell: Cell, images: Vec<usize>, seeds: Vec<u64>, clean: Vec<Accuracy>) -> Self {
        Self { format: FORMAT.name.to_owned(), version: FORMAT.newest, cell, images, seeds, clean, attacks: Vec::new() }
    }

    /// Reads a report.
    ///
    /// # Errors
    /// When there is none at `path`, or it is damaged.
    pub fn read(path: &Path) -> Result<Self, RecordError> {
        json::read(path, FORMAT)
    }

    /// Writes the report, whole or not at all.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), RecordError> {
        json::write(path, self)
    }

    /// What an attack left so far, which begins with no student.
    pub fn entry(&mut self, attack: &str, epsilon: Option<&Epsilon>, settings: &[Value]) -> &mut Attacked {
        let same = |known: &Attacked| {
            known.attack == attack && known.epsilon.as_ref() == epsilon && known.settings == settings
        };
        let place = self.attacks.iter().position(same).unwrap_or_else(|| {
            let (attack, epsilon, settings) = (attack.to_owned(), epsilon.cloned(), settings.to_vec());
            self.attacks.push(Attacked { attack, epsilon, settings, students: Vec::new(), distances: Vec::new() });
            self.attacks.len() - 1
        });
        &mut self.attacks[place]
    }
}

impl Attacked {
    /// The accuracies of the students; none where there is no student.
    pub fn summary(&self) -> Option<Summary> {
        Summary::of(&self.students)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epsilon_is_a_quotient_or_a_number() {
        let read = |text: &str| text.parse::<Epsilon>().map(|epsilon| (epsilon.to_string(), epsilon.value()));
        assert_eq!(read("2/255").unwrap(), ("2/255".to_owned(), 2.0 / 255.0));
        assert_eq!(read(" 0.5 ").unwrap(), ("0.5".to_owned(), 0.5));
        for wrong in ["", "0", "-1/255", "256/255", "2/0", "1/x", "NaN", "two"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        let json = serde_json::to_string(&"4/255".parse::<Epsilon>().unwrap()).unwrap();
        assert_eq!(json, "\"4/255\"");
        assert!(serde_json::from_str::<Epsilon>("\"9\"").is_err());
    }
}
