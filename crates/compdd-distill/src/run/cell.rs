//! One cell from images to records: distil, score on every network, store.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::json;

use super::{
    Plan, RunError, Trace, WorkError, WorkFolder,
    curve::Curve,
    distil::Loop,
    experts::Experts,
    machine,
    score::{Scorer, TrainOn, soft_labels},
    statistics::OfTeachers,
    stopwatch::{Spent, Stopwatch},
    teacher,
};
use crate::{
    eval::{Following, Stages, Teachers},
    experts::Buffer,
    feature_network::{self, FeatureNetwork, Place},
    methods::{FullRecipe, MethodError, Start, State},
    statistics::Statistics,
    teachers::TeacherLogits,
};
use compdd_core::{
    files::{IoError, atomic},
    progress::{Hooks, Progress, Stop},
    protocol::Ensemble,
    recipe::{Kind, Recipe, RecipeError},
    record::{
        Bundle, BundleRef, Cell, CurvePoint, Distilled, Flag, Provenance, Query, Record, RecordError, Store,
        StudentRecord, Timing, value_of,
    },
    rng::Stream,
};
use compdd_data::data::Task;
use compdd_nn::device::OpenDevice;

/// A stored result, new or found.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What was measured.
    pub record: Record,
    /// How long it took and where.
    pub timing: Option<Timing>,
}

/// Carries out a plan. Cells whose record exists are not computed again, interrupted ones continue.
///
/// # Errors
/// [`RunError::Interrupted`] when `stop` was set: everything is saved and the same call continues.
pub fn execute(plan: &Plan, progress: &dyn Progress, stop: &Stop) -> Result<Vec<Outcome>, RunError> {
    plan.open(progress, stop)?.execute(progress, stop)
}

/// A [`Ready`] plan with those who follow and stop it.
pub(super) struct Session<'a> {
    pub plan: &'a Plan,
    /// The recipe of the plan, with the content of the teacher that the method asks.
    pub recipe: Recipe,
    pub task: &'a Task,
    pub device: &'a OpenDevice,
    pub store: &'a Store,
    /// The cells of the plan, the one of its own network first.
    pub cells: Vec<Cell>,
    /// Whom the method asks.
    pub observers: &'a [TeacherLogits],
    /// Whom the protocol asks.
    pub teachers: &'a [TeacherLogits],
    pub progress: &'a dyn Progress,
    pub stop: &'a Stop,
}

/// A distilled set on disk.
struct Draw {
    set: Distilled,
    reference: BundleRef,
    /// Steps that were made, if this run made it.
    steps: Option<usize>,
    /// Time that it took, if this run made it.
    spent: Option<Spent>,
}

/// What the method demanded.
#[derive(Clone, Copy)]
struct Given<'a> {
    experts: Option<&'a Buffer>,
    statistics: &'a [Statistics],
    features: Option<&'a FeatureNetwork>,
}

impl Session<'_> {
    pub fn run(&self) -> Result<Vec<Outcome>, RunError> {
        let main = &self.cells[0];
        let open: Vec<&Cell> =
            self.cells.iter().filter(|cell| self.plan.options.engine.force || !self.store.exists(cell)).collect();
        if open.is_empty() {
            WorkFolder::tidy(&self.work_path(main))?;
            self.progress.note("nothing to do: the records exist (--force computes them again)");
        } else {
            self.compute(main, &open)?;
        }
        self.cells.iter().map(|cell| self.stored(cell)).collect()
    }

    /// Makes ready what the method demands and is not there: experts, statistics of teachers, a feature network.
    pub fn prepare(&self) -> Result<(), RunError> {
        let trace = Self::open_trace(&self.store.log_path(&self.cells[0]))?;
        self.experts(&trace)?;
        self.statistics()?;
        self.features().map(drop)
    }

    fn work_path(&self, main: &Cell) -> PathBuf {
        self.store.root().join("unfinished").join(main.bundle_name())
    }

    fn stored(&self, cell: &Cell) -> Result<Outcome, RunError> {
        let record = Record::read(&self.store.record_path(cell))?;
        Ok(Outcome { record, timing: self.store.timing(cell)? })
    }

    fn compute(&self, main: &Cell, open: &[&Cell]) -> Result<(), RunError> {
        let path = self.work_path(main);
        let work = WorkFolder::open(&path, self.plan.options.engine.force)?;
        let log = self.store.log_path(main);
        let trace = Self::open_trace(&log)?;
        trace.write("start", &[("command", json!(self.plan.options.method)), ("id", json!(main.id()))]);
        let started = machine::now();

        let draws = match self.plan.method.kind() {
            Kind::Reference => Vec::new(),
            Kind::Selection | Kind::Distillation => self.draws(main, &work, &trace)?,
        };
        let distilling = self.cost(main, &draws)?;
        let options = &self.plan.options;
        let every = Duration::from_secs(options.engine.checkpoint_seconds);
        let curve = Curve {
            iterations: &options.engine.curve,
            students: options.engine.curve_students,
            work: &work,
            checkpoint_every: every,
        };
        let unchecked = Scorer { checks: None, ..self.scorer(main, &trace, None) };
        let mut points = curve.score(unchecked, options.scoring.seed, &trace)?;
        for cell in open {
            let (scored, scoring) = self.score(cell, &draws, &work, &trace)?;
            let mut timing = machine::timing(&cell.id(), self.device);
            timing.distill_seconds = distilling.map(|spent| spent.wall.as_secs_f64());
            timing.distill_processor_seconds = distilling.and_then(Spent::processor_seconds);
            timing.eval_seconds = vec![scoring.wall.as_secs_f64()];
            timing.eval_processor_seconds = scoring.processor_seconds();
            timing.started = Some(started.clone());
            if cell.id() == main.id() && !points.is_empty() {
                let steps = draws.first().and_then(|draw| draw.steps);
                points.extend(steps.and_then(|steps| CurvePoint::of(steps, &scored)));
                let path = CurvePoint::write(self.store, main, &points)?;
                self.progress.note(&format!("accuracy over iterations: {}", path.display()));
            }
            self.keep((*cell).clone(), scored, &draws, &timing)?;
        }
        work.finish()?;
        Ok(())
    }

    fn open_trace(path: &Path) -> Result<Trace, RunError> {
        let log = |source| RunError::Log { path: path.to_owned(), source };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(log)?;
        }
        Trace::append_to(path).map_err(log)
    }

    /// What the sets took: of this run, or of the one that made them, where a record of it is kept.
    fn cost(&self, main: &Cell, draws: &[Draw]) -> Result<Option<Spent>, RunError> {
        let own: Option<Spent> = draws.iter().map(|draw| draw.spent).sum();
        if draws.is_empty() || own.is_some() {
            return Ok(own.filter(|_| !draws.is_empty()));
        }
        let query = Query { method: Some(main.method.clone()), subset: Some(main.subset.clone()), ..Query::default() };
        let same =
            |record: &Record| record.cell.bundle_name() == main.bundle_name() && record.bundles.len() == draws.len();
        let makers = self.store.list(&query)?.into_iter().filter(same);
        let spent = makers.map(|record| Ok(self.store.timing(&record.cell)?.as_ref().and_then(Spent::distilling)));
        Ok(spent.collect::<Result<Vec<_>, RecordError>>()?.into_iter().flatten().next())
    }

    /// Every distilled set of the run, made now or found on disk.
    fn draws(&self, main: &Cell, work: &WorkFolder, trace: &Trace) -> Result<Vec<Draw>, RunError> {
        let (experts, mut seen) = (self.experts(trace)?, None);
        let count = if self.plan.requirements.draw_per_student { self.plan.students } else { 1 };
        let mut draws = Vec::with_capacity(count);
        for index in 0..count {
            let path = self.store.bundle_path(main, (count > 1).then_some(index));
            let made = format!("made-{index}");
            let set = if path.exists() && (!self.plan.options.engine.force || work.load(&made)?.is_some()) {
                atomic::sweep(&path).map_err(IoError::at("tidy", &path)).map_err(WorkError::from)?;
                Bundle::read(&path)?
            } else {
                if seen.is_none() {
                    seen = Some((self.statistics()?, self.features()?));
                }
                let (statistics, features) = seen.as_ref().map_or((&[][..], None), |(s, f)| (s, f.as_ref()));
                let given = Given { experts: experts.as_ref(), statistics, features };
                let (set, steps, spent) = self.distil(main, index, given, work, trace)?;
                let mut state = State::default();
                state.put_number("steps", steps as u64);
                spent.put(&mut state);
                // A set that is there is taken as it is: one that is to be replaced goes first, and what is said of the new one is there before it.
                if path.exists() {
                    let replaced = work.file(&format!("replaced-{index}"));
                    std::fs::rename(&path, replaced).map_err(IoError::at("replace", &path)).map_err(WorkError::from)?;
                }
                work.save(&made, &state)?;
                Bundle::write(&path, &set, false)?;
                self.progress.note(&format!("distilled: {} ({} shows it)", path.display(), Bundle::PREVIEW));
                set
            };
            let making = work.load(&made)?;
            let steps = making.as_ref().and_then(|state| state.number("steps").ok());
            let reference = BundleRef::to(&path, self.store)?;
            draws.push(Draw {
                set,
                reference,
                steps: steps.map(|steps| steps as usize),
                spent: making.as_ref().map(Spent::of),
            });
        }
        Ok(draws)
    }

    /// The experts that the method demands, if it does.
    fn experts(&self, trace: &Trace) -> Result<Option<Buffer>, RunError> {
        let (plan, options) = (self.plan, &self.plan.options);
        let Some(demand) = &plan.requirements.experts else { return Ok(None) };
        let [channels, _, side] = self.task.train.shape();
        let network = plan.networks[0].build(channels, side, self.task.subset.classes_len())?;
        let root = options.experts.clone().unwrap_or_else(|| self.store.root().join("experts"));
        let experts = Experts {
            root: &root,
            network: &network,
            task: self.task,
            device: self.device,
            trace,
            progress: self.progress,
            stop: self.stop,
            checkpoint_every: Duration::from_secs(options.engine.checkpoint_seconds),
        };
        experts.ready(demand, options.buffer.as_deref()).map(Some)
    }

    /// The statistics of the teachers that the method demands, if it does.
    fn statistics(&self) -> Result<Vec<Statistics>, RunError> {
        let Some(demand) = &self.plan.requirements.statistics else { return Ok(Vec::new()) };
        let of_teachers = OfTeachers {
            teachers: self.observers,
            task: self.task,
            device: self.device,
            progress: self.progress,
            stop: self.stop,
            checkpoint_every: Duration::from_secs(self.plan.options.engine.checkpoint_seconds),
        };
        of_teachers.ready(demand)
    }

    /// The network that the method chooses images by, if it does.
    fn features(&self) -> Result<Option<FeatureNetwork>, RunError> {
        let Some(demand) = &self.plan.requirements.features else { return Ok(None) };
        let place = Place {
            root: &self.store.root().join("features"),
            task: self.task,
            device: &self.device.device,
            hooks: Hooks { progress: self.progress, stop: self.stop },
            every: Duration::from_secs(self.plan.options.engine.checkpoint_seconds),
        };
        let found = feature_network::ensure(demand, &self.plan.networks[0], self.seed_of(0), place);
        found.map(Some).map_err(|error| MethodError::from(error).into())
    }

    /// Seed of a set of the run.
    fn seed_of(&self, index: usize) -> u64 {
        Stream::child_seed(self.plan.options.scoring.seed, "draw", index as u64)
    }

    fn distil(
        &self,
        main: &Cell,
        index: usize,
        Given { experts, statistics, features }: Given<'_>,
        work: &WorkFolder,
        trace: &Trace,
    ) -> Result<(Distilled, usize, Spent), RunError> {
        let (plan, options) = (self.plan, &self.plan.options);
        let data = self.task.source.train.hash.clone();
        let mut provenance = Provenance::of_run(options.scoring.seed, options.scoring.budget, options.fidelity, data);
        provenance.decode = Some(value_of(&self.task.source.decode));
        provenance.pruning.clone_from(&self.task.pruning);
        let stage = if index == 0 { "distil".to_owned() } else { format!("distil-{index}") };
        let saved = work.file(&format!("{stage}-preparation.safetensors"));
        let every = Duration::from_secs(options.engine.checkpoint_seconds);
        let preparing = Stages { progress: self.progress, name: |_| "network of the maps".to_owned(), of_what: "" };
        let observer = Teachers::of(self.observers, Ensemble::Mean);
        let start = Start {
            task: self.task,
            recipe: &self.recipe,
            ipc: plan.ipc,
            seed: self.seed_of(index),
            method: plan.method.slug(),
            provenance: &provenance,
            network: &plan.networks[0],
            device: &self.device.device,
            experts,
            features,
            observer: observer.as_ref().map(|logits| logits as _),
            teachers: self.observers,
            statistics,
            offload: options.engine.offload,
            chunk: options.engine.chunk,
            preparation: Following { stop: self.stop, progress: &preparing, saving: Some((saved, every)) },
        };
        let watch = Stopwatch::after(Spent::default());
        let mut distiller = plan.method.start(start)?;
        let starting = watch.spent();
        let drive = Loop {
            method: plan.method.slug(),
            stage: &stage,
            work,
            trace,
            progress: self.progress,
            stop: self.stop,
            checkpoint_every: every,
            pictures: (&options.engine.pictures, self.store.log_path(main).with_extension("pictures")),
            curve: if index == 0 { &options.engine.curve } else { &[] },
        };
        let (set, driving) = drive.drive(distiller.as_mut())?;
        Ok((set, distiller.steps(), starting + driving))
    }

    fn scorer<'s>(&'s self, cell: &'s Cell, trace: &'s Trace, checkpoints: Option<(PathBuf, Duration)>) -> Scorer<'s> {
        Scorer {
            network: &cell.network,
            called: "",
            task: self.task,
            protocol: self.plan.scoring(cell),
            teachers: self.teachers,
            labels: soft_labels(self.store),
            given: None,
            beginning: None,
            checks: self.plan.checks,
            device: &self.device.device,
            checkpoints,
            trace: Some(trace),
            progress: self.progress,
            stop: self.stop,
        }
    }

    fn score(
        &self,
        cell: &Cell,
        draws: &[Draw],
        work: &WorkFolder,
        trace: &Trace,
    ) -> Result<(Vec<StudentRecord>, Spent), RunError> {
        let every = Duration::from_secs(self.plan.options.engine.checkpoint_seconds);
        let scorer = self.scorer(cell, trace, Some((work.file(&cell.id()), every)));
        if draws.is_empty() {
            let recipe: FullRecipe = self.recipe.typed().map_err(RecipeError::OutOfRange)?;
            let train = TrainOn::WholeSet {
                learning_rate: recipe.learning_rate,
                epochs: (cell.ipc == 0).then_some(recipe.epochs),
            };
            return scorer.score(&[train], self.plan.students, self.plan.options.scoring.seed);
        }
        let sets: Vec<TrainOn<'_>> = draws.iter().map(|draw| TrainOn::Set(&draw.set)).collect();
        scorer.score(&sets, self.plan.students, self.plan.options.scoring.seed)
    }

    fn keep(&self, cell: Cell, students: Vec<StudentRecord>, draws: &[Draw], timing: &Timing) -> Result<(), RunError> {
        let data = value_of(&self.task.source);
        let protocol = value_of(self.plan.scoring(&cell));
        let mut record = Record::new(cell, &self.plan.subset, students, self.recipe.to_json(), data)?;
        record.protocol = protocol;
        teacher::enter(&mut record, self.plan.protocol, self.teachers);
        record.bundles = draws.iter().map(|draw| draw.reference.clone()).collect();
        if self.task.source.skipped() > 0 {
            record.flag(Flag::SkippedFiles);
        }
        if self.plan.options.buffer.is_some() {
            record.flag(Flag::GivenExperts);
        }
        let options = &self.plan.options;
        if options.recipe.is_some() || !options.overrides.is_empty() || options.adaptive.is_some() {
            record.flag(Flag::ChangedRecipe);
        }
        if self.plan.method.kind() != Kind::Reference
            && let Some(reference) = self.store.reference(&record.cell)?
        {
            record.recover_from(&reference);
        }
        self.store.save(&record, Some(timing))?;
        Ok(())
    }
}
