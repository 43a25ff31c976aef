//! What can end a run before its result.

use std::path::PathBuf;

use compdd_core::progress::Interrupted;

/// What can end a run before its result.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum RunError {
    /// The user asked to stop; what is finished is saved.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Interrupted(#[from] Interrupted),
    /// A flag that makes no sense for this run.
    #[error("{flag} {value}: {reason}")]
    #[diagnostic(help("{remedy}"))]
    Flag {
        /// The flag.
        flag: &'static str,
        /// Its value.
        value: String,
        /// What is wrong with it.
        reason: String,
        /// What to do instead.
        remedy: String,
    },
    /// The recipe file cannot be read.
    #[error("cannot read the recipe {}", path.display())]
    #[diagnostic(help(
        "--recipe takes a TOML file in UTF-8; `compdd method recipe <METHOD>` prints one to start from"
    ))]
    RecipeFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The log cannot be written.
    #[error("cannot write the log {}", path.display())]
    #[diagnostic(help("check that the folder of --results is writable and has room"))]
    Log {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The device cannot be used.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Device(#[from] compdd_nn::device::DeviceError),
    /// The subset is unknown.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Subset(#[from] compdd_core::subset::SubsetError),
    /// The images cannot be used.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Data(compdd_data::data::DataError),
    /// The teacher cannot be used.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Teacher(#[from] crate::teachers::TeacherError),
    /// The network is unknown or does not fit.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Network(#[from] compdd_nn::nn::NetworkError),
    /// The method failed.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Method(crate::methods::MethodError),
    /// The method's numbers got out of hand.
    #[error("{source}")]
    #[diagnostic(help("{}the last good set is in {}: `compdd eval` scores it", remedy(source), kept.display()))]
    Diverged {
        /// What happened.
        #[source]
        source: Box<crate::methods::MethodError>,
        /// The bundle as it was before the step.
        kept: PathBuf,
    },
    /// The experts cannot be had.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Experts(crate::experts::ExpertError),
    /// The statistics of a teacher cannot be had.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Statistics(crate::statistics::StatisticsError),
    /// The images could not be scored or pruned.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Prune(crate::prune::PruneError),
    /// The recipe is wrong.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Recipe(#[from] compdd_core::recipe::RecipeError),
    /// The attack cannot be made.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Attack(#[from] crate::attack::AttackError),
    /// The score could not be computed.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Eval(crate::eval::EvalError),
    /// A bundle or record could not be read or written.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Record(#[from] compdd_core::record::RecordError),
    /// The working folder cannot be used.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Work(#[from] super::WorkError),
}

impl From<crate::eval::EvalError> for RunError {
    fn from(error: crate::eval::EvalError) -> Self {
        if Interrupted::is(&error) { Self::Interrupted(Interrupted) } else { Self::Eval(error) }
    }
}

impl From<crate::prune::PruneError> for RunError {
    fn from(error: crate::prune::PruneError) -> Self {
        if Interrupted::is(&error) { Self::Interrupted(Interrupted) } else { Self::Prune(error) }
    }
}

impl From<crate::methods::MethodError> for RunError {
    fn from(error: crate::methods::MethodError) -> Self {
        if Interrupted::is(&error) { Self::Interrupted(Interrupted) } else { Self::Method(error) }
    }
}

impl From<crate::statistics::StatisticsError> for RunError {
    fn from(error: crate::statistics::StatisticsError) -> Self {
        match error {
            crate::statistics::StatisticsError::Interrupted(stop) => Self::Interrupted(stop),
            error => Self::Statistics(error),
        }
    }
}

impl From<crate::experts::ExpertError> for RunError {
    fn from(error: crate::experts::ExpertError) -> Self {
        match error {
            crate::experts::ExpertError::Interrupted(stop) => Self::Interrupted(stop),
            error => Self::Experts(error),
        }
    }
}

/// What the method itself advises.
fn remedy(error: &crate::methods::MethodError) -> String {
    miette::Diagnostic::help(error).map(|help| format!("{help}; ")).unwrap_or_default()
}

impl RunError {
    /// A flag's value that makes no sense, and what to do instead.
    pub(super) fn flag(
        flag: &'static str,
        value: &dyn ToString,
        reason: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::Flag { flag, value: value.to_string(), reason: reason.into(), remedy: remedy.into() }
    }
}

impl From<compdd_data::data::DataError> for RunError {
    fn from(error: compdd_data::data::DataError) -> Self {
        match error {
            compdd_data::data::DataError::Interrupted(stop) => Self::Interrupted(stop),
            other => Self::Data(other),
        }
    }
}
