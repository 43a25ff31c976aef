//! What every command that trains is told in the same words: places, scoring, engine.

use std::path::PathBuf;

use compdd_core::record::Budget;
use compdd_data::data::Library;
use compdd_nn::{device::DeviceChoice, grad::Offload};

/// Where things are found, computed and left.
#[derive(Clone, Debug)]
pub struct Places {
    /// Root of the images.
    pub data: Library,
    /// Where to compute.
    pub device: DeviceChoice,
    /// Root of records, bundles and checkpoints.
    pub results: PathBuf,
}

impl Places {
    /// The built-in images, the CPU, and the folder `results`.
    pub fn here() -> Self {
        Self { data: Library::empty(), device: DeviceChoice::Cpu, results: "results".into() }
    }
}

/// How a set is scored.
#[derive(Clone, Debug)]
pub struct ScoringOptions {
    /// Name of the protocol.
    pub protocol: String,
    /// Folders of the teachers, for a protocol or a method that asks them; their order counts.
    pub teachers: Vec<PathBuf>,
    /// How much of the paper's effort to spend.
    pub budget: Budget,
    /// Tests students as often as the protocol's papers do, and keeps the best beside the last epoch.
    pub checks: bool,
    /// Number of students; the budget's default when absent.
    pub students: Option<usize>,
    /// Root of every random stream.
    pub seed: u64,
}

impl Default for ScoringOptions {
    fn default() -> Self {
        Self {
            protocol: "no-kd".into(),
            teachers: Vec::new(),
            budget: Budget::Paper,
            checks: false,
            students: None,
            seed: 0,
        }
    }
}

/// How the engine works. Nothing in here changes a set or its score.
#[derive(Clone, Debug)]
pub struct EngineOptions {
    /// Compute again what is there already.
    pub force: bool,
    /// Seconds between checkpoints.
    pub checkpoint_seconds: u64,
    /// Where the student's parameters wait during a rollout.
    pub offload: Offload,
    /// Most images of a student minibatch that are differentiated at a time; none: all.
    pub chunk: Option<usize>,
    /// Iterations before which the images are pictured.
    pub pictures: Vec<usize>,
    /// Iterations before which the images are scored as well.
    pub curve: Vec<usize>,
    /// Students of every such score.
    pub curve_students: usize,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            force: false,
            checkpoint_seconds: 60,
            offload: Offload::default(),
            chunk: None,
            pictures: Vec::new(),
            curve: Vec::new(),
            curve_students: 1,
        }
    }
}
