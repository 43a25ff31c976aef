//! What stands for [`wgpu_probe`](super) in a build without the feature `wgpu`.

use super::{Adapter, Finding, Missing, OpenDevice};

pub fn open(_adapter: Adapter) -> Result<OpenDevice, Missing> {
    Err(no_feature())
}

pub fn findings() -> Vec<Finding> {
    vec![Finding { device: "wgpu".to_owned(), state: Err(vec![no_feature()]) }]
}

fn no_feature() -> Missing {
    Missing::new("this binary was built without wgpu", "build it with `cargo build --release --features wgpu`")
}
