//! Pruning while distilling (`BiLP`, arXiv 2305.18381, section 3.2): which real images of a batch take part in the matching.

use crate::{
    methods::{MethodError, State, StateError},
    select::{RunningMoments, RunningScores, Survivors},
};
use compdd_core::recipe::Adaptive;

/// What a checkpoint calls the scores that are remembered.
const KNOWN: &str = "adaptive-scores";

/// The survivors of every class, and what is remembered of its scores.
#[derive(Clone, Debug)]
pub(super) struct Pruner {
    settings: Adaptive,
    classes: Vec<Class>,
    /// What is remembered of every image, where something is.
    known: RunningScores,
}

#[derive(Clone, Debug, Default)]
struct Class {
    moments: RunningMoments,
    /// Whether each image of the batch that is in use is kept; none before the first scores.
    keep: Vec<bool>,
    removed: [usize; 2],
}

impl Pruner {
    pub fn new(settings: Adaptive, classes: usize) -> Self {
        Self { settings, classes: vec![Class::default(); classes], known: RunningScores::default() }
    }

    /// The settings.
    pub fn settings(&self) -> Adaptive {
        self.settings
    }

    /// The iteration whose batch is used in iteration `step`.
    pub fn drawn(settings: Option<Adaptive>, step: u64) -> u64 {
        settings.map_or(step, |settings| step - step % settings.lazy as u64)
    }

    /// Places of the images of a class that are kept; `images` are the places of the batch in the training set. `score` gives the scores of all images of
    /// the batch; it is asked where a new batch is in use.
    pub fn survivors(
        &mut self,
        step: u64,
        class: usize,
        images: &[usize],
        score: impl FnOnce() -> Result<Vec<f64>, MethodError>,
    ) -> Result<Vec<usize>, MethodError> {
        let Adaptive { beta, transform, memory, .. } = self.settings;
        let own = &mut self.classes[class];
        if Self::drawn(Some(self.settings), step) == step || own.keep.is_empty() {
            let mut scores = score()?;
            if memory {
                scores =
                    images.iter().zip(scores).map(|(&image, score)| self.known.update(image as u64, score)).collect();
            }
            let Survivors { keep, removed } = own.moments.cut(&scores, beta, transform);
            (own.keep, own.removed) = (keep, removed);
        }
        Ok((0..own.keep.len()).filter(|&place| own.keep[place]).collect())
    }

    /// Shares of the images that the lower and the upper threshold removed, over all classes.
    pub fn removed(&self) -> [(&'static str, f64); 2] {
        let images: usize = self.classes.iter().map(|class| class.keep.len()).sum();
        let share = |side: usize| {
            let removed: usize = self.classes.iter().map(|class| class.removed[side]).sum();
            removed as f64 / images.max(1) as f64
        };
        [("removed_low", share(0)), ("removed_high", share(1))]
    }

    /// Stores what the next iterations depend on.
    pub fn save(&self, state: &mut State) {
        let mut bytes = Vec::new();
        for class in &self.classes {
            let (mean, variance) = class.moments.values.unwrap_or_default();
            for number in [mean, variance] {
                bytes.extend(number.to_le_bytes());
            }
            let known = usize::from(class.moments.values.is_some());
            for count in [known, class.removed[0], class.removed[1], class.keep.len()] {
                bytes.extend((count as u64).to_le_bytes());
            }
            bytes.extend(class.keep.iter().map(|&keep| u8::from(keep)));
        }
        state.put("adaptive", bytes);
        if self.settings.memory {
            let known = self.known.iter().flat_map(|(image, score)| [image.to_le_bytes(), score.to_le_bytes()]);
            state.put(KNOWN, known.flatten().collect());
        }
    }

    /// Takes over what [`Pruner::save`] stored.
    pub fn load(&mut self, state: &State) -> Result<(), MethodError> {
        let mut rest = state.get("adaptive")?;
        let short = || StateError::Unfit { name: "adaptive".into(), reason: "it ends too early".into() };
        for class in &mut self.classes {
            let (head, tail) = rest.split_at_checked(48).ok_or_else(short)?;
            let words: Vec<[u8; 8]> = head.as_chunks::<8>().0.to_vec();
            let real = |place: usize| f64::from_le_bytes(words[place]);
            let count = |place: usize| u64::from_le_bytes(words[place]) as usize;
            class.moments.values = (count(2) == 1).then(|| (real(0), real(1)));
            class.removed = [count(3), count(4)];
            let (keep, tail) = tail.split_at_checked(count(5)).ok_or_else(short)?;
            class.keep = keep.iter().map(|&keep| keep == 1).collect();
            rest = tail;
        }
        if self.settings.memory {
            let known = state.get(KNOWN)?.as_chunks::<16>().0.iter();
            let halves = known.map(|pair| pair.split_at(8));
            let number = |half: &[u8]| half.try_into().unwrap_or_default();
            self.known = halves
                .map(|(image, score)| (u64::from_le_bytes(number(image)), f64::from_le_bytes(number(score))))
                .collect();
        }
        Ok(())
    }
}
