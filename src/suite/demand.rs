//! From combinations to entries: every one is checked, and what several share is written once.

use std::collections::{HashMap, HashSet};

use super::{
    Entry, Prerequisites, Suite, SuiteError, TeacherSpec,
    entry::{Experts, Features, Images, Pruned, Teacher, Teachers},
    expand::Combination,
};
use crate::{
    data::scenes,
    experts::{self, Cost, Demand},
    feature_network,
    nn::NetworkSpec,
    pruning::Rule,
    record::{Cell, hash},
    run::{Content, RunError},
    subset::Subset,
};

/// Collects prerequisites while entries are made.
pub(super) struct Builder<'a> {
    suite: &'a Suite,
    shared: Prerequisites,
    images: HashMap<Images, usize>,
    experts: HashMap<String, usize>,
    features: HashMap<String, usize>,
    prunings: HashSet<Pruned>,
}

impl<'a> Builder<'a> {
    pub fn new(suite: &'a Suite) -> Self {
        Self {
            suite,
            shared: Prerequisites::default(),
            images: HashMap::new(),
            experts: HashMap::new(),
            features: HashMap::new(),
            prunings: HashSet::new(),
        }
    }

    pub fn into_shared(self) -> Prerequisites {
        self.shared
    }

    /// The entries of a combination, one a seed. The flags are checked once: a seed decides nothing but draws.
    pub fn entries(&mut self, group: &str, combination: &Combination, seeds: &[u64]) -> Result<Vec<Entry>, SuiteError> {
        let wrong = |source: RunError| SuiteError::Combination {
            group: group.to_owned(),
            cell: combination.describe(),
            source: Box::new(source),
        };
        // Whether a teacher is asked only the check can say: named, it is refused where none is asked.
        let first = seeds.first().copied().unwrap_or_default();
        let plan = match combination.options(first).check() {
            Err(RunError::Flag { flag: "--teacher", .. }) if !combination.teachers.is_empty() => {
                Combination { teachers: Vec::new(), ..combination.clone() }.options(first).check()
            }
            other => other,
        };
        let plan = plan.map_err(wrong)?;
        let cells = plan.cells(&Content::default());
        let (main, others) = cells.split_first().expect("a plan has the network of its run");
        // A plan names subsets by their ids: a class list of a file is none.
        Subset::find(&main.subset).map_err(|error| wrong(error.into()))?;
        let images = self.images(Images {
            subset: main.subset.clone(),
            resolution: main.resolution,
            zca: plan.images().zca,
            train_per_class: combination.train_per_class,
        });
        let teacher =
            Some(&combination.teachers).filter(|_| plan.asks_teacher()).map(|names| self.teachers(names, images));
        let experts = plan.requirements().experts.as_ref();
        let cost = experts.map(|demand| self.cost(demand, &main.source, images)).transpose().map_err(wrong)?;
        let experts = experts.zip(cost);
        let features = plan.requirements().features.as_ref();
        let entry = |builder: &mut Self, seed: u64| {
            let entry = Entry {
                group: group.to_owned(),
                cell: Cell { seed, ..main.clone() },
                also: others.iter().map(|cell| cell.network.clone()).collect(),
                set: combination.set.clone(),
                images,
                teacher,
                observer: plan.requirements().observer,
                experts: experts.map(|(demand, cost)| builder.experts(demand, cost, &main.source, images, seed)),
                features: features
                    .map(|demand| builder.features(demand, &main.source, (images, combination.prune), seed)),
                prune: combination.prune,
                adaptive: combination.adaptive,
                after: Vec::new(),
            };
            builder.prunings(&entry);
            entry
        };
        Ok(seeds.iter().map(|&seed| entry(self, seed)).collect())
    }

    fn images(&mut self, images: Images) -> usize {
        let shared = &mut self.shared.images;
        *self.images.entry(images.clone()).or_insert_with(|| {
            shared.push(images);
            shared.len() - 1
        })
    }

    /// What is left of the images of an entry is written once.
    fn prunings(&mut self, entry: &Entry) {
        if let Some(pruned) = entry.pruned()
            && self.prunings.insert(pruned.clone())
        {
            self.shared.prunings.push(pruned);
        }
    }

    /// The teachers of some names, which are asked together.
    fn teachers(&mut self, names: &[String], images: usize) -> usize {
        let members = names.iter().map(|name| self.teacher(name, images)).collect();
        let teachers = Teachers { members, images };
        let known = self.shared.teachers.iter().position(|known| *known == teachers);
        known.unwrap_or_else(|| {
            self.shared.teachers.push(teachers);
            self.shared.teachers.len() - 1
        })
    }

    /// The teacher of a name: of the suite, for these images, or one that is there.
    fn teacher(&self, name: &str, images: usize) -> Teacher {
        let spec = self.suite.teacher.iter().find(|spec| spec.name == name).cloned();
        let folder = |spec: &TeacherSpec| {
            let address = hash::of(&(spec, &self.shared.images[images]));
            format!("{}-{name}-{}", self.suite.name, hash::short(&address))
        };
        let name = spec.as_ref().map_or_else(|| name.to_owned(), folder);
        Teacher { name, spec }
    }

    /// The network of a demand; what is left out of the images decides it as well.
    fn features(
        &mut self,
        demand: &feature_network::Demand,
        run: &str,
        (images, prune): (usize, Option<Rule>),
        seed: u64,
    ) -> usize {
        let network = demand.network.as_deref().unwrap_or(run).to_owned();
        let key = hash::of(&(&network, &self.shared.images[images], prune, demand, seed));
        let shared = &mut self.shared.features;
        *self.features.entry(key.clone()).or_insert_with(|| {
            shared.push(Features { key, network, images, epochs: demand.trials.unwrap_or(1) * demand.epochs });
            shared.len() - 1
        })
    }

    /// What the largest demand for a buffer costs is kept.
    fn experts(&mut self, demand: &Demand, cost: Cost, network: &str, images: usize, seed: u64) -> usize {
        let key = hash::of(&(network, &self.shared.images[images], &demand.training, demand.precision, seed));
        let shared = &mut self.shared.experts;
        let place = *self.experts.entry(key.clone()).or_insert_with(|| {
            let network = network.to_owned();
            shared.push(Experts { key, network, images, count: 0, epochs: 0, passes: 0, bytes: 0 });
            shared.len() - 1
        });
        let known = &mut shared[place];
        known.count = known.count.max(demand.experts);
        known.epochs = known.epochs.max(cost.epochs);
        known.passes = known.passes.max(cost.images);
        known.bytes = known.bytes.max(cost.bytes);
        place
    }

    fn cost(&self, demand: &Demand, network: &str, images: usize) -> Result<Cost, RunError> {
        let images = &self.shared.images[images];
        let (count, classes) = training_images(images)?;
        let network = NetworkSpec::parse(network)?.build(3, images.resolution, classes)?;
        Ok(experts::cost(demand, &network, count))
    }
}

/// Training images and classes of a set, as its original has them.
pub(super) fn training_images(images: &Images) -> Result<(usize, usize), RunError> {
    let subset = Subset::find(&images.subset)?;
    let classes = subset.classes_len();
    if subset.family.is_built_in() {
        return Ok((classes * images.train_per_class.unwrap_or(scenes::TRAIN_PER_CLASS), classes));
    }
    Ok((subset.expected_counts().iter().filter_map(|count| count.train).sum(), classes))
}
