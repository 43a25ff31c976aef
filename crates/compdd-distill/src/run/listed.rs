//! The teachers of a list: announced, trained where they are missing, opened.

use super::{RunError, teacher::Room};
use crate::{
    eval::Stages,
    lanes::{self, side_by_side},
    teachers::{self, Teacher, TeacherContext, TeacherError, TeacherList},
};
use compdd_core::progress::Hooks;
use compdd_nn::nn::{Network, NetworkSpec};

/// A list and where its networks are trained.
pub(super) struct Listed<'a> {
    pub list: &'a TeacherList,
    pub room: Room<'a>,
}

impl Listed<'_> {
    /// Its teachers for the training images of the task, in their order; on a CPU, several small networks learn side by side.
    pub fn ready(&self) -> Result<Vec<Teacher>, RunError> {
        let Room { task, results, device, hooks: Hooks { progress, stop } } = self.room;
        let (recipe, root, device) = (self.list.training.recipe(), results.join("teachers"), &device.device);
        let [channels, height, width] = task.test.shape();
        let build = |slug: &String| NetworkSpec::parse(slug)?.build(channels, height, task.subset.classes_len());
        let networks = self.list.networks.iter().map(build).collect::<Result<Vec<_>, _>>()?;
        let find = |network| teachers::find(task, network, &recipe, None, &root, device);
        let mut found = networks.iter().map(find).collect::<Result<Vec<_>, _>>()?;
        let is_missing = |&place: &usize| found[place].is_none();
        let missing: Vec<usize> = (0..networks.len()).filter(is_missing).collect();
        self.announce(&missing.iter().map(|&place| &networks[place]).collect::<Vec<_>>());
        let train = |number: usize| {
            let network = &networks[missing[number]];
            let stages = Stages { progress, name: |_| network.spec().slug(), of_what: "" };
            let context = TeacherContext { progress: &stages, ..TeacherContext::new(device.clone(), stop) };
            teachers::train(task, network, &recipe, None, &root, &context)
        };
        let pixels = recipe.plan.batch * height * width;
        let lanes = lanes::of_steps(pixels, device, rayon::current_num_threads());
        let trained = side_by_side::<_, TeacherError>(lanes, missing.len(), train)?;
        for (&place, teacher) in missing.iter().zip(trained) {
            found[place] = Some(teacher);
        }
        Ok(found.into_iter().flatten().collect())
    }

    /// Says what is about to be spent, before it is.
    fn announce(&self, missing: &[&Network]) {
        if missing.is_empty() {
            return;
        }
        let (epochs, images) = (self.list.training.epochs, self.room.task.training().len());
        let passes = 3.0 * (epochs * images) as f64;
        let work: f64 = missing.iter().map(|network| passes * network.multiply_accumulates()).sum();
        let bytes: usize = missing.iter().map(|network| 4 * network.parameter_count()).sum();
        let slugs: Vec<String> = missing.iter().map(|network| network.spec().slug()).collect();
        self.room.hooks.progress.note(&format!(
            "training {} of the {} teachers of {} in {}: {}; {epochs} epochs of {images} images each, {work:.1e} multiply-accumulates, {} MB on \
             disk; they are kept for later runs",
            missing.len(),
            self.list.networks.len(),
            self.list,
            self.room.results.join("teachers").display(),
            slugs.join(", "),
            bytes.div_ceil(1_000_000),
        ));
    }
}
