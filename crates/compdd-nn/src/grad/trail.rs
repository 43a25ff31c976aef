//! Where the parameters of the student steps wait for the way back.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    str::FromStr,
};

use crate::nn::Params;

/// Where the parameters of the student steps are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Offload {
    /// On the device that computes: the fastest, `steps` times the parameters.
    #[default]
    Device,
    /// In host memory.
    Host,
    /// In a temporary file that is gone with the process.
    Disk,
}

impl FromStr for Offload {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "device" => Ok(Self::Device),
            "host" => Ok(Self::Host),
            "disk" => Ok(Self::Disk),
            other => Err(format!("`{other}` is none of: device, host, disk")),
        }
    }
}

/// A stack of parameters.
pub(super) enum Trail {
    Device(Vec<Params>),
    Host(Vec<Vec<f32>>, Params),
    Disk { file: File, length: u64, like: Params },
}

impl Trail {
    /// An empty stack for parameters like these.
    pub fn new(offload: Offload, like: &Params) -> io::Result<Self> {
        Ok(match offload {
            Offload::Device => Self::Device(Vec::new()),
            Offload::Host => Self::Host(Vec::new(), like.clone()),
            Offload::Disk => Self::Disk { file: tempfile::tempfile()?, length: 0, like: like.clone() },
        })
    }

    /// Puts parameters on the stack.
    pub fn push(&mut self, params: &Params) -> io::Result<()> {
        match self {
            Self::Device(kept) => kept.push(params.clone()),
            Self::Host(kept, _) => kept.push(params.to_host()),
            Self::Disk { file, length, .. } => {
                let values = params.to_host();
                file.seek(SeekFrom::Start(*length))?;
                file.write_all(bytemuck::cast_slice(&values))?;
                *length += size_of_val(values.as_slice()) as u64;
            }
        }
        Ok(())
    }

    /// The parameters that were put `place`-th on the stack.
    pub fn get(&mut self, place: usize) -> io::Result<Params> {
        match self {
            Self::Device(kept) => Ok(kept[place].clone()),
            Self::Host(kept, like) => Ok(like.with_values(kept[place].clone())),
            Self::Disk { file, like, .. } => {
                let mut values = vec![0.0_f32; like.len()];
                file.seek(SeekFrom::Start((place * size_of_val(values.as_slice())) as u64))?;
                file.read_exact(bytemuck::cast_slice_mut(&mut values))?;
                Ok(like.with_values(values))
            }
        }
    }
}
