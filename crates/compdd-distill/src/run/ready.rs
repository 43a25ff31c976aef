//! A plan with its images and its teachers at hand: only now are the addresses of its cells known.

use super::{Outcome, Plan, RunError, cell::Session, teacher};
use crate::{experts::Buffer, methods::Requirements, prune::Scorer, teachers::TeacherLogits};
use burn::tensor::Device;
use compdd_core::{
    progress::{Hooks, Progress, Stop},
    pruning::Pruning,
    recipe::Recipe,
    record::{Cell, Store, hash},
};
use compdd_data::data::{Task, TaskOptions};
use compdd_nn::device::OpenDevice;
use serde::{Deserialize, Serialize};

/// The part of a cell's address that only files can say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// Hash of the images, of their pixel space and of the experts that were given, as [`Cell::data_hash`] has it.
    pub data: String,
    /// Content address of the teachers that the protocol or the method asks; none where neither asks one.
    pub teacher: Option<String>,
    /// Which training images were left out; none where all are there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pruning: Option<Pruning>,
}

impl Plan {
    /// The cells of the plan for some images and a teacher, the one of the network that distils first.
    pub fn cells(&self, content: &Content) -> Vec<Cell> {
        let options = &self.options;
        let recipe_hash = hash::value(&self.recipe_for(content.teacher.as_deref()).to_json());
        let cell = |network: String| Cell {
            method: self.method.slug().to_owned(),
            subset: self.subset.id(),
            ipc: self.ipc,
            protocol: self.protocol.id.clone(),
            network,
            source: self.networks[0].slug(),
            resolution: self.resolution,
            budget: options.scoring.budget,
            fidelity: options.fidelity,
            recipe_hash: recipe_hash.clone(),
            data_hash: content.data.clone(),
            seed: options.scoring.seed,
            students: self.students,
            teacher: content.teacher.clone().filter(|_| teacher::asks(self.protocol)),
            pruning: content.pruning.clone(),
        };
        self.networks.iter().map(|network| cell(network.slug())).collect()
    }

    /// How the images are asked for.
    pub fn images(&self) -> &TaskOptions {
        &self.task
    }

    /// Whether the protocol or the method asks a teacher.
    pub fn asks_teacher(&self) -> bool {
        self.requirements.observer || teacher::asks(self.protocol)
    }

    /// What the method asks the engine for.
    pub fn requirements(&self) -> &Requirements {
        &self.requirements
    }

    /// The recipe, with the content of the teacher where the method asks one.
    fn recipe_for(&self, teacher: Option<&str>) -> Recipe {
        let recipe = self.recipe.clone();
        match teacher.filter(|_| self.requirements.observer) {
            Some(hash) => recipe.with_observer(hash),
            None => recipe,
        }
    }

    /// Opens the device, loads the images and the teachers.
    ///
    /// # Errors
    /// [`RunError::Interrupted`] when it was stopped, and what device, images or teachers have against it.
    pub fn open(&self, progress: &dyn Progress, stop: &Stop) -> Result<Ready<'_>, RunError> {
        for note in &self.subset.notes {
            progress.note(&format!("note: {}: {note}", self.subset.id()));
        }
        let device = self.options.places.device.open()?;
        let task = Task::load(&self.subset, &self.options.places.data, &self.task)?;
        let teachers = teacher::Room {
            task: &task,
            results: &self.options.places.results,
            device: &device,
            hooks: Hooks { progress, stop },
        }
        .open(&self.options.scoring.teachers)?;
        let images = (task.source.identity(), task.space.hash());
        let data = match self.options.buffer.as_deref().map(Buffer::open).transpose()? {
            None => hash::of(&images),
            Some(given) => hash::of(&(images.0, images.1, given.content())),
        };
        let task = self.pruned(task, &device.device, Hooks { progress, stop })?;
        let content = Content { data, teacher: teacher::address(&teachers), pruning: task.pruning.clone() };
        Ok(Ready { plan: self, store: Store::new(&self.options.places.results), device, task, teachers, content })
    }

    /// The task without what is to be pruned. Scores that are missing are made.
    fn pruned(&self, task: Task, device: &Device, hooks: Hooks<'_>) -> Result<Task, RunError> {
        let Some(prune) = &self.options.prune else { return Ok(task) };
        let root = self.options.places.results.join("scores");
        let scoring = &self.options.scoring;
        Ok(prune.apply(task, scoring.budget, scoring.seed, &Scorer { root: &root, device, hooks })?)
    }
}

/// A plan with everything that it reads, apart from experts.
pub struct Ready<'a> {
    plan: &'a Plan,
    store: Store,
    device: OpenDevice,
    task: Task,
    teachers: Vec<TeacherLogits>,
    content: Content,
}

impl Ready<'_> {
    /// What the images and the teachers are.
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// The addresses of the results.
    pub fn cells(&self) -> Vec<Cell> {
        self.plan.cells(&self.content)
    }

    /// Makes ready what the method demands and is not there: trains experts and feature networks, gathers statistics of teachers.
    ///
    /// # Errors
    /// [`RunError::Interrupted`], [`RunError::Experts`], [`RunError::Statistics`].
    pub fn prepare(&self, progress: &dyn Progress, stop: &Stop) -> Result<(), RunError> {
        self.session(progress, stop).prepare()
    }

    /// Distils, scores and stores what is not stored yet.
    ///
    /// # Errors
    /// As [`execute`](super::execute).
    pub fn execute(&self, progress: &dyn Progress, stop: &Stop) -> Result<Vec<Outcome>, RunError> {
        let session = self.session(progress, stop);
        for logits in session.observers {
            progress.note(&format!("{} asks {}", self.plan.method.slug(), logits.teacher()));
        }
        if let Some(caution) = self.plan.method.caution(&self.task, session.observers) {
            progress.note(&caution);
        }
        session.run()
    }

    fn session<'s>(&'s self, progress: &'s dyn Progress, stop: &'s Stop) -> Session<'s> {
        let Self { plan, store, device, task, teachers, .. } = self;
        let asked = |asks: bool| if asks { &teachers[..] } else { &[] };
        Session {
            plan,
            recipe: plan.recipe_for(self.content.teacher.as_deref()),
            task,
            device,
            store,
            cells: self.cells(),
            observers: asked(plan.requirements.observer),
            teachers: asked(teacher::asks(plan.protocol)),
            progress,
            stop,
        }
    }
}
