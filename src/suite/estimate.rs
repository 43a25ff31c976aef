//! What a plan costs before anything is started: hours by timing records, memory, disk.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use super::{
    Entry, Plan, Prerequisites, SuiteError,
    demand::training_images,
    entry::{Experts, Features, Images, Teachers, slug},
    model::{Scale, Work, macs, work},
    rates::Rates,
};
use crate::{
    data::scenes,
    nn::NetworkSpec,
    recipe::{Recipe, RecipeRequest, method},
    record::Cell,
    run::RunError,
    subset::Subset,
};

/// What a plan takes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Estimate {
    /// Hours of making sets.
    pub distil_hours: f64,
    /// Hours of scoring.
    pub score_hours: f64,
    /// Hours of training experts.
    pub expert_hours: f64,
    /// Hours of training networks that images are chosen by.
    pub feature_hours: f64,
    /// Hours of training teachers.
    pub teacher_hours: f64,
    /// Cells whose method and network a record of this kind of device has.
    pub measured: usize,
    /// All cells that were estimated.
    pub cells: usize,
    /// Cells of which nothing can be said, as they have an unknown network.
    pub unknown: usize,
    /// Largest memory of a process in bytes; none where no record has its network.
    pub memory: Option<u64>,
    /// Bytes of distilled sets.
    pub bundle_bytes: u64,
    /// Bytes of expert buffers.
    pub expert_bytes: u64,
    /// Bytes of teachers.
    pub teacher_bytes: u64,
    /// Bytes of decoded images in the cache.
    pub cache_bytes: u64,
}

impl Rates {
    /// What some cells of a plan take, and what they share.
    ///
    /// # Errors
    /// For a subset that this build does not know.
    pub fn estimate<'a>(&self, plan: &Plan, entries: impl Iterator<Item = &'a Entry>) -> Result<Estimate, SuiteError> {
        let (shared, mut estimate) = (plan.shared(), Estimate::default());
        let scales = shared.images.iter().map(scale).collect::<Result<Vec<_>, _>>()?;
        // The same cell with another seed is the same work.
        let mut known: HashMap<_, Option<Work>> = HashMap::new();
        let (mut experts, mut images, mut teachers) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let mut features = BTreeMap::new();
        for entry in entries {
            experts.extend(entry.experts);
            teachers.extend(entry.teacher);
            images.insert(entry.images);
            let scale = scales[entry.images].without(entry.prune.map(|rule| rule.removed));
            features.extend(entry.features.map(|index| (index, scale)));
            let Cell { method, recipe_hash, ipc, protocol, network, students, .. } = &entry.cell;
            let key = (entry.images, method, recipe_hash, ipc, protocol, network, students, &entry.also, entry.prune);
            let work = *known.entry(key).or_insert_with(|| work(&entry.cell, recipe_of(entry)?.as_ref(), scale));
            let Some(work) = work else {
                estimate.unknown += 1;
                continue;
            };
            self.add(&mut estimate, entry, work, scale);
        }
        // Training on real images, so many of which go forward and backward.
        let training = |network: &str, images: usize, passes: f64, scale: Scale| {
            let macs = macs(network, shared.images[images].resolution, scale.classes).unwrap_or(0.0);
            self.score_hours(3.0 * macs * passes, network, scale.train).hours
        };
        for index in experts {
            let Experts { network, images, passes, bytes, .. } = &shared.experts[index];
            estimate.expert_hours += training(network, *images, *passes as f64, scales[*images]);
            estimate.expert_bytes += bytes;
        }
        for (index, scale) in features {
            let Features { network, images, epochs, .. } = &shared.features[index];
            estimate.feature_hours += training(network, *images, (epochs * scale.train) as f64, scale);
        }
        self.add_teachers(&mut estimate, teachers.into_iter().map(|index| &shared.teachers[index]), shared, &scales);
        let bytes =
            |index: usize| (scales[index].train + scales[index].test) * 3 * shared.images[index].resolution.pow(2);
        let kept = images.into_iter().filter(|index| !is_built_in(&shared.images[*index]));
        estimate.cache_bytes = kept.map(|index| bytes(index) as u64).sum();
        Ok(estimate)
    }

    /// Teachers that the plan knows how to train, each once for its images.
    fn add_teachers<'a>(
        &self,
        estimate: &mut Estimate,
        asked: impl Iterator<Item = &'a Teachers>,
        shared: &Prerequisites,
        scales: &[Scale],
    ) {
        let mut seen = BTreeSet::new();
        for Teachers { members, images } in asked {
            let (scale, resolution) = (scales[*images], shared.images[*images].resolution);
            for member in members.iter().filter(|member| seen.insert((&member.name, *images))) {
                let (networks, epochs) = member.trained(resolution);
                let built = |slug: &str| NetworkSpec::parse(slug).ok()?.build(3, resolution, scale.classes).ok();
                for (slug, network) in networks.into_iter().filter_map(|slug| Some((slug, built(slug)?))) {
                    let work = 3.0 * network.multiply_accumulates() * (epochs * scale.train) as f64;
                    estimate.teacher_hours += self.score_hours(work, slug, scale.train).hours;
                    estimate.teacher_bytes += 4 * network.parameter_count() as u64;
                }
            }
        }
    }

    fn add(&self, estimate: &mut Estimate, entry: &Entry, work: Work, scale: Scale) {
        let Cell { method, network, source, resolution, ipc, students, .. } = &entry.cell;
        let (networks, images) = ((1 + entry.also.len()) as f64, scale.classes * ipc);
        let distil = self.distil_hours(work.distil, method, if source.is_empty() { network } else { source }, images);
        let score = self.score_hours(networks * work.score, network, images);
        estimate.distil_hours += distil.hours;
        estimate.score_hours += score.hours;
        estimate.cells += 1;
        estimate.measured += usize::from(score.measured && (distil.measured || work.distil == 0.0));
        estimate.memory = estimate.memory.max(self.memory(network, *resolution));
        // The random baseline draws a set for every student.
        let draws = if method == "random" { *students } else { 1 };
        estimate.bundle_bytes += (draws * scale.classes * ipc * 3 * resolution.pow(2) * 4) as u64;
    }
}

fn recipe_of(entry: &Entry) -> Option<Arc<serde_json::Value>> {
    let cell = &entry.cell;
    let (budget, fidelity) = (cell.budget.to_string(), cell.fidelity.to_string());
    let subset = slug(&cell.subset);
    let request =
        RecipeRequest { subset, ipc: cell.ipc, budget: &budget, fidelity: &fidelity, resolution: cell.resolution };
    Recipe::stored(method(&cell.method).ok()?, &entry.set, &request)
}

fn scale(images: &Images) -> Result<Scale, RunError> {
    let (train, classes) = training_images(images)?;
    let subset = Subset::find(&images.subset)?;
    let test = if is_built_in(images) {
        classes * scenes::TEST_PER_CLASS
    } else {
        subset.expected_counts().iter().filter_map(|count| count.test).sum()
    };
    Ok(Scale { classes, train, test })
}

fn is_built_in(images: &Images) -> bool {
    Subset::find(&images.subset).is_ok_and(|subset| subset.family.is_built_in())
}
