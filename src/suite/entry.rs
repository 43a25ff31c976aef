//! A cell of a plan, and what several of them need.

use serde::{Deserialize, Serialize};

use super::{Contents, definition::TeacherSpec};
use crate::{
    data::TaskOptions,
    prune::PruneOptions,
    pruning::{Criterion, Rule},
    record::{Budget, Cell, hash},
    run::{AdaptiveOptions, Content, Places, RunError, RunOptions, ScoringOptions},
    subset::Subset,
    teachers::TeacherList,
};

/// What is prepared once for many cells, by whoever comes first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Prerequisites {
    /// Sets of images, which are decoded into the cache.
    pub images: Vec<Images>,
    /// Teachers, those together that cells ask together.
    pub teachers: Vec<Teachers>,
    /// Expert buffers.
    pub experts: Vec<Experts>,
    /// Networks that images are chosen by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<Features>,
    /// Training images that are left out, and the scores by which they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prunings: Vec<Pruned>,
}

/// A set of images as a task asks for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Images {
    /// Id of the subset.
    pub subset: String,
    /// Side in pixels.
    pub resolution: usize,
    /// Whitened.
    pub zca: bool,
    /// Of the built-in scenes: training images a class.
    pub train_per_class: Option<usize>,
}

/// What is left of a set of images.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Pruned {
    /// What is left out.
    pub rule: Rule,
    /// Of these images.
    pub images: usize,
    /// The budget of the scores.
    pub budget: Budget,
    /// What random scores follow from; none for others, which all seeds share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
}

/// One teacher or several that are asked together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Teachers {
    /// Which, in their order.
    pub members: Vec<Teacher>,
    /// The images that they are trained on.
    pub images: usize,
}

impl Teachers {
    /// Their names, separated by commas.
    pub fn names(&self) -> String {
        self.members.iter().map(|teacher| teacher.name.as_str()).collect::<Vec<_>>().join(",")
    }
}

/// A teacher below `RESULTS/teachers`, or a list of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Teacher {
    /// Name of its folder, or of the list.
    pub name: String,
    /// How it is trained; none for a list, and for one that must be there already.
    pub spec: Option<TeacherSpec>,
}

impl Teacher {
    /// The list that has its name.
    pub fn list(&self) -> Option<&'static TeacherList> {
        TeacherList::named(&self.name).filter(|_| self.spec.is_none())
    }

    /// The networks that are trained for it at a resolution, and for how many epochs each.
    pub(super) fn trained(&self, resolution: usize) -> (Vec<&str>, usize) {
        match (&self.spec, self.list()) {
            (Some(spec), _) => {
                let network = spec.network.as_deref().unwrap_or_else(|| Subset::network_at(resolution));
                (vec![network], spec.training().epochs)
            }
            (None, Some(list)) => (list.networks.iter().map(String::as_str).collect(), list.training.epochs),
            (None, None) => (Vec::new(), 0),
        }
    }
}

/// An expert buffer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Experts {
    /// Hash of what decides its bytes, apart from the content of the images.
    pub key: String,
    /// Slug of the network.
    pub network: String,
    /// The images that they are trained on.
    pub images: usize,
    /// How many there are.
    pub count: usize,
    /// Epochs of training, all experts together, at most.
    pub epochs: u64,
    /// Images that go forward and backward, all experts together, at most.
    pub passes: u64,
    /// Bytes of the files.
    pub bytes: u64,
}

/// A network that images are chosen by, or several of one training.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Features {
    /// Hash of what decides its bytes, apart from the content of the images.
    pub key: String,
    /// Slug of the network.
    pub network: String,
    /// The images that it is trained on.
    pub images: usize,
    /// Epochs of training, all networks together.
    pub epochs: usize,
}

/// One run of a plan: a cell, and further ones where further networks score the same set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Group of the suite.
    pub group: String,
    /// The cell of the network that distils, without what only files can say: the hash of the images, and the teacher.
    pub cell: Cell,
    /// Networks that score as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// Changes of the recipe.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub set: Vec<(String, String)>,
    /// Its images among the prerequisites.
    pub images: usize,
    /// Its teachers among the prerequisites.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub teacher: Option<usize>,
    /// The method asks the teacher as well, so that the hash of the recipe depends on it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub observer: bool,
    /// Its experts among the prerequisites.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub experts: Option<usize>,
    /// The network that it chooses images by, among the prerequisites.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub features: Option<usize>,
    /// What is left out of its images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prune: Option<Rule>,
    /// How batches of real images are pruned while distilling.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adaptive: Option<AdaptiveOptions>,
    /// Earlier cells that are computed first: the references of its recovery ratio, which enters the record.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<usize>,
}

impl Entry {
    /// The options of `compdd run` that compute it.
    pub fn options(&self, shared: &Prerequisites, places: Places) -> RunOptions {
        let (cell, images) = (&self.cell, &shared.images[self.images]);
        let members = self.teacher.iter().flat_map(|teachers| &shared.teachers[*teachers].members);
        let teachers = members.map(|teacher| places.results.join("teachers").join(&teacher.name)).collect();
        RunOptions {
            network: Some(cell.source.clone()),
            eval_networks: self.also.clone(),
            fidelity: cell.fidelity,
            overrides: self.set.clone(),
            prune: self.prune.map(PruneOptions::by),
            adaptive: self.adaptive,
            images: images.options(),
            scoring: ScoringOptions {
                protocol: slug(&cell.protocol).to_owned(),
                teachers,
                budget: cell.budget,
                checks: false,
                students: Some(cell.students),
                seed: cell.seed,
            },
            places,
            ..RunOptions::new(&cell.method, &cell.subset, (cell.ipc > 0).then_some(cell.ipc))
        }
    }

    /// What is left of its images, where some are left out.
    pub(super) fn pruned(&self) -> Option<Pruned> {
        let Cell { budget, seed, .. } = self.cell;
        let pruned = |rule: Rule| {
            let seed = (rule.criterion == Criterion::Random).then_some(seed);
            Pruned { rule, images: self.images, budget, seed }
        };
        self.prune.map(pruned)
    }

    /// The whole addresses of its results; none while what they depend on is not known.
    ///
    /// # Errors
    /// For a method that asks a teacher, whatever [`RunOptions::check`] has against the options.
    pub fn cells(&self, shared: &Prerequisites, contents: &Contents) -> Result<Option<Vec<Cell>>, RunError> {
        let Some(data) = contents.images(self.images) else { return Ok(None) };
        let teacher = match self.teacher.map(|teacher| contents.teacher(teacher)) {
            Some(None) => return Ok(None),
            known => known.flatten(),
        };
        let pruning = match self.pruned().map(|pruned| contents.pruning(&pruned)) {
            Some(None) => return Ok(None),
            known => known.flatten().cloned(),
        };
        if self.observer {
            let content = Content { data: data.to_owned(), teacher: teacher.map(str::to_owned), pruning };
            return Ok(Some(self.options(shared, Places::here()).check()?.cells(&content)));
        }
        let main =
            Cell { data_hash: data.to_owned(), teacher: teacher.map(str::to_owned), pruning, ..self.cell.clone() };
        let others =
            self.also.iter().map(|network| Cell { network: network.clone(), ..main.clone() }).collect::<Vec<_>>();
        Ok(Some(std::iter::once(main).chain(others).collect()))
    }

    /// Name of the lock under which its set is made: the same for all cells, of whatever plan, that share the set.
    pub(super) fn claim(&self, shared: &Prerequisites) -> String {
        let teacher = self.teacher.filter(|_| self.observer).map(|teachers| shared.teachers[teachers].names());
        let set = (self.cell.bundle_name(), &shared.images[self.images], teacher);
        let key = match self.prune {
            None => hash::of(&set),
            Some(rule) => hash::of(&(set, rule)),
        };
        format!("cell-{}", &key[..16])
    }

    /// What tells it from its neighbours, for people: `mtt cifar10 ipc 1 no-kd`.
    pub fn label(&self) -> String {
        let cell = &self.cell;
        let ipc = if cell.is_reference() { String::new() } else { format!(" ipc {}", cell.ipc) };
        let set: Vec<String> = self.set.iter().map(|(key, value)| format!(" {key}={value}")).collect();
        let seed = if cell.seed == 0 { String::new() } else { format!(" seed {}", cell.seed) };
        let pruned = self.prune.map(|rule| format!(" without {rule}")).unwrap_or_default();
        format!(
            "{} {}{ipc} {} {}{}{pruned}{seed}",
            cell.method,
            slug(&cell.subset),
            slug(&cell.protocol),
            cell.network,
            set.concat()
        )
    }
}

/// A name without its version.
pub(super) fn slug(id: &str) -> &str {
    id.split_once('@').map_or(id, |(slug, _)| slug)
}

impl Images {
    /// The same as options of a task.
    pub(super) fn options(&self) -> TaskOptions {
        TaskOptions {
            resolution: Some(self.resolution),
            zca: self.zca,
            train_per_class: self.train_per_class,
            ..TaskOptions::default()
        }
    }
}
