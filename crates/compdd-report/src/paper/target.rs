//! What compdd would run for a printed cell.

use std::{collections::BTreeMap, sync::LazyLock};

use serde_json::Value;

use super::layout::Dimension;
use super::{
    Printed,
    names::{Asks, Factor, NAMES},
    printed::read,
};
use compdd_core::{
    protocol::{Fit, Protocol},
    pruning::{Criterion, Rule, Side},
    recipe::{self, MethodInfo, Recipe},
    record::Budget,
    subset::Subset,
};

/// The cell of compdd that answers a printed one, at the subset's usual resolution.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// Slug of the method.
    pub method: String,
    /// Slug of the subset.
    pub subset: String,
    /// Images per class; 0 for all.
    pub ipc: usize,
    /// Slug of the protocol, without a version.
    pub protocol: String,
    /// Slug of the tested network.
    pub network: String,
    /// Slug of the network that distils.
    pub source: String,
    /// Side of the images in pixels.
    pub resolution: usize,
    /// Keys of the recipe with another value than the method's own.
    pub set: BTreeMap<String, Value>,
    /// Keys of the recipe that may have any value.
    pub free: Vec<String>,
    /// What is removed of the training images.
    pub prune: Option<Rule>,
    /// Share of a batch that is removed while distilling, and iterations of a batch.
    pub adaptive: Option<(f64, usize)>,
    /// What is asked of it.
    pub asked: Asked,
}

/// What a printed cell says of a cell of compdd.
#[derive(Clone, Debug, PartialEq)]
pub enum Asked {
    /// Its accuracy.
    Accuracy,
    /// By how much it is above that of another.
    Over(Box<Target>),
    /// How much of the training images may be removed at random before it is worse (`BiLP`, tables 3 to 5).
    Harmless,
    /// Its accuracy under an attack, as `compdd attack` calls it.
    Attacked(String),
}

/// Shares that are removed to find the largest harmless one.
const SHARES: [&str; 9] = ["0.3", "0.5", "0.6", "0.7", "0.8", "0.85", "0.9", "0.95", "0.99"];
/// Sets of every share.
const REPEATS: usize = 5;

/// Why compdd cannot answer a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// It is no accuracy of a distilled set.
    Metric,
    /// Something that compdd does not have, as a reader would name it.
    Part(String),
}

impl Target {
    /// The cell that answers `printed`, on the network that its word means; cells without a word are taken as `network`.
    ///
    /// # Errors
    /// The first thing that compdd does not have.
    pub fn of(printed: &Printed, network: &str) -> Result<Self, Missing> {
        match NAMES.metrics.get(&printed.metric).and_then(|metric| metric.asks) {
            Some(Asks::Accuracy) => Self::trained(printed, network),
            Some(Asks::Gain) => {
                let (own, other) = printed.method.split_once(" minus ").ok_or(Missing::Metric)?;
                let of =
                    |method: &str| Self::trained(&Printed { method: method.to_owned(), ..printed.clone() }, network);
                Ok(Self { asked: Asked::Over(Box::new(of(other)?)), ..of(own)? })
            }
            Some(Asks::Harmless) => {
                let target = Self::trained(&Printed { protocol: "no-kd".to_owned(), ..printed.clone() }, network)?;
                Ok(Self { source: target.network.clone(), asked: Asked::Harmless, ..target })
            }
            None => Err(Missing::Metric),
        }
    }

    /// The cell whose accuracy is printed.
    fn trained(printed: &Printed, network: &str) -> Result<Self, Missing> {
        let criterion = NAMES.criteria.get(&printed.method);
        let algorithm = printed.factors().find(|(name, _)| *name == "distillation_algorithm").map(|(_, value)| value);
        let word = algorithm.filter(|_| criterion.is_some()).unwrap_or(&printed.method);
        let method = NAMES.methods.get(word).ok_or_else(|| Missing::Part(word.to_owned()))?;
        let dataset = read(Dimension::Dataset, &printed.dataset);
        let slug = NAMES.datasets.get(&printed.dataset).and_then(|dataset| dataset.slug.as_deref());
        let subset = slug.and_then(|slug| Subset::find(slug).ok()).ok_or(Missing::Part(dataset))?;
        let unstated = printed.factors().find_map(|(name, _)| NAMES.factors.get(name)?.unstated.get(&method.slug));
        let taught = || NAMES.protocol_with_teacher(&printed.paper, &method.slug, &subset.slug);
        let protocol = match printed.protocol.as_str() {
            "no-kd" => NAMES.protocol(&printed.paper, &method.slug),
            "na" if unstated.is_some() => taught().unwrap_or_else(|| NAMES.protocol(&printed.paper, &method.slug)),
            "kd" => method
                .protocol
                .as_deref()
                .or_else(taught)
                .ok_or_else(|| Missing::Part("scoring with a teacher".to_owned()))?,
            _ => return Err(Missing::Part("scoring that is not stated".to_owned())),
        };
        let resolution = NAMES.resolution(&printed.paper, &method.slug, &subset);
        let network_of = |word: &str| {
            let unknown =
                || Missing::Part(if word.is_empty() { "a network that is not stated" } else { word }.to_owned());
            NAMES.network(&printed.paper, &method.slug, word, resolution).ok_or_else(unknown)
        };
        let tested = match (printed.network.as_str(), unstated) {
            ("", Some(unstated)) => unstated,
            ("", None) => network,
            (stated, _) => stated,
        };
        let unusual = || Missing::Part(subset.default_network().to_owned());
        let network = network_of(tested)?;
        let source = match NAMES.sources.get(&method.slug) {
            Some(source) => NAMES.meant(&printed.paper, &method.slug, source, resolution).ok_or_else(unusual)?,
            None if asks_observer(&method.slug) => network.clone(),
            None => {
                NAMES.meant(&printed.paper, &method.slug, subset.default_network(), resolution).ok_or_else(unusual)?
            }
        };
        let mut target = Self {
            method: method.slug.clone(),
            ipc: printed.ipc.parse().unwrap_or(0),
            protocol: protocol.to_owned(),
            network,
            source,
            resolution,
            subset: subset.slug,
            set: method.set.clone(),
            free: Vec::new(),
            prune: method.prune,
            adaptive: None,
            asked: Asked::Accuracy,
        };
        if method.bilp {
            let settings = NAMES.two_levels(&target.subset, &printed.ipc);
            let (removed, beta, lazy) = settings.ok_or_else(|| Missing::Part("settings of BiLP".to_owned()))?;
            target.prune = Some(Rule { criterion: Criterion::Loss, removed, side: Side::High });
            target.adaptive = Some((beta, lazy));
        }
        for (name, value) in printed.factors() {
            let unknown = || Missing::Part(format!("{} {value}", NAMES.factor(name)).trim().to_owned());
            let factor = NAMES.factors.get(name).ok_or_else(unknown)?;
            let plain = || factor.plain.iter().any(|plain| plain == value);
            if factor.distils {
                target.source = network_of(value)?;
            } else if (factor.prunes || factor.keeps) && !plain() {
                let criterion = criterion.map_or("loss", String::as_str);
                target.prune = Some(rule(criterion, factor, value).ok_or_else(unknown)?);
            } else {
                target.vary(factor, value).ok_or_else(unknown)?;
            }
        }
        Ok(target)
    }

    /// Takes on the value of a factor; none if compdd cannot.
    fn vary(&mut self, factor: &Factor, value: &str) -> Option<()> {
        if factor.plain.iter().any(|plain| plain == value) {
            return Some(());
        }
        let protocol = factor.protocols.get(value);
        self.protocol = protocol.unwrap_or(&self.protocol).clone();
        let changed = match (&factor.scoring, factor.scoring_values.get(value)) {
            (Some(setting), Some(value)) => Some(self.change(setting, value)?),
            _ => None,
        };
        if let Some(attack) = factor.attacks.get(value) {
            self.asked = Asked::Attacked(attack.clone());
            return Some(());
        }
        let recipe = factor.recipes.get(value);
        self.set.extend(recipe.into_iter().flatten().map(|(key, value)| (key.clone(), value.clone())));
        match (&factor.key, factor.values.get(value)) {
            (Some(key), Some(value)) => drop(self.set.insert(key.clone(), value.clone())),
            _ => protocol.map(drop).or(recipe.map(drop)).or(changed)?,
        }
        self.free.extend(factor.free.iter().cloned());
        Some(())
    }

    /// Changes a setting of the protocol, unless it has that value for the cell; a variant is called as its records call it.
    fn change(&mut self, setting: &str, value: &Value) -> Option<()> {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let base = Protocol::find(&self.protocol)?;
        let variant = Protocol::find(&format!("{}+{setting}:{value}", self.protocol))?;
        let subset = Subset::find(&self.subset).ok()?;
        let (classes, ipc) = (subset.classes_len(), Some(self.ipc));
        let fit = Fit { subset: &self.subset, classes, ipc, network: &self.network, tiles: 1 };
        if variant.fitted(Budget::Paper, &fit).ok()? != base.fitted(Budget::Paper, &fit).ok()? {
            variant.slug().clone_into(&mut self.protocol);
        }
        Some(())
    }

    /// The command without the networks that only score.
    pub(super) fn run(&self) -> String {
        let mut words = vec![format!("compdd run --method {} --subset {}", self.method, self.subset)];
        if self.ipc > 0 {
            words.push(format!("--ipc {}", self.ipc));
        }
        words.push(format!("--network {}", self.source));
        if Subset::find(&self.subset).is_ok_and(|subset| subset.default_resolution() != self.resolution) {
            words.push(format!("--res {}", self.resolution));
        }
        if self.protocol != NAMES.usual_protocol() {
            words.push(format!("--protocol {}", self.protocol));
        }
        if self.asks_teacher() {
            words.push(format!("--teacher {}", self.teachers()));
        }
        words.extend(self.overrides().map(|(key, value)| format!("--set {key}={value}")));
        words.extend(self.prune.map(|rule| format!("--prune {rule}")));
        words.extend(self.adaptive.map(|(beta, lazy)| format!("--adaptive {beta} --lazy {lazy}")));
        words.join(" ")
    }

    /// The command that attacks the students of the set that [`run`](Self::run) makes, without the attacks.
    pub(super) fn assault(&self) -> String {
        let id = Subset::find(&self.subset).map_or_else(|_| self.subset.clone(), |subset| subset.id());
        let bundle = format!("results/bundles/{0}/{id}/{0}_{id}_ipc{1}_*.bundle", self.method, self.ipc);
        let mut words = vec![format!("compdd attack {bundle} --network {}", self.network)];
        if self.protocol != NAMES.usual_protocol() {
            words.push(format!("--protocol {}", self.protocol));
        }
        if self.asks_teacher() {
            words.push(format!("--teacher {}", self.teachers()));
        }
        words.join(" ")
    }

    /// How teachers are named in a command.
    fn teachers(&self) -> &'static str {
        let several = || if NAMES.sources.contains_key(&self.method) { "TEACHER,TEACHER" } else { "TEACHER" };
        NAMES.teacher_list(&self.method, &self.subset).unwrap_or_else(several)
    }

    /// The same as a matrix of a suite, but for the images per class: one line a key.
    pub(super) fn matrix(&self, networks: &[&str]) -> String {
        let text = |value: &str| Value::from(value).to_string();
        let mut lines = vec![
            format!("method = {}", text(&self.method)),
            format!("subset = {}", text(&self.subset)),
            format!("network = {}", text(&self.source)),
            format!("protocol = {}", text(&self.protocol)),
        ];
        if !networks.is_empty() {
            lines.push(format!("eval_networks = {}", Value::from(networks)));
        }
        if Subset::find(&self.subset).is_ok_and(|subset| subset.default_resolution() != self.resolution) {
            lines.push(format!("resolution = {}", self.resolution));
        }
        if self.asks_teacher() {
            lines.push(match NAMES.teacher_list(&self.method, &self.subset) {
                Some(list) => format!("teacher = {}", text(list)),
                None => "teacher = \"TEACHER\" # name one below RESULTS/teachers".to_owned(),
            });
        }
        if !self.set.is_empty() {
            let keys: Vec<_> = self.set.iter().map(|(key, value)| format!("{key} = {value}")).collect();
            lines.push(format!("set = {{ {} }}", keys.join(", ")));
        }
        lines.extend(self.prune.map(|rule| format!("prune = \"{rule}\"")));
        if self.asked == Asked::Harmless {
            let shares: Vec<String> = ["0"].iter().chain(&SHARES).map(|share| format!("random:{share}")).collect();
            lines.push(format!("prune = {}", Value::from(shares)));
            lines.push(format!("seed = {:?}", (0..REPEATS).collect::<Vec<_>>()));
        }
        lines.extend(self.adaptive.map(|(beta, lazy)| format!("adaptive = {{ beta = {beta}, lazy = {lazy} }}")));
        lines.join("\n")
    }

    /// Whether the run must name a teacher: for its method, or for its protocol.
    fn asks_teacher(&self) -> bool {
        let protocol = Protocol::find(&self.protocol);
        let asked = |protocol: &Protocol| protocol.scoring(Budget::Paper).supervision.needs_teacher();
        asks_observer(&self.method) || protocol.is_some_and(asked)
    }

    /// The changed keys of the recipe, as `--set` takes them.
    pub(super) fn overrides(&self) -> impl Iterator<Item = (String, String)> {
        let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        self.set.iter().map(move |(key, value)| (key.clone(), word(value)))
    }

    /// The network that scores beside the one that distils.
    pub(super) fn scorer(&self) -> Option<&str> {
        (self.network != self.source).then_some(self.network.as_str())
    }

    /// The command that runs the cell: `compdd run --method edf --subset imagenette --ipc 1 --network convnet-d5`; for a gain one command behind the
    /// other; for a harmless share the one that reads the records of several.
    pub fn command(&self) -> String {
        let scorer = self.scorer().map(|network| format!(" --eval-networks {network}")).unwrap_or_default();
        match &self.asked {
            Asked::Accuracy => self.run() + &scorer,
            Asked::Attacked(attack) => format!("{} --attacks {attack}", self.assault()),
            Asked::Over(other) => format!("{}{scorer} && {}", self.run(), other.command()),
            Asked::Harmless => format!(
                "compdd prune harmless --method {} --subset {} --ipc {} --network {} --protocol {}",
                self.method, self.subset, self.ipc, self.network, self.protocol
            ),
        }
    }

    /// The cells of which accuracies are asked.
    pub(super) fn accuracies(&self) -> Vec<&Self> {
        match &self.asked {
            Asked::Accuracy => vec![self],
            Asked::Over(other) => vec![self, other],
            Asked::Harmless | Asked::Attacked(_) => Vec::new(),
        }
    }
}

/// The rule of a criterion, at a printed percentage.
fn rule(criterion: &str, factor: &Factor, value: &str) -> Option<Rule> {
    let percent: f64 = value.trim_end_matches('%').parse().ok()?;
    let removed = if factor.keeps { 100.0 - percent } else { percent };
    format!("{criterion}:{}", removed / 100.0).parse().ok()
}

/// Whether a method asks teachers. Its sets come from these and from no network of their own.
fn asks_observer(method: &str) -> bool {
    static ASKING: LazyLock<Vec<&str>> = LazyLock::new(|| {
        let asks = |info: &&&MethodInfo| {
            let file: Result<toml::Table, _> = info.recipe.parse();
            file.is_ok_and(|file| file.get("recipe").and_then(|recipe| recipe.get(Recipe::OBSERVER)).is_some())
        };
        recipe::methods().iter().filter(asks).map(|info| info.slug).collect()
    });
    ASKING.contains(&method)
}
