//! What a user asks of a run, and the checked [`Plan`] that alone can be executed.

use std::path::PathBuf;

use super::{EngineOptions, Places, RunError, ScoringOptions};
use crate::{
    eval::EvalError,
    methods::{self, Method, Requirements},
    prune::PruneOptions,
};
use compdd_core::{
    files::plain,
    limits,
    protocol::{Checks, Fit, Protocol, ProtocolError, Scoring},
    recipe::{Adaptive, Evaluator, Kind, Recipe, RecipeFile, RecipeRequest, ScoreTransform, tiles},
    record::{Cell, Fidelity},
    subset::Subset,
};
use compdd_data::data::TaskOptions;
use compdd_nn::nn::NetworkSpec;
use serde::{Deserialize, Serialize};

/// The flags of `compdd run`, typed and unchecked.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// Name of the method.
    pub method: String,
    /// Subset, as the user wrote it.
    pub subset: String,
    /// Images per class; none for the reference `full` on its own schedule.
    pub ipc: Option<usize>,
    /// Network that distils and scores; the subset's default when absent.
    pub network: Option<String>,
    /// Networks that score as well (cross-architecture).
    pub eval_networks: Vec<String>,
    /// Paper or released code.
    pub fidelity: Fidelity,
    /// Recipe file.
    pub recipe: Option<PathBuf>,
    /// `--set` pairs.
    pub overrides: Vec<(String, String)>,
    /// A buffer to use as it is, such as an imported one.
    pub buffer: Option<PathBuf>,
    /// Root of the expert buffers; `experts` below the results when absent.
    pub experts: Option<PathBuf>,
    /// What is left out of the training images before anything else sees them.
    pub prune: Option<PruneOptions>,
    /// How batches of real images are pruned while distilling.
    pub adaptive: Option<AdaptiveOptions>,
    /// The images. Whitening is added where the method asks for it.
    pub images: TaskOptions,
    /// How the set is scored.
    pub scoring: ScoringOptions,
    /// How the engine works.
    pub engine: EngineOptions,
    /// Where everything is.
    pub places: Places,
}

impl RunOptions {
    /// A method on a subset, everything else as `compdd run` has it.
    pub fn new(method: &str, subset: &str, ipc: Option<usize>) -> Self {
        Self {
            method: method.to_owned(),
            subset: subset.to_owned(),
            ipc,
            network: None,
            eval_networks: Vec::new(),
            fidelity: Fidelity::Paper,
            recipe: None,
            overrides: Vec::new(),
            buffer: None,
            experts: None,
            prune: None,
            adaptive: None,
            images: TaskOptions::default(),
            scoring: ScoringOptions::default(),
            engine: EngineOptions::default(),
            places: Places::here(),
        }
    }
}

/// How batches of real images are pruned while distilling; what is absent is the method's choice.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdaptiveOptions {
    /// Share of a batch that is removed, from both tails together.
    pub beta: f64,
    /// Iterations for which a pruned batch is used.
    #[serde(default = "every_iteration")]
    pub lazy: usize,
    /// What scores are.
    #[serde(default)]
    pub evaluator: Option<Evaluator>,
    /// What becomes of scores before their moments are taken.
    #[serde(default)]
    pub transform: ScoreTransform,
    /// What is remembered of the scores of an image.
    #[serde(default)]
    pub memory: bool,
}

fn every_iteration() -> usize {
    1
}

impl AdaptiveOptions {
    /// The settings for a method.
    fn of(self, method: &dyn Method) -> Result<Adaptive, RunError> {
        let flag = |reason: String, remedy: &str| RunError::flag("--adaptive", &self.beta, reason, remedy);
        let Some(usual) = method.adapts() else {
            let reason = format!("`{}` compares no batches of real images", method.slug());
            return Err(flag(
                reason,
                "use dc, dsa, idc-i, idc, dm, datadam, idm or mmd, or prune beforehand: --prune loss:0.3",
            ));
        };
        let evaluator = self.evaluator.unwrap_or(usual);
        let Self { beta, lazy, transform, memory, .. } = self;
        let adaptive = Adaptive { beta, lazy, evaluator, transform, memory };
        adaptive.check().map_err(|reason| flag(reason, "change --adaptive, --lazy, --ite or --score-transform"))?;
        Ok(adaptive)
    }
}

/// A run whose every noun has been found and fits the others.
pub struct Plan {
    pub(super) method: &'static dyn Method,
    pub(super) subset: Subset,
    /// Images per class; 0 for the reference on its own schedule.
    pub(super) ipc: usize,
    pub(super) protocol: &'static Protocol,
    /// The first one is the network of the run.
    pub(super) networks: Vec<NetworkSpec>,
    /// The protocol's settings at the budget of the run, for each network.
    pub(super) scorings: Vec<Scoring>,
    pub(super) resolution: usize,
    pub(super) recipe: Recipe,
    pub(super) requirements: Requirements,
    pub(super) checks: Option<Checks>,
    pub(super) students: usize,
    pub(super) task: TaskOptions,
    pub(super) options: RunOptions,
}

impl Plan {
    /// The protocol's settings for the network that a cell is scored on.
    pub(super) fn scoring(&self, cell: &Cell) -> &Scoring {
        let place = self.networks.iter().position(|network| network.slug() == cell.network);
        &self.scorings[place.unwrap_or(0)]
    }
}

impl RunOptions {
    /// Finds every noun and checks that they fit; reads the recipe, touches no image.
    ///
    /// # Errors
    /// Names the flag that is wrong and what to use instead.
    pub fn check(self) -> Result<Plan, RunError> {
        let method = methods::find(&self.method)?;
        let subset = Subset::find(&self.subset)?;
        let protocol = protocol(&self.scoring.protocol)?;
        let (ipc, checks) = (self.images_per_class(method, protocol)?, checks(&self.scoring, protocol)?);
        let resolution = self.images.resolution.unwrap_or_else(|| subset.default_resolution());
        if !(8..=512).contains(&resolution) {
            return Err(RunError::flag("--res", &resolution, "out of range", "use a side between 8 and 512 pixels"));
        }
        let recipe = self.recipe(method, &subset, ipc, resolution)?;
        let requirements = method.requirements(&recipe, self.scoring.seed)?;
        let networks = self.networks(&subset, resolution, requirements.network.as_deref())?;
        let asking = requirements.observer.then(|| method.slug());
        let training = format!("--subset {} --network {}", subset.slug, networks[0].slug());
        super::teacher::check(protocol, asking, &self.scoring.teachers, &training)?;
        let (subset_slug, classes) = (subset.slug.as_str(), subset.classes.len());
        let (ipc_of_sets, tiles) = ((ipc > 0).then_some(ipc), tiles(&recipe.to_json()));
        let fitted = |network: &NetworkSpec| {
            let fit = Fit { subset: subset_slug, classes, ipc: ipc_of_sets, network: &network.slug(), tiles };
            protocol.fitted(self.scoring.budget, &fit)
        };
        let scorings = networks.iter().map(fitted).collect::<Result<Vec<_>, _>>().map_err(EvalError::from)?;
        let students = self.scoring.students.unwrap_or(scorings[0].students);
        if students == 0 || students > 1000 {
            return Err(RunError::flag("--seeds", &students, "out of range", "train between 1 and 1000 students"));
        }
        if let Some(buffer) = &self.buffer
            && requirements.experts.is_none()
        {
            let (reason, remedy) = (format!("`{}` matches no experts", method.slug()), "leave --experts out");
            return Err(RunError::flag("--experts", &buffer.display(), reason, remedy));
        }
        if self.engine.chunk == Some(0) {
            return Err(RunError::flag("--chunk", &0, "no images", "use 1 or more, or leave --chunk out"));
        }
        let task = TaskOptions {
            resolution: Some(resolution),
            zca: self.images.zca || requirements.whitening,
            ..self.images.clone()
        };
        Ok(Plan {
            method,
            subset,
            ipc,
            protocol,
            networks,
            scorings,
            resolution,
            recipe,
            requirements,
            checks,
            students,
            task,
            options: self,
        })
    }

    fn images_per_class(&self, method: &dyn Method, protocol: &Protocol) -> Result<usize, RunError> {
        match (method.kind(), self.ipc) {
            (Kind::Reference, None) => Ok(0),
            (Kind::Reference, Some(ipc)) if ipc > 0 && protocol.has_equal_steps() => Ok(ipc),
            (Kind::Reference, Some(ipc)) => Err(RunError::flag(
                "--ipc",
                &ipc,
                format!("`{}` trains on the whole training set", method.slug()),
                "leave --ipc out",
            )),
            (_, Some(0) | None) => Err(RunError::flag(
                "--ipc",
                &self.ipc.map_or_else(|| "(not given)".to_owned(), |ipc| ipc.to_string()),
                "a distilled set needs at least one image per class",
                "the field uses 1, 10 and 50",
            )),
            (_, Some(ipc)) => Ok(ipc),
        }
    }

    /// The user's network, or the recipe's, or the one of the resolution; then those that only score.
    fn networks(&self, subset: &Subset, resolution: usize, recipe: Option<&str>) -> Result<Vec<NetworkSpec>, RunError> {
        let main = self.network.as_deref().or(recipe).unwrap_or_else(|| Subset::network_at(resolution));
        let mut networks: Vec<NetworkSpec> = Vec::new();
        for name in std::iter::once(main).chain(self.eval_networks.iter().map(String::as_str)) {
            let spec = NetworkSpec::parse(name)?;
            spec.build(3, resolution, subset.classes.len())?;
            if !networks.contains(&spec) {
                networks.push(spec);
            }
        }
        Ok(networks)
    }

    fn recipe(&self, method: &dyn Method, subset: &Subset, ipc: usize, resolution: usize) -> Result<Recipe, RunError> {
        let file = self
            .recipe
            .as_ref()
            .map(|path| {
                let text = plain::regular_text(path, limits::TEXT_BYTES)
                    .map_err(|error| RunError::RecipeFile { path: path.clone(), source: error.source })?;
                Ok::<_, RunError>(RecipeFile { name: path.display().to_string(), text })
            })
            .transpose()?;
        let (budget, fidelity) = (self.scoring.budget.to_string(), self.fidelity.to_string());
        let request = RecipeRequest { subset: &subset.slug, ipc, budget: &budget, fidelity: &fidelity, resolution };
        let recipe = Recipe::resolve(method, file.as_ref(), &self.overrides, &request)?.with_files(method.files())?;
        match &self.adaptive {
            None => Ok(recipe),
            Some(options) => Ok(recipe.with_adaptive(options.of(method)?)),
        }
    }
}

/// The protocol of a name.
pub(super) fn protocol(name: &str) -> Result<&'static Protocol, RunError> {
    Protocol::named(name).map_err(|error| {
        let remedy = miette::Diagnostic::help(&error).map(|help| help.to_string()).unwrap_or_default();
        let reason = match error {
            ProtocolError::Unknown { .. } => "no such protocol".to_owned(),
            other => other.to_string(),
        };
        RunError::flag("--protocol", &name, reason, remedy)
    })
}

/// The tests that were asked for.
///
/// # Errors
/// When the protocol's papers make none.
pub(super) fn checks(options: &ScoringOptions, protocol: &Protocol) -> Result<Option<Checks>, RunError> {
    if options.checks && protocol.checks().is_none() {
        let reason = format!("`{}` names no checks: its papers report the last epoch", protocol.slug());
        return Err(RunError::flag("--checks", &"", reason, "leave it out, or score with `--protocol kd-rded`"));
    }
    Ok(protocol.checks().copied().filter(|_| options.checks))
}
