//! The teacher that looks, from flags.

use std::path::{Path, PathBuf};

use clap::Args;
use compdd::{cam::CamModel, complexity::SaliencyModel, data::Decode, run::Places, teachers::Teacher};

use super::super::{teacher::place, ui};

#[derive(Args)]
pub struct TeacherArgs {
    /// Teacher that looks: its name, or its folder (see `compdd teacher list`)
    #[arg(short, long)]
    teacher: PathBuf,
    /// Map that is looked at, such as layer4 [default: the last one with more than one pixel]
    #[arg(long, value_name = "NAME")]
    layer: Option<String>,
    /// Images that are looked at at once; no effect on the result
    #[arg(long, default_value_t = CamModel::CHUNK, value_name = "N")]
    batch: usize,
}

impl TeacherArgs {
    /// The teacher as a model, and how its images are decoded.
    pub fn open(&self, root: &Path, places: &Places) -> Result<(SaliencyModel, Decode), ui::Failure> {
        let teacher = Teacher::open(&place(root, &self.teacher), &places.device.open()?.device)?;
        let decode = teacher.card().decode.clone();
        let space = teacher.space(&places.data)?;
        Ok((SaliencyModel::of_teacher(teacher, space, self.layer.as_deref())?.with_chunk(self.batch), decode))
    }
}
